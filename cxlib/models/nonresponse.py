"""Those who were asked and did not answer: weights, effective sizes, and what their silence could hide.

All functions take one element per person. Codes are small integers from 0; weights are positive.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import statsmodels.api as sm

from cxlib.errors import MeasureError
from cxlib.estimate import Floats, Interval, design_effect, proportion

Codes = npt.NDArray[np.intp]

LEAST_CHANCE = 0.02
"""A chance of answering below this is not believed: nobody may speak for more than fifty."""


def rake(
    weights: npt.ArrayLike,
    margins: Sequence[tuple[npt.ArrayLike, npt.ArrayLike]],
    tolerance: float = 1e-10,
    rounds: int = 2_000,
) -> Floats:
    """Scale weights until every margin adds up to its target: iterative proportional fitting.

    Deming and Stephan (1940), Annals of Mathematical Statistics 11(4).

    Parameters
    ----------
    weights : array_like, shape (respondents,)
        Where to begin.
    margins : sequence of (codes, targets)
        The category of each respondent, and the total that each category must reach.
    tolerance : float
        Largest relative distance from a target at which it counts as reached.
    rounds : int
        How often to go over all margins.

    Raises
    ------
    MeasureError
        If a category with a target has no respondent, the targets of two margins add up to different totals, or
        the margins cannot all be reached.
    """
    result = np.array(weights, dtype=float)
    tables = [(np.asarray(codes, np.intp), np.asarray(target, float)) for codes, target in margins]
    _refuse(result, tables)
    for _ in range(rounds):
        farthest = 0.0
        for codes, target in tables:
            reached = np.bincount(codes, result, len(target))
            factor = np.divide(target, reached, out=np.ones_like(target), where=reached > 0)
            farthest = max(farthest, float(np.abs(factor - 1).max()))
            result = result * factor[codes]
        if farthest < tolerance:
            return result
    raise MeasureError(
        f"raking did not reach its {len(tables)} margins in {rounds} rounds; merge small categories of the frame"
    )


def _refuse(weights: Floats, tables: Sequence[tuple[Codes, Floats]]) -> None:
    for place, (codes, target) in enumerate(tables, 1):
        empty = (np.bincount(codes, weights, len(target)) == 0) & (target > 0)
        if empty.any():
            raise MeasureError(
                f"raking: {int(empty.sum())} of {len(target)} categories of margin {place} have people asked and "
                "nobody who answered; merge them with another"
            )
    totals = [float(target.sum()) for _, target in tables]
    if totals and max(totals) - min(totals) > 1e-6 * max(totals):
        raise MeasureError(f"raking: the margins add up to {min(totals):g} and {max(totals):g}; they must be one frame")


def response_chances(frame: npt.ArrayLike, answered: npt.ArrayLike, of: npt.ArrayLike | None = None) -> Floats:
    """Return chances of answering, by logistic regression on what is known of everyone asked.

    Rosenbaum and Rubin (1983), Biometrika 70(1), used for non-response as in Little (1986), International
    Statistical Review 54(2). Chances are kept above `LEAST_CHANCE`.

    Parameters
    ----------
    frame : array_like, shape (asked, variables)
        What is known of everyone asked, without a constant.
    answered : array_like of bool, shape (asked,)
    of : array_like, shape (people, variables), optional
        Whose chances are wanted; everyone asked if not given.
    """
    variables, answers = np.asarray(frame, float), np.asarray(answered, float)
    wanted = variables if of is None else np.asarray(of, float)
    share = float(answers.mean()) if len(answers) else 0.0
    moving = np.ptp(variables, axis=0) > 0 if len(answers) else np.zeros(variables.shape[1], bool)
    if not moving.any() or share in (0.0, 1.0):
        return np.full(len(wanted), np.clip(share, LEAST_CHANCE, 1.0))
    design, mine = (np.column_stack([np.ones(len(rows)), rows[:, moving]]) for rows in (variables, wanted))
    with warnings.catch_warnings():
        # a category in which all or none answered drives its chance to 1 or 0; the clip below is the answer to that
        warnings.simplefilter("ignore")
        try:
            chances = sm.Logit(answers, design).fit(disp=0, maxiter=50).predict(mine)
        except np.linalg.LinAlgError:  # columns that say the same: slower, but it copes
            chances = sm.GLM(answers, design, family=sm.families.Binomial()).fit(maxiter=50).predict(mine)
    known = np.nan_to_num(np.asarray(chances, float), nan=share)
    return np.asarray(np.clip(known, LEAST_CHANCE, 1.0), float)


def trimmed(weights: npt.ArrayLike, most: float = 5.0) -> Floats:
    """Cut weights to `most` times their median and spread what was cut over the others, the total kept.

    Potter (1990), Proceedings of the Survey Research Methods Section, ASA.
    """
    kept = np.array(weights, dtype=float)
    if len(kept) == 0:
        return kept
    total, limit = kept.sum(), most * float(np.median(kept))
    over = kept > limit
    while over.any() and not over.all():
        kept[over] = limit
        kept[~over] *= (total - kept[over].sum()) / kept[~over].sum()
        again = kept > limit * (1 + 1e-12)
        if not again.any():
            break
        over |= again
    return kept


def effective_size(weights: npt.ArrayLike) -> float:
    """Return how many equally weighted answers would say as much: Kish (1965), *Survey Sampling*, section 11.7."""
    w = np.asarray(weights, float)
    return float(w.sum() ** 2 / (w**2).sum()) if len(w) else 0.0


def weighted_share(yes: npt.ArrayLike, weights: npt.ArrayLike, people: npt.ArrayLike) -> Interval:
    """Return a weighted share with Wilson's interval on the effective number of answers.

    That number is Kish's, or smaller where answers of the same person are alike: the linearised variance of the
    share with people as clusters (Binder 1983, International Statistical Review 51) is compared with it, and the
    larger design effect is taken.

    Parameters
    ----------
    yes : array_like of bool, shape (answers,)
    weights : array_like, shape (answers,)
    people : array_like of int, shape (answers,)
        Who gave each answer.
    """
    y, w = np.asarray(yes, float), np.asarray(weights, float)
    codes = np.unique(np.asarray(people), return_inverse=True)[1]
    if len(y) == 0:
        return proportion([0.0], [0.0])
    share = float((w * y).sum() / w.sum())
    clusters = np.bincount(codes, w * (y - share)) / w.sum()
    count = len(clusters)
    variance = float((clusters**2).sum()) * count / max(count - 1, 1)
    unequal = len(y) / effective_size(w)
    clustered = float(design_effect(variance, share * (1 - share) / len(y)))
    return proportion([share * len(y)], [float(len(y))], max(unequal, clustered))


@dataclass(frozen=True)
class Bounds:
    """The lowest and the highest that a share could be."""

    low: float
    high: float


def worst_case(yes: float, no: float, silent: float) -> Bounds:
    """Return the bounds of a share if every one of the `silent` would have said no, or yes.

    Manski (1989), Journal of Human Resources 24(3); no assumption is made on those who did not answer. NaN where
    nobody answered or was asked.
    """
    everyone = yes + no + silent
    if everyone <= 0:
        return Bounds(float("nan"), float("nan"))
    return Bounds(yes / everyone, (yes + silent) / everyone)


def with_different_silent(share: npt.ArrayLike, answered: float, times: npt.ArrayLike) -> Floats:
    """Return a share if it is `times` as large among those who did not answer: a pattern-mixture model.

    Little (1993), Journal of the American Statistical Association 88(421).

    Parameters
    ----------
    share, times : array_like
        Share among those who answered, and the factor; they broadcast.
    answered : float
        Share of those asked that answered.
    """
    known = np.asarray(share, float)
    others = np.clip(known * np.asarray(times, float), 0.0, 1.0)
    return np.asarray(answered * known + (1 - answered) * others, float)


@dataclass(frozen=True)
class Lateness:
    """Shares among those who answered early and late, `parts` being equal thirds of the answers by delay."""

    parts: Interval
    counts: Floats
    slope: float
    slope_low: float
    slope_high: float


def late_responders(yes: npt.ArrayLike, delay: npt.ArrayLike, weights: npt.ArrayLike) -> Lateness:
    """Return how an answer goes with its delay: the late are taken to be nearer to those who never answer.

    The continuum of resistance: Armstrong and Overton (1977), Journal of Marketing Research 14(3). The slope is of
    the weighted share per rank of delay, from the first answer (0) to the last (1), with a sandwich interval.

    Parameters
    ----------
    yes : array_like of bool, shape (answers,)
    delay : array_like, shape (answers,)
        Time from being asked to the answer, any unit.
    weights : array_like, shape (answers,)
    """
    y, w = np.asarray(yes, float), np.asarray(weights, float)
    count = len(y)
    rank = np.empty(count)
    rank[np.argsort(np.asarray(delay, float), kind="stable")] = (np.arange(count) + 0.5) / max(count, 1)
    third = np.minimum((rank * 3).astype(np.intp), 2)
    sizes, sums = np.bincount(third, w, 3), np.bincount(third, w * y, 3)
    rows = np.bincount(third, minlength=3).astype(float)
    shares = np.divide(sums, sizes, out=np.zeros(3), where=sizes > 0)
    effect = np.array([n / max(effective_size(w[third == i]), 1e-9) if n else 1.0 for i, n in enumerate(rows)])
    slope, half = _slope(y, rank, w)
    return Lateness(proportion(shares * rows, rows, effect), rows, slope, slope - half, slope + half)


def _slope(y: Floats, x: Floats, w: Floats) -> tuple[float, float]:
    """Return the slope of a weighted line and half its 95 % interval; NaN where there is no line."""
    if len(y) < 5 or np.ptp(x) == 0:
        return float("nan"), float("nan")
    fit = sm.WLS(y, sm.add_constant(x), weights=w).fit(cov_type="HC1")
    low, high = np.asarray(fit.conf_int())[1]
    return float(fit.params[1]), float(high - low) / 2
