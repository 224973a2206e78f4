"""Lays tickets out in the columns of the help desk's CSV export and writes the two accounts' files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from company import clock
from company.exports.accounts import Register
from company.exports.files import Format, csv_bytes, frame_rows, local_text, number_text, write_zip
from company.exports.zendesk import DELETED, agent_name, durations, subjects, tickets_with_dirt
from company.kinds import CHANNELS, REGIONS, TURKIYE
from company.streams import stream
from company.world import World

ZIPPED_YEARS = (2024, 2025, 2026)
FIRST_ID = 100_001
CLOSES_AFTER = pd.Timedelta(days=28)
VIA = dict(zip(CHANNELS, ("Mail", "Web form", "Chat", "Phone call (inbound)", "WhatsApp"), strict=True))
SCORES = {"not_offered": "Not Offered", "offered": "Offered", "good": "Good", "bad": "Bad"}
PRIORITIES = {"minor": "Normal", "moderate": "High", "severe": "Urgent"}


@dataclass(frozen=True)
class Desk:
    """One help desk account: its clock, how it writes times, and its files."""

    zone: str
    times: str
    form: Format
    decimal_comma: bool


MAIN = Desk("Europe/Berlin", "%Y-%m-%d %H:%M", Format(), False)
TURKISH = Desk("Europe/Istanbul", "%d.%m.%Y %H:%M", Format(separator=";", encoding="cp1254"), True)


def _status(tickets: pd.DataFrame) -> pd.Series:
    """Return the state in the help desk's words: what was solved long ago is closed, what waits is pending."""
    as_of = pd.Timestamp(clock.times(np.array([clock.AS_OF]))[0])
    waits = np.where(tickets["replies"] % 3 == 1, "Pending", np.where(tickets["replies"] % 3 == 2, "Open", "Hold"))
    solved = np.where(tickets["last_solved_at"] + CLOSES_AFTER < as_of, "Closed", "Solved")
    return pd.Series(np.select([tickets["status"] == "solved", tickets["status"] == "open"], [solved, waits], "New"))


def _tags(tickets: pd.DataFrame) -> pd.Series:
    topic = tickets["topic"].str.replace(" ", "_")
    return (tickets["product"].str.lower() + " " + topic + " " + tickets["tags"]).str.strip()


def _groups(tickets: pd.DataFrame) -> list[str]:
    turkish = {TURKIYE: "Destek İstanbul"}
    return [turkish.get(region, f"Support {REGIONS[region]}") for region in tickets["region"]]


def _resolution_hours(minutes: pd.Series, desk: Desk) -> pd.Series:
    blank = minutes < 0
    if desk.decimal_comma:
        return (minutes / 60).map("{:.2f}".format).str.replace(".", ",").astype(object).mask(blank, "")
    return number_text((minutes / 60).round(), blank)


def _minute_text(minutes: pd.Series, desk: Desk) -> pd.Series:
    text = number_text(minutes, minutes < 0)
    return text.where(text == "", text + ",0") if desk.decimal_comma else text


def _durations(tickets: pd.DataFrame, lost_clock: pd.Timestamp | None) -> pd.DataFrame:
    """Return the duration columns in minutes; reply times from before the clock was lost stand at 0."""
    minutes = durations(tickets)
    if lost_clock is not None:
        lost = (tickets["created_at"] < lost_clock) & (minutes["First reply time in minutes"] >= 0)
        reply = [str(name) for name in minutes.columns if str(name).startswith("First reply")]
        minutes[reply] = minutes[reply].mask(lost, 0)
    return minutes


