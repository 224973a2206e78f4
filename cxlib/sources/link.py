"""Across the tables: one customer under one id, test accounts out, keys that meet, nothing from the future."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.ledger import leave, leave_but_first
from cxlib.sources.problems import counted
from cxlib.sources.sql import Connection, column_of, columns_sql, literal, quoted, row
from cxlib.sources.stage import Staged
from cxlib.tables import TABLES, Table, good_from

LEAST_COVERAGE = 0.9
# a term may start or end later than the export was made; so may an erasure that is planned
MAY_LIE_AHEAD = {("subscriptions", "started_at"), ("subscriptions", "ended_at"), ("customers", "deleted_at")}
# references whose empty value has a meaning of its own: not yet a customer; answered without an invitation
EMPTY_HAS_MEANING = {("opportunities", "customer_id"), ("survey_answers", "invite_id")}
# One round of one question, in which the last answer counts: the wave, else the invitation, else the month; after a
# contact the same person is rightly asked again, so there only the invitation tells. A person is an address, else a
# customer: several people of one customer may answer.
ONE_ROUND = """CASE
    WHEN coalesce(email_key, customer_id) IS NULL OR coalesce(touchpoint, 'relationship') <> 'relationship'
        THEN coalesce(invite_id, answer_id)
    ELSE concat_ws(' ', coalesce(email_key, customer_id),
        coalesce(wave, invite_id, CAST(date_trunc('month', cx_to_local(completed_at, $zone)) AS VARCHAR)))
END, survey, instrument, question, respondent"""
ANSWERED_AGAIN = "answered again"


def unite(connection: Connection, exports: Sequence[Staged]) -> Iterator[Problem]:
    """Put the exports of each table together as `t_<table>`; a key may come from one export only."""
    names = {staged.number: staged.plan.name for staged in exports}
    for table in TABLES.values():
        of_it = [staged.canon for staged in exports if staged.plan.table == table]
        if not of_it:
            continue
        parts = " UNION ALL ".join(f"SELECT * EXCLUDE (cx_order) FROM {canon}" for canon in of_it)
        connection.execute(f"CREATE TABLE t_{table.name} AS {parts}")
        key = columns_sql(table.key)
        each = f"list(DISTINCT cx_export ORDER BY cx_export) AS names, concat_ws(', ', {key}) AS shown"
        twice = f"SELECT {each} FROM t_{table.name} GROUP BY {key} HAVING count(*) > 1"
        found = connection.execute(f"SELECT names, count(*), min(shown) FROM ({twice}) GROUP BY names ORDER BY names")
        for numbers, count, shown in found.fetchall():
            where = f"{table.name} from {listed([names[number] for number in numbers])}"
            fix = (
                'If they are different things, write a prefix such as prefix = "tr-" in one of them; if they are '
                "the same, import them as one export with a path that matches both files."
            )
            what = f"{counted(count, 'key')} in more than one export"
            yield Problem("same-key", where, what, fix, rows=count, first=f'"{shown}"')


def tables(connection: Connection, *columns: str) -> list[Table]:
    """Return the canonical tables that some export fills and that have certain columns."""
    found = set(column_of(connection, "SELECT table_name FROM duckdb_tables()"))
    return [t for t in TABLES.values() if f"t_{t.name}" in found and set(columns) <= set(t.column_names)]


def survivors(connection: Connection) -> Iterator[Problem]:
    """Create `survivor` (customer_id, survivor): where each merged customer went, chains followed."""
    merged = "SELECT customer_id, merged_into FROM t_customers WHERE merged_into IS NOT NULL"
    onward = f"({merged}) AS m ON m.customer_id = step.merged_into"
    steps = f"{merged} UNION SELECT step.customer_id, m.merged_into FROM step JOIN {onward}"
    last = f"SELECT step.customer_id, step.merged_into AS survivor FROM step ANTI JOIN {onward}"
    connection.execute(f"CREATE TABLE survivor AS WITH RECURSIVE step AS ({steps}) {last}")
    circling = "customer_id FROM t_customers ANTI JOIN survivor USING (customer_id) WHERE merged_into IS NOT NULL"
    gone = "survivor FROM survivor WHERE survivor NOT IN (SELECT customer_id FROM t_customers)"
    for rule, query, what, fix in (
        ("merge-cycle", circling, "merged in a circle, so none survives", "Correct merged_into in the export."),
        ("merged-away", gone, "merged into one that no export has", "Export the surviving customers too."),
    ):
        if ids := column_of(connection, f"SELECT {query} ORDER BY 1"):
            what, blocks = f"{counted(len(ids), 'customer')} {what}", rule == "merge-cycle"
            yield Problem(rule, "customers, merged_into", what, fix, blocks, len(ids), f'"{ids[0]}"')


def fill_from_addresses(connection: Connection) -> Iterator[str]:
    """Fill an empty customer_id where the address belongs to exactly one customer; say how often."""
    owner = "coalesce(survivor, customer_id)"
    known = "t_customers LEFT JOIN survivor USING (customer_id) WHERE email_key IS NOT NULL"
    owned = f"SELECT email_key, min({owner}) AS customer_id FROM {known} GROUP BY email_key"
    connection.execute(f"CREATE TABLE by_address AS {owned} HAVING count(DISTINCT {owner}) = 1")
    for own in _others(connection, "customer_id", "email_key"):
        update = f"UPDATE t_{own} SET customer_id = a.customer_id FROM by_address AS a"
        empty = f"t_{own}.customer_id IS NULL AND t_{own}.email_key = a.email_key"
        (count,) = row(connection, f"{update} WHERE {empty}")
        if count:
            filled = counted(count, "empty customer_id", "empty customer_ids")
            yield f"{own}: {filled} filled from an e-mail address that one customer has"


def _others(connection: Connection, *columns: str) -> list[str]:
    """Return the names of the tables with certain columns, the customers' own aside."""
    return [table.name for table in tables(connection, *columns) if table.name != "customers"]


