"""Daily use of the product: one row per account and day used, with the errors people ran into."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import SEVERITIES, Floats, Ints
from company.parameters import BySeverity
from company.records import Lives

FIRST_DAY = clock.WINDOW_START // clock.DAY
LAST_DAY = clock.AS_OF // clock.DAY  # the day of the exports is not complete and left out
REPORTING_ZONE = 180  # minutes east of UTC, all year
USES: Floats = np.array([0.62, 0.84, 0.95])  # on a working day, by tier
ERRORS = BySeverity(3.0, 8.0, 18.0)  # mean errors logged on the day of a problem
USUAL_ERRORS = 0.004  # per event
WEEKEND = 0.22  # of the use on a working day


def local_day(minute: Ints) -> Ints:
    """Return the day, counted from the epoch, in the reporting time zone."""
    return (minute + REPORTING_ZONE) // clock.DAY


def _days(lives: Lives) -> tuple[Ints, Ints]:
    """Return account and day (since the epoch) of every day as a customer in the exported time."""
    spells = lives.spells
    first = np.maximum(local_day(spells.since) + 1, FIRST_DAY)
    last = np.minimum(local_day(spells.until), LAST_DAY)
    length = np.maximum(last - first, 0)
    within = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    return np.repeat(spells.account, length), np.repeat(first, length) + within


def _errors(rng: np.random.Generator, lives: Lives, account: Ints, day: Ints, events: Ints) -> Ints:
    """Return errors per row: a few at any time, many on the day of a problem."""
    problems, mean = lives.problems, ERRORS.array()
    key = account * 100_000 + day
    order = np.argsort(key, kind="stable")
    wanted = problems.account * 100_000 + local_day(problems.at)
    place = np.minimum(np.searchsorted(key[order], wanted), len(key) - 1)
    found = key[order][place] == wanted
    extra = np.zeros(len(key))
    for severity in range(len(SEVERITIES)):
        np.add.at(extra, order[place[found & (problems.severity == severity)]], mean[severity])
    return rng.poisson(USUAL_ERRORS * events + extra)


def usage(rng: np.random.Generator, lives: Lives) -> pd.DataFrame:
    """Return one row per account and day with use: `account, day, events, features, errors`.

    Satisfied accounts use the product on more days and do more; the day is one in the reporting time zone.
    """
    account, day = _days(lives)
    month = np.clip(clock.month_of(day * clock.DAY) - clock.FIRST, 0, len(lives.panel.satisfaction) - 1)
    mood = lives.panel.satisfaction[month, account]
    tier = lives.people.tier[account]
    chance = USES[tier] * np.where(day % 7 < 5, 1.0, WEEKEND) * (1 - 0.35 / (1 + np.exp(1.2 * mood + 1.2)))
    used = rng.random(len(account)) < chance
    account, day, mood, tier = account[used], day[used], mood[used], tier[used]
    busy = 2.2 * lives.people.seats[account] ** 0.75 * np.exp(0.22 * mood)
    events = 1 + rng.poisson(busy * rng.gamma(4.0, 0.25, len(account)))
    features = 1 + rng.binomial(np.minimum(events, 14) - 1, 0.45)
    return pd.DataFrame(
        {
            "account": account,
            "day": clock.times(day * clock.DAY),
            "events": events,
            "features": features,
            "errors": _errors(rng, lives, account, day, events),
        }
    )
