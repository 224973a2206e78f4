"""Files and databases into DuckDB, row by row as they lie there."""

import csv
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from cxlib.sources import database, excel
from cxlib.sources.config import Export
from cxlib.sources.files import LocalFile
from cxlib.sources.plan import Plan
from cxlib.sources.raw import Malformed, RawTable, clean_names, different_files, raw_table, short_names
from cxlib.sources.said import UnreadableError, counted
from cxlib.sources.sql import column_of, literal, row

_SEPARATORS = {",": '","', ";": '";"', "\t": '"\\t"', "|": '"|"'}
_MISFITS = {
    "MISSING COLUMNS": "too few columns",
    "TOO MANY COLUMNS": "too many columns",
    "UNQUOTED VALUE": "a stray quote",
}


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
        return database.read_duckdb(connection, plan, file.path, table)
    try:
        if plan.format == "parquet":
            return raw_table(connection, f"read_parquet({literal(str(file.path))})", file.given, table)
        return _read_json(connection, file, table)
    except duckdb.Error as error:
        what = f"it cannot be read as {plan.format}: {str(error).splitlines()[0]}"
        fix = "It is cut off or damaged: export it again."
        raise UnreadableError("cut-file", plan.where_in(file.given.name), what, fix) from error


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


def look_into(plan: Plan, files: Sequence[LocalFile]) -> Plan:
    """Return the plan with what only the headers of its files tell; all must tell the same.

    Raises
    ------
    UnreadableError
        If they do not.
    """
    export = plan.export
    if plan.format not in ("csv", "tsv") or not (export.header_goes_on or export.time_zone_in_header):
        return plan
    told = [_told(export, first_records(file.path, separator(plan), export.header_rows + 1)) for file in files]
    for other, file in zip(told, files, strict=True):
        if other != told[0]:
            what = f'the file says {other}, but "{files[0].given.name}" says {told[0]}'
            raise different_files(plan, file.given.name, what)
    return replace(plan, export=export.model_copy(update=told[0]))


def _told(export: Export, records: Sequence[Sequence[str]]) -> dict[str, Any]:
    """Return how many header rows there are, and the time zone that they name, if it is one."""
    following = records[export.header_rows] if len(records) > export.header_rows else ()
    begins = export.header_goes_on
    rows = export.header_rows + any(begins and cell.startswith(begins) for cell in following)
    told: dict[str, Any] = {"header_rows": rows}
    if export.time_zone_in_header:
        header = [cell for record in records[:rows] for cell in record]
        zones = {found[1] for cell in header if (found := re.search(export.time_zone_in_header, cell))}
        told |= {"time_zone": zones.pop()} if len(zones) == 1 else {}
    return told


def _read_csv(connection: duckdb.DuckDBPyConnection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read delimited text strictly; every line is either a row or listed as malformed."""
    mark, skip, where = separator(plan), plan.export.header_rows, plan.where_in(file.given.name)
    records = first_records(file.path, mark, 1)
    if not records:
        raise UnreadableError("empty-file", where, "the file holds blank lines only", "Export it again.")
    columns = clean_names(records[0])
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in short_names(len(columns)))
    try:
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_csv({literal(str(file.path))}, columns={{{spec}}}, "
            f"delim={literal(mark)}, quote='\"', escape='\"', header=false, auto_detect=false, strict_mode=true, "
            f"store_rejects=true, rejects_table='{table}_lines', rejects_scan='{table}_scan')"
        )
    except duckdb.Error as error:
        what = f"it is not delimited text: {str(error).splitlines()[0]}"
        raise UnreadableError("malformed-line", where, what, "Export it again as CSV.") from error
    # the reader may say several things of one record that it left out
    left_out = connection.execute(
        "SELECT line, first(error_type ORDER BY error_type DESC), coalesce(first(ltrim(csv_line, chr(10))[:200]), '') "
        f"FROM {table}_lines GROUP BY line ORDER BY line"
    ).fetchall()
    malformed = tuple(Malformed(line, str(kind), text) for line, kind, text in left_out)
    (held,) = row(connection, f"SELECT count(*) FROM {table}")
    types = ("VARCHAR",) * len(columns)
    raw = RawTable(table, file.given, columns, types, max(held - skip, 0), skip, skip + 1, malformed)
    if malformed:
        _refuse_malformed(plan, raw, where, mark)
    return raw


def _refuse_malformed(plan: Plan, raw: RawTable, where: str, mark: str) -> None:
    """Raise for lines that do not fit the header, unless the export says to leave them out."""
    first, last, count = raw.malformed[0], raw.malformed[-1], len(raw.malformed)
    at_end = last.row >= raw.rows + count + raw.skip
    if last.kind == "UNQUOTED VALUE" and at_end and last.text.count('"') % 2:
        what = f"a quote opened in row {last.row:,} is never closed"
        fix = "The file is cut off there, or a quote inside a text is not doubled: export it again."
        raise UnreadableError("cut-file", where, what, fix)
    if plan.export.malformed == "reject":
        return
    if count == 1 and at_end and last.kind == "MISSING COLUMNS":
        has = len(next(csv.reader([last.text], delimiter=mark), []))
        what = f"the last line (row {last.row:,}) has {has} of {len(raw.columns)} columns"
        fix = 'The file is cut off: export it again. If the tool writes footer lines, write malformed = "reject".'
        raise UnreadableError("cut-file", where, what, fix, rows=1)
    what = f"{counted(count, 'line')} not fitting the header of {len(raw.columns)} columns"
    fix = (
        f"Check separator = {_SEPARATORS.get(mark, repr(mark))} and the export; "
        'or leave such lines out, counted, with malformed = "reject".'
    )
    example = f"row {first.row:,} has {_MISFITS.get(first.kind, first.kind.lower())}"
    raise UnreadableError("malformed-line", where, what, fix, count, example)


def _read_json(connection: duckdb.DuckDBPyConnection, file: LocalFile, table: str) -> RawTable:
    """Read an array of objects or one object per line; every value as text, nested ones as JSON text."""
    source = f"read_json_objects({literal(str(file.path))}, format='auto')"
    connection.execute(f"CREATE TABLE {table}_json AS SELECT json FROM {source}")
    keys = column_of(
        connection,
        f"SELECT key FROM (SELECT unnest(json_keys(json)) AS key, rowid AS place FROM {table}_json) "
        "GROUP BY key ORDER BY min(place), key",
    )
    paths = ['$."{}"'.format(key.replace("\\", "\\\\").replace('"', '\\"')) for key in keys]
    values = ", ".join(f"json_extract_string(json, {literal(path)})" for path in paths)
    read = raw_table(connection, f"(SELECT {values or 'CAST(NULL AS VARCHAR)'} FROM {table}_json)", file.given, table)
    return replace(read, columns=clean_names(keys or ["column_1"]))
