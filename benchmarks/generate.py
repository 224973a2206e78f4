"""Tickets in any number, made by SQL: months, channels, customers and durations as a support desk has them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from cxlib.tables import TABLES

AS_OF = datetime(2026, 11, 9, 6)


def write_tickets(rows: int, folder: Path) -> Path:
    """Write a canonical tickets table with `rows` tickets over 36 months, one customer per 40 tickets."""
    # a hash of the row number stands in for chance: the same rows each time, in any order of work
    made = {
        "ticket_id": "'t' || i",
        "customer_id": f"'c' || CAST(floor({rows // 40 or 1} * pow(u1, 1.5)) AS BIGINT)",
        "channel": "['email', 'web', 'chat', 'phone', 'whatsapp'][1 + CAST(floor(u2 * 5) AS INTEGER)]",
        "topic": "'topic ' || CAST(floor(u3 * 12) AS INTEGER)",
        "created_at": "created",
        "first_public_reply_at": "CASE WHEN u4 < 0.97 THEN reply END",
        "first_solved_at": "CASE WHEN u4 < 0.94 THEN solved END",
        "last_solved_at": "CASE WHEN u4 < 0.94 THEN solved END",
        "reopens": "CAST(u6 < 0.07 AS BIGINT)",
        "satisfaction": "CASE WHEN u7 < 0.5 THEN 'offered' WHEN u7 < 0.9 THEN 'good' ELSE 'bad' END",
    }
    columns = ", ".join(
        f"CAST({made.get(column.name, 'NULL')} AS {column.sql_type}) AS {column.name}"
        for column in TABLES["tickets"].columns
    )
    chances = ", ".join(f"hash(i * 16 + {k}) / 18446744073709551616.0 AS u{k}" for k in range(1, 8))
    path = folder / "tickets.parquet"
    duckdb.sql(f"""
        COPY (
            WITH chance AS (SELECT i, {chances} FROM range({rows}) AS r(i)),
            times AS (
                SELECT *, TIMESTAMP '2023-11-01' + to_seconds(CAST(u5 * 1095 * 86400 AS BIGINT)) AS created FROM chance
            ),
            later AS (
                SELECT *, created + to_seconds(CAST(60 * exp(4 + 3 * (u6 - 0.5)) AS BIGINT)) AS reply,
                created + to_seconds(CAST(60 * (exp(4 + 3 * (u6 - 0.5)) + exp(6 + 4 * (u7 - 0.5))) AS BIGINT)) AS solved
                FROM times
            )
            SELECT {columns} FROM later ORDER BY i
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
    """)
    return path
