"""Ordered answers, such as scores from 1 to 5, explained by several drivers at once, and what each of them explains.

The proportional-odds model of McCullagh (1980), Journal of the Royal Statistical Society B 42; with two levels it is
logistic regression. Equal rows are counted once; statsmodels' `OrderedModel` takes neither weights nor clusters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations
from math import comb
from typing import Self

import numpy as np
from scipy import sparse, stats
from scipy.special import expit, logit

from cxlib.estimate import Array, Estimate, Floats, Ints
from cxlib.models.clusters import from_draws, hidden_if_few, sandwich, student

RIDGE = 1e-3  # precision of a weak prior: it moves nothing but coefficients that data would send to infinity
STEPS = 60
CLOSE = 1e-9
SEED = 20261101
DRAWS = 2_000


@dataclass(frozen=True)
class Cells:
    """Answers counted by what they have in common.

    `level`, shape (cells,), is the answer, 0 for the lowest; every level up to the highest occurs. `drivers` has the
    shape (cells, drivers), and `counts`, sparse, (cells, clusters): how many answers each cluster has in the cell.
    """

    level: Ints
    drivers: Floats
    counts: sparse.csr_array

    @classmethod
    def of(cls, level: Array, drivers: Floats, weight: Array, cluster: Array) -> Self:
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

    def split(self, level: int) -> "Cells":
        """Return the same answers as no (below a level) and yes."""
        return Cells((self.level >= level).astype(np.intp), self.drivers, self.counts)

    def by_cluster(self, of_cells: Floats) -> Floats:
        """Return the weighted sum per cluster of what is there per cell."""
        return np.asarray(self.counts.T @ of_cells, float)


@dataclass(frozen=True)
class Fit:
    """A fitted model: thresholds, one less than levels, and coefficients, log odds of a higher answer per unit.

    `bread` is the inverse of the observed information; `scores`, shape (clusters, parameters), are sums of each
    cluster's scores at the estimate, and `log_likelihood`, shape (clusters,), its part.
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
    def overfit(self) -> float:
        """By how much the log likelihood flatters the model, in expectation: for clusters, after Takeuchi (1976)."""
        return 0.5 * float(np.trace(self.bread @ sandwich(self.scores)))


def fit(cells: Cells, ridge: float = RIDGE) -> Fit:
    """Fit the model by Newton's method, without a prior if `ridge` is 0; ValueError if all answers are the same."""
    if cells.levels < 2:
        raise ValueError("an ordered answer needs two levels that occur; all answers are the same")
    drivers, edges = cells.drivers.shape[1], cells.levels - 1
    shares = np.cumsum(np.bincount(cells.level, cells.weight))[:-1] / cells.weight.sum()
    parameters = np.r_[logit(shares), np.zeros(drivers)]
    penalty = np.r_[np.zeros(edges), np.full(drivers, ridge)]
    value = _objective(cells, parameters, penalty)
    for _ in range(STEPS):
        scores, information = _derivatives(cells, parameters)
        step = np.linalg.solve(information + np.diag(penalty), scores.T @ cells.weight - penalty * parameters)
        scale = 1.0
        while (new := _objective(cells, parameters + scale * step, penalty)) < value and scale > CLOSE:
            scale /= 2
        parameters = parameters + scale * step
        done = abs(new - value) < CLOSE * max(1.0, abs(value))
        value = new
        if done:
            break
    scores, information = _derivatives(cells, parameters)
    by_cluster = cells.by_cluster(scores)
    return Fit(
        parameters[:edges],
        parameters[edges:],
        np.asarray(np.linalg.inv(information + np.diag(penalty)), float),
        by_cluster - by_cluster.mean(axis=0),  # the prior pulls the sum of scores a little off zero
        cells.by_cluster(np.log(_ends(cells, parameters)[2])),
    )


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
    if not np.isfinite(parameters).all() or np.any(np.diff(parameters[: cells.levels - 1]) <= 0):
        return -np.inf
    return float(cells.weight @ np.log(_ends(cells, parameters)[2]) - 0.5 * penalty @ parameters**2)


