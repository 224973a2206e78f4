"""Two things that chance does: customers picked at their worst get better, and long histories get precise."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate, Floats, difference, proportion
from cxlib.models.regression_to_mean import Movement, movement
from cxlib.studies.return_on_investment.books import Ends

LOWEST = 0.1
"""At least this part of the scores is picked, the lowest."""
SHORTEST = 3
"""Months of the shortest history that is shown."""


def picked(pairs: pd.DataFrame) -> Movement | None:
    """Return how the customers with the lowest scores moved who got no success work; None where there are too few."""
    alone = pairs[~pairs["worked"].astype(bool)]
    return movement(alone["first"], alone["second"], alone["customer_id"], LOWEST, "ratio")


@dataclass(frozen=True)
class History:
    """How exactly the yearly retention is known after so many months.

    Attributes
    ----------
    months, half : ndarray
        Length of the history, and half the width of the interval.
    slope : Estimate
        Of the logarithm of the width over the logarithm of the months: -0.5 is the law of the square root.
    drift : Estimate
        Monthly loss in the later half of the history less that in the earlier half.
    """

    months: Floats
    half: Floats
    slope: Estimate
    drift: Estimate


def history(ends: Ends) -> History | None:
    """Return the width of the interval by length of history; None where it is too short or nobody left."""
    groups, months = ends.watched.shape
    if groups < 2 or months < 2 * SHORTEST:
        return None
    lengths = np.arange(SHORTEST, months + 1)
    watched, ended = ends.watched.sum(axis=0), ends.ended.sum(axis=0)
    half = _half_widths(watched, ended, lengths)
    if not (half > 0).all():
        return None
    value = _slope(lengths, half)
    left_out = np.array(
        [
            _slope(lengths, _half_widths(watched - w, ended - e, lengths))
            for w, e in zip(ends.watched, ends.ended, strict=True)
        ]
    )
    # delete-a-group jackknife: Wolter (2007), Introduction to Variance Estimation, 2nd ed., 4.2
    error = float(np.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum()))
    slope = Estimate(
        value, value - 1.96 * error, value + 1.96 * error, int(watched.sum()), "ratio", "jackknife by group"
    )
    early, late = slice(0, months // 2), slice(months // 2, months)
    drift = replace(
        difference(*(_monthly(watched[part], ended[part]) for part in (late, early))), unit="share difference"
    )
    return History(lengths.astype(float), half, slope, drift)


def _half_widths(watched: Floats, ended: Floats, lengths: Floats) -> Floats:
    """Return half the width of the interval of the yearly retention, from the last so many months."""
    n, k = (np.cumsum(line[::-1])[lengths - 1] for line in (watched, ended))
    _, low, high = proportion(n - k, n)
    return np.asarray((high**12 - low**12) / 2, float)


def _slope(lengths: Floats, half: Floats) -> float:
    x = np.log(lengths) - np.log(lengths).mean()
    return float(x @ np.log(half) / (x @ x))


def _monthly(watched: Floats, ended: Floats) -> Estimate:
    value, low, high = (float(line) for line in proportion(ended.sum(), watched.sum()))
    return Estimate(value, low, high, int(watched.sum()), "share", "Wilson")
