"""The simulated company as tidy frames, and the one call that makes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from company import (
    clock,
    costs,
    experience,
    incidents,
    known,
    names,
    prices,
    ratings,
    referrals,
    revenue,
    sales,
    statements,
    surveys,
    usage,
)
from company.customers import Population, population
from company.kinds import (
    ACQUISITION,
    CHANNELS,
    CURRENCIES,
    END_REASONS,
    ENGLISH,
    MIDDLE_EAST,
    NONE,
    PERSIAN,
    PRODUCTS,
    REGIONS,
    SECTORS,
    SEVERITIES,
    TIERS,
    TOPICS,
    TURKISH,
    TURKIYE,
    Bools,
    Ints,
    labels,
)
from company.life import live
from company.parameters import Parameters
from company.records import Lives
from company.streams import stream

SEED = 20261101
"""The company of data/sample."""
KINDS = ("success_manager", "onboarding", "follow_up")
ARMS = ("observational", "control", "treated")
_BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True)
class World:
    """One simulated company: what happened, and what only the simulation knows.

    Times are naive UTC; `customer_id` is the same in every frame. Latent, and in no export: `problems`,
    `customer_months`, of `tickets` the columns `handled_well` and `mood`, of `surveys` `satisfaction` and
    `potential_score`, of `statements` `satisfaction` and `potential_...`, and `incidents.problem`.

    Attributes
    ----------
    customers : DataFrame
        One row per account that was a customer in the exported months.
    spells : DataFrame
        One row per stretch of time as a customer, with the request to leave and the end.
    customer_months : DataFrame
        One row per customer and month begun as one: satisfaction, hurt and monthly hazard at its start.
    problems : DataFrame
        One row per bad experience: told to the company, in public only, or to neither.
    incidents : DataFrame
        One row per thing that the company's systems logged, noticed by the customer or not.
    tickets, subscriptions, surveys, usage, opportunities, interventions, costs : DataFrame
        What the systems of the company hold, before anything is wrong with it. `surveys` has one row per invitation.
    statements : DataFrame
        One row per invitation to agree or disagree with statements, of customers and of the company's managers.
    price_index : DataFrame
        Consumer prices by currency and month.
    """

    seed: int
    parameters: Parameters
    customers: pd.DataFrame
    spells: pd.DataFrame
    customer_months: pd.DataFrame
    problems: pd.DataFrame
    tickets: pd.DataFrame
    subscriptions: pd.DataFrame
    surveys: pd.DataFrame
    usage: pd.DataFrame
    opportunities: pd.DataFrame
    interventions: pd.DataFrame
    costs: pd.DataFrame
    incidents: pd.DataFrame
    statements: pd.DataFrame
    price_index: pd.DataFrame


def salesforce_id(prefix: str, rng: np.random.Generator, count: int) -> list[str]:
    """Return ids of 18 characters; the last three tell capital letters of the first fifteen, five at a time."""
    drawn = rng.integers(0, len(_BASE62), (count, 15 - len(prefix)))
    short = [prefix + "".join(_BASE62[digit] for digit in row) for row in drawn]
    return [body + "".join(_checksum(body[at : at + 5]) for at in (0, 5, 10)) for body in short]


def _checksum(five: str) -> str:
    return "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(1 << at for at, letter in enumerate(five) if letter.isupper())]


def _customers(seed: int, people: Population, referrer: Ints) -> pd.DataFrame:
    rng, ids = stream(seed, "names"), salesforce_id("001", stream(seed, "customer ids"), len(people))
    company, domain = names.companies(rng, people.region)
    count, chance = len(people), rng.random(len(people))
    language = np.select(
        [(people.region == TURKIYE) & (chance < 0.9), (people.region == MIDDLE_EAST) & (chance < 0.65)],
        [TURKISH, PERSIAN],
        ENGLISH,
    )
    contact = rng.integers(0, 10_000, count)
    return pd.DataFrame(
        {
            "customer_id": ids,
            "name": company,
            "domain": domain,
            "created_at": clock.times(people.born),
            "region": labels(people.region, REGIONS),
            "tier": labels(people.tier, TIERS),
            "sector": labels(people.sector, SECTORS),
            "acquisition_channel": labels(people.acquisition, ACQUISITION),
            "referred_by": labels(referrer, tuple(ids)),
            "product": labels(people.product, PRODUCTS),
            "currency": labels(people.currency, CURRENCIES),
            "annual": people.annual,
            "language": language,
            "contact": contact,
            "frailty": people.frailty,
            "own_level": people.level,
        }
    )


def _spells(lives: Lives) -> pd.DataFrame:
    spells, ended = lives.spells, lives.spells.until <= clock.AS_OF
    return pd.DataFrame(
        {
            "account": spells.account,
            "started_at": clock.times(spells.since),
            "asked_to_leave_at": clock.times(spells.decided),
            "ended_at": clock.times(np.where(ended, spells.until, NONE)),
            "end_reason": labels(np.where(ended, spells.reason, NONE), END_REASONS),
        }
    ).sort_values(["account", "started_at"], kind="stable", ignore_index=True)


def _customer_months(lives: Lives) -> pd.DataFrame:
    month, account = np.nonzero(lives.panel.active)
    panel = lives.panel
    return pd.DataFrame(
        {
            "account": account,
            "month": clock.times(clock.MONTH_STARTS[clock.FIRST + month]),
            "satisfaction": panel.satisfaction[month, account],
            "hurt": panel.hurt[month, account],
            "hazard": panel.hazard[month, account],
            "managed": panel.managed[month, account],
            "onboarded": panel.onboarded[month, account],
        }
    )


def _problems(lives: Lives, in_public: Bools) -> pd.DataFrame:
    problems = lives.problems
    return pd.DataFrame(
        {
            "account": problems.account,
            "occurred_at": clock.times(problems.at),
            "severity": labels(problems.severity, SEVERITIES),
            "told": problems.told,
            "in_public": in_public,
        }
    )


def _tickets(lives: Lives, rated: pd.DataFrame) -> pd.DataFrame:
    """Return the tickets as they stand when exported: what comes later is not known."""
    contacts = lives.contacts
    replied = np.where(contacts.replied <= clock.AS_OF, contacts.replied, NONE)
    first = np.where(contacts.solved_first <= clock.AS_OF, contacts.solved_first, NONE)
    last = np.where((contacts.solved_last <= clock.AS_OF) & (first != NONE), contacts.solved_last, NONE)
    answered = replied != NONE
    state = np.select([last != NONE, answered | (first != NONE)], ["solved", "open"], "new")
    frame = pd.DataFrame(
        {
            "account": contacts.account,
            "problem": contacts.problem,
            "created_at": clock.times(contacts.created),
            "channel": labels(contacts.channel, CHANNELS),
            "topic": labels(contacts.topic, TOPICS),
            "severity": labels(contacts.severity, SEVERITIES),
            "product": labels(lives.people.product[contacts.account], PRODUCTS),
            "agent": np.where(answered, contacts.agent, NONE),
            "status": state,
            "first_replied_at": clock.times(replied),
            "first_reply_working_minutes": np.where(answered, contacts.reply_working, NONE),
            "first_solved_at": clock.times(first),
            "last_solved_at": clock.times(last),
            "replies": np.where(answered, contacts.replies, 0),
            "reopens": np.where(first != NONE, contacts.reopens, 0),
            "handled_well": contacts.well,
        }
    )
    frame = pd.concat([frame, rated], axis=1)
    return frame.sort_values(["created_at", "account"], kind="stable", ignore_index=True)


def _interventions(lives: Lives) -> pd.DataFrame:
    work = lives.work
    done = work.delivered <= clock.AS_OF
    frame = pd.DataFrame(
        {
            "account": work.account,
            "kind": labels(work.kind, KINDS),
            "assigned_at": clock.times(work.assigned),
            "delivered_at": clock.times(np.where(done, work.delivered, NONE)),
            "arm": labels(work.arm + 1, ARMS),
            "trigger_score": work.score,
        }
    )
    return frame.sort_values(["assigned_at", "account"], kind="stable", ignore_index=True)


def _with_id(frame: pd.DataFrame, customer_id: pd.Series) -> pd.DataFrame:
    """Put the customer's id in the place of its position."""
    codes = frame["account"].to_numpy().astype(np.int64)
    return frame.drop(columns="account").assign(customer_id=labels(codes, tuple(customer_id)))


