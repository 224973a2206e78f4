"""Charts: a figure with caption, alt text and the numbers behind it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cxlib.errors import ConfigError
from cxlib.exhibits import axis, theme, words
from cxlib.exhibits.absent import box, reason
from cxlib.exhibits.dots import forest
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.frames import Rows, tidy
from cxlib.exhibits.picture import Behind, figure_exhibit, pictured
from cxlib.exhibits.tables import Cell, flag_class, table
from cxlib.finding import Value
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.period import Month
from cxlib.workbook import Workbook, estimate_of

__all__ = ["breakdown", "figure_exhibit", "trend"]

MOST_SEGMENTS = 15
"""Groups that a breakdown shows, the largest; a page is read in minutes."""


def trend(
    book: Workbook, what: str | pd.DataFrame, months: int = 24, *, caption: str = "", name: str = "", **values: Value
) -> Exhibit:
    """Draw the course of one measure over months with its interval as a band.

    Months with n below 30 are hollow; months with n below 5, and months without data, are gaps.

    Parameters
    ----------
    book : Workbook
    what : str or DataFrame
        Id of a measure, or a frame of your own with `period` ("2026-10"), `value`, `n` and, where there are any,
        `low, high, unit`; it needs a caption.
    months : int
        How far back a measure is drawn.
    caption : str
        What is shown, of whom; `{name}` is filled from the values.
    name : str
        Id on the page.

    Examples
    --------
    >>> trend(book, "csat", months=12).frame["period"].iloc[-1]
    '2026-10'
    >>> own = pd.DataFrame({"period": ["2026-09", "2026-10"], "value": [0.31, 0.28], "n": [410, 395], "unit": "share"})
    >>> print(trend(book, own, caption="Share of tickets by phone."))
    Share of tickets by phone.
    Line chart. ...
    """
    if isinstance(what, pd.DataFrame):
        return _own_trend(book, what, caption, name or words.address(caption), values)
    if why := reason(book, what):
        return box([why])
    rows = _from_first_value(book.measure(what, months=months))
    known = rows[rows["value"].notna()]
    label = book.language.text(METRICS[what].label)
    if known.empty:
        return box([book.language.text("{label}: there are no data to draw.", label=label)])
    said = words.filled(book.language, caption, values) if caption else _trend_caption(book, what, rows)
    return _drawn_trend(book, name or f"trend-{what}", rows, label, said, label)


def _own_trend(book: Workbook, own: pd.DataFrame, caption: str, name: str, values: Mapping[str, Value]) -> Exhibit:
    untitled = "trend() of a frame needs caption=…: what is shown, of whom"
    if not caption:
        raise ConfigError(untitled)
    rows = tidy(own, "trend", keys=("period",))
    rows = rows.assign(flags=rows["flags"].map(",".join), period=rows["period"].map(lambda month: str(month)[:7]))
    said = words.filled(book.language, caption, values)
    return _drawn_trend(book, name, rows.sort_values("period").reset_index(drop=True), said.rstrip("."), said, said)


def _drawn_trend(book: Workbook, name: str, rows: pd.DataFrame, label: str, caption: str, numbers: str) -> Exhibit:
    def draw(axes: Axes, text: str) -> Behind:
        _draw_course(axes, rows)
        _month_axis(book, axes, rows["period"])
        _value_axis(book, axes, str(rows["unit"].iloc[0]))
        known = rows[rows["value"].notna()]
        shown = measures_sheet(book, rows, f"numbers-{name.removeprefix('trend-')}", numbers)
        return Behind(_trend_alt(book, label, known), shown)

    return pictured(book, name, rows, caption, {}, 2.5, draw)


def _from_first_value(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the months from the first with a value on; before it there is nothing to see.

    A count of the first month in the data is left out: the export may begin in the middle of it.
    """
    rows = rows.assign(value=rows["value"].where(~rows["flags"].str.contains("first-month")))
    seen = rows["value"].notna().to_numpy().nonzero()[0]
    return rows.iloc[seen[0] :] if len(seen) else rows


