{#-
    What the test row_count_change compares with: the number of rows in the last successful runs, in the table
    dbt_row_counts of the landing dataset. Nothing is written if no such test has run.
-#}
{% macro row_counts_relation() %}
    {%- do return(api.Relation.create(
        database=target.database, schema=target.schema, identifier='dbt_row_counts', type='table')) -%}
{% endmacro %}

{#- The name under which the number of rows is remembered: that of the test, which is compiled now. -#}
{% macro row_count_test_name() %}
    {%- do return(model.unique_id if model is mapping else '') -%}
{% endmacro %}

{#- `on-run-end`: remembers the number of rows of each model with the test, if none of the model's tests has failed. -#}
{% macro remember_row_counts(results) %}
    {%- if execute -%}
        {%- set failed = [] -%}
        {%- for result in results if result.status | string in ['fail', 'error', 'skipped'] -%}
            {%- do failed.append(result.node.attached_node or result.node.unique_id) -%}
        {%- endfor -%}
        {%- set counted = [] -%}
        {%- for result in results
            if result.node.test_metadata and result.node.test_metadata.name == 'row_count_change'
            and result.node.attached_node not in failed -%}
            {%- do counted.append(result.node) -%}
        {%- endfor -%}
        {%- if counted -%}
            {%- set history = row_counts_relation() -%}
            {#- dbt makes the datasets of its models only; the landing dataset of a branch has none. -#}
            {%- if not adapter.check_schema_exists(history.database, history.schema) -%}
                {%- do adapter.create_schema(history) -%}
            {%- endif -%}
            {%- do run_query(
                'create table if not exists ' ~ history
                ~ ' (test string, number_of_rows int64, counted_at timestamp)') -%}
            insert into {{ history }} (test, number_of_rows, counted_at)
            {%- for node in counted %}
            {%- set tested = graph.nodes.get(node.attached_node) or graph.sources.get(node.attached_node) %}
            select '{{ node.unique_id }}', count(*), current_timestamp()
            from {{ tested.relation_name }}
            {%- if node.config.where %}
            where {{ node.config.where }}
            {%- endif %}
            {%- if not loop.last %}
            union all
            {%- endif %}
            {%- endfor %}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
