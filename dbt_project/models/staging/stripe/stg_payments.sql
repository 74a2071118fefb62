with

source as (

    select * from {{ source('stripe', 'stripe_payments') }}

),

renamed as (

    select
        cast(id as int64) as payment_id,
        cast(orderid as int64) as order_id,
        cast(paymentmethod as string) as payment_method,
        cast(status as string) as status,
        {{ cents_to_dollars('amount') }} as amount,
        cast(created as date) as created_date,
        {{ is_deleted('stripe', 'stripe_payments') }} as is_deleted,
        {{ changed_at('stripe', 'stripe_payments') }} as changed_at

    from source

)

select * from renamed
