"""Curves with bands (survival, cumulative shares, effects over time), and a value over two assumptions."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from cxlib.errors import ConfigError, untold
from cxlib.estimate import Estimate, Floats, Ints
from cxlib.exhibits import theme, words
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.frames import NO_DATA, of_estimates, told
from cxlib.exhibits.picture import Behind, pictured
from cxlib.exhibits.tables import Cell
from cxlib.finding import Quantity, Value
from cxlib.language import Language
from cxlib.nearest import listed
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

    `lines` are curves by name: frames with `x, value` and, where there are limits, `low, high`, or Estimates by `x`; or
    one frame for all that has `series` as well. A curve that could not be told is left out. `x`, `x_unit` and `unit`
    are what runs along the axis, its unit, and that of the values. `steps` draws steps, as estimated survival is;
    `against` is a level to compare with.

    >>> stay = pd.DataFrame({"x": [0, 1, 2], "value": [1.0, 0.8, 0.7]})
    >>> print(curves(book, "stay", {"all": stay}, "Share still there.", "years", "years", "share"))
    Share still there.
    Line chart. all from 100.0% at 0.0 to 70.0% at 2.0.
    """
    frame = _one_frame(lines, name)

    def draw(axes: Axes) -> Behind:
        language = book.language
        for place, (series, line) in enumerate(frame.groupby("series", sort=False)):
            _draw(axes, line, theme.SERIES[place % len(theme.SERIES)], language.text(str(series)), steps)
        if against is not None:
            axes.axhline(against, color=theme.QUIET, linewidth=0.9, linestyle=":")
        _axes(language, axes, frame, x, x_unit, unit)
        rows = _rows(language, name, frame, x_unit, unit)
        return Behind(_alt(language, frame, x_unit, unit), ("Curve", x, "Value", "95% interval"), rows)

    return pictured(book, name, frame.assign(unit=unit), caption, values, 3.0, draw)


def _one_frame(lines: Mapping[str, Line] | pd.DataFrame, name: str) -> pd.DataFrame:
    if isinstance(lines, pd.DataFrame):
        frame = lines if "series" in lines else lines.assign(series="")
    else:
        known = told(lines, _frame)
        parts = [line.assign(series=series) for series, line in known.items()]
        untold(NO_DATA, parts)
        frame = pd.concat(parts, ignore_index=True)
    if missing := [column for column in ("x", "value") if column not in frame]:
        raise ConfigError(
            f'curves "{name}": the frame lacks {listed(missing)}; it needs x and value, and may have '
            "low, high and series"
        )
    frame = frame.reindex(columns=list(COLUMNS))
    frame = frame[frame["value"].notna()].reset_index(drop=True)
    untold(NO_DATA, len(frame))
    return frame


def _frame(line: Line) -> pd.DataFrame:
    return line if isinstance(line, pd.DataFrame) else of_estimates(line).rename(columns={"label": "x"})


def _draw(axes: Axes, line: pd.DataFrame, color: str, label: str, steps: bool) -> None:
    x, value, low, high = (line[column].to_numpy(float) for column in ("x", "value", "low", "high"))
    banded = (np.isfinite(low) & np.isfinite(high)).tolist()
    axes.fill_between(x, low, high, where=banded, color=color, alpha=0.18, linewidth=0, step="post" if steps else None)
    style, marker = "steps-post" if steps else "default", "o" if len(x) <= 15 else ""
    axes.plot(x, value, color=color, linewidth=1.7, label=label, drawstyle=style, marker=marker, markersize=3)


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


def _rows(language: Language, name: str, frame: pd.DataFrame, x_unit: str, unit: str) -> list[tuple[str, list[Cell]]]:
    """Return the curves as rows of a table; of a long curve evenly spaced points."""
    rows = []
    for series, line in frame.groupby("series", sort=False):
        for _, x, value, low, high in line.iloc[_spaced(len(line), MOST_LINES)].itertuples(index=False):
            limits = language.interval(low, high, unit) if np.isfinite([low, high]).all() else ""
            texts = (language.measure(x, x_unit), language.measure(value, unit), limits)
            rows.append((language.text(str(series)) if series else name, [Cell(text) for text in texts]))
    return rows


