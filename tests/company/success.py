"""Success work: managers for big and for troubled accounts, onboarding, and a randomised follow-up."""

from __future__ import annotations

import numpy as np

from company import clock
from company.customers import Population
from company.kinds import MINOR, TIERS, Bools, Floats, Ints
from company.parameters import Parameters
from cxlib.period import Month

HOLD_OUT, TREATED = 0, 1


def health(rng: np.random.Generator, parameters: Parameters, satisfaction: Floats) -> Floats:
    """Return the health score the company sees: satisfaction with error, 0 to 100 points."""
    noise = parameters.success.health_noise * rng.normal(size=len(satisfaction))
    return np.clip(np.rint(50 + 14 * satisfaction + noise), 0, 100)


def gets_manager(
    rng: np.random.Generator, parameters: Parameters, people: Population, account: Ints, score: Floats, is_new: Bools
) -> Bools:
    """Decide who gets a success manager: big accounts when they begin, troubled ones when they look bad."""
    told = parameters.success
    at_start = is_new & (rng.random(len(account)) < told.manager_at_start.array()[people.tier[account]])
    troubled = ~is_new & (score < told.low_health) & (rng.random(len(account)) < told.manager_if_low)
    return at_start | troubled


def gets_onboarding(
    rng: np.random.Generator, parameters: Parameters, people: Population, account: Ints, month: int
) -> Bools:
    """Decide which new accounts are onboarded; the willing ones more often."""
    told = parameters.success
    usual = told.onboarding.array()[people.tier[account]]
    typical = parameters.customers.satisfaction_mean
    logit = np.log(usual / (1 - usual)) + told.onboarding_selection * (people.level[account] - typical)
    begun = month >= clock.month_index(Month.parse(told.onboarding_from))
    return (rng.random(len(account)) < 1 / (1 + np.exp(-logit))) & begun


def follow_up_runs(parameters: Parameters, month: int) -> bool:
    """Return whether the follow-up programme runs in a month."""
    return clock.month_index(Month.parse(parameters.success.follow_up_from)) <= month <= clock.LAST


def eligible(severity: Ints, told: Bools) -> Bools:
    """Return which problems lead to follow-up: told to the company, moderate or severe."""
    return told & (severity > MINOR)


def assign_arms(rng: np.random.Generator, parameters: Parameters, tier: Ints, already: Ints) -> Ints:
    """Randomise accounts to follow-up or hold-out, balanced within each tier.

    How many are treated never strays more than one account from the tier's share; which ones is drawn.

    Parameters
    ----------
    tier : Ints
        Tier of each account to be randomised.
    already : Ints, shape (tiers, 2)
        Accounts randomised so far per tier and arm.
    """
    share = parameters.success.follow_up_treated
    arms = np.empty(len(tier), dtype=np.int64)
    for position in range(len(TIERS)):
        members = np.flatnonzero(tier == position)
        treated_after = share * (already[position].sum() + len(members)) - already[position, TREATED]
        count = int(np.clip(np.floor(treated_after + rng.random()), 0, len(members)))
        arms[rng.permutation(members)] = np.arange(len(members)) < count
    return arms
