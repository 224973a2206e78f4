"""What five points more retention would do to the profit in the books, and what keeping and winning customers costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats, Z
from cxlib.models.firm_profit import Base, contribution, factor_for, first_year_bound
from cxlib.studies.retention_and_profit.data import Company, yearly_cost
from cxlib.studies.retention_and_profit.value import SEED, Valuation

YEARS = 5
DRAWS = 400
FEWEST = 5
"""New customers a year, and present ones; with fewer nothing is told."""
TO_SERVE = ("delivery", "support")
NOT_TO_SERVE = ("success", "sales", "marketing", "general")
LARGEST_SHARE_IN_LOSS = 0.025
"""Share of draws in which there is no profit; with more a rise of profit in per cent means nothing."""

Without = Literal["costs", "customers", "loss"]


@dataclass(frozen=True)
class Firm:
    """The company's books, carried on.

    Attributes
    ----------
    base : Base
    fixed : float
        What is spent a year on everything but serving customers.
    before, after : ndarray, shape (5,)
        Contribution of each of the next years as it is, and with five points more retention.
    factor : float
        By what everybody's churn is multiplied when five points more of today's customers stay.
    drawn_before, drawn_after : ndarray, shape (draws, 5)
    """

    base: Base
    fixed: float
    before: Floats
    after: Floats
    factor: float
    drawn_before: Floats
    drawn_after: Floats

    def profit(self, years: int) -> float:
        return float(self.before[:years].sum()) - years * self.fixed

    def extra(self, years: int) -> float:
        """Return what five points would add over the first years."""
        return float((self.after - self.before)[:years].sum())

    def uplift(self, years: int) -> Estimate | None:
        """Return by which share the profit of the first years rises; None where there is no profit to raise."""
        profits = self.drawn_before[:, :years].sum(axis=1) - years * self.fixed
        if self.profit(years) <= 0 or (profits <= 0).mean() > LARGEST_SHARE_IN_LOSS:
            return None
        gained = (self.drawn_after - self.drawn_before)[:, :years].sum(axis=1)
        drawn = (gained / profits)[profits > 0]
        value = self.extra(years) / self.profit(years)
        low, high = np.quantile(drawn, [0.025, 0.975])
        n = round(float(self.base.customers.sum()))
        return Estimate(value, min(float(low), value), max(float(high), value), n, "share", "parametric bootstrap")

    @property
    def bound(self) -> float:
        """The most that five points can add to the first year's profit."""
        return first_year_bound(self.base, self.profit(1))


def carry_on(company: Company, value: Valuation, last: pd.Timestamp) -> Firm | Without:
    """Carry the books on from the end of the report's month; or say why that cannot be."""
    fixed = fixed_costs(company, last)
    if fixed is None or set(company.unit_costs.known) != set(TO_SERVE):
        return "costs"
    found = _base(company, last)
    if found is None:
        return "customers"
    base, error = found
    rng = np.random.default_rng(SEED + 2)
    curve, alpha, beta = value.curve, value.alpha[:DRAWS], value.beta[:DRAWS]
    drawn = Base(
        base.age,
        base.customers,
        base.contribution,
        rng.poisson(base.arrivals, (DRAWS, 1)).astype(float),
        base.arrival_contribution + error * rng.standard_normal((DRAWS, 1)),
    )
    factor = factor_for(base, curve.alpha, curve.beta)
    return Firm(
        base,
        fixed,
        contribution(base, curve.alpha, curve.beta, YEARS),
        contribution(base, curve.alpha, curve.beta, YEARS, factor),
        float(factor),
        contribution(drawn, alpha, beta, YEARS),
        contribution(drawn, alpha, beta, YEARS, factor_for(base, alpha, beta)),
    )


