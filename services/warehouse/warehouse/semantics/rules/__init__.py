"""The list of all rules. Where several rules look at one node, the first that replaces it wins: refusals come first."""

from warehouse.semantics.rules import arrays, casts, common, dates, json, names, numbers, refusals, statements, strings

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
    # numbers
    numbers.numeric_arithmetic,
    numbers.numeric_safe_divide,
    numbers.nan_equals_nothing,
    numbers.float_overflow,
    # casts
    casts.cast_to_string,
    casts.cast_from_string,
    casts.time_of_timestamp,
    casts.typed_struct,
    casts.cast_struct,
    # strings
    strings.trim_white_space,
    strings.substring,
    strings.concatenated,
    strings.formats,
    # dates
    dates.current_moment,
    dates.parsed_instants,
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
    # statements
    statements.table_column_names,
    statements.insert_types,
    statements.update_types,
    statements.default_value,
    statements.one_match,
)
