with

source as (

    select * from {{ source('jaffle_shop', 'jaffle_shop_customers') }}

),

renamed as (

    select
        cast(id as int64) as customer_id,
        cast(first_name as string) as first_name,
        cast(last_name as string) as last_name,
        {{ is_deleted('jaffle_shop', 'jaffle_shop_customers') }} as is_deleted,
        {{ changed_at('jaffle_shop', 'jaffle_shop_customers') }} as changed_at

    from source

)

select * from renamed
