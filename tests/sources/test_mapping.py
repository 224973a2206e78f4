"""Rules of an export: expressions, constants, value maps, rejects, unknown values, one row per key."""

from __future__ import annotations

from datetime import date, datetime

import duckdb
import pandas as pd
import pytest

from cxlib.errors import SourceError
from cxlib.sources import importing
from cxlib.sources.identity import pseudonym, same_key
from sources.drop import Drop

Z = "2026-10-01T10:00:00Z"


def desk(drop: Drop, header: str, *rows: str, keys: str = "", columns: str = "", more: str = "") -> None:
    drop.file(
        "desk.csv", "\n".join((f"Id,Created,{header}", *(f"{n},{Z},{row}" for n, row in enumerate(rows, 1)))) + "\n"
    )
    drop.tickets(keys, columns, more)


def said(drop: Drop) -> str:
    with pytest.raises(SourceError) as caught:
        drop.build()
    return str(caught.value)


def test_expressions_constants_and_window_functions(drop: Drop) -> None:
    desk(
        drop,
        "A,B",
        "x,1",
        "x,2",
        "y,3",
        columns="topic = { sql = '''A || '-' || count(*) OVER (PARTITION BY A)''' }\nchannel = { value = \"phone\" }\n"
        "replies = { sql = 'list_sum(list_transform([number(B), 1], lambda v: v * 2))::INT' }\nreopens = { value = 0 }",
    )
    table = drop.table()
    assert list(table["topic"]) == ["x-2", "x-2", "y-1"]
    assert set(table["channel"]) == {"phone"}
    assert list(table["replies"]) == [4, 6, 8]
    assert set(table["reopens"]) == {0}


def test_first_column_of_several_that_the_file_has(drop: Drop) -> None:
    desk(drop, "Sujet", "a", columns='topic = { column = ["Subject", "Sujet"] }')
    assert list(drop.table()["topic"]) == ["a"]


def test_missing_column_of_an_expression(drop: Drop) -> None:
    desk(drop, "Subject", "a", columns='topic = { sql = "upper(Subjct)" }')
    assert said(drop) == (
        'desk (desk.csv), topic: the file has no column "Subjct". Did you mean "Subject"? Correct the mapping or '
        "export the column."
    )
    desk(drop, "Subject", "a", columns='topic = { sql = "coalesce(Subjct, Subject)", optional = ["Subjct"] }')
    assert list(drop.table()["topic"]) == ["a"]


CHANGING = [
    "age(TIMESTAMP $$2026-01-01$$)", "ago(INTERVAL 1 DAY)", "current_time", "current_timestamp", "current_localtime()",
    "localtime", "localtimestamp", "main.now()", "get_current_time()", "today()", "transaction_timestamp()", "uuid()",
    "uuidv4()", "uuidv7()", "gen_random_uuid()", "setseed(0.5)", "txid_current()", "current_setting($$TimeZone$$)",
    "current_user", "version()", "getvariable($$x$$)", "nextval($$x$$)", "pg_sleep(1)", "write_log($$x$$)",
    "pg_postmaster_start_time()", "current_query()", "reservoir_quantile(1, 0.5) OVER ()",
]  # fmt: skip
ELSEWHERE = [
    "read_csv($$/etc/passwd$$)", "read_text($$/etc/hostname$$)", "read_blob($$x$$)", "read_parquet($$x$$)", "other",
    "glob($$/etc/*$$)", "query($$SELECT 1$$)", "query_table($$raw_0_0$$)", "duckdb_settings()", "raw_0_0", "frame",
    "information_schema.tables", "(SHOW TABLES)", "sniff_csv($$x$$)", "parquet_metadata($$x$$)",
]  # fmt: skip


@pytest.mark.parametrize(
    ("sql", "cause"),
    [
        ("upper(", "syntax error"),
        ("no_such_function(Subject)", "no_such_function"),
        ("now()", '"now" gives another answer'),
        ("current_date", '"current_date" gives another'),
        ("random()", '"random" gives another'),
        ("1, 2", "it must be one expression"),
        ("1; DROP TABLE x", "Only SELECT statements"),
        *((f"{call}", "gives another answer each time") for call in CHANGING),
        *((f"(SELECT max(c) FROM {source})", "sees the rows of its own file only") for source in ELSEWHERE),
        ("1 FROM raw_0_0", "sees the rows of its own file only"),
        ("Subject IN (FROM source_0)", "sees the rows of its own file only"),
    ],
)
def test_expressions_that_cannot_run(drop: Drop, sql: str, cause: str) -> None:
    desk(drop, "Subject", "a", columns=f"topic = {{ sql = '{sql}' }}")
    message = said(drop)
    assert message.startswith(f"desk (desk.csv), topic: the expression '{sql}' cannot run: ")
    assert cause in message
    assert message.endswith("Correct it; it is DuckDB SQL over source columns, names in double quotes.")


