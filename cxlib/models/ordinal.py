"""Ordered answers, such as scores from 1 to 5, explained by several drivers at once.

The proportional-odds model of McCullagh (1980), Journal of the Royal Statistical Society B 42: the log odds of an
answer above any threshold move by the same amount with a driver. With two levels it is logistic regression.

It runs on weighted cells, equal rows counted once, so its cost does not grow with the number of answers;
statsmodels' `OrderedModel` takes neither weights nor clusters, and serves as the oracle in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats
from scipy.special import expit, logit

from cxlib.estimate import ALPHA, Estimate, Floats, Ints
from cxlib.models.binary import hidden_if_few

RIDGE = 1e-3
"""Precision of a weak prior around zero: it moves nothing but coefficients that data would send to infinity."""
STEPS = 60
CLOSE = 1e-9


@dataclass(frozen=True)
class Cells:
    """Answers counted by what they have in common.

    Parameters
    ----------
    level : ndarray of int, shape (cells,)
        The answer, 0 for the lowest; every level up to the highest occurs.
    drivers : ndarray, shape (cells, drivers)
    counts : sparse array, shape (cells, clusters)
        How many answers each cluster, a customer or a group of customers, has in the cell.
    """

    level: Ints
    drivers: Floats
    counts: sparse.csr_array

    @classmethod
    def of(cls, level: npt.ArrayLike, drivers: Floats, weight: npt.ArrayLike, cluster: npt.ArrayLike) -> Cells:
        """Count rows, one per cell and cluster or finer; levels and clusters may have any names, in their order."""
        levels, clusters = (np.unique(np.asarray(one), return_inverse=True)[1].ravel() for one in (level, cluster))
        cells, place = np.unique(np.column_stack([levels, drivers]), axis=0, return_inverse=True)
        counts = sparse.coo_array((np.asarray(weight, float), (place.ravel(), clusters))).tocsr()
        return cls(cells[:, 0].astype(np.intp), cells[:, 1:], counts)

    @cached_property
    def weight(self) -> Floats:
        return np.asarray(self.counts.sum(axis=1), float).ravel()

    @property
    def levels(self) -> int:
        return int(self.level.max()) + 1

    @property
    def clusters(self) -> int:
        return int(self.counts.shape[1])

    @property
    def answers(self) -> int:
        return round(float(self.weight.sum()))

    def split(self, level: int) -> Cells:
        """Return the same answers as no (below a level) and yes."""
        return Cells((self.level >= level).astype(np.intp), self.drivers, self.counts)

    def by_cluster(self, of_cells: Floats) -> Floats:
        """Return the weighted sum per cluster of what is there per cell."""
        return np.asarray(self.counts.T @ of_cells, float)


@dataclass(frozen=True)
class Fit:
    """A fitted model.

    Parameters
    ----------
    thresholds : ndarray, shape (levels - 1,)
    coefficients : ndarray, shape (drivers,)
        Log odds of a higher answer, per unit of the driver.
    bread : ndarray, shape (parameters, parameters)
        Inverse of the observed information; parameters are thresholds, then coefficients.
    scores : ndarray, shape (clusters, parameters)
        Sum of each cluster's scores at the estimate.
    log_likelihood : ndarray, shape (clusters,)
        Each cluster's part.
    """

    thresholds: Floats
    coefficients: Floats
    bread: Floats
    scores: Floats
    log_likelihood: Floats

    @property
    def influence(self) -> Floats:
        """What each cluster adds to the error of the parameters, shape (clusters, parameters)."""
        return self.scores @ self.bread

    @property
    def covariance(self) -> Floats:
        """Cluster-robust covariance (Liang and Zeger 1986, Biometrika 73), with the factor G / (G - 1)."""
        return sandwich(self.influence)

    @property
    def overfit(self) -> float:
        """By how much the log likelihood flatters the model, in expectation.

        Half the trace of information against spread of scores: Takeuchi's (1976) form of Akaike's correction, which
        holds for clusters.
        """
        groups = len(self.scores)
        spread = self.scores.T @ self.scores * groups / max(groups - 1, 1)
        return 0.5 * float(np.trace(self.bread @ spread))


def sandwich(influence: Floats) -> Floats:
    """Return the covariance of sums of independent clusters' influences, shape (clusters, parameters)."""
    groups = len(influence)
    return np.asarray(influence.T @ influence * groups / max(groups - 1, 1), float)


