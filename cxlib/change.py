"""How measures changed: along a trend of months, and all changes of a page judged together."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cxlib.estimate import ALPHA, Estimate, Z, two_sided_p
from cxlib.finding import Change, direction_of

LEAST_MONTHS = 6
"""Months with a value from which a trend is told."""

SEASONS = 24
"""Months from which a trend is cleared of seasons: each calendar month is then there twice."""

LARGEST_CORRELATION = 0.9


def trend(course: Sequence[Estimate], window: int = 1) -> Estimate:
    """Return by how much a measure rose along its trend line, from its first month to its last.

    Weighted least squares on the monthly values, with dummies for the calendar months where there are two years of
    them. The variance is that of the months' own intervals, not of the scatter alone: values of `window` months, so
    many as one speaks of, share the part of their months that overlaps (Hansen and Hodrick, 1980, Journal of Political
    Economy 88), others are as alike from month to month as the residuals are; where the scatter is larger than all
    that, it is widened to it (Birge, 1932, Physical Review 40). Student's t with the degrees of freedom of the
    residuals.

    `course` is of successive months, the oldest first; months without value or interval, and a first month that may not
    be whole, are left out. Returned in units of a difference, `n` counts the months; unknown with fewer than six.
    """
    whole = [one.is_known and "first-month" not in one.flags for one in course]
    known = [place for place, one in enumerate(course) if whole[place] and 0 < one.high - one.low < np.inf]
    unit = f"{course[-1].unit} difference"
    if len(known) < LEAST_MONTHS:
        return Estimate.unknown(len(known), unit)
    at, y = np.array(known), np.array([course[place].value for place in known])
    sd = np.array([(course[place].high - course[place].low) / (2 * Z) for place in known])
    level = np.eye(12)[at % 12] if window == 1 and len(at) >= SEASONS else np.ones((len(at), 1))
    x, weights = np.column_stack([at - at.mean(), level]), np.diag(sd**-2)
    fit = np.linalg.solve(x.T @ weights @ x, x.T @ weights)
    residual = (y - x @ (fit @ y)) / sd
    apart, freedom = np.abs(at[:, None] - at), len(at) - x.shape[1]
    alike = np.clip(residual[1:] @ residual[:-1] / max(residual @ residual, 1e-12), 0, LARGEST_CORRELATION)
    errors = np.outer(sd, sd) * (np.maximum(0, 1 - apart / window) if window > 1 else alike**apart)
    left = np.eye(len(at)) - x @ fit
    excess = residual @ residual / np.trace(weights @ left @ errors @ left.T)
    slope, error = (fit @ y)[0], np.sqrt(max(excess, 1.0) * (fit @ errors @ fit.T)[0, 0])
    rise, half = ((at[-1] - at[0]) * part for part in (slope, stats.t.ppf(1 - ALPHA / 2, freedom) * error))
    return Estimate(rise, rise - half, rise + half, len(at), unit, "weighted least squares on months")


def judged_together(changes: Sequence[Change]) -> list[Change]:
    """Return changes with the verdicts, and the intervals that decide them, that hold for all of them together.

    With many comparisons some intervals exclude zero by chance. Benjamini and Hochberg's (1995) procedure at 5 %
    rejects "no change" for some; every interval is then given at the level that its procedure used, at which those
    exclude zero and no other does (Benjamini and Yekutieli, 2005, JASA 100: of the intervals so selected, 5 % miss).
    What is counted in full does not move by chance and is left as it is.
    """
    told = [one for one in changes if one.verdict != "cannot-tell" and not one.is_exact]
    if not told:
        return list(changes)
    found = int(multipletests([two_sided_p(one.change) for one in told], ALPHA, method="fdr_bh")[0].sum())
    wider = float(stats.norm.ppf(1 - ALPHA * max(found, 1) / len(told) / 2)) / Z
    return [_widened(one, wider) if one in told else one for one in changes]


def _widened(one: Change, wider: float) -> Change:
    value, low, high = one.change.value, one.change.low, one.change.high
    change = replace(one.change, low=value - wider * (value - low), high=value + wider * (high - value))
    return replace(one, change=change, verdict=direction_of(change))