def test_functions_that_answer_the_same_each_time_may_be_used(drop: Drop) -> None:
    sql = "concat(age(TIMESTAMP '2026-02-01', TIMESTAMP '2026-01-01'), uuid, pi() > 3)"
    columns = f'topic = {{ sql = "{sql}" }}'
    desk(drop, "uuid", "a", columns=columns)
    assert list(drop.table()["topic"]) == ["1 monthatrue"]


def test_two_files_cannot_be_joined_and_the_message_says_where_to(drop: Drop) -> None:
    drop.file("orders.csv", "order_id,customer_id\no1,c1\n")
    sql = "(SELECT o.customer_id FROM read_csv($$orders.csv$$) o WHERE o.order_id = Bought)"
    desk(drop, "Bought", "o1", columns=f"customer_id = {{ sql = '{sql}' }}")
    assert "to bring two files together, join them before, in the tool that exports or as a view of the" in said(drop)


def test_the_engine_itself_is_locked_before_an_expression_runs(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever passes the reading of the expression: no file, no other database, no setting, no extension."""
    outside = drop.file("outside.csv", "c\nsecret\n")
    tried = (
        f"SELECT * FROM read_csv('{outside}')",
        f"SELECT * FROM read_text('{outside}')",
        f"SELECT * FROM glob('{drop.folder}/*')",
        f"SELECT * FROM query('FROM read_text(''{outside}'')')",
        f"ATTACH '{drop.folder}/other.duckdb'",
        f"COPY (SELECT 1) TO '{drop.folder}/out.csv'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        f"SET allowed_directories = ['{drop.folder}']",
        "SELECT getenv('HOME')",
    )
    refused = []

    def try_all(connection: duckdb.DuckDBPyConnection, *others: object) -> object:
        for sql in tried:
            with pytest.raises(duckdb.Error, match=r"Permission|has been locked|does not exist"):
                connection.execute(sql)
            refused.append(sql)
        return first(connection, *others)  # type: ignore[arg-type]

    first = importing.resolve
    monkeypatch.setattr(importing, "resolve", try_all)
    desk(drop, "Subject", "a", columns='topic = "Subject"')
    assert list(drop.table()["topic"]) == ["a"]
    assert refused == list(tried)


def test_expression_that_fails_on_a_value(drop: Drop) -> None:
    desk(drop, "A", "1", "x", columns="replies = { sql = 'A::INT' }")
    assert "desk (desk.csv): an expression failed on a value: Conversion Error: Could not convert string 'x'" in said(
        drop
    )


def test_value_maps_and_missing_texts(drop: Drop) -> None:
    desk(
        drop,
        "Via,Score",
        "Inbound,?",
        " Inbound ,3",
        "Kiosk,-",
        ",",
        keys='missing = ["", "?", "-"]',
        columns='channel = "Via"\nsatisfaction_score = "Score"',
        more='[export.values.channel]\nInbound = "phone"',
    )
    table = drop.table()
    assert list(table["channel"].fillna("none")) == ["phone", "phone", "Kiosk", "none"]
    assert list(table["satisfaction_score"].isna()) == [True, False, True, True]


def test_rejects_first_rule_wins_and_are_kept_beside(drop: Drop) -> None:
    desk(
        drop,
        "Tags,Mail,Text",
        "spam,a@b.example,hello",
        "spam merged,a@b.example,x",
        "ok,a@b.example,y",
        "merged,,z",
        columns='email_key = "Mail"\ntopic = "Tags"\ncomment = "Text"',
        more="[[export.reject]]\nreason = 'merged'\nwhen = \"Tags LIKE '%merged%'\"\n"
        "[[export.reject]]\nreason = 'spam'\nwhen = \"Tags LIKE '%spam%'\"",
    )
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 4 = kept 1 + merged 2 + spam 1"
    rejected = pd.read_parquet(snapshot.folder / "rejected" / "desk.parquet")
    assert list(rejected.columns) == ["file", "row", "reason", "Id", "Created", "Tags"], "no address, no free text"
    assert list(zip(rejected["row"], rejected["reason"], strict=True)) == [(2, "spam"), (3, "merged"), (5, "merged")]


def test_rejected_rows_need_not_be_readable(drop: Drop) -> None:
    drop.file("desk.csv", f"Id,Created\n1,{Z}\nTotal,not a time\n")
    drop.tickets(more="[[export.reject]]\nreason = 'total'\nwhen = \"Id = 'Total'\"")
    assert str(drop.build().ledger[0]) == "read 2 = kept 1 + total 1"


def test_unknown_values_are_empty_counted_and_flagged(drop: Drop) -> None:
    desk(
        drop,
        "Reply",
        "2026-10-01T00:00:00Z",
        "2026-10-01T11:00:00Z",
        "",
        columns='first_public_reply_at = "Reply"',
        more="[[export.unknown]]\ncolumn = 'first_public_reply_at'\nreason = 'lost clock time'\n"
        "when = \"Reply LIKE '%T00:00%'\"",
    )
    snapshot = drop.build()
    table = drop.table(snapshot=snapshot)
    assert list(table["first_public_reply_at"].isna()) == [True, False, True]
    assert list(table["first_reply_unknown"]) == [True, False, False]
    assert set(table["solve_unknown"]) == {True}, "no column says when a ticket was solved"
    assert dict(snapshot.ledger[0].unknown) == {"first_public_reply_at: lost clock time": 1}
    assert snapshot.columns["tickets"] == ("ticket_id", "created_at", "first_public_reply_at")


def test_event_log_keeps_one_row_per_key(drop: Drop) -> None:
    drop.file("desk.csv", f"Id,Created,State,N\n1,{Z},new,1\n1,{Z},done,10\n1,{Z},work,2\n2,{Z},new,1\n2,{Z},new,1\n")
    rule = "[export.one_row_per_key]\nkeep = '{}'\norder_by = 'N::INT'\nreason = 'earlier update'"
    drop.tickets(columns='topic = "State"', more=rule.format("last"))
    snapshot = drop.build()
    assert list(drop.table(snapshot=snapshot)["topic"]) == ["done", "new"]
    assert str(snapshot.ledger[0]) == "read 5 = kept 2 + earlier update 2 + duplicate 1"
    drop.tickets(columns='topic = "State"', more=rule.format("first"))
    assert list(drop.table()["topic"]) == ["new", "new"]


def test_minutes_after_another_time_cross_the_change_of_clocks(drop: Drop) -> None:
    drop.file("desk.csv", "Id,Created,Reply\n1,2026-03-29 01:30,60\n2,2026-10-01 10:00,1.5\n3,2026-10-01 10:00,\n")
    drop.tickets(
        'time_zone = "Europe/Berlin"', 'first_public_reply_at = { column = "Reply", minutes_after = "created_at" }'
    )
    times = list(drop.table()["first_public_reply_at"])
    assert times[:2] == [datetime(2026, 3, 29, 1, 30), datetime(2026, 10, 1, 8, 1, 30)]
    assert pd.isna(times[2])


def test_rounded_times_do_not_pass_what_is_exact(drop: Drop) -> None:
    drop.file(
        "desk.csv",
        "Id,Created,First,Last\n1,2026-10-01T10:00:50Z,5,2026-10-01T10:05:10Z\n2,2026-11-09T05:59:30Z,1,2026-11-09T06:00:00Z\n",
    )
    columns = 'last_solved_at = "Last"\nfirst_solved_at = {{ column = "First", minutes_after = "created_at"{} }}'
    drop.tickets(columns=columns.format(', rounded_to = "minute", not_after = "last_solved_at"'))
    assert list(drop.table()["first_solved_at"]) == [datetime(2026, 10, 1, 10, 5, 10), datetime(2026, 11, 9, 6)]
    drop.tickets(columns=columns.format(""))
    assert "1 row: last_solved_at lies before first_solved_at" in said(drop)


def test_prefix_keeps_two_accounts_apart(drop: Drop) -> None:
    drop.file("desk.csv", f"Id,Created\n1,{Z}\n")
    two = drop.tickets().read_text()
    second = two[two.index("[[export]]") :].replace('name = "desk"', 'name = "desk_tr"')
    (drop.folder / "sources.toml").write_text(two + second)
    assert said(drop) == (
        'tickets from "desk", "desk_tr": 1 key in more than one export (first: "1"). If they are different '
        "things, write a prefix "
        'such as prefix = "tr-" in one of them; if they are the same, import them as one export with a path that '
        "matches both files."
    )
    second = second.replace("[export.columns]", 'prefix = "tr-"\n[export.columns]', 1)
    (drop.folder / "sources.toml").write_text(two + second)
    assert sorted(drop.table()["ticket_id"]) == ["1", "tr-1"]


def test_people_are_kept_as_pseudonyms_only(drop: Drop) -> None:
    desk(
        drop,
        "Mail,Who,Cust",
        " Ayşe@KUZEY.example ,İpek Işık,c1",
        "AYŞE@kuzey.example,ipek ışık,x@y.example",
        ",,X@Y.example",
        columns='email_key = "Mail"\nagent = "Who"\ncustomer_id = "Cust"',
        more="[[export.reject]]\nreason = 'none'\nwhen = 'Mail IS NULL'",
    )
    snapshot = drop.build()
    table = drop.table(snapshot=snapshot)
    assert table["email_key"].nunique() == table["agent"].nunique() == 1
    assert table["email_key"].iloc[0] == pseudonym("ayşe@kuzey.example", "a key of many letters")
    assert len(table["email_key"].iloc[0]) == 16
    assert table["customer_id"].iloc[1] == pseudonym("X@y.example", "a key of many letters"), (
        "an address is no key to keep"
    )
    for path in snapshot.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes() if path.suffix == ".json" else str(pd.read_parquet(path).to_dict()).encode()
            assert b"example" not in content.replace(b"kuzey.example/", b""), path.name
            assert b"a key of many letters" not in content


def test_a_person_known_by_a_number_of_a_typed_column(drop: Drop) -> None:
    frame = pd.DataFrame({"Id": ["1"], "Created": [datetime(2026, 10, 1)], "Agent": [18.0]})
    frame.to_parquet(drop.folder / "desk.parquet")
    path = drop.tickets('time_zone = "UTC"', 'agent = "Agent"')
    path.write_text(path.read_text().replace("desk.csv", "desk.parquet"))
    assert list(drop.table()["agent"]) == [pseudonym("18", "a key of many letters")]


def test_pseudonyms_depend_on_the_key_and_the_spelling() -> None:
    assert pseudonym("a@b.example", "one") != pseudonym("a@b.example", "two")
    assert pseudonym("IŞIK@B.example", "k") == pseudonym("ışık@b.example", "k")
    assert same_key(" \u0643\u064a ") == "\u06a9\u06cc"
    assert same_key("００１ａ") == "001a"
    assert same_key("aB") != same_key("ab")


def test_ids_match_across_arabic_and_persian_letters(drop: Drop) -> None:
    desk(drop, "Cust", "\u0643\u064a", "\u06a9\u06cc", columns='customer_id = "Cust"')
    assert drop.table()["customer_id"].nunique() == 1


USAGE = """
[[export]]
name = "usage"
path = "usage.csv"
table = "usage_daily"
{keys}
[export.columns]
customer_id = "Account"
user_id = "Account"
day = "Day"
events = "Events"
"""


def test_days(drop: Drop) -> None:
    """A universal time falls on its day in the reporting zone; a local clock time is no date."""
    drop.file("usage.csv", "Account,Day,Events\na,2026-10-01,3\nb,2026-10-01T22:30:00Z,1\nc,2026-10-02 00:00:00,2\n")
    drop.toml(USAGE.format(keys=""))
    assert list(drop.table("usage_daily")["day"]) == [date(2026, 10, 1), date(2026, 10, 2), date(2026, 10, 2)]
    drop.file("usage.csv", "Account,Day,Events\na,2026-10-01 17:00,3\n")
    assert "a clock time other than midnight needs a rule of its own (sql)." in said(drop)
    drop.file("usage.csv", "Account,Day,Events\na,2026-11-10,3\n")
    assert '1 value later than as_of (2026-11-09 06:00:00 UTC) (first: row 2: "2026-11-10")' in said(drop)


def test_source_columns_may_be_called_like_canonical_ones(drop: Drop) -> None:
    desk(
        drop,
        "topic,channel,status",
        "a,b,open",
        columns='topic = "channel"\nchannel = { sql = "topic" }\nstatus = "status"',
        more="[[export.reject]]\nreason = 'x'\nwhen = \"topic = 'b'\"",
    )
    table = drop.table()
    assert (table["topic"].iloc[0], table["channel"].iloc[0]) == ("b", "a")
