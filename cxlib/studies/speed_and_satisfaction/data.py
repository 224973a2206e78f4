"""Ratings and the waits before them, counted: what `speed_and_satisfaction` rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats, between_groups_variance, design_effect, proportion
from cxlib.facts import GROUPS
from cxlib.models.binary import hidden_if_few
from cxlib.models.within import Slope, within_slope
from cxlib.workbook import Workbook

BANDS = (
    ("up to 5 minutes", 5),
    ("5 to 15 minutes", 15),
    ("15 to 60 minutes", 60),
    ("1 to 4 hours", 240),
    ("4 to 24 hours", 1440),
    ("longer than a day", None),
)
UNANSWERED, UNKNOWN = "never answered", "reply time not known"
EVERYDAY = ("chat", "whatsapp", "messenger", "telegram", "instagram", "facebook", "viber", "sms")
"""A channel is an everyday one if its name holds one of these words: what people also write to friends with."""
FRIENDLY_FROM = 4
NORMAL_SIZE = 30
"""Groups with fewer cases are shown and not compared."""
TOPICS_KEPT = 11

ISSUE = ("topic", "severity")
ISSUE_AND_CHANNEL = (*ISSUE, "channel")
ALIKE = (*ISSUE_AND_CHANNEL, "asked_in")
"""What contacts have in common whose waits are compared: a wait over night is not a slow answer."""

HALVINGS, FRIENDLY, KNOWN, EVERYDAY_USED = "halvings", "friendly", "known", "everyday"
GOOD, RATED, PREVIOUS = "good", "rated", "previous_good"


def everyday_sql(column: str) -> str:
    """Return the SQL that is 1 for an everyday channel, 0 for another and empty where it is not known."""
    named = " OR ".join(f"lower({column}) LIKE '%{word}%'" for word in EVERYDAY)
    return f"CASE WHEN {named} THEN 1.0 WHEN {column} IS NOT NULL THEN 0.0 END"


def halvings_sql(minutes: str) -> str:
    """Return the SQL of minus the binary logarithm of minutes, one at least; empty where they are not known."""
    # greatest() would pass over an empty value and make it one minute
    return f"CASE WHEN {minutes} IS NOT NULL THEN -ln(greatest({minutes}, 1.0)) / ln(2.0) END"


def _band_sql() -> str:
    cases = " ".join(f"WHEN first_reply_minutes <= {edge} THEN '{label}'" for label, edge in BANDS if edge)
    return (
        f"CASE WHEN reply = 'unknown' THEN '{UNKNOWN}' WHEN reply = 'unanswered' THEN '{UNANSWERED}' "
        f"{cases} ELSE '{BANDS[-1][0]}' END"
    )


@dataclass(frozen=True)
class Ratings:
    """The rated contacts of a company up to the cut; every method brings counts or sums, never contacts."""

    book: Workbook

    @cached_property
    def contacts(self) -> str:
        """SQL of one row per contact for which a rating was asked or given."""
        return f"""
            SELECT *,
                {halvings_sql("first_reply_minutes")} AS halvings,
                {halvings_sql("reply_to_solution_minutes")} AS solution_halvings,
                CASE WHEN friendliness_score >= {FRIENDLY_FROM} THEN 1.0
                    WHEN friendliness_score IS NOT NULL THEN 0.0 END AS friendly,
                CASE WHEN had_to_repeat THEN 0.0 WHEN had_to_repeat IS NOT NULL THEN 1.0 END AS known,
                {everyday_sql("channel")} AS everyday,
                CASE WHEN is_rated THEN CASE WHEN rated_good THEN 1.0 ELSE 0.0 END END AS good,
                CASE WHEN is_rated THEN 1.0 ELSE 0.0 END AS rated,
                CASE WHEN previous_rated_good THEN 1.0 WHEN previous_rated_good IS NOT NULL THEN 0.0 END
                    AS previous_good,
                {_band_sql()} AS band
            FROM {self.book.engine.fact("rated_ticket")}
            WHERE settled_at < {self.book.sql_cut}"""

    def slope(self, y: str, x: str, strata: Sequence[str] = (), where: str = "TRUE") -> Slope:
        """Return by how much `y` moves per unit of `x` among contacts that are alike in the strata."""
        over = f"OVER (PARTITION BY {', '.join(strata)})" if strata else "OVER ()"
        return within_slope(
            self.book.engine.frame(f"""
                SELECT bucket, count(*) AS n, sum(differs) AS compared, sum(1.0 / size) AS strata,
                    sum(dx * dx) AS xx, sum(dx * dy) AS xy, sum(dy * dy) AS yy
                FROM (
                    SELECT bucket, {x} - avg({x}) {over} AS dx, {y} - avg({y}) {over} AS dy, count(*) {over} AS size,
                        CASE WHEN max({x}) {over} > min({x}) {over} THEN 1 ELSE 0 END AS differs
                    FROM ({self.contacts}) AS contact
                    WHERE {x} IS NOT NULL AND {y} IS NOT NULL AND {where}
                ) AS centred
                GROUP BY bucket ORDER BY bucket""")
        )

    def shares(self, y: str, by: str, where: str = "TRUE") -> dict[str, Estimate]:
        """Return the share of `y` in each value of a column, with clustered Wilson intervals."""
        counts = self.book.engine.frame(f"""
            SELECT {by} AS cell, bucket, count(*) AS n, sum({y}) AS k
            FROM ({self.contacts}) AS contact
            WHERE {y} IS NOT NULL AND {by} IS NOT NULL AND {where}
            GROUP BY 1, 2 ORDER BY 1, 2""")
        return clustered_shares(counts)

    @cached_property
    def lists_unrated(self) -> bool:
        """Whether the export has contacts whose customer was asked and did not rate."""
        return int(self._count("NOT is_rated")) > 0

    @cached_property
    def rated(self) -> int:
        return self._count("is_rated")

    def _count(self, where: str) -> int:
        frame = self.book.engine.frame(f"SELECT count(*) AS n FROM ({self.contacts}) AS contact WHERE {where}")
        return int(frame["n"].iloc[0])

    @cached_property
    def top_score(self) -> float | None:
        """Highest score given, where ratings come with a score of more than two levels."""
        found = self.book.engine.frame(
            f"SELECT max(score) AS top, count(DISTINCT score) AS levels FROM ({self.contacts}) AS contact"
        ).iloc[0]
        return float(found["top"]) if found["levels"] > 2 else None

    def rank_correlation(self) -> float:
        """Return Spearman's correlation of the wait and the rating (the score where there is one)."""
        frame = self.book.engine.frame(f"""
            SELECT corr(wait_rank, rating_rank) AS rho
            FROM (
                SELECT rank() OVER (ORDER BY wait) + count(*) OVER (PARTITION BY wait) / 2.0 AS wait_rank,
                    rank() OVER (ORDER BY rating) + count(*) OVER (PARTITION BY rating) / 2.0 AS rating_rank
                FROM (
                    SELECT first_reply_minutes AS wait, coalesce(score, good) AS rating
                    FROM ({self.contacts}) AS contact
                    WHERE is_rated AND first_reply_minutes IS NOT NULL
                ) AS rating
            ) AS ranks""")
        return float(frame["rho"].fillna(np.nan).iloc[0])

    def issues(self) -> pd.DataFrame:
        """Return per issue and channel: rated contacts `n`, and the means of `halvings` and `good`."""
        return self.book.engine.frame(f"""
            SELECT topic, severity, channel, count(*) AS n, avg(halvings) AS halvings, avg(good) AS good
            FROM ({self.contacts}) AS contact
            WHERE good IS NOT NULL AND halvings IS NOT NULL
            GROUP BY 1, 2, 3 ORDER BY channel, topic, severity""")

    def cells(self) -> pd.DataFrame:
        """Return the rated contacts counted by group of customers, rating and everything that may have driven it.

        Waits are cut into half halvings, and topics beyond the eleven most frequent are one, so that the number of
        rows is bounded however many contacts there are.
        """

        def grid(column: str) -> str:
            return f"floor(2 * {column}) / 2 + 0.25"

        return self.book.engine.frame(f"""
            WITH contact AS ({self.contacts}),
            ranked AS (
                SELECT topic AS ranked_topic, row_number() OVER (ORDER BY count(*) DESC, topic) AS place
                FROM contact WHERE is_rated AND topic IS NOT NULL GROUP BY topic
            )
            SELECT bucket, good, score, channel, severity, asked_in,
                CASE WHEN place <= {TOPICS_KEPT} THEN topic WHEN place IS NOT NULL THEN 'other' END AS topic,
                {grid("halvings")} AS wait_steps,
                {grid("solution_halvings")} AS solution_steps,
                CASE WHEN was_reopened THEN 0.0 WHEN was_reopened IS NOT NULL THEN 1.0 END AS solved_at_once,
                known, round(friendliness_score) AS friendliness, count(*) AS n
            FROM contact LEFT JOIN ranked ON ranked_topic = topic
            WHERE is_rated AND halvings IS NOT NULL
            GROUP BY ALL ORDER BY ALL""")


def clustered_shares(counts: pd.DataFrame) -> dict[str, Estimate]:
    """Return the share of each cell from its counts by random group of customers.

    Parameters
    ----------
    counts : DataFrame
        Columns `cell`, `bucket`, `n` and `k` (successes).
    """
    if counts.empty:
        return {}
    names, cell = np.unique(counts["cell"].astype(str).to_numpy(), return_inverse=True)
    n, k = (counts[name].to_numpy(float) for name in ("n", "k"))
    trials, wins = (np.bincount(cell, column, len(names)) for column in (n, k))
    share: Floats = wins / trials
    robust = between_groups_variance(k - share[cell] * n, cell, len(names), GROUPS) / trials**2
    effect = design_effect(robust, share * (1 - share) / np.maximum(trials - 1, 1))
    made = proportion(wins, trials, effect)
    return {
        str(name): hidden_if_few(Estimate(value, low, high, int(size), "share", "Wilson, clustered"))
        for name, value, low, high, size in zip(names, *(line.tolist() for line in made), trials.tolist(), strict=True)
    }
