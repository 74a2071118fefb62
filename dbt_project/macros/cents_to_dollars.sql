{#- Whole cents as NUMERIC dollars, which add up exactly, as FLOAT64 would not. -#}
{% macro cents_to_dollars(column) -%}
    cast({{ column }} as numeric) / 100
{%- endmacro %}
