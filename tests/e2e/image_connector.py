"""A small image in place of a connector. The tests check the way to the image, the same for every connector."""

import base64
import uuid

NAME = f"imagetest{uuid.uuid4().hex[:8]}"
IMAGE = f"airbyte/source-{NAME}:1.0"
PROGRAM = b"""
import json, os, pathlib, socket, sys, time

SPEC = {"type": "object", "properties": {"rows": {"type": "integer", "default": 3}, "code": {"type": "string"}}}
STREAM = {
    "name": "people",
    "json_schema": {"type": "object", "properties": {"id": {"type": "integer"}}},
    "supported_sync_modes": ["full_refresh"],
}

def say(**message):
    print(json.dumps(message), flush=True)

def status(status):
    stream = {"stream_descriptor": {"name": "people"}, "status": status}
    say(type="TRACE", trace={"type": "STREAM_STATUS", "emitted_at": 1.0, "stream_status": stream})

command, *rest = sys.argv[1:]
options = dict(zip(rest[::2], rest[1::2]))
files = {option[2:]: json.loads(pathlib.Path(path).read_text()) for option, path in options.items()}
config = files.get("config", {})
if command == "spec":
    interfaces = [name for _, name in socket.if_nameindex() if name != "lo"]
    say(type="SPEC", spec={"connectionSpecification": SPEC | {"interfaces": interfaces}})
elif "code" in config:
    exec(config["code"])
elif command == "check":
    say(type="CONNECTION_STATUS", connectionStatus={"status": "SUCCEEDED"})
elif command == "discover":
    say(type="CATALOG", catalog={"streams": [STREAM]})
else:
    status("STARTED")
    for number in range(config["rows"]):
        say(type="RECORD", record={"stream": "people", "data": {"id": number}, "emitted_at": 1})
    status("COMPLETE")
"""
ENCODED = base64.b64encode(PROGRAM).decode()
DOCKERFILE = f"""
FROM python:3.13-slim
RUN useradd --uid 1000 airbyte \\
 && python3 -c "open('/connector.py', 'wb').write(__import__('base64').b64decode('{ENCODED}'))"
USER airbyte
ENTRYPOINT ["python3", "/connector.py"]
"""
ENTRY = {
    "sourceDefinitionId": "00000000-0000-0000-0000-0000000000aa",
    "name": "Stand-in",
    "dockerRepository": f"airbyte/source-{NAME}",
    "dockerImageTag": "1.0",
    "language": "java",
}
"""Its entry in Airbyte's registry."""
