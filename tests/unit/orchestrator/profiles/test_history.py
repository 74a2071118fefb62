"""The history of a table's figures in Dagster: which runs count, and what was accepted."""

from collections.abc import Iterator

import dagster as dg
import pytest

from orchestrator.profiles.accept import accept_profile
from orchestrator.profiles.figures import column_profile, metadata, table_profile
from orchestrator.profiles.history import MOST_RUNS, History, _Run, thinned
from orchestrator.profiles.query import Column

KEY = dg.AssetKey(["trusted", "orders"])


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def profile(instance: dg.DagsterInstance, rows: int, *, fails: bool = False) -> str:
    """Run a job that observes a profile of the table; return the run's id."""

    @dg.op
    def load(context: dg.OpExecutionContext) -> None:
        column = column_profile(Column("id", "INTEGER"), {"row_count": rows, "known": rows, "distinct": rows})
        observed = metadata(table_profile("p.d.orders", [column], read=rows, rows=None, left_out=0))
        context.log_event(dg.AssetObservation(KEY, metadata=observed))

    @dg.op(ins={"start": dg.In(dg.Nothing)})
    def build() -> None:
        if fails:
            raise dg.Failure("another reason")

    @dg.job
    def everything() -> None:
        build(load())

    return everything.execute_in_process(instance=instance, raise_on_error=False).run_id


def rows(history: History, but: str = "") -> list[float]:
    return [run.figures["row_count"] for run in history.past(but)]


def test_only_successful_runs_count(instance: dg.DagsterInstance) -> None:
    profile(instance, 1)
    profile(instance, 2, fails=True)
    profile(instance, 3)
    assert rows(History(instance, KEY)) == [1, 3]
    newest = profile(instance, 4)
    assert rows(History(instance, KEY), but=newest) == [1, 3]
    assert rows(History(instance, KEY)) == [1, 3, 4]


def test_the_history_is_made_again_from_the_observations(instance: dg.DagsterInstance) -> None:
    profile(instance, 1)
    profile(instance, 2)
    before = History(instance, KEY).past("")
    instance.daemon_cursor_storage.set_cursor_values({"profiles/trusted/orders": "not JSON"})
    assert History(instance, KEY).past("") == before


def test_accepted_figures_are_kept(instance: dg.DagsterInstance) -> None:
    profile(instance, 7)
    options = {"ops": {"accept_newest_profile": {"config": {"table": "trusted/orders", "why": "a campaign"}}}}
    assert accept_profile.execute_in_process(instance=instance, run_config=options).success
    history = History(instance, KEY)
    assert [figures["row_count"] for figures in history.accepted] == [7]
    assert rows(history) == [7]  # the job's own run has no profile
    check = dg.AssetCheckKey(KEY, "profile_is_usual")
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check]
    assert record.status.value == "SUCCEEDED"


def test_a_table_without_a_profile_cannot_be_accepted(instance: dg.DagsterInstance) -> None:
    options = {"ops": {"accept_newest_profile": {"config": {"table": "orders"}}}}
    with pytest.raises(dg.Failure, match="no profile of 'orders'"):
        accept_profile.execute_in_process(instance=instance, run_config=options)


def test_of_many_runs_the_last_of_each_day_stays() -> None:
    hours = [_Run(run_id=str(hour), at=hour * 3600.0, figures={}) for hour in range(24 * 120)]
    kept = thinned(hours[-24 * 50 :])
    assert len(kept) == MOST_RUNS
    assert len({int(run.at // 86400) for run in kept}) == 50
    assert kept[-1] == hours[-1]
