"""How far those picked for a low score move up with nothing done: Barnett and others (2005), IJE 34; James (1973)."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from cxlib.estimate import Array, Estimate, Floats, Z
from cxlib.models.clusters import cluster_variance, hidden_if_few, student


@dataclass(frozen=True)
class Movement:
    """What became of those who were picked: their mean scores then and the next time, and their mean change.

    `expected` is the change that chance alone brings, `correlation` that of two scores of the same customer, over all
    customers: how much of a score is the customer's own. `cutoff` is the highest score that was picked.
    """

    cutoff: float
    first: Estimate
    second: Estimate
    observed: Estimate
    expected: float
    correlation: Estimate


def expected_change(spread: float, correlation: float, cutoff: float, mean: float) -> float:
    """Return by how much the mean of those at or below a cutoff rises with nothing done, for normal scores.

    spread (1 - correlation) phi(z) / Phi(z) with z = (cutoff - mean) / spread: Barnett and others (2005), equation 1,
    where (1 - correlation) is the share of the variance within one customer.
    """
    z = (cutoff - mean) / spread
    # on the log scale, so that a cutoff far below everybody does not divide 0 by 0
    return float(spread * (1 - correlation) * np.exp(stats.norm.logpdf(z) - stats.norm.logcdf(z)))


def movement(first: Array, second: Array, cluster: Array, share: float, unit: str = "points") -> Movement | None:
    """Return how those with the lowest first scores moved; None where scores do not differ.

    `first` and `second`, shape (pairs,), are two scores of the same customer, one after the other; at least `share` of
    the pairs is picked, and with it all others of the same score.
    """
    one, two, belongs = np.asarray(first, float), np.asarray(second, float), np.asarray(cluster)
    if len(one) < 4 or one.std() == 0 or two.std() == 0:
        return None
    cutoff = float(np.quantile(one, share, method="inverted_cdf"))
    picked = one <= cutoff
    # half a point up, as scores are whole points and the formula is for fine ones
    step = float(np.diff(np.unique(one)).min()) / 2
    correlation = _correlation(one, two, len(np.unique(belongs)))
    expected = expected_change(float(one.std(ddof=1)), correlation.value, cutoff + step, float(one.mean()))
    before, after, change = (mean_of(values[picked], belongs[picked], unit) for values in (one, two, two - one))
    return Movement(cutoff, before, after, change, expected, correlation)


def mean_of(values: Floats, cluster: Array, unit: str) -> Estimate:
    """Return a mean, values of one cluster hanging together."""
    n, clusters, mean = len(values), len(np.unique(cluster)), float(values.mean()) if len(values) else np.nan
    variance = cluster_variance((values - mean) / n, cluster) if clusters > 1 else np.inf
    return hidden_if_few(student(mean, variance, max(clusters - 1, 1), n, unit, "mean, clustered"))


def _correlation(one: Floats, two: Floats, customers: int) -> Estimate:
    """Return Pearson's correlation with Fisher's (1915) interval on the number of customers."""
    value, low, high = float(np.corrcoef(one, two)[0, 1]), -1.0, 1.0
    if customers > 3 and abs(value) < 1:
        low, high = (float(np.tanh(np.arctanh(value) + side / np.sqrt(customers - 3))) for side in (-Z, Z))
    return Estimate(value, low, high, len(one), "ratio", "Fisher's z")
