"""What the teams cost, month by month, in the currency the money is spent in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import Floats
from company.parameters import Parameters
from company.records import ONBOARDING, Lives
from company.streams import stream

ACCOUNTS_PER_MANAGER = 28
IN_EURO = {"EUR": 1.0, "USD": 0.92, "TRY": 0.024}  # what one unit is worth

Lines = list[tuple[str, str, str, Floats]]  # team, kind, currency, amount by month


def recurring_revenue(terms: pd.DataFrame) -> Floats:
    """Return the recurring revenue in the middle of each exported month, in EUR."""
    amount = terms["monthly_amount"].to_numpy() * terms["currency"].astype(str).map(IN_EURO).to_numpy(float)
    began = terms["trial_ends_at"].fillna(terms["started_at"]).to_numpy()
    ended = terms["ended_at"].to_numpy()
    middles = clock.times(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS] + 15 * clock.DAY)
    running = [(began <= middle) & ~(ended <= middle) for middle in middles]
    return np.array([amount[now].sum() for now in running])


def _delivery_and_general(parameters: Parameters, terms: pd.DataFrame) -> Lines:
    """Return what grows with revenue, and what is there whatever is sold."""
    told, revenue = parameters.costs, recurring_revenue(terms)
    rise = (1 + told.general_rise) ** (np.arange(clock.MONTHS) / 12)
    return [
        ("delivery", "hosting", "USD", told.hosting * revenue / IN_EURO["USD"]),
        ("delivery", "payment fees", "EUR", told.payment_fees * revenue),
        ("general", "development", "EUR", told.development * rise),
        ("general", "administration", "EUR", told.administration * rise),
    ]


def _teams(lives: Lives) -> Lines:
    """Return what support, success, sales and marketing cost."""
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
    return [
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


def _spent(rng: np.random.Generator, lines: Lines) -> list[pd.DataFrame]:
    months = clock.times(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS])
    return [
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


def costs(seed: int, parameters: Parameters, lives: Lives, terms: pd.DataFrame) -> pd.DataFrame:
    """Return one row per team, kind and month: `team, kind, month, amount, currency`."""
    parts = _spent(stream(seed, "costs"), _teams(lives))
    parts += _spent(stream(seed, "delivery and general costs"), _delivery_and_general(parameters, terms))
    return pd.concat(parts, ignore_index=True).sort_values(["month", "team", "kind"], kind="stable", ignore_index=True)
