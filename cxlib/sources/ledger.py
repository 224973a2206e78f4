"""The ledger: every row read is either kept or rejected under a reason, and the sum is proved."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cxlib.errors import Problem, TableError
from cxlib.sources.problems import counted, without_addresses
from cxlib.sources.sql import Connection, columns_sql, literal, literals, quoted, row
from cxlib.sources.stage import Staged


@dataclass(frozen=True)
class LedgerEntry:
    """What became of the rows of one export.

    `unknown` counts, by column and reason, values of kept rows set empty because they are not to be believed.
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
        left_out = sorted(self.rejected.items(), key=lambda one: (-one[1], one[0]))
        parts = [f"kept {self.kept:,}", *(f"{reason} {count:,}" for reason, count in left_out)]
        return f"read {self.read:,} = {' + '.join(parts)}"


def create(connection: Connection) -> None:
    """Create the empty tables of rejected rows and of values set empty."""
    for name in ("rejected", "unknown"):
        connection.execute(f"CREATE TABLE {name} (export INTEGER, cx_file INTEGER, cx_row BIGINT, reason VARCHAR)")


def leave(connection: Connection, table: str, condition: str, reason: str) -> None:
    """Move rows of a canonical table to the rejected ones."""
    rows = f"FROM {table} WHERE {condition}"
    connection.execute(f"INSERT INTO rejected SELECT cx_export, cx_file, cx_row, {literal(reason)} {rows}")
    connection.execute(f"DELETE {rows}")


def leave_but_first(connection: Connection, table: str, of_each: str, order: str, reason: str, among: str = "") -> None:
    """Move all but the first of the rows that have `of_each` in common; `among` has more columns of some of them."""
    place = f"row_number() OVER (PARTITION BY {of_each} ORDER BY {order})"
    others = f"SELECT (cx_export, cx_file, cx_row) FROM {among or table} QUALIFY {place} > 1"
    leave(connection, table, f"(cx_export, cx_file, cx_row) IN ({others})", reason)


def note_rules(staged: Staged) -> None:
    """Note what the reject and unknown rules took, and the lines that do not fit the header."""
    rows, rules = f"SELECT {staged.number}, cx_file, cx_row", staged.resolved
    reasons = literals(rule.reason for rule in rules.rejects)
    taken = f"{rows}, [{reasons}][cx_rule + 1] FROM {staged.staged} WHERE cx_rule IS NOT NULL"
    staged.connection.execute(f"INSERT INTO rejected {taken}")
    for index, rule in enumerate(rules.unknowns):
        reason = literal(f"{rule.column}: {rule.reason}")
        staged.connection.execute(f"INSERT INTO unknown {rows}, {reason} FROM {staged.staged} WHERE cx_unknown_{index}")
    for file, raw in enumerate(staged.raw.tables):
        for position, number in enumerate(raw.malformed):
            reason = "footer" if number > raw.skip + raw.rows + position else "malformed"
            staged.connection.execute(f"INSERT INTO rejected VALUES ({staged.number}, {file}, {number}, '{reason}')")


def one_row_per_key(staged: Staged) -> Iterator[Problem]:
    """Take from the canonical rows those that repeat a key, as far as the export says how."""
    key, rule = columns_sql(staged.plan.table.key), staged.plan.export.one_row_per_key
    twice = f"(SELECT {key} FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1)"
    if not row(staged.connection, f"SELECT count(*) FROM {twice}")[0]:
        return
    read_twice = f"(SELECT cx_export, cx_file, cx_row FROM {staged.canon} SEMI JOIN {twice} USING ({key}))"
    whole, everything = f"{read_twice} JOIN {staged.raw.view} USING (cx_file, cx_row)", columns_sql(staged.raw.columns)
    leave_but_first(staged.connection, staged.canon, everything, "cx_file, cx_row", "duplicate", whole)
    if rule is not None:
        way = "DESC NULLS LAST, cx_file DESC, cx_row DESC" if rule.keep == "last" else "ASC NULLS LAST, cx_file, cx_row"
        leave_but_first(staged.connection, staged.canon, key, f"cx_order {way}", rule.reason)
    place, two = "min((cx_file, cx_row))", "list(cx_row ORDER BY cx_file, cx_row)[:2]"
    each = f"count(*) AS n, {place} AS place, struct_pack(v := concat_ws(', ', {key}), r := {two}) AS shown"
    left = f"SELECT {each} FROM {staged.canon} GROUP BY {key} HAVING count(*) > 1"
    keys, rows, first = row(staged.connection, f"SELECT count(*), sum(n), arg_min(shown, place) FROM ({left})")
    if keys:
        what = f"{counted(keys, 'key')} with several different rows ({', '.join(staged.plan.table.key)})"
        fix = "Say which row counts with [export.one_row_per_key], or map a key that is one per row."
        shown = f'"{without_addresses(first["v"])}" in rows {first["r"][0]:,} and {first["r"][1]:,}'
        yield Problem("duplicate-key", staged.plan.where(), what, fix, rows=int(rows), first=shown)


def entry(staged: Staged) -> LedgerEntry:
    """Return the ledger of an export; a TableError if it does not balance: nothing may be written then."""
    table, number, run = f"t_{staged.plan.table.name}", staged.number, staged.connection.execute
    (kept,) = row(staged.connection, f"SELECT count(*) FROM {table} WHERE cx_export = {number}")
    rejected = run(f"SELECT reason, count(*) FROM rejected WHERE export = {number} GROUP BY reason").fetchall()
    kept_rows = f"(SELECT cx_file, cx_row FROM {table} WHERE cx_export = {number})"
    of_kept = f"unknown SEMI JOIN {kept_rows} USING (cx_file, cx_row) WHERE export = {number}"
    unknown = run(f"SELECT reason, count(*) FROM {of_kept} GROUP BY reason ORDER BY reason").fetchall()
    plan = staged.plan
    made = LedgerEntry(plan.name, plan.table.name, staged.raw.rows, kept, dict(rejected), dict(unknown))
    if not made.balances:
        blame = "this is a fault of the program, please report it"
        raise TableError(f"{made.export}: the ledger does not balance: {made}. Nothing was written; {blame}")
    return made


def rejected_rows(staged: Staged) -> str:
    """Return SQL of an export's rejected rows: file, row, reason and the mapped source columns.

    Columns that feed people's names, addresses or free text stay out, and so do those that only an expression reads:
    a flag may be made of a whole letter. An address elsewhere is masked.
    """
    values = staged.resolved.values
    private = {source for name in staged.of_type("pseudonym", "text") for source in values[name].sources}
    plain = (source for value in values.values() if value.rule.column for source in value.sources)
    left_out = {*private, "file", "row", "reason"}
    mapped = [quoted(source) for source in dict.fromkeys(plain) if not {source, source.casefold()} & left_out]
    files = " ".join(f"WHEN {number} THEN {literal(raw.given.name)}" for number, raw in enumerate(staged.raw.tables))
    masked = "".join(f", cx_masked(CAST(s.{name} AS VARCHAR)) AS {name}" for name in mapped)
    return (
        f"SELECT CASE r.cx_file {files} END AS file, r.cx_row AS row, r.reason{masked} FROM rejected AS r "
        f"LEFT JOIN {staged.raw.view} AS s ON s.cx_file = r.cx_file AND s.cx_row = r.cx_row "
        f"WHERE r.export = {staged.number} ORDER BY r.cx_file, r.cx_row"
    )