def follow_merges(connection: Connection) -> Iterator[str]:
    """Move every row to the surviving customer; the merged customers leave."""
    for name in _others(connection, "customer_id"):
        own, moved = f"t_{name}", "customer_id = m.survivor"
        if "user_id" in TABLES[name].column_names:
            moved += f", user_id = CASE WHEN {own}.user_id = m.customer_id THEN m.survivor ELSE {own}.user_id END"
        update = f"UPDATE {own} SET {moved} FROM survivor AS m WHERE {own}.customer_id = m.customer_id"
        (count,) = row(connection, update)
        if count:
            yield f"{name}: {counted(count, 'row')} moved to the customer theirs was merged into"
        if count and name == "usage_daily":
            _join_days(connection)
    leave(connection, "t_customers", "customer_id IN (SELECT customer_id FROM survivor)", "merged")


def _join_days(connection: Connection) -> None:
    """Join usage rows that a merge put on one customer, person and day: counts add up."""
    key = "customer_id, user_id, day"
    joined = f"SELECT {key}, sum(events) AS events, max(features) AS features, sum(errors) AS errors"
    twice = f"{joined} FROM t_usage_daily GROUP BY {key} HAVING count(*) > 1"
    update = "UPDATE t_usage_daily AS u SET events = j.events, features = j.features, errors = j.errors"
    same = "u.customer_id = j.customer_id AND u.user_id = j.user_id AND u.day = j.day"
    connection.execute(f"{update} FROM ({twice}) AS j WHERE {same}")
    order, reason = "cx_export, cx_file, cx_row", "same day of a merged customer"
    leave_but_first(connection, "t_usage_daily", key, order, reason)


def drop_own_accounts(connection: Connection) -> None:
    """Take out test and internal customers with all their rows, and the events of their tickets."""
    names = [table.name for table in tables(connection)]
    for reason, flag in (("test account", "is_test"), ("internal account", "is_internal")):
        theirs = f"customer_id IN (SELECT customer_id FROM t_customers WHERE {flag})"
        if {"tickets", "ticket_events"} <= set(names):
            own_tickets = f"ticket_id IN (SELECT ticket_id FROM t_tickets WHERE {theirs})"
            leave(connection, "t_ticket_events", own_tickets, reason)
        for name in (*_others(connection, "customer_id"), "customers"):
            leave(connection, f"t_{name}", theirs, reason)


