{#- Fails for each group whose total is below zero: more was paid back than paid. -#}
{% test total_not_negative(model, column, by) %}

    select
        {{ by }},
        sum({{ column }}) as total

    from {{ model }}

    group by {{ by }}

    having sum({{ column }}) < 0

{% endtest %}
