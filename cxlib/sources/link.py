"""Across the tables: one customer under one id, test accounts out, keys that meet, nothing from the future."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.evidence import example
from cxlib.sources.parse import to_local
from cxlib.sources.sql import columns_sql, literal, quoted, row
from cxlib.sources.stage import Staged
from cxlib.sources.words import counted
from cxlib.tables import TABLES, Table

LEAST_COVERAGE = 0.9
# a term may start or end later than the export was made; so may an erasure that is planned
MAY_LIE_AHEAD = {("subscriptions", "started_at"), ("subscriptions", "ended_at"), ("customers", "deleted_at")}
# references whose empty value has a meaning of its own: not yet a customer; answered without an invitation
EMPTY_HAS_MEANING = {("opportunities", "customer_id"), ("survey_answers", "invite_id")}


def unite(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> list[Problem]:
    """Put the exports of each table together as `t_<table>`; a key may come from one export only."""
    problems = []
    for table in TABLES.values():
        feeding = [staged for staged in exports if staged.plan.table == table]
        if not feeding:
            continue
        parts = " UNION ALL ".join(
            f"SELECT {staged.number} AS cx_export, * EXCLUDE (cx_order) FROM {staged.canon}" for staged in feeding
        )
        connection.execute(f"CREATE TABLE t_{table.name} AS {parts}")
        key = columns_sql(table.key)
        found = connection.execute(
            f"SELECT names, count(*), min(shown) FROM (SELECT list(DISTINCT cx_export ORDER BY cx_export) AS names, "
            f"concat_ws(', ', {key}) AS shown FROM t_{table.name} GROUP BY {key} HAVING count(*) > 1) "
            "GROUP BY names ORDER BY names"
        ).fetchall()
        by_number = {staged.number: staged.plan.name for staged in feeding}
        for numbers, count, shown in found:
            names = [by_number[number] for number in numbers]
            problems.append(
                Problem(
                    "same-key",
                    f"{table.name} from {listed(names)}",
                    f"{counted(count, 'key')} in more than one export",
                    'If they are different things, write a prefix such as prefix = "tr-" in one of them; if they are '
                    "the same, import them as one export with a path that matches both files.",
                    rows=int(count),
                    first=f'"{shown}"',
                )
            )
    return problems


def tables(connection: duckdb.DuckDBPyConnection) -> list[Table]:
    """Return the canonical tables that some export fills."""
    found = {str(name) for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return [table for table in TABLES.values() if f"t_{table.name}" in found]


def _with(connection: duckdb.DuckDBPyConnection, *names: str) -> list[Table]:
    return [table for table in tables(connection) if set(names) <= set(table.column_names)]


def survivors(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Create `survivor` (customer_id, survivor): where each merged customer went, chains followed."""
    connection.execute(
        "CREATE TABLE survivor AS WITH RECURSIVE step AS (SELECT customer_id, merged_into FROM t_customers "
        "WHERE merged_into IS NOT NULL UNION "
        "SELECT step.customer_id, next.merged_into FROM step JOIN t_customers AS next "
        "ON next.customer_id = step.merged_into WHERE next.merged_into IS NOT NULL) "
        "SELECT customer_id, merged_into AS survivor FROM step WHERE merged_into NOT IN "
        "(SELECT customer_id FROM t_customers WHERE merged_into IS NOT NULL)"
    )
    circling = connection.execute(
        "SELECT customer_id FROM t_customers WHERE merged_into IS NOT NULL AND customer_id NOT IN "
        "(SELECT customer_id FROM survivor) ORDER BY customer_id"
    ).fetchall()
    problems = []
    if circling:
        problems.append(
            Problem(
                "merge-cycle",
                "customers, merged_into",
                f"{counted(len(circling), 'customer')} merged in a circle, so none survives",
                "Correct merged_into in the export.",
                rows=len(circling),
                first=f'"{circling[0][0]}"',
            )
        )
    gone = connection.execute(
        "SELECT survivor FROM survivor WHERE survivor NOT IN (SELECT customer_id FROM t_customers) ORDER BY survivor"
    ).fetchall()
    if gone:
        problems.append(
            Problem(
                "merged-away",
                "customers, merged_into",
                f"{counted(len(gone), 'customer')} merged into one that no export has",
                "Export the surviving customers too.",
                blocks=False,
                rows=len(gone),
                first=f'"{gone[0][0]}"',
            )
        )
    return problems


