"""What a metric is."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "count",  # rows
    "total",  # sum of non-negative amounts
    "balance",  # sum of amounts at a moment: an account, not a sample
    "stock",  # rows that have come and not yet gone at the end of the month
    "proportion",  # rows that satisfy the numerator, over rows of the population
    "ratio",  # sum of the numerator over sum of the denominator, one row per customer
    "nps",  # promoters less detractors
    "weighted_nps",  # the same with the weights that came with the answers
    "quantile",  # of a duration that may still be running
]
Direction = Literal["up", "down", "neither"]


@dataclass(frozen=True)
class Metric:
    """A measure, declared: what is counted, over what, filed under which month.

    Parameters
    ----------
    id : str
        Name in tables, commands and notebooks.
    label, definition : str
        Short name and one exact sentence for the page, in English; the catalogs translate them.
    fact : str
        Derived table that is counted.
    filed_under : str
        Column of the fact with the month a row belongs to.
    kind : Kind
        How the value and its interval come about.
    unit : str
        "share", "points", "minutes", "currency" (of the reports, a month) or what is counted.
    population : str
        SQL condition on rows of the fact: those that are counted.
    among : str
        SQL condition on rows it speaks of at all; those of them outside the population are `excluded`.
    numerator, denominator : str
        SQL condition (proportion) or amount (total, balance, ratio); a duration in minutes for a quantile.
    observed : str
        SQL condition: the end of the duration was seen. The others are censored.
    quantile : float
        Share that has ended: 0.5 is the median.
    leaves : str
        For a stock, the column with the month in which a row goes.
    weight : str
        Column with sampling weights.
    bounded : bool
        A ratio that cannot pass 1.
    follow_up_days : int
        Days a row must have been observed for before it is counted; the younger ones are `excluded`.
    good : {"up", "down", "neither"}
        Which direction is better.
    clock : str
        "calendar" for durations on the calendar clock.
    needs : tuple of str
        Canonical columns, as "table.column", without which it says nothing.
    """

    id: str
    label: str
    definition: str
    fact: str
    filed_under: str
    kind: Kind
    unit: str
    population: str = "TRUE"
    among: str = "TRUE"
    numerator: str = ""
    denominator: str = ""
    observed: str = ""
    quantile: float = 0.5
    leaves: str = ""
    weight: str = ""
    bounded: bool = False
    follow_up_days: int = 0
    good: Direction = "neither"
    clock: str = ""
    needs: tuple[str, ...] = ()
