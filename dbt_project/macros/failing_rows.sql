{#-
    How a data test runs: dbt's own way, but the failing rows are stored only if there are any. dbt itself would write a
    table for each test of each run. A table of an earlier run is dropped when its test passes.

    In a run of Dagster, the tests of the same tables are asked in one query (docs/decisions/joint-tests.md). The result
    `main` is then there before the test runs.
-#}
{% materialization test, adapter='bigquery' %}

    {%- set relations = [] -%}

    {% if load_result('main') %}
        {%- do write(data_test_query()) -%}
    {% else %}
        {% call statement('main', fetch_result=true) -%}
            {{ data_test_query() }}
        {%- endcall %}
    {% endif %}

    {% if should_store_failures() %}
        {%- set found = load_result('main')['data'][0] -%}
        {%- set stored = api.Relation.create(
            database=database, schema=schema, identifier=model['alias'], type='table') -%}
        {%- set earlier = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
        {% if found[1] or found[2] %}
            {% call statement('failing_rows') -%}
                {{ create_table_as(false, stored, failing_rows_query()) }}
            {%- endcall %}
            {%- do relations.append(stored) -%}
        {% elif earlier %}
            {%- do adapter.drop_relation(earlier) -%}
        {% endif %}
    {% endif %}

    {{ return({'relations': relations}) }}

{% endmaterialization %}

{#- The query of a data test's failing rows. -#}
{% macro failing_rows_query() -%}
    {{ get_limit_subquery_sql(sql, config.get('limit')) }}
{%- endmacro %}

{#- The query of a data test: the number of failing rows, and whether it is a warning or an error. -#}
{% macro data_test_query() -%}
    {{ get_test_sql(
        failing_rows_query(), config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
{%- endmacro %}
