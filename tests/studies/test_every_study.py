"""What every study keeps to: whole without any table, blind to the future, the same each time, said in words."""

from __future__ import annotations

import math
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest

from calibrate.harness import MADE, lay, tables_of
from company import simulate
from cxlib.estimate import Estimate
from cxlib.exhibits import answers, evidence, how_studied, what_could_mislead
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import STUDIES, Study, run_study
from cxlib.tables import EVENT_TIMES, TABLES
from cxlib.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
EN = Language("en")
VERDICTS = {"supported", "not-supported", "cannot-tell", "described"}
Tables = dict[str, pd.DataFrame]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def company() -> Tables:
    """Return the tables of a small company: every fourth customer of a simulated one."""
    tables = tables_of(simulate(1))
    some = set(tables["customers"]["customer_id"].iloc[::4])
    return {name: _of(frame, some) for name, frame in tables.items()}


def _of(frame: pd.DataFrame, customers: set[str]) -> pd.DataFrame:
    if "customer_id" not in frame:
        return frame
    mine = frame["customer_id"].isin(customers)
    nobody = frame["customer_id"].isna()
    return frame[mine | (nobody & (nobody.cumsum() % 4 == 0))].reset_index(drop=True)


@pytest.fixture
def book(company: Tables, tmp_path: Path) -> Workbook:
    return lay(company, tmp_path / "company")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    """Return a company that is large enough for all evidence there is."""
    return lay(tables_of(simulate(1)), tmp_path_factory.mktemp("whole"))


def shown(book: Workbook, study: Study) -> str:
    """Return the text of a whole page; every sentence, table and drawing is made on the way."""
    pieces = [evidence(book, study, name) for name in study.evidence]
    whole = [answers(book, study), *pieces, what_could_mislead(book, study), how_studied(book, study)]
    return "\n".join(exhibit.text + exhibit.html for exhibit in whole)


def assert_whole(book: Workbook, study: Study) -> None:
    """Check what holds of a study whatever the data."""
    ids = [finding.id for finding in study.every_finding]
    assert len(set(ids)) == len(ids), f"finding ids used twice: {sorted({i for i in ids if ids.count(i) > 1})}"
    assert study.findings
    for finding in study.every_finding:
        assert_sound(finding)
    text = re.sub(r"base64,[A-Za-z0-9+/=]+", "", shown(book, study))
    assert not re.search(r"\b(nan|None|NaT|inf)\b", text), re.search(r".{60}\b(nan|None|NaT|inf)\b.{60}", text)
    assert "{" not in text


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
def test_it_answers_in_three_to_five_findings_and_says_how(name: str, book: Workbook) -> None:
    study = run_study(book, name)
    assert study.name == name
    assert_whole(book, study)
    assert study.evidence
    assert study.doubts
    assert len(study.methods) >= 3


@pytest.mark.parametrize("name", STUDIES)
def test_it_says_the_same_twice(name: str, company: Tables, tmp_path: Path) -> None:
    first, second = (lay(company, tmp_path / str(turn)) for turn in (1, 2))
    assert shown(first, run_study(first, name)) == shown(second, run_study(second, name))


@pytest.mark.parametrize("table", MADE)
@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_without_a_table(name: str, table: str, company: Tables, tmp_path: Path) -> None:
    book = lay({other: frame for other, frame in company.items() if other != table}, tmp_path / "without")
    assert_whole(book, run_study(book, name))


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_without_anything(name: str, tmp_path: Path) -> None:
    book = lay({}, tmp_path / "nothing")
    study = run_study(book, name)
    assert_whole(book, study)
    assert all(finding.verdict in ("cannot-tell", "described") for finding in study.findings)


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_with_tables_that_hold_nothing(name: str, company: Tables, tmp_path: Path) -> None:
    book = lay({table: frame.iloc[:0] for table, frame in company.items()}, tmp_path / "empty")
    assert_whole(book, run_study(book, name))


@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_with_the_columns_that_every_export_has(name: str, company: Tables, tmp_path: Path) -> None:
    bare = {
        table: frame[[column.name for column in TABLES[table].columns if column.required and column.name in frame]]
        for table, frame in company.items()
    }
    book = lay(bare, tmp_path / "bare")
    assert_whole(book, run_study(book, name))


@pytest.mark.parametrize("count", [1, 4])
@pytest.mark.parametrize("name", STUDIES)
def test_it_is_whole_with_a_handful_of_customers(name: str, count: int, company: Tables, tmp_path: Path) -> None:
    few = set(company["customers"]["customer_id"].iloc[:count])
    book = lay({table: _of(frame, few) for table, frame in company.items()}, tmp_path / "few")
    assert_whole(book, run_study(book, name))


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
    today = lay(full, tmp_path / "today", str(month))
    that_day = lay(then, tmp_path / "that day", str(month), as_of=end + timedelta(hours=1))
    found, expected = run_study(today, name), run_study(that_day, name)
    for one, other in zip(found.findings, expected.findings, strict=True):
        assert one.id == other.id
        assert (one.verdict, one.sentence) == (other.verdict, other.sentence)
        if one.estimate is not None and other.estimate is not None and other.estimate.is_known:
            assert one.estimate.value == pytest.approx(other.estimate.value, rel=1e-6), one.id
            assert one.estimate.n == other.estimate.n


@pytest.mark.parametrize("name", STUDIES)
def test_its_notebook_shows_all_its_evidence(name: str, whole: Workbook) -> None:
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", 4)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    asked = re.findall(r'evidence\(book, study, "([^"]+)"\)', code)
    assert asked == list(run_study(whole, name).evidence)


def test_a_finding_has_one_address_over_all_studies(book: Workbook) -> None:
    homes: dict[str, str] = {}
    for name in STUDIES:
        for finding in run_study(book, name).every_finding:
            assert homes.setdefault(finding.id, name) == name, f"{finding.id} is said by {homes[finding.id]} and {name}"
