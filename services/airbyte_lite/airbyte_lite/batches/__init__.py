"""Batches of landing rows that a connector makes itself: column by column, in the process that reads the files.

The fork server loads this package into the processes of Airbyte's file-based connectors. It replaces the parser of a
stream with one that writes its rows to batch files (`parser.py`), and sends reports instead of records. Listing, state,
opening and errors stay the connector's. `eligible.py` says which streams are read this way; every other stream sends
its records one by one. Both ways give the same rows: see docs/decisions/batch-delivery.md.

The connector's environment does not contain airbyte_lite. The modules here import the standard library, the connector's
libraries, and those modules of airbyte_lite that need nothing else.
"""

from airbyte_lite.batches.hooks import install

__all__ = ["install"]
