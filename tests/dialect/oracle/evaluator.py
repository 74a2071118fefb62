"""GoogleSQL's own analyzer and reference evaluator, from PyPI's `zetasql`: WebAssembly that runs in this process.

Runs in the environment `oracle` only. The first use in an environment compiles the module (10 to 20 seconds and 1 GB of
memory); later processes load the compiled module in a second.
"""

import ctypes
import importlib.metadata
from pathlib import Path
from typing import Any

import tzdata
import wasmtime
from zetasql.wasi import get_wasm_path
from zetasql.wasi._pb2.zetasql.local_service import local_service_pb2 as service
from zetasql.wasi._pb2.zetasql.public import options_pb2 as options

from tests.dialect.oracle.values import Column, canonical, type_name

VERSION = f"zetasql {importlib.metadata.version('zetasql')}"

# Features of GoogleSQL that are not part of BigQuery: without them, the oracle refuses what BigQuery refuses.
NOT_IN_BIGQUERY = {
    "FEATURE_ADDITIONAL_DATE_TIME_FUNCTIONS",
    "FEATURE_ALIASES_FOR_STRING_AND_DATE_FUNCTIONS",
    "FEATURE_ARRAY_AGGREGATION_FUNCTIONS",
    "FEATURE_ARRAY_FIND_FUNCTIONS",
    "FEATURE_ARRAY_GREATEST_LEAST",
    "FEATURE_ARRAY_ZIP",
    "FEATURE_BRACED_PROTO_CONSTRUCTORS",
    "FEATURE_FIRST_AND_LAST_N",
    "FEATURE_IMPLICIT_COERCION_STRING_LITERAL_TO_BYTES",
    "FEATURE_INLINE_LAMBDA_ARGUMENT",
    "FEATURE_JSON_TYPE_COMPARISON",
    "FEATURE_LATERAL_COLUMN_REFERENCES",
    "FEATURE_MAP_TYPE",
    "FEATURE_NULLIFZERO_ZEROIFNULL",
    "FEATURE_PI_FUNCTIONS",
    "FEATURE_RADIANS_DEGREES_FUNCTIONS",
    "FEATURE_ROW_TYPE",
    "FEATURE_SPANNER_LEGACY_DDL",
    "FEATURE_STRUCT_BRACED_CONSTRUCTORS",
    "FEATURE_STRUCT_POSITIONAL_ACCESSOR",
    "FEATURE_TIMESTAMP_NANOS",
    "FEATURE_TIMESTAMP_PICOS",
    "FEATURE_TIMESTAMP_PRECISION",
    "FEATURE_UUID_TYPE",
}
ALSO_IN_BIGQUERY = {"FEATURE_DISABLE_FLOAT32", "FEATURE_ENFORCE_MICROS_MODE_IN_INTERVAL_TYPE"}


class Refused(Exception):
    """GoogleSQL refuses the statement; the message has its words."""


class Evaluator:
    """Answers queries that name no table."""

    def __init__(self, cache: Path) -> None:
        """Load the evaluator; `cache` is the file of the compiled module, which is written when it is missing."""
        wasi = wasmtime.WasiConfig()
        wasi.inherit_stderr()
        wasi.preopen_dir(str(Path(tzdata.__file__).parent / "zoneinfo"), "/usr/share/zoneinfo")
        config = wasmtime.Config()
        config.shared_memory = True
        engine = wasmtime.Engine(config)
        self._store = wasmtime.Store(engine)
        self._store.set_wasi(wasi)
        if not cache.exists():
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_bytes(wasmtime.Module.from_file(engine, str(get_wasm_path())).serialize())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        instance = linker.instantiate(self._store, wasmtime.Module.deserialize_file(engine, str(cache)))
        self._exports = instance.exports(self._store)
        if "_initialize" in self._exports:
            self._exports["_initialize"](self._store)
        self._options = self._analyzer_options()
        register = service.RegisterCatalogRequest()
        register.simple_catalog.name = "bigquery"
        register.simple_catalog.builtin_function_options.language_options.CopyFrom(self._options.language_options)
        self._catalog = self._call("RegisterCatalog", register, service.RegisterResponse).registered_id

    def query(self, sql: str) -> tuple[list[Column], list[list[object]]]:
        """Return the columns and the rows of a query in their canonical form. Raises Refused."""
        prepare = service.PrepareQueryRequest(sql=sql, options=self._options, registered_catalog_id=self._catalog)
        prepared = self._call("PrepareQuery", prepare, service.PrepareQueryResponse).prepared
        unprepare = service.UnprepareQueryRequest(prepared_query_id=prepared.prepared_query_id)
        request = service.EvaluateQueryRequest(prepared_query_id=prepared.prepared_query_id)
        try:
            content = self._call("EvaluateQuery", request, service.EvaluateQueryResponse).content
        except Refused:
            self._call("UnprepareQuery", unprepare, None)
            raise
        self._call("UnprepareQuery", unprepare, None)
        columns = [Column(column.name, type_name(column.type)) for column in prepared.columns]
        rows = [
            [canonical(cell, column.type) for cell, column in zip(row.cell, prepared.columns, strict=True)]
            for row in content.table_data.row
        ]
        return columns, rows

    def _analyzer_options(self) -> service.PrepareQueryRequest:
        request = service.LanguageOptionsRequest(maximum_features=True)
        language = self._call("GetLanguageOptions", request, service.PrepareQueryRequest().options.language_options)
        language.product_mode = options.PRODUCT_EXTERNAL
        features = {options.LanguageFeature.Name(number) for number in language.enabled_language_features}
        del language.enabled_language_features[:]
        for name in sorted((features | ALSO_IN_BIGQUERY) - NOT_IN_BIGQUERY):
            language.enabled_language_features.append(options.LanguageFeature.Value(name))
        result = service.PrepareQueryRequest().options
        result.language_options.CopyFrom(language)
        result.default_timezone = "UTC"
        result.error_message_mode = options.ERROR_MESSAGE_ONE_LINE
        result.prune_unused_columns = False
        return result

    def _call(self, method: str, request: Any, response: Any) -> Any:
        """Call a method of ZetaSQL's local service with a protobuf message. Raises Refused."""
        data = request.SerializeToString()
        store = self._store

        def address(offset: int) -> int:
            # The module's memory is shared and can grow and move, so its address is asked for each time.
            return ctypes.addressof(self._exports["memory"].data_ptr().contents) + offset

        def read(start: int, size: int) -> bytes:
            return ctypes.string_at(address(start), size)

        # Nothing is freed after a trap: the instance is broken then, and a call would wait for ever.
        pointer = self._exports["wasm_malloc"](store, len(data) + 4)
        ctypes.memmove(address(pointer + 4), data, len(data))
        result = self._exports[f"ZetaSqlLocalService_{method}"](store, pointer + 4, len(data), pointer)
        answer = None
        if result:
            answer = read(result, int.from_bytes(read(pointer, 4), "little"))
            self._exports["wasm_free"](store, result)
        self._exports["wasm_free"](store, pointer)
        if answer is None:
            size = self._exports["wasm_get_last_error_size"](store)
            raise Refused(read(self._exports["wasm_get_last_error"](store), size).decode())
        if response is None:
            return None
        kind: Any = response if isinstance(response, type) else type(response)
        return kind.FromString(answer)
