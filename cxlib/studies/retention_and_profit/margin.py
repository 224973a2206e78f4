"""What one and the same customer brings as it stays, what it pays, and how that differs from a table of survivors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm

from cxlib.estimate import ALPHA, Estimate
from cxlib.models.panel import Growth, two_way
from cxlib.studies.retention_and_profit.data import Company
from cxlib.studies.retention_and_profit.value import growth_of

FEWEST = 30
"""Customers followed, or new; with fewer nothing is told."""


@dataclass(frozen=True)
class Ageing:
    """By which share things change within customers with each year they stay.

    Attributes
    ----------
    margin, revenue, seats, tickets : Estimate
        Sums over all customers seen a year apart.
    price : Estimate
        Price per seat, every customer counting alike; where no export has seats, revenue.
    has_seats : bool
    """

    margin: Estimate
    revenue: Estimate
    seats: Estimate
    tickets: Estimate
    price: Estimate
    has_seats: bool


def ageing(company: Company, growth: Growth) -> Ageing:
    """Measure what changes as customers stay."""
    months = company.months

    def within(name: str) -> Estimate:
        return told(growth_of(months, name).estimate())

    priced = months[months["price"].notna() & (months["price"] > 0)]
    has_seats = bool((priced.groupby("customer_id")["tenure"].nunique() > 1).any())
    price = _log_growth(priced["price"], priced) if has_seats else _log_growth(months["revenue"], months)
    return Ageing(
        told(growth.estimate()), within("revenue"), within("seats"), within("tickets"), told(price), has_seats
    )


def told(estimate: Estimate) -> Estimate:
    """Return the estimate, unknown where too few customers stand behind it."""
    if estimate.is_known and estimate.n >= FEWEST:
        return estimate
    return Estimate.unknown(estimate.n, estimate.unit, estimate.method)


def _log_growth(amount: pd.Series, rows: pd.DataFrame) -> Estimate:
    """Return by which share a positive amount grows a year within customers; n counts customers."""
    customers = int((rows.groupby("customer_id")["tenure"].nunique() > 1).sum())
    slope = two_way(np.log(amount.to_numpy(float)), {"tenure": rows["tenure"]}, rows["customer_id"])["tenure"]
    value, low, high = (float(np.expm1(end)) for end in (slope.value, slope.low, slope.high))
    return Estimate(value, low, high, customers, "share", "fixed effects on the log scale, clustered", slope.flags)


def new_customers_trend(company: Company) -> Estimate:
    """Return by which share a year the first revenue of new customers of one segment changes, after inflation.

    What time does to everybody shows in customers who have no age yet, if new ones are of the same kind each year.
    """
    rows = company.months[(company.months["tenure"] < 0.25) & (company.months["spell"] == 1)]
    rows = rows.drop_duplicates("customer_id")
    nothing = Estimate.unknown(len(rows), "share")
    if len(rows) < FEWEST:
        return nothing
    years = (rows["month"] - rows["month"].min()).dt.days.to_numpy(float) / 365.25
    kinds = [rows[company.segment]] if company.segment in rows else []
    dummies = [pd.get_dummies(kind, drop_first=True).to_numpy(float) for kind in kinds]
    design = np.column_stack([np.ones(len(rows)), years, *dummies])
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return nothing
    fit = sm.OLS(np.log(rows["revenue"].to_numpy(float)), design).fit(cov_type="HC1", use_t=True)
    value, low, high = (float(np.expm1(end)) for end in (fit.params[1], *fit.conf_int(ALPHA)[1]))
    return Estimate(value, low, high, len(rows), "share", "least squares on the log scale, robust")


def margin_by_tenure(company: Company, seen: int) -> pd.DataFrame:
    """Return the mean margin by tenure year, chained within customers and over all who are there, first year = 1.

    The chain goes from one year to the next by customers seen in both, so nobody joins or leaves in between. Columns
    `year` (0 is the first), `followed`, `there`, `n` (customers in both years).
    """
    months = company.months.assign(year=np.floor(company.months["tenure"].to_numpy(float)).astype(int))
    means = months.groupby(["customer_id", "spell", "year"])["margin"].mean().unstack("year")
    there = months.groupby("year")["margin"].mean()
    lines, level = [(0, 1.0, 1.0, int(means[0].notna().sum()) if 0 in means else 0)], 1.0
    for year in range(1, seen):
        if year not in means or year - 1 not in means:
            break
        both = means[[year - 1, year]].dropna()
        before = float(both[year - 1].sum())
        if len(both) < FEWEST or before <= 0 or there.get(0, 0.0) <= 0:
            break
        level *= float(both[year].sum()) / before
        lines.append((year, level, float(there[year] / there[0]), len(both)))
    return pd.DataFrame(lines, columns=["year", "followed", "there", "n"])
