"""The ledger: every row read is either kept or rejected under a reason, and the sum is proved."""

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from cxlib.errors import TableError
from cxlib.sources.sql import literal, quoted, row
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
    for name in ("rejected", "unknown"):
        connection.execute(f"CREATE TABLE {name} (export INTEGER, cx_file INTEGER, cx_row BIGINT, reason VARCHAR)")


def reject(staged: Staged, rows: str, reason: str, table: str = "rejected") -> None:
    """Note rows, given as SQL of their file and row, as rejected (or, in `unknown`, as lacking a value)."""
    staged.connection.execute(
        f"INSERT INTO {table} SELECT {staged.number}, cx_file, cx_row, {literal(reason)} FROM ({rows})"
    )


def note_rules(staged: Staged) -> None:
    """Note what the reject and unknown rules took, and the lines that do not fit the header."""
    rows = f"SELECT cx_file, cx_row FROM {staged.staged} WHERE"
    for index, rule in enumerate(staged.resolved.rejects):
        reject(staged, f"{rows} cx_rule = {index}", rule.reason)
    for index, rule in enumerate(staged.resolved.unknowns):
        reject(staged, f"{rows} cx_unknown_{index}", f"{rule.column}: {rule.reason}", "unknown")
    for file, table in enumerate(staged.raw.tables):
        for position, line in enumerate(table.malformed):
            footer = line.row >= table.first_row + table.rows + position
            row_of_line = f"SELECT {file} AS cx_file, {line.row} AS cx_row"
            reject(staged, row_of_line, "footer" if footer else "malformed")


def entry(staged: Staged) -> LedgerEntry:
    """Return the ledger of an export.

    Raises
    ------
    TableError
        If it does not balance; nothing may be written then.
    """
    table, number, run = f"t_{staged.plan.table.name}", staged.number, staged.connection.execute
    (kept,) = row(staged.connection, f"SELECT count(*) FROM {table} WHERE cx_export = {number}")
    rejected = run(
        f"SELECT reason, count(*) FROM rejected WHERE export = {number} GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    unknown = run(
        f"SELECT reason, count(*) FROM unknown AS u SEMI JOIN {table} AS t ON t.cx_export = u.export "
        f"AND t.cx_file = u.cx_file AND t.cx_row = u.cx_row WHERE u.export = {number} GROUP BY reason ORDER BY reason"
    ).fetchall()
    plan = staged.plan
    made = LedgerEntry(plan.name, plan.table.name, staged.raw.rows, kept, dict(rejected), dict(unknown))
    if not made.balances:
        raise TableError(
            f"{made.export}: the ledger does not balance: {made}. Nothing was written; "
            "this is a fault of the program, please report it"
        )
    return made


def rejected_rows(staged: Staged) -> str:
    """Return SQL of an export's rejected rows: file, row, reason and the mapped source columns.

    Columns that feed people's names, addresses or free text stay out; an address elsewhere is masked.
    """
    values = staged.resolved.values
    private = {source for name in staged.of_type("pseudonym", "text") for source in values[name].sources}
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
