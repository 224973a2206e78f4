"""The ready mappings, on small exports in the vendors' own columns, and on the sample company."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from cxlib.errors import SourceError
from cxlib.store import Snapshot
from sources.drop import Drop

SAMPLE = Path(__file__).parents[2] / "data" / "sources.toml"


def export(drop: Drop, vendor: str, table: str, content: str, more: str = "") -> None:
    drop.file("export.csv", content)
    drop.toml(f'[[export]]\nname = "export"\npath = "export.csv"\nvendor = "{vendor}"\ntable = "{table}"\n{more}')


def lines(header: str, *rows: str) -> str:
    return "\r\n".join((header, *rows)) + "\r\n"


# --- Zendesk

ZENDESK = (
    "Summation column,ID,Requester,Requester ID,Requester external ID,Requester "
    "email,Submitter,Assignee,Group,Subject,Tags,Status,"
    "Priority,Via,Created at,Solved at,Resolution time,Satisfaction Score,Reopens,Replies,First reply time in minutes,"
    "First resolution time in minutes"
)


def ticket(number: int, **given: str) -> str:
    cells = {
        "requester": "Ayşe",
        "external": "c1",
        "email": "a@x.example",
        "tags": "",
        "status": "Closed",
        "via": "Mail",
        "created": "2026-10-01 10:00",
        "solved": "2026-10-01 12:00",
        "score": "Good",
        "reply": "30",
        "resolution": "120",
    } | given
    return (
        f"1,{number},{cells['requester']},9,{cells['external']},{cells['email']},x,Ali,G,s,{cells['tags']},{cells['status']},Normal,"
        f"{cells['via']},{cells['created']},{cells['solved']},2,{cells['score']},0,1,{cells['reply']},{cells['resolution']}"
    )


def test_zendesk_tickets(drop: Drop) -> None:
    rows = (
        ticket(1),
        ticket(2, tags="foo closed_by_merge"),
        ticket(3, tags="spam"),
        ticket(4, status="Suspended"),
        ticket(5, status="Deleted"),
        ticket(6, tags="qa-user bar"),
        ticket(7, tags="latest spammer"),
        ticket(8, requester="Permanently deleted user", email="", external="x9"),
        ticket(
            9, status="Hold", via="Web form", score="Not Offered", reply="", resolution="60", solved="2026-10-01 11:00"
        ),
        ticket(10, status="New", via="WhatsApp", score="Offered", reply="", resolution="", solved=""),
        ticket(11, status="Solved", via="Phone call (inbound)", score="Bad with comment", resolution=""),
    )
    export(drop, "zendesk", "tickets", lines(ZENDESK, *rows), 'time_zone = "Europe/Berlin"')
    snapshot = drop.build()
    entry = snapshot.ledger[0]
    assert str(entry) == "read 11 = kept 6 + spam 2 + deleted 1 + merged 1 + test 1"
    assert dict(entry.unknown) == {"customer_id: deleted user": 1, "email_key: deleted user": 1}
    table = drop.table(snapshot=snapshot).set_index("ticket_id")
    first = table.loc["1"]
    assert first["created_at"] == datetime(2026, 10, 1, 8)
    assert first["first_public_reply_at"] == datetime(2026, 10, 1, 8, 30)
    assert first["first_solved_at"] == first["last_solved_at"] == datetime(2026, 10, 1, 10)
    assert list(table["status"]) == ["solved", "open", "solved", "solved", "solved", "pending"]
    assert dict(table["channel"]) == {
        "1": "email",
        "7": "email",
        "8": "email",
        "9": "web_form",
        "10": "whatsapp",
        "11": "phone",
    }
    assert dict(table["satisfaction"]) == {
        "1": "good",
        "7": "good",
        "8": "good",
        "9": "not_offered",
        "10": "offered",
        "11": "bad",
    }
    assert pd.isna(table.loc["8", "customer_id"])
    assert pd.isna(table.loc["8", "email_key"])
    assert pd.isna(table.loc["9", "last_solved_at"]), "it is open again"
    assert table.loc["9", "first_solved_at"] == datetime(2026, 10, 1, 9)
    assert list(table.index[table["solve_unknown"]]) == ["11"], "solved, but the export does not say when first"
    assert not table["first_reply_unknown"].any()
    assert first["agent"] not in ("Ali", "")


def test_zendesk_without_reply_and_tag_columns_says_so(drop: Drop) -> None:
    header = "Id,Requester external id,Status,Created at,Solved at"
    export(drop, "zendesk", "tickets", lines(header, "1,c1,Open,2026-10-01 10:00,"), 'time_zone = "Europe/Berlin"')
    snapshot = drop.build()
    assert snapshot.columns["tickets"] == ("ticket_id", "customer_id", "status", "created_at", "last_solved_at")
    table = drop.table(snapshot=snapshot)
    assert table["first_reply_unknown"].all()
    assert table["solve_unknown"].all()
    said = [str(warning) for warning in snapshot.warnings]
    assert (
        'export (export.csv): the file has no column "Tags", so no row is looked at for: reject as merged. '
        "Export the column, or "
        "accept that such rows stay."
    ) in said


def test_zendesk_needs_its_time_zone(drop: Drop) -> None:
    export(drop, "zendesk", "tickets", lines(ZENDESK, ticket(1)))
    with pytest.raises(SourceError, match='created_at from "Created at": 1 time without offset'):
        drop.build()


# --- Stripe

STRIPE = (
    "id,Customer ID,Plan Amount,Plan Currency,Product,Quantity,Interval,Status,Cancellation Reason,Created "
    "(UTC),Start Date (UTC),"
    "Trial Start (UTC),Trial End (UTC),Canceled At (UTC),Ended At (UTC),livemode"
)


def subscription(name: str, **given: str) -> str:
    cells = {
        "amount": "49.50",
        "currency": "usd",
        "quantity": "2",
        "interval": "month",
        "status": "active",
        "reason": "",
        "start": "2026-01-01 00:00",
        "trial": "",
        "canceled": "",
        "ended": "",
        "live": "true",
    } | given
    trial_began = cells["trial"] and "2025-12-31 00:00"
    return (
        f"{name},cus_1,{cells['amount']},{cells['currency']},Pro,{cells['quantity']},{cells['interval']},"
        f"{cells['status']},{cells['reason']},2025-12-31 00:00,{cells['start']},{trial_began},{cells['trial']},"
        f"{cells['canceled']},{cells['ended']},{cells['live']}"
    )


def test_stripe_subscriptions(drop: Drop) -> None:
    rows = (
        subscription("month"),
        subscription("year", interval="year", amount="1200.00", quantity="1", currency="eur"),
        subscription("week", interval="week", amount="7.00", quantity=""),
        subscription("yen", currency="jpy", amount="980"),
        subscription("trial", trial="2026-01-15 00:00"),
        subscription("in", trial="2026-02-15 00:00", status="trialing"),
        subscription(
            "ending",
            status="canceled",
            reason="cancellation_requested",
            canceled="2026-03-10 00:00",
            ended="2026-04-01 00:00",
        ),
        subscription("asked", reason="cancellation_requested", canceled="2026-03-10 00:00"),
        subscription("failed", status="canceled", reason="payment_failed", ended="2026-04-01 00:00"),
        subscription("moved", status="canceled", reason="plan_change", ended="2026-04-01 00:00"),
        subscription("test", live="false"),
        subscription("never", status="incomplete_expired"),
        subscription("tried", trial="2026-01-15 00:00", ended="2026-01-10 00:00", status="canceled"),
    )
    export(drop, "stripe", "subscriptions", lines(STRIPE, *rows))
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 13 = kept 9 + ended in trial 1 + in trial 1 + never started 1 + test mode 1"
    table = drop.table("subscriptions", snapshot).set_index("term_id")
    amounts = table["monthly_amount"].round(4).to_dict()
    assert (amounts["month"], amounts["year"], amounts["yen"]) == (99.0, 100.0, 1960.0)
    assert amounts["week"] == pytest.approx(7 * 365.25 / 12 / 7, abs=1e-4)
    assert table.loc["trial", "started_at"] == datetime(2026, 1, 15)
    assert table.loc["ending", "ended_at"] == datetime(2026, 4, 1), "it stopped then; it was asked for in March"
    assert table["end_reason"].dropna().to_dict() == {"ending": "voluntary", "failed": "payment", "moved": "migration"}
    assert set(table["currency"]) == {"USD", "EUR", "JPY"}


DASHBOARD = (
    "id,Customer ID,Plan,Quantity,Currency,Interval,Interval Count,Amount,Status,Created (UTC),Start (UTC),"
    "Trial Start (UTC),Trial End (UTC),Coupon,Canceled At (UTC),Ended At (UTC),Cancellation Reason"
)


def listed(name: str, status: str = "active", **given: str) -> str:
    """Return a row as the dashboard exports it: 100 a month since January."""
    cells = {"amount": "100.00", "interval": "month", "count": "1", "coupon": "", "trial": ",", "ended": ""} | given
    return (
        f"{name},c-{name},Basic,1,eur,{cells['interval']},{cells['count']},{cells['amount']},{status},2026-01-10 08:00,"
        f"2026-01-10 08:00,{cells['trial']},{cells['coupon']},2026-08-01 09:00,{cells['ended']},"
    )


def test_stripe_counts_active_and_past_due_and_says_what_became_of_the_others(drop: Drop) -> None:
    paying = (listed("s1"), listed("s2", "past_due"))
    others = (listed("s3", "unpaid"), listed("s4", "paused"), listed("s6", "incomplete_expired"))
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *paying, *others, listed("s5", "canceled")))
    with pytest.raises(SourceError, match=r"1 row: its status says that it does not pay, but it has no end.*\"s5\""):
        drop.build()
    more = """
