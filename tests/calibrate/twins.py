"""The same company twice: as it is, and with everybody's risk of leaving lowered in one proportion from a day on.

What more retention truly brings is the difference of the two. Nobody leaves while a company is followed; how many
would have is worked out from the risks that everybody ran, so that chance does not hide the difference.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from company import clock, revenue
from company.costs import IN_EURO
from company.customers import Population, population
from company.experience import Problems
from company.kinds import CURRENCIES, NEVER, Floats, Ints
from company.life import _Loop
from company.parameters import Parameters
from company.records import State
from company.streams import stream
from company.support import Contacts

SEED = 1
START = clock.LAST + 1
"""The month in which the two begin to differ: the first that the exports do not hold."""
CUT = int(clock.MONTH_STARTS[START])
MANY = 20.0
"""Companies' worth of new customers who are followed for a whole life."""
LIFE = 40
"""Years."""
COPIES = 5
"""How often each of today's customers is followed."""


@dataclass(frozen=True)
class Followed:
    """Customers from the day on which the two companies part, one entry each.

    `risk` (accounts, months + 1) is what adds up of the risk of deciding to leave, `unpaid` that of a failed payment a
    month; `phase` are the months behind them of the running paid year, `known` the months until the end of those who
    had asked for it before, infinite for the others; `asked` the requests for help of the first year.
    """

    annual: np.ndarray
    risk: Floats
    unpaid: Floats
    phase: Floats
    known: Floats
    asked: Floats

    def left(self, month: Floats | list[float], by: float = 1.0) -> Floats:
        """Return the chance to be there after so many months, shape (accounts, months), all risks multiplied by `by`.

        Who pays by the year and decides to leave goes at its end; of those who pay by the month, some at once and the
        others half a month later, on average. Of those who had asked before, as many stay as the risk is lower.
        """
        month = np.asarray(month, float)
        anniversary = np.floor((month + self.phase[:, None]) / 12 + 1e-9) * 12 - self.phase[:, None]
        until = np.where(self.annual[:, None], anniversary, month - 0.5 * (1 - Parameters().leaving.at_once))
        whole = np.clip(np.floor(until), 0, self.risk.shape[1] - 2).astype(int)
        row, part = np.arange(len(until))[:, None], np.clip(until - whole, 0.0, 1.0)
        risk = self.risk[row, whole] * (1 - part) + self.risk[row, whole + 1] * part
        stays = np.exp(-by * (risk + self.unpaid[:, None] * month))
        return stays * np.where(self.known[:, None] > month, 1.0, 1.0 - by)


class _Watched(_Loop):
    """The loop in which nobody leaves: it keeps what risk of it everybody runs, and how often they ask."""

    def __init__(self, people: Population, parameters: Parameters, seed: int, months: int) -> None:
        super().__init__(people, parameters, seed, None)
        self.keep = False
        self.risk, self.asked = np.zeros((len(people), months + 1)), np.zeros(len(people))

    def _contacts(self, month: int, here: Ints, problems: Problems) -> Contacts:
        contacts = super()._contacts(month, here, problems)
        np.add.at(self.asked, contacts.account, month < START + 12)
        return contacts

    def _decide(self, month: int, here: Ints, problems: Problems, eased: Floats) -> None:
        def decides(rng: object, month: int, begun: Ints, rate: Floats, hurt: Floats, hurt_from: Ints) -> Ints:
            start, end = clock.MONTH_STARTS[month], clock.MONTH_STARTS[month + 1]
            after = np.where(hurt > 0, end - np.maximum(hurt_from, begun), 0)
            self.risk[here, month - START + 1] = rate * (end - begun + np.expm1(hurt) * after) / (end - start)
            return np.full(len(rate), NEVER)

        def pays(rng: object, parameters: object, tier: Ints, begun: Ints, month: int) -> Ints:
            return np.full(len(tier), NEVER)

        with patch.multiple("company.leaving", decision_times=decides, failed_payments=pays):
            super()._decide(month, here, problems, eased)

    def follow(self, phase: Floats, known: Floats) -> Followed:
        months = self.risk.shape[1] - 1
        starts = [clock.minute_of(f"{clock.BEGINNING.shift(k)}-01") for k in range(START + months + 2)]
        with patch.multiple(clock, MONTH_STARTS=np.array(starts, dtype=np.int64), LAST=START + months):
            for month in range(START, START + months):
                self.month(month)
        unpaid = self.parameters.leaving.failed_payment.array()[self.people.tier]
        return Followed(self.people.annual, self.risk.cumsum(axis=1), unpaid, phase, known, self.asked)


def _pays(people: Population) -> np.ndarray:
    return people.converts | ~people.trial


@lru_cache(maxsize=4)
def newcomers(parameters: Parameters) -> tuple[Followed, Floats]:
    """Return very many new customers for a whole life, and what each pays a month at the beginning, in EUR."""
    people = population(parameters, SEED, MANY)
    people = people.take(np.flatnonzero((people.born >= clock.MONTH_STARTS[START - 12]) & _pays(people)))
    count = len(people)
    terms = pd.DataFrame({"account": np.arange(count), "plus": False, "at": people.born})
    price = revenue._unit_price(stream(SEED, "first prices"), parameters, people, terms)
    paid = price * np.array([IN_EURO[name] for name in CURRENCIES])[people.currency] * people.seats
    fresh = replace(people, born=np.full(count, CUT), trial=np.zeros(count, dtype=bool))
    loop = _Watched(fresh, parameters, SEED, 12 * LIFE)
    loop.state.active[:], loop.state.since = True, fresh.born.copy()
    return loop.follow(np.zeros(count), np.full(count, np.inf)), paid


@lru_cache(maxsize=4)
def today(parameters: Parameters, seed: int, months: int) -> tuple[Followed, Ints]:
    """Return the customers of one company at the end of the last month, and their places in `world.customers`."""
    people = population(parameters, seed)
    loop = _Loop(people, parameters, seed, None)
    for month in range(START):
        loop.month(month)
    state = loop.state
    # the accounts that the exports name, in their order
    named = state.active | ((people.born >= CUT) & (people.born < clock.AS_OF))
    for part in loop.spells:
        named[part.account[part.until > clock.WINDOW_START]] = True
    who = np.tile(np.flatnonzero(state.active & _pays(people)), COPIES)
    again = _Watched(replace(people.take(who), born=np.full(len(who), -1)), parameters, seed + 10_000, months)
    again.state = State(*(getattr(state, column.name)[who].copy() for column in fields(State)))
    again.state.until[:] = again.state.decided[:] = NEVER
    until, phase = state.until[who], (CUT - state.since[who]) / clock.BILLING_MONTH % 12
    known = np.where(until < NEVER, (until - CUT) / clock.BILLING_MONTH, np.inf)
    return again.follow(phase, known), (np.cumsum(named) - 1)[who]


def kept_more(follows: Followed, step: float) -> float:
    """Return by what all risks are multiplied for a step more of the customers to be there after a year."""
    before = float(follows.left([12.0]).mean())
    return float(brentq(lambda by: float(follows.left([12.0], by).mean()) - before - step, 1e-6, 1.0))
