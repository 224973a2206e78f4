"""Statements to agree or disagree with, on five points: put to customers once a year, and to the company's managers.

One statement is put to both sides in the same words. As in the other surveys every invitation carries what would be
answered, so that the effect of non-response is known.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import NONE, Bools, Floats, Ints, labels
from company.parameters import Parameters
from company.records import Lives
from company.streams import stream
from company.surveys import customers_at, satisfaction_at, sigmoid
from cxlib.period import Month

PUTS_CUSTOMERS_FIRST = "puts_customers_first"
CUSTOMER_STATEMENTS = (
    PUTS_CUSTOMERS_FIRST,
    "expects_to_be_known",
    "expects_action_on_feedback",
    "speed_matters_most",
    "wants_empathy",
    "prefers_everyday_channels",
)
OWNER_STATEMENTS = (PUTS_CUSTOMERS_FIRST, "experience_is_first_priority")
STATEMENTS = tuple(dict.fromkeys(CUSTOMER_STATEMENTS + OWNER_STATEMENTS))
WAVES = tuple(Month(year, 6) for year in (2024, 2025, 2026))
RESPONDENTS = ("customer", "owner")
CUSTOMER, OWNER = range(2)
AGREES: Floats = np.array([0.60, 0.40])  # 4 and 5 points among those who agree
DISAGREES: Floats = np.array([0.20, 0.30, 0.50])  # 1 to 3 points among the others


def sent_in(wave: Month) -> int:
    """Return the minute in which the survey of a wave begins."""
    return int(clock.MONTH_STARTS[clock.month_index(wave)]) + 2 * clock.DAY + 7 * 60


def agreement(parameters: Parameters, statement: str, satisfaction: Floats) -> Floats:
    """Return the probability that each customer agrees with a statement."""
    told = parameters.statements
    if statement == PUTS_CUSTOMERS_FIRST:
        usual = np.log(told.customers_first / (1 - told.customers_first))
        return sigmoid(usual + told.customers_first_satisfaction * satisfaction)
    return np.full(len(satisfaction), getattr(told.expectations, statement))


def owners_agreement(parameters: Parameters, statement: str) -> float:
    """Return the probability that a manager agrees with a statement."""
    told = parameters.statements
    return told.owners_customers_first if statement == PUTS_CUSTOMERS_FIRST else told.owners_experience_first


def _points(rng: np.random.Generator, agrees: Bools) -> Ints:
    """Draw 1 to 5 points: 4 and 5 agree."""
    chance = rng.random(len(agrees))
    high = 4 + np.searchsorted(np.cumsum(AGREES)[:-1], chance, side="right")
    low = 1 + np.searchsorted(np.cumsum(DISAGREES)[:-1], chance, side="right")
    return np.where(agrees, high, low).astype(np.int64)


def _asked(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> pd.DataFrame:
    """Return one row per invitation: who is asked in which wave, and how inclined to answer."""
    told, parts = parameters.statements, []
    for wave, month in enumerate(WAVES):
        begins = sent_in(month)
        customers, _ = customers_at(lives, begins)
        drawn = customers[rng.random(len(customers)) < told.customers_asked]
        account = np.append(drawn, np.full(told.owners, NONE))
        parts.append(pd.DataFrame({"account": account, "wave": wave, "at": begins}))
    asked = pd.concat(parts, ignore_index=True)
    is_owner = (asked["account"] == NONE).to_numpy()
    asked["at"] += rng.integers(0, 2 * clock.DAY, len(asked))
    mood = satisfaction_at(lives, np.maximum(asked["account"].to_numpy(), 0), asked["at"].to_numpy())
    inclined = sigmoid(told.answers + parameters.surveys.answers_satisfaction * mood)
    return asked.assign(
        respondent=np.where(is_owner, OWNER, CUSTOMER),
        satisfaction=np.where(is_owner, np.nan, mood),
        inclined=np.where(is_owner, told.owners_answer, inclined),
    )


def statements(seed: int, parameters: Parameters, lives: Lives) -> pd.DataFrame:
    """Return one row per invitation, with a column per statement; missing where it was not answered.

    `satisfaction` and the columns `potential_...` are latent: what each would answer. `account` is -1 for managers.
    """
    rng = stream(seed, "statements")
    asked = _asked(rng, parameters, lives)
    count, owner = len(asked), (asked["respondent"] == OWNER).to_numpy()
    delivered = owner | (rng.random(count) >= parameters.surveys.bounced)
    delay = (1.2 * clock.DAY * np.exp(1.0 * rng.normal(size=count))).astype(np.int64)
    answered_at = asked["at"].to_numpy() + 15 + np.minimum(delay, 20 * clock.DAY)
    answered = delivered & (rng.random(count) < asked["inclined"].to_numpy())
    columns: dict[str, object] = {
        "account": asked["account"].to_numpy(),
        "respondent": labels(asked["respondent"].to_numpy().astype(np.int64), RESPONDENTS),
        "wave": labels(asked["wave"].to_numpy().astype(np.int64), tuple(str(wave) for wave in WAVES)),
        "sent_at": clock.times(asked["at"].to_numpy()),
        "delivered": delivered,
        "answered_at": clock.times(np.where(answered, answered_at, NONE)),
        "satisfaction": asked["satisfaction"].to_numpy(),
    }
    mood = np.nan_to_num(asked["satisfaction"].to_numpy())
    for statement in STATEMENTS:
        own = stream(seed, f"statement {statement}")
        chance = np.where(owner, owners_agreement(parameters, statement), 0.0)
        if statement in CUSTOMER_STATEMENTS:
            chance = np.where(owner, chance, agreement(parameters, statement, mood))
        put = np.where(owner, statement in OWNER_STATEMENTS, statement in CUSTOMER_STATEMENTS)
        would = pd.Series(_points(own, own.random(count) < chance)).where(put).astype("Int64")
        left_blank = own.random(count) < parameters.statements.blank
        columns[f"potential_{statement}"] = would
        columns[statement] = would.where(answered & ~left_blank)
    frame = pd.DataFrame(columns)
    return frame.sort_values(["sent_at", "account"], kind="stable", ignore_index=True)
