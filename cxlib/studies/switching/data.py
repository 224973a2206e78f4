"""What the study of switching reads: stretches of paying, bad experiences, first contacts, months before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.workbook import Workbook

TOLD = ("complaint", "severe")
OF_TICKETS = (*TOLD, "reopened", "unanswered", "rated_bad")
OF_SURVEYS = {"detractor": "nps", "survey_problem": "problem"}
SEVERITIES = ("minor", "moderate", "severe")

QUIET_DAYS = 90.0
"""So many days without a bad experience, and the next one begins a new episode."""

TENURE_DAYS = (0.0, 90.0, 365.0, 730.0, 1461.0)
STRATA = ("tier", "tenure", "product", "region")
LEFT, UNPAID = 1, 2

_FAR = 1e9
_DAY = pd.Timedelta(days=1)

SPELLS = """
SELECT customer_id AS customer, tier, product, region, spell, started_at AS started, observed_from, ended_at, end_reason
FROM {spells}
WHERE observed_from < {cut}
ORDER BY customer_id, spell
"""

EXPERIENCES = """
SELECT
    customer_id AS customer,
    kind,
    max(CASE severity WHEN 'minor' THEN 1 WHEN 'moderate' THEN 2 WHEN 'severe' THEN 3 END) AS severity,
    occurred_at AS at,
    judged_at AS judged,
    min(CASE WHEN handled_well THEN 1 WHEN NOT handled_well THEN 0 END) AS handled_well
FROM {experiences}
WHERE occurred_at < {cut}
GROUP BY customer_id, kind, occurred_at, judged_at
ORDER BY customer_id, occurred_at, kind
"""

FIRST_CONTACTS = """
SELECT customer_id AS customer, created_at AS at, judged_at AS judged, handled_well, is_complaint, severity
FROM (
    SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY created_at, ticket_id) AS place
    FROM {handling}
) AS in_order
WHERE place = 1 AND judged_at < {cut} AND handled_well IS NOT NULL
ORDER BY customer_id
"""

# one row per customer and month: the first question of the month that was answered well, when that was known
GOOD_ANSWERS = """
SELECT customer_id AS customer, min(judged_at) AS at
FROM {handling}
WHERE handled_well AND NOT is_complaint AND severity IS NULL AND judged_at < {cut}
GROUP BY customer_id, date_trunc('month', judged_at)
ORDER BY customer_id, min(judged_at)
"""

HARMLESS_ANSWERS = """
SELECT customer_id AS customer, completed_at AS at
FROM survey_answers
WHERE instrument = '{instrument}' AND customer_id IS NOT NULL AND completed_at < {cut}
    AND coalesce(respondent, 'customer') = 'customer'
    AND ((instrument = 'nps' AND score > 6) OR (instrument = 'problem' AND score = 0))
ORDER BY customer_id, completed_at
"""

MONTHS = """
SELECT customer_id AS customer, month, mrr_end AS mrr, tickets
FROM {months}
ORDER BY customer_id, month
"""

BEGINNINGS = """
SELECT
    (SELECT min(created_at) FROM tickets) AS tickets,
    (SELECT min(completed_at) FROM survey_answers WHERE instrument = 'nps') AS detractor,
    (SELECT min(completed_at) FROM survey_answers WHERE instrument = 'problem') AS survey_problem,
    (SELECT min(occurred_at) FROM incidents) AS incidents
"""


@dataclass(frozen=True)
class Data:
    """Everything up to the cut; times are days since 1970 (UTC).

    Attributes
    ----------
    spells : DataFrame
        customer, tier, product, region, spell, started, begins (from when on leaving could be seen), ends (left, or
        last seen), event (0 still a customer, 1 left, 2 payment failed).
    experiences : DataFrame
        customer, kind, severity (1 to 3, NaN where not recorded), at, judged, handled_well (1, 0, NaN).
    told : tuple of str
        The kinds that count as a bad experience in the answer.
    seen_from : mapping
        The first of the tickets, incidents and answers: what was before is not known.
    """

    book: Workbook
    cut: float
    spells: pd.DataFrame
    experiences: pd.DataFrame
    told: tuple[str, ...]
    seen_from: Mapping[str, float]

    def of(self, kinds: Sequence[str]) -> pd.DataFrame:
        """Return the experiences of some kinds."""
        return self.experiences[self.experiences["kind"].isin(kinds)]

    def frame(self, sql: str, **names: str) -> pd.DataFrame:
        """Return the rows of a statement, its times as days."""
        return in_days(self.book.engine.frame(sql.format(cut=self.book.sql_cut, **names)))


def in_days(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with times as days since 1970; an empty time is NaN."""
    return pd.DataFrame({name: _days(column) for name, column in frame.items()})


def _days(column: pd.Series) -> pd.Series:
    is_time = pd.api.types.is_datetime64_any_dtype(column)
    return ((column - pd.Timestamp(0)) / _DAY).astype(float) if is_time else column


