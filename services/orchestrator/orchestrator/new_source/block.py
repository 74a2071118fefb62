"""Writes the block of connections.yaml for files that source-s3 reads."""

from collections.abc import Iterable, Sequence

from orchestrator.new_source.files import FILES_LIMIT, Given
from orchestrator.new_source.found import Found
from platform_kit.settings_table import TABLE
from source_texts.blocks import MADE_BY
from source_texts.tables import Key
from source_texts.yaml_text import flow

# What the anchors of connections.yaml hold, for a file that has no such anchor.
S3 = f"""\
bucket: ${{S3_BUCKET:-{TABLE["S3_BUCKET"].default}}}
endpoint: ${{AWS_ENDPOINT_URL_S3:-}}
region_name: ${{AWS_DEFAULT_REGION:-{TABLE["AWS_DEFAULT_REGION"].default}}}
credentials:
  auth_type: iam_user
  aws_access_key_id: ${{AWS_ACCESS_KEY_ID}}
  aws_secret_access_key: ${{AWS_SECRET_ACCESS_KEY}}
delivery_method: {{delivery_type: use_records_transfer}}
"""
USUAL_CSV = {
    "filetype": "csv",
    "encoding": "utf-8-sig",
    "null_values": [""],
    "true_values": ["true", "True", "TRUE"],
    "false_values": ["false", "False", "FALSE"],
}


def connection_block(
    name: str, given: Given, found: Found, key: Key, destination: str, copies: Sequence[str], anchors: Iterable[str]
) -> str:
    """Return the entry of `connections`. `anchors`: the names of the YAML anchors that the file has."""
    has = set(anchors)
    lines = [f"- name: {flow(name)}"]  # `null` and `no` are texts
    if copies:
        lines[0] = "\n".join([*(f"{MADE_BY} {copy}" for copy in copies), lines[0]])
    lines += ["  source:", "    connector: source-s3", "    configuration:"]
    lines += ["      <<: *s3"] if "s3" in has else [f"      {line}" for line in S3.splitlines()]
    lines += ["      streams:"]
    usual = found.filetype == "csv" and not found.options
    stream = ["<<: *csv"] if usual and "csv" in has else []
    stream += [f"name: {flow(name)}", f"globs: {flow([given.glob])}"]
    if found.declared:
        stream.append(f"columns: {flow({column.name: column.landing for column in found.columns})}")
    if not usual or "csv" not in has:
        options = {**USUAL_CSV, **found.options} if found.filetype == "csv" else {"filetype": found.filetype}
        stream += ["validation_policy: Emit Record", "format:"]
        stream += [f"  {option}: {flow(value)}" for option, value in options.items()]
    lines += [f"        {'- ' if at == 0 else '  '}{line}" for at, line in enumerate(stream)]
    lines += [f"  destination: {flow(destination)}", "  streams:", f"    - name: {flow(name)}"]
    lines += ["      sync_mode: full_refresh_overwrite # the table is always what the files are"]
    if key:
        lines.append(f"      primary_key: {flow([[part] for part in key])}")
    lines.append(f"      dbt_source: {name}.{name}")
    if len(given.keys) <= FILES_LIMIT:
        lines.append(f"      files: {flow(given.keys)}")
    return "\n".join(lines) + "\n"