def simulate(seed: int = SEED, parameters: Parameters = Parameters()) -> World:
    """Simulate one B2B subscription company from 2023-11 to 2026-10, exported on 2026-11-09.

    Parameters
    ----------
    seed : int
        Seed of all random numbers; every part of the simulation has a stream of its own.
    parameters : Parameters
        What the company is like.
    """
    lives = known.known(live(population(parameters, seed), parameters, seed))
    customers = _customers(seed, lives.people, referrals.referrers(stream(seed, "referrals"), parameters, lives))
    in_public = experience.in_public(stream(seed, "public complaints"), parameters, lives.problems)
    terms = revenue.subscriptions(stream(seed, "revenue"), parameters, lives)
    deals = sales.opportunities(stream(seed, "sales"), parameters, lives, terms)
    language = customers["language"].to_numpy()
    frames = {
        "spells": _spells(lives),
        "customer_months": _customer_months(lives),
        "problems": _problems(lives, in_public),
        "tickets": _tickets(lives, ratings.ratings(seed, parameters, lives)),
        "subscriptions": terms,
        "surveys": surveys.surveys(seed, parameters, lives, in_public, language, terms, deals),
        "usage": usage.usage(stream(seed, "usage"), lives),
        "opportunities": deals,
        "interventions": _interventions(lives),
        "incidents": incidents.incidents(stream(seed, "incidents"), parameters, lives),
        "statements": statements.statements(seed, parameters, lives),
    }
    frames = {name: _with_id(frame, customers["customer_id"]) for name, frame in frames.items()}
    spent = costs.costs(seed, parameters, lives, terms)
    index = prices.price_index(stream(seed, "consumer prices"), parameters)
    return World(seed=seed, parameters=parameters, customers=customers, costs=spent, price_index=index, **frames)
