{#-
    Fails for each row whose text is empty; a null is not. As dbt_utils.not_empty_string.
    trim_whitespace: whether a text of blanks counts as empty.
-#}
{% test not_empty_string(model, column_name, trim_whitespace=true) %}

    select *
    from {{ model }}
    where {{ 'trim(' ~ column_name ~ ')' if trim_whitespace else column_name }} = ''

{% endtest %}
