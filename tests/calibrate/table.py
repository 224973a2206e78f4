"""What many companies show of one case, from both sides, and whether it is measurably off.

An interval may be off by missing the truth and by being wider than it need be; a verdict by finding what is not there
and by not finding what is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from calibrate.case import NOMINAL, Case, Confounded, Declared, Effect, Null
from cxlib.estimate import Estimate, Z, proportion

SUSPICION = 0.01
"""A case is off where chance alone would bring so bad a result this rarely."""
MOST_BIAS = 0.25
"""Of the standard deviation of its errors; it costs an interval a percentage point: Cochran (1977), section 1.7."""
NARROW, WIDE = 0.85, 1.5
"""Widths, over that of 1.96 standard deviations of the errors to either side, beyond which one is off."""
HEADERS = (
    "case",
    "truth",
    "mean",
    "bias ± its error",
    "coverage",
    "width / best",
    "not told",
    "plain bias",
    "if halved",
    "verdict",
)


@dataclass(frozen=True)
class Seen:
    """One case in one company."""

    case: str
    seed: int
    truth: float = float("nan")
    estimate: Estimate | None = None
    naive: Estimate | None = None
    right: bool = False
    error: str = ""


def _told(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.is_known and not np.isnan([estimate.low, estimate.high]).any()


@dataclass(frozen=True)
class Numbers:
    """The companies in which a number could be told, one element each."""

    truth: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @property
    def errors(self) -> np.ndarray:
        return self.value - self.truth

    @property
    def covered(self) -> int:
        return int(((self.low <= self.truth) & (self.truth <= self.high)).sum())

    @property
    def count(self) -> int:
        return len(self.truth)

    @property
    def spread(self) -> float:
        """Standard deviation of the errors."""
        return float(self.errors.std(ddof=1)) if self.count > 1 else np.inf

    @property
    def width(self) -> tuple[float, float, float]:
        """Median width over the best there is, with its limits at the level of suspicion."""
        freedom = max(self.count - 1, 1)
        best = 2 * Z * self.spread
        ratio = float(np.median(self.high - self.low)) / best if best > 0 else np.inf
        low, high = (stats.chi2.ppf(share, freedom) / freedom for share in (SUSPICION, 1 - SUSPICION))
        return ratio, ratio * float(np.sqrt(low)), ratio * float(np.sqrt(high))


def numbers(case: Case, seen: Sequence[Seen], which: str = "estimate") -> Numbers:
    """Return truth, value and limits of the companies in which the number could be told.

    The mean of the other companies errs too: the truth is drawn so far toward the company's own that the errors spread
    as if it did not.
    """
    pairs = [(one.truth, found) for one in seen if _told(found := getattr(one, which))]
    rows = np.array([(truth, e.value, e.low, e.high) for truth, e in pairs], dtype=float).reshape(-1, 4)
    told = Numbers(*rows.T)
    if case.expected and told.count > 1:
        own, others = told.truth, (told.truth.sum() - told.truth) / (told.count - 1)
        told = replace(told, truth=own + (others - own) * np.sqrt(1 - 1 / told.count))
    return told


def is_too_rare(hits: int, trials: int, share: float = NOMINAL) -> bool:
    """Tell whether so few hits would come less than once in a hundred times if each came with that chance."""
    return bool(stats.binom.cdf(hits, trials, share) < SUSPICION)


def is_too_often(hits: int, trials: int) -> bool:
    """Tell whether so many hits would come less than once in a hundred times if each came with 95 %."""
    return bool(stats.binom.sf(hits - 1, trials, NOMINAL) < SUSPICION)


def complaint(case: Declared, seen: Sequence[Seen]) -> str:
    """Return in one sentence what is measurably wrong with a case, or nothing."""
    name, failed = case.name, [one for one in seen if one.error]
    if failed:
        return f"{name}: fails in {len(failed)} of {len(seen)} companies, first in {failed[0].seed}: {failed[0].error}"
    if isinstance(case, Null):
        right = sum(one.right for one in seen)
        off = is_too_rare(right, len(seen), case.least)
        return f"{name}: the verdict is right in only {right} of {len(seen)} companies" if off else ""
    told = numbers(case, seen)
    if told.count == 0:
        return f"{name}: could be told in none of {len(seen)} companies"
    if off := _of_the_interval(case, told):
        return f"{name}: {off}"
    if isinstance(case, Confounded):
        return _no_better(name, told, numbers(case, seen, "naive"))
    return ""


def _of_the_interval(case: Case, told: Numbers) -> str:
    """Return what is measurably wrong with an interval, one side after the other, or nothing."""
    if is_too_rare(told.covered, told.count):
        return f"the interval holds the truth in only {told.covered} of {told.count} companies"
    if told.count < 3:
        return ""
    bias, error = float(told.errors.mean()), told.spread / np.sqrt(told.count)
    most = MOST_BIAS * told.spread + float(stats.t.ppf(1 - SUSPICION / 2, told.count - 1)) * error
    if abs(bias) > most > 0:
        return f"its bias of {bias:+.3g} is more than {MOST_BIAS} of its spread of {told.spread:.3g}"
    ratio, least, most = told.width
    if least > WIDE and is_too_often(told.covered, told.count) and not case.wide:
        return f"the interval is {ratio:.2g} times as wide as its errors need, in all of {told.count} companies"
    if most < NARROW:
        return f"the interval is only {ratio:.2g} times as wide as its errors need"
    return ""


def is_blind(case: Declared, seen: Sequence[Seen]) -> bool:
    """Tell whether an interval half as wide would pass as well, so that the case proves nothing of it."""
    halved = [replace(one, estimate=_halved(one.estimate)) for one in seen]
    return isinstance(case, Case) and not complaint(case, halved)


def _halved(estimate: Estimate | None) -> Estimate | None:
    if estimate is None:
        return None
    value, low, high = estimate.value, estimate.low, estimate.high
    return replace(estimate, low=value - (value - low) / 2, high=value + (high - value) / 2)


def _no_better(name: str, told: Numbers, naive: Numbers) -> str:
    """Return a complaint where the number is measurably further off on average than the plain comparison."""
    if naive.count != told.count:
        return f"{name}: the plain comparison is told in {naive.count} companies, the number in {told.count}"
    excess = np.sign(told.errors.mean()) * told.errors - np.sign(naive.errors.mean()) * naive.errors
    spread = excess.std(ddof=1) / np.sqrt(told.count) if told.count > 1 else np.inf
    further = excess.mean() > stats.norm.ppf(1 - SUSPICION) * spread
    return f"{name}: its bias is larger than the plain comparison's" if further else ""


def table(title: str, rows: Sequence[tuple[Declared, Sequence[Seen]]]) -> str:
    """Return one line per case under a title, in columns."""
    lines = [HEADERS, *(_cells(case, seen) for case, seen in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADERS))]
    words = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([title, *words])


def _cells(case: Declared, seen: Sequence[Seen]) -> tuple[str, ...]:
    verdict = "off" if complaint(case, seen) else "holds"
    if isinstance(case, Null):
        right = sum(one.right for one in seen)
        what = case.size if isinstance(case, Effect) else "no effect"
        return (case.name, what, "", "", f"{_share(right, len(seen))} right verdict", "", "", "", "", verdict)
    told = numbers(case, seen)
    if told.count == 0:
        return (case.name, "", "", "", "", "", f"{len(seen)} of {len(seen)}", "", "", verdict)
    naive = numbers(case, seen, "naive")
    ratio, *_ = told.width
    too_often = is_too_often(told.covered, told.count)
    return (
        case.name,
        f"{told.truth.mean():.4g}",
        f"{told.value.mean():.4g}",
        _bias(told),
        _share(told.covered, told.count) + (" above 95%" if too_often else ""),
        f"{ratio:.2f}",
        f"{len(seen) - told.count} of {len(seen)}",
        _bias(naive) if naive.count else "",
        "not seen" if is_blind(case, seen) else "seen",
        verdict,
    )


def _bias(told: Numbers) -> str:
    """Return the mean error with its standard error."""
    return f"{told.errors.mean():+.3g} ± {told.spread / np.sqrt(told.count):.2g}"


def _share(hits: int, trials: int) -> str:
    """Return a share with Wilson's interval."""
    share = proportion([hits], [trials])
    return f"{share.value[0]:.1%} ({share.low[0]:.1%} to {share.high[0]:.1%})"
