"""The job that accepts an unusual profile: figures like its figures are usual from now on."""

import json

import dagster as dg
from pydantic import Field

from orchestrator.profiles.figures import PROFILE
from orchestrator.profiles.history import accepted_metadata
from orchestrator.profiles.tables import NAME
from orchestrator.profiles.usual import judged_figures

JOB = "accept_profile"


class Accept(dg.Config):
    """The table whose profile is accepted."""

    table: str = Field(description="The table's asset key, for example trusted/fct_orders.")
    why: str = Field(default="", description="Why the profile is accepted; shown beside the observation.")


@dg.op(description="Accepts the newest profile of a table: figures like these are usual from now on.")
def accept_newest_profile(context: dg.OpExecutionContext, config: Accept) -> None:
    """Record the figures of the table's newest profile as accepted, and the check as passed."""
    key = dg.AssetKey(config.table.split("/"))
    records = context.instance.fetch_observations(key, limit=10).records
    observations = [record.event_log_entry.asset_observation for record in records]
    newest = next((each for each in observations if each and PROFILE in each.metadata), None)
    if newest is None:
        raise dg.Failure(
            f"There is no profile of {config.table!r}. The field `table` is an asset key as on the asset's page, for "
            "example trusted/fct_orders; make run makes the profile."
        )
    profile = newest.metadata[PROFILE].value
    figures = judged_figures(profile if isinstance(profile, dict) else json.loads(str(profile)))
    context.log_event(
        dg.AssetObservation(asset_key=key, description=config.why or None, metadata=accepted_metadata(figures))
    )
    context.instance.report_runless_asset_event(
        dg.AssetCheckEvaluation(
            asset_key=key,
            check_name=NAME,
            passed=True,
            severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(filter(None, ["Accepted as fine.", config.why])),
            metadata={},
        )
    )


@dg.job(
    name=JOB,
    description="Accepts the newest profile of a table that `profile_is_usual` warns about. In the launchpad, set "
    "`table` to the asset key, for example trusted/fct_orders.",
)
def accept_profile() -> None:
    """Run the one op."""
    accept_newest_profile()