def fit(cells: Cells, ridge: float = RIDGE) -> Fit:
    """Fit the model by Newton's method.

    Parameters
    ----------
    cells : Cells
        At least two levels.
    ridge : float
        Precision of the prior of the coefficients; 0 for plain maximum likelihood.

    Raises
    ------
    ValueError
        If all answers are the same.
    """
    if cells.levels < 2:
        raise ValueError("an ordered answer needs two levels that occur; all answers are the same")
    drivers, edges = cells.drivers.shape[1], cells.levels - 1
    shares = np.cumsum(np.bincount(cells.level, cells.weight))[:-1] / cells.weight.sum()
    parameters = np.r_[logit(shares), np.zeros(drivers)]
    penalty = np.r_[np.zeros(edges), np.full(drivers, ridge)]
    value = _objective(cells, parameters, penalty)
    for _ in range(STEPS):
        gradient, hessian = _derivatives(cells, parameters)
        step = np.linalg.solve(-hessian + np.diag(penalty), gradient - penalty * parameters)
        scale = 1.0
        while (new := _objective(cells, parameters + scale * step, penalty)) < value and scale > CLOSE:
            scale /= 2
        parameters = parameters + scale * step
        done = abs(new - value) < CLOSE * max(1.0, abs(value))
        value = new
        if done:
            break
    return _fitted(cells, parameters, penalty)


