"""The list of the repairs of Airbyte's S3 connector 4.16.1, and of the libraries that it is made of.

A repair is a function that replaces one function of the connector in the connector's own process. Its docstring gives
the reason and the upstream report. The repairs depend on internals of certain releases, so these releases are checked.

The fork server loads airbyte_lite by its path. The connector's environment does not contain what airbyte_lite needs:
the modules here import the standard library, the connector and its libraries only, and each other.
"""

from importlib.metadata import version

from . import (
    avro_values,
    csv_rows,
    files_types,
    jsonl_lines,
    no_columns,
    object_keys,
    once,
    parquet_columns,
    parquet_values,
    secret_words,
    spelling,
    zip_members,
)

UPSTREAM = {"airbyte-source-s3": "4.16.1", "airbyte-cdk": "7.39.1", "smart-open": "5.1.0"}

REPAIRS = (
    avro_values.exact_values,
    csv_rows.checked_rows,
    csv_rows.objects_beside_null_values,
    csv_rows.null_values_without_a_warning,
    csv_rows.several_types,
    files_types.any_order,
    files_types.no_validation_of_several_types,
    jsonl_lines.checked_lines,
    no_columns.named,
    object_keys.any_key,
    object_keys.unreadable_files,
    object_keys.glob_prefixes,
    parquet_values.exact_values,
    parquet_values.known_types,
    parquet_values.times_of_every_year,
    parquet_columns.values_of_dictionaries,
    secret_words.whole_words,
    spelling.any_case,
    zip_members.any_encoding,
    zip_members.files_of_archives,
    zip_members.any_archive_key,
    zip_members.readable_archives,
    once.specification,
    once.description_of_s3,
)


def install() -> None:
    """Make every repair. Raises RuntimeError if another release of the connector or of a library is installed."""
    for name, expected in UPSTREAM.items():
        if version(name) != expected:
            raise RuntimeError(
                f"The repairs of the S3 connector need {name} {expected}, but {version(name)} is installed. Check each "
                f"repair in {__name__} against {name} {version(name)}, then change UPSTREAM there."
            )
    for repair in REPAIRS:
        repair()
