"""A desk on which canonical tables are laid by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cxlib.definitions import Definitions
from cxlib.errors import Problem
from cxlib.sources.files import InputFile
from cxlib.sources.ledger import LedgerEntry
from cxlib.tables import TABLES

ARROW = {
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
}


@dataclass(frozen=True)
class Desk:
    """A snapshot that was written by hand."""

    folder: Path
    as_of: datetime
    columns: Mapping[str, tuple[str, ...]]
    time_zone: str = "UTC"
    currency: str = "EUR"
    id: str = "0123456789ab"
    company: str = "Desk"
    ledger: tuple[LedgerEntry, ...] = ()
    warnings: tuple[Problem, ...] = ()
    inputs: tuple[InputFile, ...] = ()
    notes: tuple[str, ...] = ()
    rates: Mapping[str, float] = field(default_factory=lambda: {"USD": 0.5})
    stated: Mapping[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    clockless: tuple[str, ...] = ()
    definitions: Definitions = field(default_factory=Definitions)

    def parquet(self, table: str) -> Path | None:
        path = self.folder / f"{table}.parquet"
        return path if path.exists() else None


Rows = Sequence[Mapping[str, Any]]

EVERYBODY = {"subscriptions": (datetime(1990, 1, 1), None)}


def write_table(name: str, frame: pd.DataFrame, folder: Path) -> None:
    """Write a canonical table from a frame that has some of its columns; the others are empty."""
    columns = {
        column.name: _arrow(frame[column.name], ARROW[column.sql_type])
        if column.name in frame
        else pa.nulls(len(frame), ARROW[column.sql_type])
        for column in TABLES[name].columns
    }
    pq.write_table(pa.table(columns), folder / f"{name}.parquet", compression="none")


def _arrow(values: pd.Series, kind: pa.DataType) -> pa.Array:
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        values = pd.to_datetime(values, format="ISO8601")
        return pa.Array.from_pandas(values, type=pa.timestamp("us")).cast(kind)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return pa.Array.from_pandas(values).cast(kind)
    return pa.Array.from_pandas(values.where(values.notna(), None), type=kind)


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    """Return a function that lays tables: `desk(as_of, tickets=[{...}], ...)`; absent columns are empty."""
    return partial(lay_in, tmp_path)


def lay_in(
    room: Path,
    as_of: str,
    time_zone: str = "UTC",
    folder: str = "desk",
    stated: Mapping[str, tuple[datetime | None, datetime | None]] = EVERYBODY,
    definitions: Definitions | None = None,
    **tables: Rows,
) -> Desk:
    """Lay tables; subscriptions hold everybody who ever paid, if `stated` says nothing else."""
    place = room / folder
    place.mkdir(exist_ok=True)
    for name, rows in tables.items():
        names = TABLES[name].column_names
        write_table(name, pd.DataFrame([{c: row.get(c) for c in names} for row in rows], columns=names), place)
    brought = {
        name: tuple(sorted({column for row in rows for column, value in row.items() if value is not None}))
        for name, rows in tables.items()
    }
    moment, words = datetime.fromisoformat(as_of), definitions or Definitions()
    return Desk(place, moment, brought, time_zone, stated=stated, definitions=words)
