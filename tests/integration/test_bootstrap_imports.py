"""The orchestrator reads the connections file in its own environment, which has nothing of bootstrap."""

import os
import subprocess

from tools.local.platform import ROOT, python

PROGRAM = """
import sys
from connections_file import load
print(*(connection.name for connection in load("connections.yaml", {}).connections))
assert not {"bootstrap", "httpx", "boto3", "typer"} & set(sys.modules)
"""


def test_the_connections_file_loads_in_the_orchestrators_environment() -> None:
    result = subprocess.run(
        [python("orchestrator"), "-W", "error", "-c", PROGRAM],
        env={"PATH": os.defpath},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["jaffle_shop_customers", "jaffle_shop_orders", "stripe_payments"]
