"""Says which file has no columns, if none of the files of a stream has one."""

from collections.abc import Mapping
from typing import Any

from airbyte_cdk.sources.file_based.file_types.jsonl_parser import JsonlParser
from airbyte_cdk.sources.file_based.stream.default_file_based_stream import DefaultFileBasedStream

from .faults import FileFault

NO_FILES = "no key in the bucket matches. Upload the files, or correct bucket or globs."
NO_COLUMNS = "the file has no columns. Upload a file with columns, or exclude this one from the stream's globs."
NO_KEYS = (
    "the file has no JSON object with a key, so the columns of the stream are unknown. Set the stream's input_schema, "
    'for example \'{"id": "integer", "name": "string"}\', or upload a file with objects.'
)


def named() -> None:
    """Name the file where no file of a stream has columns, such as an empty JSONL file or a Parquet file without any.

    airbyte-cdk 7.39.1 says only "Error inferring schema from files. Are the files valid?". No upstream report is known.
    """
    of_file, of_files = DefaultFileBasedStream._infer_file_schema, DefaultFileBasedStream.infer_schema

    async def infer_file_schema(self: Any, file: Any) -> Any:
        found = await of_file(self, file)
        if not found:
            self.files_without_columns.append(file.uri)
        return found

    def infer_schema(self: Any, files: list[Any]) -> Mapping[str, Any]:
        if not files:  # recent_n_files_to_read_for_schema_discovery: otherwise the connector does not come here
            raise FileFault(f"globs {', '.join(self.config.globs or [])}", "", NO_FILES)
        self.files_without_columns = []
        found: Mapping[str, Any] = of_files(self, files)
        if not found and len(self.files_without_columns) == len(files):  # else, the connector has logged another cause
            reason = NO_KEYS if isinstance(self.get_parser(), JsonlParser) else NO_COLUMNS
            raise FileFault(files[0].uri, "", reason)
        return found

    DefaultFileBasedStream._infer_file_schema = infer_file_schema
    DefaultFileBasedStream.infer_schema = infer_schema
