"""Files, workbooks and databases into DuckDB, row by row as they lie there.

What is damaged, cut off or not there is an UnreadableError. A database keeps no order: its rows are sorted by all
columns, so that the same content gives the same row numbers and the same hash.
"""

import csv
import re
import sys
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi
import duckdb
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from cxlib.nearest import listed
from cxlib.sources.config import Export, as_text
from cxlib.sources.files import CHUNK, InputFile, LocalFile
from cxlib.sources.plan import Plan
from cxlib.sources.problems import UnreadableError, counted, first_line, hint
from cxlib.sources.raw import RawTable, clean_names, different_files, raw_table, short_names
from cxlib.sources.sql import Connection, column_of, literal, located, quoted, row

_SEPARATORS = {",": '","', ";": '";"', "\t": '"\\t"', "|": '"|"'}
WIDEST, LARGEST_EMPTY = 5_000, 1_000_000
"""Columns, and cells, that a sheet may span although only one in a thousand is filled."""
_MISFITS = {
    "MISSING COLUMNS": "too few columns",
    "TOO MANY COLUMNS": "too many columns",
    "UNQUOTED VALUE": "a stray quote",
}


def read(connection: Connection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read one file of an export into `table`."""
    if plan.format in ("csv", "tsv"):
        return _read_csv(connection, plan, file, table)
    if plan.format == "excel":
        return _read_excel(connection, plan, file, table)
    try:
        if plan.format == "parquet":
            source = f"read_parquet({located(file.path)}, hive_partitioning = false)"
            return raw_table(connection, source, file.given, table)
        return _read_json(connection, file, table)
    except duckdb.Error as error:
        what = f"it cannot be read as {plan.format}: {first_line(error)}"
        fix = "It is cut off or damaged: export it again."
        raise UnreadableError("cut-file", plan.where_in(file.given.name), what, fix) from error


def _separator(plan: Plan) -> str:
    return plan.export.separator or ("\t" if plan.format == "tsv" else ",")


def _first_records(mark: str, path: Path, count: int) -> list[list[str]]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding="utf-8", newline="") as file:
        return list(islice(filter(None, csv.reader(file, delimiter=mark)), count))


def look_into(plan: Plan, files: Sequence[LocalFile]) -> Plan:
    """Return the plan with what only the headers of its files tell; all must tell the same."""
    export = plan.export
    if plan.format not in ("csv", "tsv") or not (export.header_goes_on or export.time_zone_in_header):
        return plan
    told = [_told(export, _first_records(_separator(plan), file.path, export.header_rows + 1)) for file in files]
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


def _read_csv(connection: Connection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read delimited text strictly; every line is either a row or listed as malformed."""
    mark, skip, where = _separator(plan), plan.export.header_rows, plan.where_in(file.given.name)
    records = _first_records(mark, file.path, 1)
    if not records:
        raise UnreadableError("empty-file", where, "the file holds blank lines only", "Export it again.")
    columns = dict.fromkeys(clean_names(records[0]), "VARCHAR")
    spec = ", ".join(f"{name}: 'VARCHAR'" for name in short_names(len(columns)))
    try:
        connection.execute(
            f"CREATE TABLE {table} AS SELECT * FROM read_csv({located(file.path)}, columns={{{spec}}}, "
            f"delim={literal(mark)}, quote='\"', escape='\"', header=false, auto_detect=false, strict_mode=true, "
            f"compression='none', hive_partitioning=false, "
            f"store_rejects=true, rejects_table='{table}_lines', rejects_scan='{table}_scan')"
        )
    except duckdb.Error as error:
        what = f"it is not delimited text: {first_line(error)}"
        raise UnreadableError("malformed-line", where, what, "Export it again as CSV.") from error
    # the reader may say several things of one record that it left out
    said = "first(error_type ORDER BY error_type DESC), coalesce(first(ltrim(csv_line, chr(10))[:200]), '')"
    asked = f"SELECT line, {said} FROM {table}_lines GROUP BY line ORDER BY line"
    left_out = connection.execute(asked).fetchall()
    (held,) = row(connection, f"SELECT count(*) FROM {table}")
    malformed = tuple(line for line, _, _ in left_out)
    raw = RawTable(table, file.given, columns, max(held - skip, 0), skip, malformed)
    if malformed:
        _refuse_other_separator(plan, file, len(columns))
        _refuse_malformed(plan, raw, left_out)
    return raw


def _refuse_other_separator(plan: Plan, file: LocalFile, columns: int) -> None:
    stated, counts = _separator(plan), {mark: len(_first_records(mark, file.path, 1)[0]) for mark in _SEPARATORS}
    other = max(counts, key=lambda mark: counts[mark])
    if counts[other] > columns:
        what = f"with separator = {_SEPARATORS.get(stated, repr(stated))} the header is {counted(columns, 'column')}"
        fix = f"With {_SEPARATORS[other]} it is {counts[other]}: write separator = {_SEPARATORS[other]}."
        raise UnreadableError("malformed-line", plan.where_in(file.given.name), what, fix)


def _refuse_malformed(plan: Plan, raw: RawTable, left_out: Sequence[tuple[int, str, str]]) -> None:
    """Raise for lines that do not fit the header, unless the export says to leave them out."""
    (first, misfit, _), (last, kind, text), count = left_out[0], left_out[-1], len(left_out)
    at_end, where, mark = last >= raw.rows + count + raw.skip, plan.where_in(raw.given.name), _separator(plan)
    if kind == "UNQUOTED VALUE" and at_end and text.count('"') % 2:
        what = f"a quote opened in row {last:,} is never closed"
        fix = "The file is cut off there, or a quote inside a text is not doubled: export it again."
        raise UnreadableError("cut-file", where, what, fix)
    if plan.export.malformed == "reject":
        return
    if count == 1 and at_end and kind == "MISSING COLUMNS":
        has = len(next(csv.reader([text], delimiter=mark), []))
        what = f"the last line (row {last:,}) has {has} of {len(raw.columns)} columns"
        fix = 'The file is cut off: export it again. If the tool writes footer lines, write malformed = "reject".'
        raise UnreadableError("cut-file", where, what, fix, rows=1)
    what = f"{counted(count, 'line')} not fitting the header of {len(raw.columns)} columns"
    fix = (
        f"Check separator = {_SEPARATORS.get(mark, repr(mark))} and the export; "
        'or leave such lines out, counted, with malformed = "reject".'
    )
    example = f"row {first:,} has {_MISFITS.get(misfit, misfit.lower())}"
    raise UnreadableError("malformed-line", where, what, fix, count, example)


def _read_json(connection: Connection, file: LocalFile, table: str) -> RawTable:
    """Read an array of objects or one object per line; every value as text, nested ones as JSON text."""
    options = "format='auto', compression='none', hive_partitioning=false"
    source = f"read_json_objects({located(file.path)}, {options})"
    connection.execute(f"CREATE TABLE {table}_json AS SELECT json FROM {source}")
    found = f"SELECT unnest(json_keys(json)) AS key, rowid AS place FROM {table}_json"
    keys = column_of(connection, f"SELECT key FROM ({found}) GROUP BY key ORDER BY min(place), key")
    paths = ['$."{}"'.format(key.replace("\\", "\\\\").replace('"', '\\"')) for key in keys]
    values = ", ".join(f"json_extract_string(json, {literal(path)})" for path in paths)
    read = raw_table(connection, f"(SELECT {values or 'CAST(NULL AS VARCHAR)'} FROM {table}_json)", file.given, table)
    return replace(read, columns=dict.fromkeys(clean_names(keys or ["column_1"]), "VARCHAR"))


def _read_excel(connection: Connection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read one sheet as text; blank rows after the last filled one are not rows."""
    where, skip = plan.where_in(file.given.name), plan.export.header_rows
    try:
        if zipfile.is_zipfile(file.path):
            _refuse_stray_cell(file, where)
        workbook = CalamineWorkbook.from_path(str(file.path))
        sheet = workbook.get_sheet_by_name(_sheet_name(plan.export.sheet, workbook.sheet_names, where))
        rows = [[as_text(cell) for cell in line] for line in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        what, fix = f"it cannot be read as a workbook: {error}", "It is cut off, locked or not Excel: export it again."
        raise UnreadableError("cut-file", where, what, fix) from error
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise UnreadableError("empty-file", where, f'sheet "{sheet.name}" is empty', "Export it again.")
    names = _header(sheet, rows[0])
    arrays = [pa.array([line[index] or None for line in rows], pa.string()) for index in range(len(names))]
    connection.from_arrow(pa.table(arrays, names=short_names(len(names)))).create(table)
    columns = dict.fromkeys(clean_names(names), "VARCHAR")
    return RawTable(table, file.given, columns, max(len(rows) - skip, 0), skip)


_CELL = re.compile(rb'<c [^<>]*?\br="([A-Z]{1,7})([0-9]{1,9})"')


def _refuse_stray_cell(file: LocalFile, where: str) -> None:
    """Raise if a sheet is as good as empty but for one cell far away: the reader would fill all that lies between."""
    with zipfile.ZipFile(file.path) as archive:
        for name in [name for name in archive.namelist() if name.startswith("xl/worksheets/")]:
            cells, width, height, rest = 0, 0, 0, b""
            with archive.open(name) as sheet:
                while chunk := sheet.read(CHUNK):
                    whole, _, rest = (rest + chunk).rpartition(b"<")
                    found, rest = _CELL.findall(whole), b"<" + rest
                    cells += len(found)
                    width = max([width, *map(_column_number, {column for column, _ in found})])
                    height = max([height, *(int(number) for _, number in found)])
            if (width > WIDEST or width * height > LARGEST_EMPTY) and cells < width * height / 1000:
                what = f"a sheet has {counted(cells, 'cell')}, spread over {width:,} columns and {height:,} rows"
                fix = "Delete the stray cell at the far end and save the workbook again."
                raise UnreadableError("stray-cell", where, what, fix)


def _column_number(letters: bytes) -> int:
    return reduce(lambda number, letter: number * 26 + letter - 64, letters, 0)


def _sheet_name(wanted: str, names: list[str], where: str) -> str:
    if wanted and wanted not in names:
        fix = f"{hint(wanted, names)}Correct sheet in sources.toml."
        raise UnreadableError("sheet", where, f'no sheet "{wanted}"', fix)
    if not wanted and len(names) != 1:
        fix = f'Write the one to read, such as sheet = "{names[0]}".'
        raise UnreadableError("sheet", where, f"it has {len(names)} sheets: {listed(names)}", fix)
    return wanted or names[0]


def _header(sheet: CalamineSheet, first: list[str]) -> list[str]:
    """Return the header; every cell of a merged one has its name."""
    names = list(first)
    for (top, left), (_, right) in sheet.merged_cell_ranges or ():
        if top == 0:
            names[left : right + 1] = [names[left]] * (right + 1 - left)
    return names


def read_duckdb(connection: Connection, plan: Plan, path: Path, table: str) -> RawTable:
    """Read `source_table` of a DuckDB file into `table`."""
    where, alias, wanted = plan.where_in(path.name), f"{table}_file", plan.export.source_table
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        fix = "Check the file; another program may hold it open."
        what = f"it cannot be opened as DuckDB: {first_line(error)}"
        raise UnreadableError("database", where, what, fix) from error
    names = "SELECT concat(table_schema, '.', table_name) FROM information_schema.tables WHERE table_catalog = "
    known = column_of(connection, names + literal(alias))
    full = wanted if "." in wanted else f"main.{wanted}"
    if full not in known:
        fix = f"{hint(full, known)}Correct source_table in sources.toml."
        raise UnreadableError("database", where, f'no table "{wanted}"', fix)
    raw = _sorted(connection, f"{alias}.{_quoted_path(full)}", plan, f"{path.name}/{full}", table)
    connection.execute(f"DETACH {alias}")
    return raw


def read_postgresql(connection: Connection, plan: Plan, table: str) -> RawTable:
    """Read `source_table` of a PostgreSQL database into `table`, through ADBC; the password is in no message."""
    wanted, password = plan.export.source_table, urlsplit(plan.export.url).password
    try:
        with adbc_driver_postgresql.dbapi.connect(plan.export.url) as server, server.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {_quoted_path(wanted)}")
            found = _plain(cursor.fetch_arrow_table())
    except (adbc_driver_postgresql.dbapi.Error, pa.ArrowException) as error:
        said = first_line(error).replace(password, "***") if password else first_line(error)
        fix = "Check url and source_table in sources.toml, and that the server answers."
        raise UnreadableError("database", plan.where_in(wanted), f"PostgreSQL says: {said}", fix) from error
    connection.register(f"{table}_arrow", found)
    raw = _sorted(connection, f"{table}_arrow", plan, wanted, table)
    connection.unregister(f"{table}_arrow")
    return raw


def _quoted_path(name: str) -> str:
    return ".".join(quoted(part) for part in name.split(".", 1))


def _sorted(connection: Connection, relation: str, plan: Plan, name: str, table: str) -> RawTable:
    raw = raw_table(connection, relation, InputFile(plan.name, name, 0, ""), table, order="ORDER BY ALL")
    lines = f"SELECT CAST(t AS VARCHAR) AS line, rowid AS place FROM {table} AS t"
    asked = "sha256(coalesce(string_agg(sha256(line), '' ORDER BY place), '')), coalesce(sum(strlen(line)), 0)"
    hashed, size = row(connection, f"SELECT {asked} FROM ({lines})")
    return replace(raw, given=InputFile(plan.name, name, int(size), hashed))


def _plain(table: pa.Table) -> pa.Table:
    """Return the table with what only PostgreSQL has as plain types: numeric as numbers, json and the like as text."""
    columns = []
    for column in table.columns:
        if isinstance(column.type, pa.BaseExtensionType) and column.type.extension_name != "arrow.uuid":
            numeric = getattr(column.type, "type_name", "") == "numeric"
            column = pa.chunked_array([chunk.storage for chunk in column.chunks], type=column.type.storage_type)
            column = column.cast(pa.float64()) if numeric else column
        columns.append(column)
    return pa.table(columns, names=table.column_names)
