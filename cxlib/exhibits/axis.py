"""Ticks that a person would choose, and how they are written."""

from __future__ import annotations

from collections.abc import Callable

from matplotlib.ticker import Locator, MaxNLocator, MultipleLocator

from cxlib.language import DURATIONS, Language, is_plain

# steps of an axis of minutes that fall on whole minutes, hours and days
DURATION_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 28800, 72000, 144000)


def ticks(unit: str, span: tuple[float, float], most: int) -> Locator:
    """Return where the ticks of an axis stand: at most about `most`, durations on whole minutes, hours and days."""
    if unit not in DURATIONS:
        return MaxNLocator(most)
    scale = DURATIONS[unit]
    length = scale * (span[1] - max(span[0], 0))
    step = next((s for s in DURATION_STEPS if length / s <= most), DURATION_STEPS[-1])
    return MultipleLocator(step / scale)


def tick_text(language: Language, unit: str, largest: float) -> Callable[[float, int], str]:
    """Return how a tick is written, in the unit that suits the largest."""
    if unit == "share":
        return lambda value, _: language.percent(value, 0 if abs(value * 100 - round(value * 100)) < 1e-6 else 1)
    if unit.endswith(" difference"):
        return lambda value, _: language.difference(value, unit.removesuffix(" difference"))
    if is_plain(unit):
        return lambda value, _: language.number(value, 0 if abs(value - round(value)) < 1e-6 else 1)
    return lambda value, _: language.measure(value, unit, largest)
