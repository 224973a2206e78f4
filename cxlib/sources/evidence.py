"""What a message shows of the rows behind it: how many, and the first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from cxlib.sources.sql import row
from cxlib.sources.words import without_addresses


def example(connection: duckdb.DuckDBPyConnection, table: str, condition: str, shown: str) -> tuple[int, str]:
    """Return how many rows meet a condition and the first as `row 17: "31.13.2025"`."""
    count, first = row(
        connection,
        (
            f"SELECT count(*), arg_min(struct_pack(r := cx_row, v := CAST({shown} AS VARCHAR)), (cx_file, cx_row)) "
            f"FROM {table} WHERE {condition}"
        ),
    )
    return int(count), _shown(first)


def _shown(first: Mapping[str, Any] | None) -> str:
    if first is None:
        return ""
    if first["v"] is None:
        return f"row {first['r']:,}"
    return f'row {first["r"]:,}: "{without_addresses(str(first["v"]))[:60]}"'
