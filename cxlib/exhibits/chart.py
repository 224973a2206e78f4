"""Charts: a figure with caption, alt text and the numbers behind it."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxlib.errors import ConfigError, MeasureError
from cxlib.estimate import Estimate
from cxlib.exhibits import theme, words
from cxlib.exhibits.dots import forest
from cxlib.exhibits.exhibit import Exhibit, box, reason
from cxlib.exhibits.frames import Rows, labelled, tidy
from cxlib.exhibits.picture import Behind, behind_estimates, pictured
from cxlib.exhibits.tables import Cell, sheet
from cxlib.finding import Value
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.period import Month
from cxlib.workbook import Workbook

COURSE = "{label} by month, {first} to {last}. The band is the 95% interval ({method}); hollow points have n below 30."

MOST_SEGMENTS = 15
"""Groups that a breakdown shows, the largest; a page is read in minutes."""


def trend(
    book: Workbook, what: str | pd.DataFrame, months: int = 24, *, caption: str = "", name: str = "", **values: Value
) -> Exhibit:
    """Draw the course of one measure over months with its interval as a band.

    Months with n below 30 are hollow; months with n below 5, and months without data, are gaps.

    Parameters
    ----------
    what : str or DataFrame
        Id of a measure, or a frame of your own with `period` ("2026-10"), `value`, `n` and, where there are any,
        `low, high, unit`; it needs a caption.
    months : int
        How far back a measure is drawn.

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
        if not caption:
            raise ConfigError("trend() of a frame needs caption=…: what is shown, of whom")
        rows = what.assign(period=what["period"].map(lambda month: str(month)[:7])).sort_values("period")
        said = words.filled(book.language, caption, values)
        return _course(book, name or words.address(caption), rows, said.rstrip("."), said)
    if why := reason(book, what):
        return box([why])
    rows = _from_first_value(book.measure(what, months=months))
    label = book.language.text(METRICS[what].label)
    if not rows["value"].notna().any():
        return box([book.language.text("{label}: there are no data to draw.", label=label)])
    if not caption:
        first, last = (Month.parse(rows["period"].iloc[end]) for end in (0, -1))
        values = {"label": label, "first": first, "last": last, "method": rows["method"].iloc[0]}
    return _course(book, name or f"trend-{what}", rows, label, words.filled(book.language, caption or COURSE, values))


def _course(book: Workbook, name: str, rows: pd.DataFrame, label: str, caption: str) -> Exhibit:
    frame, language = tidy(rows, "trend", keys=("period",)), book.language

    def draw(axes: Axes) -> Behind:
        _draw_course(axes, frame)
        _month_axis(book, axes, frame["period"])
        theme.measured(axes, "y", language, unit := str(frame["unit"].iloc[0]), 5)
        theme.ruled(axes, "y")
        axes.set_ylabel("")
        if unit in ("minutes", "share") and axes.get_ylim()[0] < 0:
            axes.set_ylim(bottom=0)
        course = [(Month.parse(period), one) for period, one in labelled(frame, "period")]
        lines = [(language.month(month), one) for month, one in course]
        alt = _trend_alt(language, label, [line for line in course if line[1].is_known])
        return behind_estimates(language, alt, "Month", lines, caption=label)

    return pictured(book, name, frame, caption, {}, 2.5, draw)


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
    small = rows["flags"].map(lambda flags: "small" in flags).to_numpy(bool)
    axes.plot(place[~small], value[~small], "o", color=theme.ACCENT, markersize=3)
    axes.plot(place[small], value[small], "o", markerfacecolor="white", markeredgecolor=theme.QUIET, markersize=4)
    axes.plot(place[-1:], value[-1:], "o", color=theme.ACCENT, markersize=6)
    if np.nanmin(np.r_[low, 0.0]) < 0 < np.nanmax(np.r_[high, 0.0]):
        axes.axhline(0, color=theme.QUIET, linewidth=0.8)


