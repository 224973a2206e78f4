"""The bridge from opening to closing recurring revenue."""

from collections.abc import Sequence
from textwrap import fill

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from cxlib.errors import MeasureError
from cxlib.exhibits import axis, theme, words
from cxlib.exhibits.absent import reason
from cxlib.exhibits.exhibit import Exhibit, box
from cxlib.exhibits.picture import Behind, pictured
from cxlib.exhibits.tables import Cell, sheet
from cxlib.metrics import METRICS
from cxlib.workbook import Workbook

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
    if why := reason(book, "mrr_end"):
        return box([why])
    start, end = book.estimate("mrr_start"), book.estimate("mrr_end")
    if not end.is_known:
        return box(
            [book.language.text("There is no recurring revenue in {month}.", month=book.language.month(book.month))]
        )
    moves = [(name, sign, book.estimate(name)) for name, sign in STEPS]
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

    def draw(axes: Axes, text: str) -> Behind:
        _draw(book, axes, [(name, value) for name, value, _ in bars], list(zip(labels, amounts, strict=True)))
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


def _draw(book: Workbook, axes: Axes, bars: Sequence[tuple[str, float]], texts: Sequence[tuple[str, str]]) -> None:
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
    axis.ruled(axes, "y")