def _derivatives(cells: Cells, parameters: Floats) -> tuple[Floats, Floats]:
    """Return each cell's gradient of its log probability, shape (cells, parameters), and the observed information."""
    upper, lower, chance = _ends(cells, parameters)
    up, low = (expit(end) * expit(-end) / chance for end in (upper, lower))
    bend_up, bend_low = up * (1 - 2 * expit(upper)), low * (1 - 2 * expit(lower))
    level, weight, x, edges, net = cells.level, cells.weight, cells.drivers, cells.levels - 1, up - low
    which = np.eye(edges + 2)[:, 1:-1]  # the outermost thresholds are at infinity and no parameters
    at_thresholds = up[:, None] * which[level + 1] - low[:, None] * which[level]
    hessian = np.zeros((len(parameters), len(parameters)))
    hessian[edges:, edges:] = (x.T * (weight * (bend_up - bend_low - net**2))) @ x
    for edge in range(edges):
        under, over = level == edge, level == edge + 1
        with_drivers = x[under].T @ (weight * (up * net - bend_up))[under]
        with_drivers += x[over].T @ (weight * (bend_low - low * net))[over]
        hessian[edge, edges:] = hessian[edges:, edge] = with_drivers
        hessian[edge, edge] = (weight * (bend_up - up**2))[under].sum() - (weight * (bend_low + low**2))[over].sum()
        if edge + 1 < edges:
            hessian[edge, edge + 1] = hessian[edge + 1, edge] = (weight * up * low)[over].sum()
    return np.hstack([at_thresholds, -net[:, None] * x]), -hessian


