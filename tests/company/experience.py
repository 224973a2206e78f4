"""What customers live through: problems whether or not they write, and the satisfaction these leave behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from company import clock
from company.customers import Population
from company.kinds import REGIONS, SEVERE, Bools, Floats, Ints
from company.parameters import Parameters
from cxlib.period import Month


@dataclass(frozen=True)
class Problems:
    """One entry per bad experience of a month."""

    account: Ints
    at: Ints
    severity: Ints
    told: Bools  # the company hears of it

    def __len__(self) -> int:
        return len(self.account)


def is_slow(parameters: Parameters, month: int, region: Ints) -> Bools:
    """Return which regions are served slowly in a month, after the launch."""
    support = parameters.support
    begins = clock.month_index(Month.parse(support.slow_from))
    if not begins <= month < begins + support.slow_months:
        return np.zeros(len(region), dtype=bool)
    return np.equal(region, REGIONS.index(support.slow_region))


def happen(
    rng: np.random.Generator, parameters: Parameters, people: Population, here: Ints, month: int
) -> tuple[Ints, Ints]:
    """Draw the problems of the accounts that are here.

    Returns
    -------
    account, severity : Ints
        One entry per problem.
    """
    told = parameters.experience
    factor = np.where(is_slow(parameters, month, people.region[here]), told.launch_factor, 1.0)
    accounts, severities = [], []
    for severity, rate in enumerate(told.problems.array()):
        by_product = told.severe_by_product.array()[people.product[here]] if severity == SEVERE else 1.0
        times = rng.poisson(rate * factor * by_product, len(here))
        accounts.append(np.repeat(here, times))
        severities.append(np.full(times.sum(), severity, dtype=np.int64))
    return np.concatenate(accounts), np.concatenate(severities)


def problems(
    rng: np.random.Generator, parameters: Parameters, people: Population, account: Ints, severity: Ints, month: int
) -> Problems:
    """Give each problem its moment, and decide whether the customer tells the company."""
    at = clock.moments(rng, month, people.region[account])
    told = rng.random(len(account)) < parameters.experience.complain.array()[severity]
    return Problems(account, at, severity, told)


def in_public(rng: np.random.Generator, parameters: Parameters, problems: Problems) -> Bools:
    """Decide which of the problems that the company is not told of go to the public."""
    chance = parameters.experience.public_only.array()[problems.severity]
    return ~problems.told & (rng.random(len(problems)) < chance)


def total(account: Ints, amount: Floats, count: int) -> Floats:
    """Return the sum of amounts per account."""
    return np.bincount(account, weights=amount, minlength=count).astype(np.float64)


def next_satisfaction(
    rng: np.random.Generator, parameters: Parameters, now: Floats, level: Floats, fall: Floats
) -> Floats:
    """Return satisfaction a month later: drawn back to its own level, lowered by what happened."""
    told = parameters.experience
    noise = told.monthly_noise * rng.normal(size=len(now))
    return level + told.memory * (now - level) - fall + noise
