"""`orchestrator-dagster`: the program `dagster` of the image, with a quicker start.

Each run worker, the code server and `dagster instance migrate` import Dagster first. Almost no imported object is
garbage, but the search for garbage takes a seventh of the time.
"""

import gc


def main() -> None:
    """Import Dagster without garbage collection, then run its command line."""
    gc.disable()
    try:
        from dagster._cli import main as dagster
    finally:
        gc.freeze()  # later collections skip what was imported
        gc.enable()
    dagster()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
