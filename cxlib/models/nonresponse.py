"""Those who were asked and did not answer: weights, effective sizes, and what their silence could hide."""

import warnings
from collections.abc import Sequence

import numpy as np
import statsmodels.api as sm
from scipy.stats import rankdata

from cxlib.errors import MeasureError
from cxlib.estimate import Array, Floats, Interval, Ints, design_effect, net_promoter_score, proportion
from cxlib.models.clusters import cluster_variance

LEAST_CHANCE = 0.02  # a chance of answering below this is not believed: nobody may speak for more than fifty
CLOSE = 1e-10  # relative distance from its target at which a margin counts as reached
ROUNDS = 2_000


def rake(weights: Array, margins: Sequence[tuple[Array, Array]]) -> Floats:
    """Scale weights until every margin adds up to its target: Deming and Stephan (1940), Ann Math Stat 11(4).

    A margin is the category of each respondent, coded from 0, and the total that each category must reach. Raises
    MeasureError if a category with a target has no respondent, or the margins cannot all be reached.
    """
    result = np.array(weights, dtype=float)
    tables = [(np.asarray(codes, np.intp), np.asarray(target, float)) for codes, target in margins]
    _refuse(result, tables)
    for _ in range(ROUNDS):
        farthest = 0.0
        for codes, target in tables:
            reached = np.bincount(codes, result, len(target))
            factor = np.divide(target, reached, out=np.ones_like(target), where=reached > 0)
            farthest = max(farthest, float(np.abs(factor - 1).max()))
            result = result * factor[codes]
        if farthest < CLOSE:
            return result
    raise MeasureError(
        f"raking did not reach its {len(tables)} margins in {ROUNDS} rounds; merge small categories of the frame"
    )


def _refuse(weights: Floats, tables: Sequence[tuple[Ints, Floats]]) -> None:
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


def response_chances(frame: Array, answered: Array, of: Array | None = None) -> Floats:
    """Return chances of answering, `LEAST_CHANCE` at least, by logistic regression on what is known of everyone asked.

    Rosenbaum and Rubin (1983), for non-response as in Little (1986), International Statistical Review 54(2). `frame`,
    shape (asked, variables), has no constant; `of`, shape (people, variables), are whose chances are wanted, else
    everyone's.
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
    return np.asarray(np.clip(np.nan_to_num(chances, nan=share), LEAST_CHANCE, 1.0), float)


def trimmed(weights: Array, most: float = 5.0) -> Floats:
    """Cut weights to `most` times their median and spread what was cut over the others: Potter (1990), ASA."""
    kept = np.array(weights, dtype=float)
    if len(kept) == 0:
        return kept
    total, limit = kept.sum(), most * float(np.median(kept))
    over = again = kept > limit
    while again.any() and not over.all():
        kept[over] = limit
        kept[~over] *= (total - kept[over].sum()) / kept[~over].sum()
        again = kept > limit * (1 + 1e-12)
        over = over | again
    return kept


def effective_size(weights: Array) -> float:
    """Return how many equally weighted answers would say as much: Kish (1965), *Survey Sampling*, section 11.7."""
    w = np.asarray(weights, float)
    squares = float(w @ w)
    return float(w.sum()) ** 2 / squares if squares > 0 else 0.0


def weighted_share(yes: Array, weights: Array, people: Array) -> Interval:
    """Return a weighted share of answers with Wilson's interval on the effective number of them.

    That is Kish's, or smaller where answers of one person are alike: by the linearised variance with people as clusters
    (Binder 1983, International Statistical Review 51). The limits are arrays of one element.
    """
    y, w = np.asarray(yes, float), np.asarray(weights, float)
    if len(y) == 0:
        return proportion([0.0], [0.0])
    share = float((w * y).sum() / w.sum())
    worth = _worth(y - share, w, people, share * (1 - share))
    return proportion([share * worth], [worth])


def weighted_score(scores: Array, weights: Array, people: Array) -> Interval:
    """Return the weighted Net Promoter Score of answers from 0 to 10 with its interval, as `weighted_share` does."""
    s, w = np.asarray(scores, float), np.asarray(weights, float)
    promoters, detractors = (float(w @ kind / w.sum()) for kind in (s >= 9, s <= 6))
    value = promoters - detractors
    worth = _worth((s >= 9) * 1.0 - (s <= 6) - value, w, people, promoters + detractors - value**2)
    return net_promoter_score([promoters * worth], [detractors * worth], [worth])


def _worth(residuals: Array, weights: Floats, people: Array, spread: float) -> float:
    """Return how many independent, equally weighted answers would say as much; `spread` is the variance of one."""
    influence = weights * np.asarray(residuals, float) / weights.sum()
    clustered = design_effect(cluster_variance(influence, np.asarray(people)), spread / len(influence))
    return len(influence) / max(len(influence) / effective_size(weights), float(clustered))


def worst_case(yes: float, no: float, silent: float) -> tuple[float, float]:
    """Return the lowest and highest share if all of the `silent` had said no, or yes (Manski 1989); NaN for nobody."""
    everyone = yes + no + silent or np.nan
    return yes / everyone, (yes + silent) / everyone


def with_different_silent(share: Array, answered: float, times: Array) -> Floats:
    """Return a share if it is `times` as large among those who did not answer: by a pattern mixture (Little 1993)."""
    known = np.asarray(share, float)
    others = np.clip(known * np.asarray(times, float), 0.0, 1.0)
    return np.asarray(answered * known + (1 - answered) * others, float)


def late_responders(yes: Array, delay: Array, weights: Array) -> tuple[float, float, float]:
    """Return how an answer goes with its delay: the late are taken to be nearer to those who never answer.

    The slope, with its limits (sandwich), of the weighted share per rank of delay, from the first answer (0) to the
    last (1): Armstrong and Overton (1977), Journal of Marketing Research 14(3). All NaN below five answers.
    """
    n = len(np.asarray(delay))
    if n < 5:
        return np.nan, np.nan, np.nan
    rank = (rankdata(np.asarray(delay, float), method="ordinal") - 0.5) / n
    fit = sm.WLS(np.asarray(yes, float), sm.add_constant(rank), weights=np.asarray(weights, float)).fit(cov_type="HC1")
    low, high = np.asarray(fit.conf_int())[1]
    return float(fit.params[1]), float(low), float(high)
