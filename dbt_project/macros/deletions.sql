{#-
    Deleted rows of a landing table that Airbyte deduplicates.

    Airbyte reads a changed file from its first to its last record, and a deduplicated table keeps the rows of records
    that the new version of the file does not have. With `deletions: mark` in connections.yaml, such a row is deleted.
    With `deletions: keep`, the default, no row is. Dagster passes the choice as the variable `deletions_marked`, a list
    of dbt sources, for example [jaffle_shop.jaffle_shop_orders].
-#}

{#- Returns whether the rows of a source table are marked as deleted. -#}
{% macro marks_deletions(source_name, table_name) %}
    {%- do return((source_name ~ '.' ~ table_name) in var('deletions_marked', [])) -%}
{% endmacro %}

{#- Whether the newest version of the row's file does not have the row's record any more. -#}
{% macro is_deleted(source_name, table_name) -%}
    {%- if marks_deletions(source_name, table_name) -%}
        coalesce(
            _ab_source_file_last_modified
            < max(_ab_source_file_last_modified) over (partition by _ab_source_file_url),
            false
        )
    {%- else -%}
        false
    {%- endif -%}
{%- endmacro %}

{#-
    When Airbyte extracted the row's record. For a deleted row: when it last read the file without the record.
-#}
{% macro changed_at(source_name, table_name) -%}
    {%- if marks_deletions(source_name, table_name) -%}
        if(
            {{ is_deleted(source_name, table_name) }},
            max(_airbyte_extracted_at) over (partition by _ab_source_file_url),
            _airbyte_extracted_at
        )
    {%- else -%}
        _airbyte_extracted_at
    {%- endif -%}
{%- endmacro %}