def _spaced(count: int, most: int) -> Ints:
    """Return evenly spaced places among so many, the ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


Side = tuple[Floats, str, str]
"""One axis of a map: its values, what they are, and their unit."""


def plane(
    book: Workbook,
    name: str,
    caption: str,
    *,
    x: Floats,
    y: Floats,
    z: Floats,
    x_label: str,
    y_label: str,
    x_unit: str = "share",
    y_unit: str = "share",
    unit: str = "share",
    level: float,
    level_label: str,
    point: tuple[Estimate, Estimate] | None = None,
    **values: Value,
) -> Exhibit:
    """Draw a value over two assumptions: `z`, of shape (rows, columns), over `x` (columns) and `y` (rows).

    The level drawn in bold is named by `level_label`; `point` is where the company stands on both axes.

    >>> x, y = np.linspace(0, 1, 5), np.linspace(1, 2, 4)
    >>> what = dict(x_label="share", y_label="times", y_unit="ratio", level=0.5, level_label="half")
    >>> plane(book, "map", "Share times.", x=x, y=y, z=y[:, None] * x, **what).frame.shape
    (20, 4)
    """
    z = np.asarray(z, float)
    across, up = (np.asarray(x, float), x_label, x_unit), (np.asarray(y, float), y_label, y_unit)
    columns, rows = np.meshgrid(across[0], up[0])
    frame = pd.DataFrame({"x": columns.ravel(), "y": rows.ravel(), "value": z.ravel()}).assign(unit=unit)

    def draw(axes: Axes) -> Behind:
        language = book.language
        _draw_plane(language, axes, across, up, z, unit, level)
        note = " " + language.text("Bold line: {level}.", level=words.filled(language, level_label, values))
        if point is not None:
            _draw_point(axes, *point)
            note += " " + language.text("The dot is your company, with its intervals.")
        headers, lines = _grid(language, across, up, z, unit)
        title = f"{words.filled(language, caption, values)}{note} {language.text(x_label)} →"
        return Behind(_alt_plane(language, across, up, z, unit, point), headers, lines, note, title)

    return pictured(book, name, frame, caption, values, 3.6, draw)


def _draw_plane(language: Language, axes: Axes, across: Side, up: Side, z: Floats, unit: str, level: float) -> None:
    write = theme.tick_text(language, unit, float(np.nanmax(z)))
    levels = np.unique(np.nanquantile(z, (0.1, 0.25, 0.4, 0.55, 0.7, 0.85, 0.95)).round(2))
    levels = levels[np.abs(levels - level) > 1e-9]
    bold = [level] if np.nanmin(z) < level < np.nanmax(z) else []
    for chosen, color, named, width, size in (
        (levels, theme.RULE, theme.QUIET, 1, 7.5),
        (bold, theme.WORSE, theme.WORSE, 2, 8.5),
    ):
        if len(chosen):
            lines = axes.contour(across[0], up[0], z, levels=chosen, colors=color, linewidths=width)
            axes.clabel(lines, fmt=lambda value: write(value, 0), fontsize=size, colors=named)
    for along, (values, label, of_side), most in (("x", across, 7), ("y", up, 6)):
        axes.set(**{f"{along}label": language.text(label)})
        theme.measured(axes, along, language, of_side, most, float(values.max()))
    sns.despine(ax=axes)


def _draw_point(axes: Axes, here: Estimate, there: Estimate) -> None:
    axes.plot([here.low, here.high], [there.value, there.value], color=theme.ACCENT, linewidth=1.6)
    axes.plot([here.value, here.value], [there.low, there.high], color=theme.ACCENT, linewidth=1.6)
    axes.plot([here.value], [there.value], "o", color=theme.ACCENT, markersize=7)


def _alt_plane(
    language: Language, across: Side, up: Side, z: Floats, unit: str, point: tuple[Estimate, Estimate] | None
) -> str:
    said: dict[str, Value] = {"low": Quantity(np.nanmin(z), unit), "high": Quantity(np.nanmax(z), unit)}
    for along, (values, label, of_side) in (("x", across), ("y", up)):
        ends = {f"{along}_first": Quantity(values.min(), of_side), f"{along}_last": Quantity(values.max(), of_side)}
        said |= {f"{along}_label": label, **ends}
    text = (
        "Map. Over {x_label} from {x_first} to {x_last} and {y_label} from {y_first} to {y_last} the value runs from "
        "{low} to {high}."
    )
    text = words.filled(language, text, said)
    if point is None:
        return text
    return f"{text} " + words.filled(language, "Your company lies at {x} and {y}.", dict(zip("xy", point, strict=True)))


def _grid(
    language: Language, across: Side, up: Side, z: Floats, unit: str
) -> tuple[list[str], list[tuple[str, list[Cell]]]]:
    """Return header and rows of the map as a table of every few columns and rows."""
    columns, rows = (_spaced(len(side[0]), 6) for side in (across, up))
    lines = [
        (language.measure(up[0][row], up[2]), [Cell(language.measure(z[row, column], unit)) for column in columns])
        for row in rows
    ]
    return [up[1], *(language.measure(across[0][at], across[2]) for at in columns)], lines