def _layout(world: World, tickets: pd.DataFrame, desk: Desk, lost_clock: pd.Timestamp | None) -> pd.DataFrame:
    """Return the export's columns as text, one row per ticket."""
    rng = stream(world.seed, f"zendesk {desk.zone}")
    agent, account = tickets["agent"].to_numpy(), tickets["account"].to_numpy()
    assignee = pd.Series([agent_name(int(a)) if a >= 0 else "" for a in agent], dtype=object)
    company = world.customers["name"].to_numpy()[np.maximum(account, 0)]
    minutes = _durations(tickets, lost_clock)
    unrecorded = rng.random(len(tickets)) < world.parameters.dirt.severity_unrecorded
    asked = (tickets["created_at"] + pd.Timedelta(minutes=1)).where(agent >= 0)
    last_touch = tickets[["created_at", "first_replied_at", "last_solved_at"]].max(axis=1)

    def at(times: pd.Series) -> pd.Series:
        return local_text(times, desk.zone, desk.times)

    return pd.DataFrame(
        {
            "Summation column": "1",
            "Id": (FIRST_ID + np.arange(len(tickets))).astype(str),
            **{
                name: tickets[name]
                for name in (
                    "Requester",
                    "Requester id",
                    "Requester external id",
                    "Requester email",
                    "Requester domain",
                )
            },
            "Submitter": assignee.where(tickets["kind"] == "outbound", tickets["Requester"]),
            "Assignee": assignee,
            "Group": _groups(tickets),
            "Subject": subjects(rng, tickets),
            "Tags": _tags(tickets),
            "Status": _status(tickets),
            "Priority": tickets["severity"].map(PRIORITIES).fillna("Low"),
            "Via": tickets["channel"].map(VIA),
            "Ticket type": np.where(tickets["severity"].notna(), "Problem", "Question"),
            "Created at": at(tickets["created_at"]),
            "Updated at": at(last_touch),
            "Assigned at": at(asked),
            "Organization": np.where(account >= 0, company, ""),
            "Due date": "",
            "Initially assigned at": at(asked),
            "Solved at": at(tickets["last_solved_at"]),
            "Resolution time": _resolution_hours(minutes["Full resolution time in minutes"], desk),
            "Satisfaction Score": tickets["satisfaction"].map(SCORES),
            "Group stations": "1",
            "Assignee stations": np.where(agent >= 0, "1", "0"),
            "Reopens": tickets["reopens"].astype(str),
            "Replies": tickets["replies"].astype(str),
            **{name: _minute_text(minutes[name], desk) for name in map(str, minutes.columns)},
            "Topic [list]": tickets["topic"],
            "Product [list]": tickets["product"],
            "Severity [list]": tickets["severity"].fillna("").mask(unrecorded, ""),
            "Complaint [flag]": np.where(tickets["severity"].notna(), "Yes", "No"),
            "Had to repeat [flag]": np.select([agent < 0, tickets["had_to_repeat"]], ["", "Yes"], "No"),
            "Friendliness [int]": tickets["friendliness"].astype("Int64").astype(object).fillna(""),
        }
    )


def _write_main(world: World, tickets: pd.DataFrame, folder: Path) -> int:
    """Write one file per calendar year, some zipped; each begins a little before its year.

    Returns how many rows are written twice.
    """
    rows = _layout(world, tickets, MAIN, None)
    year = rows["Created at"].str[:4].astype(int)
    overlap = pd.Timedelta(days=world.parameters.dirt.overlap_days)
    twice = 0
    for this in sorted(year.unique()):
        begins = pd.Timestamp(int(this), 1, 1) - overlap
        again = (year == this - 1) & (pd.to_datetime(rows["Created at"]) >= begins)
        twice += int(again.sum())
        content = csv_bytes(frame_rows(rows[(year == this) | again]), MAIN.form)
        name = f"zendesk_tickets_{this}.csv"
        if this in ZIPPED_YEARS:
            write_zip(folder / f"{name}.zip", name, content)
        else:
            (folder / name).write_bytes(content)
    return twice


def write(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write the tickets of both accounts; return how many rows of each kind of dirt are in them."""
    tickets = tickets_with_dirt(world, people)
    turkish = tickets["region"] == TURKIYE
    main = tickets[~turkish].reset_index(drop=True)
    local = tickets[turkish].reset_index(drop=True)
    moved = pd.Timestamp(world.parameters.dirt.clock_lost_until, tz=TURKISH.zone)
    lost_clock = moved.tz_convert("UTC").tz_localize(None)
    rows = _layout(world, local, TURKISH, lost_clock)
    (folder / "zendesk_tr_tickets.csv").write_bytes(csv_bytes(frame_rows(rows), TURKISH.form))
    twice = _write_main(world, main, folder)
    kinds = tickets["kind"].value_counts()
    lost = (local["created_at"] < lost_clock) & local["first_replied_at"].notna()
    return {
        "rows": len(tickets) + twice,
        "rows_written_twice": twice,
        **{kind: int(kinds[kind]) for kind in ("merged", "spam", "test", "own", "outbound", "bot")},
        "deleted_user": int((tickets["Requester"] == DELETED).sum()),
        "without_customer_but_with_address": int(
            (
                (tickets["kind"] == "real")
                & (tickets["Requester external id"] == "")
                & (tickets["Requester email"] != "")
            ).sum()
        ),
        "naming_a_merged_account": int(tickets["Requester external id"].isin(list(people.merged)).sum()),
        "lost_reply_clock": int(lost.sum()),
    }
