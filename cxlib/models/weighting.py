"""What work does where nobody drew lots: those with it and without it made alike, by a doubly robust estimate."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.treatment.treatment_effects import TreatmentEffect

from cxlib.estimate import Array, Bools, Estimate, Floats, difference, proportion
from cxlib.models.binary import encode, is_separated, share_difference
from cxlib.models.clusters import columns, estimated, times_as_many
from cxlib.models.nonresponse import effective_size

WhyNot = Literal["", "one group", "no overlap", "too few", "separated"]

LEAST_CHANCE = 0.02  # nearer to 0 or 1 a chance of the work leaves nobody to be compared with
CERTAIN = 1e-5  # nearer to 0 or 1 a chance makes one look whether the covariates tell the groups apart for certain
FEWEST_PER_COLUMN = 4  # customers in the smaller group for each covariate column, below which there is no chance


@dataclass(frozen=True)
class Compared:
    """Two groups made alike, of the rows `kept`; `why_not` says why there are no numbers.

    `difference` and `ratio` are of the weighted shares with the work (`treated`) and without (`control`), `plain` is
    the difference of the same rows without weights. `one_sided` has column and level of those left out because
    everybody, or nobody, of the level has the work. `effective` says how many unweighted customers each group is worth;
    `balance` (`covariate, before, after`) has the standardised mean differences of all covariates.
    """

    difference: Estimate
    treated: Estimate
    control: Estimate
    ratio: Estimate
    plain: Estimate
    effective: tuple[float, float]
    balance: pd.DataFrame
    kept: Bools
    one_sided: tuple[tuple[str, str], ...]
    why_not: WhyNot


def aipw(outcome: Array, treated: Array, design: Array, chances: Any) -> float:
    """Return the average effect on all rows: augmented inverse probability weighting with a linear outcome.

    Robins, Rotnitzky and Zhao (1994), JASA 89. `design` holds the covariates of the outcome with their constant,
    `chances` is statsmodels' Logit or Probit of `treated`, fitted on covariates of its own.
    """
    model = sm.OLS(np.asarray(outcome, float), np.asarray(design, float))
    work = TreatmentEffect(model, np.asarray(treated, float), results_select=chances)
    return float(work.aipw(return_results=False)[0])


def standardised_differences(covariates: pd.DataFrame, treated: Array, weights: Array) -> pd.Series:
    """Return by how many standard deviations the means of two groups differ, one element per column or level.

    The standard deviation is that of both groups without weights (Austin 2009, Statistics in Medicine 28), so that
    weighting cannot shrink the yardstick. Below 0.1 counts as balanced. Each level of a category is a share.
    """
    group, w = np.asarray(treated, bool), np.asarray(weights, float)
    named: dict[str, Floats] = {}
    for name, column, is_category in columns(covariates):
        if is_category:
            shares = {level: (column == level).to_numpy(float) for level in sorted(set(column))}
            named |= {f"{name}: {level}" if level else name: share for level, share in shares.items()}
        else:
            named[name] = column.fillna(column.mean()).fillna(0.0).to_numpy()
    return pd.Series({name: _apart(values, group, w) for name, values in named.items()}, dtype=float)


def _apart(values: Floats, group: Bools, weights: Floats) -> float:
    ours, theirs = values[group], values[~group]
    spread = float(np.sqrt((ours.var() + theirs.var()) / 2))
    gap = float(np.average(ours, weights=weights[group]) - np.average(theirs, weights=weights[~group]))
    return gap / spread if spread > 0 else 0.0 if abs(gap) < 1e-12 else float(np.copysign(np.inf, gap))


def compared(outcome: Array, treated: Array, covariates: pd.DataFrame) -> Compared:
    """Return the effect on a share among all customers who could have got the work and could have gone without.

    One row per customer; the covariates, the most important first, are what was known before. While there are too few
    rows for all of them, or they tell the groups apart for certain, the last is left out. The value is AIPW's; as its
    error is too small with few of the rarer outcome, the limits are put together from Wilson's of the two weighted
    shares on their effective numbers (Zou and Donner 2008, Statistics in Medicine 27).
    """
    yes, group = np.asarray(outcome, float), np.asarray(treated, bool)
    for last in range(max(covariates.shape[1], 1), 0, -1):
        found = _compared(yes, group, covariates, last)
        if found.why_not not in ("too few", "separated"):
            break
    return found


def _compared(yes: Floats, group: Bools, every: pd.DataFrame, last: int) -> Compared:
    covariates = every.iloc[:, :last]
    kept, one_sided = _two_sided(covariates, group)
    fit, why_not = _chances(covariates[kept], group[kept])
    if not why_not:
        beyond = np.abs(fit.predict() - 0.5) > 0.5 - LEAST_CHANCE
        if beyond.any():  # estimated anew on those who can be compared
            kept[kept] = ~beyond
            fit, why_not = _chances(covariates[kept], group[kept])
    if why_not:
        none = Estimate.unknown(int(group.sum()), "share difference")
        balance = pd.DataFrame(columns=["covariate", "before", "after"])
        return Compared(none, none, none, none, none, (0.0, 0.0), balance, kept, one_sided, why_not)
    yes, group, known, chance = yes[kept], group[kept], every[kept], np.asarray(fit.predict(), float)
    ones, weights = np.ones(len(yes)), np.where(group, 1 / chance, 1 / (1 - chance))
    effect = aipw(yes, group, fit.model.exog, fit)
    (treated, control), plain = (
        [_weighted_share(yes[side], of_all[side]) for side in (group, ~group)] for of_all in (weights, ones)
    )
    apart = difference(treated, control)
    ends = np.clip(effect + np.array([0.0, apart.low - apart.value, apart.high - apart.value]), -1.0, 1.0)
    before, after = (standardised_differences(known, group, of_all) for of_all in (ones, weights))
    balance = pd.DataFrame({"before": before, "after": after}).rename_axis("covariate").reset_index()
    return Compared(
        estimated(ends, treated.n, "share difference", "augmented inverse probability weighting"),
        treated,
        control,
        times_as_many(treated, control),
        share_difference(*plain),
        (effective_size(weights[group]), effective_size(weights[~group])),
        balance,
        kept,
        one_sided,
        "",
    )


def _two_sided(covariates: pd.DataFrame, group: Bools) -> tuple[Bools, tuple[tuple[str, str], ...]]:
    """Return the rows of levels that occur with the work and without, and the levels that do not."""
    kept, one_sided = np.ones(len(group), bool), []
    for name, column, is_category in columns(covariates):
        for level in sorted(set(column)) if is_category else ():
            here = (column == level).to_numpy()
            if group[here].all() or not group[here].any():
                kept &= ~here
                one_sided.append((name, level))
    return kept, tuple(one_sided)


def _chances(covariates: pd.DataFrame, group: Bools) -> tuple[Any, WhyNot]:
    """Return statsmodels' logistic regression of the work, or why there is none."""
    if len(group) == 0:
        return None, "no overlap"
    if group.all() or not group.any():
        return None, "one group"
    design, treated = np.column_stack([np.ones(len(group)), encode(covariates)]), group.astype(float)
    if min(group.sum(), (~group).sum()) < FEWEST_PER_COLUMN * design.shape[1]:
        return None, "too few"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation, what they would warn of, is asked below
        try:
            model = sm.Logit(treated, design).fit(disp=0, maxiter=100)
            chance = np.asarray(model.predict(), float)
        except np.linalg.LinAlgError:
            return None, "separated"
    certain = not np.isfinite(chance).all() or chance.min() < CERTAIN or chance.max() > 1 - CERTAIN
    # asked only where it is likely, as it takes long with many customers
    return (None, "separated") if certain and is_separated(treated, design) else (model, "")


def _weighted_share(yes: Floats, weights: Floats) -> Estimate:
    worth, share = effective_size(weights), float(np.average(yes, weights=weights))
    _, low, high = (float(line) for line in proportion(share * worth, worth))
    return Estimate(share, min(low, share), max(high, share), len(yes), "share", "Wilson on the effective number")
