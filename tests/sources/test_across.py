"""What needs all tables: merged customers, own accounts, addresses, references."""

from __future__ import annotations

import pytest

from cxlib.errors import SourceError
from sources.drop import Drop

EXPORTS = """
[[export]]
name = "crm"
path = "crm.csv"
table = "customers"
[export.columns]
customer_id = "Id"
merged_into = "Master"
is_test = "Test"
is_internal = "Own"
email_key = "Mail"

[[export]]
name = "desk"
path = "desk.csv"
table = "tickets"
{keys}
[export.columns]
ticket_id = "Id"
created_at = "Created"
customer_id = "Customer"
email_key = "Mail"

[[export]]
name = "log"
path = "log.csv"
table = "ticket_events"
[export.columns]
event_id = "Id"
ticket_id = "Ticket"
occurred_at = "At"
kind = {{ value = "status" }}

[[export]]
name = "usage"
path = "usage.csv"
table = "usage_daily"
[export.columns]
customer_id = "Id"
user_id = "User"
day = "Day"
events = "Events"
features = "Features"
"""
Z = "2026-10-01T10:00:00Z"
CUSTOMERS = (
    "a,,,,a@x.example",
    "b,a,,,b@x.example",
    "c,b,,,c@x.example",
    "t,,true,,t@x.example",
    "i,,,true,i@x.example",
    "d,,,,shared@x.example",
    "e,,,,shared@x.example",
)


def write(
    drop: Drop,
    *,
    customers: tuple[str, ...] = CUSTOMERS,
    tickets: tuple[str, ...] = (),
    keys: str = "",
    usage: tuple[str, ...] = ("a,a,2026-10-01,1,1",),
    log: tuple[str, ...] = ("e1,1",),
) -> None:
    drop.file("crm.csv", "\n".join(("Id,Master,Test,Own,Mail", *customers)) + "\n")
    drop.file(
        "desk.csv", "\n".join(("Id,Created,Customer,Mail", *(f"{n},{Z},{r}" for n, r in enumerate(tickets, 1)))) + "\n"
    )
    drop.file("log.csv", "\n".join(("Id,Ticket,At", *(f"{r},{Z}" for r in log))) + "\n")
    drop.file("usage.csv", "\n".join(("Id,User,Day,Events,Features", *usage)) + "\n")
    drop.toml(EXPORTS.format(keys=keys))


def test_chains_of_merges_end_at_the_survivor(drop: Drop) -> None:
    write(drop, tickets=("a,", "b,", "c,", "d,"))
    snapshot = drop.build()
    assert list(drop.table(snapshot=snapshot)["customer_id"]) == ["a", "a", "a", "d"]
    assert list(drop.table("customers", snapshot)["customer_id"]) == ["a", "d", "e"]
    assert str(snapshot.ledger[0]) == "read 7 = kept 3 + merged 2 + internal account 1 + test account 1"
    assert "tickets: 2 rows moved to the customer theirs was merged into" in snapshot.notes


@pytest.mark.parametrize(
    "customers", [("a,b,,,", "b,a,,,", "c,,,,"), ("a,a,,,", "b,,,,"), ("a,b,,,", "b,c,,,", "c,b,,,")]
)
def test_merges_in_a_circle(drop: Drop, customers: tuple[str, ...]) -> None:
    write(drop, customers=customers, tickets=("a,",))
    with pytest.raises(SourceError) as caught:
        drop.build()
    circling = len([line for line in customers if line.split(",")[1]])
    assert str(caught.value) == (
        f"customers, merged_into: {circling} customer{'s' if circling > 1 else ''} merged in a circle, so none "
        "survives (first: "
        '"a"). Correct merged_into in the export.'
    )
    assert drop.written() == []


def test_survivor_that_no_export_has(drop: Drop) -> None:
    write(drop, customers=("a,gone,,,", "b,,,,"), tickets=("b,",), usage=("b,b,2026-10-01,1,1",))
    snapshot = drop.build()
    assert [str(warning) for warning in snapshot.warnings] == [
        'customers, merged_into: 1 customer merged into one that no export has (first: "gone"). Export the '
        "surviving customers too."
    ]


def test_own_accounts_leave_with_all_their_rows(drop: Drop) -> None:
    write(
        drop,
        tickets=("a,", "t,", "i,", ",t@x.example"),
        log=("e1,1", "e2,2", "e3,3", "e4,4"),
        usage=("a,a,2026-10-01,1,1", "t,t,2026-10-01,1,1"),
    )
    snapshot = drop.build()
    ledger = {entry.export: str(entry) for entry in snapshot.ledger}
    assert ledger["desk"] == "read 4 = kept 1 + test account 2 + internal account 1"
    assert ledger["log"] == "read 4 = kept 1 + test account 2 + internal account 1"
    assert ledger["usage"] == "read 2 = kept 1 + test account 1"


def test_empty_customer_is_filled_from_an_address_that_is_one_customers(drop: Drop) -> None:
    write(
        drop,
        tickets=(",A@X.example", ",b@x.example", ",shared@x.example", ",nobody@x.example", "d,a@x.example"),
        keys='accept = ["key-coverage"]',
    )
    snapshot = drop.build()
    filled = list(drop.table(snapshot=snapshot)["customer_id"].fillna("none"))
    assert filled == ["a", "a", "none", "none", "d"]
    assert "tickets: 2 empty customer_ids filled from an e-mail address that one customer has" in snapshot.notes


def test_days_of_merged_customers_add_up(drop: Drop) -> None:
    write(
        drop,
        tickets=("a,",),
        usage=("a,a,2026-10-01,3,2", "b,b,2026-10-01,4,5", "b,b,2026-10-02,1,1", "c,u,2026-10-01,9,1"),
    )
    snapshot = drop.build()
    table = drop.table("usage_daily", snapshot)
    rows = list(
        zip(
            table["customer_id"],
            table["user_id"],
            table["day"].astype(str),
            table["events"],
            table["features"],
            strict=True,
        )
    )
    assert rows == [("a", "a", "2026-10-01", 7, 5), ("a", "a", "2026-10-02", 1, 1), ("a", "u", "2026-10-01", 9, 1)]
    assert str(snapshot.ledger[3]) == "read 4 = kept 3 + same day of a merged customer 1"


def test_coverage_below_nine_in_ten_is_warned_with_the_share(drop: Drop) -> None:
    write(drop, tickets=(*["a,"] * 8, "x,", ","))
    (warning,) = drop.build().warnings
    assert str(warning) == (
        'desk (desk.csv), customer_id from "Customer": 8 of 10 rows (80.0%) have a customer_id that is in '
        "customers; 1 without one. "
        'Check that both exports use the same id, or accept = ["key-coverage"].'
    )
    write(drop, tickets=(*["a,"] * 9, "x,"))
    assert drop.build().warnings == ()
    write(drop, tickets=(*["a,"] * 8, "x,", ","), keys='accept = ["key-coverage"]')
    quiet = drop.build()
    assert quiet.warnings == ()
    assert any(note.startswith("accepted key-coverage") for note in quiet.notes)
