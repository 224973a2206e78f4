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
UNKNOWN = "unknown"
"""What a breakdown shows for rows whose segment is empty."""


def scan_sums(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Count metrics of one fact and filing date in one scan.

    Returns
    -------
    DataFrame
        `period, <by>, bucket`, then per metric the columns `<id>:<statistic>`.
    """
    fact, filed = metrics[0].fact, metrics[0].filed_under
    statistics = [f'{sql} AS "{metric.id}:{name}"' for metric in metrics for name, sql in _statistics(metric).items()]
    return engine.frame(
        f"SELECT {_cell(filed, by)}, bucket, {', '.join(statistics)} "
        f"FROM {engine.fact(fact)} WHERE {_within(filed, months)} GROUP BY ALL ORDER BY ALL"
    )


def scan_stock(engine: Engine, metric: Metric, month: Month, by: Sequence[str]) -> tuple[pd.DataFrame, ...]:
    """Count what came and what went, up to and including a month, per cell and group."""
    return tuple(
        engine.frame(
            f"SELECT {_cell(filed, by)}, bucket, count(*) AS rows FROM {engine.fact(metric.fact)} "
            f"WHERE ({metric.population}) AND {filed} <= DATE '{month.first_day}' GROUP BY ALL ORDER BY ALL"
        )
        for filed in (metric.filed_under, metric.leaves)
    )


def scan_durations(engine: Engine, metric: Metric, months: Sequence[Month], by: Sequence[str]) -> pd.DataFrame:
    """Count durations in bins.

    Returns
    -------
    DataFrame
        `period, <by>, bin, events, censored, minutes` (their sum over the events); bin -1 holds the
        rows outside the population.
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
        f"coalesce(sum({minutes}) FILTER (WHERE {metric.observed}), 0) AS minutes "
        f"FROM {engine.fact(metric.fact)} WHERE {_within(metric.filed_under, months)} GROUP BY ALL ORDER BY ALL"
    )


def first_and_last_month(engine: Engine, metric: Metric) -> tuple[Month, Month] | None:
    """Return the first and the last month with any row filed, or None where there is no row."""
    row = engine.frame(
        f"SELECT min({metric.filed_under}) AS first, max({metric.filed_under}) AS last FROM {engine.fact(metric.fact)}"
    ).iloc[0]
    return None if pd.isna(row["first"]) else (Month.of(row["first"]), Month.of(row["last"]))


def _cell(filed: str, by: Sequence[str]) -> str:
    segments = (f"coalesce(CAST({column} AS VARCHAR), '{UNKNOWN}') AS {column}" for column in by)
    return ", ".join((f"{filed} AS period", *segments))


def _within(filed: str, months: Sequence[Month]) -> str:
    days = ", ".join(f"DATE '{month.first_day}'" for month in months)
    return f"{filed} IN ({days})"


def _statistics(metric: Metric) -> dict[str, str]:
    """Return the sufficient statistics of a metric: name to SQL aggregate."""
    population, y, x = metric.population, metric.numerator, metric.denominator
    where = f"FILTER (WHERE {population})"
    statistics = {
        "n": f"count(*) {where}",
        "out": f"count(*) FILTER (WHERE ({metric.among}) AND NOT coalesce({population}, FALSE))",
    }
    match metric.kind:
        case "proportion":
            statistics["k"] = f"count(*) FILTER (WHERE ({population}) AND ({y}))"
        case "nps":
            statistics["p"] = f"count(*) FILTER (WHERE ({population}) AND is_promoter)"
            statistics["d"] = f"count(*) FILTER (WHERE ({population}) AND is_detractor)"
        case "weighted_nps":
            weight = metric.weight
            statistics["w"] = f"sum({weight}) {where}"
            statistics["ww"] = f"sum({weight} * {weight}) {where}"
            statistics["p"] = f"sum({weight}) FILTER (WHERE ({population}) AND is_promoter)"
            statistics["d"] = f"sum({weight}) FILTER (WHERE ({population}) AND is_detractor)"
        case "total" | "balance":
            statistics["y"] = f"sum({y}) {where}"
            statistics["yy"] = f"sum(({y}) * ({y})) {where}"
        case "ratio":
            for name, product in (("y", y), ("x", x), ("yy", f"{y} * {y}"), ("xx", f"{x} * {x}"), ("xy", f"{x} * {y}")):
                statistics[name] = f"sum({product}) {where}"
    return {name: f"coalesce({sql}, 0)" for name, sql in statistics.items()}
