"""Calls of a bank: the shares that are repeated everywhere, and what the definition and the month do to them."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.estimate import Estimate
from cxlib.notebook import Study, run
from examples.conftest import ROOT, Example, Import

NAME, FILE, MONTH = "uci_bank_marketing", "bank-additional-full.csv", "2010-11"
NOTEBOOK = ROOT / "notebooks" / "existing_against_new.ipynb"
BOUGHT = 'buyer = { sql = "CASE WHEN \\"poutcome\\" = \'success\' THEN'
EVER_CALLED = {BOUGHT: 'buyer = { sql = "CASE WHEN \\"previous\\" <> \'0\' THEN'}
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@pytest.fixture(scope="session")
def example(imported: Import) -> Example:
    return imported(NAME)


@pytest.fixture(scope="session")
def study(example: Example) -> Study:
    return run(NOTEBOOK, example.book(MONTH))


def raw(example: Example) -> pd.DataFrame:
    path = example.sources.parent / "raw" / FILE
    return pd.read_csv(path, sep=";", dtype=str, keep_default_na=False)


def estimate(study: Study, name: str) -> Estimate:
    found = study.finding(name).estimate
    assert found is not None
    return found


def test_every_call_is_kept_also_those_that_look_alike(example: Example) -> None:
    entry = example.ledger("calls")
    assert (entry.read, entry.kept, entry.rejected) == (41_188, 41_188, {})
    assert example.snapshot.warnings == ()
    assert raw(example).duplicated().sum() == 12
    assert example.rows("opportunities")["opportunity_id"].nunique() == 41_188


def test_shares_by_what_became_of_the_campaign_before(example: Example) -> None:
    rows = example.rows("opportunities")
    won = (rows["outcome"] == "won").groupby(rows["lead_source"])
    shares = {str(name): (round(100 * float(group.mean()), 2), len(group)) for name, group in won}
    assert shares == {
        "never called before": (8.83, 35_563),
        "called before, did not buy": (14.23, 4_252),
        "called before, bought": (65.11, 1_373),
    }
    assert round(100 * float((rows["outcome"] == "won").mean()), 2) == 11.27


def test_the_numbers_that_are_repeated_everywhere(study: Study) -> None:
    existing, new = estimate(study, "selling-to-existing"), estimate(study, "selling-to-new")
    assert (round(100 * existing.value, 2), existing.n) == (65.11, 1_373)
    assert (round(100 * new.value, 2), new.n) == (9.41, 39_815)
    assert study.finding("selling-to-existing").verdict == study.finding("selling-to-new").verdict == "supported"
    assert round(estimate(study, "selling-existing-over-new").value, 2) == 6.92


def test_another_definition_of_existing_makes_it_another_number(imported: Import) -> None:
    found = run(NOTEBOOK, imported(NAME, EVER_CALLED).book(MONTH))
    existing, new = estimate(found, "selling-to-existing"), estimate(found, "selling-to-new")
    assert (round(100 * existing.value, 2), round(100 * new.value, 2)) == (26.65, 8.83)
    assert study_verdicts(found) == ["supported", "not-supported", "supported"]


def study_verdicts(found: Study) -> list[str]:
    names = ("selling-existing-over-new", "selling-to-existing", "selling-to-new")
    return [found.finding(name).verdict for name in names]


def test_years_follow_the_order_of_the_rows(example: Example) -> None:
    """Counted from the file: whenever a month comes after a later one, a year has gone by."""
    month = raw(example)["month"].map({name: number for number, name in enumerate(MONTHS, 1)})
    year = 2008 + (month.diff() < 0).cumsum()
    rows = example.rows("opportunities")
    rows = rows.set_index(rows["opportunity_id"].astype(int)).sort_index()
    local = rows["created_at"].dt.tz_localize("UTC").dt.tz_convert("Europe/Lisbon")
    assert (local.dt.year.to_numpy() == year.to_numpy()).all()
    assert (local.dt.month.to_numpy() == month.to_numpy()).all()
    assert (rows["created_at"] == rows["closed_at"]).all()
    assert ((rows["outcome"] == "won").to_numpy() == (raw(example)["y"] == "yes").to_numpy()).all()


def test_calls_of_the_same_month_tell_another_story(example: Example, study: Study) -> None:
    """Nearly all calls of 2008 went to people never called before, and hardly anybody bought anything that year."""
    table = raw(example)
    won, bought = table["y"] == "yes", table["poutcome"] == "success"
    month = table["nr.employed"] + table["month"]
    both = month.isin(set(month[bought]))
    of_new = won[~bought & both].groupby(month[~bought & both]).mean()
    in_the_same_months = float(month[bought].map(of_new).mean())
    customers, new, times = study.exhibits["alike"].frame.loc["Alike in all of these"]
    assert customers.value == pytest.approx(0.6511, abs=0.0001)
    assert new.value == pytest.approx(in_the_same_months, abs=0.015)
    assert round(in_the_same_months, 2) == 0.33
    assert times.high < 2.2
    assert "as they are it is 6.92 times" in study.exhibits["finding-selling-alike"].text


def test_the_length_of_the_call_does_not_reach_the_snapshot(example: Example) -> None:
    rows = example.rows("opportunities")
    mapped = {"opportunity_id", "buyer", "motion", "lead_source", "outcome", "created_at", "closed_at"}
    assert set(rows.columns[rows.notna().any()]) == mapped


def test_an_earlier_month_knows_nothing_of_later_calls(example: Example) -> None:
    found = run(NOTEBOOK, example.book("2008-12"))
    assert estimate(found, "selling-to-new").n + estimate(found, "selling-to-existing").n == 27_690
    assert (round(100 * estimate(found, "selling-to-existing").value, 1), estimate(found, "selling-to-existing").n) == (
        8.6, 35,
    )  # fmt: skip
    assert study_verdicts(found)[0] == "cannot-tell"  # 35 calls leave open what would matter
