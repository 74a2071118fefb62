{#- Converts whole cents to dollars. The type is NUMERIC, because sums of FLOAT64 are not exact. -#}
{% macro cents_to_dollars(column) -%}
    cast({{ column }} as numeric) / 100
{%- endmacro %}
