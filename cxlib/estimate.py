"""From counts and moments to a value with its interval.

Every function takes arrays of sufficient statistics, one element per cell of a breakdown, and
returns arrays of the same length, so the cost does not grow with the number of rows counted;
an `effect` is the design effect of clustered rows, 1 where they are independent.
All intervals are two-sided at 95 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.rates import confint_poisson

ALPHA = 0.05
Z = float(stats.norm.ppf(1 - ALPHA / 2))

RECORD = 1.75
"""By how much a larger amount than the largest seen may lie further above the mean: chosen by drawing from movements of
recurring revenue, of which a few are twenty times the mean, so that the limits of thirty hold in 93 % or more."""

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Bools = npt.NDArray[np.bool_]
Array = npt.ArrayLike


class Interval(NamedTuple):
    """Values with their limits, one element per cell; NaN where there is nothing to estimate from."""

    value: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Estimate:
    """One number with what is needed to believe it.

    `n` counts the units in the denominator; `unit` is "share", "points", "minutes", a currency
    a month or what is counted; `method` names the interval; `flags` say what to be careful of;
    `population` is how many units there are in all, where the number is of these and no others.
    """

    value: float
    low: float
    high: float
    n: int
    unit: str
    method: str
    flags: tuple[str, ...] = ()
    population: int | None = None

    @classmethod
    def unknown(cls, n: int, unit: str, method: str = "", flag: str = "no-data") -> Estimate:
        """Return what stands where a number would, with the reason why there is none."""
        return cls(np.nan, np.nan, np.nan, n, unit, method, (flag,))

    @property
    def is_known(self) -> bool:
        return bool(np.isfinite(self.value))


FIELDS = ("value", "low", "high", "n", "unit", "method", "flags")


def estimates(frame: pd.DataFrame) -> list[Estimate]:
    """Return the Estimates in the rows of a frame that has their fields, such as a table of measures."""
    return [
        Estimate(float(value), float(low), float(high), int(n), str(unit), str(method), flags_in(flags))
        for value, low, high, n, unit, method, flags in frame[list(FIELDS)].astype(object).to_numpy()
    ]


def flags_in(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return flags, which a table of measures joins with commas."""
    return tuple(filter(None, given.split(","))) if isinstance(given, str) else tuple(given)


