"""What work does where nobody drew lots: those with it and without it made alike in what was known before.

The estimate is doubly robust: right if either the chance of getting the work or the outcome without it is described
well by the covariates. Nothing here reveals what was not written down; `cxlib.models.sensitivity` says how strong
that would have to be.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.treatment.treatment_effects import TreatmentEffect

from cxlib.estimate import Array, Bools, Estimate, Floats, difference, proportion
from cxlib.models.binary import encode, hidden_if_few, is_separated

WhyNot = Literal["", "one group", "no overlap", "too few", "separated"]

LEAST_CHANCE = 0.02
"""Customers whose chance of the work lies below this, or above 1 less this, have nobody to be compared with."""

CERTAIN = 1e-5
"""A chance nearer to 0 or 1 than this makes one look whether the covariates tell the groups apart for certain."""

FEWEST_PER_COLUMN = 4
"""Fewer customers in the smaller group for each covariate column and the chance is not to be estimated."""


@dataclass(frozen=True)
class Overlap:
    """Who can be compared.

    Attributes
    ----------
    kept : ndarray of bool, shape (rows,)
    one_sided : tuple of (str, str)
        Column and level of those left out because everybody, or nobody, of the level has the work.
    beyond : int
        Rows left out because their chance of the work is too near to 0 or 1.
    """

    kept: Bools
    one_sided: tuple[tuple[str, str], ...]
    beyond: int


@dataclass(frozen=True)
class Compared:
    """Two groups made alike.

    Attributes
    ----------
    difference, treated, control : Estimate
        Share with the work less share without; the two weighted shares.
    ratio : Estimate
        Of the two weighted shares, for an E-value.
    plain : Estimate
        The difference of the same rows without weights.
    overlap : Overlap
    chance : ndarray, shape (kept rows,)
        Estimated chance of the work.
    effective : (float, float)
        How many unweighted customers each group is worth (Kish 1965): with the work, without it.
    balance : DataFrame
        `covariate, before, after`: standardised mean differences, of all covariates.
    used : tuple of str
        The covariates that the groups were made alike in.
    why_not : str
        Why there are no numbers; then they are NaN.
    """

    difference: Estimate
    treated: Estimate
    control: Estimate
    ratio: Estimate
    plain: Estimate
    overlap: Overlap
    chance: Floats
    effective: tuple[float, float]
    balance: pd.DataFrame
    used: tuple[str, ...]
    why_not: WhyNot = ""


def aipw(outcome: Array, treated: Array, design: Array, chances: Any) -> float:
    """Return the average effect on all rows: augmented inverse probability weighting.

    Robins, Rotnitzky and Zhao (1994), JASA 89, as in statsmodels' `TreatmentEffect`, with a linear outcome.

    Parameters
    ----------
    outcome, treated : array_like, shape (rows,)
    design : array_like, shape (rows, columns)
        Covariates of the outcome with their constant.
    chances : statsmodels results
        A Logit or Probit of `treated`, fitted on covariates of its own.
    """
    work = TreatmentEffect(
        sm.OLS(np.asarray(outcome, float), np.asarray(design, float)),
        np.asarray(treated, float),
        results_select=chances,
    )
    # without its error: where nobody of a group had the outcome there is none, and the value is wanted all the same
    return float(work.aipw(return_results=False)[0])


def effective_size(weights: Array) -> float:
    """Return how many unweighted rows weighted ones are worth: Kish (1965), *Survey Sampling*, 11.2C."""
    w = np.asarray(weights, float)
    squares = float((w**2).sum())
    return float(w.sum()) ** 2 / squares if squares > 0 else 0.0


def standardised_differences(covariates: pd.DataFrame, treated: Array, weights: Array) -> pd.Series[float]:
    """Return by how many standard deviations the means of two groups differ, one element per column or level.

    The standard deviation is that of both groups without weights (Austin 2009, Statistics in Medicine 28), so that
    weighting cannot shrink the yardstick. Below 0.1 counts as balanced by convention.

    Parameters
    ----------
    covariates : DataFrame
        Numbers and categories; each level of a category is a share.
    treated : array_like of bool, shape (rows,)
    weights : array_like, shape (rows,)
    """
    group, w = np.asarray(treated, bool), np.asarray(weights, float)
    named: dict[str, Floats] = {}
    for name in covariates:
        column = covariates[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            values = column.to_numpy(float)
            seen = ~np.isnan(values)
            named[str(name)] = np.where(seen, values, values[seen].mean() if seen.any() else 0.0)
        else:
            text = column.astype(object).where(column.notna(), "").astype(str)
            for level in sorted(text.unique()):
                named[f"{name}: {level}" if level else str(name)] = (text == level).to_numpy(float)
    return pd.Series({name: _apart(values, group, w) for name, values in named.items()}, dtype=float)


def _apart(values: Floats, group: Bools, weights: Floats) -> float:
    spread = float(np.sqrt((values[group].var() + values[~group].var()) / 2))
    gap = float(np.average(values[group], weights=weights[group]) - np.average(values[~group], weights=weights[~group]))
    return gap / spread if spread > 0 else 0.0 if abs(gap) < 1e-12 else float(np.copysign(np.inf, gap))


def compared(outcome: Array, treated: Array, covariates: pd.DataFrame) -> Compared:
    """Return the effect on a share among all customers who could have got the work and could have gone without.

    The value is AIPW's. With few of the rarer outcome its sandwich error is too small (with none in a group it is
    0), so the limits are put together from Wilson's limits of the two weighted shares on their effective numbers,
    by the method of variance estimates recovery (Zou and Donner 2008, Statistics in Medicine 27).

    Parameters
    ----------
    outcome, treated : array_like of bool, shape (rows,)
        One row per customer.
    covariates : DataFrame, shape (rows, covariates)
        What was known before the work began, the most important first; numbers and categories, missing values are a
        level of their own. While there are too few rows for all of them, or they tell the groups apart for certain,
        the last is left out.
    """
    yes, group = np.asarray(outcome, float), np.asarray(treated, bool)
    names = [str(name) for name in covariates]
    while True:
        found = _compared(yes, group, covariates, names)
        if found.why_not not in ("too few", "separated") or len(names) == 1:
            return found
        names = names[:-1]


def _compared(yes: Floats, group: Bools, every: pd.DataFrame, names: list[str]) -> Compared:
    covariates = every[names]
    kept, one_sided = _two_sided(covariates, group)
    fit = _chances(covariates[kept], group[kept])
    if isinstance(fit, str):
        return _nothing(group, Overlap(kept, one_sided, 0), fit)
    inside = kept.copy()
    inside[kept] = (fit.chance >= LEAST_CHANCE) & (fit.chance <= 1 - LEAST_CHANCE)
    overlap = Overlap(inside, one_sided, int(kept.sum() - inside.sum()))
    if overlap.beyond:  # estimated anew on those who can be compared
        fit = _chances(covariates[inside], group[inside])
        if isinstance(fit, str):
            return _nothing(group, overlap, fit)
    return _alike(yes[inside], group[inside], every[inside], fit, overlap, tuple(names))


@dataclass(frozen=True)
class _Fit:
    design: Floats
    model: Any
    chance: Floats


def _two_sided(covariates: pd.DataFrame, group: Bools) -> tuple[Bools, tuple[tuple[str, str], ...]]:
    """Return the rows of levels that occur with the work and without, and the levels that do not."""
    kept, one_sided = np.ones(len(group), bool), []
    for name in covariates:
        column = covariates[name]
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            continue
        text = column.astype(object).where(column.notna(), "").astype(str).to_numpy()
        for level in sorted(set(text)):
            here = text == level
            if group[here].all() or not group[here].any():
                kept &= ~here
                one_sided.append((str(name), level))
    return kept, tuple(one_sided)


def _chances(covariates: pd.DataFrame, group: Bools) -> _Fit | WhyNot:
    """Return each row's chance of the work by logistic regression, or why there is none."""
    if len(group) == 0:
        return "no overlap"
    if group.all() or not group.any():
        return "one group"
    design = np.column_stack([np.ones(len(group)), encode(covariates)])
    if min(group.sum(), (~group).sum()) < FEWEST_PER_COLUMN * design.shape[1]:
        return "too few"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # separation, what they would warn of, is asked below
        try:
            model = sm.Logit(group.astype(float), design).fit(disp=0, maxiter=100)
            chance = np.asarray(model.predict(), float)
        except np.linalg.LinAlgError:
            return "separated"
    certain = not np.isfinite(chance).all() or chance.min() < CERTAIN or chance.max() > 1 - CERTAIN
    # asked only where it is likely, as it takes long with many customers
    if certain and is_separated(group.astype(float), design):
        return "separated"
    return _Fit(design, model, chance)


