"""Two waves of an airport's survey: NPS with and without weights, and a code that looks like a promoter."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import SourceError
from cxlib.store import build_snapshot
from examples.conftest import Example, Import, Lay

NAME = "sfo_customer_survey"
FILES = {year: f"{year}_SFO_Customer_Survey_20250817.csv" for year in (2017, 2018)}
WITHOUT_RULE = {'when = "\\"NETPRO\\" = \'11\'"': 'when = "false"'}


@pytest.fixture(scope="session")
def example(imported: Import) -> Example:
    return imported(NAME)


def wave(example: Example, year: int) -> pd.DataFrame:
    """Return a published file, headers without blanks around them."""
    return example.raw(FILES[year]).rename(columns=str.strip)


def scores(example: Example, year: int, question: str) -> pd.DataFrame:
    """Return the answers to a question as published, blanks left out: `score`, `weight` and the mark of a problem."""
    rows = wave(example, year)
    read = {"score": rows[question], "weight": rows["WEIGHT"], "problem": rows["Q15PROBLEM"]}
    frame = pd.DataFrame(read).apply(pd.to_numeric, errors="coerce")
    return frame[frame["score"].notna() & ~((question == "NETPRO") & (frame["score"] == 11))]


def nps(answers: pd.DataFrame, weighted: bool = True) -> float:
    side = (answers["score"] >= 9) * 1.0 - (answers["score"] <= 6)
    return float(100 * np.average(side, weights=answers["weight"] if weighted else None))


def test_everyone_is_kept_and_blanks_are_in_the_ledger(example: Example) -> None:
    for year, people, blank in ((2017, 2_831, 84), (2018, 2_809, 159)):
        recommend, overall = example.ledger(f"recommend_{year}"), example.ledger(f"overall_{year}")
        assert (recommend.read, recommend.kept, recommend.rejected) == (people, people, {})
        assert recommend.unknown == {"score: blank (code 11)": blank}
        assert (overall.read, overall.kept, overall.unknown) == (people, people, {})
    assert example.snapshot.warnings == ()


@pytest.mark.parametrize(
    ("month", "plain", "n", "weighted"), [("2017-05", 39.84, 2_746, 40.40), ("2018-05", 30.98, 2_650, 35.11)]
)
def test_nps_as_published(example: Example, month: str, plain: float, n: int, weighted: float) -> None:
    assert round(nps(scores(example, int(month[:4]), "NETPRO"), weighted=False), 2) == plain
    value, answers = example.value("nps_touchpoint", month)
    assert (round(value, 2), answers) == (weighted, n)


@pytest.mark.parametrize(("month", "error"), [("2017-05", 1.33), ("2018-05", 1.44)])
def test_weights_widen_the_interval_by_their_effect(example: Example, month: str, error: float) -> None:
    # two published standard errors of the score without weights, widened as Kish (1965) says
    weights = scores(example, int(month[:4]), "NETPRO")["weight"]
    effect = len(weights) * (weights**2).sum() / weights.sum() ** 2
    row = example.book(month).measure("nps_touchpoint").iloc[0]
    assert (row["high"] - row["low"]) / (2 * 1.96) >= error * effect**0.5 * 0.98


@pytest.mark.parametrize(("year", "had", "none"), [(2017, 18.8, 43.6), (2018, -3.6, 37.4)])
def test_nps_by_problem(example: Example, year: int, had: float, none: float) -> None:
    answers = scores(example, year, "NETPRO")
    for code, label, published in ((1, "had a problem", had), (2, "had no problem", none)):
        of_them = answers[answers["problem"] == code]
        assert round(nps(of_them, weighted=False), 1) == published
        assert example.value("nps_touchpoint", f"{year}-05", segment=label)[0] == pytest.approx(nps(of_them))


@pytest.mark.parametrize(("year", "trap"), [(2017, 41.61), (2018, 34.89)])
def test_code_11_is_not_a_promoter(example: Example, year: int, trap: float) -> None:
    codes = pd.to_numeric(wave(example, year)["NETPRO"])
    misread = round(100 * ((codes >= 9).sum() - (codes <= 6).sum()) / len(codes), 2)
    assert misread == trap
    value = nps(scores(example, year, "NETPRO"), weighted=False)
    assert abs(value - trap) > 1
    assert example.rows("survey_answers")["score"].max() == 10


def test_code_11_as_a_score_is_refused(lay: Lay) -> None:
    sources = lay(NAME, WITHOUT_RULE)
    with pytest.raises(SourceError) as refused:
        build_snapshot(sources, sources.parent / "snapshots")
    said = str(refused.value)
    assert "84 rows: score lies outside its scale" in said
    assert "159 rows: score lies outside its scale" in said


@pytest.mark.parametrize("year", FILES)
def test_satisfaction_with_the_airport(example: Example, year: int) -> None:
    marks = scores(example, year, "Q7ALL")
    value, n = example.value("survey_csat", f"{year}-05")
    assert (value, n) == (pytest.approx(np.average(marks["score"] >= 4, weights=marks["weight"])), len(marks))


@pytest.mark.parametrize(("year", "correlation"), [(2017, 0.55), (2018, 0.60)])
def test_both_questions_of_one_person_go_together(example: Example, year: int, correlation: float) -> None:
    rows = example.rows("survey_answers")
    rows = rows[rows["wave"] == str(year)].assign(person=lambda rows: rows["answer_id"].str.split("-").str[-1])
    both = rows.pivot(index="person", columns="instrument", values="score").dropna()
    assert round(both["csat"].corr(both["nps"]), 2) == correlation


def test_problem_rate(example: Example) -> None:
    rows = example.rows("survey_answers")
    asked = rows[(rows["wave"] == "2017") & (rows["instrument"] == "nps")]
    assert ((asked["segment"] == "had a problem").sum(), len(asked)) == (320, 2_831)


@pytest.mark.parametrize(("year", "fitting"), [(2017, 2_829), (2018, 2_809)])
def test_the_interviews_were_in_may(example: Example, year: int, fitting: int) -> None:
    """The month is not in the files; the days of the week tell it."""
    rows = wave(example, year)
    names = {2017: ("MON", "TUE", "WED", "THUR", "FRI", "SAT", "SUN"), 2018: tuple("2345671")}[year]
    weekday = rows["DAY"].map({name: number for number, name in enumerate(names)})
    months = range(1, 13)
    days = {m: pd.to_datetime(f"{year}-{m:02d}-" + rows["INTDATE"].str.zfill(2), errors="coerce") for m in months}
    fits = {month: int((days[month].dt.day_of_week == weekday).sum()) for month in months}
    assert fits.pop(5) == fitting
    assert max(fits.values()) <= 1
    completed = example.rows("survey_answers").query(f"wave == '{year}'")["completed_at"]
    local = completed.dt.tz_localize("UTC").dt.tz_convert("America/Los_Angeles").dt.tz_localize(None)
    assert sorted(local) == sorted([*days[5], *days[5]])


def test_where_people_live_does_not_reach_the_snapshot(example: Example) -> None:
    first, second = wave(example, 2017), wave(example, 2018)
    living = {*first["Q17ZIP"], *first["Q17CITY"], *first["Q17COUNTRY"], *second["Q18ZIP"], *second["Q18COUNTRY"]}
    assert {"94546", "BERKELEY", "CYPRUS"} <= living
    rows = example.rows("survey_answers").drop(columns="answer_id")
    assert not (living - {""}) & set(rows.select_dtypes("str").stack())
    assert not list(example.snapshot.folder.glob("rejected/*"))
