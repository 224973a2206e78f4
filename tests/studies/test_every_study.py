"""What every study keeps to: whole without any table, blind to the future, the same each time, said in words."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pandas as pd
import pytest

from calibrate.harness import Tables, lay, of_customers, some_customers, tables_of
from company import simulate
from cxlib.engine import Engine
from cxlib.estimate import Estimate
from cxlib.facts import FACTS
from cxlib.finding import Finding
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.tables import EVENT_TIMES, TABLES
from cxlib.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
STUDIES = sorted(
    path.stem for path in (ROOT / "cxlib" / "studies").glob("*.py") if (NOTEBOOKS / f"{path.stem}.ipynb").exists()
)
VERDICTS = {"supported", "not-supported", "cannot-tell", "described"}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def company() -> Tables:
    """Return the tables of a small company: every fourth customer of a simulated one."""
    return some_customers(tables_of(simulate(1)))


def study_of(name: str, book: Workbook, **parameters: object) -> Study:
    with book.engine:
        return run(NOTEBOOKS / f"{name}.ipynb", book, **parameters)


def tables_read(asked: list[str], tables: Tables) -> set[str]:
    """Return the canonical tables that the SQL asks for, those behind its facts included."""
    words = set(re.findall(r"\w+", " ".join(asked)))
    while more := {
        word
        for fact in FACTS
        if f"fact_{fact}" in words
        for word in re.findall(r"\w+", FACTS[fact].template)
        if word not in words
    }:
        words |= more
    return words & set(tables)


def shown(study: Study) -> str:
    """Return the text of all that is said and shown; every table and drawing is made on the way."""
    return "\n".join(one.text + one.html for one in study.exhibits.values())


def assert_whole(study: Study) -> None:
    """Check what holds of a study whatever the data."""
    for finding in study.findings.values():
        assert_sound(finding)
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", shown(study))
    assert not re.search(r"\b(nan|None|NaT|inf)\b", text), re.search(r".{60}\b(nan|None|NaT|inf)\b.{60}", text)
    assert "{" not in text
    for reason in study.untold:
        assert len(reason.split()) >= 3, f"a cell that cannot tell says only “{reason}”"


def assert_sound(finding: Finding) -> None:
    assert finding.verdict in VERDICTS
    if finding.verdict == "cannot-tell":
        assert finding.needed, f"{finding.id} cannot be told and does not say what would tell"
    if finding.verdict in ("supported", "not-supported") and finding.estimate is not None:
        assert finding.estimate.is_known
    for value in finding.values.values():
        if isinstance(value, Estimate) and value.is_known and not math.isnan(value.low):
            assert value.low <= value.value + 1e-9
            assert value.value <= value.high + 1e-9


@pytest.mark.parametrize("name", STUDIES)
def test_it_answers_the_same_twice_and_is_whole_without_any_of_its_tables(
    name: str, company: Tables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ask = Engine.frame

    def noted(engine: Engine, sql: str) -> pd.DataFrame:
        asked.append(sql)
        return ask(engine, sql)

    with patch.object(Engine, "frame", noted):
        study = study_of(name, lay(company, tmp_path / "company"))
    assert study.name == name
    assert_whole(study)
    assert len(study.findings) >= 3
    assert sum(not one.startswith("finding-") for one in study.exhibits) >= 3
    assert sum(len(record["methods"]) for record in study.records if "methods" in record) >= 3
    assert shown(study) == shown(study_of(name, lay(company, tmp_path / "again")))

    # charts are drawn here as everywhere, but not written as pictures: a third of the time
    monkeypatch.setattr("cxlib.exhibits.theme.data_uri", lambda _: "data:,")
    read = tables_read(asked, company)
    assert len(read) >= 2
    for table in sorted(read):
        book = lay({other: frame for other, frame in company.items() if other != table}, tmp_path / table)
        assert_whole(study_of(name, book))


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_without_anything(name: str, company: Tables, tmp_path: Path) -> None:
    nothing = study_of(name, lay({}, tmp_path / "nothing"))
    empty = study_of(name, lay({table: frame.iloc[:0] for table, frame in company.items()}, tmp_path / "empty"))
    for study in (nothing, empty):
        assert_whole(study)
        assert all(finding.verdict in ("cannot-tell", "described") for finding in study.findings.values())
        assert study.untold


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_with_the_columns_that_every_export_has(name: str, company: Tables, tmp_path: Path) -> None:
    bare = {
        table: frame[[column.name for column in TABLES[table].columns if column.required and column.name in frame]]
        for table, frame in company.items()
    }
    assert_whole(study_of(name, lay(bare, tmp_path / "bare")))


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_with_a_handful_of_customers(name: str, count: int, company: Tables, tmp_path: Path) -> None:
    few = set(company["customers"]["customer_id"].iloc[:count])
    assert_whole(study_of(name, lay(of_customers(company, few), tmp_path / "few")))


def known_by(tables: Tables, month: Month, zone: str) -> tuple[Tables, Tables]:
    """Return the tables without what only hindsight could settle, and the same as they stood at a month's end.

    Left out of both: tickets that changed after it, and customers who had left before the exports look back.
    """
    cut = month.end(zone)
    ended = tables["subscriptions"].groupby("customer_id")["ended_at"]
    early = tables["subscriptions"]["ended_at"] < ended.max().min()
    gone = set(tables["subscriptions"].loc[early, "customer_id"])
    full = {
        name: frame[~frame["customer_id"].isin(gone)].reset_index(drop=True) if "customer_id" in frame else frame
        for name, frame in tables.items()
    }
    full["tickets"] = full["tickets"][~_touched_after(full["tickets"], cut)].reset_index(drop=True)
    return full, {name: _as_it_stood(name, frame, cut, month) for name, frame in full.items()}


def _touched_after(tickets: pd.DataFrame, cut: Any) -> pd.Series:
    times = [column for column in tickets if tickets[column].dtype.kind == "M"]
    return (tickets["created_at"] < cut) & (tickets[times] >= cut).any(axis=1)


def _as_it_stood(name: str, frame: pd.DataFrame, cut: Any, month: Month) -> pd.DataFrame:
    if name in EVENT_TIMES:
        moments = pd.to_datetime(frame[EVENT_TIMES[name]])
        last = pd.Timestamp(month.shift(1).first_day) if EVENT_TIMES[name] in ("month", "day") else cut
        frame = frame[moments < last].reset_index(drop=True)
    for column in frame:
        if frame[column].dtype.kind == "M" and column != EVENT_TIMES.get(name):
            later = frame[column] >= cut
            frame = frame.assign(**{column: frame[column].mask(later)})
            if name == "opportunities":
                frame = frame.assign(outcome=frame["outcome"].mask(later, "open"))
            if name == "subscriptions":
                frame = frame.assign(end_reason=frame["end_reason"].mask(later))
    return frame


@pytest.mark.parametrize("name", STUDIES)
def test_it_knows_nothing_of_what_came_after_the_month(name: str, company: Tables, tmp_path: Path) -> None:
    month = Month(2026, 4)
    full, then = known_by(company, month, "Europe/Istanbul")
    end = month.end("Europe/Istanbul")
    today = study_of(name, lay(full, tmp_path / "today", str(month)))
    that_day = study_of(name, lay(then, tmp_path / "that day", str(month), as_of=end + timedelta(hours=1)))
    assert list(today.findings) == list(that_day.findings)
    for id, one in today.findings.items():
        other = that_day.findings[id]
        assert (one.verdict, one.sentence) == (other.verdict, other.sentence)
        if one.estimate is not None and other.estimate is not None and other.estimate.is_known:
            assert one.estimate.value == pytest.approx(other.estimate.value, rel=1e-6), id
            assert one.estimate.n == other.estimate.n
