with

source as (

    select * from {{ source('jaffle_shop', 'jaffle_shop_orders') }}

),

renamed as (

    select
        cast(id as int64) as order_id,
        cast(user_id as int64) as customer_id,
        cast(order_date as date) as order_date,
        cast(status as string) as status,
        {{ is_deleted('jaffle_shop', 'jaffle_shop_orders') }} as is_deleted,
        {{ changed_at('jaffle_shop', 'jaffle_shop_orders') }} as changed_at

    from source

)

select * from renamed