[[export.reject]]
reason = "canceled, nobody knows when"
when = "\\"Status\\" = 'canceled' AND \\"Ended At (UTC)\\" IS NULL"
"""
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *paying, *others, listed("s5", "canceled")), more)
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == (
        "read 6 = kept 2 + canceled, nobody knows when 1 + never started 1 + paused after a trial 1 "
        "+ unpaid, since when is not told 1"
    )
    assert drop.table("subscriptions", snapshot)["monthly_amount"].tolist() == [100, 100]


def test_stripe_price_of_three_months_or_two_years(drop: Drop) -> None:
    rows = (
        listed("quarter", amount="300.00", count="3"),
        listed("years", amount="2400.00", interval="year", count="2"),
    )
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows))
    assert drop.table("subscriptions")["monthly_amount"].tolist() == [100, 100]


def test_stripe_trial_laid_on_a_running_subscription_leaves_the_time_before(drop: Drop) -> None:
    laid = "2026-05-10 08:00,2026-06-10 08:00"
    rows = (
        listed("over", trial=laid),
        listed("left in it", "canceled", trial=laid, ended="2026-06-01 08:00"),
        listed("at first", trial="2026-01-10 08:00,2026-02-10 08:00"),
    )
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows))
    began = drop.table("subscriptions").set_index("term_id")["started_at"].to_dict()
    first = datetime(2026, 1, 10, 8)
    assert began == {"over": first, "left in it": first, "at first": datetime(2026, 2, 10, 8)}
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, listed("now", "trialing", trial=laid)))
    with pytest.raises(SourceError, match="1 row: its status says that it does not pay, but it has no end"):
        drop.build()


PRICE = """
[export.columns]
monthly_amount.sql = '''
number("Amount") * CASE WHEN "Coupon" IS NULL THEN 1 WHEN "Coupon" = '50OFF' THEN 0.5
 WHEN "Coupon" = 'FREE' THEN 0 END'''
