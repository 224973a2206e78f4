"""Shares of yes and no: clustered, compared, and adjusted for what else differs.

Rows of one cluster (as a rule one customer) may depend on each other; clusters are taken as independent.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy import stats
from scipy.optimize import linprog
from scipy.special import expit
from statsmodels.stats.proportion import confint_proportions_2indep

from cxlib.estimate import ALPHA, Array, Estimate, Floats, design_effect, difference, proportion
from cxlib.metrics.measure import SMALL_BELOW, SUPPRESSED_BELOW

WhyNot = Literal["", "too few", "one group", "separated", "not converged"]

EVENTS_PER_PARAMETER = 5
"""Fewer of the rarer outcome for each parameter and a logistic regression is not to be believed."""

RARE_LEVEL = 30
"""A category with fewer rows is pooled with the other rare ones."""


def size_flags(n: int) -> tuple[str, ...]:
    """Return the flags that a number of cases calls for."""
    return ("suppressed",) if n < SUPPRESSED_BELOW else ("small",) if n < SMALL_BELOW else ()


def hidden_if_few(estimate: Estimate) -> Estimate:
    """Return an estimate with the flags of its size, and without its numbers where it rests on fewer than five."""
    flags = (*estimate.flags, *size_flags(estimate.n))
    value, low, high = estimate.value, estimate.low, estimate.high
    if "suppressed" in flags:
        value = low = high = float("nan")
    return Estimate(value, low, high, estimate.n, estimate.unit, estimate.method, flags)


def cluster_variance(influence: Array, cluster: Array) -> float:
    """Return the variance of a sum of influences, those of one cluster added first; 0 for a single cluster.

    The sandwich of Liang and Zeger (1986), Biometrika 73, with the factor G / (G - 1) for G clusters.
    """
    sums = np.bincount(pd.factorize(np.asarray(cluster), use_na_sentinel=False)[0], np.asarray(influence, float))
    groups = len(sums)
    return float(sums @ sums * groups / (groups - 1)) if groups > 1 else 0.0


def share(success: Array, cluster: Array) -> Estimate:
    """Return a share with Wilson's interval, its trials divided by the design effect of the clusters.

    Parameters
    ----------
    success : array_like of bool, shape (rows,)
    cluster : array_like, shape (rows,)
        Whom each row belongs to.
    """
    yes = np.asarray(success, float)
    n, wins = len(yes), float(yes.sum())
    if n == 0:
        return Estimate.unknown(0, "share", "Wilson")
    mean = wins / n
    simple = mean * (1 - mean) / max(n - 1, 1)
    effect = design_effect(cluster_variance((yes - mean) / n, cluster), simple)
    value, low, high = (float(line) for line in proportion(wins, n, effect))
    return hidden_if_few(Estimate(value, low, high, n, "share", "Wilson, clustered" if effect > 1 else "Wilson"))


def share_difference(first: Estimate, second: Estimate) -> Estimate:
    """Return `first - second` of two shares with Newcombe's (1998) interval."""
    return _named(difference(first, second), "share difference", "Newcombe")


