"""From metrics to one tidy table: counts in one scan per fact and filing date, intervals from the counts."""

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd

from cxlib import estimate
from cxlib.coverage import Coverage, coverage_of
from cxlib.engine import Engine, to_digits
from cxlib.errors import MeasureError
from cxlib.estimate import Bools, Floats, Interval, Ints
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
    "total": "compound Poisson, gamma limits",
    "net": "compound Poisson, gamma limits of gains and losses",
    "balance": "full count, no interval",
    "proportion": "Wilson, clustered by customer",
    "ratio": "delta method with added customers, clustered by customer",
    "nps": "adjusted Wald, clustered by customer",
    "quantile": "Kaplan-Meier with Brookmeyer-Crowley limits, tickets taken as independent",
}
SAMPLED: frozenset[Kind] = frozenset({"proportion", "ratio", "nps", "quantile"})
"""Kinds that estimate from a sample: a handful of rows says nothing, and may tell who they are."""

Spans = Mapping[str, Coverage]
Counted = tuple[pd.DataFrame, Sequence[tuple[Interval, Floats, Floats]]]
"""The cells, and of each metric in each of them the interval, the denominator and how many rows were left out."""


def measure(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str] = ()) -> pd.DataFrame:
    """Measure metrics by month and segment (columns that every metric's fact has).

    Returns one row per metric, month and segment, in that order: `metric, period, <by>, n, value, low, high, unit,
    method, excluded, flags, as_of`. `n` is the denominator; `excluded` counts the rows filed there that the population
    leaves out; `flags` is a comma separated list of `suppressed` (n below 5, value withheld: of samples always, of
    counts and amounts in parts of all), `small` (n below 30, of a sample or of amounts), `no-data`, `not-covered` (the
    month lies outside of what the exports can be believed for, see `cxlib.coverage`; value withheld), `not-reached`
    (too few have ended yet), `first-month` (a count of the first month in the data, which may not be whole).

    Raises MeasureError if a metric's fact has no such segment column.
    """
    groups: dict[Hashable, list[Metric]] = defaultdict(list)
    for metric in metrics:
        allowed = FACTS[metric.fact].segments
        if wrong := [column for column in by if column not in allowed]:
            raise MeasureError(f'{metric.id} cannot be broken down by "{wrong[0]}"{did_you_mean(wrong[0], allowed)}')
        own_scan = {"stock": metric.id, "quantile": metric.numerator}.get(metric.kind)
        groups[metric.fact, metric.filed_under, own_scan].append(metric)
    parts, spans = dict[str, pd.DataFrame](), coverage_of(engine) if groups else {}
    for group in groups.values():
        cells, counted = (_quantiles if group[0].kind == "quantile" else _sums)(engine, group, months, by)
        for metric, found in zip(group, counted, strict=True):
            parts[metric.id] = _tidy(engine, metric, spans, cells, *found)
    columns = ["metric", "period", *by, "n", "value", "low", "high", "unit", "method", "excluded", "flags"]
    rows = [parts[metric.id] for metric in metrics] or [pd.DataFrame(columns=columns)]
    return pd.concat(rows, ignore_index=True)[columns].assign(as_of=pd.Timestamp(engine.snapshot.as_of))


