"""Charts: a figure with caption, alt text and the numbers behind it."""

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxlib.errors import ConfigError, MeasureError
from cxlib.estimate import Estimate, Floats
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
BY_SEGMENT = "{label} by {by}, {month}. Line: 95% interval; dotted: all together ({overall})."

MOST_SEGMENTS = 15
"""Groups that a breakdown shows, the largest; a page is read in minutes."""


def trend(
    book: Workbook, what: str | pd.DataFrame, months: int = 24, *, caption: str = "", name: str = "", **values: Value
) -> Exhibit:
    """Draw the course of one measure over months with its interval as a band.

    Months with n below 30 are hollow; months with n below 5, and months without data, are gaps. `what` is the id of a
    measure, drawn `months` back, or a frame of your own with `period` ("2026-10"), `value`, `n` and, where there are
    any, `low, high, unit`; it needs a caption.

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
        return box(why)
    rows = _from_first_value(book.measure(what, months=months))
    label = book.language.text(METRICS[what].label)
    if not rows["value"].notna().any():
        return box(book.language.text("{label}: there are no data to draw.", label=label))
    if not caption:
        first, last = (Month.parse(rows["period"].iloc[end]) for end in (0, -1))
        values = {"label": label, "first": first, "last": last, "method": rows["method"].iloc[0]}
    return _course(book, name or f"trend-{what}", rows, label, words.filled(book.language, caption or COURSE, values))


def _course(book: Workbook, name: str, rows: pd.DataFrame, label: str, caption: str) -> Exhibit:
    frame, language = tidy(rows, "trend", keys=("period",)), book.language

    def draw(axes: Axes) -> Behind:
        _draw_course(axes, frame)
        step = max(1, len(frame) // 8)
        shown = {place: Month.parse(frame["period"].iloc[place]) for place in range(len(frame) - 1, -1, -step)}
        axes.set_xticks(list(shown), [language.month_short(month) for month in shown.values()])
        theme.measured(axes, "y", language, unit := str(frame["unit"].iloc[0]), 5)
        theme.ruled(axes, "y")
        axes.set(xlabel="", ylabel="")
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

    Values are listed from large to small groups, never ranked by result; n below 30 is grey, n below 5 withheld. `what`
    is the id of a measure, or numbers of your own, which need a caption: Estimates by group, or a frame with `label,
    value, n`. `by` is the segment's column; of your own numbers, what the groups are.

    >>> breakdown(book, "csat", "region").frame["n"].is_monotonic_decreasing
    True
    """
    if not isinstance(what, str):
        if not caption:
            raise ConfigError("breakdown() of your own numbers needs caption=…: what is shown, of whom")
        rows = tidy(what, "breakdown").sort_values(["n", "label"], ascending=[False, True])
        return forest(book, name or words.address(caption), rows, words.filled(book.language, caption, values))
    if why := reason(book, what):
        return box(why)
    rows = book.measure(what, by=(by,)).sort_values(["n", by], ascending=[False, True])
    rows = rows[rows["n"] > 0]
    label = book.language.text(METRICS[what].label)
    if rows.empty or set(rows[by]) == {UNKNOWN}:
        return no_segments(book, label, by)
    left_out, rows = rows.iloc[MOST_SEGMENTS:], rows.iloc[:MOST_SEGMENTS]
    overall, rest = book.estimate(what), ""
    if not caption:
        values = {"label": label, "by": words.segment(by), "month": book.month, "overall": overall}
        rest = words.smaller_groups(book.language, len(left_out), int(left_out["n"].sum()))
    text = words.filled(book.language, caption or BY_SEGMENT, values) + rest
    frame = tidy(rows.assign(label=rows[by].map(words.segment)), "breakdown")
    against = overall.value if overall.is_known else None
    return forest(book, name or f"by-{by}-{what}", frame, text, against, row_heading=words.segment(by).capitalize())


def no_segments(book: Workbook, label: str, by: str) -> Exhibit:
    """Return the box for a breakdown by a column that nothing fills."""
    text = "{label} by {by} cannot be given: no export fills that column."
    return box(book.language.text(text, label=label, by=words.segment(by)))


