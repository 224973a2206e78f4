"""How much each of several drivers explains, whatever the order in which they are asked.

What is explained is the log likelihood that a set of drivers adds (McFadden's R² times a constant). Each driver gets
the average of what it adds over all orders: Lindeman, Merenda and Gold (1980), *Introduction to Bivariate and
Multivariate Analysis*; Grömping (2007), The American Statistician 61, for groups of columns; Azen and Traxel (2009),
Journal of Educational and Behavioral Statistics 34, for logistic regression. It is Shapley's (1953) value.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from scipy import sparse

from cxlib.estimate import ALPHA, Array, Floats, Ints
from cxlib.models.ordinal import Cells, fit

SEED = 20261101
DRAWS = 2_000


@dataclass(frozen=True)
class Importance:
    """What each driver explains, with intervals over whole clusters drawn again.

    `share` is that of what all drivers together explain; NaN where that is not measurably more than nothing. `drawn`,
    shape (drivers, draws), is what each explains in each draw, in log likelihood. `explained` is McFadden's R² of all
    drivers together, freed of what chance alone would explain.
    """

    names: tuple[str, ...]
    share: Floats
    low: Floats
    high: Floats
    drawn: Floats
    explained: float
    explained_low: float
    explained_high: float

    @property
    def is_measurable(self) -> bool:
        return self.explained_low > 0

    def first_among(self, name: str, names: Sequence[str]) -> float:
        """Return in what share of the draws a driver explains more than all others of some."""
        places = [self.names.index(other) for other in names]
        return float(np.mean(self.drawn[places].argmax(axis=0) == places.index(self.names.index(name))))


def relative_importance(cells: Cells, groups: Mapping[str, Array]) -> Importance:
    """Divide what the drivers explain among at most ten groups of them, each named and given by its columns.

    Every set of groups is fitted once. Drawing clusters again moves the log likelihood of a set by their parts of it
    and, as the estimate follows, by half the square of their scores in the metric of the information: the expansion
    to second order of the bootstrap, without fitting again. What a model explains by chance (`Fit.overfit`) is taken
    off, once for the estimate, and once more for the draws, which flatter twice.
    """
    names, clusters = tuple(groups), cells.clusters
    drawn = np.random.default_rng(SEED).multinomial(clusters, np.full(clusters, 1 / clusters), DRAWS).astype(float)
    columns = [np.asarray(index, np.intp) for index in groups.values()]
    alone = [np.unique(cells.drivers[:, index], axis=0, return_inverse=True)[1].ravel() for index in columns]
    codes: dict[tuple[int, ...], Ints] = {(): np.zeros(len(cells.level), np.intp)}
    worth: dict[tuple[int, ...], Floats] = {}
    for size in range(len(names) + 1):
        for chosen in combinations(range(len(names)), size):
            index = np.concatenate([np.empty(0, np.intp), *(columns[place] for place in chosen)])
            if chosen:
                last = alone[chosen[-1]]
                joined = codes[chosen[:-1]] * (int(last.max()) + 1) + last
                codes[chosen] = np.unique(joined, return_inverse=True)[1].ravel()
            model = fit(_collapsed(cells, index, codes[chosen]))
            once = float(model.log_likelihood.sum()) - model.overfit
            moved = (drawn - 1) @ model.scores
            again = drawn @ model.log_likelihood + 0.5 * ((moved @ model.bread) * moved).sum(axis=1)
            worth[chosen] = np.append(once, again - 2 * model.overfit)
    return _divided(names, _shapley(worth, len(names)), -worth[()])


def _collapsed(cells: Cells, columns: Ints, code: Ints) -> Cells:
    """Return cells that differ in some of the drivers only, as numbered by `code`, equal ones added up."""
    _, first, place = np.unique(code * cells.levels + cells.level, return_index=True, return_inverse=True)
    shape = (len(first), len(code))
    into = sparse.coo_array((np.ones(len(code)), (place.ravel(), np.arange(len(code)))), shape=shape)
    return Cells(cells.level[first], cells.drivers[np.ix_(first, columns)], (into @ cells.counts).tocsr())


def _shapley(worth: Mapping[tuple[int, ...], Floats], players: int) -> Floats:
    """Return each player's average gain over all orders, shape (players, values)."""
    gains = np.zeros((players, len(worth[()])))
    for before in worth:
        for player in set(range(players)) - set(before):
            weight = 1 / (players * comb(players - 1, len(before)))
            gains[player] += weight * (worth[tuple(sorted((*before, player)))] - worth[before])
    return gains


def _divided(names: tuple[str, ...], parts: Floats, nothing: Floats) -> Importance:
    """Return the importance from the estimate (first) and the draws of each driver's part, and of the empty model."""
    ends = (100 * ALPHA / 2, 100 * (1 - ALPHA / 2))
    explained = parts.sum(axis=0) / nothing
    low, high = np.percentile(explained[1:], ends)
    share, limits = np.full(len(names), np.nan), np.full((2, len(names)), np.nan)
    if low > 0:
        positive = np.maximum(parts, 0.0)  # a driver that explains less than chance would has no share
        total = positive.sum(axis=0)
        shares = np.divide(positive, total, out=np.zeros_like(positive), where=total > 0)
        share, limits = shares[:, 0], np.percentile(shares[:, 1:], ends, axis=1)
    # an interval holds its own estimate, also where the correction for chance has pushed both to an edge
    lows, highs = np.minimum(limits[0], share), np.maximum(limits[1], share)
    point = float(explained[0])
    return Importance(names, share, lows, highs, parts[:, 1:], point, min(float(low), point), max(float(high), point))
