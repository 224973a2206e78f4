from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from cxlib.errors import PeriodError
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.plan import choose_month
from cxlib.store import Snapshot
from cxlib.tables import EVENT_TIMES, TABLES
from report.helpers import make_snapshot

ENGLISH = Language("en")


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    return make_snapshot(tmp_path)


def test_without_a_month_it_is_the_last_that_had_ended(snapshot: Snapshot) -> None:
    assert choose_month(None, snapshot, ENGLISH) == Month(2026, 10)
    assert choose_month("2026-06", snapshot, ENGLISH) == Month(2026, 6)


def test_months_count_in_the_reporting_time_zone(snapshot: Snapshot) -> None:
    # the last ticket was written on 31 October, 20:59 UTC: one minute to midnight in Istanbul
    with pytest.raises(PeriodError, match="the data go from 2026-03 to 2026-10"):
        choose_month("2026-02", snapshot, ENGLISH)
    eastern = replace(snapshot, time_zone="Asia/Tokyo")
    with pytest.raises(PeriodError, match="the data go from 2026-03 to 2026-10"):
        choose_month("2026-02", eastern, ENGLISH)


def test_a_month_that_has_not_ended_says_until_when_the_data_go(snapshot: Snapshot) -> None:
    with pytest.raises(PeriodError) as error:
        choose_month("2026-11", snapshot, ENGLISH)
    assert str(error.value) == (
        "2026-11 has not ended in the data, which go until 9 November 2026, 09:00 (Europe/Istanbul). "
        "Report 2026-10 (MONTH=2026-10), or make the exports again after the end of 2026-11"
    )


@pytest.mark.parametrize(("as_of", "month"), [("2026-10-31T20:59", "2026-09"), ("2026-10-31T21:00", "2026-10")])
def test_a_month_ends_at_midnight_of_its_zone(snapshot: Snapshot, as_of: str, month: str) -> None:
    moved = replace(snapshot, as_of=datetime.fromisoformat(as_of))
    assert str(choose_month(None, moved, ENGLISH)) == month


@pytest.mark.parametrize("asked", ["2025-12", "2026-02"])
def test_a_month_without_data_names_the_first_and_the_last(snapshot: Snapshot, asked: str) -> None:
    with pytest.raises(PeriodError) as error:
        choose_month(asked, snapshot, ENGLISH)
    assert f"there are no data of {asked}; the data go from 2026-03 to 2026-10 (set MONTH" in str(error.value)


def test_dates_count_too(snapshot: Snapshot) -> None:
    days = pd.DataFrame({"day": [pd.Timestamp("2025-12-31").date()]})
    days.to_parquet(snapshot.folder / "tables" / "usage_daily.parquet")
    wider = replace(snapshot, columns={**snapshot.columns, "usage_daily": ("day",)})
    assert choose_month("2025-12", wider, ENGLISH) == Month(2025, 12)


def test_a_snapshot_without_events_is_refused(snapshot: Snapshot) -> None:
    path = snapshot.folder / "tables" / "tickets.parquet"
    pd.read_parquet(path).iloc[:0].to_parquet(path)
    with pytest.raises(PeriodError, match=r"snapshot 3f9a1c0b77de has no events at all; add exports to sources\.toml"):
        choose_month(None, snapshot, ENGLISH)


def test_a_month_in_another_form_is_refused(snapshot: Snapshot) -> None:
    with pytest.raises(PeriodError, match='"October" is not a month; write it as 2026-10'):
        choose_month("October", snapshot, ENGLISH)


def test_every_table_of_events_has_its_time() -> None:
    assert {"customers"} == set(TABLES) - set(EVENT_TIMES)
    assert all(TABLES[table].column(column).type in ("time", "date") for table, column in EVENT_TIMES.items())
