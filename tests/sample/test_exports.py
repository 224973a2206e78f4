"""The files as an analyst finds them: the same each time, small, dirty in the ways that are told, and read by nothing
but the standard library here."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook

from company import Parameters, World, simulate, write_sample
from company.__main__ import main
from company.exports.truth_file import truth_toml

pytestmark = pytest.mark.slow

LARGEST = 8_000_000
Row = Mapping[str, str]


def rows(content: bytes, encoding: str = "utf-8", separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(encoding), newline=""), delimiter=separator))


def main_tickets(folder: Path) -> list[dict[str, str]]:
    out = []
    for path in sorted((folder / "raw").glob("zendesk_tickets_*")):
        out += rows(unzipped(path) if path.suffix == ".zip" else path.read_bytes())
    return out


def turkish_tickets(folder: Path) -> list[dict[str, str]]:
    return rows((folder / "raw" / "zendesk_tr_tickets.csv").read_bytes(), "cp1254", ";")


def unzipped(path: Path) -> bytes:
    with zipfile.ZipFile(path) as archive:
        [member] = archive.namelist()
        assert member == path.stem
        return archive.read(member)


def survey(folder: Path, name: str) -> tuple[list[list[str]], list[dict[str, str]]]:
    records = list(csv.reader(io.StringIO((folder / "raw" / name).read_bytes().decode("utf-8-sig"), newline="")))
    return records[:3], [dict(zip(records[0], record, strict=True)) for record in records[3:]]


def content(path: Path) -> object:
    """Return what a file says, whatever the version of the library that packed it."""
    if path.suffix == ".zip":
        return unzipped(path)
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(str(path))
        return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}
    return path.read_bytes()


@pytest.fixture(scope="module")
def told(written: Path) -> dict[str, Any]:
    return tomllib.loads((written / "truth.toml").read_text(encoding="utf-8"))


def test_written_again_byte_for_byte_the_same(written: Path, tmp_path: Path) -> None:
    write_sample(simulate(), tmp_path)
    names = sorted(str(path.relative_to(written)) for path in written.rglob("*") if path.is_file())
    assert names == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert len(names) == 18
    for name in names:
        assert (written / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_committed_files_are_those_of_a_fresh_write(written: Path, committed: Path) -> None:
    names = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    assert {str(path.relative_to(committed)) for path in committed.rglob("*") if path.is_file()} == names
    for name in names:
        assert content(committed / name) == content(written / name), f"{name} differs: run make sample and commit"


def test_the_command_writes_another_company_where_it_is_told(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "other"
    main([str(folder), "--seed", "7"])
    assert capsys.readouterr().out == f"Wrote the simulated company to {folder}.\n"
    assert {path.name for path in folder.rglob("*")} == {path.name for path in written.rglob("*")}
    assert tomllib.loads((folder / "truth.toml").read_text(encoding="utf-8"))["world"]["seed"] == 7


def test_small_enough_to_commit(committed: Path) -> None:
    assert sum(path.stat().st_size for path in committed.rglob("*") if path.is_file()) <= LARGEST


def test_truth_holds_the_parameters(told: dict[str, Any]) -> None:
    assert told["parameters"] == asdict(Parameters())
    assert told["world"]["seed"] == 20261101
    assert told["silent_per_complainer"]["minor"] == 11.5


def test_every_parameter_says_its_unit_and_meaning(world: World) -> None:
    lines = truth_toml(world, {}).splitlines()
    first = lines.index("[parameters.customers]")
    settings = [at for at, line in enumerate(lines) if at > first and " = " in line and not line.startswith("#")]
    assert len(settings) == sum(len(group) for group in asdict(Parameters()).values())
    assert all(re.fullmatch(r"# .+ \(.+\)", lines[at - 1]) for at in settings)


def test_encodings(written: Path) -> None:
    raw = written / "raw"
    turkish = (raw / "zendesk_tr_tickets.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        turkish.decode("utf-8")
    assert set("ğşıİ") <= set(turkish.decode("cp1254"))
    assert set("ğşİ").isdisjoint(turkish.decode("cp1252"))
    for name in ("salesforce_accounts.csv", "stripe_subscriptions.csv", "zendesk_tickets_2023.csv"):
        text = (raw / name).read_bytes().decode("utf-8")
        assert not text.startswith("\ufeff")
    for name in ("qualtrics_relationship.csv", "qualtrics_touchpoints.csv"):
        answers = (raw / name).read_bytes()
        assert answers.startswith(b"\xef\xbb\xbf")
        assert re.search("[\u0600-\u06ff]", answers.decode("utf-8"))
        assert b"\r\n" in answers


def test_help_desk_columns_are_complete(written: Path) -> None:
    wanted = [
        "Summation column",
        "Id",
        "Requester",
        "Requester id",
        "Requester external id",
        "Requester email",
        "Requester domain",
        "Submitter",
        "Assignee",
        "Group",
        "Subject",
        "Tags",
        "Status",
        "Priority",
        "Via",
        "Ticket type",
        "Created at",
        "Updated at",
        "Assigned at",
        "Organization",
        "Due date",
        "Initially assigned at",
        "Solved at",
        "Resolution time",
        "Satisfaction Score",
        "Group stations",
        "Assignee stations",
        "Reopens",
        "Replies",
    ]
    for kind in ("First reply", "First resolution", "Full resolution", "Agent wait", "Requester wait", "On hold"):
        wanted += [f"{kind} time in minutes", f"{kind} time in minutes within business hours"]
    wanted += [f"{name} [list]" for name in ("Topic", "Product", "Severity")] + ["Complaint [flag]"]
    wanted += ["Had to repeat [flag]", "Friendliness [int]"]
    assert list(main_tickets(written)[0]) == wanted
    assert list(turkish_tickets(written)[0]) == wanted


def test_ticket_dirt_is_what_is_told(written: Path, told: dict[str, Any]) -> None:
    main, turkish, dirt = main_tickets(written), turkish_tickets(written), told["dirt"]["zendesk"]
    tickets = main + turkish
    assert len(tickets) == dirt["rows"]
    once = {tuple(row.values()) for row in main}
    assert len(main) - len(once) == dirt["rows_written_twice"] > 20
    assert len({row["Id"] for row in main}) == len(once)
    assert {row["Id"] for row in main} & {row["Id"] for row in turkish}
    tags = Counter(tag for row in [*map(dict, once_rows(main)), *turkish] for tag in row["Tags"].split())
    for tag, kind in (
        ("closed_by_merge", "merged"),
        ("spam", "spam"),
        ("qa-user", "test"),
        ("outbound", "outbound"),
        ("bot_only", "bot"),
    ):
        assert tags[tag] == dirt[kind] > 20
    every = [*once_rows(main), *turkish]
    assert sum(row["Requester"].startswith("Permanently deleted") for row in every) == dirt["deleted_user"] > 50
    lost = [row for row in turkish if row["First reply time in minutes"] == "0,0" and at(row) < datetime(2024, 1, 15)]
    assert len(lost) == dirt["lost_reply_clock"] > 50


def once_rows(tickets: list[dict[str, str]]) -> list[dict[str, str]]:
    return list({row["Id"]: row for row in tickets}.values())


def at(row: Row, column: str = "Created at") -> datetime:
    return datetime.strptime(row[column], "%d.%m.%Y %H:%M")


def test_times_and_numbers_are_written_as_each_account_does(written: Path) -> None:
    main, turkish = main_tickets(written), turkish_tickets(written)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row["Created at"]) for row in main)
    assert all(re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d", row["Created at"]) for row in turkish)
    assert any(int(row["Created at"][:2]) > 12 for row in turkish)
    assert all(re.fullmatch(r"(\d+,\d)?", row["First reply time in minutes"]) for row in turkish)
    assert all(re.fullmatch(r"(\d+,\d\d)?", row["Resolution time"]) for row in turkish)
    assert all(re.fullmatch(r"\d*", row["First reply time in minutes"]) for row in main)


def test_local_times_are_those_of_the_zone(written: Path, world: World) -> None:
    region = world.customers.set_index("customer_id")["region"].astype(str)
    first = world.tickets[world.tickets["customer_id"].astype(str).map(region) != "Türkiye"].iloc[0]
    local = first["created_at"].tz_localize("UTC").astimezone(ZoneInfo("Europe/Berlin")).strftime("%Y-%m-%d %H:%M")
    customer = [row for row in main_tickets(written) if row["Created at"] == local]
    assert customer[0]["Requester external id"] in (first["customer_id"], "")


def test_solved_is_creation_plus_the_minutes(written: Path) -> None:
    checked = 0
    for row in turkish_tickets(written):
        if row["Solved at"]:
            minutes = (at(row, "Solved at") - at(row)).total_seconds() / 60
            assert minutes == float(row["Full resolution time in minutes"].replace(",", "."))
            checked += 1
    assert checked > 2_000


def test_account_dirt_is_what_is_told(written: Path, told: dict[str, Any], world: World) -> None:
    accounts = {row["Id"]: row for row in rows((written / "raw" / "salesforce_accounts.csv").read_bytes())}
    kinds, dirt = Counter(row["Type"] for row in accounts.values()), told["dirt"]["salesforce_accounts"]
    assert len(accounts) == dirt["rows"]
    assert (kinds["Test"], kinds["Internal"], kinds["Prospect"]) == (6, 2, 5)
    merged = {row["Id"]: row["MasterRecordId"] for row in accounts.values() if row["MasterRecordId"]}
    assert len(merged) == dirt["merged"] == 14
    assert all(accounts[identity]["IsDeleted"] == "true" for identity in merged)
    assert sum(master in merged for master in merged.values()) == 1
    real = set(world.customers["customer_id"])
    assert set(accounts) >= real
    tickets = [*once_rows(main_tickets(written)), *turkish_tickets(written)]
    named = Counter(row["Requester external id"] for row in tickets)
    assert sum(named[identity] for identity in merged) == told["dirt"]["zendesk"]["naming_a_merged_account"] > 10
    strangers = set(named) - set(accounts) - {""}
    assert not strangers


def test_subscriptions_are_as_the_billing_system_writes_them(written: Path, told: dict[str, Any]) -> None:
    terms = rows((written / "raw" / "stripe_subscriptions.csv").read_bytes())
    dirt = told["dirt"]["stripe_subscriptions"]
    assert len(terms) == dirt["rows"]
    assert sum(row["livemode"] == "false" for row in terms) == dirt["test_mode"]
    assert sum(row["Status"] == "incomplete_expired" for row in terms) == dirt["never_started"]
    live = [row for row in terms if row["livemode"] == "true" and row["Status"] != "incomplete_expired"]
    assert {row["Currency"] for row in live} == {"eur", "usd", "try"}
    assert {row["Cancellation Reason"] for row in live} == {
        "",
        "plan_change",
        "cancellation_requested",
        "payment_failed",
    }
    begun = {(row["account_id (metadata)"], row["Product"], row["Start Date (UTC)"]) for row in live}
    changed = [row for row in live if row["Cancellation Reason"] == "plan_change"]
    assert len(changed) > 500
    assert all((row["account_id (metadata)"], row["Product"], row["Ended At (UTC)"]) in begun for row in changed)
    assert any(row["Canceled At (UTC)"] and not row["Ended At (UTC)"] for row in live)
    assert any(row["Canceled At (UTC)"] < row["Ended At (UTC)"] for row in live if row["Ended At (UTC)"])
    assert any(row["Status"] == "trialing" for row in live)


@pytest.mark.parametrize("name", ["qualtrics_relationship", "qualtrics_touchpoints"])
def test_survey_dirt_is_what_is_told(written: Path, told: dict[str, Any], name: str) -> None:
    headers, answers = survey(written, f"{name}.csv")
    dirt = told["dirt"][name]
    assert headers[0][:3] == ["StartDate", "EndDate", "Status"]
    assert json.loads(headers[2][0]) == {"ImportId": "startDate", "timeZone": "Europe/Istanbul"}
    assert all("ImportId" in json.loads(cell) for cell in headers[2])
    assert len(answers) == dirt["rows"]
    status = Counter(row["Status"] for row in {row["ResponseId"]: row for row in answers}.values())
    assert (status["1"], status["8"]) == (dirt["previews"], dirt["spam"])
    assert status["1"] > 10
    assert len(answers) - len({tuple(row.values()) for row in answers}) == dirt["rows_written_twice"] > 5
    unfinished = [row for row in answers if row["Finished"] == "0"]
    assert len(unfinished) == dirt["partial"]
    assert all(int(row["Progress"]) < 100 for row in unfinished)
    assert any("\n" in row["Q2"] for row in answers)
    assert all(
        row["Q1_NPS_GROUP"] == ("3" if int(row["Q1"]) >= 9 else "2" if int(row["Q1"]) >= 7 else "1")
        for row in answers
        if row["Status"] == "0" and row["invite"] and row["ResponseId"] not in twice(answers)
    )


def twice(answers: list[dict[str, str]]) -> set[str]:
    """Return responses of invitations that were answered twice."""
    count = Counter(row["invite"] for row in answers)
    return {row["ResponseId"] for row in answers if count[row["invite"]] > 1}


def test_invitations_are_the_denominator(written: Path, world: World) -> None:
    sent = rows(unzipped(written / "raw" / "qualtrics_distributions.csv.zip"), "utf-8-sig")
    assert len(sent) == len(world.surveys) + len(world.statements)
    state = Counter(row["Status"] for row in sent)
    both = [world.surveys, world.statements]
    assert state["Finished Survey"] == sum(asked["answered_at"].notna().sum() for asked in both)
    assert state["Email Bounced"] == sum((~asked["delivered"]).sum() for asked in both)
    known = {row["Recipient ID"]: row["Response ID"] for row in sent}
    assert len(known) == len(sent)
    for name in ("qualtrics_relationship", "qualtrics_touchpoints", "qualtrics_statements"):
        _, answers = survey(written, f"{name}.csv")
        invited = [row for row in answers if row["invite"]]
        assert {row["invite"] for row in invited} <= set(known)
        assert sum(known[row["invite"]] == row["ResponseId"] for row in invited) > 0.95 * len(invited)


def test_problem_questions_go_together(written: Path) -> None:
    _, answers = survey(written, "qualtrics_relationship.csv")
    finished = [row for row in answers if row["Finished"] == "1" and row["Status"] == "0"]
    assert {row["Q3"] for row in finished} == {"1", "2"}
    assert {row["Q5"] for row in finished} == {"", "1", "2", "3"}
    for row in finished:
        had = row["Q3"] == "1"
        assert (row["Q4"] in ("1", "2", "3")) == had
        assert (row["Q5"] in ("1", "2", "3")) == had
        assert bool(row["Q6"]) == had


def test_ratings_of_the_person_stand_where_a_person_was_rated(written: Path, world: World) -> None:
    every = [*once_rows(main_tickets(written)), *turkish_tickets(written)]
    assert {row["Friendliness [int]"] for row in every} == {"", "1", "2", "3", "4", "5"}
    assert {row["Had to repeat [flag]"] for row in every} == {"", "Yes", "No"}
    assert all((row["Had to repeat [flag]"] == "") == (row["Assignee"] == "") for row in every)
    rated = [row for row in every if row["Satisfaction Score"] in ("Good", "Bad") and row["Assignee"]]
    assert all((row["Friendliness [int]"] != "") == (row in rated) for row in every[:2_000])
    assert len(rated) == world.tickets["friendliness"].notna().sum()


def test_statements_are_put_to_customers_by_name_and_to_managers_without(
    written: Path, told: dict[str, Any], world: World
) -> None:
    for name, side in (("qualtrics_statements", "customer"), ("qualtrics_managers", "owner")):
        headers, answers = survey(written, f"{name}.csv")
        dirt, mine = told["dirt"][name], world.statements[world.statements["respondent"] == side]
        assert (
            len(answers)
            == dirt["rows"]
            == mine["answered_at"].notna().sum()
            + sum(dirt[kind] for kind in ("previews", "partial", "rows_written_twice"))
        )
        # the one statement that both sides were asked is the same word for word
        assert headers[1][headers[0].index("Q1")].startswith("Kuzey Cloud puts its customers first.")
        assert {row["Q1"] for row in answers} == {"", "1", "2", "3", "4", "5"}
        who = {"RecipientEmail", "RecipientLastName", "ExternalReference", "IPAddress", "invite"}
        assert who <= set(headers[0]) if side == "customer" else not who & set(headers[0])


def test_incidents_are_those_logged(written: Path, told: dict[str, Any], world: World) -> None:
    logged = pq.read_table(written / "raw" / "incidents.parquet")
    dirt = told["dirt"]["incidents"]
    assert logged.num_rows == dirt["rows"] == len(world.incidents) + dirt["of_a_test_account"]
    assert logged["noticed"].null_count == dirt["noticed_unknown"]
    assert str(logged.schema.field("occurred_at").type).endswith("tz=UTC]")
    assert len(set(logged["incident"].to_pylist())) == logged.num_rows


def test_use_and_workbook(written: Path, told: dict[str, Any], world: World) -> None:
    use = pq.read_table(written / "raw" / "usage_daily.parquet")
    dirt = told["dirt"]["usage_daily"]
    assert use.num_rows == dirt["rows"] == len(world.usage) + dirt["of_a_test_account"]
    assert sum(use["errors"].to_pylist()) >= int(world.usage["errors"].sum())
    book = CalamineWorkbook.from_path(str(written / "raw" / "success_and_costs.xlsx"))
    work, costs, prices = (book.get_sheet_by_name(name).to_python() for name in ("Interventions", "Costs", "Prices"))
    assert prices[0] == ["Currency", "Month", "Index"]
    assert len(prices) - 1 == len(world.price_index)
    assert len(work) - 1 == len(world.interventions)
    assert isinstance(work[1][3], datetime)
    assert costs[-1][0] == "Total"
    assert costs[-1][3] == pytest.approx(sum(line[3] for line in costs[1:-1]))


def test_addresses_cannot_be_anybody_s(written: Path) -> None:
    for path in (written / "raw").iterdir():
        said = content(path)
        if isinstance(said, bytes):
            text = said.decode("cp1254" if "_tr_" in path.name else "utf-8")
            domains = set(re.findall(r"[\w.-]+@([\w.-]+)", text))
            assert all(domain.casefold().endswith(".example") for domain in domains), path.name
            assert not re.search(r"\+(?!00 000 )\d\d \d{3} \d{4}", text)