def _draw_course(axes: Axes, rows: pd.DataFrame) -> None:
    place = np.arange(len(rows))
    low, high, value = (rows[column].to_numpy(float) for column in ("low", "high", "value"))
    high = np.where(np.isfinite(high), high, np.nan)
    axes.fill_between(place, low, high, color=theme.BAND, linewidth=0)
    # a band needs two months side by side: a month that stands alone gets its interval as a line
    known = np.r_[False, np.isfinite(value), False]
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.vlines(place[alone], low[alone], high[alone], color=theme.BAND, linewidth=4)
    sns.lineplot(x=place, y=value, ax=axes, color=theme.ACCENT, linewidth=1.6, estimator=None, legend=False)
    small = rows["flags"].str.contains("small").to_numpy(bool)
    axes.plot(place[~small], value[~small], "o", color=theme.ACCENT, markersize=3)
    axes.plot(place[small], value[small], "o", markerfacecolor="white", markeredgecolor=theme.QUIET, markersize=4)
    axes.plot(place[-1:], value[-1:], "o", color=theme.ACCENT, markersize=6)
    if np.nanmin(np.r_[low, 0.0]) < 0 < np.nanmax(np.r_[high, 0.0]):
        axes.axhline(0, color=theme.QUIET, linewidth=0.8)
    sns.despine(ax=axes, left=True)