def last_answers(connection: Connection, zone: str) -> None:
    """Leave of several answers of one person to one question of one round the last that has a score."""
    one_round = ONE_ROUND.replace("$zone", literal(zone))
    for table in tables(connection, "answer_id"):
        latest = "score IS NULL, completed_at DESC, answer_id DESC"
        leave_but_first(connection, f"t_{table.name}", one_round, latest, ANSWERED_AGAIN)


def ratings_of_scores(connection: Connection) -> Iterator[str]:
    """Fill an empty rating of a ticket from its score: the top box is good, as wide a box at the lower end is bad."""
    score, low, high = "satisfaction_score", "satisfaction_scale_min", "satisfaction_scale_max"
    good, bad = good_from(low, high), f"{low} + {high} - ({good_from(low, high)})"
    for table in tables(connection, score):
        rating = f"CASE WHEN {score} >= {good} THEN 'good' WHEN {score} <= {bad} THEN 'bad' ELSE 'neutral' END"
        empty = f"satisfaction IS NULL AND {score} IS NOT NULL AND {good} IS NOT NULL"
        (count,) = row(connection, f"UPDATE t_{table.name} SET satisfaction = {rating} WHERE {empty}")
        if count:
            yield f"{table.name}: {counted(count, 'empty rating')} filled from the score on its scale"


def coverage(connection: Connection, staged: Staged) -> Iterator[Problem]:
    """Warn where less than 90 % of a key is found in the table it points to."""
    name = staged.plan.table.name
    there = {table.name for table in tables(connection)}
    for column, other in staged.plan.table.references.items():
        if other not in there or column not in staged.columns:
            continue
        filled = f" AND t.{column} IS NOT NULL" if (name, column) in EMPTY_HAS_MEANING else ""
        counts = f"count(*), count(*) FILTER (t.{column} IS NULL), count(o.{column})"
        both = f"t_{name} AS t LEFT JOIN t_{other} AS o USING ({column})"
        asked = f"SELECT {counts} FROM {both} WHERE t.cx_export = {staged.number}{filled}"
        total, empty, found = row(connection, asked)
        if total and found / total < LEAST_COVERAGE:
            share = f"{found:,} of {total:,} rows ({found / total:.1%})"
            what = f"{share} have a {column} that is in {other}; {empty:,} without one"
            fix = 'Check that both exports use the same id, or accept = ["key-coverage"].'
            yield Problem("key-coverage", staged.plan.where(column), what, fix, blocks=False, rows=total - found)


def event_columns(table: Table) -> list[str]:
    """Return the time columns of a table that cannot lie after the export."""
    times = [column.name for column in table.columns if column.type == "time"]
    return [name for name in times if (table.name, name) not in MAY_LIE_AHEAD]


def latest_event(connection: Connection) -> datetime | None:
    """Return the latest event time of all tables (naive UTC)."""
    columns = [(f"t_{table.name}", name) for table in tables(connection) for name in event_columns(table)]
    parts = [f"SELECT max({quoted(name)}) AS moment FROM {table}" for table, name in columns]
    return row(connection, f"SELECT max(moment) FROM ({' UNION ALL '.join(parts)})")[0] if parts else None


def after_as_of(staged: Staged, as_of: datetime) -> Iterator[Problem]:
    """Block events later than the moment the exports were made; warn of terms that begin later."""
    limit, table = f"TIMESTAMP '{as_of}'", staged.plan.table
    late = {name: f"{quoted(name)} > {limit}" for name in event_columns(table)}
    if table.name == "usage_daily":
        late["day"] = f"day > CAST(cx_to_local({limit}, {literal(staged.reporting_zone)}) AS DATE)"
    fix = 'Check as_of, time_zone and dates, or accept = ["after-as-of"].'
    for name, condition in late.items():
        if name in staged.columns:
            rows, what = f"cx_export = {staged.number} AND {condition}", f"{{value}} later than as_of ({as_of} UTC)"
            yield from staged.find("after-as-of", name, rows, quoted(name), what, fix, f"t_{table.name}")
    if table.name == "subscriptions":
        rows = f"cx_export = {staged.number} AND started_at > {limit}"
        what = f"{{term}} beginning after as_of ({as_of} UTC)"
        fix = 'It counts for nothing yet; if such terms are agreed on, accept = ["begins-later"].'
        for problem in staged.find("begins-later", "started_at", rows, "started_at", what, fix, "t_subscriptions"):
            yield replace(problem, blocks=False)
