"""From metrics to one tidy table: counts in one scan per fact and filing date, intervals from the counts."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib import estimate
from cxlib.engine import Engine
from cxlib.errors import MeasureError
from cxlib.estimate import DurationCounts, Floats, Interval
from cxlib.facts import FACTS, GROUPS
from cxlib.metrics import scan
from cxlib.metrics.metric import Kind, Metric
from cxlib.nearest import did_you_mean
from cxlib.period import Month

SUPPRESSED_BELOW = 5
SMALL_BELOW = 30

METHODS: dict[Kind, str] = {
    "count": "exact Poisson, clustered by customer",
    "stock": "exact Poisson, clustered by customer",
    "total": "compound Poisson",
    "balance": "full count, no interval",
    "proportion": "Wilson, clustered by customer",
    "ratio": "delta method, clustered by customer",
    "nps": "adjusted Wald, clustered by customer",
    "weighted_nps": "adjusted Wald on the effective sample, clustered by customer",
    "quantile": "Kaplan-Meier with Brookmeyer-Crowley limits, tickets taken as independent",
}
SAMPLED: frozenset[Kind] = frozenset({"proportion", "ratio", "nps", "weighted_nps", "quantile"})
"""Kinds that estimate from a sample: a handful of rows says nothing, and may tell who they are."""


@dataclass(frozen=True)
class Cells:
    """The months and segment combinations of one scan, in order."""

    frame: pd.DataFrame

    @property
    def count(self) -> int:
        return len(self.frame)

    def index_of(self, rows: pd.DataFrame) -> pd.Series:
        """Return for each row the number of its cell."""
        keys = list(self.frame.columns)
        numbered = self.frame.assign(cell=np.arange(self.count))
        return rows[keys].merge(numbered, on=keys, how="left")["cell"].set_axis(rows.index)


def missing_columns(metric: Metric, columns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what a metric needs and no export brings: "table" or "table.column".

    Parameters
    ----------
    metric : Metric
        What is asked for.
    columns : mapping of table to columns
        What the exports bring (`Snapshot.columns`).
    """
    tables = tuple(table for table in FACTS[metric.fact].needs if table not in columns)
    if tables:
        return tables
    pairs = (need.split(".") for need in metric.needs)
    return tuple(f"{table}.{column}" for table, column in pairs if column not in columns.get(table, ()))


def measure(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str] = ()) -> pd.DataFrame:
    """Measure metrics by month and segment.

    Parameters
    ----------
    engine : Engine
        An engine over a snapshot.
    metrics : sequence of Metric
        What to measure.
    months : sequence of Month
        For which months.
    by : sequence of str
        Segment columns that every metric's fact has.

    Returns
    -------
    DataFrame
        One row per metric, month and segment, in that order: `metric, period, <by>, n, value, low, high,
        unit, method, excluded, flags, as_of`. `n` is the denominator; `excluded` counts the rows filed
        there that the population leaves out; `flags` is a comma separated list of `suppressed` (n below
        5, value withheld), `small` (n below 30), `no-data`, `not-reached` (too few have ended yet),
        `first-month` (a count of the first month in the data, which may not be whole).

    Raises
    ------
    MeasureError
        If a metric's fact has no such segment column.
    """
    for metric in metrics:
        _check_segments(metric, by)
    parts: list[pd.DataFrame] = []
    for group in _grouped(
        (m for m in metrics if m.kind not in ("stock", "quantile")), lambda m: (m.fact, m.filed_under)
    ):
        parts += _sums(engine, group, months, by)
    for group in _grouped((m for m in metrics if m.kind == "quantile"), lambda m: (m.fact, m.filed_under, m.numerator)):
        parts += _quantiles(engine, group, months, by)
    parts += [_stock(engine, metric, months, by) for metric in metrics if metric.kind == "stock"]
    order = {metric.id: place for place, metric in enumerate(metrics)}
    parts.sort(key=lambda part: order[str(part["metric"].iloc[0])] if len(part) else 0)
    columns = ["metric", "period", *by, "n", "value", "low", "high", "unit", "method", "excluded", "flags"]
    tidy = pd.concat([part[columns] for part in parts], ignore_index=True) if parts else pd.DataFrame(columns=columns)
    return tidy.assign(as_of=pd.Timestamp(engine.snapshot.as_of))


def _check_segments(metric: Metric, by: Sequence[str]) -> None:
    allowed = FACTS[metric.fact].segments
    wrong = [column for column in by if column not in allowed]
    if wrong:
        near = did_you_mean(wrong[0], allowed)
        raise MeasureError(f'{metric.id} cannot be broken down by "{wrong[0]}"{near}')