def _alike(
    yes: Floats, group: Bools, covariates: pd.DataFrame, fit: _Fit, overlap: Overlap, used: tuple[str, ...]
) -> Compared:
    weights = np.where(group, 1 / fit.chance, 1 / (1 - fit.chance))
    effect = aipw(yes, group, fit.design, fit.model)
    treated, control = (_weighted_share(yes[side], weights[side]) for side in (group, ~group))
    apart = difference(treated, control)
    shift = effect - apart.value
    low, high = max(apart.low + shift, -1.0), min(apart.high + shift, 1.0)
    method = "augmented inverse probability weighting"
    ones = np.ones(len(yes))
    balance = pd.DataFrame(
        {
            "before": standardised_differences(covariates, group, ones),
            "after": standardised_differences(covariates, group, weights),
        }
    )
    plain = difference(*(_weighted_share(yes[side], ones[side]) for side in (group, ~group)))
    return Compared(
        hidden_if_few(Estimate(effect, low, high, treated.n, "share difference", method)),
        treated,
        control,
        _ratio(treated, control),
        hidden_if_few(Estimate(plain.value, plain.low, plain.high, plain.n, "share difference", "Newcombe")),
        overlap,
        fit.chance,
        (effective_size(weights[group]), effective_size(weights[~group])),
        balance.rename_axis("covariate").reset_index(),
        used,
    )