def average_effect(cells: Cells, model: Fit, good_from: int, before: Floats, after: Floats) -> Estimate:
    """Return by how much the share of good answers, of at least that level, differs between settings of the drivers.

    Each cell's probability is predicted with both settings, shape (cells, drivers), and averaged. Delta method on the
    clusters' influences, the mix of cells included; Student's t with one less than there are clusters.
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
    influence = cells.by_cluster(difference - value) / total + model.influence @ gradient
    variance, freedom = float(sandwich(influence)), max(cells.clusters - 1, 1)
    method = "ordered logit, average effect, delta method, clustered"
    return hidden_if_few(student(value, variance, freedom, cells.answers, "share difference", method))


def parallel_test(cells: Cells, tested: Array) -> float:
    """Return the p-value of proportional odds on some columns of the drivers; NaN where it cannot be computed.

    Brant (1990), Biometrics 46: a Wald test that logistic regressions, one per threshold, agree in the coefficients,
    with the covariance of the clusters and, as they are only so many, Hotelling's F.
    """
    columns = np.asarray(tested, np.intp)
    models = [fit(cells.split(edge)) for edge in range(1, cells.levels)]
    by_threshold = np.array([model.coefficients[columns] for model in models])
    contrasts: Floats = (by_threshold[:1] - by_threshold[1:]).ravel()
    count, groups = len(contrasts), cells.clusters
    if count == 0 or groups - count < 5:
        return float("nan")
    first, *others = (model.influence[:, 1 + columns] for model in models)
    spread = sandwich(np.hstack([first - part for part in others]))
    wald = float(contrasts @ np.linalg.lstsq(spread, contrasts, rcond=None)[0])
    return float(stats.f.sf(wald * (groups - count) / (count * (groups - 1)), count, groups - count))


@dataclass(frozen=True)
class Importance:
    """What each driver explains, with intervals over whole clusters drawn again.

    `shares` are of what all explain together, none where that is not measurably more than nothing; `explained` is
    McFadden's R² of all, freed of chance; `drawn` is what each explains in each draw, in log likelihood.
    """

    shares: Mapping[str, Estimate]
    explained: Estimate
    drawn: Mapping[str, Floats]

    def first_among(self, name: str, names: Sequence[str]) -> float:
        """Return in what share of the draws a driver explains more than all others of some."""
        return float(np.mean(np.argmax([self.drawn[other] for other in names], axis=0) == names.index(name)))


def relative_importance(cells: Cells, groups: Mapping[str, Array]) -> Importance:
    """Divide what the drivers explain among at most ten groups of them, each named and given by its columns.

    That is the log likelihood that a set of drivers adds (McFadden's R² times a constant); each gets the average over
    all orders, Shapley's value: Lindeman, Merenda and Gold (1980); Grömping (2007), The American Statistician 61, for
    groups of columns; Azen and Traxel (2009), Journal of Educational and Behavioral Statistics 34, for logistic
    regression.

    Every set is fitted once. Drawing clusters again moves its log likelihood by their parts of it and by half the
    square of their scores in the metric of the information: the bootstrap expanded to second order. What a model
    explains by chance (`Fit.overfit`) is taken off, once for the estimate, and once more for the draws, which flatter
    twice.
    """
    clusters = cells.clusters
    drawn = np.random.default_rng(SEED).multinomial(clusters, np.full(clusters, 1 / clusters), DRAWS).astype(float)
    columns = [np.asarray(index, np.intp) for index in groups.values()]
    # the cells that are alike in a group of drivers have one code
    codes = [np.unique(cells.drivers[:, index], axis=0, return_inverse=True)[1].ravel() for index in columns]
    worth: dict[tuple[int, ...], Floats] = {}
    for chosen in chain.from_iterable(combinations(range(len(groups)), size) for size in range(len(groups) + 1)):
        index = np.concatenate([np.empty(0, np.intp), *(columns[place] for place in chosen)])
        model = fit(_collapsed(cells, index, [codes[place] for place in chosen]))
        once = float(model.log_likelihood.sum()) - model.overfit
        moved = (drawn - 1) @ model.scores
        again = drawn @ model.log_likelihood + 0.5 * ((moved @ model.bread) * moved).sum(axis=1)
        worth[chosen] = np.append(once, again - 2 * model.overfit)
    parts, of = (
        _shapley(worth, len(groups)),
        (cells.answers, "share", "Lindeman-Merenda-Gold, whole clusters drawn again"),
    )
    explained, shares = from_draws(parts.sum(axis=0) / -worth[()], *of), {}
    if explained.low > 0:
        positive = np.maximum(parts, 0.0)  # a driver that explains less than chance would has no share
        total = positive.sum(axis=0)
        of_all = np.divide(positive, total, out=np.zeros_like(positive), where=total > 0)
        shares = {name: from_draws(share, *of) for name, share in zip(groups, of_all, strict=True)}
    return Importance(shares, explained, dict(zip(groups, parts[:, 1:], strict=True)))


def _collapsed(cells: Cells, columns: Ints, codes: Sequence[Ints]) -> Cells:
    """Return cells that differ in some of the drivers only, as numbered by `codes`, equal ones added up."""
    _, first, place = np.unique(cells.level, return_index=True, return_inverse=True)
    for code in codes:  # whole numbers are sorted sooner than rows
        _, first, place = np.unique(place * (code.max() + 1) + code, return_index=True, return_inverse=True)
    into = sparse.coo_array((np.ones(len(place)), (place, np.arange(len(place)))))
    return Cells(cells.level[first], cells.drivers[np.ix_(first, columns)], (into @ cells.counts).tocsr())


def _shapley(worth: Mapping[tuple[int, ...], Floats], players: int) -> Floats:
    """Return each player's average gain over all orders, shape (players, values)."""
    gains = np.zeros((players, len(worth[()])))
    for before in worth:
        for player in set(range(players)) - set(before):
            weight = 1 / (players * comb(players - 1, len(before)))
            gains[player] += weight * (worth[tuple(sorted((*before, player)))] - worth[before])
    return gains
