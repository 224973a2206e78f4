"""What the teams cost, month by month, in the currency the money is spent in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.sample import clock
from cxlib.sample.kinds import Floats
from cxlib.sample.records import ONBOARDING, Lives

ACCOUNTS_PER_MANAGER = 28


def costs(rng: np.random.Generator, lives: Lives) -> pd.DataFrame:
    """Return one row per team, kind and month: `team, kind, month, amount, currency`."""
    month = np.arange(clock.MONTHS)
    agents = np.array([(lives.desk.since <= clock.FIRST + m).sum() for m in month])
    managed = lives.panel.managed[: clock.MONTHS] & lives.panel.active[: clock.MONTHS]
    managers = np.ceil(managed.sum(axis=1) / ACCOUNTS_PER_MANAGER)
    customers = lives.panel.active[: clock.MONTHS].sum(axis=1)
    born = clock.month_of(lives.people.born) - clock.FIRST
    arrivals = np.array([(born == m).sum() for m in month])
    begun = clock.month_of(lives.work.assigned[lives.work.kind == ONBOARDING]) - clock.FIRST
    welcomed = np.array([(begun == m).sum() for m in month])
    rise = 1.03 ** (month / 12)
    rise_lira = 1.30 ** (month / 12)
    lines: list[tuple[str, str, str, Floats]] = [
        ("support", "salaries", "EUR", 3_900 * (agents - 6) * rise),
        ("support", "salaries Istanbul", "TRY", 6 * 62_000 * rise_lira),
        ("support", "tools", "USD", 69 * agents + 0.8 * customers),
        ("success", "salaries", "EUR", 4_600 * managers * rise),
        ("success", "onboarding", "EUR", 420.0 * welcomed),
        ("sales", "salaries", "EUR", 4_900 * np.full(clock.MONTHS, 5) * rise),
        ("sales", "commissions", "EUR", 520.0 * arrivals),
        ("marketing", "salaries", "EUR", 4_200 * np.full(clock.MONTHS, 3) * rise),
        ("marketing", "advertising", "EUR", 14_000 + 650.0 * arrivals),
    ]
    months = clock.times(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS])
    parts = [
        pd.DataFrame(
            {
                "team": team,
                "kind": kind,
                "month": months,
                "amount": np.round(amount * (1 + 0.03 * rng.normal(size=clock.MONTHS)), 2),
                "currency": currency,
            }
        )
        for team, kind, currency, amount in lines
    ]
    return pd.concat(parts, ignore_index=True).sort_values(["month", "team", "kind"], kind="stable", ignore_index=True)