def _ratio(treated: Estimate, control: Estimate) -> Estimate:
    """Return the ratio of two shares, limits put together on the log scale; not known where either is 0 or 1.

    Donner and Zou (2012), Statistical Methods in Medical Research 21.
    """
    n, method = min(treated.n, control.n), "put together from Wilson's limits"
    if not (0 < treated.value < 1 and 0 < control.value < 1):
        return Estimate.unknown(n, "ratio", method)
    one, two = (np.log([share.value, share.low, share.high]) for share in (treated, control))
    middle = one[0] - two[0]
    down, up = np.hypot(one[0] - one[1], two[2] - two[0]), np.hypot(one[2] - one[0], two[0] - two[1])
    value, low, high = (float(np.exp(end)) for end in (middle, middle - down, middle + up))
    return hidden_if_few(Estimate(value, low, high, n, "ratio", method))


def _weighted_share(yes: Floats, weights: Floats) -> Estimate:
    worth, share = effective_size(weights), float(np.average(yes, weights=weights))
    _, low, high = (float(line) for line in proportion(share * worth, worth))
    return Estimate(share, min(low, share), max(high, share), len(yes), "share", "Wilson on the effective number")


def _nothing(group: Bools, overlap: Overlap, why_not: WhyNot) -> Compared:
    empty = Estimate.unknown(int(group.sum()), "share difference")
    balance = pd.DataFrame({"covariate": pd.Series(dtype=object), "before": [], "after": []})
    return Compared(empty, empty, empty, empty, empty, overlap, np.empty(0), (0.0, 0.0), balance, (), why_not)
