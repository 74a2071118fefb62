"""Answers statements with GoogleSQL: one JSON string a line on standard input, one JSON object a line on standard output."""

import json
import sys

from tests.dialect.oracle.answers import Oracle

if __name__ == "__main__":
    oracle = Oracle()
    for line in sys.stdin:
        print(json.dumps(oracle.answer(json.loads(line)), ensure_ascii=False), flush=True)
