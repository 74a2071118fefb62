{#-
    Fails if the number of rows differs from the mean of the last successful runs by more than a share.
    max_increase, max_decrease: shares, 0.5 is half as many; none: not limited. runs: how many of the last runs count.
    A run in which a test of the model fails is not remembered (macros/row_counts.sql). The first run passes.
-#}
{% test row_count_change(model, max_increase=0.5, max_decrease=0.5, runs=10) %}


    {%- set history = row_counts_relation() -%}
    {%- if execute -%}
        {%- set history = adapter.get_relation(history.database, history.schema, history.identifier) -%}
    {%- endif %}

    with

    now as (

        select count(*) as number_of_rows from {{ model }}

    ),

    earlier as (

        {% if history %}
        select avg(number_of_rows) as mean_of_last_runs
        from (
            select number_of_rows
            from {{ history }}
            where test = '{{ row_count_test_name() }}'
            order by counted_at desc
            limit {{ runs }}
        )
        {% else %}
        select cast(null as float64) as mean_of_last_runs
        {% endif %}

    )

    select
        now.number_of_rows,
        earlier.mean_of_last_runs
    from now
    cross join earlier
    where
        false
        {%- if max_increase is not none %}
        or now.number_of_rows > earlier.mean_of_last_runs * (1 + {{ max_increase }})
        {%- endif %}
        {%- if max_decrease is not none %}
        or now.number_of_rows < earlier.mean_of_last_runs * (1 - {{ max_decrease }})
        {%- endif %}

{% endtest %}
