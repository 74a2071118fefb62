{#- Fails for each group whose total is negative: a customer got back more than they paid. -#}
{% test total_not_negative(model, column, by) %}

    select
        {{ by }},
        sum({{ column }}) as total

    from {{ model }}

    group by {{ by }}

    having sum({{ column }}) < 0

{% endtest %}