def fixed_costs(company: Company, last: pd.Timestamp) -> float | None:
    """Return what is spent a year on everything but serving; None where general costs are not in the exports.

    A team without costs is a team the company does not have.
    """
    if yearly_cost(company.costs, last, "general") is None:
        return None
    return sum(yearly_cost(company.costs, last, team) or 0.0 for team in NOT_TO_SERVE)


def _base(company: Company, last: pd.Timestamp) -> tuple[Base, float] | None:
    """Return today's customers by whole years, with the standard error of what a new one brings a year."""
    recent = company.months[company.months["month"] > last - pd.DateOffset(months=12)]
    now = recent[recent["month"] == last].drop_duplicates("customer_id").set_index("customer_id")
    yearly = 12 * recent[recent["customer_id"].isin(now.index)].groupby("customer_id")["margin"].mean()
    new = 12 * recent[recent["tenure"] < 1].groupby("customer_id")["margin"].mean()
    arrivals = len(started_within(company.spells, 1.0))
    if min(len(now), len(new), arrivals) < FEWEST:
        return None
    frame = pd.DataFrame({"age": now["tenure"], "brings": yearly})
    frame = frame.groupby(np.floor(frame["age"].to_numpy(float))).agg(
        age=("age", "mean"), customers=("age", "size"), brings=("brings", "sum")
    )
    age, customers, brings = (frame[name].to_numpy(float) for name in ("age", "customers", "brings"))
    error = float(new.std(ddof=1) / np.sqrt(len(new)))
    return Base(age, customers, brings, float(arrivals), float(new.mean())), error


def started_within(spells: pd.DataFrame, years: float) -> pd.DataFrame:
    """Return the first spells of customers who came in the last years."""
    return spells[(spells["seen"] <= years) & (spells["spell"] == 1)]


@dataclass(frozen=True)
class KeepAndWin:
    """What it costs a year to keep a customer, and to win one.

    Attributes
    ----------
    keep, win : Estimate
        Success costs per customer kept for the year; sales and marketing costs per new customer.
    ratio, with_support : Estimate
        The first over the second, and the same with support counted as a cost of keeping.
    """

    keep: Estimate
    win: Estimate
    ratio: Estimate
    with_support: Estimate | None


def keep_and_win(company: Company, last: pd.Timestamp, currency: str) -> KeepAndWin | None:
    """Compare the costs of the last twelve months; None where an export or customers are lacking."""
    success = yearly_cost(company.costs, last, "success")
    won = [cost for team in ("sales", "marketing") if (cost := yearly_cost(company.costs, last, team)) is not None]
    spells = company.spells
    there = spells[
        (spells["seen"] > 1) & (spells["years"] > spells["seen"] - 1) & (spells["entry"] <= spells["seen"] - 1)
    ]
    kept, new = int((~there["ended"]).sum()), len(started_within(spells, 1.0))
    if success is None or not won or success <= 0 or sum(won) <= 0 or min(kept, new) < FEWEST:
        return None
    lost_share = 1 - kept / len(there)
    keep = _per(success, kept, lost_share / kept, currency)
    win = _per(sum(won), new, 1 / new, currency)
    support = yearly_cost(company.costs, last, "support")
    spread = lost_share / kept + 1 / new
    return KeepAndWin(
        keep,
        win,
        _ratio(keep.value / win.value, spread, new),
        None if support is None else _ratio((success + support) / kept / win.value, spread, new),
    )


def _per(cost: float, heads: int, variance: float, currency: str) -> Estimate:
    """Return cost per head; the books are exact, how many came or stayed could have been otherwise."""
    return _with_log_limits(cost / heads, variance, heads, currency)


def _ratio(value: float, variance: float, n: int) -> Estimate:
    return _with_log_limits(value, variance, n, "ratio")


def _with_log_limits(value: float, variance: float, n: int, unit: str) -> Estimate:
    by = float(np.exp(Z * np.sqrt(variance)))
    flags = ("small",) if n < 30 else ()
    return Estimate(value, value / by, value * by, n, unit, "delta method on the log scale", flags)