def design_effect(variance: Array, simple_variance: Array) -> Floats:
    """Return how much clustering widens a variance over the one as if rows were independent, never below 1.

    A value below 1 is as a rule noise of the estimate itself, so it is not used to narrow an interval.
    """
    robust, simple = np.asarray(variance, float), np.asarray(simple_variance, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = robust / simple
    return np.where(np.isfinite(effect), np.maximum(effect, 1.0), 1.0)


def between_groups_variance(residuals: Array, cells: Array, cell_count: int, groups: int) -> Floats:
    """Return the variance of a sum from the spread between random groups of customers.

    Customers are dealt into `groups` groups by a hash, so all rows of one customer lie in one
    group; the spread of the groups' sums then carries the clustering. Wolter (2007),
    *Introduction to Variance Estimation*, 2nd ed., ch. 2. `residuals` are linearised, one per cell
    and group, `cells` the index of the cell of each; groups without rows may be left out, they count as 0.
    """
    values, index = np.asarray(residuals, float), np.asarray(cells, np.intp)
    total = np.bincount(index, values, cell_count)
    squares = np.bincount(index, values**2, cell_count)
    return (squares - total**2 / groups) * groups / (groups - 1)


def proportion(successes: Array, trials: Array, effect: Array = 1.0) -> Interval:
    """Return shares with Wilson's interval on the effective number of trials.

    Wilson (1927), JASA 22; on clustered counts the trials are divided by the design effect,
    as in Dean and Pagano (2015), Journal of Survey Statistics and Methodology 3(4).
    """
    k, n, deff = (np.asarray(a, float) for a in np.broadcast_arrays(successes, trials, effect))
    known = n > 0
    safe = np.where(known, n, 1.0)
    low, high = proportion_confint(np.where(known, k, 0.0) / deff, safe / deff, alpha=ALPHA, method="wilson")
    share = k / safe
    # at 0 and 1 the limit is the share itself, but for the last bit of rounding
    return _known(Interval(share, np.clip(low, 0, share), np.clip(high, share, 1)), known)


def wilson(part: float, whole: float) -> Estimate:
    """Return one share of independent trials with Wilson's interval."""
    value, low, high = (float(line) for line in proportion(part, whole))
    return Estimate(value, low, high, round(whole), "share", "Wilson")


def net_promoter_score(promoters: Array, detractors: Array, answers: Array) -> Interval:
    """Return 100 (promoters - detractors) / answers with the adjusted Wald interval.

    Rocks (2016), The American Statistician 70(4): three quarters of a promoter and of a detractor
    and one and a half passives are added before the variance of the difference is taken. The
    limits stay within -100 and 100. Of clustered answers all three are effective numbers.
    """
    p, d, n = (np.asarray(a, float) for a in (promoters, detractors, answers))
    known = n > 0
    safe = np.where(known, n, 1.0)
    adjusted_n = safe + 3
    centre = (p - d) / adjusted_n
    half = Z * np.sqrt(((p + d + 1.5) / adjusted_n - centre**2) / adjusted_n)
    value = (p - d) / safe
    low, high = np.minimum(centre - half, value), np.maximum(centre + half, value)
    return _known(Interval(100 * value, 100 * np.clip(low, -1, 1), 100 * np.clip(high, -1, 1)), known)


def ratio(y: Array, x: Array, yy: Array, xx: Array, xy: Array, rows: Array) -> Interval:
    """Return sums of y over sums of x, neither of them ever negative, with limits on the log scale.

    From sums, sums of squares and of products. Each row is one customer, so clustering by customer is
    respected. The error is the linearised one (delta method): Cochran (1977), *Sampling Techniques*, 3rd ed.,
    section 6.4; Student's t with rows - 1 degrees of freedom. As in `net_promoter_score`, after Rocks (2016), three
    customers are added before it is taken, so that it is not nothing where nothing moved: three quarters of one that
    gives nothing any more, three quarters of one that gives twice the average, one and a half that give the average;
    each as large as the customer to whom an average unit of x belongs.
    """
    sy, sx, syy, sxx, sxy, n = (np.asarray(a, float) for a in (y, x, yy, xx, xy, rows))
    known = (sx > 0) & (n > 0)
    base = np.where(known, sx, 1.0)
    value, size = sy / base, sxx / base
    spread = _spread(value, syy, sxx, sxy, n) + 1.5 * (value * size) ** 2
    with np.errstate(over="ignore", invalid="ignore"):
        away = _student(n) * np.sqrt(spread) / (base + 3 * size) / np.where(value > 0, value, 1.0)
        low, high = value * np.exp(-away), value * np.exp(away)
    # where nothing was given, nothing is known of how much it would be
    return _known(Interval(value, low, np.where(value > 0, high, np.inf)), known)


def bounded_ratio(y: Array, x: Array, yy: Array, xx: Array, xy: Array, rows: Array) -> Interval:
    """Return a ratio that cannot pass 1 (gross revenue retention), with limits between 0 and 1.

    The error of `ratio`, taken with four customers more, two that give all and two that give nothing: Agresti and
    Coull (1998), The American Statistician 52(2), for a share; here each as large as the customer to whom an average
    unit of x belongs, for a few large ones decide the ratio though they have lost nothing yet.
    """
    sy, sx, syy, sxx, sxy, n = (np.asarray(a, float) for a in (y, x, yy, xx, xy, rows))
    known = (sx > 0) & (n > 0)
    base = np.where(known, sx, 1.0)
    value, size = np.clip(sy / base, 0.0, 1.0), sxx / base
    centre = (sy + 2 * size) / (base + 4 * size)
    spread = _spread(centre, syy, sxx, sxy, n) + 2 * size**2 * (centre**2 + (1 - centre) ** 2)
    with np.errstate(invalid="ignore"):
        half = _student(n) * np.sqrt(spread) / (base + 4 * size)
    low, high = np.clip(centre - half, 0.0, value), np.clip(centre + half, value, 1.0)
    return _known(Interval(value, low, high), known)


def _spread(value: Floats, yy: Floats, xx: Floats, xy: Floats, rows: Floats) -> Floats:
    """Return the variance of the sum of y - value x over rows that are independent."""
    squares = np.maximum(yy - 2 * value * xy + value**2 * xx, 0.0)
    return squares * np.maximum(rows, 1) / np.maximum(rows - 1, 1)


def _student(rows: Floats) -> Floats:
    # infinite for one
    return np.where(rows > 1, stats.t.ppf(1 - ALPHA / 2, np.maximum(rows - 1, 1)), np.inf)


def count(events: Array, effect: Array = 1.0) -> Interval:
    """Return counts with the exact Poisson interval on the effective count.

    Garwood (1936), Biometrika 28, as in statsmodels' `confint_poisson`. It answers how far the
    count would move if the month were lived again at the same rate.
    """
    k, deff = (np.asarray(a, float) for a in np.broadcast_arrays(events, effect))
    low, high = confint_poisson(k / deff, 1.0, method="exact-c", alpha=ALPHA)
    return Interval(k, np.nan_to_num(np.asarray(low, float)) * deff, np.asarray(high, float) * deff)


def total(y: Array, yy: Array, largest: Array, events: Array) -> Interval:
    """Return sums of non-negative amounts, one per customer, with the interval of a compound Poisson sum.

    From sums, sums of squares, the largest amount and the number of amounts. The limits are those of
    `weighted_poisson`, with two things more because the amounts are drawn as well: the part of the variance that
    comes of their being unequal counts with Student's t, and the largest is taken to lie RECORD times as far above the
    mean as the largest seen, for a larger one can come. Of equal amounts the limits are the exact ones of `count`.
    """
    sums, squares, top, k = (np.asarray(a, float) for a in (y, yy, largest, events))
    mean = sums / np.maximum(k, 1)
    unequal = np.maximum(squares - k * mean**2, 0.0) * k / np.maximum(k - 1, 1)
    variance = k * mean**2 + unequal * (np.where(k > 1, _student(k), Z) / Z) ** 2
    return weighted_poisson(sums, variance, mean + RECORD * (top - mean))


def weighted_poisson(y: Floats, variance: Floats, largest: Floats) -> Interval:
    """Return weighted sums of Poisson counts with the gamma interval; `largest` is the largest weight there is.

    Fay and Feuer (1997), Statistics in Medicine 16: gamma distributions of the sum's mean and variance, for the upper
    limit with one more event of the largest weight. It holds where few and uneven amounts make the sum skewed. Where
    there was no event, nothing is known of how large one would be: the upper limit is infinite.
    """
    some = variance > 0
    mean, spread = np.where(some, y, 1.0), np.where(some, variance, 1.0)
    more, wider = mean + largest, spread + largest**2
    low = stats.gamma.ppf(ALPHA / 2, mean**2 / spread, scale=spread / mean)
    high = stats.gamma.ppf(1 - ALPHA / 2, more**2 / wider, scale=wider / more)
    return Interval(y, np.where(some, low, 0.0), np.where(some, high, np.inf))


def net(gains: Interval, losses: Interval) -> Interval:
    """Return sums less other sums, such as sales less refunds, with the limits of both recovered as in `difference`.

    Where nothing was lost, nothing of it adds to the limits.
    """
    value, lost = gains.value - losses.value, losses.value > 0
    below = np.hypot(gains.value - gains.low, np.where(lost, losses.high - losses.value, 0.0))
    above = np.hypot(gains.high - gains.value, np.where(lost, losses.value - losses.low, 0.0))
    return Interval(value, value - below, value + above)


def censored_quantiles(counts: pd.DataFrame, cell_count: int, shares: Sequence[float]) -> list[Interval]:
    """Return Kaplan–Meier quantiles with Brookmeyer and Crowley's interval, one for each share that has ended.

    Durations still running count as at risk until they were last seen. The interval holds the
    times at which the log-log limits of the survival curve (Greenwood's variance) cross the share:
    Kaplan and Meier (1958), JASA 53; Brookmeyer and Crowley (1982), Biometrics 38. A quantile is infinite
    where the curve does not come down that far.

    `counts` is a histogram, one row per cell and bin in ascending order: index of the `cell`, `events` (durations that
    ended in the bin), `censored` (those last seen still running), mean `minutes` of the events. Within a bin events
    come before censorings.
    """
    events, each_cell = counts["events"].astype(float), counts["cell"]
    at_risk = (events + counts["censored"])[::-1].groupby(each_cell).cumsum()[::-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        log_survival = np.log1p(-events / at_risk).groupby(each_cell).cumsum()
        greenwood = (events / (at_risk * (at_risk - events))).groupby(each_cell).cumsum()
        spread = Z * np.sqrt(greenwood) / np.abs(log_survival)
        low, high = np.exp(log_survival * np.exp(spread)), np.exp(log_survival * np.exp(-spread))
    survival = np.exp(log_survival)
    # nothing has ended yet: there is no variance; all has ended: the upper limit is never reached
    low = low.mask(np.isinf(log_survival), 0.0).mask(survival >= 1, 1.0)
    high = high.mask(np.isinf(log_survival)).mask(survival >= 1, 1.0)

    def first_below(line: pd.Series, level: float) -> Floats:
        reached = counts[(line <= level + 1e-12) & (events > 0)]
        first = reached.groupby("cell")["minutes"].first().reindex(range(cell_count), fill_value=np.inf)
        return first.where(first.index.isin(each_cell)).to_numpy(float)

    return [Interval(*(first_below(line, 1 - share) for line in (survival, low, high))) for share in shares]


def difference(later: Estimate, earlier: Estimate) -> Estimate:
    """Return `later - earlier` with an interval built from the two intervals.

    The method of variance estimates recovery: Zou and Donner (2008), Statistics in Medicine 27;
    with Wilson's intervals it is Newcombe's (1998) hybrid score interval. Both months are taken as
    independent; where the same customers are in both, the true interval is narrower.

    >>> now, before = Estimate(0.84, 0.81, 0.87, 500, "share", ""), Estimate(0.80, 0.76, 0.84, 480, "share", "")
    >>> difference(now, before).unit
    'share difference'
    """
    value = later.value - earlier.value
    below = np.hypot(later.value - later.low, earlier.high - earlier.value)
    above = np.hypot(later.high - later.value, earlier.value - earlier.low)
    return Estimate(
        value,
        value - float(below),
        value + float(above),
        min(later.n, earlier.n),
        f"{later.unit.removesuffix(' difference')} difference",
        f"MOVER of two {later.method} intervals",
    )


def two_sided_p(change: Estimate) -> float:
    """Return the p-value of "no change" that belongs to an interval made by `difference`.

    The limit on the side of zero is taken as 1.96 standard errors away: 1 where that side has no limit, NaN
    without a value.
    """
    toward_zero = change.value - change.low if change.value >= 0 else change.high - change.value
    if np.isinf(toward_zero):
        return 1.0
    if toward_zero <= 0:
        return 0.0 if change.value else 1.0
    return float(2 * stats.norm.sf(abs(change.value) / (toward_zero / Z)))


def _known(interval: Interval, known: Bools) -> Interval:
    return Interval(*(np.where(known, line, np.nan) for line in interval))
