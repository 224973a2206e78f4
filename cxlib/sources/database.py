"""Tables of a database: a DuckDB file, or PostgreSQL through ADBC and Arrow.

A database keeps no order: rows are sorted by all columns, so that the same content gives the same
row numbers and the same hash.
"""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import adbc_driver_postgresql.dbapi
import duckdb
import pyarrow as pa

from cxlib.sources.files import InputFile
from cxlib.sources.plan import Plan
from cxlib.sources.raw import RawTable, raw_table
from cxlib.sources.said import UnreadableError, hint
from cxlib.sources.sql import column_of, literal, quoted, row


def read_duckdb(connection: duckdb.DuckDBPyConnection, plan: Plan, path: Path, table: str) -> RawTable:
    """Read `source_table` of a DuckDB file into `table`.

    Raises
    ------
    UnreadableError
        If the file is no DuckDB, or has no such table; names the nearest.
    """
    where, alias = plan.where_in(path.name), f"{table}_file"
    try:
        connection.execute(f"ATTACH {literal(str(path))} AS {alias} (READ_ONLY)")
    except duckdb.Error as error:
        what = f"it cannot be opened as DuckDB: {str(error).splitlines()[0]}"
        fix = "Check the file; another program may hold it open."
        raise UnreadableError("database", where, what, fix) from error
    try:
        wanted = plan.export.source_table
        known = column_of(
            connection,
            "SELECT concat(table_schema, '.', table_name) FROM information_schema.tables "
            f"WHERE table_catalog = '{alias}'",
        )
        full = wanted if "." in wanted else f"main.{wanted}"
        if full not in known:
            fix = f"{hint(full, known)}Correct source_table in sources.toml."
            raise UnreadableError("database", where, f'no table "{wanted}"', fix)
        relation = ".".join(quoted(part) for part in (alias, *full.split(".", 1)))
        return _sorted(connection, relation, plan, f"{path.name}/{full}", table)
    finally:
        connection.execute(f"DETACH {alias}")


def read_postgresql(connection: duckdb.DuckDBPyConnection, plan: Plan, table: str) -> RawTable:
    """Read `source_table` of a PostgreSQL database into `table`.

    Raises
    ------
    UnreadableError
        If the server does not answer or the table is not there. The password is in no message.
    """
    wanted = plan.export.source_table
    parts = ".".join(quoted(part) for part in wanted.split(".", 1))
    try:
        with adbc_driver_postgresql.dbapi.connect(plan.export.url) as server, server.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {parts}")
            found = _plain(cursor.fetch_arrow_table())
    except (adbc_driver_postgresql.dbapi.Error, pa.ArrowException) as error:
        said = _without_password(str(error).strip().splitlines()[0], plan.export.url)
        fix = "Check url and source_table in sources.toml, and that the server answers."
        raise UnreadableError("database", plan.where_in(wanted), f"PostgreSQL says: {said}", fix) from error
    connection.register(f"{table}_arrow", found)
    try:
        return _sorted(connection, f"{table}_arrow", plan, wanted, table)
    finally:
        connection.unregister(f"{table}_arrow")


def _sorted(connection: duckdb.DuckDBPyConnection, relation: str, plan: Plan, name: str, table: str) -> RawTable:
    raw = raw_table(connection, relation, InputFile(plan.name, name, 0, ""), table, order="ORDER BY ALL")
    hashed, size = row(
        connection,
        f"SELECT sha256(coalesce(string_agg(sha256(line), '' ORDER BY place), '')), coalesce(sum(strlen(line)), 0) "
        f"FROM (SELECT CAST(t AS VARCHAR) AS line, rowid AS place FROM {table} AS t)",
    )
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


def _without_password(text: str, url: str) -> str:
    password = urlsplit(url).password
    return text.replace(password, "***") if password else text
