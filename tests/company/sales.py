"""Sales opportunities: those that became subscriptions, and those that were lost or are still open."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import (
    ACQUISITION,
    CURRENCIES,
    ENTERPRISE,
    NEVER,
    NONE,
    STARTER,
    Floats,
    Ints,
    labels,
)
from company.parameters import Parameters
from company.records import Lives

BUYERS = ("new", "existing", "returned")
NEW, EXISTING, RETURNED = range(3)
MOTIONS = ("new", "renewal", "upsell", "cross_sell")
MOTION_NEW, RENEWAL, UPSELL, CROSS_SELL = range(4)
BEGAN = {
    "new": (NEW, MOTION_NEW),
    "return": (RETURNED, MOTION_NEW),
    "expansion": (EXISTING, UPSELL),
    "cross_sell": (EXISTING, CROSS_SELL),
}


def _columns(
    account: Ints, buyer: Ints | int, motion: Ints | int, decided: Ints, won: bool, amount: Floats, currency: Ints
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "account": account,
            "buyer": buyer,
            "motion": motion,
            "decided": decided,
            "won": won,
            "amount": amount,
            "currency": currency,
            "like": account,
        }
    )


def _won(rng: np.random.Generator, lives: Lives, terms: pd.DataFrame) -> pd.DataFrame:
    """Return the won opportunities behind subscriptions; small accounts mostly sign up by themselves."""
    since = clock.times(np.array([clock.WINDOW_START]))[0]
    sold = terms[terms["began_as"].isin(list(BEGAN)) & (terms["started_at"] >= since)].reset_index(drop=True)
    tier = lives.people.tier[sold["account"]]
    alone = (tier == STARTER) & (rng.random(len(sold)) < 0.55)
    sold = sold[~alone]
    began = sold["began_as"].map(BEGAN)
    started = (sold["started_at"].to_numpy().astype("datetime64[m]") - clock.EPOCH) // np.timedelta64(1, "m")
    return _columns(
        sold["account"].to_numpy(),
        began.str[0].to_numpy(),
        began.str[1].to_numpy(),
        started.astype(np.int64),
        True,
        12 * sold["monthly_amount"].to_numpy(),
        sold["currency"].cat.codes.to_numpy().astype(np.int64),
    )


def _lost(rng: np.random.Generator, parameters: Parameters, lives: Lives, won: pd.DataFrame) -> pd.DataFrame:
    """Return as many lost ones as come before so many won, if each is won with the chance that the parameters say.

    Each is like a won one in what is asked for; one with somebody new also in month, source and region.
    """
    told, people = parameters.revenue, lives.people
    price = np.array([1.0, told.usd_price, 2 * told.try_price])
    parts = []
    for buyer, rate in ((NEW, told.win_new), (EXISTING, told.win_existing), (RETURNED, told.win_returned)):
        alike = won[won["buyer"] == buyer].reset_index(drop=True)
        count = int(rng.negative_binomial(len(alike), rate)) if len(alike) else 0
        model = alike.iloc[rng.integers(0, max(len(alike), 1), count)].reset_index(drop=True)
        account, month = _who(rng, lives, buyer, model)
        model["like"] = np.where(account >= 0, account, model["account"])
        model["account"], model["won"] = account, False
        region = people.region[model["like"]]
        at = np.zeros(count, dtype=np.int64)
        for m in np.unique(month):
            at[month == m] = clock.moments(rng, int(m), region[month == m])
        model["decided"] = at
        currency = people.currency[model["like"]]
        model["amount"] *= price[currency] / price[model["currency"]]
        model["currency"] = currency
        parts.append(model)
    return pd.concat(parts, ignore_index=True)


def _who(rng: np.random.Generator, lives: Lives, buyer: int, model: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return account and month: nobody known for new buyers, else customers or former ones drawn by lot."""
    count = len(model)
    if buyer == NEW:
        return np.full(count, NONE), clock.month_of(model["decided"].to_numpy())
    if buyer == EXISTING:
        month, account = np.nonzero(lives.panel.active[: clock.MONTHS])
    else:
        over = (lives.spells.until > clock.WINDOW_START) & (lives.spells.until < clock.AS_OF - 60 * clock.DAY)
        account = lives.spells.account[over]
        month = np.minimum(clock.month_of(lives.spells.until[over]) + 2, clock.LAST) - clock.FIRST
    drawn = rng.integers(0, max(len(account), 1), count if len(account) else 0)
    return account[drawn], clock.FIRST + month[drawn]


def _renewals(lives: Lives, terms: pd.DataFrame) -> pd.DataFrame:
    """Return the yearly renewals of big accounts: won if they stay another year."""
    people, spells = lives.people, lives.spells
    big = (people.tier[spells.account] == ENTERPRISE) & people.annual[spells.account]
    amount = (12 * terms.groupby("account")["monthly_amount"].max()).reindex(range(len(people))).to_numpy()
    parts = []
    for year in range(1, 9):
        due = spells.since + year * clock.BILLING_YEAR
        here = big & (due > clock.WINDOW_START) & (due < clock.AS_OF - clock.DAY) & (spells.until >= due)
        account = spells.account[here]
        part = _columns(
            account, EXISTING, RENEWAL, due[here], True, amount[account], people.currency[account].astype(np.int64)
        )
        part["won"] = (spells.until[here] > due[here]) | (spells.until[here] >= NEVER)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def opportunities(rng: np.random.Generator, parameters: Parameters, lives: Lives, terms: pd.DataFrame) -> pd.DataFrame:
    """Return one row per opportunity; `closed_at` is a date, and missing while it is open.

    `account` is -1 for buyers that never became customers.
    """
    won = _won(rng, lives, terms)
    deals = pd.concat([won, _lost(rng, parameters, lives, won), _renewals(lives, terms)], ignore_index=True)
    count = len(deals)
    days = np.where(deals["buyer"] == EXISTING, 18, 45) * np.exp(0.7 * rng.normal(size=count))
    decided = deals["decided"].to_numpy()
    created = decided - (np.clip(days, 2, 200) * clock.DAY).astype(np.int64) - rng.integers(0, 600, count)
    # A share of what is decided late in the window is still open in the exports, won or lost unknown.
    still_open = (created < clock.AS_OF) & (decided > clock.AS_OF - 12 * clock.DAY) & ~deals["won"].to_numpy()
    still_open |= (rng.random(count) < 0.35) & (decided > clock.AS_OF - 60 * clock.DAY) & ~deals["won"].to_numpy()
    source = lives.people.acquisition[deals["like"]]
    frame = pd.DataFrame(
        {
            "account": deals["account"],
            "buyer": labels(deals["buyer"].to_numpy().astype(np.int64), BUYERS),
            "motion": labels(deals["motion"].to_numpy().astype(np.int64), MOTIONS),
            "lead_source": labels(source, ACQUISITION),
            "created_at": clock.times(created),
            "closed_at": clock.times(np.where(still_open, NONE, decided // clock.DAY * clock.DAY)),
            "outcome": np.where(still_open, "open", np.where(deals["won"], "won", "lost")),
            "amount": np.round(deals["amount"]),
            "currency": labels(deals["currency"].to_numpy().astype(np.int64), CURRENCIES),
        }
    )
    return frame.sort_values(["created_at", "account"], kind="stable", ignore_index=True)
