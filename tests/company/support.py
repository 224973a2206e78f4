"""Requests for help: who asks, who answers, how long it takes and whether it is done well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from company import clock
from company.customers import Population
from company.experience import is_slow
from company.kinds import (
    CHAT,
    EMAIL,
    NO_PROBLEM,
    NONE,
    PHONE,
    QUESTION_TOPICS,
    REGIONS,
    Bools,
    Floats,
    Ints,
)
from company.parameters import Parameters
from cxlib.period import Month

AGENTS_PER_REGION = (7, 6, 4, 4, 4)
HIRED_LATER = 3  # more agents of the slow region, who end the slow months

CHANNEL_SHARE = np.array(
    [
        [0.40, 0.22, 0.20, 0.16, 0.02],  # DACH
        [0.26, 0.12, 0.18, 0.18, 0.26],  # Türkiye
        [0.44, 0.22, 0.24, 0.08, 0.02],  # Nordics
        [0.26, 0.12, 0.14, 0.16, 0.32],  # Middle East
        [0.38, 0.22, 0.24, 0.14, 0.02],  # UK
    ]
)
QUESTION_TOPIC_SHARE = np.array([0.40, 0.20, 0.16, 0.12, 0.12])
PROBLEM_TOPIC_SHARE = np.array(
    [
        [0.55, 0.25, 0.02, 0.17, 0.01],  # minor
        [0.45, 0.22, 0.13, 0.17, 0.03],  # moderate
        [0.28, 0.10, 0.40, 0.07, 0.15],  # severe
    ]
)
QUESTION_WORK = np.array([110.0, 50.0, 200.0, 420.0, 330.0])  # median working minutes from reply to solution
PROBLEM_WORK = np.array([180.0, 480.0, 780.0])  # by severity


@dataclass(frozen=True)
class Desk:
    """The agents: region they work for, skill, first month at work."""

    region: Ints
    skill: Floats
    since: Ints

    @classmethod
    def staff(cls, rng: np.random.Generator, parameters: Parameters) -> Desk:
        """Draw the agents of the company."""
        support = parameters.support
        slow = REGIONS.index(support.slow_region)
        region = np.append(np.repeat(np.arange(len(REGIONS)), AGENTS_PER_REGION), np.full(HIRED_LATER, slow))
        hired = clock.month_index(Month.parse(support.slow_from)) + support.slow_months
        since = np.append(np.zeros(sum(AGENTS_PER_REGION), dtype=np.int64), np.full(HIRED_LATER, hired))
        return cls(region, support.skill_spread * rng.normal(size=len(region)), since)

    def draw(self, rng: np.random.Generator, region: Ints, month: int) -> Ints:
        """Return an agent of the region for each request."""
        there = self.since <= month
        order = np.argsort(np.where(there, self.region, len(REGIONS)), kind="stable")
        count = np.bincount(self.region[there], minlength=len(REGIONS))
        first = np.cumsum(count) - count
        chosen: Ints = order[first[region] + np.floor(rng.random(len(region)) * count[region]).astype(np.int64)]
        return chosen


@dataclass(frozen=True)
class Contacts:
    """One entry per request for help of a month. Minutes are UTC; `NONE` where it did not happen."""

    account: Ints
    problem: Ints  # index of the problem in the month, NONE for a question
    severity: Ints
    topic: Ints
    channel: Ints
    agent: Ints
    created: Ints
    replied: Ints
    reply_working: Ints  # working minutes to the first reply
    solved_first: Ints
    solved_last: Ints
    replies: Ints
    reopens: Ints
    well: Bools  # handled well, in the eyes of the customer

    def __len__(self) -> int:
        return len(self.account)


def questions(
    rng: np.random.Generator, parameters: Parameters, people: Population, here: Ints, month: int, factor: Floats
) -> Ints:
    """Draw the accounts that ask a question this month; `factor` is what success work and age do to the rate."""
    season = 1 + parameters.support.question_season * np.cos(2 * np.pi * (month % 12) / 12)
    rate = parameters.support.questions.array()[people.tier[here]] * season * factor
    return np.repeat(here, rng.poisson(rate))


def _pick(rng: np.random.Generator, share: Floats) -> Ints:
    """Return one category per row of shares."""
    position: Ints = (np.cumsum(share, axis=1) < rng.random((len(share), 1))).sum(axis=1)
    return np.clip(position, 0, share.shape[1] - 1)


def _topics(rng: np.random.Generator, severity: Ints) -> Ints:
    question = _pick(rng, np.broadcast_to(QUESTION_TOPIC_SHARE, (len(severity), len(QUESTION_TOPICS))))
    problem = _pick(rng, PROBLEM_TOPIC_SHARE[np.maximum(severity, 0)])
    return np.where(severity == NO_PROBLEM, question, len(QUESTION_TOPICS) + problem)


def _reply_minutes(
    rng: np.random.Generator,
    parameters: Parameters,
    channel: Ints,
    severity: Ints,
    local: Ints,
    slow: Bools,
    skill: Floats,
) -> Floats:
    support = parameters.support
    hard = np.where(severity == NO_PROBLEM, 0.0, support.slower_by_severity.array()[np.maximum(severity, 0)])
    busy = (local % clock.WEEK < clock.DAY) | ((local % clock.DAY >= 9 * 60) & (local % clock.DAY < 12 * 60))
    log_minutes = (
        np.log(support.median_reply.array()[channel])
        + support.busy_hours * busy
        + support.slow_reply * slow
        + hard
        + support.skill_speed * skill
        + support.reply_spread * rng.normal(size=len(channel))
    )
    minutes: Floats = np.maximum(np.exp(log_minutes), 1.0)
    return minutes


def _quality(
    rng: np.random.Generator, parameters: Parameters, channel: Ints, severity: Ints, minutes: Floats, skill: Floats
) -> Bools:
    support = parameters.support
    lateness = np.log(minutes / support.median_reply.array()[channel])
    trouble = np.where(severity == NO_PROBLEM, 0.0, support.handled_well_severity.array()[np.maximum(severity, 0)])
    logit = support.handled_well + skill + support.handled_well_speed * lateness + trouble
    well: Bools = rng.random(len(channel)) < 1 / (1 + np.exp(-logit))
    return well


def _later(local: Ints, minutes: Floats) -> Ints:
    """Return the local minute that lies so many working minutes after another."""
    return clock.at_working_minute(clock.working_minutes(local) + np.rint(minutes).astype(np.int64))


def _work(rng: np.random.Generator, severity: Ints, topic: Ints, channel: Ints) -> Floats:
    """Draw working minutes from the first reply to the solution."""
    question = QUESTION_WORK[np.minimum(topic, len(QUESTION_TOPICS) - 1)]
    median = np.where(severity == NO_PROBLEM, question, PROBLEM_WORK[np.maximum(severity, 0)])
    spoken = np.isin(channel, (CHAT, PHONE)) & (rng.random(len(topic)) < 0.55)
    stuck = rng.random(len(topic)) < 0.03
    spread = np.exp(1.05 * rng.normal(size=len(topic)))
    work: Floats = np.where(spoken, 0.08, 1.0) * np.where(stuck, 12.0, 1.0) * median * spread
    return np.maximum(work, 2.0)


def handle(
    rng: np.random.Generator,
    parameters: Parameters,
    desk: Desk,
    people: Population,
    account: Ints,
    problem: Ints,
    severity: Ints,
    created: Ints,
    month: int,
) -> Contacts:
    """Answer the requests of a month.

    A chat or a call outside working hours becomes an e-mail; e-mails wait until somebody works.
    """
    count, region = len(account), people.region[account]
    local = clock.to_local(created, region)
    channel = _pick(rng, CHANNEL_SHARE[region])
    spoken = np.isin(channel, (CHAT, PHONE))
    channel = np.where(spoken & ~clock.is_working_time(local), EMAIL, channel)
    topic, agent = _topics(rng, severity), desk.draw(rng, region, month)
    skill, slow = desk.skill[agent], is_slow(parameters, month, region)
    minutes = _reply_minutes(rng, parameters, channel, severity, local, slow, skill)
    well = _quality(rng, parameters, channel, severity, minutes, skill)
    spoken = np.isin(channel, (CHAT, PHONE))
    replied = np.where(spoken, local + np.rint(minutes).astype(np.int64), _later(local, minutes))
    solved = np.maximum(_later(replied, _work(rng, severity, topic, channel)), replied + 1)
    support = parameters.support
    again = rng.random(count) < np.where(well, support.reopened_well, support.reopened_badly)
    reopens = again * (1 + (rng.random(count) < 0.15))
    solved_again = _later(solved, np.exp(np.log(400) + 0.8 * rng.normal(size=count)) * np.maximum(reopens, 1))
    replies = 1 + rng.poisson(np.where(severity == NO_PROBLEM, 0.45, 1.3)) + reopens
    ignored, closed = rng.random(count) < support.unanswered, rng.random(count) < 0.6
    dead = ignored & ~closed
    return Contacts(
        account=account,
        problem=problem,
        severity=severity,
        topic=topic,
        channel=channel,
        agent=agent,
        created=created,
        replied=np.where(ignored, NONE, clock.to_utc(replied, region)),
        reply_working=np.where(ignored, NONE, clock.working_minutes(replied) - clock.working_minutes(local)),
        solved_first=np.where(dead, NONE, clock.to_utc(solved, region)),
        solved_last=np.where(dead, NONE, clock.to_utc(np.where(reopens > 0, solved_again, solved), region)),
        replies=np.where(ignored, 0, replies),
        reopens=np.where(dead, 0, reopens),
        well=well & ~ignored,
    )
