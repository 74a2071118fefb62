"""Reads the columns of a Parquet file whose values are in a dictionary, as pandas writes categories."""

from typing import Any

import pyarrow
from airbyte_cdk.sources.file_based.file_types.parquet_parser import ParquetParser


def values_of_dictionaries() -> None:
    """Give a dictionary-encoded column the type of its values.

    airbyte-cdk 7.39.1 takes the column for an object, but emits its values, so that a destination with a type for each
    column loads NULL. No upstream report is known.
    """
    type_of, value_of = ParquetParser.parquet_type_to_schema_type, ParquetParser._to_output_value

    def schema_type(parquet_type: Any, *arguments: Any) -> Any:
        return type_of(
            parquet_type.value_type if pyarrow.types.is_dictionary(parquet_type) else parquet_type, *arguments
        )

    def output_value(value: Any, *arguments: Any) -> Any:
        return value_of(value.value if isinstance(value, pyarrow.DictionaryScalar) else value, *arguments)

    ParquetParser.parquet_type_to_schema_type = staticmethod(schema_type)
    ParquetParser._to_output_value = staticmethod(output_value)
