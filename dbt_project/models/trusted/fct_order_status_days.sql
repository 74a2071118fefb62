{{ config(materialized='view') }}

with

history as (

    select
        *,
        coalesce(dbt_valid_to, current_timestamp()) as valid_to

    from {{ ref('order_status_history') }}

    where not is_deleted

),

final as (

    select
        order_id,
        status,
        min(dbt_valid_from) as first_seen_at,
        if(logical_or(dbt_valid_to is null), null, max(dbt_valid_to)) as last_seen_at,
        logical_or(dbt_valid_to is null) as is_current,
        cast(sum(timestamp_diff(valid_to, dbt_valid_from, second)) as numeric) / 86400 as days

    from history

    group by
        order_id,
        status

)

select * from final
