"""Dagster on Docker after `make apply`: the image of Dagster has a copy of connections.yaml and of the dbt project."""

from __future__ import annotations

import os
from collections.abc import Mapping

from tools import dagster_run
from tools.stack import images, running
from tools.stack.compose import StackError, output, read_env, say, show, urls, warn

IMAGE = "migrate"
"""The service of the compose file that builds Dagster's image."""
CODE = "code"
MODULE = "orchestrator.definitions"


def renew(environment: Mapping[str, str]) -> None:
    """Let a running Dagster load the present connections.yaml: make its image again and replace the code server.

    Does nothing if Dagster's image is up to date. Runs that work now go on with the old one. If the definitions do not
    load, Dagster keeps the old ones. `environment` has the variables for Compose.
    """
    if CODE not in running.compose_services():
        return
    os.environ.update(environment)
    try:
        digest = images.outdated().get(IMAGE)
        if digest is None:
            return
        image = images.own_images()[IMAGE]
        before = images.made_of(image)
        if before.partition("-")[0] != digest.partition("-")[0]:
            raise StackError("its image was made of other code, and the other containers of Dagster need it too.")
        say("Dagster still has the files of its image: making the image again, then its code server starts again")
        old = output("docker", "image", "inspect", "--format", "{{.Id}}", image).strip()
        show("docker", "compose", "build", "--quiet", IMAGE, **{images.variable(IMAGE): digest})
        try:
            load = ["dagster", "definitions", "validate", "--module-name", MODULE]
            output("docker", "compose", "run", "--rm", "--no-deps", "--no-TTY", CODE, *load)
        except StackError as error:
            output("docker", "tag", old, image)  # new runs use it too
            raise StackError(f"the definitions do not load, so no container was replaced. {error}") from error
        output("docker", "compose", "up", "--detach", "--no-deps", "--no-build", "--wait", CODE)
        dagster_run.reload(urls(read_env())["webserver"])
        say("Dagster has loaded the present connections.yaml")
    except (StackError, dagster_run.DagsterRunError, OSError) as error:
        warn(f"Dagster may still have the old connections.yaml: {error}\nNext: make up")
