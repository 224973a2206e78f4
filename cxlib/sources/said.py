"""What a message says: how many rows, the first of them, no address, and advice."""

import re
from collections.abc import Iterable

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import did_you_mean
from cxlib.sources.sql import row


class UnreadableError(Exception):
    """Carries the `Problem` that stops one export; takes the same arguments; never leaves cxlib.sources."""

    def __init__(self, rule: str, where: str, what: str, fix: str, rows: int = 0, first: str = "") -> None:
        self.problem = Problem(rule, where, what, fix, rows=rows, first=first)
        super().__init__(str(self.problem))


def hint(name: str, names: Iterable[str]) -> str:
    """Return `Did you mean "x"? ` as the start of an advice, or the list of names where none is near."""
    said = did_you_mean(name, names).removeprefix("; ")
    return f"{said[0].upper()}{said[1:]}{'' if said.endswith('?') else '.'} " if said else ""


def counted(count: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def without_addresses(text: str) -> str:
    """Return the text with every e-mail address replaced by [address]."""
    return re.sub(r"[^\s@]+@[^\s@]+", "[address]", text)


def first_line(error: Exception) -> str:
    """Return the first line of an error of a database, without addresses."""
    return without_addresses(str(error).strip().splitlines()[0])


def example(connection: duckdb.DuckDBPyConnection, table: str, condition: str, shown: str) -> tuple[int, str]:
    """Return how many rows meet a condition and the first as `row 17: "31.13.2025"`."""
    count, first = row(
        connection,
        f"SELECT count(*), arg_min([CAST(cx_row AS VARCHAR), CAST({shown} AS VARCHAR)], (cx_file, cx_row)) "
        f"FROM {table} WHERE {condition}",
    )
    if not count:
        return 0, ""
    number, text = first
    return count, f"row {int(number):,}" + (f': "{without_addresses(text)[:60]}"' if text is not None else "")
