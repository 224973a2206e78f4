"""Intervals of the books and of prices, as wide as their numbers differ from company to company."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from cxlib.estimate import Estimate, Z
from cxlib.studies import retention_and_profit as lives
from cxlib.studies.retention_and_profit import Customers
from studies.test_retention_and_profit import fit, open_book, subscriptions, usual

COMPANIES = 16


@cache
def companies() -> list[Customers]:
    """Return like companies; a customer's price changes from year to year by chance."""
    found = []
    for seed in range(COMPANIES):
        terms, rng = subscriptions(count=250, seed=seed), np.random.default_rng(seed)
        level: dict[str, float] = {}
        for row in terms:
            level[row["customer_id"]] = level.get(row["customer_id"], 1.0) * float(np.exp(0.1 * rng.normal()))
            row["monthly_amount"] *= level[row["customer_id"]]
        with tempfile.TemporaryDirectory() as folder:
            book = open_book(Path(folder) / "desk", usual(terms))
            with book.engine:
                found.append(lives.read(book, "tier", 3))
    return found


def books(customers: Customers) -> Estimate:
    """Return the gain of one company's books if its customers stayed as those of another do: what is there is exact."""
    return lives.carry_on(companies()[0], fit(customers), 5).uplift(1)


def whom_it_keeps(customers: Customers) -> float:
    """Return how far, relative to its mean, a gain differs by who leaves and when, if that is decided already.

    Who leaves does so with the churn of last year, at any moment of the next: a part u of the year is gained of them.
    """
    churn = 1 - float(customers.there(1.0)["stayed"].mean())
    month = customers.months[customers.months["month"] == customers.last]
    share = month["margin"] / month["margin"].sum()
    mean, square = churn / 2, churn / 3  # of u where somebody leaves, else nothing
    return float(np.sqrt((share**2).sum() * (square / mean**2 - 1)))


def price(customers: Customers) -> Estimate:
    return lives.price_by_tenure(customers, 3)[0]["same_month"]


def check(of: Callable[[Customers], Estimate]) -> None:
    """Half an interval lies outside, and one twice as wide; sixteen companies tell a spread to about a fifth."""
    found = [of(customers) for customers in companies()]
    width = float(np.mean([one.high - one.low for one in found]))
    values = [one.value for one in found]
    more = whom_it_keeps(companies()[0]) * float(np.mean(values)) if of is books else 0.0
    ratio = width / (2 * Z * float(np.hypot(np.std(values, ddof=1), more)))
    assert 0.7 < ratio < 1.8, ratio


def check_price() -> None:
    """Every customer pays 8 % more each year than the year before."""
    with tempfile.TemporaryDirectory() as folder:
        book = open_book(Path(folder) / "desk", usual(subscriptions(count=120, growth=0.08)))
        with book.engine:
            assert lives.price_by_tenure(lives.read(book, "tier", 3), 3)[0]["same_month"].value == pytest.approx(
                0.08, abs=0.005
            )


@pytest.mark.calibrate
@pytest.mark.parametrize("of", [books, price])
def test_an_interval_is_as_wide_as_its_number_differs_between_companies(of: Callable[[Customers], Estimate]) -> None:
    check(of)
