"""What a study lays before the reader: numbers with their intervals, not yet drawn.

Every text is an English sentence and the key of its translation; `values` fill its placeholders as in a Finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from cxlib.estimate import Estimate, Floats
from cxlib.finding import Finding, Quantity, Value

Content = Estimate | Quantity | float | str
"""What a cell of a table may hold; an Estimate brings its interval along."""


@dataclass(frozen=True, kw_only=True)
class _Shown:
    caption: str
    values: Mapping[str, Value] = field(default_factory=dict)
    says: Finding | None = None


@dataclass(frozen=True)
class Row:
    """One estimate in a `Forest`; `note` says in a few words where it comes from."""

    label: str
    estimate: Estimate
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Forest(_Shown):
    """Estimates of one unit side by side, drawn as dots with their intervals as lines.

    Parameters
    ----------
    caption, values, says
        What is shown, what fills its placeholders, and the sentence under it.
    rows : tuple of Row
    reference : float, optional
        A number to compare with, drawn as a dotted line, named by `reference_label`.
    log : bool
        Whether the axis is logarithmic (ratios).
    """

    rows: tuple[Row, ...]
    reference: float | None = None
    reference_label: str = ""
    log: bool = False


@dataclass(frozen=True, kw_only=True)
class Curves(_Shown):
    """One or more curves with bands.

    Parameters
    ----------
    frame : DataFrame
        Columns `series` (text), `x`, `value`, `low`, `high`; NaN limits where a curve has none.
    x_label, x_unit, unit : str
        What runs along the axis, its unit, and the unit of the values.
    steps : bool
        Whether the curves are steps, as estimated survival is.
    reference : float, optional
        A level to compare with.
    """

    frame: pd.DataFrame
    x_label: str
    x_unit: str
    unit: str
    steps: bool = False
    reference: float | None = None


@dataclass(frozen=True, kw_only=True)
class Map(_Shown):
    """A value over two assumptions, with one level drawn as a line and the company's own place.

    Parameters
    ----------
    x, y : ndarray, shapes (columns,) and (rows,)
    z : ndarray, shape (rows, columns)
    x_label, y_label, x_unit, y_unit, unit : str
    level : float
        The level drawn as a line, named by `level_label`.
    point : (Estimate, Estimate), optional
        Where the company stands on both axes, with intervals.
    """

    x: Floats
    y: Floats
    z: Floats
    x_label: str
    y_label: str
    x_unit: str
    y_unit: str
    unit: str
    level: float
    level_label: str
    point: tuple[Estimate, Estimate] | None = None


@dataclass(frozen=True)
class Swing:
    """What becomes of a result when one assumption is at either end; `at_low` and `at_high` name the ends."""

    label: str
    low: float
    high: float
    at_low: str
    at_high: str


@dataclass(frozen=True, kw_only=True)
class Tornado(_Shown):
    """How far each assumption swings a result around its `base`, the widest first."""

    base: float
    unit: str
    rows: tuple[Swing, ...]


@dataclass(frozen=True, kw_only=True)
class Bars(_Shown):
    """Shares or counts by category.

    Parameters
    ----------
    frame : DataFrame
        Columns `group`, `label`, `value`, `low`, `high`, `n`, in the order to be drawn.
    unit, x_label : str
    """

    frame: pd.DataFrame
    unit: str
    x_label: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet(_Shown):
    """A table; the first header stands over the labels of the rows."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Content, ...]], ...]


Evidence = Forest | Curves | Map | Tornado | Bars | Sheet
