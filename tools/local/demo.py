"""`make demo`: the whole pipeline once, without Docker and without credentials; everything that it starts, it stops."""

import contextlib
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator

import dagster_run
from local.platform import ROOT, Platform, free_ports, warn
from local.processes import ServiceError, Supervisor, interruptible
from local.sql import table

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


class StepError(Exception):
    """A step of the demo that failed: what it printed."""


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Print a step's title, and its duration at the end."""
    print(f"▸ {title}", flush=True)
    start = time.monotonic()
    yield
    print(f"  {time.monotonic() - start:.1f} s", flush=True)


def bootstrap(platform: Platform, *arguments: str) -> None:
    """Run one command of bootstrap with its output shown. Raises StepError when it fails."""
    command, variables = platform.command("bootstrap", "bootstrap", *arguments)
    if subprocess.run(command, env=variables, cwd=ROOT).returncode:
        raise StepError(f"bootstrap {' '.join(arguments)} failed: see the lines above.")


def demo(platform: Platform, services: Supervisor) -> None:
    """Start, configure, run, show."""
    with step("start the services"):
        platform.prepare()
        for service in platform.services():
            services.start(service)
        services.wait(
            lambda name, seconds: print(
                f"  {name:<10} healthy after {seconds:4.1f} s  {platform.url(name)}", flush=True
            )
        )
    with step("upload the CSV files, configure Airbyte"):
        bootstrap(platform, "seed")
        bootstrap(platform, "apply")
    with step("materialize all assets with Dagster"):
        dagster_run.run(platform.url("dagster"))
    landing = f"`{platform.environment['BQ_PROJECT']}`.{platform.environment['BQ_DATASET']}"
    with step("what is in the warehouse"):
        print(table(platform.environment, COUNTS.format(landing=landing)))
        print("\n  The first rows of dim_customers:")
        print(table(platform.environment, CUSTOMERS.format(landing=landing)), flush=True)


def main() -> int:
    """Run the demo; return the exit code: 0 only if every asset and check passed, 130 when interrupted."""
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    interruptible()
    platform = Platform(DIRECTORY, free_ports())
    started = time.monotonic()
    with Supervisor(DIRECTORY / "logs") as services:
        try:
            demo(platform, services)
        except KeyboardInterrupt:
            warn("\ndemo: interrupted; stopping what was started. Run it again: make demo")
            return 130
        except (ServiceError, StepError, dagster_run.DagsterRunError) as error:
            warn(f"\ndemo: {error}")
            for process in services.processes.values():
                if process.popen.poll() is not None or isinstance(error, dagster_run.DagsterRunError):
                    warn(process.tail())
            warn(f"All logs: {services.log_directory}. Run it again: make demo")
            return 1
        print(f"▸ stop the services (the whole demo took {time.monotonic() - started:.0f} s)", flush=True)
    print(
        "\nEvery asset was materialized and every check passed. What next:\n"
        "  make dev    the same services, left running, with Dagster's UI on http://127.0.0.1:3000\n"
        "  make up     the platform on Docker Compose, a container per run"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
