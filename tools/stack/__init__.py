"""The platform on Docker Compose: `make env`, `doctor`, `images`, `up`, `run`, `ps`, `down`, `reset`.

Standard library only and any Python from 3.9 on: it runs before anything is installed.
"""
