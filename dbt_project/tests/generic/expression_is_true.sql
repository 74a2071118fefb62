{#-
    Fails for each row for which the expression is false; one that is null does not fail. As dbt_utils.expression_is_true.
    On a column, the expression continues the column's name: `expression: ">= 0"`.
-#}
{% test expression_is_true(model, expression, column_name=none) %}

    select *
    from {{ model }}
    where not ({{ column_name or '' }} {{ expression }})

{% endtest %}
