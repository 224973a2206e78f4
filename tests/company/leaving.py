"""Who decides to leave and when: competing exponential clocks within a month."""

from __future__ import annotations

import numpy as np

from company import clock
from company.customers import Population
from company.kinds import NEVER, TRY, Bools, Floats, Ints
from company.parameters import Parameters

NINETY_DAYS = 90 * clock.DAY
TRIAL = 14 * clock.DAY


def hazard(
    parameters: Parameters,
    people: Population,
    here: Ints,
    month: int,
    since: Ints,
    satisfaction: Floats,
    hurt: Floats,
    managed: Bools,
    onboarded: Bools,
) -> Floats:
    """Return the monthly hazard of deciding to leave, at the start of the month."""
    told, success = parameters.leaving, parameters.success
    age = clock.MONTH_STARTS[month] - since
    log_hazard = (
        np.log(told.hazard.array()[people.tier[here]])
        + told.satisfaction * satisfaction
        + hurt
        + success.manager_hazard * managed
        + success.onboarding_hazard * (onboarded & (age < clock.BILLING_YEAR))
    )
    after_rise = (people.currency[here] == TRY) & (month % 12 < 2) & (month >= clock.FIRST)
    factor = np.where(age < NINETY_DAYS, told.first_months, 1.0) * np.where(after_rise, told.price_rise, 1.0)
    rate: Floats = people.frailty[here] * factor * np.exp(log_hazard)
    return rate


def decision_times(
    rng: np.random.Generator, month: int, present_from: Ints, rate: Floats, new_hurt: Floats, hurt_from: Ints
) -> Ints:
    """Draw when each account decides to leave; `NEVER` if not in this month.

    The hazard is constant in the month until the account is hurt anew; from then on it is higher.
    """
    start, end = clock.MONTH_STARTS[month], clock.MONTH_STARTS[month + 1]
    wait, wait_hurt = rng.exponential(size=(2, len(rate)))
    extra = rate * np.expm1(new_hurt)
    with np.errstate(divide="ignore"):
        usual = present_from + wait / rate * (end - start)
        provoked = np.where(extra > 0, hurt_from + wait_hurt / np.where(extra > 0, extra, 1.0) * (end - start), np.inf)
    earliest = np.minimum(usual, provoked)
    return np.where(earliest < end, np.floor(np.minimum(earliest, end)), NEVER).astype(np.int64)


def effective(rng: np.random.Generator, parameters: Parameters, annual: Bools, since: Ints, decided: Ints) -> Ints:
    """Return when a decision takes effect: at once for some monthly payers, else when the paid period is over."""
    period = np.where(annual, clock.BILLING_YEAR, clock.BILLING_MONTH)
    begun = np.maximum(decided - since, 0)
    period_end = since + (begun // period + 1) * period
    at_once = ~annual & (rng.random(len(decided)) < parameters.leaving.at_once)
    return np.where(decided >= NEVER, NEVER, np.where(at_once, decided, period_end))


def failed_payments(
    rng: np.random.Generator, parameters: Parameters, tier: Ints, present_from: Ints, month: int
) -> Ints:
    """Draw when a payment fails for good; `NEVER` if not in this month."""
    start, end = clock.MONTH_STARTS[month], clock.MONTH_STARTS[month + 1]
    wait = rng.exponential(size=len(tier)) / parameters.leaving.failed_payment.array()[tier]
    at = present_from + wait * (end - start)
    return np.where(at < end, np.floor(np.minimum(at, end)), NEVER).astype(np.int64)
