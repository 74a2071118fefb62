"""Runs the command line. Ctrl-C ends it without a traceback, also during the imports, which take a second."""

import os
import sys

try:
    from bootstrap.cli import main

    main()
except KeyboardInterrupt:
    sys.exit(130)
except OSError as error:
    # Of print(): the reader has ended, as `head` does, or a file cannot be written. At its end Python would try again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(141 if isinstance(error, BrokenPipeError) else f"bootstrap: {error}")
