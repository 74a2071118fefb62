{#-
    Fails if the column is null in every row, or in every row of a group. As dbt_utils.at_least_one.
-#}
{% test at_least_one(model, column_name, group_by_columns=[]) %}

    select
        {%- for column in group_by_columns %}
        {{ column }},
        {%- endfor %}
        count(*) as number_of_rows
    from {{ model }}
    {%- if group_by_columns %}
    group by {{ group_by_columns | join(', ') }}
    {%- endif %}
    having count({{ column_name }}) = 0

{% endtest %}
