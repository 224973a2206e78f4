"""Who referred whom: satisfied customers more often."""

from __future__ import annotations

import numpy as np

from company import clock
from company.kinds import ACQUISITION, NONE, Ints
from company.parameters import Parameters
from company.records import Lives


def referrers(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> Ints:
    """Return the account that referred each account; -1 for those won otherwise, or before the exported months.

    The referrer is drawn among the customers at the start of the month, with odds by their satisfaction then.
    """
    people, panel = lives.people, lives.panel
    referred = (people.acquisition == ACQUISITION.index("Referral")) & (people.born >= clock.WINDOW_START)
    month = clock.month_of(people.born) - clock.FIRST
    chance, found = rng.random(len(people)), np.full(len(people), NONE)
    for position in np.unique(month[referred]):
        satisfaction, here = panel.satisfaction[position], panel.active[position]
        odds = np.where(here, np.exp(parameters.customers.referral_satisfaction * satisfaction), 0.0)
        line = np.cumsum(odds) / odds.sum()
        mine = np.flatnonzero(referred & (month == position))
        found[mine] = np.searchsorted(line, chance[mine], side="right")
    return found
