"""The list of all rules. Where several rules look at one node, the first that replaces it wins: refusals come first."""

from warehouse.semantics.rules import (
    arrays,
    casts,
    common,
    dates,
    json,
    library,
    names,
    numbers,
    refusals,
    statements,
    strings,
)

RULES = (
    # names
    names.alias_scope,
    names.duplicate_names,
    names.reserved_words,
    names.group_by_alias,
    names.alias_first,
    names.set_operation_order,
    names.distinct_order,
    # refusals
    refusals.impossible_selects,
    refusals.argument_types,
    refusals.conditions,
    refusals.windows,
    casts.invalid_casts,
    # types that become one
    common.coalesced,
    common.if_branches,
    common.case_branches,
    common.elements,
    common.compared,
    common.set_operations,
    # functions
    library.json_paths,
    library.buckets,
    library.replaced_functions,
    library.padded,
    library.trimmed_bytes,
    library.initcap,
    library.rounded,
    library.array_places,
    library.numeric_average,
    library.correlation,
    library.instant_text,
    library.json_of_text,
    library.capturing_groups,
    library.array_step,
    library.aggregated_bytes,
    library.ambiguous_columns,
    library.date_of_numbers,
    library.type_of,
    library.current_time,
    library.spaced_day,
    library.timestamp_of_text,
    library.early_years,
    library.bucket_in_range,
    # numbers
    numbers.numeric_arithmetic,
    numbers.numeric_safe_divide,
    numbers.nan_compares_with_nothing,
    numbers.nan_wins,
    numbers.float_overflow,
    # casts
    casts.cast_to_string,
    casts.cast_from_string,
    casts.typed_struct,
    casts.cast_struct,
    # strings
    strings.trim_white_space,
    strings.substring,
    strings.concatenated,
    strings.formats,
    # dates
    dates.date_parts,
    dates.on_instants,
    dates.months_apart,
    dates.extract_parts,
    dates.date_trunc,
    dates.instants_apart,
    # JSON
    json.to_json_string,
    json.json_of_no_json,
    # arrays
    arrays.array_concat,
    arrays.unnest_structs,
    # checked results
    library.float_results,
    library.dates_in_range,
    # statements
    statements.table_column_names,
    statements.insert_types,
    statements.one_match,
)
