{#-
    Fails for each row whose value is in no row of another model; only the rows that fulfil the conditions count.
    As dbt_utils.relationships_where.
-#}
{% test relationships_where(model, column_name, to, field, from_condition='true', to_condition='true') %}

    with

    children as (

        select * from {{ model }}
        where {{ column_name }} is not null and ({{ from_condition }})

    ),

    parents as (

        select distinct {{ field }} as parent_key from {{ to }}
        where {{ to_condition }}

    )

    select children.*
    from children
    left join parents
        on children.{{ column_name }} = parents.parent_key
    where parents.parent_key is null

{% endtest %}
