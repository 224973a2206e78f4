"""The canonical tables of a simulated company, laid straight from what happened: no exports, no dirt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from company import World, clock
from company.kinds import LANGUAGES
from company.statements import CUSTOMER_STATEMENTS, OWNER_STATEMENTS, STATEMENTS
from cxlib.language import Language
from cxlib.period import Month
from cxlib.sources import Sources, load_sources
from cxlib.tables import TABLES
from cxlib.workbook import Workbook
from desk import Desk, write_table

Tables = dict[str, pd.DataFrame]
SOURCES = Path(__file__).parents[2] / "data" / "sources.toml"
PUT_TO = {"customer": CUSTOMER_STATEMENTS, "owner": OWNER_STATEMENTS}
PRIORITIES = {"minor": "normal", "moderate": "high", "severe": "urgent"}


@cache
def sources() -> Sources:
    """Return what the workbook of the committed sample is told of zone, currency, rates and moment of export."""
    return load_sources(SOURCES)[0]


def some_customers(tables: Tables, every: int = 4) -> Tables:
    """Return the tables of every fourth customer."""
    return of_customers(tables, set(tables["customers"]["customer_id"].iloc[::every]), every)


def of_customers(tables: Tables, customers: set[str], every: int = 4) -> Tables:
    """Return the rows of some customers, and every fourth of those that belong to nobody."""

    def mine(frame: pd.DataFrame) -> pd.DataFrame:
        if "customer_id" not in frame:
            return frame
        nobody = frame["customer_id"].isna()
        chosen = frame["customer_id"].isin(customers) | (nobody & (nobody.cumsum() % every == 0))
        return frame[chosen].reset_index(drop=True)

    return {name: mine(frame) for name, frame in tables.items()}


def workbook_of(world: World, folder: Path, month: str = "2026-10") -> Workbook:
    """Lay the canonical tables of a simulated company into a folder and open one month of them."""
    return lay(tables_of(world), folder, month)


def lay(
    tables: Mapping[str, pd.DataFrame], folder: Path, month: str = "2026-10", as_of: datetime | None = None
) -> Workbook:
    """Lay canonical tables into a folder and open one month of them, told what the committed sample is told.

    A column counts as brought by an export where its frame has it; `as_of` is naive UTC.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in tables.items():
        write_table(name, frame, folder)
    told = sources()
    assert told.workbook.as_of is not None
    snapshot = Desk(
        folder,
        as_of or told.workbook.as_of.astimezone(UTC).replace(tzinfo=None),
        {
            name: tuple(column for column in TABLES[name].column_names if column in frame)
            for name, frame in tables.items()
        },
        time_zone=told.workbook.reporting_time_zone,
        currency=told.workbook.reporting_currency,
        company=told.workbook.company,
        rates={**told.rates, told.workbook.reporting_currency: 1.0},
    )
    return Workbook(snapshot, Month.parse(month), Language("en"))


def tables_of(world: World) -> dict[str, pd.DataFrame]:
    """Return the canonical tables that the world fills, each with the columns it has."""
    return {name: frame_of(world) for name, frame_of in MADE.items()}


def _named(table: str, frame: pd.DataFrame, **renamed: str) -> pd.DataFrame:
    """Return the canonical columns of a frame: those that bear the name, and `canonical="own name"`.

    An id that the frame does not have is numbered.
    """
    own = frame.rename(columns={name: canonical for canonical, name in renamed.items()})
    own = own[[name for name in TABLES[table].column_names if name in own]]
    missing = [name for name in TABLES[table].key if name not in own]
    return own.assign(**{name: _numbered(table, len(own)) for name in missing})


def _numbered(prefix: str, count: int) -> pd.Series:
    return pd.Series([f"{prefix}-{number}" for number in range(1, count + 1)], dtype=object)


def _customers(world: World) -> pd.DataFrame:
    return _named("customers", world.customers)


def _subscriptions(world: World) -> pd.DataFrame:
    """Return the paid terms: a trial is not one, whoever left in it never paid, and whoever is in it does not yet."""
    terms = world.subscriptions
    begins = terms["trial_ends_at"].fillna(terms["started_at"])
    paid = ~(terms["ended_at"] <= terms["trial_ends_at"]) & (begins <= pd.Timestamp(clock.EXPORTED_AT))
    terms = terms.assign(started_at=begins)[paid].reset_index(drop=True)
    ids = _numbered("sub", len(terms))
    reason = terms["end_reason"].replace("", None)
    return _named("subscriptions", terms.assign(term_id=ids, subscription_id=ids, end_reason=reason), quantity="seats")


def _tickets(world: World) -> pd.DataFrame:
    tickets = world.tickets
    waits = np.where(tickets["replies"] % 3 == 2, "open", "pending")
    severity = tickets["severity"].astype(object)
    region = tickets["customer_id"].astype(str).map(world.customers.set_index("customer_id")["region"].astype(str))
    return _named(
        "tickets",
        tickets.assign(
            channel=tickets["channel"].astype(object).replace("web form", "web_form"),
            status=np.select([tickets["status"] == "solved", tickets["status"] == "open"], ["solved", waits], "open"),
            priority=severity.map(PRIORITIES).fillna("low"),
            is_complaint=severity.notna(),
            is_outbound=False,
            is_bot_only=False,
            first_reply_unknown=False,
            solve_unknown=False,
            had_to_repeat=tickets["had_to_repeat"].where(tickets["agent"] >= 0),
            agent_group=("Support " + region).replace("Support Türkiye", "Destek İstanbul"),
            agent=tickets["agent"].map("agent-{}".format).where(tickets["agent"] >= 0),
        ),
        first_public_reply_at="first_replied_at",
        friendliness_score="friendliness",
    )