def _month_axis(book: Workbook, axes: Axes, periods: pd.Series) -> None:
    step = max(1, len(periods) // 8)
    ticks = list(range(len(periods) - 1, -1, -step))
    axes.set_xticks(ticks, [book.language.month_short(Month.parse(periods.iloc[tick])) for tick in ticks])
    axes.set_xlabel("")


def _value_axis(book: Workbook, axes: Axes, unit: str) -> None:
    axes.yaxis.set_major_locator(axis.ticks(unit, axes.get_ylim(), 5))
    axes.yaxis.set_major_formatter(FuncFormatter(axis.tick_text(book.language, unit, axes.get_ylim()[1])))
    axes.grid(axis="y", color=theme.RULE, linewidth=0.6)
    axes.set_ylabel("")
    if unit in ("minutes", "share") and axes.get_ylim()[0] < 0:
        axes.set_ylim(bottom=0)


def _trend_caption(book: Workbook, name: str, rows: pd.DataFrame) -> str:
    language = book.language
    first, last = (language.month(Month.parse(rows["period"].iloc[end])) for end in (0, -1))
    return language.text(
        "{label} by month, {first} to {last}. The band is the 95% interval ({method}); hollow points have n below 30.",
        label=language.text(METRICS[name].label),
        first=first,
        last=last,
        method=rows["method"].iloc[0],
    )


def _trend_alt(book: Workbook, label: str, known: pd.DataFrame) -> str:
    language = book.language
    unit = str(known["unit"].iloc[0])
    values = known["value"].to_numpy(float)
    lowest, highest, last = (known.iloc[place] for place in (int(values.argmin()), int(values.argmax()), -1))
    return language.text(
        "Line chart. {label} was {last} in {month}; over {count} months it lay between {low} ({low_month}) and "
        "{high} ({high_month}).",
        label=label,
        last=language.measure(last["value"], unit),
        month=language.month(Month.parse(last["period"])),
        count=language.number(len(known)),
        low=language.measure(lowest["value"], unit),
        low_month=language.month(Month.parse(lowest["period"])),
        high=language.measure(highest["value"], unit),
        high_month=language.month(Month.parse(highest["period"])),
    )


def measures_sheet(book: Workbook, rows: pd.DataFrame, name: str, caption: str, by: str = "") -> Exhibit:
    """Return measured rows as a table: value, interval and n per month, or per segment value."""
    language = book.language
    lines = []
    for _, row in rows.iterrows():
        estimate = estimate_of(row)
        class_ = flag_class(estimate.flags)
        cells = [
            Cell(words.value(language, estimate), class_=class_),
            Cell(words.limits(language, estimate), class_=class_),
            Cell(language.number(estimate.n), class_=class_),
        ]
        lines.append((str(row[by]) if by else language.month(Month.parse(row["period"])), cells))
    headers = [
        language.text(words.segment(by).capitalize()) if by else language.text("Month"),
        language.text("Value"),
        language.text("95% interval"),
        language.text("n"),
    ]
    return table(caption, headers, lines, name)


def breakdown(
    book: Workbook, what: str | Rows, by: str, *, caption: str = "", name: str = "", **values: Value
) -> Exhibit:
    """Draw one measure in the report's month for each value of a segment, with intervals.

    Values are listed from large to small groups, never ranked by result; n below 30 is grey,
    n below 5 withheld.

    Parameters
    ----------
    book : Workbook
    what : str, mapping of group to Estimate, or DataFrame
        Id of a measure, or numbers of your own (a frame has `label, value, n`); these need a caption.
    by : str
        Segment column; of your own numbers, what the groups are.
    caption : str
        What is shown, of whom; `{name}` is filled from the values.
    name : str
        Id on the page.

    Raises
    ------
    MeasureError
        If there is no such measure or segment; the nearest is named.

    Examples
    --------
    >>> breakdown(book, "csat", "region").frame["region"].tolist()[:2]
    [...]
    """
    if not isinstance(what, str):
        if not caption:
            raise ConfigError("breakdown() of your own numbers needs caption=…: what is shown, of whom")
        rows = tidy(what, "breakdown").sort_values(["n", "label"], ascending=[False, True])
        return forest(book, name or words.address(caption), rows, words.filled(book.language, caption, values))
    if why := reason(book, what):
        return box([why])
    rows = book.measure(what, by=(by,)).sort_values(["n", by], ascending=[False, True])
    rows = rows[rows["n"] > 0]
    label = book.language.text(METRICS[what].label)
    if rows.empty or set(rows[by]) == {UNKNOWN}:
        return no_segments(book, label, by)
    left_out, rows = rows.iloc[MOST_SEGMENTS:], rows.iloc[:MOST_SEGMENTS]
    rows = rows.assign(**{by: rows[by].map(words.segment)})
    overall = book.estimate(what)
    said = book.language.text(
        "{label} by {by}, {month}. Line: 95% interval; dotted: all together ({overall}).",
        label=label,
        by=words.segment(by),
        month=book.language.month(book.month),
        overall=words.value(book.language, overall),
    ) + words.smaller_groups(book.language, len(left_out), int(left_out["n"].sum()))
    said = words.filled(book.language, caption, values) if caption else said

    def draw(axes: Axes, text: str) -> Behind:
        _draw_breakdown(book, axes, rows, by, overall.value)
        return Behind(
            _breakdown_alt(book, label, rows, by), measures_sheet(book, rows, f"numbers-{by}-{what}", said, by)
        )

    height = 0.55 + 0.3 * len(rows)
    return pictured(book, name or f"by-{by}-{what}", rows, said, {}, height, draw)


def no_segments(book: Workbook, label: str, by: str) -> Exhibit:
    """Return the box for a breakdown by a column that nothing fills."""
    text = "{label} by {by} cannot be given: no export fills that column."
    return box([book.language.text(text, label=label, by=words.segment(by))])


def _draw_breakdown(book: Workbook, axes: Axes, rows: pd.DataFrame, by: str, overall: float) -> None:
    language = book.language
    place = np.arange(len(rows))[::-1]
    unit = str(rows["unit"].iloc[0])
    for y, (_, row) in zip(place, rows.iterrows(), strict=True):
        estimate = estimate_of(row)
        if not estimate.is_known:
            continue
        color = theme.QUIET if "small" in estimate.flags else theme.ACCENT
        high = estimate.high if np.isfinite(estimate.high) else estimate.value
        axes.plot([estimate.low, high], [y, y], color=color, linewidth=1.4, solid_capstyle="round")
        axes.plot([estimate.value], [y], "o", color=color, markersize=5)
        axes.annotate(
            words.value(language, estimate),
            (estimate.value, y),
            (0, 4),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=color,
        )
    if np.isfinite(overall):
        axes.axvline(overall, color=theme.QUIET, linewidth=0.9, linestyle=":")
    names = [
        language.text("{name} (n < 5)", name=row[by])
        if "suppressed" in row["flags"]
        else language.text("{name} (n = {n})", name=row[by], n=language.number(row["n"]))
        for _, row in rows.iterrows()
    ]
    axes.set_yticks(place, names, color=theme.INK)
    axes.set_ylim(-0.6, len(rows) - 0.3)
    axes.xaxis.set_major_locator(axis.ticks(unit, axes.get_xlim(), 6))
    axes.xaxis.set_major_formatter(FuncFormatter(axis.tick_text(book.language, unit, axes.get_xlim()[1])))
    axes.grid(axis="x", color=theme.RULE, linewidth=0.6)
    sns.despine(ax=axes, left=True, bottom=True)


def _breakdown_alt(book: Workbook, label: str, rows: pd.DataFrame, by: str) -> str:
    language = book.language
    parts = (
        language.text("{name} {value}", name=row[by], value=words.value(language, estimate_of(row)))
        for _, row in rows.iterrows()
    )
    return language.text(
        "Dots with interval lines. {label} by {by}: {values}.",
        label=label,
        by=words.segment(by),
        values=", ".join(parts),
    )
