"""Dagster on Docker after `make apply`: the image of Dagster has a copy of connections.yaml and of the dbt project."""

from __future__ import annotations

from tools import dagster_run
from tools.stack import images, running
from tools.stack.compose import StackError, output, read_env, say, show, urls, warn

IMAGE = "migrate"
"""The service of the compose file that builds Dagster's image."""
CODE = "code"


def renew() -> None:
    """Let a running Dagster load the present connections.yaml: make its image again and replace the code server.

    Does nothing if Dagster's image is up to date. Runs that work now go on with the old one.
    """
    if CODE not in running.compose_services():
        return
    try:
        digest = images.outdated().get(IMAGE)
        if digest is None:
            return
        say("Dagster still has the files of its image: making the image again, then its code server starts again")
        show("docker", "compose", "build", "--quiet", IMAGE, **{images.variable(IMAGE): digest})
        output("docker", "compose", "up", "--detach", "--no-deps", "--no-build", "--wait", CODE)
        dagster_run.reload(urls(read_env())["webserver"])
        say("Dagster has loaded the present connections.yaml")
    except (StackError, dagster_run.DagsterRunError, OSError) as error:
        warn(f"Dagster may still have the old connections.yaml: {error}\nNext: make up")