"""


def test_stripe_coupons_are_taken_off_or_stop_the_import(drop: Drop) -> None:
    rows = (listed("s1"), listed("s2", coupon="50OFF"), listed("s3", coupon="FREE"))
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows))
    with pytest.raises(SourceError, match=r"2 rows: it carries a discount whose amount the export does not tell.*CASE"):
        drop.build()
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows), PRICE)
    assert drop.table("subscriptions")["monthly_amount"].tolist() == [100, 50, 0]
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows, listed("s4", coupon="NEW")), PRICE)
    with pytest.raises(SourceError, match=r"monthly_amount: 1 row without a value"):
        drop.build()
    export(drop, "stripe", "subscriptions", lines(DASHBOARD, *rows), 'accept = ["discount-unknown"]')
    assert [one.rule for one in drop.build().warnings] == ["discount-unknown"]


OWN = """
[export.columns]
term_id = "id"
subscription_id = "id"
customer_id = "id"
started_at = "start"
ended_at = "end"
status = "status"
monthly_amount = "price"
currency = { value = "EUR" }
"""


@pytest.mark.parametrize("status", ["Cancelled", "in_trial", "On Hold", "expired", "HALTED", "trial-ended"])
def test_states_of_other_billing_systems_without_an_end_stop_the_import(drop: Drop, status: str) -> None:
    header = "id,start,end,status,price"
    rows = [f"a,2026-01-10,2026-05-01,{status},10.50", "b,2026-01-10,,non_renewing,10.50", "c,2026-01-10,,past due,9.5"]
    own(drop, lines(header, *rows))
    assert len(drop.table("subscriptions")) == 3
    own(drop, lines(header, *rows, f"d,2026-01-10,,{status},10.50"))
    with pytest.raises(SourceError, match=r"1 row: its status says that it does not pay.*row 5: \"d\""):
        drop.build()


def own(drop: Drop, content: str) -> None:
    drop.file("own.csv", content)
    head = '[[export]]\nname = "own"\npath = "own.csv"\ntable = "subscriptions"\ntime_zone = "UTC"\n'
    drop.toml(head + 'amounts = "major"\n' + OWN)


def test_stripe_in_cents_is_asked_for_behind_quantity_and_interval(drop: Drop) -> None:
    content = lines(STRIPE, subscription("a", amount="10000", interval="year", quantity="1"))
    export(drop, "stripe", "subscriptions", content)
    with pytest.raises(
        SourceError, match=r'monthly_amount from "Plan Amount": 1 amount, all whole numbers \(median 10,000\)'
    ):
        drop.build()
    export(drop, "stripe", "subscriptions", content, 'amounts = "minor"')
    assert drop.table("subscriptions")["monthly_amount"].iloc[0] == pytest.approx(100 / 12)


def test_stripe_amount_that_is_no_number(drop: Drop) -> None:
    export(drop, "stripe", "subscriptions", lines(STRIPE, subscription("a"), subscription("b", amount="12 50")))
    with pytest.raises(SourceError, match=r'number\(\): "12 50" is not a number in the stated format'):
        drop.build()


# --- Qualtrics

QUALTRICS = (
    "StartDate,EndDate,Status,Progress,Finished,RecordedDate,ResponseId,"
    "RecipientEmail,ExternalReference,DistributionChannel,UserLanguage,Q1"
)
IMPORTS = ",".join(['"{""ImportId"":""startDate"",""timeZone"":""America/Denver""}"'] + ['"{""ImportId"":""x""}"'] * 11)
ANSWERS = """
[export.columns]
survey = { value = "relationship" }
instrument = { value = "nps" }
score = "Q1"
scale_min = { value = 0 }
scale_max = { value = 10 }
"""


def response(
    name: str,
    status: str = "IP Address",
    progress: str = "100",
    finished: str = "True",
    score: str = "9",
    who: str = "1",
) -> str:
    return (
        f"2026-10-01 10:00:00,2026-10-01 10:01:00,{status},{progress},{finished},2026-10-01 "
        f"10:01:01,{name},a{who}@x.example,c{who},email,EN,"
        f"{score}"
    )


def test_qualtrics_answers(drop: Drop) -> None:
    questions = ",".join(['"Start, with\na line"'] + ["text"] * 11)
    rows = (
        response("R1"),
        response("R2", "Survey Preview"),
        response("R3", "Spam"),
        response("R4", finished="False"),
        response("R5", progress="80"),
        response("R6", score="", who="2"),
        response("R7", "0", finished="1", who="3"),
        response("R8", "1"),
    )
    export(drop, "qualtrics", "survey_answers", "\ufeff" + lines(QUALTRICS, questions, IMPORTS, *rows), ANSWERS)
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 8 = kept 3 + partial 2 + preview 2 + spam 1"
    table = drop.table("survey_answers", snapshot).set_index("answer_id")
    assert table.loc["R1", "completed_at"] == datetime(2026, 10, 1, 16, 1, 1), "the third row says America/Denver"
    assert list(table["score"].isna()) == [False, True, False]
    assert set(table["language"]) == {"en"}


def test_qualtrics_legacy_export_has_no_zone(drop: Drop) -> None:
    content = lines(QUALTRICS, ",".join(["text"] * 12), response("R1"))
    export(drop, "qualtrics", "survey_answers", content, ANSWERS)
    with pytest.raises(SourceError, match="1 time without offset, and no time zone is stated"):
        drop.build()
    export(drop, "qualtrics", "survey_answers", content, 'time_zone = "Europe/Berlin"\n' + ANSWERS)
    assert drop.table("survey_answers")["completed_at"].iloc[0] == datetime(2026, 10, 1, 8, 1, 1)


def test_qualtrics_files_in_two_zones(drop: Drop) -> None:
    text = lines(QUALTRICS, ",".join(["text"] * 12), IMPORTS, response("R1"))
    drop.file("export2.csv", text.replace("Denver", "Chicago"))
    export(drop, "qualtrics", "survey_answers", text, ANSWERS)
    path = drop.folder / "sources.toml"
    path.write_text(path.read_text().replace("export.csv", "export*.csv"))
    with pytest.raises(SourceError, match=r"the file says .*America/Chicago.*but \"export.csv\" says .*America/Denver"):
        drop.build()


def test_nps_on_another_scale_is_refused(drop: Drop) -> None:
    content = lines(QUALTRICS, ",".join(["text"] * 12), IMPORTS, response("R1"))
    export(drop, "qualtrics", "survey_answers", content, ANSWERS.replace("value = 0", "value = 1"))
    with pytest.raises(SourceError, match=r"1 row: NPS needs the scale 0 to 10 \(first: row 4: \"R1\"\)"):
        drop.build()


def test_qualtrics_distribution_history(drop: Drop) -> None:
    header = "Recipient ID,Email,External Data Reference,Status,Sent Date,Finished Date"
    rows = (
        "EMD_1,a@x.example,c1,Finished Survey,2026-10-01 10:00:00,2026-10-01 11:00:00",
        "EMD_2,b@x.example,c2,Email Hard Bounced,2026-10-01 10:00:00,",
        "EMD_3,c@x.example,c3,Email Sent,2026-10-01 10:00:00,",
    )
    named = '[export.columns]\nsurvey = { value = "relationship" }\ninstrument = { value = "nps" }'
    export(drop, "qualtrics", "survey_invites", lines(header, *rows), f'time_zone = "UTC"\n{named}')
    table = drop.table("survey_invites")
    assert list(table["delivered"]) == [True, False, True]
    assert list(table["answered_at"].isna()) == [False, True, True]


# --- Salesforce

OPPORTUNITIES = "Id,AccountId,Amount,CurrencyIsoCode,CloseDate,CreatedDate,IsClosed,IsWon,Type,LeadSource,IsDeleted"


def test_salesforce_opportunities_with_footer(drop: Drop) -> None:
    created = "2026-05-03T15:00:00.000Z"
    rows = (
        f"o1,a1,12000,EUR,2026-05-03,{created},true,true,New Business,Web,false",
        f"o2,a1,9000,EUR,2026-06-01,{created},true,false,Existing Business,Web,false",
        f"o3,,9000,EUR,2027-06-01,{created},false,false,Win-back,,false",
        f"o4,a1,9000,EUR,2026-06-01,{created},true,true,Existing Customer - Upgrade,Web,true",
        "",
        '"Grand Totals (4 records)"',
        '"Confidential"',
    )
    export(
        drop,
        "salesforce",
        "opportunities",
        lines(OPPORTUNITIES, *rows),
        'time_zone = "Europe/Berlin"\nmalformed = "reject"',
    )
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 6 = kept 3 + footer 2 + deleted 1"
    table = drop.table("opportunities", snapshot).set_index("opportunity_id")
    assert list(table["outcome"]) == ["won", "lost", "open"]
    assert list(table["buyer"]) == ["new", "existing", "returned"]
    assert list(table["motion"].fillna("none")) == ["new", "none", "none"]
    assert table.loc["o1", "closed_at"] == datetime(2026, 5, 3, 15), (
        "a date alone does not lie before the hour it was opened"
    )
    assert table.loc["o2", "closed_at"] == datetime(2026, 5, 31, 22)
    assert pd.isna(table.loc["o3", "closed_at"])


def test_salesforce_type_that_is_not_known(drop: Drop) -> None:
    row = "o1,a1,12000,EUR,2026-05-03,2026-05-03T15:00:00Z,true,true,Partner deal,Web,false"
    export(drop, "salesforce", "opportunities", lines(OPPORTUNITIES, row), 'time_zone = "Europe/Berlin"')
    with pytest.raises(SourceError, match='buyer from "Type": 1 value outside the list: "Partner deal"'):
        drop.build()


def test_salesforce_accounts(drop: Drop) -> None:
    header = "Id,ParentId,CreatedDate,BillingCountry,Industry,MasterRecordId,IsDeleted"
    created = "2026-01-01T00:00:00.000+0000"
    rows = (f"a1,,{created},DE,IT,,false", f"a2,,{created},DE,IT,a1,true", f"a3,,{created},DE,IT,,true")
    export(drop, "salesforce", "customers", lines(header, *rows))
    assert str(drop.build().ledger[0]) == "read 3 = kept 1 + deleted 1 + merged 1"


# --- the simulated company, in the vendors' own layouts


def test_sample_company(sample: Snapshot) -> None:
    assert all(entry.balances for entry in sample.ledger)
    assert [problem for problem in sample.warnings if problem.blocks] == []
    tables = (
        "customers",
        "subscriptions",
        "tickets",
        "survey_invites",
        "survey_answers",
        "usage_daily",
        "opportunities",
        "interventions",
        "costs",
        "incidents",
        "price_index",
    )
    assert set(sample.columns) == set(tables)
    desks = [entry for entry in sample.ledger if entry.table == "tickets"]
    reasons = {reason for entry in desks for reason in entry.rejected}
    assert {"merged", "spam", "duplicate", "test", "test account", "internal account"} <= reasons


def test_stripe_without_any_start_column(drop: Drop) -> None:
    header = "id,Customer ID,Plan Amount,Plan Currency,Interval,Status"
    export(drop, "stripe", "subscriptions", lines(header, "s1,c1,49.50,usd,month,active"))
    with pytest.raises(SourceError, match=r'started_at: the file has no column "Created \(UTC\)"'):
        drop.build()
