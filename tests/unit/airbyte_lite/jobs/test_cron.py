"""Which cron expressions are taken, and when they come due."""

import datetime

import pytest

from airbyte_lite.jobs.cron import CronError, checked, next_time

SUNDAY = datetime.datetime(2026, 11, 22, 18, 0, 30, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 12 * * ?", ["Mon 2026-11-23 12:00:00", "Tue 2026-11-24 12:00:00"]),
        ("15 30 4 * * ?", ["Mon 2026-11-23 04:30:15", "Tue 2026-11-24 04:30:15"]),
        ("30 * * * * ?", ["Sun 2026-11-22 18:01:30", "Sun 2026-11-22 18:02:30"]),
        ("0 0/20 18-19 * * ?", ["Sun 2026-11-22 18:20:00", "Sun 2026-11-22 18:40:00", "Sun 2026-11-22 19:00:00"]),
        ("0 0 22-1 * * ?", ["Sun 2026-11-22 22:00:00", "Sun 2026-11-22 23:00:00", "Mon 2026-11-23 00:00:00"]),
        ("0 0 12 ? * 1", ["Sun 2026-11-29 12:00:00", "Sun 2026-12-06 12:00:00"]),
        ("0 0 12 ? * 2", ["Mon 2026-11-23 12:00:00", "Mon 2026-11-30 12:00:00"]),
        ("0 0 12 ? * 7", ["Sat 2026-11-28 12:00:00", "Sat 2026-12-05 12:00:00"]),
        ("0 0 12 ? * L", ["Sat 2026-11-28 12:00:00", "Sat 2026-12-05 12:00:00"]),
        ("0 0 12 ? * mon", ["Mon 2026-11-23 12:00:00", "Mon 2026-11-30 12:00:00"]),
        ("0 0 12 ? * 2-6", ["Mon 2026-11-23 12:00:00", "Tue 2026-11-24 12:00:00"]),
        ("0 0 12 ? * 6-1", ["Fri 2026-11-27 12:00:00", "Sat 2026-11-28 12:00:00", "Sun 2026-11-29 12:00:00"]),
        ("0 0 12 ? * FRI-SUN", ["Fri 2026-11-27 12:00:00", "Sat 2026-11-28 12:00:00", "Sun 2026-11-29 12:00:00"]),
        ("0 0 12 ? * 1,4", ["Wed 2026-11-25 12:00:00", "Sun 2026-11-29 12:00:00"]),
        ("0 0 12 ? * 3/3", ["Tue 2026-11-24 12:00:00", "Fri 2026-11-27 12:00:00", "Tue 2026-12-01 12:00:00"]),
        ("0 0 12 ? * */3", ["Wed 2026-11-25 12:00:00", "Sat 2026-11-28 12:00:00", "Sun 2026-11-29 12:00:00"]),
        ("0 0 12 ? * 6L", ["Fri 2026-11-27 12:00:00", "Fri 2026-12-25 12:00:00"]),
        ("0 0 12 ? * 6#3", ["Fri 2026-12-18 12:00:00", "Fri 2027-01-15 12:00:00"]),
        ("0 0 12 ? * SUN#1", ["Sun 2026-12-06 12:00:00", "Sun 2027-01-03 12:00:00"]),
        ("0 0 12 L * ?", ["Mon 2026-11-30 12:00:00", "Thu 2026-12-31 12:00:00"]),
        ("0 0 12 15W * ?", ["Tue 2026-12-15 12:00:00", "Fri 2027-01-15 12:00:00", "Mon 2027-02-15 12:00:00"]),
        ("0 0 12 1/10 JAN,dec ?", ["Tue 2026-12-01 12:00:00", "Fri 2026-12-11 12:00:00"]),
        ("0 0 12 * * ? 2028", ["Sat 2028-01-01 12:00:00"]),
        ("0 0 12 29 2 ?", ["Tue 2028-02-29 12:00:00"]),
    ],
)
def test_times(expression: str, expected: list[str]) -> None:
    at, found = SUNDAY.timestamp(), []
    for _ in expected:
        due = next_time(expression, at)
        assert due is not None
        at = due
        found.append(datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%a %Y-%m-%d %H:%M:%S"))
    assert found == expected


@pytest.mark.parametrize("given", ["0 0 12 * * ?", "0 0 12 * * ? UTC", " 0 0 12 * * ? "])
def test_utc_is_the_time_zone_and_is_not_kept(given: str) -> None:
    assert checked(given) == "0 0 12 * * ?"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("", "0 fields"),
        ("0 12 * * *", "5 fields"),
        ("0 0/99 12 * * ?", "at most 59"),
        ("0 0 0-23/24 * * ?", "at most 23"),
        ("0 0 12 1/32 * ?", "at most 31"),
        ("0 0 12 1 JAN/13 ?", "at most 12"),
        ("0 0 12 * * ? 2030 1", "8 fields"),
        ("@daily", "1 fields"),
        ("0 0 12 * * ? Europe/Zurich", "time zone must be UTC"),
        ("0 0 12 * * ? 2030 US/Eastern", "time zone must be UTC"),
        ("* * * * * ?", "more than once a minute"),
        ("0/30 * * * * ?", "more than once a minute"),
        ("0 * * * * ? 2099", "more than once a minute"),
        ("60 0 12 * * ?", "out of range"),
        ("0 60 12 * * ?", "out of range"),
        ("0 0 24 * * ?", "out of range"),
        ("0 0 12 0 * ?", "out of range"),
        ("0 0 12 32 * ?", "out of range"),
        ("0 0 12 * 13 ?", "out of range"),
        ("0 R 12 * * ?", "'R' is not a valid minute"),
        ("0 0 H * * ?", "'H' is not a valid hour"),
        ("0 0 12 LW * ?", "'LW' is not a valid day of the month"),
        ("0 0 12 L-3 * ?", "'L-3' is not a valid day of the month"),
        ("0 0 12 * JANUARY ?", "'JANUARY' is not a valid month"),
        ("0 0 12 ? * 0", "1 is Sunday"),
        ("0 0 12 ? * 8", "1 is Sunday"),
        ("0 0 12 ? * 6#6", "1 is Sunday"),
        ("0 0 12 ? * MONDAY", "1 is Sunday"),
        ("0 0 12 ? * 2,6L", "not supported"),
        ("0 0 12 * * *", "must be ?"),
        ("0 0 12 ? * ?", "must be ?"),
        ("0 0 12 * * ? 2020", "no time in the future"),
        ("0 0 12 31 2 ?", "no time in the future"),
    ],
)
def test_what_is_refused(expression: str, reason: str) -> None:
    with pytest.raises(CronError, match=reason.replace("?", r"\?")):
        checked(expression)
