"""`make demo`: runs the whole pipeline once, without Docker or credentials, and stops everything it started."""

import os
import shutil
import sys
import time

from tools import dagster_run, endings
from tools.local.claims import ClaimedError, claim
from tools.local.free_ports import free_ports
from tools.local.platform import ROOT, Platform, warn
from tools.local.processes import ServiceError, Supervisor, interruptible
from tools.local.sql import QueryError, show
from tools.local.startup import StepError, bring_up, step
from tools.settings_table import PORTS

DIRECTORY = ROOT / ".local" / "demo"

COUNTS = """
select 'jaffle_shop_customers' as relation, count(*) as row_count, null as detail from {landing}.jaffle_shop_customers
union all select 'jaffle_shop_orders', count(*), null from {landing}.jaffle_shop_orders
union all select 'stripe_payments', count(*), null from {landing}.stripe_payments
union all select 'stg_customers', count(*), null from {landing}_staging.stg_customers
union all select 'stg_orders', count(*), null from {landing}_staging.stg_orders
union all select 'stg_payments', count(*), null from {landing}_staging.stg_payments
union all select 'fct_orders', count(*), concat('total amount ', format('%.2f', sum(amount)))
  from {landing}_trusted.fct_orders
union all select 'dim_customers', count(*), concat(cast(countif(number_of_orders > 0) as string), ' with orders')
  from {landing}_trusted.dim_customers
"""
CUSTOMERS = "select * from {landing}_trusted.dim_customers order by customer_id limit 5"


def demo(platform: Platform, services: Supervisor) -> None:
    """Start and configure the platform, materialize all assets, and show what is in the warehouse."""
    bring_up(platform, services)
    with step("materialize all assets with Dagster"):
        dagster_run.run(platform.url("dagster"))
    landing = f"`{platform.environment['BQ_PROJECT']}`.{platform.environment['BQ_DATASET']}"
    with step("show what is in the warehouse"):
        show(platform.environment, COUNTS.format(landing=landing).encode())
        print("\n  The first rows of dim_customers:", flush=True)
        show(platform.environment, CUSTOMERS.format(landing=landing).encode())


def explain(error: Exception, services: Supervisor) -> None:
    """Print what failed, which services have ended, and the last lines of their logs."""
    warn(f"\ndemo: {error}")
    if not isinstance(error, ServiceError):  # a ServiceError has the name and the lines already
        for name, process in services.processes.items():
            code = process.exit_code()
            warn(f"\n{name} {'is running' if code is None else f'ended with exit code {code}'}. {process.tail()}")
    warn(f"\nAll logs: {services.log_directory}. To try again: make demo")


def run() -> int:
    """Run the demo in an empty folder. Return 0 if every asset and check passed, 130 after Ctrl-C, else 1."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    platform = Platform(DIRECTORY, free_ports(PORTS))
    try:
        platform.refuse_invalid(os.environ)
    except ValueError as error:
        warn(f"demo: {error}")
        return 1
    started = time.monotonic()
    with Supervisor(DIRECTORY / "logs") as services:
        try:
            demo(platform, services)
        except KeyboardInterrupt:
            warn("\ndemo: interrupted; the services are being stopped. To try again: make demo")
            return 130
        except (ServiceError, StepError, QueryError, dagster_run.DagsterRunError) as error:
            explain(error, services)
            return 1
        print(f"▸ stop the services (the whole demo took {time.monotonic() - started:.0f} s)", flush=True)
    print(
        "\nEvery asset was materialized and every check passed. Next:\n"
        f"  make dev    start the same services and leave them running, with Dagster's UI on http://127.0.0.1:{PORTS['dagster']}\n"
        "  make up     start the platform on Docker Compose, with a container for each run"
    )
    return 0


def main() -> int:
    """Run the demo, unless another one is running in this checkout."""
    interruptible()
    try:
        with claim(DIRECTORY):
            return run()
    except ClaimedError as error:
        warn(f"demo: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(endings.ended("demo", main))
