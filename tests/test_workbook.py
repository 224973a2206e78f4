"""The analyst's door."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cxlib
from cxlib.change import judged_together
from cxlib.errors import ConfigError, MeasureError, PeriodError
from cxlib.estimate import Estimate
from cxlib.finding import Change, Direction
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.notebook import open_workbook
from cxlib.period import Month
from cxlib.workbook import Workbook, find_upward

OCTOBER = Month(2026, 10)
Lay = Callable[..., Any]


@pytest.fixture
def book(desk: Lay) -> Workbook:
    rows = [
        {
            "ticket_id": f"{month}{k}",
            "customer_id": f"c{k}",
            "created_at": f"{month}-10",
            "reopens": 0,
            "channel": "email" if k % 2 else "chat",
            "satisfaction": "good" if k % 4 else "bad",
        }
        for month in ("2026-08", "2026-09", "2026-10")
        for k in range(20)
    ]
    return Workbook(desk("2026-12-01", tickets=rows), OCTOBER, Language())


def test_measure_gives_the_months_that_were_asked_for(book: Workbook) -> None:
    rows = book.measure("csat", "tickets_created", months=2)
    assert rows["metric"].tolist() == ["csat", "csat", "tickets_created", "tickets_created"]
    assert rows["period"].tolist() == ["2026-09", "2026-10"] * 2
    assert len(book.measure("tickets_created", months=50)) == 50


def test_a_longer_question_gives_the_same_months(book: Workbook) -> None:
    long = book.measure("tickets_created", months=40).tail(36).reset_index(drop=True)
    pd.testing.assert_frame_equal(long, book.measure("tickets_created", months=36))


def test_estimate_of_a_segment(book: Workbook) -> None:
    assert book.estimate("tickets_created", segment={"channel": "email"}).value == 10
    assert book.estimate("csat", OCTOBER.previous()).value == 0.75


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda book: book.estimate("cast"), 'metric "cast" does not exist; did you mean "csat"?'),
        (
            lambda book: book.estimate("nps_touchpoint"),
            "nps_touchpoint cannot be measured: no export brings survey_answers",
        ),
        (lambda book: book.estimate("csat", Month(2026, 11)), "csat: 2026-11 lies after the report's month 2026-10"),
        (lambda book: book.estimate("csat", segment={"channel": "fax"}), "no rows for {'channel': 'fax'} in 2026-10"),
        (lambda book: book.measure("csat", by=("planet",)), 'csat cannot be broken down by "planet"; known: '),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    book: Workbook, ask: Callable[[Workbook], object], message: str
) -> None:
    with pytest.raises(MeasureError) as error:
        ask(book)
    assert message in str(error.value)


def test_missing_names_tables_and_columns_once(book: Workbook) -> None:
    assert book.missing("nps_relationship", "nps_touchpoint", "csat", "backlog") == (
        "survey_answers",
        "tickets.last_solved_at",
    )
    assert book.available("nps_relationship", "csat") == ("csat",)


def test_measures_are_taken_once(book: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    book.measure("csat")

    def again(*_: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr("cxlib.workbook.measure", again)
    assert len(book.measure("csat", "tickets_created", months=24)) == 48


def finding(value: float, low: float, high: float, verdict: Direction) -> Change:
    change = Estimate(value, low, high, 100, "points", "")
    return Change("f", "csat", change, change, change, "2026-09", verdict)


def test_correction_of_a_family_against_benjamini_and_hochberg_1995() -> None:
    # table 1's fifteen p-values reject four at 5 %; an interval of half width 1.96 s around z s has that p-value
    from scipy import stats

    p_values = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1.000,
    ]
    family = []
    for p in p_values:
        z, half = float(stats.norm.isf(p / 2)), float(stats.norm.isf(0.025))
        family.append(finding(z, z - half, z + half, "rose" if z > half else "no-measurable-change"))
    assert [f.verdict for f in family].count("rose") == 9
    assert [f.verdict for f in judged_together(family)] == ["rose"] * 4 + ["no-measurable-change"] * 11


def test_what_cannot_be_told_is_not_part_of_the_family() -> None:
    unknown = finding(float("nan"), float("nan"), float("nan"), "cannot-tell")
    assert [f.verdict for f in judged_together([unknown, finding(5, 4, 6, "rose")])] == ["cannot-tell", "rose"]
    assert judged_together([]) == []


def test_notebooks_one_folder_down_find_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sources.toml").write_text("")
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    assert find_upward("data/sources.toml") == tmp_path / "data" / "sources.toml"
    with pytest.raises(
        ConfigError, match=r"data/none\.toml is not in notebooks nor in a folder above; name the sources"
    ):
        find_upward("data/none.toml")


def test_open_workbook_refuses_what_is_no_month_or_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, desk: Lay
) -> None:
    snapshot = desk("2026-12-01", tickets=[])
    monkeypatch.setattr("cxlib.notebook.open_snapshot", lambda _: snapshot)
    with pytest.raises(PeriodError, match=r'"October" is not a month; write it as 2026-10'):
        open_workbook("October", snapshot="x")
    with pytest.raises(ConfigError, match=r'language "xx" is not available; there are: en'):
        open_workbook("2026-10", snapshot="x", language="xx")
    assert open_workbook("2026-10", snapshot="x").month == OCTOBER


def test_the_front_door_opens_what_it_names() -> None:
    assert cxlib.METRICS is METRICS
    assert all(hasattr(cxlib, name) for name in cxlib.__all__)
    with pytest.raises(AttributeError, match=r"module 'cxlib' has no attribute 'nothing'"):
        _ = cxlib.nothing
