"""What a user reads when dbt fails."""

from orchestrator.dbt_errors import shortened


def test_each_error_is_told_once_and_plainly() -> None:
    messages = [
        "BigQuery adapter: https://console.cloud.google.com/bigquery?project=p&j=bq:US:1&page=queryresults",
        "29 of 40 ERROR creating sql table model trusted.fct_orders ..... [\x1b[31mERROR\x1b[0m in 0.15s]",
        "\x1b[31mFailure in model fct_orders (models/trusted/fct_orders.sql)\x1b[0m",
        "  Database Error in model fct_orders (models/trusted/fct_orders.sql)\n  no column named statuss",
        "  Database Error in model fct_orders (models/trusted/fct_orders.sql)\n  no column named statuss",
    ]
    assert shortened(messages) == (
        "Failure in model fct_orders (models/trusted/fct_orders.sql)\n"
        "Database Error in model fct_orders (models/trusted/fct_orders.sql)\n  no column named statuss"
    )


def test_an_error_that_only_mentions_a_link_is_kept() -> None:
    text = "Access denied. See https://console.cloud.google.com/iam"
    assert shortened([text]) == text