def read(book: Workbook) -> Data:
    """Read what the study needs; tables that no export brings are empty."""
    nothing = pd.DataFrame()
    cut = float((pd.Timestamp(book.cut) - pd.Timestamp(0)) / _DAY)
    data = Data(book, cut, nothing, nothing, kinds_told(book), {})
    spells = _followed(data.frame(SPELLS, spells=book.engine.fact("customer_spell")), cut)
    experiences = data.frame(EXPERIENCES, experiences=book.engine.fact("bad_experience"))
    numbers = {name: experiences[name].astype(float) for name in ("severity", "handled_well")}
    first = data.frame(BEGINNINGS).iloc[0]
    seen_from = {str(name): float(when) for name, when in first.items()}
    return replace(data, spells=spells, experiences=experiences.assign(**numbers), seen_from=seen_from)


def _followed(spells: pd.DataFrame, cut: float) -> pd.DataFrame:
    ended = (spells["ended_at"] <= cut).to_numpy(bool)
    unpaid = (spells["end_reason"] == "payment").to_numpy(bool)
    return spells.assign(
        begins=spells["observed_from"].astype(float),
        ends=np.where(ended, spells["ended_at"], cut).astype(float),
        event=np.where(ended, np.where(unpaid, UNPAID, LEFT), 0),
    )


def kinds_told(book: Workbook) -> tuple[str, ...]:
    """Return what counts as a bad experience: a complaint or severe problem, else whatever the tickets can show."""
    if not book.lacks("tickets.is_complaint") or not book.lacks("tickets.severity"):
        return TOLD
    return OF_TICKETS


def tenure_band(days: npt.ArrayLike) -> npt.NDArray[np.intp]:
    """Return how long somebody has been a customer, as a place in TENURE_DAYS."""
    return np.searchsorted(TENURE_DAYS, np.asarray(days, float), side="right") - 1


@dataclass(frozen=True)
class Episodes:
    """Bad experiences that begin an episode, and who else could have had one at the same moment.

    Attributes
    ----------
    cases : DataFrame
        One row per episode of somebody who was paying: customer, at, the strata, ends, event, and what is known of
        the experience.
    stretches : DataFrame
        One row per stretch without a bad experience in the days before: customer, begins, ends, the strata,
        `followed_until`, `event`, and `next`: when the own next bad experience comes.
    """

    cases: pd.DataFrame
    stretches: pd.DataFrame


def episodes(base: pd.DataFrame, experiences: pd.DataFrame, seen_from: float, quiet: float = QUIET_DAYS) -> Episodes:
    """Return the episodes of some kinds of experience, and the stretches free of them.

    Parameters
    ----------
    base : DataFrame
        Rows as in `Data.spells`, or parts of them (`begins`, `ends` narrower, `followed_until` as the spell's end).
    experiences : DataFrame
        customer and at; further columns go along with the case.
    seen_from : float
        The first moment at which such an experience would be in the exports.
    quiet : float
        Days without one that must lie before.
    """
    known = base["started"] >= seen_from
    begins = np.where(known, base["begins"], np.maximum(base["begins"], seen_from + quiet))
    base = base.assign(begins=begins, followed_until=base.get("followed_until", base["ends"]))
    ordered = experiences.sort_values(["customer", "at", "severity"], ascending=[True, True, False], kind="stable")
    ordered = ordered.drop_duplicates(["customer", "at"])
    before = ordered.groupby("customer")["at"].shift()
    fresh = ordered[~(ordered["at"] - before < quiet)]
    cases = fresh.merge(base, on="customer")
    cases = cases[(cases["begins"] <= cases["at"]) & (cases["at"] < cases["ends"])].reset_index(drop=True)
    cases = cases.assign(tenure=tenure_band(cases["at"] - cases["started"]))
    return Episodes(cases, _stretches(base, ordered, before, quiet))


def _stretches(base: pd.DataFrame, ordered: pd.DataFrame, before: pd.Series, quiet: float) -> pd.DataFrame:
    """Return the parts of the base that lie `quiet` days after an experience or more, by length of stay."""
    customers = pd.DataFrame({"customer": base["customer"].unique()})
    last = ordered.groupby("customer")["at"].max()
    to_next = pd.DataFrame({"customer": ordered["customer"], "free": before + quiet, "next": ordered["at"]})
    after_last = customers.assign(free=customers["customer"].map(last).astype(float) + quiet, next=_FAR)
    gaps = pd.concat([to_next, after_last], ignore_index=True).fillna({"free": -_FAR})
    parts = base.merge(gaps, on="customer").merge(
        pd.DataFrame({"tenure": range(len(TENURE_DAYS)), "low": TENURE_DAYS, "high": (*TENURE_DAYS[1:], _FAR)}), "cross"
    )
    starts = np.maximum.reduce([parts["begins"], parts["free"], parts["started"] + parts["low"]])
    stops = np.minimum.reduce([parts["ends"], parts["next"], parts["started"] + parts["high"]])
    parts = parts.assign(begins=starts, ends=stops)
    kept = ["customer", "begins", "ends", "followed_until", "event", "next", "started", *STRATA]
    return parts.loc[parts["begins"] < parts["ends"], kept].reset_index(drop=True)
