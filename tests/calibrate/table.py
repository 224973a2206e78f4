"""What many companies show of one case: bias, coverage, width, right verdicts; and whether it is measurably off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from calibrate.case import Confounded, Declared, Null
from cxlib.estimate import Estimate, proportion

NOMINAL = 0.95
SUSPICION = 0.01
"""A case is off where chance alone would bring so bad a result this rarely."""
HEADERS = ("case", "truth", "mean", "bias", "coverage", "mean width", "not told", "plain comparison's bias")


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


def numbers(seen: Sequence[Seen], which: str = "estimate") -> Numbers:
    """Return truth, value and limits of the companies in which the number could be told."""
    pairs = [(one.truth, found) for one in seen if _told(found := getattr(one, which))]
    rows = np.array([(truth, e.value, e.low, e.high) for truth, e in pairs], dtype=float).reshape(-1, 4)
    return Numbers(*rows.T)


def is_too_rare(hits: int, trials: int) -> bool:
    """Tell whether so few hits would come less than once in a hundred times if each came with 95 %."""
    return bool(stats.binom.cdf(hits, trials, NOMINAL) < SUSPICION)


def complaint(case: Declared, seen: Sequence[Seen]) -> str:
    """Return in one sentence what is measurably wrong with a case, or nothing."""
    name, failed = case.name, [one for one in seen if one.error]
    if failed:
        return f"{name}: fails in {len(failed)} of {len(seen)} companies, first in {failed[0].seed}: {failed[0].error}"
    if isinstance(case, Null):
        right = sum(one.right for one in seen)
        off = is_too_rare(right, len(seen))
        return f"{name}: the verdict is right in only {right} of {len(seen)} companies" if off else ""
    told = numbers(seen)
    if told.count == 0:
        return f"{name}: could be told in none of {len(seen)} companies"
    if is_too_rare(told.covered, told.count):
        return f"{name}: the interval holds the truth in only {told.covered} of {told.count} companies"
    if isinstance(case, Confounded):
        return _no_better(name, told, numbers(seen, "naive"))
    return ""


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
    if isinstance(case, Null):
        right = sum(one.right for one in seen)
        return (case.name, "no effect", "", "", f"{_share(right, len(seen))} right verdict", "", "", "")
    told = numbers(seen)
    if told.count == 0:
        return (case.name, "", "", "", "", "", f"{len(seen)} of {len(seen)}", "")
    naive = numbers(seen, "naive")
    return (
        case.name,
        f"{told.truth.mean():.4g}",
        f"{told.value.mean():.4g}",
        _bias(told),
        _share(told.covered, told.count),
        f"{(told.high - told.low).mean():.3g}",
        f"{len(seen) - told.count} of {len(seen)}",
        _bias(naive) if naive.count else "",
    )


def _bias(told: Numbers) -> str:
    """Return the mean error with half the width of its own 95 % interval."""
    half = stats.norm.ppf(0.975) * told.errors.std(ddof=1) / np.sqrt(told.count) if told.count > 1 else np.inf
    return f"{told.errors.mean():+.3g} ± {half:.2g}"


def _share(hits: int, trials: int) -> str:
    """Return a share with Wilson's interval."""
    share = proportion([hits], [trials])
    return f"{share.value[0]:.1%} ({share.low[0]:.1%} to {share.high[0]:.1%})"
