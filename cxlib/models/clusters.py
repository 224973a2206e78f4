"""What the models share: errors of rows of one cluster (as a rule a customer), limits, and what few cases may say."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.estimate import ALPHA, Array, Estimate, Floats, design_effect, proportion
from cxlib.metrics.measure import SMALL_BELOW, SUPPRESSED_BELOW

RATIO_METHOD = "limits put together on the log scale"


def hidden_if_few(estimate: Estimate) -> Estimate:
    """Return an estimate with the flags of its size, and without its numbers where it rests on fewer than five."""
    if estimate.n >= SMALL_BELOW:
        return estimate
    if estimate.n >= SUPPRESSED_BELOW:
        return replace(estimate, flags=(*estimate.flags, "small"))
    return replace(estimate, value=np.nan, low=np.nan, high=np.nan, flags=(*estimate.flags, "suppressed"))


def estimated(ends: Array, n: int, unit: str, method: str, *flags: str) -> Estimate:
    """Return an Estimate of (value, low, high): unknown without a value, hidden if it rests on few."""
    value, low, high = np.ravel(np.asarray(ends, float)).tolist()
    if n == 0 or (np.isnan(value) and n >= SUPPRESSED_BELOW):
        return Estimate.unknown(n, unit, method)
    return hidden_if_few(Estimate(value, low, high, n, unit, method, flags))


def from_draws(draws: Floats, n: int, unit: str = "share", method: str = "bootstrap") -> Estimate:
    """Return the first of some numbers, with the middle 95 % of the others, which are its draws."""
    # an interval holds its own estimate, also where both are at an edge
    low, high = np.nanquantile(draws[1:], [ALPHA / 2, 1 - ALPHA / 2])
    return estimated((draws[0], min(low, draws[0]), max(high, draws[0])), n, unit, method)


def sandwich(influence: Floats, groups: int | None = None) -> Floats:
    """Return the covariance of sums of clusters' influences, shape (clusters, sums): Liang and Zeger (1986)."""
    many = len(influence) if groups is None else groups
    return np.asarray(influence.T @ influence * many / max(many - 1, 1), float)


def cluster_variance(influence: Array, cluster: Array) -> float:
    """Return the variance of a sum of influences, those of one cluster added first; 0 for a single cluster."""
    place = pd.factorize(np.asarray(cluster), use_na_sentinel=False)[0]
    sums = np.bincount(place, np.asarray(influence, float)).astype(float)
    return float(sandwich(sums)) if len(sums) > 1 else 0.0


def moved_variance(influence: Floats) -> float:
    """Return the variance of a sum of influences; only clusters that move it count, infinite below two of them."""
    moved = int((influence != 0).sum())
    return float(sandwich(influence, moved)) if moved > 1 else np.inf


def share_effect(yes: Floats, cluster: Array) -> float:
    """Return the design effect of clusters on the share of yes."""
    n, mean = len(yes), float(np.mean(yes))
    simple = mean * (1 - mean) / max(n - 1, 1)
    return float(design_effect(cluster_variance((yes - mean) / n, cluster), simple))


def half_width(variance: float, freedom: float) -> float:
    """Return half of Student's interval; with endless freedom the normal one."""
    return float(stats.t.ppf(1 - ALPHA / 2, freedom) * np.sqrt(variance))


def student(value: float, variance: float, freedom: float, n: int, unit: str, method: str) -> Estimate:
    """Return a value with Student's limits."""
    half = half_width(variance, freedom)
    return Estimate(value, value - half, value + half, n, unit, method)


def share_limits(value: float, half: float, n: int) -> tuple[float, float]:
    """Return the limits of a share of n, on the scale log(-log(1 - share)); Wilson's where it is none, or all."""
    if 1e-12 < value < 1 - 1e-12:
        hazard = -np.log1p(-value)
        low, high = -np.expm1(-hazard * np.exp(np.array([-half, half]) / ((1 - value) * hazard)))
    else:
        _, low, high = proportion(np.round(value) * n, n)
    return float(low), float(high)


def ratio_limits(first: Array, second: Array) -> tuple[float, float]:
    """Return limits of a ratio of two (value, low, high) above 0, on the log scale: Donner and Zou (2012)."""
    one, two = np.log(np.asarray(first, float)), np.log(np.asarray(second, float))
    middle = one[0] - two[0]
    down, up = np.hypot(one[0] - one[1], two[2] - two[0]), np.hypot(one[2] - one[0], two[0] - two[1])
    return float(np.exp(middle - down)), float(np.exp(middle + up))


def times_as_many(one: Estimate, other: Estimate) -> Estimate:
    """Return one positive number over another; not known where either, or a limit, is none or without end."""
    first, second = ((each.value, each.low, each.high) for each in (one, other))
    known = np.isfinite([first, second]).all() and min(*first, *second) > 0
    ends = (one.value / other.value, *ratio_limits(first, second)) if known else (np.nan,) * 3
    return estimated(ends, min(one.n, other.n), "ratio", RATIO_METHOD)


def columns(covariates: pd.DataFrame) -> Iterator[tuple[str, pd.Series, bool]]:
    """Give each covariate: name, numbers or text, and whether it is a category; a missing one is the empty level."""
    for name in covariates:
        column = covariates[name]
        is_category = not pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
        text = column.astype(object).where(column.notna(), "").astype(str) if is_category else column.astype(float)
        yield str(name), text, is_category