def fill_from_addresses(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Fill an empty customer_id where the address belongs to exactly one customer; say how often."""
    connection.execute(
        "CREATE TABLE by_address AS SELECT email_key, min(coalesce(survivor, customer_id)) AS customer_id "
        "FROM t_customers "
        "LEFT JOIN survivor USING (customer_id) WHERE email_key IS NOT NULL GROUP BY email_key "
        "HAVING count(DISTINCT coalesce(survivor, customer_id)) = 1"
    )
    notes = []
    for table in _with(connection, "customer_id", "email_key"):
        if table.name == "customers":
            continue
        condition = f"t_{table.name}.customer_id IS NULL AND t_{table.name}.email_key = a.email_key"
        count = row(connection, f"SELECT count(*) FROM t_{table.name}, by_address AS a WHERE {condition}")[0]
        if count:
            connection.execute(
                f"UPDATE t_{table.name} SET customer_id = a.customer_id FROM by_address AS a WHERE {condition}"
            )
            notes.append(
                f"{table.name}: {counted(int(count), 'empty customer_id', 'empty customer_ids')} filled from an "
                "e-mail address that one customer has"
            )
    return notes


def follow_merges(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Move every row to the surviving customer; the merged customers leave."""
    moved = []
    for table in _with(connection, "customer_id"):
        if table.name == "customers":
            continue
        own = f"t_{table.name}"
        count = row(connection, f"SELECT count(*) FROM {own} SEMI JOIN survivor USING (customer_id)")[0]
        if not count:
            continue
        people = (
            f", user_id = CASE WHEN {own}.user_id = m.customer_id THEN m.survivor ELSE {own}.user_id END"
            if "user_id" in table.column_names
            else ""
        )
        connection.execute(
            f"UPDATE {own} SET customer_id = m.survivor{people} FROM survivor AS m "
            f"WHERE {own}.customer_id = m.customer_id"
        )
        moved.append(f"{table.name}: {counted(int(count), 'row')} moved to the customer theirs was merged into")
        if table.name == "usage_daily":
            _join_days(connection)
    _leave(connection, "customers", "customer_id IN (SELECT customer_id FROM survivor)", "merged")
    return moved


def _join_days(connection: duckdb.DuckDBPyConnection) -> None:
    """Join usage rows that a merge put on one customer, person and day: counts add up."""
    key = "customer_id, user_id, day"
    order = "ORDER BY cx_export, cx_file, cx_row"
    ranked = f"SELECT *, row_number() OVER (PARTITION BY {key} {order}) AS place FROM t_usage_daily"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE joined_days AS SELECT {key}, CAST(sum(events) AS BIGINT) AS events, "
        "max(features) AS features, CAST(sum(errors) AS BIGINT) AS errors FROM t_usage_daily "
        f"GROUP BY {key} HAVING count(*) > 1"
    )
    connection.execute(
        "UPDATE t_usage_daily AS u SET events = j.events, features = j.features, errors = j.errors "
        "FROM joined_days AS j "
        "WHERE u.customer_id = j.customer_id AND u.user_id = j.user_id AND u.day = j.day"
    )
    _leave(
        connection,
        "usage_daily",
        f"(cx_export, cx_file, cx_row) IN (SELECT (cx_export, cx_file, cx_row) FROM ({ranked}) WHERE place > 1)",
        "same day of a merged customer",
    )


