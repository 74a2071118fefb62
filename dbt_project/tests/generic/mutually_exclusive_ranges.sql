{#-
    Fails for each row whose range is reversed, or does not fit the next range of its partition.
    As dbt_utils.mutually_exclusive_ranges. gaps: allowed, not_allowed (each range starts where the last one ends) or
    required. zero_length_range_allowed: whether a range may end where it starts.
-#}
{% test mutually_exclusive_ranges(
    model, lower_bound_column, upper_bound_column, partition_by=none, gaps='allowed', zero_length_range_allowed=false
) %}

    {%- set fits = {'allowed': '<=', 'not_allowed': '=', 'required': '<'} -%}
    {%- if gaps not in fits -%}
        {{ exceptions.raise_compiler_error(
            "The test mutually_exclusive_ranges of " ~ model ~ " has gaps: " ~ gaps
            ~ ". Possible are allowed, not_allowed and required.") }}
    {%- endif %}

    with

    ranges as (

        select
            *,
            lead({{ lower_bound_column }}) over (
                {{ 'partition by ' ~ partition_by if partition_by else '' }}
                order by {{ lower_bound_column }}, {{ upper_bound_column }}
            ) as next_lower_bound
        from {{ model }}

    )

    select *
    from ranges
    where
        {{ lower_bound_column }} is null
        or coalesce(
            {{ lower_bound_column }} {{ '>' if zero_length_range_allowed else '>=' }} {{ upper_bound_column }}, false
        )
        or (
            next_lower_bound is not null
            and not coalesce({{ upper_bound_column }} {{ fits[gaps] }} next_lower_bound, false)
        )

{% endtest %}
