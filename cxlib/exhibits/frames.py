"""What an exhibit is made from: an analyst's own frame, or Estimates by name, brought to one form."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from cxlib.errors import ConfigError, UntoldError, untold
from cxlib.estimate import FIELDS, Estimate, estimates, flags_in
from cxlib.exhibits import words
from cxlib.metrics.measure import SUPPRESSED_BELOW
from cxlib.nearest import listed

NO_DATA = "There are no data to draw this from."
OF_ESTIMATE: Mapping[str, object] = {"low": np.nan, "high": np.nan, "unit": "", "method": "", "flags": ()}
"""Columns that a frame of numbers may leave out, and what they are then."""

Rows = pd.DataFrame | Mapping[str, Estimate | None]
Read = TypeVar("Read")


def tidy(rows: Rows, what: str, unit: str = "", keys: Sequence[str] = ("label",)) -> pd.DataFrame:
    """Return numbers as a frame: the keys and `value, low, high, n, unit, method, flags`.

    A frame needs the keys, `value` and `n`; `unit` is of one without that column. None in a mapping, and what could not
    be told, has no row; of fewer than five cases the value is withheld. `what` names the exhibit in a message. Raises
    ConfigError if a column is missing or two units stand side by side, UntoldError if no row is left with a known
    value.
    """
    frame = rows.reset_index(drop=True) if isinstance(rows, pd.DataFrame) else of_estimates(rows)
    if missing := [name for name in (*keys, "value", "n") if name not in frame]:
        raise ConfigError(
            f"{what}: the frame lacks {listed(missing)}; it needs {listed([*keys, 'value', 'n'])}, and may have low, "
            "high, unit, method and flags. Every number is shown with the cases behind it"
        )
    for name, default in OF_ESTIMATE.items():
        if name not in frame:
            frame = frame.assign(**{name: pd.Series([unit if name == "unit" else default] * len(frame), dtype=object)})
    frame = frame[[*keys, *FIELDS]].astype({"value": float, "low": float, "high": float})
    few = (frame["n"] > 0) & (frame["n"] < SUPPRESSED_BELOW)
    frame.loc[few, ["value", "low", "high"]] = np.nan
    flags = frame["flags"].map(flags_in)
    frame["flags"] = flags.where(~few, flags.map(lambda known: tuple(dict.fromkeys((*known, "suppressed")))))
    untold(NO_DATA, np.isfinite(frame["value"].to_numpy(float)).any())
    units = frame.loc[frame["value"].notna(), "unit"].drop_duplicates().tolist()
    if len(units) > 1:
        raise ConfigError(f"{what}: rows in {listed(units)} cannot stand on one axis; show them apart, or in a sheet")
    return frame


def labelled(frame: pd.DataFrame, by: str = "label") -> list[tuple[str, Estimate]]:
    """Return the Estimates in the rows of a frame, each with its label."""
    return list(zip(frame[by].map(str), estimates(frame), strict=True))


def told(parts: Mapping[Any, Any], read: Callable[[Any], Read]) -> dict[Any, Read]:
    """Return what `read` makes of each part, without those that could not be told; their reason if none could."""
    found, reasons = {}, []
    for name, part in parts.items():
        try:
            found[name] = read(part)
        except UntoldError as error:
            reasons.append(error)
    if reasons and not found:
        raise reasons[0]
    return found


def of_estimates(rows: Mapping[Any, Estimate | None]) -> pd.DataFrame:
    """Return Estimates as a frame with `label`; raise the reason if none of them could be told."""
    given = {label: one for label, one in rows.items() if one is not None}
    lines = told(given, lambda one: [getattr(one, name) for name in FIELDS])
    return pd.DataFrame([(label, *line) for label, line in lines.items()], columns=["label", *FIELDS])


def record_of(frame: pd.DataFrame) -> dict[str, list[Any]]:
    """Return a frame as plain values for JSON, its labels as `rows`; what is unknown, endless or withheld is null."""
    if {"n", "flags"} <= set(frame.columns):
        frame = frame.assign(
            n=frame["n"].astype(object).where(~frame["flags"].map(lambda one: "suppressed" in one), None)
        )
    labels = {} if isinstance(frame.index, pd.RangeIndex) else {"rows": [str(label) for label in frame.index]}
    return labels | {str(name): [_plain(value) for value in frame[name].tolist()] for name in frame.columns}


def _plain(value: Any) -> Any:
    match value:
        case Estimate():
            return words.numbers(value)
        case float():
            return words.recorded(value) if np.isfinite(value) else None
        case tuple():
            return list(value)
        case int() | bool() | str() | dict() | None:
            return value
    return _plain(value.value) if hasattr(value, "value") else str(value)
