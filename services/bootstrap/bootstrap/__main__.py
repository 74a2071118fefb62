"""Runs the command line. Ctrl-C ends it without a traceback, also during the imports, which take a second."""

import sys

try:
    from bootstrap.cli import main

    main()
except KeyboardInterrupt:
    sys.exit(130)