def drop_own_accounts(connection: duckdb.DuckDBPyConnection) -> None:
    """Take out test and internal customers with all their rows, and the events of their tickets."""
    connection.execute(
        "CREATE TABLE own_account AS SELECT customer_id, "
        "CASE WHEN is_test THEN 'test account' ELSE 'internal account' END "
        "AS reason FROM t_customers WHERE is_test OR is_internal"
    )
    for reason in ("test account", "internal account"):
        theirs = f"customer_id IN (SELECT customer_id FROM own_account WHERE reason = {literal(reason)})"
        names = [table.name for table in tables(connection)]
        if "tickets" in names and "ticket_events" in names:
            _leave(
                connection, "ticket_events", f"ticket_id IN (SELECT ticket_id FROM t_tickets WHERE {theirs})", reason
            )
        for table in _with(connection, "customer_id"):
            _leave(connection, table.name, theirs, reason)


def _leave(connection: duckdb.DuckDBPyConnection, table: str, condition: str, reason: str) -> None:
    """Move rows of a canonical table to the rejected ones."""
    connection.execute(
        f"INSERT INTO rejected SELECT cx_export, cx_file, cx_row, {literal(reason)} FROM t_{table} WHERE {condition}"
    )
    connection.execute(f"DELETE FROM t_{table} WHERE {condition}")


def coverage(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> Iterator[Problem]:
    """Warn, per export, where less than 90 % of a key is found in the table it points to."""
    there = {table.name for table in tables(connection)}
    for staged in exports:
        for reference in staged.plan.table.references:
            name = staged.plan.table.name
            if reference.table not in there or reference.column not in staged.columns:
                continue
            key = TABLES[reference.table].key[0]
            filled = (
                f" AND t.{quoted(reference.column)} IS NOT NULL"
                if (name, reference.column) in EMPTY_HAS_MEANING
                else ""
            )
            total, empty, found = row(
                connection,
                (
                    f"SELECT count(*), count(*) FILTER (t.{quoted(reference.column)} IS NULL), count(o.{key}) "
                    f"FROM t_{name} AS t "
                    f"LEFT JOIN t_{reference.table} AS o ON o.{key} = t.{quoted(reference.column)} "
                    f"WHERE t.cx_export = {staged.number}{filled}"
                ),
            )
            if total and found / total < LEAST_COVERAGE:
                yield Problem(
                    "key-coverage",
                    staged.plan.where(reference.column),
                    f"{found:,} of {total:,} rows ({found / total:.1%}) have a "
                    f"{reference.column} that is in {reference.table}; {empty:,} without one",
                    'Check that both exports use the same id, or accept = ["key-coverage"].',
                    blocks=False,
                    rows=int(total - found),
                )


def event_columns(table: Table) -> list[str]:
    """Return the time columns of a table that cannot lie after the export."""
    return [
        column.name
        for column in table.columns
        if column.type == "time" and (table.name, column.name) not in MAY_LIE_AHEAD
    ]


def latest_event(connection: duckdb.DuckDBPyConnection) -> datetime | None:
    """Return the latest event time of all tables (naive UTC)."""
    parts = [
        f"SELECT max({quoted(name)}) AS moment FROM t_{table.name}"
        for table in tables(connection)
        for name in event_columns(table)
    ]
    found = row(connection, f"SELECT max(moment) FROM ({' UNION ALL '.join(parts)})")[0] if parts else None
    return found if isinstance(found, datetime) else None


def after_as_of(
    connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged], as_of: datetime, zone: str
) -> Iterator[Problem]:
    """Block events later than the moment the exports were made."""
    limit = f"TIMESTAMP {literal(as_of.isoformat(sep=' '))}"
    for staged in exports:
        table = staged.plan.table
        late = [(name, f"{quoted(name)} > {limit}") for name in event_columns(table)]
        if table.name == "usage_daily":
            late.append(("day", f"day > CAST({to_local(limit, zone)} AS DATE)"))
        for name, condition in late:
            if name not in staged.columns:
                continue
            count, first = example(
                connection, f"t_{table.name}", f"cx_export = {staged.number} AND {condition}", quoted(name)
            )
            if count:
                yield Problem(
                    "after-as-of",
                    staged.plan.where(name),
                    f"{counted(count, 'value')} later than as_of ({as_of} UTC)",
                    'Check as_of, time_zone and dates, or accept = ["after-as-of"].',
                    rows=count,
                    first=first,
                )
