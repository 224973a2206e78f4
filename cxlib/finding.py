"""A finding: what a sentence with a number, a direction or a name in it is said from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from cxlib.estimate import Estimate

Verdict = Literal["rose", "fell", "no-measurable-change", "cannot-tell"]


@dataclass(frozen=True)
class Finding:
    """A comparison of one measure with an earlier month.

    Parameters
    ----------
    id : str
        Address of the sentence on the page.
    metric : str
        What was measured.
    now, before : Estimate
        The two months.
    change : Estimate
        `now - before`, with its interval.
    against : str
        The earlier month, as "2026-09".
    verdict : Verdict
        "rose" and "fell" only where the interval of the change excludes zero.
    """

    id: str
    metric: str
    now: Estimate
    before: Estimate
    change: Estimate
    against: str
    verdict: Verdict

    def with_verdict(self, verdict: Verdict) -> Finding:
        return replace(self, verdict=verdict)


def verdict_of(change: Estimate) -> Verdict:
    """Return what may be said of a change.

    >>> verdict_of(Estimate(2.0, 0.5, 3.5, 100, "points", ""))
    'rose'
    >>> verdict_of(Estimate(2.0, -0.5, 4.5, 100, "points", ""))
    'no-measurable-change'
    """
    if not change.is_known or change.low != change.low or change.high != change.high:
        return "cannot-tell"
    if change.low > 0:
        return "rose"
    if change.high < 0:
        return "fell"
    return "no-measurable-change"
