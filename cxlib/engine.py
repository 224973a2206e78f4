"""Runs SQL over a snapshot: DuckDB, inside the process.

The only things that leave an engine are small frames of counts and rows that a page shows.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.facts import FACTS, GROUPS, Fact
from cxlib.sources.sql import literal, located
from cxlib.store import Snapshot
from cxlib.tables import TABLES, good_from


class Part(NamedTuple):
    """Some of the customers: those whose `column` has one of the values, or with `out` all others."""

    column: str
    values: tuple[str, ...]
    out: bool = False


OF_EVERYBODY = ("price_index", "rates", "stated", "fact_coverage")
"""Tables that hold for whatever part of the customers."""


class Engine(AbstractContextManager["Engine"]):
    """Canonical tables and facts of one snapshot as relations to query, of all customers or of those in all `parts`.

    Facts are computed the first time they are asked for and kept as Parquet beside the snapshot, under a name that
    holds the hash of their SQL. A row belongs to a part by its own column, else by its customer's. What can be divided
    by neither (costs, by region) is empty then.
    """

    def __init__(self, snapshot: Snapshot, parts: Sequence[Part] = ()) -> None:
        self.snapshot = snapshot
        self.parts = tuple(parts)
        self._connection = duckdb.connect(config={"memory_limit": "1GB", "autoinstall_known_extensions": False})
        self._connection.execute("SET TimeZone = 'UTC'")
        # else what does not fit into memory is written to the working folder, for everybody to read
        self._connection.execute(f"SET temp_directory = {literal(str(snapshot.folder / f'.spilled-{os.getpid()}'))}")
        # rows of a fact have no order; keeping one would cost memory
        self._connection.execute("SET preserve_insertion_order = false")
        self._ready: set[str] = set()
        # facts are made of whole tables, whatever part of them is asked for, so that they are made once
        self._connection.execute("CREATE SCHEMA whole")
        self._define_functions()
        self._define_tables()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a statement over canonical tables and prepared facts.

        Numbers with a fraction come with 12 digits: threads add them up in an order that changes from run to run,
        and with it the last digits of a sum.
        """
        rows = self._connection.execute(sql).df()
        fractions = rows.select_dtypes("float64").columns
        return rows.assign(**{name: to_digits(rows[name].to_numpy(), 12) for name in fractions})

    def fact(self, name: str) -> str:
        """Make a fact ready and return the name to use in SQL; raises MeasureError if there is no such fact."""
        if name not in FACTS:
            raise MeasureError(f'fact "{name}" does not exist; there are {", ".join(FACTS)}')
        if name not in self._ready:
            for used in FACTS[name].uses:
                self.fact(used.name)
            path = self._materialise(FACTS[name])
            self._define(f"fact_{name}", f"SELECT * FROM {_file(path)}")
            self._ready.add(name)
        return f"fact_{name}"

    def _materialise(self, fact: Fact) -> Path:
        as_of = self.snapshot.as_of.strftime("%Y-%m-%d %H:%M:%S")
        said = [one.sql(as_of) for one in (fact, *fact.all_used)]
        rests_on_definitions = any(re.search(r"\b(open_hours|works|promised)\b", text) for text in said)
        said += [self.snapshot.definitions.id] if rests_on_definitions else []
        digest = hashlib.sha256("\n".join((duckdb.__version__, *said)).encode()).hexdigest()[:12]
        folder = self.snapshot.folder / "facts"
        path = folder / f"{fact.name}-{digest}.parquet"
        if not path.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            if rests_on_definitions:
                self._define_definitions()
            staging = folder / f".{path.name}-{os.getpid()}"
            copy = f"COPY ({said[0]}) TO {literal(str(staging))} (FORMAT parquet, COMPRESSION lz4_raw)"
            self._connection.execute("SET search_path = 'whole,main'")
            self._connection.execute(copy)
            self._connection.execute("SET search_path = 'main'")
            staging.chmod(0o600)
            os.replace(staging, path)
        return path

    def _define_definitions(self) -> None:
        [(first,)] = self._connection.execute("SELECT CAST(min(created_at) AS DATE) FROM whole.tickets").fetchall()
        last = self.snapshot.as_of.date()
        for name, rows in self.snapshot.definitions.relations(first or last, last).items():
            self._connection.register(name, rows)

    def _define_functions(self) -> None:
        zone = self.snapshot.time_zone
        for macro in (
            # hashed by md5 because every engine has it and it never changes between versions
            f"bucket(id) AS CAST(concat('0x', substr(md5(id), 1, 4)) AS INTEGER) % {GROUPS}",
            f"local_day(t) AS CAST(timezone('{zone}', timezone('UTC', t)) AS DATE)",
            # no zone is a day away from UTC: only the days around the turn of a month need the slow conversion
            "local_month(t) AS CAST(date_trunc('month', "
            "CASE WHEN day(t) BETWEEN 2 AND 27 THEN CAST(t AS DATE) ELSE local_day(t) END) AS DATE)",
            f"good_from(lowest, highest) AS {good_from('lowest', 'highest')}",
            "series(touchpoint) AS CASE WHEN touchpoint <> 'relationship' THEN 'touchpoint' ELSE 'relationship' END",
            f"month_end(m) AS timezone('UTC', timezone('{zone}', CAST(m + INTERVAL 1 MONTH AS TIMESTAMP)))",
        ):
            self._connection.execute(f"CREATE MACRO {macro}")

    def _define_tables(self) -> None:
        for name, table in TABLES.items():
            empty = ", ".join(f"CAST(NULL AS {column.sql_type}) AS {column.name}" for column in table.columns)
            path = self.snapshot.parquet(name)
            self._define(name, f"SELECT * FROM {_file(path)}" if path else f"SELECT {empty} WHERE FALSE")
        rates = {**self.snapshot.rates, self.snapshot.currency: 1.0}
        values = ", ".join(f"('{currency}', CAST({rate!r} AS DOUBLE))" for currency, rate in sorted(rates.items()))
        self._define("rates", f"SELECT * FROM (VALUES {values}) AS r(currency, rate)")
        spans = {"": (None, None), **self.snapshot.stated}.items()
        values = ", ".join(f"({literal(name)}, {_moment(begin)}, {_moment(end)})" for name, (begin, end) in spans)
        self._define("stated", f"SELECT * FROM (VALUES {values}) AS s(name, complete_from, complete_until)")

    def _define(self, name: str, source: str) -> None:
        """Define a relation whole, and as the part of it that is asked for."""
        self._connection.execute(f"CREATE VIEW whole.{name} AS {source}")
        parts = () if name in OF_EVERYBODY else self.parts
        kept = " AND ".join(self._condition(name, part) for part in parts) or "TRUE"
        self._connection.execute(f"CREATE VIEW {name} AS SELECT * FROM whole.{name} WHERE {kept}")

    def _condition(self, name: str, part: Part) -> str:
        columns = self._connection.execute(f"DESCRIBE whole.{name}").df()["column_name"].tolist()
        values = ", ".join(literal(value) for value in part.values)
        named = f"CAST({part.column} AS VARCHAR) IN ({values})"
        ways = [named] if part.column in columns else []
        if "customer_id" in columns and part.column in TABLES["customers"].column_names:
            own = f"{part.column} IS NULL AND " if ways else ""
            ways.append(f"{own}customer_id IN (SELECT customer_id FROM whole.customers WHERE {named})")
        if not ways:
            return "FALSE"
        named = " OR ".join(f"coalesce({way}, FALSE)" for way in ways)
        return f"NOT ({named})" if part.out else f"({named})"


def _moment(at: datetime | None) -> str:
    return "CAST(NULL AS TIMESTAMP)" if at is None else f"TIMESTAMP '{at}'"


def _file(path: Path) -> str:
    return f"read_parquet({located(path)}, hive_partitioning = false)"


def to_digits(values: npt.NDArray[np.float64], digits: int) -> npt.NDArray[np.float64]:
    """Return numbers rounded to so many significant digits; infinite, unknown and very small ones as they are."""
    usable = np.isfinite(values) & (np.abs(values) >= 10.0 ** (digits - 23))
    size = np.floor(np.log10(np.abs(np.where(usable, values, 1.0))))
    # dividing by a power of ten that a double holds exactly gives the nearest double to the decimal number
    up, down = 10.0 ** np.clip(digits - 1 - size, 0, 22), 10.0 ** np.clip(size - digits + 1, 0, 22)
    return np.where(usable, np.round(values * up / down) * down / up, values)