FLOWS = {"mrr_new": 1, "mrr_reactivation": 1, "mrr_expansion": 1, "mrr_contraction": -1, "mrr_churn": -1}
"""What adds to recurring revenue, and what takes from it."""


def bridge(book: Workbook) -> Exhibit:
    """Return what moved recurring revenue in the month, from opening to closing.

    Raises MeasureError if the movements do not add up to the closing amount within a cent.

    >>> print(bridge(book))
    Monthly recurring revenue in October 2026, from opening to closing, at constant exchange rates.
    Bridge chart. ...
    """
    language = book.language
    if why := reason(book, "mrr_end") or reason(book, "mrr_start"):
        return box(why)
    found = {name: book.estimate(name) for name in ("mrr_start", *FLOWS, "mrr_end")}
    labels, end = [language.text(METRICS[name].label) for name in found], found["mrr_end"]
    if not end.is_known:
        return box(language.text("There is no recurring revenue in {month}.", month=language.month(book.month)))
    if few := [label for label, one in zip(labels, found.values(), strict=True) if "suppressed" in one.flags]:
        text = "What moved recurring revenue is not shown: behind {labels} are fewer than 5 customers."
        return box(language.text(text, labels=", ".join(few)))
    values = np.array([FLOWS.get(name, 1) * one.value for name, one in found.items()])
    if abs((reached := values[:-1].sum()) - end.value) > 0.01:
        raise MeasureError(f"MRR movements add up to {reached:.2f}, the month closes at {end.value:.2f}")
    written = [language.difference if name in FLOWS else language.measure for name in found]
    amounts = [write(value, end.unit) for write, value in zip(written, values, strict=True)]
    frame = pd.DataFrame({"label": labels, "value": values, "n": [one.n for one in found.values()]})

    def draw(axes: Axes) -> Behind:
        _draw_bridge(book, axes, values, labels, amounts)
        steps = "; ".join(map(" ".join, zip(labels, amounts, strict=True)))
        return Behind(language.text("Bridge chart. {steps}.", steps=steps))

    rows = {
        label: (Cell(amount), Cell(words.limits(language, one)), one.n)
        for label, amount, one in zip(labels, amounts, found.values(), strict=True)
    }
    caption = "Monthly recurring revenue in {month}, from opening to closing, at constant exchange rates."
    picture = pictured(book, "mrr-bridge", frame.assign(unit=end.unit), caption, {"month": book.month}, 2.6, draw)
    numbers = "The same in numbers: amounts, the interval of each flow, and the customers behind it."
    headers = ("Amount a month", "95% interval", "Customers")
    return picture + sheet(book, "mrr-movements", rows, numbers, *headers, label="Movement")


def _draw_bridge(book: Workbook, axes: Axes, values: Floats, labels: Sequence[str], amounts: Sequence[str]) -> None:
    """Draw the opening amount, what moved it, each from where the one before ended, and the closing amount."""
    reached = values[:-1].cumsum()
    bottoms = np.r_[0.0, np.minimum(reached[:-1], reached[1:]), 0.0]
    tops = bottoms + np.abs(values)
    moves = [theme.BETTER if value >= 0 else theme.WORSE for value in values[1:-1]]
    axes.bar(range(len(values)), np.abs(values), 0.62, bottoms, color=[theme.ACCENT, *moves, theme.ACCENT])
    for place, (top, amount) in enumerate(zip(tops, amounts, strict=True)):
        axes.annotate(amount, (place, top), (0, 3), textcoords="offset points", ha="center", fontsize=8)
    # the movements are small beside the total: cut the axis where they can be seen, and say so by a broken foot
    floor = max(0.0, bottoms[1:-1].min() - 3 * (tops - bottoms)[1:-1].max())
    axes.set_ylim(bottom=floor, top=tops.max() + 0.18 * (tops.max() - floor))
    axes.set_xticks(range(len(values)), [fill(label, 15) for label in labels], color=theme.INK, fontsize=8)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: book.language.measure(value, f"{book.snapshot.currency} a month"))
    if floor > 0:
        axes.set_xlabel(book.language.text("The axis does not start at zero."))
    theme.ruled(axes, "y")