def _month_axis(book: Workbook, axes: Axes, periods: pd.Series) -> None:
    step = max(1, len(periods) // 8)
    ticks = list(range(len(periods) - 1, -1, -step))
    axes.set_xticks(ticks, [book.language.month_short(Month.parse(periods.iloc[tick])) for tick in ticks])
    axes.set_xlabel("")


def _trend_alt(language: Language, label: str, course: Sequence[tuple[Month, Estimate]]) -> str:
    lowest, highest = (pick(course, key=lambda at: at[1].value) for pick in (min, max))
    said: Mapping[str, Value] = {
        **{"label": label, "last": course[-1][1], "month": course[-1][0], "count": len(course)},
        **{"low": lowest[1], "low_month": lowest[0], "high": highest[1], "high_month": highest[0]},
    }
    text = (
        "Line chart. {label} was {last} in {month}; over {count} months it lay between {low} ({low_month}) and "
        "{high} ({high_month})."
    )
    return words.filled(language, text, said)


def breakdown(
    book: Workbook, what: str | Rows, by: str, *, caption: str = "", name: str = "", **values: Value
) -> Exhibit:
    """Draw one measure in the report's month for each value of a segment, with intervals.

    Values are listed from large to small groups, never ranked by result; n below 30 is grey,
    n below 5 withheld.

    Parameters
    ----------
    what : str, mapping of group to Estimate, or DataFrame
        Id of a measure, or numbers of your own (a frame has `label, value, n`); these need a caption.
    by : str
        Segment column; of your own numbers, what the groups are.

    Examples
    --------
    >>> breakdown(book, "csat", "region").frame["n"].is_monotonic_decreasing
    True
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
    overall = book.estimate(what)
    text = words.filled(book.language, caption, values)
    if not caption:
        usual = "{label} by {by}, {month}. Line: 95% interval; dotted: all together ({overall})."
        values = {"label": label, "by": words.segment(by), "month": book.month, "overall": overall}
        rest = words.smaller_groups(book.language, len(left_out), int(left_out["n"].sum()))
        text = words.filled(book.language, usual, values) + rest
    frame = tidy(rows.assign(label=rows[by].map(words.segment)), "breakdown")
    against = overall.value if overall.is_known else None
    return forest(book, name or f"by-{by}-{what}", frame, text, against, row_heading=words.segment(by).capitalize())


def no_segments(book: Workbook, label: str, by: str) -> Exhibit:
    """Return the box for a breakdown by a column that nothing fills."""
    text = "{label} by {by} cannot be given: no export fills that column."
    return box([book.language.text(text, label=label, by=words.segment(by))])


STEPS = (("mrr_new", 1), ("mrr_reactivation", 1), ("mrr_expansion", 1), ("mrr_contraction", -1), ("mrr_churn", -1))


def bridge(book: Workbook) -> Exhibit:
    """Return what moved recurring revenue in the month, from opening to closing.

    Raises
    ------
    MeasureError
        If the movements do not add up to the closing amount within a cent.

    Examples
    --------
    >>> print(bridge(book))
    Monthly recurring revenue in October 2026, from opening to closing, at constant exchange rates.
    Bridge chart. ...
    """
    if why := reason(book, "mrr_end") or reason(book, "mrr_start"):
        return box([why])
    start, end = book.estimate("mrr_start"), book.estimate("mrr_end")
    if not end.is_known:
        return box(
            [book.language.text("There is no recurring revenue in {month}.", month=book.language.month(book.month))]
        )
    moves = [(name, sign, book.estimate(name)) for name, sign in STEPS]
    if few := [book.language.text(METRICS[name].label) for name, _, one in moves if "suppressed" in one.flags]:
        text = "What moved recurring revenue is not shown: behind {labels} are fewer than 5 customers."
        return box([book.language.text(text, labels=", ".join(few))])
    reached = start.value + sum(sign * move.value for _, sign, move in moves)
    if abs(reached - end.value) > 0.01:
        raise MeasureError(f"MRR movements add up to {reached:.2f}, the month closes at {end.value:.2f}")
    bars = [
        ("mrr_start", start.value, start.n),
        *((n, s * m.value, m.n) for n, s, m in moves),
        ("mrr_end", end.value, end.n),
    ]
    language = book.language
    caption = "Monthly recurring revenue in {month}, from opening to closing, at constant exchange rates."
    labels = [language.text(METRICS[name].label) for name, _, _ in bars]
    amounts = [_signed(book, name, value, start.unit) for name, value, _ in bars]
    frame = pd.DataFrame(bars, columns=["label", "value", "n"]).assign(label=labels, unit=start.unit)

    def draw(axes: Axes) -> Behind:
        _draw_bridge(book, axes, [(name, value) for name, value, _ in bars], list(zip(labels, amounts, strict=True)))
        steps = "; ".join(f"{label} {amount}" for label, amount in zip(labels, amounts, strict=True))
        return Behind(language.text("Bridge chart. {steps}.", steps=steps))

    rows = {
        METRICS[name].label: (Cell(amount), Cell(words.limits(language, book.estimate(name))), n)
        for (name, _, n), amount in zip(bars, amounts, strict=True)
    }
    numbers = "The same in numbers: amounts, the interval of each flow, and the customers behind it."
    headers = ("Amount a month", "95% interval", "Customers")
    picture = pictured(book, "mrr-bridge", frame, caption, {"month": book.month}, 2.6, draw)
    return picture + sheet(book, "mrr-movements", rows, numbers, *headers, label="Movement")


def _signed(book: Workbook, name: str, value: float, unit: str) -> str:
    language = book.language
    return language.measure(value, unit) if name in ("mrr_start", "mrr_end") else language.difference(value, unit)


def _draw_bridge(
    book: Workbook, axes: Axes, bars: Sequence[tuple[str, float]], texts: Sequence[tuple[str, str]]
) -> None:
    level, tops, bottoms = 0.0, [], []
    for place, (name, value) in enumerate(bars):
        is_total = name in ("mrr_start", "mrr_end")
        low = 0.0 if is_total else min(level, level + value)
        color = theme.ACCENT if is_total else theme.BETTER if value >= 0 else theme.WORSE
        axes.bar(place, abs(value), bottom=low, width=0.62, color=color)
        level = value if is_total else level + value
        tops.append(low + abs(value))
        bottoms.append(low)
        axes.annotate(texts[place][1], (place, tops[-1]), (0, 3), textcoords="offset points", ha="center", fontsize=8)
    moved = [top - bottom for top, bottom in zip(tops[1:-1], bottoms[1:-1], strict=True)]
    # the movements are small beside the total: cut the axis where they can be seen, and say so by a broken foot
    floor = max(0.0, min(bottoms[1:-1]) - 3 * max(moved, default=0.0))
    axes.set_ylim(bottom=floor, top=max(tops) + 0.18 * (max(tops) - floor))
    axes.set_xticks(range(len(bars)), [fill(label, 15) for label, _ in texts], color=theme.INK, fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: book.language.measure(value, f"{book.snapshot.currency} a month"))
    if floor > 0:
        axes.set_xlabel(book.language.text("The axis does not start at zero."))
    theme.ruled(axes, "y")