def _grouped(metrics: Iterable[Metric], key: Callable[[Metric], Hashable]) -> list[list[Metric]]:
    groups: dict[Hashable, list[Metric]] = defaultdict(list)
    for metric in metrics:
        groups[key(metric)].append(metric)
    return list(groups.values())


def _cells(months: Sequence[Month], by: Sequence[str], rows: pd.DataFrame) -> Cells:
    """Return every asked month with every combination of segments seen in any of them."""
    periods = pd.DataFrame({"period": pd.to_datetime([month.first_day for month in months])})
    if not by:
        return Cells(periods)
    segments = rows[list(by)].drop_duplicates().sort_values(list(by))
    return Cells(periods.merge(segments, how="cross"))


def _sums(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]) -> list[pd.DataFrame]:
    rows = _dated(scan.scan_sums(engine, metrics, months, by))
    cells = _cells(months, by, rows)
    index = cells.index_of(rows).to_numpy(np.intp)
    coverage = _coverage(engine, metrics[0], cells)
    parts = []
    for metric in metrics:
        prefix = f"{metric.id}:"
        names = [str(name) for name in rows.columns if str(name).startswith(prefix)]
        groups = {name.removeprefix(prefix): rows[name].to_numpy(float) for name in names}
        sums = {name: _summed(index, values, cells.count) for name, values in groups.items()}
        interval = _interval(metric, sums, groups, index)
        parts.append(_tidy(engine, metric, cells, interval, sums["n"], sums["out"], coverage))
    return parts


def _interval(metric: Metric, sums: Mapping[str, Floats], groups: Mapping[str, Floats], index: np.ndarray) -> Interval:
    """Return the values and limits of one metric from its statistics per cell and per group."""
    n = sums["n"]
    cells = len(n)

    def variance(residuals: Floats) -> Floats:
        return estimate.between_groups_variance(residuals, index, cells, GROUPS)

    match metric.kind:
        case "count":
            return estimate.count(n, estimate.design_effect(variance(groups["n"]), n))
        case "proportion":
            share = _over(sums["k"], n)
            robust = variance(groups["k"] - share[index] * groups["n"])
            return estimate.proportion(sums["k"], n, estimate.design_effect(robust, n * share * (1 - share)))
        case "nps":
            score = _over(sums["p"] - sums["d"], n)
            robust = variance(groups["p"] - groups["d"] - score[index] * groups["n"])
            effect = estimate.design_effect(robust, sums["p"] + sums["d"] - n * score**2)
            return estimate.net_promoter_score(sums["p"], sums["d"], n, effect)
        case "weighted_nps":
            weight = sums["w"]
            score = _over(sums["p"] - sums["d"], weight)
            single = _over(sums["p"] + sums["d"], weight) - score**2
            robust = _over(variance(groups["p"] - groups["d"] - score[index] * groups["w"]), weight**2)
            kish = _over(weight**2, sums["ww"])
            effective = kish / estimate.design_effect(robust, _over(single, kish))
            return estimate.net_promoter_score(
                _over(sums["p"], weight) * effective, _over(sums["d"], weight) * effective, effective
            )
        case "total":
            return estimate.total(sums["y"], sums["yy"])
        case "balance":
            return Interval(sums["y"], sums["y"], sums["y"])
        case _:
            shape = estimate.bounded_ratio if metric.bounded else estimate.ratio
            return shape(sums["y"], sums["x"], sums["yy"], sums["xx"], sums["xy"], n)


def _quantiles(
    engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]
) -> list[pd.DataFrame]:
    """Measure quantiles of one duration from one histogram."""
    rows = _dated(scan.scan_durations(engine, metrics[0], months, by))
    cells = _cells(months, by, rows)
    rows = rows.assign(cell=cells.index_of(rows)).sort_values(["cell", "bin"], kind="stable")
    outside, inside = rows[rows["bin"] < 0], rows[rows["bin"] >= 0]
    events = inside["events"].to_numpy(float)
    counts = DurationCounts(
        inside["cell"].to_numpy(np.intp),
        events,
        inside["censored"].to_numpy(float),
        _over(inside["minutes"].to_numpy(float), events),
    )
    n = _summed(counts.cell, counts.events + counts.censored, cells.count)
    excluded = _summed(outside["cell"].to_numpy(np.intp), outside["events"] + outside["censored"], cells.count)
    intervals = estimate.censored_quantiles(counts, cells.count, [metric.quantile for metric in metrics])
    return [
        _tidy(engine, metric, cells, interval, n, excluded) for metric, interval in zip(metrics, intervals, strict=True)
    ]


