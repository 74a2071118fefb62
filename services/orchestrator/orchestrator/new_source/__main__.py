"""Runs the command line. Ctrl-C ends it without a traceback, also during the imports, which take a second."""

import sys

try:
    from orchestrator.new_source.command_line import main

    sys.exit(main())
except KeyboardInterrupt:
    sys.exit(130)
