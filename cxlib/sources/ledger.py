"""The ledger: every row read is either kept or rejected under a reason, and the sum is proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from cxlib.errors import TableError
from cxlib.sources.sql import columns_sql, literal, quoted, row
from cxlib.sources.stage import Staged


@dataclass(frozen=True)
class LedgerEntry:
    """What became of the rows of one export.

    `unknown` counts, by column and reason, values of kept rows that were set empty because they are
    not to be believed.
    """

    export: str
    table: str
    read: int
    kept: int
    rejected: Mapping[str, int]
    unknown: Mapping[str, int]

    @property
    def balances(self) -> bool:
        return self.read == self.kept + sum(self.rejected.values())

    def __str__(self) -> str:
        """Return `read 10,412 = kept 10,101 + merged 207 + spam 104`."""
        parts = [f"kept {self.kept:,}", *(f"{reason} {count:,}" for reason, count in self.rejected.items())]
        return f"read {self.read:,} = {' + '.join(parts)}"


def create(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables of rejected rows and of values set empty."""
    connection.execute("CREATE TABLE rejected (export INTEGER, cx_file INTEGER, cx_row BIGINT, reason VARCHAR)")
    connection.execute("CREATE TABLE unknown (export INTEGER, cx_file INTEGER, cx_row BIGINT, reason VARCHAR)")


def reject(connection: duckdb.DuckDBPyConnection, export: int, rows: str, reason: str) -> None:
    """Note rows, given as SQL of their file and row, as rejected."""
    connection.execute(f"INSERT INTO rejected SELECT {export}, cx_file, cx_row, {literal(reason)} FROM ({rows})")


def note_rules(connection: duckdb.DuckDBPyConnection, staged: Staged) -> None:
    """Note what the reject and unknown rules took, and the lines that do not fit the header."""
    for index, (reason, _) in enumerate(staged.resolved.rejects):
        reject(
            connection, staged.number, f"SELECT cx_file, cx_row FROM {staged.staged} WHERE cx_rule = {index}", reason
        )
    for index, (column, reason, _) in enumerate(staged.resolved.unknowns):
        connection.execute(
            f"INSERT INTO unknown SELECT {staged.number}, cx_file, cx_row, {literal(f'{column}: {reason}')} "
            f"FROM {staged.staged} WHERE cx_unknown_{index}"
        )
    for file, table in enumerate(staged.raw.tables):
        after_data = table.first_row + table.rows
        for position, line in enumerate(table.malformed):
            footer = line.row >= after_data + position
            reject(
                connection,
                staged.number,
                f"SELECT {file} AS cx_file, {line.row} AS cx_row",
                "footer" if footer else "malformed",
            )


def entries(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> tuple[LedgerEntry, ...]:
    """Return the ledger of all exports.

    Raises
    ------
    TableError
        If one does not balance; nothing may be written then.
    """
    ledger = []
    for staged in exports:
        table = f"t_{staged.plan.table.name}"
        kept = row(connection, f"SELECT count(*) FROM {table} WHERE cx_export = {staged.number}")[0]
        rejected = connection.execute(
            f"SELECT reason, count(*) FROM rejected WHERE export = {staged.number} "
            "GROUP BY reason ORDER BY count(*) DESC, reason"
        ).fetchall()
        unknown = connection.execute(
            f"SELECT reason, count(*) FROM unknown AS u SEMI JOIN {table} AS t ON t.cx_export = u.export "
            f"AND t.cx_file = u.cx_file AND t.cx_row = u.cx_row WHERE u.export = {staged.number} "
            "GROUP BY reason ORDER BY reason"
        ).fetchall()
        entry = LedgerEntry(
            staged.plan.name, staged.plan.table.name, staged.raw.rows, int(kept), dict(rejected), dict(unknown)
        )
        if not entry.balances:
            raise TableError(
                f"{entry.export}: the ledger does not balance: {entry}. Nothing was written; "
                "this is a fault of the program, please report it"
            )
        ledger.append(entry)
    return tuple(ledger)


def rejected_rows(staged: Staged) -> str:
    """Return SQL of an export's rejected rows: file, row, reason and the mapped source columns.

    Columns that feed people's names, addresses or free text stay out; an address elsewhere is masked.
    """
    table, values = staged.plan.table, staged.resolved.values
    private = {
        source
        for name, value in values.items()
        if table.column(name).type in ("pseudonym", "text")
        for source in value.sources
    }
    mapped = dict.fromkeys(source for value in values.values() for source in value.sources if source not in private)
    files = " ".join(f"WHEN {number} THEN {literal(raw.given.name)}" for number, raw in enumerate(staged.raw.tables))
    masked = "".join(
        f", regexp_replace(CAST(s.{quoted(name)} AS VARCHAR), '[^\\s@]+@[^\\s@]+', '[address]', 'g') AS {quoted(name)}"
        for name in mapped
        if name.casefold() not in ("file", "row", "reason")
    )
    return (
        f"SELECT CASE r.cx_file {files} END AS file, r.cx_row AS row, r.reason{masked} FROM rejected AS r "
        f"LEFT JOIN {staged.raw.view} AS s ON s.cx_file = r.cx_file AND s.cx_row = r.cx_row "
        f"WHERE r.export = {staged.number} ORDER BY r.cx_file, r.cx_row"
    )


def canonical_rows(table: str, key: Sequence[str], columns: Sequence[str]) -> str:
    """Return SQL of a finished canonical table in the order of its key."""
    return f"SELECT {columns_sql(columns)} FROM t_{table} ORDER BY {columns_sql(key)}"
