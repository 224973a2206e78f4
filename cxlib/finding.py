"""What a sentence with a number, a direction or a name in it is said from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

import numpy as np

from cxlib.estimate import Estimate
from cxlib.period import Month

MOST_TIMES = 20
"""Nobody is asked for more than so many times the cases that there are."""

Direction = Literal["rose", "fell", "no-measurable-change", "cannot-tell"]
Verdict = Literal["supported", "not-supported", "cannot-tell", "described"]
Side = Literal["for", "against", ""]


@dataclass(frozen=True)
class Change:
    """One measure compared with an earlier month, `against` ("2026-09"): `change` is `now - before` with its interval.

    Of a trend, `against` is the first of its `months`, and `change` the rise along its line. `id` is the address of
    the sentence on the page; the verdict is "rose" or "fell" only where the interval of the change excludes zero.
    """

    id: str
    metric: str
    now: Estimate
    before: Estimate
    change: Estimate
    against: str
    verdict: Direction
    months: int = 0

    @property
    def is_exact(self) -> bool:
        """Whether it is counted in full: it moved, or it did not, and not by chance."""
        return self.change.low == self.change.value == self.change.high

    @property
    def is_measured(self) -> bool:
        """Whether a direction may be said."""
        return self.verdict in ("rose", "fell")


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
    size: str = ""
    """Of a number that shows the direction: whether it is as much as would matter, where that is not shown too."""
    needed: str = ""


class Ruling(str):
    """A verdict, with what stands behind it."""

    cases: int | None = None
    """How many cases would tell, should the number stay as it is."""
    matters: float | None = None
    """The least that would matter."""
    side: Side = ""
    """Where the whole interval lies in the region, or beyond its edge, however little would matter."""


def verdict(estimate: Estimate | None, low: float = 0.0, high: float = np.inf, matters: float | None = None) -> Ruling:
    """Return whether a number lies in a region, by what matters there.

    Supported where the whole 95 % interval lies where it would matter; not supported where none of it does; else it
    cannot be told, nor without an interval or with too few cases to show one. Both ask the same of the data, so what
    supports a claim refutes its opposite: a test of the least effect that matters either way (Murphy and Myors 1999,
    Journal of Applied Psychology 84; Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15).

    Both ends of a range from `low` to `high` belong to it; what touches the edge of a region without an end lies on
    neither side. `matters` is the least that would make a difference to anybody; the nearer limit of the region if not
    given. Where it lies outside the region, what lies between the two cannot be told.

    >>> verdict(Estimate(0.09, 0.06, 0.12, 900, "share difference", ""), matters=0.05)
    'supported'
    >>> verdict(Estimate(0.04, 0.01, 0.07, 900, "share difference", ""), matters=0.05)
    'cannot-tell'
    >>> verdict(Estimate(0.02, 0.01, 0.03, 900, "share difference", ""), matters=0.05)
    'not-supported'
    """
    if (estimate := shown(estimate)) is None:
        return Ruling("cannot-tell")
    least, most = _what_matters(low, high, matters)
    is_in = _side(estimate, max(low, least), min(high, most)) == "for"
    is_out = _side(estimate, least, most) == "against"
    ruling = Ruling("supported" if is_in else "not-supported" if is_out else "cannot-tell")
    if ruling == "cannot-tell":
        ruling.cases = cases_that_would_tell(estimate, low, high, matters)
    ruling.side, ruling.matters = _side(estimate, low, high), matters
    return ruling


def _side(estimate: Estimate, low: float, high: float) -> Side:
    """Return where the whole interval lies: in the region, beyond its edge, or across it."""
    if np.isfinite([low, high]).all():
        is_in = low <= estimate.low and estimate.high <= high
    else:
        is_in = (low < estimate.low or low == -np.inf) and (estimate.high < high or high == np.inf)
    return "for" if is_in else "against" if estimate.high < low or estimate.low > high else ""


def _what_matters(low: float, high: float, matters: float | None) -> tuple[float, float]:
    """Return the limits beyond which there is nothing that would matter."""
    if matters is None:
        return low, high
    return (matters, high) if np.isfinite(low) else (low, matters)


def cases_that_would_tell(
    estimate: Estimate, low: float = 0.0, high: float = np.inf, matters: float | None = None
) -> int | None:
    """Return how many cases would tell, should the number stay as it is; None where `MOST_TIMES` as many would not.

    The interval narrows with the square root of the cases; of a ratio on the log scale. Where there are only so many
    cases in all, with that of 1 / cases - 1 / all (Cochran 1977, *Sampling Techniques*, 3rd ed., section 2.6), so
    never more than there are.

    >>> cases_that_would_tell(Estimate(0.04, -0.02, 0.10, 100, "share difference", ""))
    225
    """
    ends = np.array([estimate.low, estimate.value, estimate.high, *_what_matters(low, high, matters)])
    if estimate.unit == "ratio" and estimate.low > 0:
        with np.errstate(divide="ignore"):
            ends = np.log(np.maximum(ends, 0.0))
    lower, value, upper, least, most = ends
    if least < value < most:
        below, above = value - least, most - value
    else:
        below, above = (np.inf, least - value) if value < least else (value - most, np.inf)
    if min(below, above) <= 0 or estimate.n <= 0:
        return None
    times = max((value - lower) / below, (upper - value) / above, 1.0) ** 2
    further = (times - 1) / estimate.population if estimate.population else 0.0
    more = estimate.n * times / (1 + estimate.n * further)
    return int(np.ceil(more * (1 - 1e-12))) if more <= MOST_TIMES * estimate.n else None


def shown(estimate: Estimate | None) -> Estimate | None:
    """Return a number with limits, from enough cases to be shown; None for others."""
    few = estimate is None or not _has_interval(estimate) or "suppressed" in estimate.flags
    return None if few else estimate


def _has_interval(estimate: Estimate) -> bool:
    return estimate.is_known and estimate.low == estimate.low and estimate.high == estimate.high
