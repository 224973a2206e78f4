"""Files and databases into DuckDB, row by row as they lie there."""

from __future__ import annotations

import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb

from cxlib.errors import Problem
from cxlib.sources import database, excel
from cxlib.sources.files import LocalFile, UnreadableError
from cxlib.sources.layout import Plan
from cxlib.sources.raw import Malformed, RawTable, clean_names, raw_table
from cxlib.sources.sql import literal, row
from cxlib.sources.words import counted

LOOK_RECORDS = 4
_SEPARATORS = {",": '","', ";": '";"', "\t": '"\\t"', "|": '"|"'}


def read(connection: duckdb.DuckDBPyConnection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read one file of an export into `table`.

    Raises
    ------
    UnreadableError
        If it is damaged, cut off, or has no rows at all to speak of.
    """
    if plan.format in ("csv", "tsv"):
        return _read_csv(connection, plan, file, table)
    if plan.format == "excel":
        return excel.read(connection, plan, file, table)
    if plan.format == "duckdb":
        return database.read_duckdb(connection, plan, file.path, file.given.name, table)
    try:
        if plan.format == "parquet":
            return _read_parquet(connection, file, table)
        return _read_json(connection, file, table)
    except duckdb.Error as error:
        said = str(error).splitlines()[0]
        raise UnreadableError(
            Problem(
                "cut-file",
                f"{plan.name} ({file.given.name})",
                f"it cannot be read as {plan.format}: {said}",
                "It is cut off or damaged: export it again.",
            )
        ) from error


def separator(plan: Plan) -> str:
    """Return the character between the values of an export's lines."""
    return plan.export.separator or ("\t" if plan.format == "tsv" else ",")


def first_records(path: Path, mark: str, count: int) -> list[list[str]]:
    """Return the first records of a UTF-8 delimited file."""
    csv.field_size_limit(sys.maxsize)
    records: list[list[str]] = []
    with path.open(encoding="utf-8", newline="") as file:
        for record in csv.reader(file, delimiter=mark):
            if record:
                records.append(record)
            if len(records) == count:
                break
    return records


def _read_csv(connection: duckdb.DuckDBPyConnection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read delimited text strictly; every line is either a row or listed as malformed."""
    mark, skip = separator(plan), plan.export.header_rows
    where = f"{plan.name} ({file.given.name})"
    records = first_records(file.path, mark, 1)
    if not records:
        raise UnreadableError(Problem("empty-file", where, "the file holds blank lines only", "Export it again."))
    columns = clean_names(records[0])
    spec = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(columns)))
    options = f"delim={literal(mark)}, quote='\"', escape='\"', header=false, auto_detect=false, strict_mode=true"
    try:
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_csv({literal(str(file.path))}, columns={{{spec}}}, {options}, "
            f"store_rejects=true, rejects_table='{table}_lines', rejects_scan='{table}_scan')"
        )
    except duckdb.Error as error:
        raise UnreadableError(
            Problem(
                "malformed-line",
                where,
                f"it is not delimited text: {str(error).splitlines()[0]}",
                "Export it again as CSV.",
            )
        ) from error
    malformed = _malformed(connection, table)
    held = int(row(connection, f"SELECT count(*) FROM {table}")[0])
    raw = RawTable(
        table, file.given, columns, ("VARCHAR",) * len(columns), max(held - skip, 0), skip + 1, skip, tuple(malformed)
    )
    _refuse_malformed(plan, raw, where, mark)
    return raw


def _malformed(connection: duckdb.DuckDBPyConnection, table: str) -> list[Malformed]:
    """Return the lines that the reader left out, one per record."""
    found = connection.execute(
        f"SELECT line, first(error_type ORDER BY error_type DESC), first(ltrim(csv_line, chr(10))[:200]) "
        f"FROM {table}_lines GROUP BY line ORDER BY line"
    ).fetchall()
    return [Malformed(int(line), str(kind), str(text or "")) for line, kind, text in found]


def _refuse_malformed(plan: Plan, raw: RawTable, where: str, mark: str) -> None:
    """Raise for lines that do not fit the header, unless the export says to leave them out."""
    if not raw.malformed:
        return
    last = raw.malformed[-1]
    at_end = last.row >= raw.rows + len(raw.malformed) + raw.skip
    if last.kind == "UNQUOTED VALUE" and at_end and last.text.count('"') % 2:
        raise UnreadableError(
            Problem(
                "cut-file",
                where,
                f"a quote opened in row {last.row:,} is never closed",
                "The file is cut off there, or a quote inside a text is not doubled: export it again.",
            )
        )
    if plan.export.malformed == "reject":
        return
    if len(raw.malformed) == 1 and at_end and last.kind == "MISSING COLUMNS":
        has = len(first_fields(last.text, mark))
        raise UnreadableError(
            Problem(
                "cut-file",
                where,
                f"the last line (row {last.row:,}) has {has} of {len(raw.columns)} columns",
                'The file is cut off: export it again. If the tool writes footer lines, write malformed = "reject".',
                rows=1,
            )
        )
    first = raw.malformed[0]
    kinds = {
        "MISSING COLUMNS": "too few columns",
        "TOO MANY COLUMNS": "too many columns",
        "UNQUOTED VALUE": "a stray quote",
    }
    raise UnreadableError(
        Problem(
            "malformed-line",
            where,
            f"{counted(len(raw.malformed), 'line')} not fitting the header of {len(raw.columns)} columns",
            f"Check separator = {_SEPARATORS.get(mark, repr(mark))} and the export; "
            'or leave such lines out, counted, with malformed = "reject".',
            rows=len(raw.malformed),
            first=f"row {first.row:,} has {kinds.get(first.kind, first.kind.lower())}",
        )
    )


def first_fields(text: str, mark: str) -> list[str]:
    """Return the values of one line."""
    return next(csv.reader([text], delimiter=mark), [])


def _read_parquet(connection: duckdb.DuckDBPyConnection, file: LocalFile, table: str) -> RawTable:
    return raw_table(connection, f"read_parquet({literal(str(file.path))})", file.given, table)


def _read_json(connection: duckdb.DuckDBPyConnection, file: LocalFile, table: str) -> RawTable:
    """Read an array of objects or one object per line; every value as text, nested ones as JSON text."""
    source = f"read_json_objects({literal(str(file.path))}, format='auto')"
    connection.execute(f"CREATE TABLE {table}_json AS SELECT json FROM {source}")
    keys = [
        str(found[0])
        for found in connection.execute(
            f"SELECT key FROM (SELECT unnest(json_keys(json)) AS key, rowid AS place FROM {table}_json) "
            "GROUP BY key ORDER BY min(place), key"
        ).fetchall()
    ]
    values = ", ".join(
        f"json_extract_string(json, {literal(_path(key))}) AS c{index}" for index, key in enumerate(keys)
    )
    connection.execute(f"CREATE TABLE {table} AS SELECT {values or 'NULL AS c0'} FROM {table}_json")
    rows = int(row(connection, f"SELECT count(*) FROM {table}")[0])
    return RawTable(table, file.given, clean_names(keys or ["column_1"]), ("VARCHAR",) * max(len(keys), 1), rows, 1)


def _path(key: str) -> str:
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'$."{escaped}"'


def look(plan: Plan, files: Sequence[LocalFile]) -> list[list[list[str]]]:
    """Return the first records of each delimited file, for a vendor's look into it."""
    if plan.format not in ("csv", "tsv"):
        return []
    return [first_records(file.path, separator(plan), LOOK_RECORDS) for file in files]
