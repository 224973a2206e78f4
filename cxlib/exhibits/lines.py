"""Curves with bands: survival, cumulative shares, effects over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from cxlib.errors import ConfigError, UntoldError
from cxlib.estimate import Estimate
from cxlib.exhibits import theme, words
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.frames import of_estimates, told
from cxlib.exhibits.picture import Behind, pictured
from cxlib.exhibits.tables import Cell, table
from cxlib.finding import Quantity, Value
from cxlib.language import Language
from cxlib.nearest import listed

if TYPE_CHECKING:
    from cxlib.workbook import Workbook

MOST_LINES = 13
"""Rows per curve in the table behind it."""

ONE_LINE = 60
"""Letters of all names together that a legend on one line holds."""

COLUMNS = ("series", "x", "value", "low", "high")
Line = pd.DataFrame | Mapping[float, Estimate]


def curves(
    book: Workbook,
    name: str,
    lines: Mapping[str, Line] | pd.DataFrame,
    caption: str,
    x: str,
    x_unit: str,
    unit: str,
    *,
    steps: bool = False,
    against: float | None = None,
    **values: Value,
) -> Exhibit:
    """Draw curves, each with its interval as a band.

    Parameters
    ----------
    lines : mapping of name to DataFrame or to Estimates by `x`, or DataFrame
        Columns `x, value` and, where there are limits, `low, high`; one frame for all has `series` as well. A curve
        that could not be told is left out.
    x, x_unit, unit : str
        What runs along the axis, its unit, and the unit of the values.
    steps : bool
        Whether the curves are steps, as estimated survival is.
    against : float, optional
        A level to compare with.

    Examples
    --------
    >>> stay = pd.DataFrame({"x": [0, 1, 2], "value": [1.0, 0.8, 0.7]})
    >>> print(curves(book, "stay", {"all": stay}, "Share still there.", "years", "years", "share"))
    Share still there.
    Line chart. all from 100.0% at 0.0 to 70.0% at 2.0.
    """
    frame = _one_frame(lines, name)

    def draw(axes: Axes, text: str) -> Behind:
        language = book.language
        for place, (series, line) in enumerate(frame.groupby("series", sort=False)):
            _draw(axes, line, theme.SERIES[place % len(theme.SERIES)], language.text(str(series)), steps)
        if against is not None:
            axes.axhline(against, color=theme.QUIET, linewidth=0.9, linestyle=":")
        _axes(language, axes, frame, x, x_unit, unit)
        return Behind(_alt(language, frame, x_unit, unit), _numbers(language, name, text, frame, (x, x_unit, unit)))

    return pictured(book, name, frame.assign(unit=unit), caption, values, 3.0, draw)


def _one_frame(lines: Mapping[str, Line] | pd.DataFrame, name: str) -> pd.DataFrame:
    if isinstance(lines, pd.DataFrame):
        frame = lines if "series" in lines else lines.assign(series="")
    else:
        known = told(lines, _frame)
        parts = [line.assign(series=series) for series, line in known.items()]
        frame = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))
    if missing := [column for column in ("x", "value") if column not in frame]:
        raise ConfigError(
            f'curves "{name}": the frame lacks {listed(missing)}; it needs x and value, and may have '
            "low, high and series"
        )
    frame = frame.reindex(columns=list(COLUMNS))
    frame = frame[frame["value"].notna()].reset_index(drop=True)
    if frame.empty:
        raise UntoldError("There are no data to draw this from.")
    return frame


def _frame(line: Line) -> pd.DataFrame:
    return line.copy() if isinstance(line, pd.DataFrame) else of_estimates(line).rename(columns={"label": "x"})


def _draw(axes: Axes, line: pd.DataFrame, color: str, label: str, steps: bool) -> None:
    x, value, low, high = (line[column].to_numpy(float) for column in ("x", "value", "low", "high"))
    banded = (np.isfinite(low) & np.isfinite(high)).tolist()
    axes.fill_between(x, low, high, where=banded, color=color, alpha=0.18, linewidth=0, step="post" if steps else None)
    how: dict[str, Any] = {
        "drawstyle": "steps-post" if steps else "default",
        "marker": "o" if len(x) <= 15 else "",
        "markersize": 3,
    }
    axes.plot(x, value, color=color, linewidth=1.7, label=label, **how)


def _axes(language: Language, axes: Axes, frame: pd.DataFrame, x: str, x_unit: str, unit: str) -> None:
    axes.set_xlabel(language.text(x))
    theme.measured(axes, "x", language, x_unit, 8, float(frame["x"].max()))
    theme.measured(axes, "y", language, unit, 6)
    theme.ruled(axes, "y")
    if frame["series"].nunique() > 1:
        # above the curves, where none can run; on one line if the names are short enough
        names = frame["series"].drop_duplicates().map(lambda name: language.text(str(name)))
        columns = len(names) if sum(map(len, names)) <= ONE_LINE else 1
        axes.legend(frameon=False, fontsize=8, ncols=columns, loc="lower right", bbox_to_anchor=(1, 1))


def _alt(language: Language, frame: pd.DataFrame, x_unit: str, unit: str) -> str:
    parts = []
    for series, line in frame.groupby("series", sort=False):
        said: dict[str, Value] = {"series": language.text(str(series)) if series else ""}
        for end, row in (("first", line.iloc[0]), ("last", line.iloc[-1])):
            said |= {end: Quantity(row["value"], unit), f"x_{end}": Quantity(row["x"], x_unit)}
        text = "{series} from {first} at {x_first} to {last} at {x_last}"
        parts.append(words.filled(language, text, said).strip())
    return language.text("Line chart. {curves}.", curves="; ".join(parts))


def _numbers(language: Language, name: str, caption: str, frame: pd.DataFrame, said: tuple[str, str, str]) -> Exhibit:
    """Return the curves as a table; of a long curve evenly spaced points, its ends included."""
    x, x_unit, unit = said
    rows = []
    for series, line in frame.groupby("series", sort=False):
        chosen = np.unique(np.linspace(0, len(line) - 1, min(len(line), MOST_LINES)).round().astype(int))
        for _, row in line.iloc[chosen].iterrows():
            known = np.isfinite(row["low"]) and np.isfinite(row["high"])
            cells = [
                Cell(language.measure(row["x"], x_unit)),
                Cell(language.measure(row["value"], unit)),
                Cell(language.interval(row["low"], row["high"], unit) if known else ""),
            ]
            rows.append((language.text(str(series)) if series else name, cells))
    headers = [language.text(text) for text in ("Curve", x, "Value", "95% interval")]
    return table(caption, headers, rows, f"numbers-{name}")
