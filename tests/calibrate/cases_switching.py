"""Switching after a bad experience: what a problem that is told truly does, by an experiment.

The study compares customers who told of a problem, after three months without one, with like customers who at the
same moment had not: one told problem more, everything else, silent problems and later complaints included, as it
comes. Because problems fall on accounts by chance (given product, region and month), the truth is had by giving one
more told problem to accounts drawn by lot, of a population many times as large.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from calibrate.case import Case, Confounded, Null, of_finding
from company import Parameters, clock, leaving
from company.customers import Population, population
from company.experience import Problems, is_slow
from company.kinds import NEVER, PAYMENT, SEVERE, Bools, Floats, Ints
from company.life import _Loop
from company.parameters import BySeverity
from company.records import Spells, joined
from company.streams import stream

SEED = 7
SCALE = 500.0  # leaves a simulation error of a quarter of a point in a difference
CUT = clock.minute_of("2026-10-31T21:00")  # end of the month in the reporting zone
QUIET = 90 * clock.DAY
NONE, ONE_OF_EACH = 0, (1, 2, 3)
ARMS = (0.40, 0.14, 0.25, 0.21)


class _OneMore(_Loop):
    """Gives each account at one moment drawn by lot a told problem (arms 1 to 3 by severity) or none (arm 0)."""

    def __init__(self, people: Population, parameters: Parameters) -> None:
        super().__init__(people, parameters, SEED, None)
        self.keep = False
        lot = stream(SEED, "one more told problem")
        born = np.searchsorted(clock.MONTH_STARTS, people.born, side="right") - 1
        earliest = np.clip(born, clock.FIRST, clock.LAST)
        self.months_to_draw_from = clock.LAST + 1 - earliest
        self.month_of = earliest + np.floor(lot.random(len(people)) * self.months_to_draw_from).astype(np.int64)
        self.arm = np.searchsorted(np.cumsum(ARMS), lot.random(len(people)), side="right")
        self.at: Ints = np.zeros(len(people), dtype=np.int64)
        for month in range(clock.FIRST, clock.LAST + 1):
            mine = self.month_of == month
            self.at[mine] = clock.moments(lot, month, people.region[mine])
        self.told_before: Ints = np.full(len(people), -NEVER)

    def _problems(self, month: int, here: Ints) -> Problems:
        natural = super()._problems(month, here)
        told = natural.told & (natural.at < self.at[natural.account])
        np.maximum.at(self.told_before, natural.account[told], natural.at[told])
        mine = here[(self.month_of[here] == month) & (self.arm[here] != NONE)]
        mine = mine[(self.state.since[mine] <= self.at[mine]) & (self.at[mine] < self.state.until[mine])]
        more = Problems(mine, self.at[mine], self.arm[mine] - 1, np.ones(len(mine), dtype=bool))
        return joined(Problems, [natural, more])


def _paying_at(people: Population, spells: Spells, at: Ints) -> tuple[Ints, Ints, Ints]:
    """Return the end, its reason and the first payment of the spell that each account was paying in; -1 if none."""
    first = people.trial[spells.account] & (spells.since == people.born[spells.account])
    begins = spells.since + leaving.TRIAL * first
    holds = (begins <= at[spells.account]) & (at[spells.account] < spells.until)
    until, reason, since = (np.full(len(people), -1) for _ in range(3))
    for kept, values in ((until, spells.until), (reason, spells.reason), (since, begins)):
        kept[spells.account[holds]] = values[holds]
    return until, reason, since


def _told_rates(people: Population, parameters: Parameters, months: Ints) -> Floats:
    """Return the monthly rate of told problems by account and severity."""
    told = parameters.experience
    rates = np.tile(told.problems.array() * told.complain.array(), (len(people), 1))
    rates[:, SEVERE] *= told.severe_by_product.array()[people.product]
    for month in np.unique(months):
        mine = months == month
        slow = is_slow(parameters, int(month), people.region[mine])
        rates[mine] *= np.where(slow, told.launch_factor, 1.0)[:, None]
    return rates


@dataclass(frozen=True)
class _Drawn:
    """The accounts that had the moment drawn for them as customers, without a told problem in the days before."""

    arm: Ints
    rates: Floats
    chance: Floats
    days: Floats
    ended: Ints  # 0 not yet, 1 left, 2 payment failed


@lru_cache(maxsize=2)
def _drawn(parameters: Parameters) -> _Drawn:
    people = population(parameters, SEED, SCALE)
    loop = _OneMore(people, parameters)
    loop.run()
    until, reason, since = _paying_at(people, joined(Spells, loop.spells), loop.at)
    history = (since >= clock.WINDOW_START) | (loop.at >= clock.WINDOW_START + QUIET)
    fit: Bools = (until >= 0) & history & (loop.at < CUT) & (loop.told_before < loop.at - QUIET)
    rates = _told_rates(people, parameters, loop.month_of)
    days = (np.minimum(until, CUT) - loop.at) / clock.DAY
    ended = np.where(until <= CUT, np.where(reason == PAYMENT, 2, 1), 0)
    return _Drawn(loop.arm[fit], rates[fit], 1 / loop.months_to_draw_from[fit], days[fit], ended[fit])


@lru_cache(maxsize=32)
def left_within(parameters: Parameters, days: int, severities: tuple[int, ...], told: bool) -> float:
    """Return the share that left within so many days with one more told problem, or without it.

    Both are averaged over accounts and moments as told problems of these severities fall on them.
    """
    drawn = _drawn(parameters)
    weight = np.zeros(len(drawn.arm))
    for arm in severities:
        rate = drawn.rates[:, arm - 1] / drawn.chance
        weight += np.where(drawn.arm == (arm if told else NONE), rate / ARMS[arm if told else NONE], 0.0)
    return _left_by(drawn.days, drawn.ended, weight, days)


def more_left(parameters: Parameters, severities: tuple[int, ...] = ONE_OF_EACH) -> float:
    """Return how many more left within a year with one more told problem than without it."""
    with_one, without = (left_within(parameters, 365, severities, told) for told in (True, False))
    return with_one - without


def _left_by(days: Floats, ended: Ints, weight: Floats, horizon: int) -> float:
    """Return the share that left by a horizon, day by day: the chance to be still there times the chance to go."""
    left, there = 0.0, 1.0
    day = np.minimum(days.astype(np.int64), horizon)
    at_risk = np.cumsum(np.bincount(day, weight, horizon + 1)[::-1])[::-1]
    goes, fails, unfinished = (np.bincount(day, weight * (ended == cause), horizon + 1) for cause in (1, 2, 0))
    for k in range(horizon):
        exposed = at_risk[k] - unfinished[k] / 2  # last seen within the day: there for half of it
        left += there * goes[k] / exposed
        there *= 1 - (goes[k] + fails[k]) / exposed
    return float(left)


WITHOUT_HARM = replace(
    Parameters(),
    leaving=replace(Parameters().leaving, hurt=BySeverity(0.0, 0.0, 0.0)),
    experience=replace(Parameters().experience, drop=BySeverity(0.0, 0.0, 0.0), bad_answer_drop=0.0),
)


CASES = (
    Case(
        name="share that left within a year",
        study="switching",
        estimate=of_finding("switching-within-a-year"),
        truth=lambda world: left_within(world.parameters, 365, ONE_OF_EACH, True),
    ),
    Case(
        name="share that left within 90 days",
        study="switching",
        estimate=of_finding("switching-within-90-days"),
        truth=lambda world: left_within(world.parameters, 90, ONE_OF_EACH, True),
    ),
    Case(
        name="more than like customers, after a severe problem",
        study="switching",
        estimate=of_finding("switching-by-severity"),
        truth=lambda world: more_left(world.parameters, (3,)),
    ),
    Case(
        name="more than like customers, where problems do nothing",
        study="switching",
        parameters=WITHOUT_HARM,
        estimate=of_finding("switching-more-than-others"),
        truth=lambda world: 0.0,
    ),
    Case(
        name="complaint handled badly against none, where problems do nothing",
        study="switching",
        parameters=WITHOUT_HARM,
        estimate=of_finding("switching-no-solution"),
        truth=lambda world: 0.0,
    ),
)

CONFOUNDED = (
    Confounded(
        name="more than like customers within a year",
        study="switching",
        estimate=of_finding("switching-more-than-others"),
        truth=lambda world: more_left(world.parameters),
        naive=of_finding("switching-plainly"),
    ),
)

NULLS = tuple(
    Null(name=f"problems do nothing: {what}", study="switching", parameters=WITHOUT_HARM, finding=finding)
    for what, finding in (
        ("leaving more than others", "switching-more-than-others"),
        ("handled badly or well", "switching-recovery"),
        ("handled badly or no complaint", "switching-no-solution"),
        ("recovery paradox", "switching-recovery-paradox"),
        ("first request", "switching-first-contact"),
    )
)