def _stock(engine: Engine, metric: Metric, months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Measure what had come and not yet gone at the end of each month."""
    arrivals, departures = (_dated(frame) for frame in scan.scan_stock(engine, metric, max(months), by))
    moves = pd.concat([arrivals, departures.assign(rows=-departures["rows"])], ignore_index=True)
    cells = _cells(months, by, moves)
    standing = []
    for month in months:
        open_then = moves[moves["period"] <= pd.Timestamp(month.first_day)]
        summed = open_then.groupby([*by, "bucket"], as_index=False)["rows"].sum()
        standing.append(summed.assign(period=pd.Timestamp(month.first_day)))
    rows = pd.concat(standing, ignore_index=True)
    index = cells.index_of(rows).to_numpy(np.intp)
    groups = rows["rows"].to_numpy(float)
    n = _summed(index, groups, cells.count)
    robust = estimate.between_groups_variance(groups, index, cells.count, GROUPS)
    interval = estimate.count(n, estimate.design_effect(robust, n))
    return _tidy(engine, metric, cells, interval, n, np.zeros(cells.count), _coverage(engine, metric, cells))


@dataclass(frozen=True)
class Coverage:
    """Which cells the data speak of.

    `any` holds between the first and the last month with data, where no row means zero; `first` holds in
    the first month, which the export may begin in the middle of.
    """

    any: npt.NDArray[np.bool_]
    first: npt.NDArray[np.bool_]


def _coverage(engine: Engine, metric: Metric, cells: Cells) -> Coverage:
    span = scan.first_and_last_month(engine, metric)
    if span is None:
        return Coverage(np.zeros(cells.count, bool), np.zeros(cells.count, bool))
    first, last = (pd.Timestamp(month.first_day) for month in span)
    periods = cells.frame["period"]
    # what is open stays open in a month in which nothing new came
    ends = periods.max() if metric.kind == "stock" else last
    return Coverage(periods.between(first, ends).to_numpy(bool), (periods == first).to_numpy(bool))


def _tidy(
    engine: Engine,
    metric: Metric,
    cells: Cells,
    interval: Interval,
    n: Floats,
    excluded: Floats,
    coverage: Coverage | None = None,
) -> pd.DataFrame:
    if coverage is None or metric.kind in SAMPLED:
        flags = [_flag(v, rows) for v, rows in zip(interval.value, n, strict=True)]
    else:
        interval = Interval(*(np.where(coverage.any, line, np.nan) for line in interval))
        begins = coverage.first & (metric.kind in ("count", "stock"))
        flags = [_count_flag(v, first) for v, first in zip(interval.value, begins, strict=True)]
    value, low, high = (np.array(line, float) for line in interval)
    hidden = np.array(["suppressed" in flag or flag == "no-data" for flag in flags], bool)
    not_reached = np.isinf(value)
    for line in (value, low, high):
        line[hidden] = np.nan
    value[not_reached] = np.nan
    return cells.frame.assign(
        metric=metric.id,
        period=cells.frame["period"].dt.strftime("%Y-%m"),
        n=n.astype(np.int64),
        value=_rounded(value),
        low=_rounded(low),
        high=_rounded(high),
        unit=f"{engine.snapshot.currency} a month" if metric.unit == "currency" else metric.unit,
        method=METHODS[metric.kind],
        excluded=excluded.astype(np.int64),
        flags=flags,
    )


def _count_flag(value: float, begins: bool) -> str:
    return "no-data" if np.isnan(value) else "first-month" if begins else ""


def _flag(value: float, n: float) -> str:
    if n == 0:
        return "no-data"
    if n < SUPPRESSED_BELOW:
        return "suppressed"
    flags = (("small", n < SMALL_BELOW), ("not-reached", np.isinf(value)), ("no-data", np.isnan(value)))
    return ",".join(name for name, holds in flags if holds)


def _dated(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(period=pd.to_datetime(rows["period"]))


def _summed(index: np.ndarray, values: npt.ArrayLike, cells: int) -> Floats:
    return np.bincount(index, np.asarray(values, float), cells).astype(float)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """Return the quotient, 0 where there is nothing to divide by."""
    return np.divide(numerator, denominator, out=np.zeros(len(denominator)), where=denominator > 0)


def _rounded(values: Floats, digits: int = 10) -> Floats:
    """Return values at ten significant digits: sums in parallel differ in the last ones."""
    safe = np.where(np.isfinite(values) & (values != 0), values, 1.0)
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(np.abs(safe))))
    return np.where(np.isfinite(values) & (values != 0), np.round(safe * scale) / scale, values)
