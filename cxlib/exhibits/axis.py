"""Ticks that a person would choose, and how they are written."""

from collections.abc import Callable

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, Locator, MaxNLocator, MultipleLocator

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


def upright(axes: Axes, language: Language, unit: str, most: int) -> None:
    """Give the values of a chart their axis, with lines across and none around."""
    axes.yaxis.set_major_locator(ticks(unit, axes.get_ylim(), most))
    axes.yaxis.set_major_formatter(FuncFormatter(tick_text(language, unit, axes.get_ylim()[1])))
    axes.grid(axis="y", color=theme.RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    sns.despine(ax=axes, left=True)


def tick_text(language: Language, unit: str, largest: float) -> Callable[[float, int], str]:
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
