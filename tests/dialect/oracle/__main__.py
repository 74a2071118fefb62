"""Answers statements with GoogleSQL: reads a JSON string a line, writes a JSON object a line."""

import json
import sys

from tests.dialect.oracle.answers import Oracle

if __name__ == "__main__":
    oracle = Oracle()
    for line in sys.stdin:
        print(json.dumps(oracle.answer(json.loads(line)), ensure_ascii=False), flush=True)
