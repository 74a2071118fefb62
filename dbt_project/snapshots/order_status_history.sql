{% snapshot order_status_history %}

{{
    config(
        schema='trusted',
        unique_key='order_id',
        strategy='check',
        check_cols=['status', 'is_deleted'],
        updated_at='seen_at',
        hard_deletes='invalidate',
        meta={'dagster': {'group': 'trusted'}},
    )
}}

{%- set is_built = execute and load_relation(this) is not none %}

with

orders as (

    select * from {{ ref('stg_orders') }}

),

{% if is_built %}

known as (

    select
        order_id,
        max(coalesce(dbt_valid_to, dbt_valid_from)) as known_until

    from {{ this }}

    group by order_id

),

{% endif %}

-- A new state always gets a newer time than the last one. When `deletions` is changed from mark to
-- keep, a deleted record comes back with its old time: dbt would take it for the row of that time,
-- and the order would have no current status.
final as (

    select
        orders.*,
        {% if is_built %}
        if(
            orders.changed_at <= known.known_until, current_timestamp(), orders.changed_at
        ) as seen_at
        {% else %}
        orders.changed_at as seen_at
        {% endif %}

    from orders

    {% if is_built %}
    left join known
        on orders.order_id = known.order_id
    {% endif %}

)

select * from final

{% endsnapshot %}
