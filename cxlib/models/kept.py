"""What share of customers, or of their first revenue, is still there month by month, and how long: with errors.

A life table in months since the start, each customer with a weight. Two such tables give what some work kept; where
only part of the second group got the work, the difference is divided by that part.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from cxlib.errors import MeasureError
from cxlib.estimate import Bools, Estimate, Floats
from cxlib.models.clusters import moved_variance, student

Seconds = npt.NDArray[np.int64]

MONTH = 2_629_800
"""Seconds in a twelfth of a year of 365.25 days."""


@dataclass(frozen=True)
class Kept:
    """Shares kept until the end of each month since the start, shape (months,), and the customers watched through it.

    `influence`, shape (customers, months), is what each customer contributes to the error of each share.
    """

    share: Floats
    influence: Floats
    at_risk: Floats
    weight: Floats

    def months(self, horizon: int) -> tuple[float, Floats]:
        """Return the mean months kept out of `horizon`, shares falling evenly within a month, and all influences."""
        value = 0.5 + float(self.share[:horizon].sum()) - 0.5 * float(self.share[horizon - 1])
        return value, self.influence[:, :horizon].sum(axis=1) - 0.5 * self.influence[:, horizon - 1]


def kept(start: Seconds, end: Seconds, entry: Seconds, cut: int, weight: Floats, months: int) -> Kept:
    """Return the weighted life table of customers over so many months.

    Times are seconds: when a customer began, ended (any time after the cut if still there), and from when on its end
    could have been seen (delayed entry); `cut` is the last one that is known. The weight is 1 for shares of customers,
    the first monthly revenue for shares of revenue. A customer counts in a month if watched from its beginning and if
    the month was over by the cut; so nobody is counted in months that could only be seen where they ended badly.
    Weighted product limit with the influence of each customer: Xie and Liu (2005), Statistics in Medicine 24. Raises
    MeasureError if the lengths differ or there is no month to follow.
    """
    if months < 1 or not len(start) == len(end) == len(entry) == len(weight):
        raise MeasureError(
            f"a life table needs one start, end, entry and weight per customer and at least one month, not "
            f"{len(start)}, {len(end)}, {len(entry)} and {len(weight)} over {months} months"
        )
    begins = start[:, None] + np.arange(months) * MONTH
    over = begins + MONTH
    watched = (entry[:, None] <= begins) & (end[:, None] > begins) & (over <= cut)
    ended = watched & (end[:, None] <= over)
    risk = weight @ watched
    safe = np.where(risk > 0, risk, 1.0)
    hazard = weight @ ended / safe
    share, stays = np.asarray(np.cumprod(1 - hazard), float), np.where(hazard < 1, 1 - hazard, 1.0)
    moved = np.where(watched, weight[:, None] * (ended - hazard) / safe / stays, 0.0)
    return Kept(share, -share * np.cumsum(moved, axis=1), watched.sum(axis=0).astype(float), weight)


def horizon_of(tables: tuple[Kept, ...], fewest: int, longest: int) -> int:
    """Return the last month, up to `longest`, until which each table watches at least so many customers."""
    seen = np.minimum.reduce([table.at_risk[:longest] for table in tables])
    return int(np.argmax(np.append(seen, -np.inf) < fewest))


@dataclass(frozen=True)
class Gain:
    """What the work kept for each who got it.

    `share` is the additional share still there at the end of each month until the horizon, `months` the additional
    months kept until then, `slope` by how much the additional share grows a month.
    """

    share: tuple[Estimate, ...]
    months: Estimate
    slope: Estimate


def gain(with_work: Kept, without: Kept, horizon: int, got: Bools | None = None) -> Gain:
    """Return what the work kept for each who got it, from a group that could get it and one that could not.

    `got` says who of the first group did get it, shape (customers,); everybody if not given. As nobody in the second
    group got any, the effect on those who did is the difference of the groups divided by their share: Bloom (1984),
    Evaluation Review 8(2), with the error of a ratio. Raises MeasureError if nobody got it or the tables are too short.
    """
    took = 1.0 if got is None else float(np.average(got, weights=with_work.weight))
    if took == 0 or not 0 < horizon <= min(len(with_work.share), len(without.share)):
        raise MeasureError(
            f"a gain needs somebody who got the work and a horizon within the tables, not {took:.0%} and "
            f"{horizon} months"
        )
    takers = 0.0 if got is None else with_work.weight * (got - took) / with_work.weight.sum()

    def ratio(value: float, mine: Floats, others: Floats, unit: str) -> Estimate:
        variance = moved_variance((mine - takers * value / took) / took) + moved_variance(others / took)
        return student(value / took, variance, np.inf, len(mine), unit, "difference of weighted life tables")

    gap = (with_work.share - without.share)[:horizon]
    (longer, by_mine), (shorter, by_others) = with_work.months(horizon), without.months(horizon)
    centred = np.arange(horizon) - (horizon - 1) / 2
    weight = centred / max(float(centred @ centred), 1.0)
    mine, others = with_work.influence[:, :horizon], without.influence[:, :horizon]
    return Gain(
        tuple(ratio(float(gap[k]), mine[:, k], others[:, k], "share difference") for k in range(horizon)),
        ratio(longer - shorter, by_mine, by_others, "months"),
        ratio(float(weight @ gap), mine @ weight, others @ weight, "share difference"),
    )
