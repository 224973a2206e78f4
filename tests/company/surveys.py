"""Surveys: who is asked, who answers, and what they say.

Every invitation carries the score the customer would give; an answer shows it. So the effect of non-response on the
company's numbers is known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from company import clock
from company.comments import comments
from company.kinds import (
    AFTER_PURCHASE,
    AFTER_SALES_CALL,
    AFTER_SERVICE_CALL,
    CHAT,
    LANGUAGES,
    NONE,
    PHONE,
    SEVERITIES,
    TOUCHPOINTS,
    WEBSITE_VISIT,
    Bools,
    Floats,
    Ints,
    labels,
)
from company.parameters import Parameters
from company.records import Lives
from company.streams import stream
from cxlib.period import Month

WAVES = tuple(Month(year, month) for year in (2024, 2025, 2026) for month in (4, 10))
RECALL = 92 * clock.DAY
TOLD = ("company", "public", "nobody")
COMPANY, PUBLIC, NOBODY = range(3)


@dataclass(frozen=True)
class Asked:
    """One entry per invitation, before anybody has answered."""

    account: Ints
    at: Ints
    wave: Ints  # NONE for touchpoint surveys
    touchpoint: Ints  # NONE for the relationship survey
    former: Bools
    shift: Floats  # points the occasion adds to the score


def sigmoid(logit: Floats) -> Floats:
    """Return the probability of a logit."""
    return 1 / (1 + np.exp(-logit))


def customers_at(lives: Lives, at: int) -> tuple[Ints, Ints]:
    """Return who is a customer at a minute, and who left in the 92 days before it."""
    spells = lives.spells
    now = np.unique(spells.account[(spells.since <= at) & (spells.until > at)])
    paid = spells.until - spells.since > 20 * clock.DAY
    lately = spells.account[(spells.until <= at) & (spells.until > at - RECALL) & paid]
    return now, np.setdiff1d(lately, now)


def _waves(rng: np.random.Generator, lives: Lives) -> Asked:
    parts = []
    for wave, month in enumerate(WAVES):
        at = int(clock.MONTH_STARTS[clock.month_index(month)]) + 5 * clock.DAY + 6 * 60
        now, former = customers_at(lives, at)
        account = np.concatenate([now, former])
        sent = at + clock.DAY * rng.integers(0, 3, len(account)) + rng.integers(0, 240, len(account))
        left = np.arange(len(account)) >= len(now)
        none, zero = np.full(len(account), NONE), np.zeros(len(account))
        parts.append(Asked(account, sent, np.full(len(account), wave), none, left, zero))
    return _together(parts)


def _together(parts: list[Asked]) -> Asked:
    return Asked(*(np.concatenate(column) for column in zip(*(vars(part).values() for part in parts), strict=True)))


def _touchpoint(account: Ints, at: Ints, touchpoint: int, shift: Floats | float) -> Asked:
    count = len(account)
    return Asked(
        account,
        at,
        np.full(count, NONE),
        np.full(count, touchpoint),
        np.zeros(count, dtype=bool),
        np.broadcast_to(np.asarray(shift, dtype=np.float64), count).copy(),
    )


def _minutes(times: pd.Series) -> Ints:
    return ((times.to_numpy().astype("datetime64[m]") - clock.EPOCH) // np.timedelta64(1, "m")).astype(np.int64)


def _occasions(
    rng: np.random.Generator, parameters: Parameters, lives: Lives, terms: pd.DataFrame, deals: pd.DataFrame
) -> Asked:
    """Return the touchpoint invitations: at most one per account and month."""
    bought = terms[
        terms["began_as"].isin(["new", "return", "cross_sell", "expansion"])
        & terms["started_at"].ge(clock.times(np.array([clock.WINDOW_START]))[0])
    ]
    contacts, panel = lives.contacts, lives.panel
    spoke = (
        np.isin(contacts.channel, (CHAT, PHONE)) & (contacts.solved_first != NONE) & (rng.random(len(contacts)) < 0.45)
    )
    visits = np.nonzero(panel.active & (rng.random(panel.active.shape) < 0.10))
    visited_at = np.concatenate(
        [
            clock.moments(rng, clock.FIRST + m, lives.people.region[visits[1][visits[0] == m]])
            for m in range(len(panel.active))
        ]
    )
    sold = deals[deals["closed_at"].notna() & deals["account"].ge(0)]
    well = np.where(contacts.well[spoke], 1.0, -1.0) * parameters.surveys.handled_well_shift
    asked = _together(
        [
            _touchpoint(
                bought["account"].to_numpy(), _minutes(bought["started_at"]) + 3 * clock.DAY, AFTER_PURCHASE, 0.0
            ),
            _touchpoint(visits[1], visited_at, WEBSITE_VISIT, 0.0),
            _touchpoint(contacts.account[spoke], contacts.solved_first[spoke] + 60, AFTER_SERVICE_CALL, well),
            _touchpoint(sold["account"].to_numpy(), _minutes(sold["closed_at"]) + 600, AFTER_SALES_CALL, 0.0),
        ]
    )
    keep = asked.at < clock.AS_OF
    return _once_a_month(Asked(*(column[keep] for column in vars(asked).values())))


def _once_a_month(asked: Asked) -> Asked:
    order = np.lexsort((asked.touchpoint, asked.at))
    month = clock.month_of(asked.at)[order]
    _, first = np.unique(asked.account[order] * 1_000 + month, return_index=True)
    chosen = order[np.sort(first)]
    return Asked(*(column[chosen] for column in vars(asked).values()))


def satisfaction_at(lives: Lives, account: Ints, at: Ints) -> Floats:
    """Return the satisfaction of accounts at the start of the month of a minute each."""
    month = np.clip(clock.month_of(at) - clock.FIRST, 0, len(lives.panel.satisfaction) - 1)
    return lives.panel.satisfaction[month, account]


def _scores(rng: np.random.Generator, parameters: Parameters, lives: Lives, asked: Asked, mood: Floats) -> Ints:
    told = parameters.surveys
    at_touchpoint = np.where(asked.touchpoint == NONE, 0.0, told.touchpoint_shift.array()[asked.touchpoint])
    style = told.style.array()[lives.people.region[asked.account]]
    noise = told.score_noise * rng.normal(size=len(mood))
    score = told.score_mean + told.score_slope * mood + asked.shift + at_touchpoint + style + noise
    return np.clip(np.rint(score), 0, 10).astype(np.int64)


def _answer_chance(parameters: Parameters, asked: Asked, mood: Floats) -> Floats:
    told = parameters.surveys
    usual = np.where(asked.touchpoint == NONE, told.answers, told.touchpoint_answers.array()[asked.touchpoint])
    return sigmoid(usual + told.answers_satisfaction * mood + told.answers_former * asked.former)


@dataclass(frozen=True)
class Recalled:
    """What a customer tells about problems of the last 92 days: the worst one remembered."""

    severity: Ints  # NONE if none is remembered
    told: Ints  # NONE if none is remembered
    people: Ints  # other people told; NONE without a problem


def _recall(
    rng: np.random.Generator,
    outside: np.random.Generator,
    parameters: Parameters,
    lives: Lives,
    in_public: Bools,
    asked: Asked,
) -> Recalled:
    told, problems, count = parameters.surveys, lives.problems, len(asked.account)
    worst, where = np.full(count, NONE), np.full(count, NONE)
    key = problems.account * 2**24 + problems.at
    low, high = asked.account * 2**24 + asked.at - RECALL, asked.account * 2**24 + asked.at

    def in_reach(which: Bools) -> Ints:
        mine = np.sort(key[which])
        return np.searchsorted(mine, high) - np.searchsorted(mine, low)

    for severity in range(len(SEVERITIES)):
        mine = problems.severity == severity
        happened, heard, public = in_reach(mine), in_reach(mine & problems.told), in_reach(mine & in_public)
        remembered = rng.binomial(happened, told.recall.array()[severity]) > 0
        wrote = rng.random(count) < heard / np.maximum(happened, 1)
        spoke = outside.random(count) < public / np.maximum(happened - heard, 1)
        worst = np.where(remembered, severity, worst)
        where = np.where(remembered, np.select([wrote, spoke], [COMPANY, PUBLIC], NOBODY), where)
    mean = told.people_told.array()[np.maximum(worst, 0)]
    people = rng.poisson(mean * rng.gamma(told.people_told_shape, 1 / told.people_told_shape, count))
    return Recalled(worst, where, np.where(worst == NONE, NONE, np.minimum(people, 60)))


def surveys(
    seed: int,
    parameters: Parameters,
    lives: Lives,
    in_public: Bools,
    language: Ints,
    terms: pd.DataFrame,
    deals: pd.DataFrame,
) -> pd.DataFrame:
    """Return one row per invitation of either survey, with what is answered and what would have been.

    `potential_score` and `satisfaction` are latent; `score`, `severity`, `told`, `people_told` and `comment`
    are there only where `answered_at` is.

    Parameters
    ----------
    in_public : Bools
        Which problems went to the public and not to the company.
    """
    rng = stream(seed, "surveys")
    asked = _together([_waves(rng, lives), _occasions(rng, parameters, lives, terms, deals)])
    count = len(asked.account)
    mood = satisfaction_at(lives, asked.account, asked.at)
    score = _scores(rng, parameters, lives, asked, mood)
    recalled = _recall(rng, stream(seed, "public complaints recalled"), parameters, lives, in_public, asked)
    delivered = (rng.random(count) >= parameters.surveys.bounced) | (asked.touchpoint == WEBSITE_VISIT)
    willing = rng.random(count) < _answer_chance(parameters, asked, mood)
    delay = np.where(asked.touchpoint == NONE, 1.5 * clock.DAY, 300.0) * np.exp(1.1 * rng.normal(size=count))
    answered_at = asked.at + 12 + np.minimum(delay, 20 * clock.DAY).astype(np.int64)
    answered = delivered & willing & (answered_at < clock.AS_OF)
    speaks = np.where(rng.random(count) < 0.88, language[asked.account], 0)
    seconds = rng.integers(0, 60, count).astype("timedelta64[s]")
    relationship = answered & (asked.touchpoint == NONE)
    texts = comments(stream(seed, "comments"), parameters.surveys.comment, np.where(answered, score, NONE), speaks)
    hidden = np.where(relationship, recalled.severity, NONE)
    return pd.DataFrame(
        {
            "account": asked.account,
            "survey": np.where(asked.touchpoint == NONE, "relationship", "touchpoints"),
            "wave": labels(asked.wave, tuple(str(wave) for wave in WAVES)),
            "touchpoint": labels(asked.touchpoint, TOUCHPOINTS),
            "former": asked.former,
            "sent_at": clock.times(asked.at),
            "delivered": delivered,
            "answered_at": clock.times(np.where(answered, answered_at, NONE)) + seconds,
            "satisfaction": mood,
            "potential_score": score,
            "score": pd.Series(score).where(answered).astype("Int64"),
            "severity": labels(hidden, SEVERITIES),
            "told": labels(np.where(relationship, recalled.told, NONE), TOLD),
            "people_told": np.where(relationship, recalled.people, NONE),
            "language": labels(speaks, LANGUAGES),
            "comment": texts,
        }
    )