def share_ratio(first: Array, second: Array, first_cluster: Array, second_cluster: Array) -> Estimate:
    """Return how many times as large one share is as another, with the score interval of two proportions.

    Miettinen and Nurminen (1985), Statistics in Medicine 4, as in statsmodels' `confint_proportions_2indep`; both
    numbers of trials are divided by the design effect of the log ratio, so a customer may be in both groups. Where
    a share is 0 or 1 the limits are put together from Wilson's (Donner and Zou 2012, Statistical Methods in
    Medical Research 21). Without a success in the second group there is no ratio.

    Parameters
    ----------
    first, second : array_like of bool
        Outcomes of either group.
    first_cluster, second_cluster : array_like
        Whom the rows belong to.
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    n, wins = (len(one), len(two)), (float(one.sum()), float(two.sum()))
    if min(n) == 0 or wins[1] == 0:
        return Estimate.unknown(min(n), "ratio", "score")
    p, q = wins[0] / n[0], wins[1] / n[1]
    if not (0 < p < 1 and 0 < q < 1):
        low, high, method = *_ratio_at_the_edge(wins, n), "put together from Wilson's limits"
    else:
        influence = np.concatenate([(one - p) / (n[0] * p), -(two - q) / (n[1] * q)])
        robust = cluster_variance(influence, np.concatenate([np.asarray(first_cluster), np.asarray(second_cluster)]))
        simple = (1 - p) / (p * max(n[0] - 1, 1)) + (1 - q) / (q * max(n[1] - 1, 1))
        effect = float(design_effect(robust, simple))
        counts = (wins[0] / effect, n[0] / effect, wins[1] / effect, n[1] / effect)
        low, high = confint_proportions_2indep(*counts, method="score", compare="ratio", alpha=ALPHA)
        method = "score, clustered" if effect > 1 else "score"
    return hidden_if_few(Estimate(p / q, float(np.real(low)), float(np.real(high)), min(n), "ratio", method))


def _ratio_at_the_edge(wins: tuple[float, float], n: tuple[int, int]) -> tuple[float, float]:
    (value, low, high) = proportion(np.array(wins), np.array(n))
    if wins[0] == 0:
        return 0.0, float(high[0] / low[1])
    middle = np.log(value[0] / value[1])
    down = np.hypot(np.log(value[0] / low[0]), np.log(high[1] / value[1]))
    up = np.hypot(np.log(high[0] / value[0]), np.log(value[1] / low[1]))
    return float(np.exp(middle - down)), float(np.exp(middle + up))


def _named(estimate: Estimate, unit: str, method: str) -> Estimate:
    return hidden_if_few(Estimate(estimate.value, estimate.low, estimate.high, estimate.n, unit, method))


@dataclass(frozen=True)
class Standardised:
    """What share of the exposed says yes, and what share would if the same rows were of the other group.

    Parameters
    ----------
    first, second : Estimate
        Share of the exposed as they are, and as predicted had they not been exposed.
    difference, ratio : Estimate
        Of the two.
    why_not : str
        Why there are no numbers; then they are NaN.
    """

    first: Estimate
    second: Estimate
    difference: Estimate
    ratio: Estimate
    why_not: WhyNot = ""


def standardised(outcome: Array, exposed: Array, covariates: pd.DataFrame, cluster: Array) -> Standardised:
    """Return shares of two groups that are alike in the covariates: logistic regression, then averages of it.

    Each exposed row's probability is predicted as it is and as if it were not exposed, and both are averaged over
    the exposed rows (Lane and Nelder 1982, Biometrics 38): so the other group is only carried to where the exposed
    are. Intervals by the delta method with the influence of each cluster, so that the spread of the covariates
    counts too; shares on the logit scale, the ratio on the log scale.

    Separated data have no maximum likelihood estimate (Albert and Anderson 1984, Biometrika 71), and Firth's
    correction is not in statsmodels: then, and with too few of the rarer outcome (5 for each parameter, after
    Vittinghoff and McCulloch 2007, American Journal of Epidemiology 165), nothing is estimated.

    Parameters
    ----------
    outcome, exposed : array_like of bool, shape (rows,)
    covariates : DataFrame, shape (rows, covariates)
        Numbers and categories; missing values are a level of their own.
    cluster : array_like, shape (rows,)
    """
    yes, group = np.asarray(outcome, float), np.asarray(exposed, float)
    design = np.column_stack([np.ones(len(yes)), group, encode(covariates)])
    why_not = _why_not(yes, group, design)
    if why_not:
        return _nothing(len(yes), why_not)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they would say is asked below
        fit = sm.GLM(yes, design, family=sm.families.Binomial()).fit(maxiter=100)
    if not fit.converged or not np.isfinite(fit.params).all():
        return _nothing(len(yes), "not converged")
    return _averages(yes, design, np.asarray(fit.params, float), np.asarray(cluster))


def encode(covariates: pd.DataFrame) -> Floats:
    """Return covariates as columns of numbers: numbers centred and scaled, categories as 0 and 1.

    Rare categories are pooled; a missing value is a category, or a column of its own beside the number's mean.
    Columns that are the same everywhere, or a sum of others, are left out.
    """
    columns: list[Floats] = []
    for name in covariates:
        column = covariates[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(float)
            missing = np.isnan(values)
            if missing.all():
                continue
            values = np.where(missing, values[~missing].mean(), values)
            columns += [(values - values.mean()) / (values.std() or 1.0), missing.astype(float)]
        else:
            text = column.astype(object).where(column.notna(), "").astype(str)
            counts = text.value_counts()
            text = text.where(text.map(counts) >= RARE_LEVEL, "\N{MULTIPLICATION SIGN} rare")
            levels = text.value_counts().index
            columns += [(text == level).to_numpy(float) for level in levels[1:]]
    return _independent(np.column_stack(columns) if columns else np.empty((len(covariates), 0)))


def _independent(columns: Floats) -> Floats:
    """Return the columns that add something to those before them and to a constant."""
    basis = np.full((len(columns), 1), 1 / np.sqrt(max(len(columns), 1)))
    kept = []
    for place in range(columns.shape[1]):
        column = columns[:, place]
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)  # once more, against rounding
        if np.linalg.norm(rest) > 1e-8 * max(float(np.linalg.norm(column)), 1.0):
            kept.append(place)
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return columns[:, kept]


def _why_not(yes: Floats, group: Floats, design: Floats) -> WhyNot:
    if len(yes) == 0 or group.min() == group.max():
        return "one group"
    if np.linalg.matrix_rank(design) < design.shape[1]:
        return "one group"  # a covariate tells the groups apart: nobody is there to compare
    if min(yes.sum(), len(yes) - yes.sum()) < EVENTS_PER_PARAMETER * design.shape[1]:
        return "too few"
    return "separated" if is_separated(yes, design) else ""


def is_separated(yes: Floats, design: Floats) -> bool:
    """Return whether some combination of the columns parts the two outcomes, fully or but for ties.

    By linear programming (Konis 2007, DPhil thesis, University of Oxford): a direction along which no row is on
    the wrong side, and some row is on the right one.
    """
    signed = design * np.where(yes > 0, 1.0, -1.0)[:, None]
    signed = np.unique(signed, axis=0)
    found = linprog(
        -signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=[(-1.0, 1.0)] * signed.shape[1]
    )
    return bool(found.status == 0 and -found.fun > 1e-6)


def _averages(yes: Floats, design: Floats, beta: Floats, cluster: npt.NDArray[np.generic]) -> Standardised:
    n = len(yes)
    fitted = expit(design @ beta)
    information = (design * (fitted * (1 - fitted))[:, None]).T @ design / n
    influence_beta = np.linalg.solve(information, (design * (yes - fitted)[:, None]).T).T
    exposed = design[:, 1] > 0
    means, influences = [], []
    for value in (1.0, 0.0):
        counterfactual = design.copy()
        counterfactual[:, 1] = value
        predicted = expit(counterfactual @ beta)
        mean = float(predicted[exposed].mean())
        slope = (counterfactual * (predicted * (1 - predicted))[:, None])[exposed].mean(axis=0)
        means.append(mean)
        influences.append(np.where(exposed, predicted - mean, 0.0) / exposed.sum() + influence_beta @ slope / n)
    (p, q), (one, two) = means, influences
    z = float(stats.t.ppf(1 - ALPHA / 2, max(len(np.unique(cluster)) - 1, 1)))

    def half(influence: Floats) -> float:
        return z * float(np.sqrt(cluster_variance(influence, cluster)))

    def made(value: float, low: float, high: float, unit: str) -> Estimate:
        return hidden_if_few(Estimate(value, low, high, n, unit, "logistic regression, standardised; delta method"))

    gap, times = half(one - two), half(one / p - two / q)
    shares = []
    for mean, influence in ((p, one), (q, two)):
        on_logit = half(influence) / (mean * (1 - mean))
        logit = np.log(mean / (1 - mean))
        shares.append(made(mean, float(expit(logit - on_logit)), float(expit(logit + on_logit)), "share"))
    return Standardised(
        shares[0],
        shares[1],
        made(p - q, p - q - gap, p - q + gap, "share difference"),
        made(p / q, float(p / q * np.exp(-times)), float(p / q * np.exp(times)), "ratio"),
    )


def _nothing(n: int, why_not: WhyNot) -> Standardised:
    def empty(unit: str) -> Estimate:
        return Estimate.unknown(n, unit, "logistic regression, standardised")

    return Standardised(empty("share"), empty("share"), empty("share difference"), empty("ratio"), why_not)