def _in_cells(rows: pd.DataFrame, months: Sequence[Month], by: Sequence[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the cells, every asked month with every segment seen in any of them, and the rows with their `cell`."""
    rows = rows.assign(period=pd.to_datetime(rows["period"]))
    cells = pd.DataFrame({"period": pd.to_datetime([month.first_day for month in months])})
    if by:
        cells = cells.merge(rows[list(by)].drop_duplicates().sort_values(list(by)), how="cross")
    return cells, rows.merge(cells.reset_index(names="cell"), on=list(cells.columns))


def _sums(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]) -> Counted:
    if metrics[0].kind == "stock":
        rows = scan.scan_stock(engine, metrics[0], months, by)
    else:
        rows = scan.scan_sums(engine, metrics, months, by)
    cells, rows = _in_cells(rows, months, by)
    index, counted = rows["cell"].to_numpy(np.intp), []
    for metric in metrics:
        prefix = f"{metric.id}:"
        names = [name for name in map(str, rows.columns) if name.startswith(prefix)]
        groups = {name.removeprefix(prefix): rows[name].to_numpy(float) for name in names}
        sums = {name: _together(name, values, index, len(cells)) for name, values in groups.items()}
        counted.append((_interval(metric, sums, groups, index), sums["n"], sums["out"]))
    return cells, counted


def _together(name: str, groups: Floats, index: Ints, cell_count: int) -> Floats:
    if name not in scan.LARGEST:
        return np.bincount(index, groups, cell_count).astype(float)
    cells = np.zeros(cell_count)
    np.maximum.at(cells, index, groups)
    return cells


def _interval(metric: Metric, sums: Mapping[str, Floats], groups: Mapping[str, Floats], index: Ints) -> Interval:
    """Return the values and limits of one metric from its statistics per cell and per group."""
    n = sums["n"]
    variance = partial(estimate.between_groups_variance, cells=index, cell_count=len(n), groups=GROUPS)

    def worth(residuals: Floats, spread: Floats) -> Floats:
        """Return Kish's number of answers, which without weights is theirs, less what clustering takes."""
        kish = _over(sums["w"] ** 2, sums["ww"])
        return kish / estimate.design_effect(_over(variance(residuals), sums["w"] ** 2), _over(spread, kish))

    match metric.kind:
        case "count" | "stock":
            return estimate.count(n, estimate.design_effect(variance(groups["n"]), n))
        case "proportion":
            share = _over(sums["k"], sums["w"])
            effective = worth(groups["k"] - share[index] * groups["w"], share * (1 - share))
            return estimate.proportion(share * effective, effective)
        case "nps":
            promoters, detractors = _over(sums["p"], sums["w"]), _over(sums["d"], sums["w"])
            score = promoters - detractors
            effective = worth(groups["p"] - groups["d"] - score[index] * groups["w"], promoters + detractors - score**2)
            return estimate.net_promoter_score(promoters * effective, detractors * effective, effective)
        case "total":
            return estimate.total(sums["y"], sums["yy"], sums["largest"], n)
        case "net":
            gains, losses = (sums["y"], sums["yy"], sums["largest"], n), (sums["x"], sums["xx"], sums["largest_x"], n)
            return estimate.net(estimate.total(*gains), estimate.total(*losses))
        case "balance":
            return Interval(sums["y"], sums["y"], sums["y"])
        case _:
            shape = estimate.bounded_ratio if metric.bounded else estimate.ratio
            return shape(sums["y"], sums["x"], sums["yy"], sums["xx"], sums["xy"], n)


def _quantiles(engine: Engine, metrics: Sequence[Metric], months: Sequence[Month], by: Sequence[str]) -> Counted:
    """Count quantiles of one duration from one histogram."""
    cells, rows = _in_cells(scan.scan_durations(engine, metrics[0], months, by), months, by)
    rows = rows.sort_values(["cell", "bin"], kind="stable").assign(n=rows["events"] + rows["censored"])
    outside, inside = rows[rows["bin"] < 0], rows[rows["bin"] >= 0]
    n, excluded = (np.bincount(part["cell"], part["n"], len(cells)).astype(float) for part in (inside, outside))
    counts = inside.assign(minutes=_over(inside["minutes"].to_numpy(float), inside["events"].to_numpy(float)))
    intervals = estimate.censored_quantiles(counts, len(cells), [metric.quantile for metric in metrics])
    return cells, [(interval, n, excluded) for interval in intervals]


def _tidy(
    engine: Engine, metric: Metric, spans: Spans, cells: pd.DataFrame, interval: Interval, n: Floats, excluded: Floats
) -> pd.DataFrame:
    is_sampled, currency = metric.kind in SAMPLED, engine.snapshot.currency
    covered, begins = _covered(metric, spans, engine.snapshot.time_zone, cells)
    has_rows = set(FACTS[metric.fact].needs) <= set(spans)
    suppressed = covered & _withheld(cells, n, is_sampled, is_part=bool(engine.parts))
    shown = covered & ~suppressed & ((n > 0) | (not is_sampled))
    value, low, high = (np.where(shown, line, np.nan) for line in interval)
    flags = {
        "suppressed": suppressed,
        "not-covered": ~covered & has_rows,
        # few amounts do not show how large one can be, though their sum is exact
        "small": (is_sampled | ((metric.kind == "total") & (n > 0))) & shown & (n < SMALL_BELOW),
        "not-reached": np.isinf(value),
        "no-data": np.isnan(value) & ~suppressed & (covered | (not has_rows)),
        "first-month": (metric.kind in ("count", "stock")) & shown & begins,
    }
    return cells.assign(
        metric=metric.id,
        period=cells["period"].dt.strftime("%Y-%m"),
        n=n.astype(np.int64),
        # sums in parallel differ in the last digits
        value=to_digits(np.where(np.isinf(value), np.nan, value), 10),
        low=to_digits(low, 10),
        high=to_digits(high, 10),
        unit={"currency": f"{currency} a month", "amount": currency}.get(metric.unit, metric.unit),
        method=METHODS[metric.kind],
        excluded=excluded.astype(np.int64),
        flags=[",".join(flag for flag, holds in flags.items() if holds[row]) for row in range(len(cells))],
    )


def _covered(metric: Metric, spans: Spans, zone: str, cells: pd.DataFrame) -> tuple[Bools, Bools]:
    """Return of each cell whether its month can be believed, and whether the export may begin inside it."""
    tables = FACTS[metric.fact].needs
    needed = {name: spans.get(name) for name in (*tables, *metric.needs) if name in (*spans, *tables)}
    back = {name: metric.looks_back_months if metric.follows or name in tables else 0 for name in needed}
    held, begins = dict[pd.Timestamp, bool](), dict[pd.Timestamp, bool]()
    for day in cells["period"].unique():
        month = Month.of(day)
        held[day] = all(
            one is not None and one.holds(month, zone) and one.believed_from <= month.shift(-back[name]).end(zone)
            for name, one in needed.items()
        )
        begins[day] = any(one.begins_inside(month, zone) for one in needed.values() if one)
    return cells["period"].map(held).to_numpy(bool), cells["period"].map(begins).to_numpy(bool)


def _withheld(cells: pd.DataFrame, n: Floats, is_sampled: bool, is_part: bool) -> Bools:
    """Return the cells with too few cases to be told: one to four.

    What the whole company counts and books stays. In a breakdown where one group alone is withheld, its amount would
    be the whole less the others; so the next smallest goes with it.
    """
    is_broken_down = len(cells.columns) > 1
    few = (n > 0) & (n < SUPPRESSED_BELOW) & (is_sampled or is_broken_down or is_part)
    if is_sampled or not is_broken_down:
        return few
    rows = pd.DataFrame({"few": few, "n": np.where(~few & (n > 0), n, np.nan), "period": cells["period"]})
    alone = rows.groupby("period")["few"].transform("sum") == 1
    is_next = rows.groupby("period")["n"].rank(method="first") == 1
    return np.asarray(few | (alone & is_next), bool)


def _over(numerator: Floats, denominator: Floats) -> Floats:
    """Return the quotient, 0 where there is nothing to divide by."""
    return np.divide(numerator, denominator, out=np.zeros(len(denominator)), where=denominator > 0)
