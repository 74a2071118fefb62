"""Runs the command line."""

from bootstrap.cli import main

main()
