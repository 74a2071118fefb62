{#-
    Fails for each row whose text does not contain a match of the expression (RE2; ^ and $ match the whole text); a null
    does not fail. As dbt_expectations.expect_column_values_to_match_regex.
    row_condition: only the rows that fulfil it count. is_raw: whether a backslash stands for itself; otherwise write it twice.
    flags: of RE2, for example i to ignore upper and lower case.
-#}
{% test expect_column_values_to_match_regex(
    model, column_name, regex, row_condition=none, is_raw=false, flags=''
) %}

    {%- set pattern = '(?' ~ flags ~ ')' ~ regex if flags else regex %}

    select *
    from {{ model }}
    where
        not regexp_contains({{ column_name }}, {{ 'r' if is_raw else '' }}"""{{ pattern }}""")
        {%- if row_condition %}
        and ({{ row_condition }})
        {%- endif %}

{% endtest %}
