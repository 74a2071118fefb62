"""Answers of GoogleSQL to many statements, also when one of them breaks the evaluator."""

import sys
from pathlib import Path

import wasmtime

from tests.dialect.oracle.evaluator import Evaluator, Refused

CACHE = Path(sys.prefix) / "zetasql.compiled"
Answer = dict[str, object]


class Oracle:
    """GoogleSQL: it starts at the first statement, and again after a statement that broke it."""

    def __init__(self) -> None:
        self._evaluator: Evaluator | None = None

    def answer(self, sql: str) -> Answer:
        """Return the names, types and rows of a query, or under `error` the words in which GoogleSQL refuses it.

        A statement that ends the evaluator has the answer `broken`: nothing is known about it.
        """
        self._evaluator = self._evaluator or Evaluator(CACHE)
        try:
            columns, rows = self._evaluator.query(sql)
        except Refused as error:
            return {"error": str(error)}
        except (wasmtime.WasmtimeError, wasmtime.Trap, wasmtime.ExitTrap, ValueError, OverflowError) as error:
            self._evaluator = None
            return {"broken": repr(error)}
        return {
            "names": [column.name for column in columns],
            "types": [column.type for column in columns],
            "rows": rows,
        }
