"""PostgreSQL through ADBC: typed columns keep what they know."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import adbc_driver_postgresql.dbapi
import pytest

from cxlib.errors import SourceError
from sources.drop import Drop

URL = os.environ.get("CX_TEST_POSTGRES_URL", "")
pytestmark = pytest.mark.skipif(not URL, reason="no PostgreSQL server: set CX_TEST_POSTGRES_URL")

ROWS = """
CREATE SCHEMA cx_test;
CREATE TABLE cx_test.tickets (
    "Id" bigint, opened timestamptz, naive timestamp, score numeric(10, 2), bot boolean, topic text,
    tag uuid, extra jsonb,
    minutes double precision, day date
);
INSERT INTO cx_test.tickets VALUES
    (2, '2026-10-01 12:00+02', '2026-10-01 12:00', 4.50, true, 'Ayşe',
     '00000000-0000-0000-0000-000000000001', '{"a": 1}', 1.5,
     '2026-10-01'),
    (1, '2026-03-29 02:30+01', '2026-10-02 12:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL);
"""


@pytest.fixture(scope="module", autouse=True)
def _rows() -> Iterator[None]:
    with adbc_driver_postgresql.dbapi.connect(URL, autocommit=True) as server, server.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS cx_test CASCADE")
        for statement in ROWS.split(";\n"):
            if statement.strip():
                cursor.execute(statement)
        yield
        cursor.execute("DROP SCHEMA cx_test CASCADE")


def database(
    drop: Drop, created: str, columns: str = "", keys: str = "", table: str = "cx_test.tickets", url: str = URL
) -> None:
    drop.toml(
        f'[[export]]\nname = "desk"\nurl = "{url}"\nsource_table = "{table}"\ntable = '
        f'"tickets"\n{keys}\n[export.columns]\n'
        f'ticket_id = "Id"\ncreated_at = "{created}"\n{columns}\n'
    )


def test_typed_columns(drop: Drop) -> None:
    database(
        drop,
        "opened",
        'satisfaction_score = "score"\nis_bot_only = "bot"\ntopic = "topic"\ncomment = "extra"\nsegment = "tag"',
        keys='decimal = ","',
    )
    snapshot = drop.build()
    table = drop.table(snapshot=snapshot)
    assert list(table["ticket_id"]) == ["1", "2"]
    assert list(table["created_at"]) == [datetime(2026, 3, 29, 1, 30), datetime(2026, 10, 1, 10)], (
        "an offset needs no zone"
    )
    assert table["satisfaction_score"].iloc[1] == 4.5
    assert bool(table["is_bot_only"].iloc[1]) is True
    assert list(table["topic"].isna()) == [True, False]
    assert table["segment"].iloc[1] == "00000000-0000-0000-0000-000000000001"
    assert table[["satisfaction_score", "is_bot_only", "topic", "comment"]].iloc[0].isna().all()
    assert snapshot.inputs[0].name == "cx_test.tickets"
    assert len(snapshot.inputs[0].sha256) == 64


def test_naive_timestamps_need_a_zone(drop: Drop) -> None:
    database(drop, "naive")
    with pytest.raises(
        SourceError,
        match=r'desk \(cx_test.tickets\), created_at from "naive": 2 times without offset, and no time zone',
    ):
        drop.build()
    database(drop, "naive", keys='time_zone = "Europe/Berlin"')
    assert list(drop.table()["created_at"]) == [datetime(2026, 10, 2, 10), datetime(2026, 10, 1, 10)]


def test_same_rows_give_the_same_snapshot(drop: Drop) -> None:
    database(drop, "opened")
    first = drop.build()
    with adbc_driver_postgresql.dbapi.connect(URL, autocommit=True) as server, server.cursor() as cursor:
        cursor.execute('UPDATE cx_test.tickets SET topic = topic WHERE "Id" = 1')
    assert drop.build().id == first.id


def test_missing_table_and_silent_server(drop: Drop) -> None:
    database(drop, "opened", table="cx_test.tikets")
    with pytest.raises(SourceError, match=r"PostgreSQL says: .*tikets.*\. Check url and source_table in sources.toml"):
        drop.build()
    database(drop, "opened", url="postgresql://someone:verysecret@127.0.0.1:9/none")
    with pytest.raises(SourceError, match="PostgreSQL says: ") as caught:
        drop.build()
    assert "verysecret" not in str(caught.value)
