"""DataHub's Airbyte source: an ingestion of the metadata into a file.

usage: use_datahub.py WORLD FILE
"""

import json
import sys
from pathlib import Path
from typing import Any

from datahub.ingestion.run.pipeline import Pipeline
from facts import WORLD, error_of, fact, print_facts

output = Path(sys.argv[2])


def ingest(secret: str) -> Any:
    """Write the metadata of all connections into the file; return the source's report."""
    client = {"oauth2_client_id": WORLD["client_id"], "oauth2_client_secret": secret}
    config = {"deployment_type": "oss", "host_port": WORLD["url"], "max_retries": 0, **client}
    sink = {"type": "file", "config": {"filename": str(output)}}
    pipeline = Pipeline.create({"source": {"type": "airbyte", "config": config}, "sink": sink})
    pipeline.run()
    return pipeline.source.get_report()


fact("wrong credentials", error_of(lambda: ingest("wrong")))
report = ingest(WORLD["client_secret"])
fact("failures", [str(failure) for failure in report.failures])
fact("warnings", [str(warning) for warning in report.warnings])
events = [event for event in json.loads(output.read_text()) if "aspectName" in event]
fact("kinds", sorted({f"{event['entityType']}.{event['aspectName']}" for event in events}))
tables = [event["aspect"]["json"] for event in events if event["aspectName"] == "dataJobInputOutput"]
fact("tables", sorted({urn for job in tables for urn in job["outputDatasets"]}))
columns = [line for job in tables for line in job.get("fineGrainedLineages", [])]
fact("columns", sorted({urn.rsplit(",", 1)[1].rstrip(")") for line in columns for urn in line["downstreams"]}))
print_facts()
