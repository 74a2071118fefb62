-- sqlfluff:indentation:template_blocks_indent:False
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='order_id',
        partition_by={'field': 'order_date', 'data_type': 'date', 'granularity': 'month'},
        on_schema_change='fail',
        pre_hook="{{ delete_vanished(ref('stg_orders'), 'order_id') }}",
    )
}}

with

orders as (

    select * from {{ ref('stg_orders') }}

    where not is_deleted

),

payments as (

    select * from {{ ref('stg_payments') }}

    where not is_deleted

),

order_payments as (

    select
        order_id,
        sum(amount) as amount,
        array_agg(payment_id order by payment_id) as payment_ids,
        max(changed_at) as changed_at

    from payments

    where status = 'success'

    group by order_id

),

{% if is_incremental() %}

stored as (

    select * from {{ this }}

),

stored_payments as (

    select
        stored.order_id,
        payment_id

    from stored

    cross join unnest(stored.payment_ids) as payment_id

),

counted_payments as (

    select
        order_payments.order_id,
        payment_id

    from order_payments

    cross join unnest(order_payments.payment_ids) as payment_id

),

-- An order is calculated again if its own record or one of its payments is new, or if its
-- payments are other ones: a payment can move to another order, fail later or vanish, and then
-- only the stored row tells where it was.
affected as (

    select order_id from orders
    where changed_at >= {{ high_water_mark('changed_at') }}

    union distinct

    select order_id from payments
    where changed_at >= {{ high_water_mark('changed_at') }}

    union distinct

    select coalesce(stored_payments.order_id, counted_payments.order_id) as order_id
    from stored_payments
    full outer join counted_payments
        on
            stored_payments.order_id = counted_payments.order_id
            and stored_payments.payment_id = counted_payments.payment_id
    where stored_payments.payment_id is null or counted_payments.payment_id is null

    union distinct

    select orders.order_id from orders
    left join stored
        on orders.order_id = stored.order_id
    where stored.order_id is null

    {% if var('from_date', none) %}

    union distinct

    select order_id from orders
    where order_date between date '{{ var("from_date") }}' and date '{{ var("to_date") }}'

    {% endif %}

),

{% endif %}

final as (

    select
        orders.order_id,
        orders.customer_id,
        orders.order_date,
        orders.status,
        coalesce(order_payments.amount, 0) as amount,
        coalesce(order_payments.payment_ids, []) as payment_ids,
        greatest(
            orders.changed_at, coalesce(order_payments.changed_at, orders.changed_at)
        ) as changed_at

    from orders

    {% if is_incremental() %}
    inner join affected
        on orders.order_id = affected.order_id
    {% endif %}

    left join order_payments
        on orders.order_id = order_payments.order_id

)

{% if is_incremental() %}

-- A file that is loaded again brings all its records. Only the rows that differ are written.
select final.* from final

left join stored
    on final.order_id = stored.order_id

where
    stored.order_id is null
    or final.customer_id is distinct from stored.customer_id
    or final.order_date is distinct from stored.order_date
    or final.status is distinct from stored.status
    or final.amount is distinct from stored.amount
    or to_json_string(final.payment_ids) != to_json_string(stored.payment_ids)

{% else %}

select * from final

{% endif %}
