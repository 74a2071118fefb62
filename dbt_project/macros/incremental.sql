{#-
    From when on the records of an incremental model's inputs are looked at again: the time of the newest record in the
    model, less the look-back. One sync takes two days at most, so nothing that was committed late is older.
-#}
{% macro high_water_mark(column) -%}
    (
        select
            coalesce(
                timestamp_sub(max({{ column }}), interval {{ var('lookback_hours', 48) }} hour),
                timestamp '0001-01-01'
            )
        from {{ this }}
    )
{%- endmacro %}

{#-
    Deletes the rows of an incremental model whose key is not in its input, because a MERGE of dbt deletes nothing.
    A pre-hook; `input` has the columns `key` and `is_deleted`.
-#}
{% macro delete_vanished(input, key) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as stored
        where not exists (
            select 1
            from {{ input }} as current_rows
            where current_rows.{{ key }} = stored.{{ key }} and not current_rows.is_deleted
        )
    {%- endif -%}
{%- endmacro %}
