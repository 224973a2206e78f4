"""What `existing_against_new` counts: opportunities by what the buyer was when they were opened."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.metrics.measure import SUPPRESSED_BELOW
from cxlib.models.binary import Standardised, share, share_ratio, standardised
from cxlib.models.incidence import OTHER, STILL, WANTED, Durations, durations
from cxlib.workbook import Workbook

EXISTING, NEW, RETURNED, RENEWAL, UNCLEAR = "existing", "new", "returned", "renewal", "unclear"
WITH_RENEWALS = (EXISTING, RENEWAL, UNCLEAR)
HORIZON = 180
"""Days after opening by which an opportunity counts as won in time."""

UNEVEN = 0.05
"""A characteristic that is recorded this much more often of the won than of the lost is not compared by."""

EACH_PER_PERIOD = 5
"""With fewer won or fewer lost in some month or quarter, time is a curve instead of steps."""

NEEDED = ("opportunities.buyer", "opportunities.outcome", "opportunities.created_at")


@dataclass(frozen=True)
class Sales:
    """All opportunities opened before the cut, as they stood then.

    Parameters
    ----------
    deals : DataFrame
        One row per opportunity: party (number of the buyer), group, motion, lead_source, tier, amount, created_at,
        opened (days since the first), outcome, days (to decision or to the cut; NaN where the decision has no date),
        seen_days (to the cut), entry (days of its life before the first decision of the export).
    """

    deals: pd.DataFrame

    @property
    def decided(self) -> pd.DataFrame:
        return self.deals[self.deals["outcome"] != "open"]

    def of(self, *groups: str) -> pd.DataFrame:
        """Return the decided opportunities of some groups."""
        decided = self.decided
        return decided[decided["group"].isin(groups)]

    def won(self, *groups: str) -> Estimate:
        """Return the share won of the decided opportunities of some groups."""
        return won_of(self.of(*groups))

    def existing_over_new(self) -> Estimate:
        return ratio_of(self.of(EXISTING), self.of(NEW))

    def cases(self, *groups: str) -> Durations:
        """Return how long opportunities of some groups took to be won or lost, open ones until the cut."""
        mine = self.deals[self.deals["group"].isin(groups) & self.deals["days"].notna()]
        end = mine["outcome"].map({"won": WANTED, "lost": OTHER, "open": STILL})
        return durations(mine["days"], end, mine["party"], mine["entry"])

    def cohort(self, group: str) -> pd.DataFrame:
        """Return the opportunities of a group that could be watched from opening for the whole horizon."""
        mine = self.deals[(self.deals["group"] == group) & (self.deals["entry"] == 0)]
        return mine[mine["days"].notna() & (mine["seen_days"] >= HORIZON)]


def won_of(decided: pd.DataFrame) -> Estimate:
    """Return the share won, clustered by buyer."""
    return share(decided["outcome"] == "won", decided["party"])


def ratio_of(first: pd.DataFrame, second: pd.DataFrame) -> Estimate:
    """Return how many times as often the first opportunities are won as the second."""
    return share_ratio(first["outcome"] == "won", second["outcome"] == "won", first["party"], second["party"])


def read_sales(book: Workbook) -> Sales:
    """Return the opportunities that had been opened by the cut; what was decided later was open then."""
    known = f"(closed_at IS NULL OR closed_at < {book.sql_cut})"
    deals = book.engine.frame(f"""
        SELECT
            opportunity_id, party, buyer, motion, lead_source, tier, amount, created_at,
            CASE WHEN {known} THEN outcome ELSE 'open' END AS outcome,
            CASE WHEN {known} AND outcome <> 'open' THEN closed_at END AS decided_at,
            CASE
                WHEN NOT {known} OR outcome = 'open'
                    THEN date_diff('second', created_at, {book.sql_cut}) / 86400.0
                ELSE decided_days
            END AS days,
            date_diff('second', created_at, {book.sql_cut}) / 86400.0 AS seen_days
        FROM {book.engine.fact("opportunity")}
        WHERE created_at < {book.sql_cut}
        ORDER BY created_at, opportunity_id
    """)
    renewal, unclear = deals["motion"] == "renewal", deals["motion"].isna()
    group = deals["buyer"].where(deals["buyer"] != "existing", np.where(renewal, RENEWAL, EXISTING))
    group = group.where(~(unclear & (deals["buyer"] == "existing")), UNCLEAR)
    first_decision = deals["decided_at"].min()
    before = (first_decision - deals["created_at"]).dt.total_seconds() / 86_400
    opened = (deals["created_at"] - deals["created_at"].min()).dt.total_seconds() / 86_400
    party = pd.factorize(deals["party"])[0]
    return Sales(deals.assign(party=party, group=group, entry=before.clip(lower=0).fillna(0.0), opened=opened))


@dataclass(frozen=True)
class Alike:
    """Customers against new buyers, between opportunities alike in what is recorded of both.

    Parameters
    ----------
    rows : tuple of (str, Standardised)
        One per characteristic, and the last for all together.
    left_out : tuple of str
        Characteristics that are recorded mostly of the won, or of one kind of buyer only.
    """

    rows: tuple[tuple[str, Standardised], ...]
    left_out: tuple[str, ...]

    @property
    def all(self) -> Standardised:
        return self.rows[-1][1]


def compare_alike(sales: Sales) -> Alike | None:
    """Return the comparison adjusted for source, size, contract class, kind of sale and time, where they allow it.

    Nothing with fewer than five decided opportunities of either kind.
    """
    both = sales.of(EXISTING, NEW)
    if min(len(sales.of(EXISTING)), len(sales.of(NEW))) < SUPPRESSED_BELOW:
        return None
    is_existing = both["group"] == EXISTING
    size = np.log(both["amount"].where(both["amount"] > 0))
    offered = {
        "Alike in where they came from": both[["lead_source"]],
        "Alike in size": size.to_frame("size"),
        "Alike in contract class": both[["tier"]],
        "Alike in the kind of sale": both[["motion"]],
        "Alike in when they were opened": _time(both, is_existing),
    }
    known = {name: columns for name, columns in offered.items() if columns.notna().any(axis=None)}
    usable = {name: columns for name, columns in known.items() if _is_comparable(both, columns, is_existing)}
    if not usable:
        usable = {"Alike in when they were opened": both[["opened"]]}
    in_both = pd.Series(True, index=both.index)
    for columns in usable.values():
        in_both &= _has_counterpart(columns, is_existing)
    kept, compared = both[in_both], is_existing[in_both]
    everything = {**usable, "Alike in all of these": pd.concat([*usable.values()], axis=1)}
    rows = tuple(
        (name, standardised(kept["outcome"] == "won", compared, columns[in_both], kept["party"]))
        for name, columns in everything.items()
    )
    return Alike(rows, tuple(name for name in known if name not in usable))


def _time(both: pd.DataFrame, is_existing: pd.Series) -> pd.DataFrame:
    """Return the month of opening, or the quarter, where each has enough won and lost; else the day and its square."""
    for length in ("M", "Q"):
        period = pd.DataFrame({"opened_in": both["created_at"].dt.to_period(length).astype(str)})
        compared = _has_counterpart(period, is_existing)
        counts = pd.crosstab(period["opened_in"][compared], both["outcome"][compared] == "won")
        if counts.shape[1] == 2 and counts.to_numpy().min() >= EACH_PER_PERIOD:
            return period
    return both[["opened"]].assign(squared=both["opened"] ** 2)


def _is_comparable(both: pd.DataFrame, columns: pd.DataFrame, is_existing: pd.Series) -> bool:
    """Return whether a characteristic is known of the lost as of the won, and shared by both kinds of buyers."""
    known = columns.notna().all(axis=1)
    won = both["outcome"] == "won"
    for group in (is_existing, ~is_existing):
        if not (group & won).any() or not (group & ~won).any():
            continue
        if abs(known[group & won].mean() - known[group & ~won].mean()) > UNEVEN:
            return False
    shared = _has_counterpart(columns, is_existing)
    return bool(min(shared[is_existing].mean(), shared[~is_existing].mean()) > 0.5) if len(both) else False


def _has_counterpart(columns: pd.DataFrame, is_existing: pd.Series) -> pd.Series:
    """Return which rows have a category that occurs with both kinds of buyers; numbers always do."""
    found = pd.Series(True, index=columns.index)
    for name in columns:
        if pd.api.types.is_numeric_dtype(columns[name]):
            continue
        text = columns[name].astype(object).where(columns[name].notna(), "")
        found &= text.isin(set(text[is_existing]) & set(text[~is_existing]))
    return found
