"""SQL text: quoting, and what an analyst's expression refers to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

# trimmed from both ends of a value: blanks, line ends, no-break spaces, direction marks, byte-order mark
BLANKS = " \t\n\r\u00a0\u202f\u200e\u200f\ufeff"

_CLOCK = {
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "current_localtimestamp",
    "current_localtime",
    "get_current_timestamp",
    "get_current_time",
    "today",
    "transaction_timestamp",
    "random",
    "uuid",
    "gen_random_uuid",
    "nextval",
    "setseed",
}


def connect(temporary: str = "") -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory: UTC, nothing downloaded, spilling to `temporary` if given."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    connection.execute("SET TimeZone = 'UTC'")
    if temporary:
        connection.execute(f"SET temp_directory = {literal(temporary)}")
    return connection


def quoted(name: str) -> str:
    """Return a name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Return text as a SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def trim(text: str) -> str:
    """Return SQL of a text without blanks at its ends; the cheap test spares most texts the trimming."""
    edge = "[" + "".join(f"\\x{{{ord(blank):x}}}" for blank in BLANKS) + "]"
    return f"CASE WHEN regexp_matches({text}, '^{edge}|{edge}$') THEN trim({text}, {literal(BLANKS)}) ELSE {text} END"


def columns_sql(names: Sequence[str]) -> str:
    """Return names as a list of SQL identifiers."""
    return ", ".join(quoted(name) for name in names)


def row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    """Return the one row of a query."""
    return tuple(connection.execute(query).fetchall()[0])


@dataclass(frozen=True)
class Expression:
    """What an expression uses: source columns, those inside `number(...)`, and functions of the clock."""

    columns: tuple[str, ...]
    numbers: tuple[str, ...]
    forbidden: tuple[str, ...]


def examine(connection: duckdb.DuckDBPyConnection, sql: str) -> Expression:
    """Read an expression's references from DuckDB's own parser.

    Raises
    ------
    duckdb.Error
        If it does not parse.
    """
    tree = json.loads(row(connection, f"SELECT json_serialize_sql({literal(f'SELECT {sql}')})")[0])
    if tree.get("error"):
        raise duckdb.ParserException(str(tree.get("error_message", "it does not parse")))
    statements = tree["statements"]
    if len(statements) != 1 or len(statements[0]["node"].get("select_list", ())) != 1:
        raise duckdb.ParserException("it must be one expression")
    nodes = list(_nodes(statements[0]["node"]))
    bound = {name for node in nodes if node.get("class") == "LAMBDA" for name in _column_names(node.get("lhs"))}
    columns = [name for node in nodes for name in _own_columns(node) if name not in bound]
    calls = [node for node in nodes if node.get("class") == "FUNCTION"]
    numbers = [
        name for call in calls if call.get("function_name") == "number" for name in _column_names(call.get("arguments"))
    ]
    used = {str(call.get("function_name", "")).lower() for call in calls} | {name.lower() for name in columns}
    return Expression(tuple(dict.fromkeys(columns)), tuple(dict.fromkeys(numbers)), tuple(sorted(used & _CLOCK)))


def _nodes(tree: object) -> Iterator[dict[str, Any]]:
    """Yield every object of a parse tree."""
    if isinstance(tree, dict):
        yield tree
        for part in tree.values():
            yield from _nodes(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _own_columns(node: dict[str, Any]) -> list[str]:
    return [str(node["column_names"][-1])] if node.get("class") == "COLUMN_REF" else []


def _column_names(tree: object) -> list[str]:
    return [name for node in _nodes(tree) for name in _own_columns(node)]
