"""What runs before anything is installed, and what starts the platform: the standard library only.

`tools.stack` and `tools.install` run on any Python from 3.9 on, `tools.local` on the platform's own. Run from the root:
`python3 -m tools.stack doctor`.
"""
