"""Ticks that a person would choose, and how they are written."""

from collections.abc import Callable
from textwrap import fill

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import Locator, MaxNLocator, MultipleLocator

from cxlib.exhibits import theme
from cxlib.language import DURATIONS, Language, is_plain

# steps of an axis of minutes that fall on whole minutes, hours and days
DURATION_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 28800, 72000, 144000)

ROUND = (1, 2, 5, 10)
"""Steps that people count in."""


def ticks(unit: str, span: tuple[float, float], most: int) -> Locator:
    """Return where the ticks of an axis stand: at most about `most`, durations on whole minutes, hours and days."""
    if unit not in DURATIONS:
        return MaxNLocator(most, steps=ROUND)
    scale = DURATIONS[unit]
    length = scale * (span[1] - max(span[0], 0))
    step = next((s for s in DURATION_STEPS if length / s <= most), DURATION_STEPS[-1])
    return MultipleLocator(step / scale)


def measured(axes: Axes, along: str, language: Language, unit: str, most: int, largest: float | None = None) -> None:
    """Give the axis `along` "x" or "y" ticks in its unit, written in what suits the largest value."""
    line = axes.xaxis if along == "x" else axes.yaxis
    low, high = sorted(line.get_view_interval())
    line.set_major_locator(ticks(unit, (low, high), most))
    line.set_major_formatter(tick_text(language, unit, high if largest is None else largest))


def ruled(axes: Axes, along: str) -> None:
    """Draw faint lines at the ticks of one axis, behind the numbers, and no frame around them."""
    axes.grid(axis=along, color=theme.RULE, linewidth=0.6)  # type: ignore[arg-type]
    axes.set_axisbelow(True)
    sns.despine(ax=axes, left=True, bottom=along == "x")


def wrapped(label: str, width: int = 34) -> str:
    """Return a long label on two lines."""
    return fill(label, max(width, len(label) // 2 + 6), break_long_words=False)


def tick_text(language: Language, unit: str, largest: float) -> Callable[[float, float], str]:
    """Return how a tick is written, in the unit that suits the largest."""
    if unit == "share":
        return lambda value, _: language.percent(value, _digits(100 * value))
    if unit.endswith(" difference"):
        return lambda value, _: language.difference(value, unit.removesuffix(" difference"))
    if is_plain(unit):
        return lambda value, _: language.number(value, _digits(value))
    return lambda value, _: language.measure(value, unit, largest)


def _digits(value: float) -> int:
    """Return how many digits after the point a round number needs."""
    return next((digits for digits in range(4) if abs(round(value, digits) - value) < 1e-6), 4)
