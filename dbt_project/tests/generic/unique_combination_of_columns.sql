{#-
    Fails for each combination of values that several rows have. As dbt_utils.unique_combination_of_columns.
    quote_columns: whether the names need quotes.
-#}
{% test unique_combination_of_columns(model, combination_of_columns, quote_columns=false) %}

    {%- set names = [] -%}
    {%- for column in combination_of_columns -%}
        {%- do names.append(adapter.quote(column) if quote_columns else column) -%}
    {%- endfor %}

    select
        {{ names | join(', ') }},
        count(*) as number_of_rows
    from {{ model }}
    group by {{ names | join(', ') }}
    having count(*) > 1

{% endtest %}
