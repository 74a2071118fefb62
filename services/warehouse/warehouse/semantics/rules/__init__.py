"""The list of all rules. Where several rules look at one node, the first that replaces it wins: refusals come first."""

from warehouse.semantics import names
from warehouse.semantics.rules import arrays, casts, dates, json, library, numbers, refusals, statements, strings

RULES = (
    # names
    names.alias_scope,
    names.duplicate_names,
    names.reserved_words,
    names.group_by_alias,
    # refusals
    refusals.impossible_selects,
    refusals.argument_types,
    refusals.comparisons,
    refusals.conditions,
    refusals.common_type,
    refusals.set_operations,
    # functions
    library.replaced_functions,
    library.padded,
    library.trimmed_bytes,
    library.initcap,
    library.rounded,
    library.array_places,
    # numbers
    numbers.numeric_arithmetic,
    numbers.numeric_safe_divide,
    numbers.nan_equals_nothing,
    numbers.float_overflow,
    # casts
    casts.cast_to_string,
    casts.cast_from_string,
    casts.cast_struct,
    # strings
    strings.trim_white_space,
    strings.substring,
    strings.concatenated,
    strings.formats,
    # dates
    dates.months_apart,
    dates.extract_parts,
    dates.date_trunc,
    dates.instants_apart,
    dates.date_parts,
    # JSON
    json.to_json_string,
    json.json_of_no_json,
    # arrays
    arrays.array_concat,
    arrays.unnest_structs,
    # statements
    statements.table_column_names,
    statements.insert_types,
    statements.one_match,
)
