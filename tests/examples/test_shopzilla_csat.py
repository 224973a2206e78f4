"""A contact centre's rated tickets: the published shares, and 701 replies without a clock."""

from __future__ import annotations

import pandas as pd
import pytest

from cxlib.errors import SourceError
from cxlib.store import build_snapshot
from examples.conftest import Example, Import, Lay

NAME, FILE, MONTH = "shopzilla_csat", "shopzilla_csat_test_split.csv", "2023-08"
BINS = [0, 5, 15, 60, 240, 1440, float("inf")]


@pytest.fixture(scope="session")
def example(imported: Import) -> Example:
    return imported(NAME)


def replied(example: Example) -> pd.DataFrame:
    """Return the tickets whose reply time is known, with the minutes it took."""
    rows = example.rows("tickets")
    minutes = (rows["first_public_reply_at"] - rows["created_at"]).dt.total_seconds() / 60
    return rows.assign(minutes=minutes)[minutes.notna()]


def top_two(rows: pd.DataFrame) -> float:
    return round(100 * float((rows["satisfaction"] == "good").mean()), 1)


def test_every_row_stays_and_lost_clocks_are_in_the_ledger(example: Example) -> None:
    entry = example.ledger("tickets")
    assert (entry.read, entry.kept, entry.rejected) == (17_182, 17_182, {})
    assert entry.unknown == {"first_public_reply_at: lost clock time": 701}
    assert example.snapshot.warnings == ()


def test_satisfaction_is_the_published_one_over_all_ratings(example: Example) -> None:
    value, n = example.value("csat", MONTH)
    assert (round(100 * value, 2), n) == (82.71, 17_182)


def test_reply_time_leaves_out_the_lost_clocks_and_nothing_else(example: Example) -> None:
    raw = example.raw(FILE)
    asked, answered = (
        pd.to_datetime(raw[name], format="%d/%m/%Y %H:%M") for name in ("Issue_reported at", "issue_responded")
    )
    known = (answered.dt.strftime("%H:%M") != "00:00") & (asked.dt.month == 8)
    minutes = (answered - asked)[known].dt.total_seconds() / 60
    row = example.book(MONTH).measure("first_reply_calendar_minutes_median").iloc[0]
    assert (row["value"], row["n"], row["excluded"]) == (minutes.median(), len(minutes), 701)
    slow, _ = example.value("first_reply_calendar_minutes_p90", MONTH)
    assert slow == pytest.approx(minutes.quantile(0.9), rel=0.005)


def test_reply_times_of_all_tickets(example: Example) -> None:
    rows = replied(example)
    assert (len(rows), rows["minutes"].median(), rows["minutes"].min()) == (16_481, 6, 0)
    assert round(rows["minutes"].corr(rows["satisfaction_score"], method="spearman"), 3) == -0.190


def test_satisfaction_falls_with_the_time_to_reply_as_published(example: Example) -> None:
    rows = replied(example)
    groups = rows.groupby(pd.cut(rows["minutes"], BINS, include_lowest=True), observed=True)
    assert [top_two(group) for _, group in groups] == [89.5, 82.0, 75.5, 74.7, 73.1, 57.4]
    assert groups.size().sum() == 16_481


def test_the_lost_clocks_would_have_moved_the_table(example: Example) -> None:
    """The published shares before the 701 are taken out, from the file itself: the trap that is not stepped into."""
    raw = example.raw(FILE)
    asked, answered = (
        pd.to_datetime(raw[name], format="%d/%m/%Y %H:%M") for name in ("Issue_reported at", "issue_responded")
    )
    minutes = (answered - asked).dt.total_seconds() / 60
    good = raw["CSAT Score"].isin(["4", "5"])
    shares = good.groupby(pd.cut(minutes, BINS, include_lowest=True), observed=True).mean()
    assert [round(100 * share, 1) for share in shares] == [89.5, 82.0, 75.5, 74.6, 73.0, 57.0]


def test_without_the_rule_the_import_is_refused(lay: Lay) -> None:
    sources = lay(NAME, {"ends_with(\\\"issue_responded\\\", ' 00:00')": "false"})
    with pytest.raises(SourceError) as refused:
        build_snapshot(sources, sources.parent / "snapshots")
    said = str(refused.value)
    assert "635 rows: first_public_reply_at lies before created_at" in said
    assert "[[export.unknown]]" in said
    assert list((sources.parent / "snapshots").glob("[!.]*")) == []


def test_scores(example: Example) -> None:
    rows = example.rows("tickets")
    shares = (100 * rows["satisfaction_score"].value_counts(normalize=True)).round(2)
    assert {int(score): share for score, share in shares.items()} == {5: 69.46, 4: 13.25, 3: 2.93, 2: 1.32, 1: 13.04}
    assert round(rows["satisfaction_score"].mean(), 3) == 4.248
    by_channel = rows.groupby("channel")["satisfaction_score"].mean().round(2)
    assert (by_channel["email"], by_channel["phone, inbound"]) == (3.88, 4.25)


def test_satisfaction_by_channel_is_that_of_the_file(example: Example) -> None:
    raw = example.raw(FILE)
    emails = raw["CSAT Score"][raw["channel_name"] == "Email"]
    value, n = example.value("csat", MONTH, channel="email")
    assert (value, n) == (pytest.approx(emails.isin(["4", "5"]).mean()), 595)


def test_remarks_by_score(example: Example) -> None:
    rows = example.rows("tickets")
    written = (100 * rows["comment"].notna().groupby(rows["satisfaction_score"]).mean()).round(1)
    assert (written[1], written[4], written[5]) == (48.9, 23.7, 33.3)


def test_raters_alone_give_no_response_rate(example: Example) -> None:
    row = example.book(MONTH).measure("csat_response_rate").iloc[0]
    assert row["flags"] == "no-data"
    assert pd.isna(row["value"])


def test_solving_is_missing_and_said_to_be(example: Example) -> None:
    book = example.book(MONTH)
    assert book.missing("solved_rate") == ("tickets.first_solved_at",)
    assert book.missing("backlog") == ("tickets.last_solved_at",)
    assert example.rows("tickets")["solve_unknown"].all()


def test_names_of_people_stay_out(example: Example) -> None:
    raw, rows = example.raw(FILE), example.rows("tickets").drop(columns="comment")
    people = {*raw["Agent_name"], *raw["Supervisor"], *raw["Manager"]}
    assert len(people) > 1_000
    assert not people & set(rows.select_dtypes("str").stack())
