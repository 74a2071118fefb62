{#-
    How a data test runs: dbt's own way, but the failing rows are stored only if there are any. dbt itself would write a
    table for each test of each run. A table of an earlier run is dropped when its test passes.
-#}
{% materialization test, adapter='bigquery' %}

    {%- set relations = [] -%}
    {%- set rows = get_limit_subquery_sql(sql, config.get('limit')) -%}

    {% call statement('main', fetch_result=true) -%}
        {{ get_test_sql(rows, config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
    {%- endcall %}

    {% if should_store_failures() %}
        {%- set found = load_result('main')['data'][0] -%}
        {%- set stored = api.Relation.create(
            database=database, schema=schema, identifier=model['alias'], type='table') -%}
        {%- set earlier = adapter.get_relation(database=database, schema=schema, identifier=model['alias']) -%}
        {% if found[1] or found[2] %}
            {% call statement('failing_rows') -%}
                {{ create_table_as(false, stored, rows) }}
            {%- endcall %}
            {%- do relations.append(stored) -%}
        {% elif earlier %}
            {%- do adapter.drop_relation(earlier) -%}
        {% endif %}
    {% endif %}

    {{ return({'relations': relations}) }}

{% endmaterialization %}
