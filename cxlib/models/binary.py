"""Shares of yes and no: clustered, compared, adjusted for what else differs, and how sure one may be of the rest."""

import warnings
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import linprog
from scipy.special import expit, logit
from scipy.stats import hypergeom
from statsmodels.stats.proportion import confint_proportions_2indep

from cxlib.errors import MeasureError
from cxlib.estimate import ALPHA, Array, Estimate, Floats, design_effect, difference, proportion
from cxlib.models import clusters
from cxlib.models.clusters import RATIO_METHOD, cluster_variance, estimated, half_width, hidden_if_few, ratio_limits

WhyNot = Literal["", "too few", "one group", "separated", "not converged"]

EVENTS_PER_PARAMETER = 5  # with fewer of the rarer outcome a logistic regression is not to be believed
RARE_LEVEL = 30  # a category with fewer rows is pooled with the other rare ones


def share(success: Array, cluster: Array) -> Estimate:
    """Return a share with Wilson's interval, its trials divided by the design effect of the clusters."""
    yes = np.asarray(success, float)
    n = len(yes)
    effect = clusters.share_effect(yes, cluster) if n else 1.0
    return estimated(proportion(yes.sum(), n, effect), n, "share", "Wilson, clustered" if effect > 1 else "Wilson")


def share_of_all(success: Array, everybody: int) -> Estimate:
    """Return the share of a population of which so many are known, the others being as likely to be any of it.

    The exact limits are the fewest and the most of `everybody` with which the sample would not be unusual either way
    (hypergeometric: Buonaccorsi 1987, The American Statistician 41; Cochran 1977, *Sampling Techniques*, 3.7).
    """
    n, yes = len(np.asarray(success)), int(np.sum(success))
    if n == 0:
        return Estimate.unknown(0, "share", "hypergeometric")
    could_be = np.arange(yes, everybody - (n - yes) + 1)
    low = could_be[hypergeom.sf(yes - 1, everybody, could_be, n) > ALPHA / 2].min() / everybody
    high = could_be[hypergeom.cdf(yes, everybody, could_be, n) > ALPHA / 2].max() / everybody
    share, of_all = yes / n, f"exact, of {everybody}"
    found = estimated((share, min(low, share), max(high, share)), n, "share", of_all)
    return replace(found, population=everybody)


def share_difference(first: Estimate, second: Estimate) -> Estimate:
    """Return `first - second` of two shares with Newcombe's (1998) interval."""
    return hidden_if_few(replace(difference(first, second), method="Newcombe"))


def share_ratio(first: Array, second: Array, first_cluster: Array, second_cluster: Array) -> Estimate:
    """Return how many times as large one share is as another, with the score interval of two proportions.

    Miettinen and Nurminen (1985), Statistics in Medicine 4; both numbers of trials are divided by the design effect of
    the log ratio, so a customer may be in both groups. Where a share is 0 or 1 the limits are put together from
    Wilson's. Without a success in the second group there is no ratio.
    """
    one, two = np.asarray(first, float), np.asarray(second, float)
    n, wins = (len(one), len(two)), (float(one.sum()), float(two.sum()))
    if min(n) == 0 or wins[1] == 0:
        return Estimate.unknown(min(n), "ratio", "score")
    p, q = wins[0] / n[0], wins[1] / n[1]
    if 0 < p < 1 and 0 < q < 1:
        influence = np.concatenate([(one - p) / (n[0] * p), -(two - q) / (n[1] * q)])
        robust = cluster_variance(influence, np.concatenate([np.asarray(first_cluster), np.asarray(second_cluster)]))
        simple = (1 - p) / (p * max(n[0] - 1, 1)) + (1 - q) / (q * max(n[1] - 1, 1))
        effect = float(design_effect(robust, simple))
        counts = (wins[0] / effect, n[0] / effect, wins[1] / effect, n[1] / effect)
        low, high = confint_proportions_2indep(*counts, method="score", compare="ratio", alpha=ALPHA)
        method = "score, clustered" if effect > 1 else "score"
    else:
        ours, theirs = np.transpose(proportion(np.array(wins), np.array(n)))
        low, high = ratio_limits(ours, theirs) if p > 0 else (0.0, ours[2] / theirs[1])
        method = RATIO_METHOD
    return estimated(np.real([p / q, low, high]), min(n), "ratio", method)


def e_value(risk_ratio: float, low: float, high: float) -> tuple[float, float]:
    """Return the E-value of a risk ratio and of its interval: VanderWeele and Ding (2017), Ann Intern Med 167(4).

    That is the risk ratio, 1 or more, that an unmeasured cause must have with both sides to explain the value away, and
    the limit nearest to no effect (1 where the interval holds that). Raises MeasureError unless 0 < ratio, low <= ratio
    <= high.
    """
    if not 0 <= low <= risk_ratio <= high or not 0 < risk_ratio < np.inf:
        raise MeasureError(
            f"an E-value needs a positive risk ratio between its limits, not {risk_ratio} in {low} to {high}; "
            "give the ratio of two risks that are both above zero"
        )
    limit = 1.0 if low <= 1 <= high else low if risk_ratio >= 1 else high
    point, limit = (
        float(above + np.sqrt(above * (above - 1))) for above in (max(one, 1 / one) for one in (risk_ratio, limit))
    )
    return point, limit


