"""Measures of customers drawn anew from a company's own rows: how often the interval holds what all the rows show.

The rows are as uneven as customers are: a few large ones, tickets that come in twos and threes, times that still run.
Whoever is drawn is a customer of their own, with all that is theirs, so the truth is what the rows drawn from show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.engine import Engine
from cxlib.estimate import Interval, Z, censored_quantiles
from cxlib.facts import GROUPS
from cxlib.metrics import scan
from cxlib.metrics.measure import _interval, _together
from cxlib.metrics.metric import Metric
from cxlib.period import Month

ADDED_UP = ("count", "stock", "total", "net")
"""Kinds whose value grows with the customers drawn."""
SEED = 20261128


@dataclass(frozen=True)
class Held:
    """What many draws show of one metric: `n` is the denominator expected, arrays have one element per draw."""

    metric: str
    n: int
    truth: float
    drawn: Interval

    @property
    def coverage(self) -> float:
        close = 1e-9 * abs(self.truth)
        return float(((self.drawn.low <= self.truth + close) & (self.drawn.high >= self.truth - close)).mean())

    @property
    def width(self) -> float:
        """Median width over that of 1.96 standard deviations of the values to either side, the best there is."""
        spread = self.drawn.value[np.isfinite(self.drawn.value)].std()
        return float(np.median(self.drawn.high - self.drawn.low) / (2 * Z * spread))


def held(engine: Engine, metric: Metric, months: Sequence[Month], n: int, draws: int = 1000) -> Held:
    """Draw customers from the rows of some months, so many that the metric's denominator is `n` on average."""
    rng = np.random.default_rng([SEED, n])
    if metric.kind == "quantile":
        return _held_quantile(engine, metric, months, n, draws, rng)
    scanned = (
        scan.scan_stock(engine, metric, months, ["customer_id"])
        if metric.kind == "stock"
        else scan.scan_sums(engine, [metric], months, ["customer_id"])
    )
    rows = _with_the_silent(engine, metric, months, _known(scanned))
    rows = rows[rows[f"{metric.id}:n"] > 0] if metric.kind == "total" else rows
    statistics = {str(name).split(":")[1]: rows[name].to_numpy(float) for name in rows if ":" in str(name)}
    customers = round(n / statistics["n"].mean())
    # whose amount moves is a matter of chance too; of the others there is a fixed number
    size = rng.poisson(n, draws) if metric.kind == "total" else np.full(draws, customers)
    picked, bucket = rng.integers(0, len(rows), size.sum()), rng.integers(0, GROUPS, size.sum())
    place = np.repeat(np.arange(draws), size) * GROUPS + bucket
    groups = {name: _together(name, each[picked], place, draws * GROUPS) for name, each in statistics.items()}
    index = np.repeat(np.arange(draws), GROUPS)
    sums = {name: _together(name, each, index, draws) for name, each in groups.items()}
    # the truth needs no variance: all rows in one cell
    whole = {name: _together(name, each, np.zeros(len(rows), int), 1) for name, each in statistics.items()}
    truth = float(_interval(metric, whole, whole, np.zeros(1, int)).value[0])
    if metric.kind in ADDED_UP:
        truth *= customers / len(rows)
    told = sums["n"] > 0
    return Held(metric.id, n, truth, Interval(*(line[told] for line in _interval(metric, sums, groups, index))))


def _held_quantile(
    engine: Engine, metric: Metric, months: Sequence[Month], n: int, draws: int, rng: np.random.Generator
) -> Held:
    rows = _known(scan.scan_durations(engine, metric, months, ["customer_id"]))
    rows = rows[rows["bin"] >= 0]
    unit = rows.groupby(["customer_id", "period"]).ngroup().to_numpy()
    units, (bins, place) = unit.max() + 1, np.unique(rows["bin"], return_inverse=True)
    customers = round(n * units / float((rows["events"] + rows["censored"]).sum()))
    times = rng.multinomial(customers, np.full(units, 1 / units), draws)
    parts = {}
    for name in ("events", "censored", "minutes"):
        each = np.zeros((units, len(bins)))
        np.add.at(each, (unit, place), rows[name].to_numpy(float))
        parts[name] = np.vstack([times @ each, each.sum(axis=0)]).ravel()
    counts = pd.DataFrame(parts).assign(cell=np.repeat(np.arange(draws + 1), len(bins)))
    counts = counts[counts["events"] + counts["censored"] > 0]
    counts["minutes"] = counts["minutes"] / counts["events"].where(counts["events"] > 0)
    found = censored_quantiles(counts, draws + 1, [metric.quantile])[0]
    return Held(metric.id, n, float(found.value[-1]), Interval(*(line[:-1] for line in found)))


def _known(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["customer_id"] != scan.UNKNOWN]


def _with_the_silent(engine: Engine, metric: Metric, months: Sequence[Month], rows: pd.DataFrame) -> pd.DataFrame:
    """Add a row of zeros for customers of a month of whom nothing was counted, where that moves the value."""
    if metric.kind not in ("count", "stock"):
        return rows
    days = ", ".join(f"DATE '{month.first_day}'" for month in months)
    paying = engine.frame(
        f"SELECT customer_id, month AS period FROM {engine.fact('subscription_month')} "
        f"WHERE mrr_start + mrr_end > 0 AND month IN ({days})"
    )
    return rows.merge(paying, on=["customer_id", "period"], how="outer").fillna(0)