def _asked(world: World) -> pd.DataFrame:
    """Return the invitations of both surveys with what is the same for all their questions."""
    asked = world.surveys
    shown = asked["touchpoint"].astype(object) == "website_visit"
    return _plain(asked).assign(
        invite_id=_numbered("invite", len(asked)),
        channel=np.where(shown, "anonymous", "email"),
        touchpoint=_plain(asked)["touchpoint"].fillna("relationship"),
    )


def _asked_statements(world: World) -> pd.DataFrame:
    asked = _plain(world.statements)
    speaks = world.customers.set_index("customer_id")["language"].map(dict(enumerate(LANGUAGES)))
    return asked.assign(
        invite_id=_numbered("statement-invite", len(asked)),
        survey=asked["respondent"].map({"customer": "statements", "owner": "managers"}),
        channel="email",
        language=asked["customer_id"].map(speaks).fillna("en"),
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with its categories as texts, None where there is none."""
    texts = frame.select_dtypes("category").astype(object)
    return frame.assign(**texts.where(texts.notna(), None))


def _invites(world: World) -> pd.DataFrame:
    nps = _asked(world).assign(instrument="nps")
    nps["channel"] = nps["channel"].replace("anonymous", "intercept")
    statements = _asked_statements(world).assign(instrument="statement")
    return _named("survey_invites", pd.concat([nps, statements], ignore_index=True))


def _answers(world: World) -> pd.DataFrame:
    """Return one row per question answered: each instrument has its own score and scale."""
    given = _asked(world)
    given = given[given["answered_at"].notna()]
    waves = given[given["survey"] == "relationship"].drop(columns=["comment", "touchpoint"])
    severity = waves["severity"].map({"minor": 1, "moderate": 2, "severe": 3})
    nps = given.drop(columns=["severity", "told"]).assign(comment=given["comment"].replace("", None))
    told = waves.assign(score=waves["people_told"])[severity.notna()]
    parts = [
        _instrument(nps, "nps", 0, 10),
        _instrument(waves.assign(score=severity.fillna(0)), "problem", 0, 3),
        _instrument(told, "word_of_mouth", 0, 1000),
        *_statements(world),
    ]
    return pd.concat(parts, ignore_index=True)


def _statements(world: World) -> list[pd.DataFrame]:
    """Return the answers to each statement; those of managers cannot be traced to an invitation."""
    asked = _asked_statements(world)
    given = asked[asked["answered_at"].notna()].drop(columns=list(STATEMENTS))
    parts = []
    for statement in STATEMENTS:
        rows = given[given["respondent"].isin([side for side, own in PUT_TO.items() if statement in own])]
        scored = rows.assign(score=asked[statement].reindex(rows.index), question=statement)
        answers, by_owner = _instrument(scored, "statement", 1, 5, statement), rows["respondent"] == "owner"
        parts.append(
            answers.assign(
                invite_id=answers["invite_id"].mask(by_owner, None),
                channel=answers["channel"].mask(by_owner, "anonymous"),
            )
        )
    return parts


def _instrument(given: pd.DataFrame, instrument: str, lowest: int, highest: int, question: str = "") -> pd.DataFrame:
    answers = given.assign(
        answer_id=f"{question or instrument}-" + given["invite_id"],
        instrument=instrument,
        score=given["score"].astype("Float64").astype("float64"),
        scale_min=float(lowest),
        scale_max=float(highest),
    )
    return _named("survey_answers", answers, completed_at="answered_at")


def _usage(world: World) -> pd.DataFrame:
    return _named("usage_daily", world.usage.assign(user_id=world.usage["customer_id"]))


def _opportunities(world: World) -> pd.DataFrame:
    """Return the opportunities; a day of closing is one of the reporting zone and not before the opening."""
    deals = world.opportunities
    zone = sources().workbook.reporting_time_zone
    local = deals["closed_at"].dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)
    closed = local.where(~(local < deals["created_at"]), deals["created_at"])
    return _named("opportunities", deals.assign(closed_at=closed))


def _interventions(world: World) -> pd.DataFrame:
    return _named("interventions", world.interventions)


def _costs(world: World) -> pd.DataFrame:
    return _named("costs", world.costs)


def _incidents(world: World) -> pd.DataFrame:
    log = world.incidents
    return _named("incidents", log.assign(noticed=log["noticed"].where(log["noticed_known"])))


def _price_index(world: World) -> pd.DataFrame:
    return _named("price_index", world.price_index)


MADE: Mapping[str, Callable[[World], pd.DataFrame]] = {
    "customers": _customers,
    "subscriptions": _subscriptions,
    "tickets": _tickets,
    "survey_invites": _invites,
    "survey_answers": _answers,
    "usage_daily": _usage,
    "opportunities": _opportunities,
    "interventions": _interventions,
    "costs": _costs,
    "incidents": _incidents,
    "price_index": _price_index,
}
