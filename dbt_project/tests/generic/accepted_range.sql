{#-
    Fails for each row whose value is outside the range; a null is not. As dbt_utils.accepted_range.
    min_value, max_value: SQL expressions; one may be left out. inclusive: whether the limits themselves are allowed.
-#}
{% test accepted_range(model, column_name, min_value=none, max_value=none, inclusive=true) %}

    {%- if min_value is none and max_value is none -%}
        {{ exceptions.raise_compiler_error(
            "The test accepted_range of " ~ model ~ " needs min_value, max_value or both.") }}
    {%- endif %}

    select *
    from {{ model }}
    where
        false
        {%- if min_value is not none %}
        or {{ column_name }} {{ '<' if inclusive else '<=' }} {{ min_value }}
        {%- endif %}
        {%- if max_value is not none %}
        or {{ column_name }} {{ '>' if inclusive else '>=' }} {{ max_value }}
        {%- endif %}

{% endtest %}
