"""Customers of the sample drawn anew: from thirty cases on every interval holds the truth in 93 % of draws or more.

A few of the movements of recurring revenue are twenty times the mean: of thirty such amounts no interval of moments
holds 95 %. Below thirty the product says that there are few; below five it says nothing.
"""

from __future__ import annotations

import pytest

from calibrate.resampled import held
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.workbook import Workbook

OCTOBER = Month.parse("2026-10")
LEAST = 0.93
RATES = ("gross_revenue_retention", "net_revenue_retention", "logo_retention", "csat")
AMOUNTS = ("mrr_new", "mrr_expansion", "mrr_contraction", "mrr_churn")


@pytest.fixture(scope="module")
def book(sample: Snapshot) -> Workbook:
    return Workbook(sample, OCTOBER, Language("en"))


@pytest.mark.slow
@pytest.mark.parametrize("metric", [*RATES, *AMOUNTS])
def test_thirty_cases_are_enough(book: Workbook, metric: str) -> None:
    found = held(book.engine, METRICS[metric], OCTOBER.trailing(24), 30)
    assert found.coverage >= LEAST
    assert found.width < 2


@pytest.mark.slow
def test_ten_amounts_are_too_few_and_called_so(book: Workbook) -> None:
    assert held(book.engine, METRICS["mrr_expansion"], OCTOBER.trailing(24), 10).coverage < LEAST
    rows = book.measure("mrr_expansion", months=12)
    assert set(rows.loc[rows["n"].between(1, 29), "flags"]) == {"small"}
    assert (rows.loc[rows["n"] >= 30, "flags"] == "").all()


@pytest.mark.calibrate
@pytest.mark.parametrize("cases", [30, 100, 1000])
@pytest.mark.parametrize("months", [1, 24])
@pytest.mark.parametrize("metric", [name for name, one in METRICS.items() if one.kind != "balance"])
def test_every_measure(book: Workbook, metric: str, months: int, cases: int) -> None:
    if book.missing(metric) or not book.measure(metric, months=months)["n"].gt(0).any():
        pytest.skip("the sample has none")
    found = held(book.engine, METRICS[metric], OCTOBER.trailing(months), cases)
    assert found.coverage >= LEAST
