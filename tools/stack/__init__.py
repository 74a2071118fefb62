"""The platform on Docker Compose: `make env`, `doctor`, `images`, `up`, `run`, `ps`, `down`, `reset`.

Standard library only, Python 3.9 or newer: these commands run before anything is installed.
"""
