"""One row per key: whole-row duplicates leave, an event log keeps one row, the rest blocks."""

from collections.abc import Iterator

from cxlib.errors import Problem
from cxlib.sources.ledger import reject
from cxlib.sources.said import counted, without_addresses
from cxlib.sources.sql import columns_sql, row
from cxlib.sources.stage import Staged


def one_row_per_key(staged: Staged) -> Iterator[Problem]:
    """Take from the canonical rows those that repeat a key, as far as the export says how."""
    key, rule = columns_sql(staged.plan.table.key), staged.plan.export.one_row_per_key
    twice = f"(SELECT {key} FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1)"
    if not row(staged.connection, f"SELECT count(*) FROM {twice}")[0]:
        return
    everything = ", ".join(f"s.{columns_sql([name])}" for name in staged.raw.columns)
    _leave(
        staged,
        f"WITH twice AS (SELECT cx_file, cx_row FROM {staged.canon} SEMI JOIN {twice} USING ({key})) "
        f"SELECT t.cx_file, t.cx_row FROM twice AS t JOIN {staged.raw.view} AS s USING (cx_file, cx_row) "
        f"QUALIFY row_number() OVER (PARTITION BY {everything} ORDER BY t.cx_file, t.cx_row) > 1",
        "duplicate",
    )
    if rule is not None:
        way = "DESC NULLS LAST, cx_file DESC, cx_row DESC" if rule.keep == "last" else "ASC NULLS LAST, cx_file, cx_row"
        _leave(
            staged,
            f"SELECT cx_file, cx_row FROM {staged.canon} QUALIFY row_number() OVER "
            f"(PARTITION BY {key} ORDER BY cx_order {way}) > 1",
            rule.reason,
        )
    keys, rows, first = row(
        staged.connection,
        "SELECT count(*), sum(n), arg_min(struct_pack(v := shown, r := rows), place) "
        "FROM (SELECT count(*) AS n, min((cx_file, cx_row)) AS place, "
        f"concat_ws(', ', {key}) AS shown, list(cx_row ORDER BY cx_file, cx_row)[:2] AS rows "
        f"FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1)",
    )
    if keys:
        what = f"{counted(keys, 'key')} with several different rows ({', '.join(staged.plan.table.key)})"
        fix = "Say which row counts with [export.one_row_per_key], or map a key that is one per row."
        shown = f'"{without_addresses(first["v"])}" in rows {first["r"][0]:,} and {first["r"][1]:,}'
        yield Problem("duplicate-key", staged.plan.where(), what, fix, rows=int(rows), first=shown)


def _leave(staged: Staged, rows: str, reason: str) -> None:
    """Move rows from the canonical table to the rejected ones."""
    staged.connection.execute(f"CREATE OR REPLACE TEMP TABLE leaving AS {rows}")
    reject(staged, "SELECT cx_file, cx_row FROM leaving", reason)
    staged.connection.execute(
        f"DELETE FROM {staged.canon} WHERE (cx_file, cx_row) IN (SELECT (cx_file, cx_row) FROM leaving)"
    )
