"""Tickets as a help desk has them: real ones, and merged, spam, test, outbound and bot tickets among them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock, names
from company.exports.accounts import COMPANY_DOMAIN, Register, stale_ids
from company.kinds import ENGLISH, TURKISH, TURKIYE, Ints
from company.names import WORDS
from company.streams import stream
from company.support import AGENTS_PER_REGION
from company.world import World

DELETED = "Permanently deleted user"


def _raw(world: World) -> pd.DataFrame:
    """Return the real tickets with what the extra ones also have."""
    tickets = world.tickets.drop(columns=["handled_well", "problem", "mood"])
    account = tickets["customer_id"].cat.codes.to_numpy()
    return tickets.assign(
        region=world.customers["region"].cat.codes.to_numpy()[account].astype(np.int64),
        account=account,
        tags="",
        kind="real",
        severity=tickets["severity"].astype(object),
        topic=tickets["topic"].astype(object),
        channel=tickets["channel"].astype(object),
        customer_id=tickets["customer_id"].astype(object),
        product=tickets["product"].astype(object),
    )


def _copies(rng: np.random.Generator, tickets: pd.DataFrame, share: float, kind: str, tags: str) -> pd.DataFrame:
    """Return copies of some tickets, a few minutes later, as another kind."""
    chosen = tickets.iloc[np.sort(rng.choice(len(tickets), round(share * len(tickets)), replace=False))].copy()
    later = pd.to_timedelta(rng.integers(2, 12, len(chosen)), unit="min")
    times = [column for column in chosen.columns if column.endswith("_at")]
    chosen[times] = chosen[times].add(later.to_numpy(), axis=0)
    unrated = pd.Series(pd.NA, index=chosen.index, dtype="Int64")
    return chosen.assign(kind=kind, tags=tags, satisfaction="not_offered", friendliness=unrated)


def _closed_unanswered(tickets: pd.DataFrame, minutes: int) -> pd.DataFrame:
    solved = tickets["created_at"] + pd.Timedelta(minutes=minutes)
    never = pd.Series(pd.NaT, index=tickets.index, dtype="datetime64[s]")
    return tickets.assign(
        first_replied_at=never,
        first_reply_working_minutes=-1,
        first_solved_at=solved,
        last_solved_at=solved,
        status="solved",
        replies=0,
        reopens=0,
        agent=-1,
        had_to_repeat=False,
    )


def _extra(world: World, people: Register, rng: np.random.Generator, real: pd.DataFrame) -> pd.DataFrame:
    """Return merged, spam, test, outbound and bot tickets, and those of test and internal accounts."""
    dirt = world.parameters.dirt
    done = real[real["status"] == "solved"]
    questions = done[done["severity"].isna()]
    chats = questions[questions["channel"] == "chat"]
    spam = _copies(rng, questions, dirt.spam, "spam", "spam").assign(customer_id="", account=-1)
    test = _copies(rng, questions, dirt.test_tickets, "test", "test qa-user").assign(customer_id="", account=-1)
    own = _copies(rng, questions, 0.0022, "own", "")
    nobody = np.array([*people.test, *people.internal], dtype=object)
    return pd.concat(
        [
            _closed_unanswered(_copies(rng, done, dirt.merged_tickets, "merged", "closed_by_merge"), 9),
            _closed_unanswered(spam, 15),
            test,
            own.assign(customer_id=nobody[rng.integers(0, len(nobody), len(own))], account=-1),
            _copies(rng, questions, dirt.outbound, "outbound", "outbound"),
            _closed_unanswered(_copies(rng, chats, dirt.bot_only * len(real) / len(chats), "bot", "bot_only"), 3),
        ]
    )


def _requesters(world: World, people: Register, rng: np.random.Generator, tickets: pd.DataFrame) -> pd.DataFrame:
    """Return name, id and address of who wrote; some deleted, some without customer id."""
    dirt, customers = world.parameters.dirt, world.customers
    languages, contacts = customers["language"].to_numpy(), customers["contact"].to_numpy()
    domains = customers["domain"].tolist()
    extra = np.where(rng.random(len(tickets)) < 0.6, 0, rng.integers(1, 5, len(tickets)))
    rows = []
    for kind, account, other in zip(tickets["kind"], tickets["account"], extra, strict=True):
        if account < 0:
            domain = COMPANY_DOMAIN if kind in ("own", "test") else "unknown-sender.example"
            language, number = ENGLISH, int(other) + 40
        else:
            language = int(languages[account])
            domain, number = domains[account], int(contacts[account] + other)
        rows.append(
            (
                " ".join(names.person(language, number)),
                36_000_000_000 + (int(account) + 1) * 10 + int(other),
                names.address(language, number, domain),
                domain,
            )
        )
    out = pd.DataFrame(rows, columns=["Requester", "Requester id", "Requester email", "Requester domain"])
    out["Requester external id"] = tickets["customer_id"].to_numpy()
    out["Requester external id"] = stale_ids(
        rng, people, tickets["customer_id"].reset_index(drop=True), dirt.moved_ids, out["Requester external id"]
    )
    chance, known = rng.random(len(tickets)), (tickets["kind"] == "real").to_numpy()
    gone = known & (chance < dirt.deleted_users)
    out.loc[gone, ["Requester", "Requester email", "Requester domain", "Requester external id"]] = [DELETED, "", "", ""]
    unnamed = known & ~gone & (extra == 0) & (chance > 1 - dirt.missing_customer / 0.6)
    out.loc[unnamed, "Requester external id"] = ""
    return out


def agent_name(number: int) -> str:
    """Return the name of an agent; Turkish ones in Istanbul."""
    first = sum(AGENTS_PER_REGION[:TURKIYE])
    turkish = first <= number < first + AGENTS_PER_REGION[TURKIYE]
    return " ".join(names.person(TURKISH if turkish else ENGLISH, 3 + 11 * number))


def subjects(rng: np.random.Generator, tickets: pd.DataFrame) -> list[str]:
    """Return a subject per ticket, Turkish in the Turkish account."""
    out = []
    for region, topic, kind in zip(tickets["region"], tickets["topic"], tickets["kind"], strict=True):
        choices = WORDS["subjects"]["tr" if region == TURKIYE else "en"][topic]
        subject = choices[int(rng.integers(len(choices)))]
        out.append("You have won!!!" if kind == "spam" else "test - please ignore" if kind == "test" else subject)
    return out


def _minutes(start: pd.Series, end: pd.Series) -> pd.Series:
    return ((end - start).dt.total_seconds() / 60).fillna(-1).astype("int64")


def _working(tickets: pd.DataFrame, column: str) -> pd.Series:
    """Return working minutes from creation to a later time, -1 where there is none."""
    region: Ints = tickets["region"].to_numpy()
    epoch = clock.EPOCH.astype("datetime64[s]")
    start, end = (
        ((tickets[name].fillna(tickets["created_at"]).to_numpy() - epoch) // np.timedelta64(60, "s")).astype(np.int64)
        for name in ("created_at", column)
    )
    passed = clock.working_minutes(clock.to_local(end, region)) - clock.working_minutes(clock.to_local(start, region))
    return pd.Series(np.where(tickets[column].isna(), -1, passed), index=tickets.index)


def durations(tickets: pd.DataFrame) -> pd.DataFrame:
    """Return the duration columns of the export in minutes, -1 where empty."""
    created, full = tickets["created_at"], _minutes(tickets["created_at"], tickets["last_solved_at"])
    full_working = _working(tickets, "last_solved_at")
    share = 0.15 * (tickets["replies"] > 1)
    within = " within business hours"
    columns = {
        "First reply time in minutes": _minutes(created, tickets["first_replied_at"]),
        "First reply time in minutes" + within: tickets["first_reply_working_minutes"].astype("int64"),
        "First resolution time in minutes": _minutes(created, tickets["first_solved_at"]),
        "First resolution time in minutes" + within: _working(tickets, "first_solved_at"),
        "Full resolution time in minutes": full,
        "Full resolution time in minutes" + within: full_working,
        "Agent wait time in minutes": (full * share).where(full >= 0, -1).astype("int64"),
        "Agent wait time in minutes" + within: (full_working * share).where(full >= 0, -1).astype("int64"),
        "Requester wait time in minutes": (full * (1 - share)).where(full >= 0, -1).astype("int64"),
        "Requester wait time in minutes" + within: (full_working * (1 - share)).where(full >= 0, -1).astype("int64"),
        "On hold time in minutes": full.clip(upper=0),
        "On hold time in minutes" + within: full.clip(upper=0),
    }
    return pd.DataFrame(columns)


def tickets_with_dirt(world: World, people: Register) -> pd.DataFrame:
    """Return all tickets in the order of their creation, each with its requester.

    `kind` says what a ticket is: real, merged, spam, test, own (of test and internal accounts), outbound or bot.
    """
    rng, real = stream(world.seed, "ticket dirt"), _raw(world)
    tickets = pd.concat([real, _extra(world, people, rng, real)])
    tickets = tickets.sort_values(["created_at", "kind", "account"], kind="stable", ignore_index=True)
    return pd.concat([tickets, _requesters(world, people, rng, tickets)], axis=1)
