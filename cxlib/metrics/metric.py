"""What a metric is."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "count",  # rows
    "total",  # sum of non-negative amounts
    "net",  # sum of the numerator less sum of the denominator, one row per customer
    "balance",  # sum of amounts at a moment: an account, not a sample
    "stock",  # rows that have come and not yet gone at the end of the month
    "proportion",  # rows that satisfy the numerator, over rows of the population, both with their weights
    "ratio",  # sum of the numerator over sum of the denominator, one row per customer
    "nps",  # promoters less detractors, with their weights
    "quantile",  # of a duration that may still be running
]
Direction = Literal["up", "down", "neither"]


@dataclass(frozen=True)
class Metric:
    """A measure, declared: what is counted, over what, filed under which month.

    `label` and `definition` are a short name and one exact sentence for the page, in English; the catalogs translate
    them. Conditions and amounts are SQL over the columns of the fact.
    """

    id: str
    label: str
    definition: str
    fact: str  # derived table that is counted
    filed_under: str  # its column with the month a row belongs to
    needs: tuple[str, ...] = ()  # canonical columns, as "table.column", without which it says nothing
    kind: Kind = "proportion"
    unit: str = "share"  # or "points", "minutes", "currency" (a month), "amount" (of money), or what is counted
    among: str = "TRUE"  # condition: rows it speaks of at all
    population: str = "TRUE"  # condition: those of them that are counted; the others are `excluded`
    follow_up_days: int = 0  # how long a row must have been observed to be counted
    looks_back_months: int = 0  # how long before the month's end the state is that it is compared with
    follows: bool = False  # the customers of that earlier state are followed, so it must show who left since
    numerator: str = ""  # condition (proportion), amount (total, net, balance, ratio) or minutes (quantile)
    denominator: str = ""  # amount (ratio, net)
    observed: str = ""  # condition: the end of the duration was seen; the others are censored
    quantile: float = 0.5  # share that has ended: 0.5 is the median
    clock: str = ""  # of a duration: "calendar", or "business" for the hours that a team works
    leaves: str = ""  # for a stock, the column with the month in which a row goes
    weight: str = "1"  # column with the weight of a row
    has_scale: bool = False  # the fact says from which score a row counts: `good_from, scale_min, scale_max`
    bounded: bool = False  # a ratio that cannot pass 1
    good: Direction = "neither"  # which direction is better

    @property
    def counted(self) -> str:
        return f"({self.among}) AND ({self.population})"
