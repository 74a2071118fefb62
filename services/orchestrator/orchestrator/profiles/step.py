"""The step that profiles tables after they were loaded or built, and says whether they are as usual."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from orchestrator.profiles.figures import PROBLEM, Profile, metadata
from orchestrator.profiles.history import History
from orchestrator.profiles.reading import read_profiles
from orchestrator.profiles.tables import NAME
from orchestrator.profiles.usual import FEWEST_RUNS, Figures, Past, judge, judged_figures
from orchestrator.settings import Settings
from orchestrator.warehouse import Warehouse

DESCRIPTION = f"""The table's profile is like those of earlier runs: rows, NULLs, different values, means, text lengths.

A figure is expected within four standard deviations of its median, estimated from the median absolute deviation of the
last successful runs; with four weeks of history, of those on the same weekday. Fewer than {FEWEST_RUNS} runs are not
compared. It only warns. If the table is fine nevertheless, run the job `accept_profile`.
"""
SHOWN = 3


def profile_checks(
    tables: Mapping[dg.AssetKey, str], views: Mapping[dg.AssetKey, str] | None = None
) -> dg.AssetChecksDefinition:
    """Return the step with a check for each table (asset key → `project.dataset.table`).

    Of the `views`, it counts the rows if the run has built them: in the query of the profiles, because a query for each
    view would cost more than all of it.
    """

    @dg.multi_asset_check(
        name="profile_tables",
        specs=[dg.AssetCheckSpec(NAME, asset=key, description=DESCRIPTION) for key in tables],
        can_subset=True,
        description="Profiles the tables of the run with one query, and compares them with earlier runs.",
    )
    def profile_tables(
        context: dg.AssetCheckExecutionContext, warehouse: Warehouse
    ) -> Iterator[dg.AssetObservation | dg.AssetCheckResult]:
        keys = sorted(check.asset_key for check in context.selected_asset_check_keys)
        names = [tables[key] for key in keys]
        run = context.op_execution_context.run_id
        # The run that this one goes on with, if there is one, has built the other part.
        runs = filter(None, (run, context.op_execution_context.run.parent_run_id))
        built: set[dg.AssetKey] = set()
        for each in runs:
            built |= set(context.instance.get_asset_keys_for_run(each, dg.DagsterEventType.ASSET_MATERIALIZATION))
        counted = {key: name for key, name in (views or {}).items() if key in built}
        found = read_profiles(warehouse, names, Settings.read().profile_rows, [*counted.values()])
        for key, name in counted.items():
            rows = found[name]
            if isinstance(rows, str):
                context.log.warning(f"The rows of {name} were not counted: {rows}")
            else:
                about = {"dagster/row_count": rows["row_count"]}
                context.op_execution_context.log_event(dg.AssetObservation(asset_key=key, metadata=about))
        for key in keys:
            profile = found[tables[key]]
            if isinstance(profile, str):
                context.log.warning(f"No profile of {tables[key]}: {profile}")
                yield _without_profile(key, profile)
                continue
            context.op_execution_context.log_event(dg.AssetObservation(asset_key=key, metadata=metadata(profile)))
            history = History(context.instance, key)
            past = history.past(but=run)
            yield _judged(key, profile, past, history.accepted)

    return profile_tables


def _without_profile(key: dg.AssetKey, reason: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=NAME,
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Not judged: the table could not be profiled. {reason}",
        metadata={PROBLEM: reason},
    )


def _judged(key: dg.AssetKey, profile: Profile, past: list[Past], accepted: Sequence[Figures]) -> dg.AssetCheckResult:
    figures = judged_figures(profile)
    verdicts = judge(figures, datetime.now(UTC), past, accepted)
    odd = [verdict for verdict in verdicts if not verdict.is_usual]
    numbers: dict[str, Any] = {"runs": len(past), "figures": len(verdicts), "unusual_figures": len(odd)}
    if odd:
        more = [f"and {len(odd) - SHOWN} more figures"] if len(odd) > SHOWN else []
        fine = f"If the table is fine, run the job accept_profile with table: {'/'.join(key.path)}"
        sentence = "\n".join([*map(str, odd[:SHOWN]), *more, fine])
    elif verdicts:
        sentence = f"{len(verdicts)} figures are as usual. {verdicts[0]}"
    else:
        sentence = f"Not judged yet: {len(past)} successful runs with a profile, {FEWEST_RUNS} are needed"
    if verdicts:
        rows = [
            dg.TableRecord(
                {
                    "figure": v.name,
                    "value": v.value,
                    "from": v.low,
                    "to": v.high,
                    "is_usual": v.is_usual,
                    "basis": v.basis,
                }
            )
            for v in sorted(verdicts, key=lambda verdict: verdict.is_usual)
        ]
        numbers["verdicts"] = dg.MetadataValue.table(rows)
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=NAME,
        passed=not odd,
        severity=dg.AssetCheckSeverity.WARN,
        description=sentence,
        metadata=numbers,
    )
