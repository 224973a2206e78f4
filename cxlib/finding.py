"""What a sentence with a number, a direction or a name in it is said from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from cxlib.estimate import Estimate
from cxlib.period import Month

Direction = Literal["rose", "fell", "no-measurable-change", "cannot-tell"]
Verdict = Literal["supported", "not-supported", "cannot-tell", "described"]


@dataclass(frozen=True)
class Change:
    """One measure compared with an earlier month, `against` ("2026-09"): `change` is `now - before` with its interval.

    `id` is the address of the sentence on the page; the verdict is "rose" or "fell" only where the interval of the
    change excludes zero.
    """

    id: str
    metric: str
    now: Estimate
    before: Estimate
    change: Estimate
    against: str
    verdict: Direction


def direction_of(change: Estimate) -> Direction:
    """Return what may be said of a change.

    >>> direction_of(Estimate(2.0, 0.5, 3.5, 100, "points", ""))
    'rose'
    >>> direction_of(Estimate(2.0, -0.5, 4.5, 100, "points", ""))
    'no-measurable-change'
    """
    if not _has_interval(change):
        return "cannot-tell"
    return "rose" if change.low > 0 else "fell" if change.high < 0 else "no-measurable-change"


@dataclass(frozen=True)
class Quantity:
    """An exact number with its unit: a count, a setting, an amount in the books."""

    value: float
    unit: str = ""

    def __post_init__(self) -> None:
        float(self.value)  # of what could not be told there is no amount: its reason is passed on here, not when drawn


Value = Estimate | Quantity | Month | datetime | float | str
"""What may stand for a placeholder in a sentence; a text is translated, an `int` is a count."""


@dataclass(frozen=True)
class Finding:
    """What a study found, with the sentence that says it; its parts are what `say` was given."""

    id: str
    """Address of the sentence on its page, unique over all studies."""
    sentence: str
    values: Mapping[str, Value] = field(default_factory=dict)
    verdict: Verdict = "described"
    estimate: Estimate | None = None
    assumption: str = ""
    needed: str = ""


class Ruling(str):
    """A verdict that knows how many cases would tell, should the number stay as it is."""

    cases: int | None = None


def verdict(estimate: Estimate | None, low: float = 0.0, high: float = np.inf, matters: float | None = None) -> Ruling:
    """Return whether a number lies in a region.

    Supported where the whole 95 % interval lies in it; not supported where the whole interval lies beyond what would
    matter; else it cannot be told. A test of difference together with one of equivalence: Schuirmann (1987), Journal
    of Pharmacokinetics and Biopharmaceutics 15.

    Parameters
    ----------
    estimate : Estimate or None
        Without an interval, or with too few cases to show one, nothing can be told.
    low, high : float
        The region. An interval that touches "no effect" (a `low` of 0) does not lie in it.
    matters : float, optional
        The least that would make a difference to anybody, inside the region; the nearer limit of the region if not
        given.

    Examples
    --------
    >>> verdict(Estimate(0.04, 0.01, 0.07, 900, "share difference", ""))
    'supported'
    >>> verdict(Estimate(0.04, -0.01, 0.09, 300, "share difference", ""), matters=0.05)
    'cannot-tell'
    >>> verdict(Estimate(0.01, -0.01, 0.03, 900, "share difference", ""), matters=0.05)
    'not-supported'
    """
    if estimate is None or not _has_interval(estimate) or "suppressed" in estimate.flags:
        return Ruling("cannot-tell")
    if low <= estimate.low and estimate.high <= high and not estimate.low == low == 0.0:
        return Ruling("supported")
    least, most = _what_matters(low, high, matters)
    if estimate.high < least or estimate.low > most:
        return Ruling("not-supported")
    unsure = Ruling("cannot-tell")
    unsure.cases = cases_that_would_tell(estimate, low, high, matters)
    return unsure


def _what_matters(low: float, high: float, matters: float | None) -> tuple[float, float]:
    """Return the limits beyond which there is nothing that would matter."""
    if matters is None:
        return low, high
    return (matters, high) if np.isfinite(low) else (low, matters)


def cases_that_would_tell(
    estimate: Estimate, low: float = 0.0, high: float = np.inf, matters: float | None = None
) -> int | None:
    """Return how many cases would tell, should the number stay as it is; None where no number of them would.

    The interval narrows with the square root of the cases.

    Examples
    --------
    >>> cases_that_would_tell(Estimate(0.04, -0.02, 0.10, 100, "share difference", ""))
    225
    """
    least, most = _what_matters(low, high, matters)
    value = estimate.value
    if low < value < high:
        below, above = value - low, high - value
    else:
        below, above = (np.inf, least - value) if value < least else (value - most, np.inf)
    if min(below, above) <= 0 or estimate.n <= 0:
        return None
    times = max((value - estimate.low) / below, (estimate.high - value) / above)
    return int(np.ceil(estimate.n * max(times, 1.0) ** 2 * (1 - 1e-12))) if np.isfinite(times) else None


def _has_interval(estimate: Estimate) -> bool:
    return estimate.is_known and estimate.low == estimate.low and estimate.high == estimate.high
