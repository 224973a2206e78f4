"""Writes the sample's files byte for byte the same each time: fixed line ends, fixed dates, no clock."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from company.kinds import Times

EXPORTED = (2026, 11, 9, 9, 0, 0)  # date inside archives, in local time


@dataclass(frozen=True)
class Format:
    """How a system writes its CSV files."""

    separator: str = ","
    encoding: str = "utf-8"
    line_end: str = "\r\n"
    quote_all: bool = False


def csv_bytes(rows: Iterable[Sequence[object]], form: Format) -> bytes:
    """Return rows, the header among them, as a CSV file."""
    text = io.StringIO()
    writer = csv.writer(
        text,
        delimiter=form.separator,
        lineterminator=form.line_end,
        quoting=csv.QUOTE_ALL if form.quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerows(rows)
    return text.getvalue().encode(form.encoding)


def frame_rows(frame: pd.DataFrame) -> list[Sequence[object]]:
    """Return header and rows of a frame whose cells are already as they shall be written."""
    return [list(frame.columns), *frame.itertuples(index=False, name=None)]


def write_zip(path: Path, member: str, content: bytes) -> None:
    """Write an archive with one file in it, dated when the exports were made."""
    entry = zipfile.ZipInfo(member, EXPORTED)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(entry, content, compresslevel=9)


def local_text(times: pd.Series | Times, zone: str, form: str) -> pd.Series:
    """Return naive UTC times as text on the clock of a zone; empty where there is none."""
    series = pd.Series(np.asarray(times))
    return series.dt.tz_localize("UTC").dt.tz_convert(zone).dt.strftime(form).fillna("").astype(object)


def number_text(values: pd.Series, blank: pd.Series | None = None) -> pd.Series:
    """Return whole numbers as text, empty where blank."""
    text = values.astype("int64").astype(str).astype(object)
    return text if blank is None else text.mask(blank.to_numpy(), "")


def base62(rng: np.random.Generator, prefix: str, length: int, count: int) -> list[str]:
    """Return ids as web services make them."""
    letters = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"))
    return [prefix + "".join(row) for row in letters[rng.integers(0, len(letters), (count, length))]]
