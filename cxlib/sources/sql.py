"""SQL text: quoting, and what an analyst's expression refers to."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from cxlib.nearest import listed

Connection = duckdb.DuckDBPyConnection

BLANK = r"[ \t\n\r\x{a0}\x{202f}\x{200e}\x{200f}\x{feff}]"
"""What does not count at the ends of a value: blanks, line ends, no-break spaces, direction and byte-order marks."""

# of the clock or the machine, and not marked so in DuckDB's own list
_ALSO_CHANGING = {"current_timestamp", "current_localtime", "current_localtimestamp", "reservoir_quantile", "version"}
# SQL has these without parentheses, so they look like columns
_LIKE_COLUMNS = re.compile(r"current_\w+|localtime(stamp)?|(session_)?user")


def connect(temporary: str = "") -> Connection:
    """Open a DuckDB in memory: UTC, the macros of values.sql, nothing downloaded, spilling to `temporary` if given."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    macros = Path(__file__).with_name("values.sql").read_text(encoding="utf-8")
    connection.execute(macros.replace("{blank}", BLANK))
    if temporary:
        connection.execute(f"SET temp_directory = {literal(temporary)}")
    return connection


def lock(connection: Connection, folder: Path) -> None:
    """Close the machine to all SQL that follows: no file outside `folder`, no extension, no way to undo it."""
    connection.execute(f"SET allowed_directories = [{literal(str(folder))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")


def located(path: Path) -> str:
    """Return a path as a literal for DuckDB's reading functions: `*`, `?` and `[` in it are letters, not patterns.

    They also take `key=value` in a path for a column, unless `hive_partitioning = false` says not to.
    """
    return literal(re.sub(r"[*?\[]", r"[\g<0>]", str(path)))


def quoted(name: str) -> str:
    """Return a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Return texts as a list of SQL literals."""
    return ", ".join(map(literal, texts))


def columns_sql(names: Iterable[str]) -> str:
    """Return names as a list of SQL identifiers."""
    return ", ".join(map(quoted, names))


def row(connection: Connection, query: str) -> tuple[Any, ...]:
    """Return the one row of a query."""
    return tuple(connection.execute(query).fetchall()[0])


def column_of(connection: Connection, query: str) -> list[Any]:
    """Return the one column of a query."""
    return [value for (value,) in connection.execute(query).fetchall()]


def described(connection: Connection, query: str) -> dict[str, str]:
    """Return the DuckDB types of a query by the names of its columns."""
    return {name: kind for name, kind, *_ in connection.execute(f"DESCRIBE {query}").fetchall()}


def examine(connection: Connection, sql: str) -> tuple[list[str], list[str]]:
    """Return the columns that an expression refers to, and those of them inside `number(...)`, by DuckDB's own parser.

    Raises duckdb.Error if it does not parse, reads anything but the row's own file, or calls a function that gives
    another answer each time or on another machine.
    """
    tree = json.loads(row(connection, f"SELECT json_serialize_sql({literal(f'SELECT {sql}')})")[0])
    if tree.get("error"):
        raise duckdb.ParserException(str(tree.get("error_message", "it does not parse")))
    statements = tree["statements"]
    if len(statements) != 1 or len(statements[0]["node"].get("select_list", ())) != 1:
        raise duckdb.ParserException("it must be one expression")
    nodes = list(_nodes(statements[0]["node"]))
    bound = {name for node in nodes if node.get("class") == "LAMBDA" for name in _columns(node.get("lhs"))}
    columns = [name for name in _columns(nodes[0]) if name not in bound]
    if any(node.get("type") in ("BASE_TABLE", "TABLE_FUNCTION", "SHOW_REF") for node in nodes):
        raise duckdb.ParserException(
            "a mapping sees the rows of its own file only, so FROM has no place in it; to bring two files together, "
            "join them before, in the tool that exports or as a view of the database"
        )
    calls = [node for node in nodes if node.get("class") in ("FUNCTION", "WINDOW")]
    own = [call.get("arguments") for call in calls if call["function_name"] == "number"]
    used = {str(call["function_name"]).lower() for call in calls} & _changing()
    used |= {"age" for call in calls if call["function_name"] == "age" and len(call.get("arguments", ())) == 1}
    used |= {name.lower() for name in columns if _LIKE_COLUMNS.fullmatch(name.lower())}
    if used:
        raise duckdb.ParserException(f"{listed(sorted(used))} gives another answer each time")
    return list(dict.fromkeys(columns)), list(dict.fromkeys(_columns(own)))


@cache
def _changing() -> frozenset[str]:
    """Return the functions of the clock, of chance and of the machine: those that DuckDB lists, and macros of them."""
    with duckdb.connect() as connection:
        functions = "SELECT function_name, macro_definition, stability <> 'CONSISTENT' FROM duckdb_functions()"
        known = connection.execute(functions).fetchall()
        names = {*(name for name, _, changes in known if changes), *_ALSO_CHANGING} - {"error"}
    for _ in range(2):  # a macro may call a macro
        called = re.compile(rf"\b({'|'.join(names)})\b")
        names |= {name for name, definition, _ in known if definition and called.search(definition)}
    return frozenset(names)


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    parts = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for part in parts:
        yield from _nodes(part)


def _columns(tree: object) -> list[str]:
    return [str(node["column_names"][-1]) for node in _nodes(tree) if node.get("class") == "COLUMN_REF"]
