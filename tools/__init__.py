"""The programs behind the Makefile: they install the environments and start the platform.

They use the standard library only, because they run before anything is installed. `tools.stack` and `tools.install` run
on Python 3.9 or newer, `tools.local` on the platform's Python 3.13. Run them from the root of the checkout, for example
`python3 -m tools.stack doctor`.
"""
