"""Managers and onboarding, which nobody drew by lot: what can be told all the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats, difference
from cxlib.models.binary import hidden_if_few, share
from cxlib.models.kept import MONTH, Gain, Kept, gain, horizon_of, kept
from cxlib.models.weighting import Compared, compared
from cxlib.studies.return_on_investment.data import AT_THE_START, seconds

YEAR = pd.Timedelta(days=365)
FOLLOWED = 24
"""Months after the start over which onboarding is followed: each yearly contract comes up for renewal in them."""
FEWEST = 20
"""Customers that either group must have under watch in a month for it to be told."""


@dataclass(frozen=True)
class Managers:
    """Success managers given with the first contract, against newcomers without one.

    Attributes
    ----------
    found : Compared
        Of all newcomers who could have got one or not: share lost in the year after the landmark.
    failed : Estimate
        The same difference for ends through failed payments, which no manager can prevent: should be none.
    naive, naive_levels : Estimate, tuple of (str, Estimate)
        All customers with a manager against all without, a year before the cut; and within each tier.
    later, from_start : Estimate
        Mean health score when a manager was given: to customers of longer standing, and to newcomers.
    """

    found: Compared
    failed: Estimate
    naive: Estimate
    naive_levels: tuple[tuple[str, Estimate], ...]
    later: Estimate
    from_start: Estimate


def managers(customers: pd.DataFrame, cut: pd.Timestamp) -> Managers:
    """Compare newcomers at the same landmark, so that nobody is counted as kept for having lived to get a manager."""
    landmark = customers["started_at"] + AT_THE_START
    began = customers["started_at"] >= customers["observed_from"]
    here = began & ~(customers["ended_at"] <= landmark) & (landmark + YEAR <= cut)
    rows, mark = customers[here], landmark[here]
    treated = (rows["manager_at"] <= mark).to_numpy(bool)
    lost = (rows["ended_at"] <= mark + YEAR).to_numpy(bool)
    known = pd.DataFrame(
        {
            "tier": rows["tier"].astype(object),
            "revenue": np.log(rows["first_mrr"].to_numpy(float)),
            "region": rows["region"].astype(object),
        }
    ).reset_index(drop=True)
    found = compared(lost, treated, known)
    unpaid = lost & (rows["end_reason"] == "payment").to_numpy(bool)
    score = customers["manager_score"]
    early = customers["manager_at"] <= landmark
    return Managers(
        found,
        compared(unpaid, treated, known).difference,
        *_naive(customers, cut),
        _mean(score[customers["manager_at"].notna() & ~early]),
        _mean(score[early]),
    )


def _naive(customers: pd.DataFrame, cut: pd.Timestamp) -> tuple[Estimate, tuple[tuple[str, Estimate], ...]]:
    """Return what a plain comparison of everybody on one day says, and within each tier."""
    day = cut - YEAR
    here = (customers["started_at"] <= day) & (customers["observed_from"] <= day) & ~(customers["ended_at"] <= day)
    rows = customers[here]
    levels = [str(level) for level in sorted(rows["tier"].dropna().unique())]
    by_level = tuple((level, _plain(rows[rows["tier"] == level], day)) for level in levels)
    return _plain(rows, day), tuple((level, found) for level, found in by_level if found.is_known)


def _plain(rows: pd.DataFrame, day: pd.Timestamp) -> Estimate:
    managed, lost = (rows["manager_at"] <= day).to_numpy(bool), rows["ended_at"].notna().to_numpy(bool)
    who = rows["customer_id"].to_numpy(object)
    return gap_of(share(lost[managed], who[managed]), share(lost[~managed], who[~managed]))


def gap_of(first: Estimate, second: Estimate) -> Estimate:
    """Return the difference of two shares."""
    return hidden_if_few(replace(difference(first, second), unit="share difference", method="Newcombe"))


def _mean(scores: pd.Series) -> Estimate:
    values = scores.dropna().to_numpy(float)
    n = len(values)
    if n < 2:
        return Estimate.unknown(n, "points", "mean")
    half = 1.96 * float(values.std(ddof=1)) / np.sqrt(n)
    mean = float(values.mean())
    return hidden_if_few(Estimate(mean, mean - half, mean + half, n, "points", "mean"))


@dataclass(frozen=True)
class Onboarding:
    """Customers who began after the programme did, against those who began before.

    Attributes
    ----------
    since : Timestamp
        When the first customer was onboarded.
    took : float
        Share of newcomers since then who were.
    customers, revenue : Gain
        What it kept for each onboarded customer, in customers and weighted by the first monthly revenue.
    horizon : int
        Months followed.
    before, after : Kept
        Share of customers still there, by months since the start.
    mean_mrr : float
        Mean first monthly revenue of those onboarded.
    naive : Estimate
        Lost within a year: onboarded less not onboarded, of those who began after the programme did.
    older : Estimate
        Change, over the same two stretches of time, of the yearly loss among customers who were older than a year:
        onboarding could not have caused it.
    """

    since: pd.Timestamp
    took: float
    customers: Gain
    revenue: Gain
    horizon: int
    before: Kept
    after: Kept
    mean_mrr: float
    naive: Estimate
    older: Estimate


def onboarding(customers: pd.DataFrame, cut: pd.Timestamp) -> Onboarding | None:
    """Compare newcomers before and after the programme began; None where either are too few to be told."""
    if customers["onboarded_at"].isna().all():
        return None
    # the first who was onboarded began with the programme, whichever of the two days came first
    since = pd.Timestamp(customers.loc[customers["onboarded_at"].notna(), ["started_at", "onboarded_at"]].min().min())
    later = (customers["started_at"] >= since).to_numpy(bool)
    got = customers["onboarded_at"].notna().to_numpy(bool) & later
    mrr = customers["first_mrr"].to_numpy(float)
    tables = {
        (side, weighted): _kept(customers[which], cut, mrr[which] if weighted else np.ones(int(which.sum())))
        for side, which in (("after", later), ("before", ~later))
        for weighted in (False, True)
    }
    horizon = horizon_of((tables["after", False], tables["before", False]), FEWEST, FOLLOWED)
    if horizon < 2:
        return None
    taken = got[later]
    by_number, by_revenue = (
        gain(tables["after", weighted], tables["before", weighted], horizon, taken) for weighted in (False, True)
    )
    return Onboarding(
        since,
        float(taken.mean()),
        by_number,
        by_revenue,
        horizon,
        tables["before", False],
        tables["after", False],
        float(mrr[got].mean()),
        _taken_or_not(customers[later], taken, cut),
        _older(customers, since, cut),
    )


def _kept(rows: pd.DataFrame, cut: pd.Timestamp, weight: Floats) -> Kept:
    start, entry = seconds(rows["started_at"]), seconds(rows["observed_from"])
    return kept(start, seconds(rows["ended_at"]), entry, int(cut.timestamp()), weight, FOLLOWED)


def _taken_or_not(rows: pd.DataFrame, taken: np.ndarray, cut: pd.Timestamp) -> Estimate:
    """Return the plain difference in loss within a year of those with a whole year behind them."""
    whole = (rows["started_at"] + YEAR <= cut).to_numpy(bool)
    lost = (rows["ended_at"] <= rows["started_at"] + YEAR).to_numpy(bool)
    who = rows["customer_id"].to_numpy(object)
    with_it, without = whole & taken, whole & ~taken
    return gap_of(share(lost[with_it], who[with_it]), share(lost[without], who[without]))


def _older(customers: pd.DataFrame, since: pd.Timestamp, cut: pd.Timestamp) -> Estimate:
    """Return by how much the yearly loss of customers older than a year changed when the programme began."""
    start, end = seconds(customers["started_at"]), seconds(customers["ended_at"])
    entry = np.maximum(seconds(customers["observed_from"]), start + 12 * MONTH)
    turn, last = int(since.timestamp()), int(cut.timestamp())
    rates = []
    for first, final in ((int(entry.min()) if len(entry) else turn, turn), (turn, last)):
        watched = np.clip(np.minimum(end, final) - np.maximum(entry, first), 0, None) / (12 * MONTH)
        ends = ((end > np.maximum(entry, first)) & (end <= final)).sum()
        rates.append((float(watched.sum()), int(ends)))
    if min(years for years, _ in rates) <= 0 or min(ends for _, ends in rates) == 0:
        return Estimate.unknown(0, "share difference")
    kept_shares = [float(np.exp(-ends / years)) for years, ends in rates]
    errors = [kept_share * np.sqrt(ends) / years for kept_share, (years, ends) in zip(kept_shares, rates, strict=True)]
    value, half = kept_shares[0] - kept_shares[1], 1.96 * float(np.hypot(*errors))
    return Estimate(
        value, value - half, value + half, min(ends for _, ends in rates), "share difference", "difference of rates"
    )
