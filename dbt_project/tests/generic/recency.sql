{#-
    Fails if the newest row, of each group, is older than `interval` units of `datepart`, or if there is none.
    As dbt_utils.recency. field: a timestamp. ignore_time_component: whether only the days are compared.
-#}
{% test recency(model, field, datepart, interval, ignore_time_component=false, group_by_columns=[]) %}

    {%- set kind = 'date' if ignore_time_component else 'timestamp' -%}
    {%- set limit = 'timestamp_sub(current_timestamp(), interval ' ~ interval ~ ' ' ~ datepart ~ ')' -%}
    {%- if ignore_time_component or datepart | lower in ['week', 'month', 'quarter', 'year'] -%}
        {%- set limit = 'date_sub(current_date(), interval ' ~ interval ~ ' ' ~ datepart ~ ')' -%}
    {%- endif %}

    with

    newest as (

        select
            {%- for column in group_by_columns %}
            {{ column }},
            {%- endfor %}
            cast(max({{ field }}) as {{ kind }}) as most_recent
        from {{ model }}
        {%- if group_by_columns %}
        group by {{ group_by_columns | join(', ') }}
        {%- endif %}

    )

    select
        *,
        cast({{ limit }} as {{ kind }}) as oldest_allowed
    from newest
    where most_recent is null or most_recent < cast({{ limit }} as {{ kind }})

{% endtest %}
