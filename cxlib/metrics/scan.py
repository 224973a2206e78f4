"""The one place that counts: SQL statements that return sufficient statistics per cell.

A cell is a month and a combination of segments. Sums are returned per cell and random group of
customers, so that the variance between groups carries the clustering; durations are returned as
histogram counts per cell.
"""

from collections.abc import Sequence

import pandas as pd

from cxlib.engine import Engine
from cxlib.metrics.metric import Metric
from cxlib.period import Month

# Durations are counted in tenths of a minute up to 20 minutes, then in bins half a percent wide. Whole minutes
# stay apart up to three hours, and the mean of a bin is kept, so a quantile is off by far less than its interval.
FINE_MINUTES = 20
BINS_A_MINUTE = 10
BIN_RATIO = 1.005
LARGEST = ("largest", "largest_x")
"""The statistics that are no sums: the largest y and x."""
UNKNOWN = "unknown"
"""What a breakdown shows for rows whose segment is empty."""


def scan_sums(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Count metrics of one fact and filing date: `period, <by>, bucket`, then `<id>:<statistic>` of each metric."""
    filed = metrics[0].filed_under
    statistics = [f'{sql} AS "{metric.id}:{name}"' for metric in metrics for name, sql in _statistics(metric).items()]
    counted = f"SELECT {_cell(filed, by)}, bucket, {', '.join(statistics)} FROM {engine.fact(metrics[0].fact)}"
    return engine.frame(f"{counted} WHERE {filed} IN ({_days(months)}) GROUP BY ALL ORDER BY ALL")


def scan_stock(engine: Engine, metric: Metric, months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Count what had come and not yet gone at the end of each month, in the form of `scan_sums`."""
    return engine.frame(
        f"WITH moves AS (SELECT {_cell(metric.filed_under, by)}, bucket, {metric.leaves} AS gone, count(*) AS rows "
        f"FROM {engine.fact(metric.fact)} WHERE {metric.counted} GROUP BY ALL) "
        f'SELECT {", ".join(("asked.period", *by))}, bucket, 0 AS "{metric.id}:out", '
        f'coalesce(sum(rows) FILTER (WHERE gone IS NULL OR gone > asked.period), 0) AS "{metric.id}:n" '
        f"FROM moves INNER JOIN (SELECT unnest([{_days(months)}]) AS period) AS asked ON moves.period <= asked.period "
        "GROUP BY ALL ORDER BY ALL"
    )


def scan_durations(engine: Engine, metric: Metric, months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Count durations in bins: `period, <by>, bin, events, censored, minutes` (their sum over the events).

    Bin -1 holds the rows outside the population.
    """
    minutes = metric.numerator
    bins = (
        f"CASE WHEN NOT ({metric.population}) THEN -1 "
        f"WHEN {minutes} < {FINE_MINUTES} THEN floor({minutes} * {BINS_A_MINUTE}) "
        f"ELSE {FINE_MINUTES * BINS_A_MINUTE} + floor(ln({minutes} / {FINE_MINUTES}.0) / ln({BIN_RATIO})) END"
    )
    return engine.frame(
        f"SELECT {_cell(metric.filed_under, by)}, CAST({bins} AS INTEGER) AS bin, "
        f"count(*) FILTER (WHERE {metric.observed}) AS events, "
        f"count(*) FILTER (WHERE NOT ({metric.observed})) AS censored, "
        f"coalesce(sum({minutes}) FILTER (WHERE {metric.observed}), 0) AS minutes FROM {engine.fact(metric.fact)} "
        f"WHERE {metric.filed_under} IN ({_days(months)}) AND ({metric.among}) GROUP BY ALL ORDER BY ALL"
    )


def _cell(filed: str, by: Sequence[str]) -> str:
    segments = (f"coalesce(CAST({column} AS VARCHAR), '{UNKNOWN}') AS {column}" for column in by)
    return ", ".join((f"{filed} AS period", *segments))


def _days(months: Sequence[Month]) -> str:
    return ", ".join(f"DATE '{month.first_day}'" for month in months)


def _statistics(metric: Metric) -> dict[str, str]:
    """Return the sufficient statistics of a metric: name to SQL aggregate."""
    counted, y, x, weight = metric.counted, metric.numerator, metric.denominator, metric.weight
    left_out = f"({metric.among}) AND NOT coalesce({metric.population}, FALSE)"
    statistics = {"n": f"count(*) FILTER (WHERE {counted})", "out": f"count(*) FILTER (WHERE {left_out})"}
    sums: dict[str, str] = {}
    match metric.kind:
        case "proportion":
            sums = {"w": weight, "ww": f"{weight} * {weight}"}
            statistics["k"] = f"sum({weight}) FILTER (WHERE {counted} AND ({y}))"
        case "nps":
            sums = {"w": weight, "ww": f"{weight} * {weight}"}
            statistics["p"] = f"sum({weight}) FILTER (WHERE {counted} AND is_promoter)"
            statistics["d"] = f"sum({weight}) FILTER (WHERE {counted} AND is_detractor)"
        case "total" | "balance":
            sums = {"y": y, "yy": f"({y}) * ({y})"}
            statistics["largest"] = f"max({y}) FILTER (WHERE {counted})"
        case "ratio" | "net":
            sums = {"y": y, "x": x, "yy": f"{y} * {y}", "xx": f"{x} * {x}", "xy": f"{x} * {y}"}
            if metric.kind == "net":
                for name, amount in zip(LARGEST, (y, x), strict=True):
                    statistics[name] = f"max({amount}) FILTER (WHERE {counted})"
    statistics |= {name: f"sum({amount}) FILTER (WHERE {counted})" for name, amount in sums.items()}
    return {name: f"coalesce({sql}, 0)" for name, sql in statistics.items()}