def _ends(cells: Cells, parameters: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each cell's distance to the upper and lower threshold of its level, and its probability."""
    edges = cells.levels - 1
    thresholds = np.r_[-np.inf, parameters[:edges], np.inf]
    place = cells.drivers @ parameters[edges:]
    upper, lower = thresholds[cells.level + 1] - place, thresholds[cells.level] - place
    # of two equal differences the one between small numbers keeps its digits
    flip = lower > 0
    chance = np.where(flip, expit(-lower) - expit(-upper), expit(upper) - expit(lower))
    return upper, lower, np.maximum(chance, 1e-300)


def _objective(cells: Cells, parameters: Floats, penalty: Floats) -> float:
    thresholds = parameters[: cells.levels - 1]
    if not np.isfinite(parameters).all() or np.any(np.diff(thresholds) <= 0):
        return -np.inf
    chance = _ends(cells, parameters)[2]
    return float(cells.weight @ np.log(chance) - 0.5 * penalty @ parameters**2)


def _slopes(cells: Cells, parameters: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return, per cell, slope and bend of the logistic curve at either end, over the cell's probability."""
    upper, lower, chance = _ends(cells, parameters)
    up, low = (expit(end) * expit(-end) / chance for end in (upper, lower))
    return up, low, up * (1 - 2 * expit(upper)), low * (1 - 2 * expit(lower))


def _scores(cells: Cells, up: Floats, low: Floats) -> Floats:
    """Return the gradient of each cell's log probability, shape (cells, parameters)."""
    edges = cells.levels - 1
    at_thresholds = np.zeros((len(up), edges))
    has_upper, has_lower = cells.level < edges, cells.level > 0
    at_thresholds[has_upper, cells.level[has_upper]] = up[has_upper]
    at_thresholds[has_lower, cells.level[has_lower] - 1] = -low[has_lower]
    return np.hstack([at_thresholds, -(up - low)[:, None] * cells.drivers])


def _derivatives(cells: Cells, parameters: Floats) -> tuple[Floats, Floats]:
    """Return gradient and Hessian of the log likelihood."""
    up, low, bend_up, bend_low = _slopes(cells, parameters)
    weight, x, edges = cells.weight, cells.drivers, cells.levels - 1
    net = up - low
    hessian = np.zeros((len(parameters), len(parameters)))
    hessian[edges:, edges:] = (x.T * (weight * (bend_up - bend_low - net**2))) @ x
    for edge in range(edges):
        under, over = cells.level == edge, cells.level == edge + 1
        with_drivers = x[under].T @ (weight * (up * net - bend_up))[under]
        with_drivers += x[over].T @ (weight * (bend_low - low * net))[over]
        hessian[edge, edges:] = hessian[edges:, edge] = with_drivers
        hessian[edge, edge] = (weight * (bend_up - up**2))[under].sum() - (weight * (bend_low + low**2))[over].sum()
        if edge + 1 < edges:
            hessian[edge, edge + 1] = hessian[edge + 1, edge] = (weight * up * low)[over].sum()
    return _scores(cells, up, low).T @ weight, hessian


def _fitted(cells: Cells, parameters: Floats, penalty: Floats) -> Fit:
    edges = cells.levels - 1
    hessian = _derivatives(cells, parameters)[1]
    by_cluster = cells.by_cluster(_scores(cells, *_slopes(cells, parameters)[:2]))
    # the prior pulls the sum of scores a little off zero
    by_cluster = by_cluster - by_cluster.mean(axis=0)
    likelihood = cells.by_cluster(np.log(_ends(cells, parameters)[2]))
    bread = np.asarray(np.linalg.inv(-hessian + np.diag(penalty)), float)
    return Fit(parameters[:edges], parameters[edges:], bread, by_cluster, likelihood)


def average_effect(cells: Cells, model: Fit, good_from: int, before: Floats, after: Floats) -> Estimate:
    """Return by how much the share of good answers differs between two settings of the drivers.

    Each cell's probability of a level of `good_from` or more is predicted with both settings and averaged. Interval
    by the delta method on the clusters' influences, those on the mix of cells included; Student's t with one degree
    of freedom less than there are clusters.

    Parameters
    ----------
    cells, model : Cells, Fit
    good_from : int
        Lowest level that counts as good.
    before, after : ndarray, shape (cells, drivers)
    """
    threshold, edges = model.thresholds[good_from - 1], len(model.thresholds)
    total, weight = cells.weight.sum(), cells.weight
    difference, gradient = np.zeros(len(weight)), np.zeros(len(model.bread))
    for setting, sign in ((after, 1.0), (before, -1.0)):
        chance = expit(setting @ model.coefficients - threshold)
        slope = sign * weight * chance * (1 - chance) / total
        difference += sign * chance
        gradient[good_from - 1] -= slope.sum()
        gradient[edges:] += slope @ setting
    value = float(weight @ difference / total)
    mix = cells.by_cluster(difference - value) / total
    influence = mix + model.influence @ gradient
    groups = cells.clusters
    half = float(stats.t.ppf(1 - ALPHA / 2, max(groups - 1, 1)) * np.sqrt(sandwich(influence[:, None])[0, 0]))
    method = "ordered logit, average effect, delta method, clustered"
    return hidden_if_few(Estimate(value, value - half, value + half, cells.answers, "share difference", method))


@dataclass(frozen=True)
class ParallelTest:
    """Whether the effect of the drivers is the same at every threshold.

    Parameters
    ----------
    by_threshold : ndarray, shape (levels - 1, drivers tested)
        Log odds ratios of separate logistic regressions, one per threshold.
    statistic, p_value : float
        Brant's Wald statistic as an F, and its p-value; NaN where it cannot be computed.
    """

    by_threshold: Floats
    statistic: float
    p_value: float

    @property
    def holds(self) -> bool:
        """Whether the data let the effects be the same, as far as can be told."""
        return not self.p_value < ALPHA


def parallel_test(cells: Cells, tested: npt.ArrayLike) -> ParallelTest:
    """Test proportional odds.

    Brant (1990), Biometrics 46: one logistic regression per threshold, all other drivers in each, and a Wald test
    that the coefficients agree. The covariance is taken from the clusters, and as there are only so many of them
    the statistic is held against Hotelling's F.

    Parameters
    ----------
    cells : Cells
    tested : array_like of int
        Columns of the drivers whose coefficients are compared.
    """
    columns = np.asarray(tested, np.intp)
    estimates, influences = [], []
    for edge in range(1, cells.levels):
        model = fit(cells.split(edge))
        estimates.append(model.coefficients[columns])
        influences.append(model.influence[:, 1 + columns])
    by_threshold = np.array(estimates)
    contrasts: Floats = (by_threshold[:1] - by_threshold[1:]).ravel()
    count, groups = len(contrasts), cells.clusters
    if count == 0 or groups - count < 5:
        return ParallelTest(by_threshold, float("nan"), float("nan"))
    spread = sandwich(np.hstack([influences[0] - part for part in influences[1:]]))
    wald = float(contrasts @ np.linalg.lstsq(spread, contrasts, rcond=None)[0])
    statistic = wald * (groups - count) / (count * (groups - 1))
    return ParallelTest(by_threshold, statistic, float(stats.f.sf(statistic, count, groups - count)))
