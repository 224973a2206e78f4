"""How much each of several drivers explains, whatever the order in which they are asked.

What is explained is the log likelihood that a set of drivers adds (McFadden's R² times a constant). Each driver gets
the average of what it adds over all orders: Lindeman, Merenda and Gold (1980), *Introduction to Bivariate and
Multivariate Analysis*; Grömping (2007), The American Statistician 61, for groups of columns; Azen and Traxel (2009),
Journal of Educational and Behavioral Statistics 34, for logistic regression. It is Shapley's (1953) value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import numpy.typing as npt
from scipy import sparse

from cxlib.estimate import ALPHA, Floats, Ints
from cxlib.models.ordinal import Cells, Fit, fit

SEED = 20261101
DRAWS = 2_000


@dataclass(frozen=True)
class Importance:
    """What each driver explains, with intervals over whole clusters drawn again.

    Parameters
    ----------
    names : tuple of str
    share, low, high : ndarray, shape (drivers,)
        Share of what all drivers together explain; NaN where that is not measurably more than nothing.
    drawn : ndarray, shape (drivers, draws)
        What each explains in each draw, in log likelihood.
    explained, explained_low, explained_high : float
        McFadden's R² of all drivers together, freed of what chance alone would explain.
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


def relative_importance(cells: Cells, groups: Mapping[str, npt.ArrayLike]) -> Importance:
    """Divide what the drivers explain among them.

    Every set of drivers is fitted once. Drawing clusters again moves the log likelihood of a set by their parts of it
    and, as the estimate follows, by half the square of their scores in the metric of the information: the expansion
    to second order of the bootstrap, without fitting again. What a model explains by chance (`Fit.overfit`) is taken
    off, once for the estimate, and once more for the draws, which flatter twice.

    Parameters
    ----------
    cells : Cells
    groups : mapping of str to array_like of int
        The columns of the drivers that belong together, by name: at most ten groups.
    """
    names = tuple(groups)
    rng = np.random.default_rng(SEED)
    clusters = cells.clusters
    drawn = rng.multinomial(clusters, np.full(clusters, 1 / clusters), DRAWS).astype(float)
    columns = [np.asarray(index, np.intp) for index in groups.values()]
    alone = [_codes(cells.drivers[:, index]) for index in columns]
    codes: dict[tuple[int, ...], Ints] = {(): np.zeros(len(cells.level), np.intp)}
    worth: dict[tuple[int, ...], float] = {}
    worth_drawn: dict[tuple[int, ...], Floats] = {}
    for size in range(len(names) + 1):
        for chosen in combinations(range(len(names)), size):
            index = np.concatenate([np.empty(0, np.intp), *(columns[place] for place in chosen)])
            if chosen:
                codes[chosen] = _joined(codes[chosen[:-1]], alone[chosen[-1]])
            model = fit(_collapsed(cells, index, codes[chosen]))
            worth[chosen] = float(model.log_likelihood.sum()) - model.overfit
            worth_drawn[chosen] = _drawn_again(model, drawn) - 2 * model.overfit
    parts, parts_drawn = _shapley(worth, len(names)), _shapley(worth_drawn, len(names))
    return _divided(names, parts, parts_drawn, worth[()], worth_drawn[()])


def _codes(drivers: Floats) -> Ints:
    """Return one number per row, the same for equal rows."""
    if drivers.shape[1] == 0:
        return np.zeros(len(drivers), np.intp)
    return np.asarray(np.unique(drivers, axis=0, return_inverse=True)[1].ravel(), np.intp)


def _joined(code: Ints, other: Ints) -> Ints:
    """Return one number per row, the same where both numbers are."""
    return np.asarray(np.unique(code * (int(other.max()) + 1) + other, return_inverse=True)[1].ravel(), np.intp)


def _collapsed(cells: Cells, columns: Ints, code: Ints) -> Cells:
    """Return cells that differ in some of the drivers only, equal ones added up."""
    _, first, place = np.unique(code * cells.levels + cells.level, return_index=True, return_inverse=True)
    shape = (len(first), len(code))
    into = sparse.coo_array((np.ones(len(code)), (place.ravel(), np.arange(len(code)))), shape=shape)
    return Cells(cells.level[first], cells.drivers[np.ix_(first, columns)], (into @ cells.counts).tocsr())


def _drawn_again(model: Fit, drawn: Floats) -> Floats:
    moved = (drawn - 1) @ model.scores
    return np.asarray(drawn @ model.log_likelihood + 0.5 * ((moved @ model.bread) * moved).sum(axis=1), float)


def _shapley(worth: Mapping[tuple[int, ...], float | Floats], players: int) -> Floats:
    """Return each player's average gain over all orders, shape (players,) or (players, draws)."""
    gains = []
    for player in range(players):
        others = [place for place in range(players) if place != player]
        gain: float | Floats = 0.0
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for before in combinations(others, size):
                gain = gain + weight * (worth[tuple(sorted((*before, player)))] - worth[before])
        gains.append(gain)
    return np.array(gains, dtype=float)


def _divided(names: tuple[str, ...], parts: Floats, drawn: Floats, nothing: float, nothing_drawn: Floats) -> Importance:
    ends = (100 * ALPHA / 2, 100 * (1 - ALPHA / 2))
    low, high = np.percentile(drawn.sum(axis=0) / -nothing_drawn, ends)
    explained = float(parts.sum() / -nothing)
    share = shares = np.full(len(names), np.nan)
    limits = np.full((2, len(names)), np.nan)
    if low > 0:
        share, shares = _normed(parts[:, None])[:, 0], _normed(drawn)
        limits = np.percentile(shares, ends, axis=1)
    # an interval holds its own estimate, also where the correction for chance has pushed both to an edge
    return Importance(
        names,
        share,
        np.minimum(limits[0], share),
        np.maximum(limits[1], share),
        drawn,
        explained,
        min(float(low), explained),
        max(float(high), explained),
    )


def _normed(parts: Floats) -> Floats:
    """Return shares of the sum; a driver that explains less than chance would has none."""
    positive = np.maximum(parts, 0.0)
    total = positive.sum(axis=0)
    return np.asarray(np.divide(positive, total, out=np.zeros_like(positive), where=total > 0), float)