@dataclass(frozen=True)
class Standardised:
    """Share of yes among the exposed, and had they not been exposed; `why_not` says why all of it is NaN."""

    first: Estimate
    second: Estimate
    difference: Estimate
    ratio: Estimate
    why_not: WhyNot = ""


def standardised(outcome: Array, exposed: Array, covariates: pd.DataFrame, cluster: Array) -> Standardised:
    """Return shares of two groups that are alike in the covariates: logistic regression, then averages of it.

    Each exposed row's probability is predicted as it is and as if it were not exposed, and both are averaged over the
    exposed rows (Lane and Nelder 1982, Biometrics 38). Delta method with the influence of each cluster, shares on the
    logit scale, the ratio on the log scale. Nothing is estimated of separated data (Albert and Anderson 1984,
    Biometrika 71) or with fewer than 5 of the rarer outcome for each parameter (Vittinghoff and McCulloch 2007,
    American Journal of Epidemiology 165).
    """
    yes, group = np.asarray(outcome, float), np.asarray(exposed, float)
    design = np.column_stack([np.ones(len(yes)), group, encode(covariates)])
    why_not = _why_not(yes, group, design)
    if not why_not:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what they would say is asked below
            fit = sm.GLM(yes, design, family=sm.families.Binomial()).fit(maxiter=100)
        if fit.converged and np.isfinite(fit.params).all():
            return _averages(yes, design, np.asarray(fit.params, float), np.asarray(cluster))
    units = ("share", "share difference", "ratio")
    none, apart, times = (Estimate.unknown(len(yes), unit, "logistic regression, standardised") for unit in units)
    return Standardised(none, none, apart, times, why_not or "not converged")


def encode(covariates: pd.DataFrame) -> Floats:
    """Return numbers centred and scaled, categories as 0 and 1 (rare ones pooled, missing a level), no column twice."""
    encoded: list[Floats] = []
    for _, column, is_category in clusters.columns(covariates):
        if is_category:
            text = column.where(column.map(column.value_counts()) >= RARE_LEVEL, "\N{MULTIPLICATION SIGN} rare")
            encoded += [np.asarray(text == level, float) for level in text.value_counts().index[1:]]
        elif column.notna().any():
            values = column.fillna(column.mean()).to_numpy()
            encoded += [(values - values.mean()) / (values.std() or 1.0), np.asarray(column.isna(), float)]
    design = np.column_stack([np.ones(len(covariates)), *encoded])
    # the columns of the triangle depend on each other as those of the design do
    triangle = np.asarray(np.linalg.qr(design, mode="r"), float)
    rank = [int(np.linalg.matrix_rank(triangle[:, : place + 1], rtol=1e-8)) for place in range(design.shape[1])]
    return design[:, 1:][:, np.diff(rank) > 0]


def _why_not(yes: Floats, group: Floats, design: Floats) -> WhyNot:
    # a design of less than full rank: a covariate tells the groups apart, nobody is there to compare
    if len(yes) == 0 or group.min() == group.max() or np.linalg.matrix_rank(design) < design.shape[1]:
        return "one group"
    if min(yes.sum(), len(yes) - yes.sum()) < EVENTS_PER_PARAMETER * design.shape[1]:
        return "too few"
    return "separated" if is_separated(yes, design) else ""


def is_separated(yes: Floats, design: Floats) -> bool:
    """Return whether a direction (Konis 2007, by linear programming) parts the two outcomes, fully or but for ties."""
    signed = np.unique(design * np.where(yes > 0, 1.0, -1.0)[:, None], axis=0)
    found = linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1.0, 1.0))
    return bool(found.status == 0 and -found.fun > 1e-6)


def _averages(yes: Floats, design: Floats, beta: Floats, cluster: npt.NDArray[np.generic]) -> Standardised:
    n = len(yes)
    fitted = expit(design @ beta)
    information = (design * (fitted * (1 - fitted))[:, None]).T @ design / n
    influence_beta = np.linalg.solve(information, (design * (yes - fitted)[:, None]).T).T
    exposed = design[:, 1] > 0
    freedom = max(len(np.unique(cluster)) - 1, 1)

    def half(influence: Floats) -> float:
        return half_width(cluster_variance(influence, cluster), freedom)

    def made(value: float, limits: Floats, unit: str) -> Estimate:
        return estimated((value, *limits), n, unit, "logistic regression, standardised; delta method")

    means, influences, sides = [], [], np.array([-1.0, 1.0])
    for value in (1.0, 0.0):
        counterfactual = design.copy()
        counterfactual[:, 1] = value
        predicted = expit(counterfactual @ beta)
        mean = float(predicted[exposed].mean())
        slope = (counterfactual * (predicted * (1 - predicted))[:, None])[exposed].mean(axis=0)
        means.append(mean)
        influences.append(np.where(exposed, predicted - mean, 0.0) / exposed.sum() + influence_beta @ slope / n)
    (p, q), (one, two) = means, influences
    first, second = (
        made(mean, expit(logit(mean) + sides * half(influence) / (mean * (1 - mean))), "share")
        for mean, influence in ((p, one), (q, two))
    )
    apart = made(p - q, p - q + sides * half(one - two), "share difference")
    return Standardised(first, second, apart, made(p / q, p / q * np.exp(sides * half(one / p - two / q)), "ratio"))
