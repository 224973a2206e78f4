"""One row per key: whole-row duplicates leave, an event log keeps one row, the rest blocks."""

from __future__ import annotations

import duckdb

from cxlib.errors import Problem
from cxlib.sources.ledger import reject
from cxlib.sources.sql import columns_sql, row
from cxlib.sources.stage import Staged
from cxlib.sources.words import counted, without_addresses


def one_row_per_key(connection: duckdb.DuckDBPyConnection, staged: Staged) -> list[Problem]:
    """Take from the canonical rows those that repeat a key, as far as the export says how."""
    if not _repeated(connection, staged):
        return []
    _leave(connection, staged, _identical(staged), "duplicate")
    rule = staged.plan.export.one_row_per_key
    if rule is not None:
        way = "DESC NULLS LAST, cx_file DESC, cx_row DESC" if rule.keep == "last" else "ASC NULLS LAST, cx_file, cx_row"
        key = columns_sql(staged.plan.table.key)
        _leave(
            connection,
            staged,
            f"SELECT cx_file, cx_row FROM {staged.canon} QUALIFY row_number() OVER "
            f"(PARTITION BY {key} ORDER BY cx_order {way}) > 1",
            rule.reason,
        )
    left = _repeated(connection, staged)
    return [_conflict(connection, staged, left)] if left else []


def _repeated(connection: duckdb.DuckDBPyConnection, staged: Staged) -> int:
    """Return how many keys have several rows."""
    key = columns_sql(staged.plan.table.key)
    return int(
        row(connection, f"SELECT count(*) FROM (SELECT 1 FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1)")[0]
    )


def _identical(staged: Staged) -> str:
    """Return SQL of the rows that repeat an earlier one in every source column."""
    key = columns_sql(staged.plan.table.key)
    everything = ", ".join(f"s.{column}" for column in map(_quote, staged.raw.columns))
    return (
        f"WITH twice AS (SELECT cx_file, cx_row, {key} FROM {staged.canon} SEMI JOIN (SELECT {key} FROM {staged.canon} "
        f"GROUP BY {key} HAVING count(*) > 1) USING ({key})) "
        f"SELECT t.cx_file, t.cx_row FROM twice AS t JOIN {staged.raw.view} AS s USING (cx_file, cx_row) "
        f"QUALIFY row_number() OVER (PARTITION BY {everything} ORDER BY t.cx_file, t.cx_row) > 1"
    )


def _quote(name: str) -> str:
    return columns_sql([name])


def _leave(connection: duckdb.DuckDBPyConnection, staged: Staged, rows: str, reason: str) -> None:
    """Move rows from the canonical table to the rejected ones."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {rows}")
    reject(connection, staged.number, "SELECT cx_file, cx_row FROM leaving", reason)
    connection.execute(f"DELETE FROM {staged.canon} WHERE (cx_file, cx_row) IN (SELECT (cx_file, cx_row) FROM leaving)")


def _conflict(connection: duckdb.DuckDBPyConnection, staged: Staged, keys: int) -> Problem:
    key = columns_sql(staged.plan.table.key)
    rows, first = row(
        connection,
        (
            "SELECT sum(n), arg_min(struct_pack(v := shown, r := rows), place) "
            "FROM (SELECT count(*) AS n, min((cx_file, cx_row)) AS place, "
            f"concat_ws(', ', {key}) AS shown, list(cx_row ORDER BY cx_file, cx_row)[:2] AS rows "
            f"FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1)"
        ),
    )
    shown = without_addresses(str(first["v"]))
    return Problem(
        "duplicate-key",
        staged.plan.where(),
        f"{counted(keys, 'key')} with several different rows ({', '.join(staged.plan.table.key)})",
        "Say which row counts with [export.one_row_per_key], or map a key that is one per row.",
        rows=int(rows),
        first=f'"{shown}" in rows {first["r"][0]:,} and {first["r"][1]:,}',
    )
