"""Subscriptions: what each account pays for, seat by seat and price by price.

The billing system never changes a subscription: it ends the old one and starts a new one at the same instant.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from company import clock
from company.customers import Population
from company.kinds import CURRENCIES, END_REASONS, NONE, PRODUCTS, TRY, USD, Bools, Floats, Ints, labels
from company.parameters import Parameters
from company.records import Lives

EXPANSION, CONTRACTION, PLAN_CHANGE, PRICE_RISE = range(4)
CHANGES = ("expansion", "contraction", "plan_change", "price_rise")
TRIAL = 14 * clock.DAY
PRICE_RISES: Ints = np.array([clock.minute_of(f"{year}-12-31T21:00") for year in (2023, 2024, 2025)])  # 1 Jan, Istanbul


@dataclass(frozen=True)
class Lines:
    """One entry per product an account pays for, from its first day to its last."""

    account: Ints
    product: Ints
    since: Ints
    until: Ints
    decided: Ints
    reason: Ints
    seats: Ints
    trial: Bools
    how: Ints  # 0 new, 1 returned, 2 cross-sell


HOWS = ("new", "return", "cross_sell")


def _first_lines(lives: Lives) -> Lines:
    spells, people = lives.spells, lives.people
    new = spells.since == people.born[spells.account]
    return Lines(
        spells.account,
        people.product[spells.account],
        spells.since,
        spells.until,
        spells.decided,
        spells.reason,
        people.seats[spells.account],
        people.trial[spells.account] & new,
        np.where(new, 0, 1),
    )


def _cross_sales(rng: np.random.Generator, parameters: Parameters, lives: Lives, first: Lines) -> Lines:
    """Draw who buys a second product; each spell at most one, with its end."""
    rate = parameters.revenue.cross_sell * np.exp(0.2 * lives.panel.satisfaction)
    hit = lives.panel.active & (rng.random(rate.shape) < rate)
    month, account = np.nonzero(hit)
    at = np.concatenate(
        [clock.moments(rng, clock.FIRST + m, lives.people.region[account[month == m]]) for m in range(len(hit))]
    )
    order = np.argsort(first.account * 4 + first.how, kind="stable")
    line = order[np.searchsorted(first.account[order], account, side="right") - 1]
    fits = (at > first.since[line] + TRIAL) & (at < np.minimum(first.until[line], clock.AS_OF))
    line, earliest = np.unique(line[fits], return_index=True)
    at = at[fits][earliest]
    product = (first.product[line] + 1 + rng.integers(0, 2, len(line))) % len(PRODUCTS)
    seats = np.maximum(np.rint(first.seats[line] * 0.6), 1).astype(np.int64)
    no_trial, how = np.zeros(len(line), dtype=bool), np.full(len(line), 2)
    return Lines(
        first.account[line],
        product,
        at,
        first.until[line],
        first.decided[line],
        first.reason[line],
        seats,
        no_trial,
        how,
    )


def _draw_changes(rng: np.random.Generator, parameters: Parameters, lives: Lives, lines: Lines) -> pd.DataFrame:
    """Draw seats added and given up and plans changed; a line changes at most once a month."""
    told, panel = parameters.revenue, lives.panel
    satisfaction, managed = panel.satisfaction[:, lines.account], panel.managed[:, lines.account]
    more = told.expansion * np.exp(told.expansion_satisfaction * satisfaction)
    more = more * np.where(managed, parameters.success.manager_expansion, 1.0)
    less = told.contraction * np.exp(told.contraction_satisfaction * satisfaction)
    chance, size = rng.random(more.shape), rng.random(more.shape)
    kind = np.select(
        [chance < more, chance < more + less, chance < more + less + told.plan_change],
        [EXPANSION, CONTRACTION, PLAN_CHANGE],
        int(NONE),
    )
    month, line = np.nonzero((kind != NONE) & panel.active[:, lines.account])
    region = lives.people.region[lines.account[line]]
    at = np.concatenate([clock.moments(rng, clock.FIRST + m, region[month == m]) for m in range(len(kind))])
    drawn, share = kind[month, line], size[month, line]
    factor = np.select([drawn == EXPANSION, drawn == CONTRACTION], [1.1 + 0.5 * share, 0.9 - 0.3 * share], 1.0)
    return pd.DataFrame({"line": line, "at": at, "kind": drawn, "factor": factor})


def _price_rises(lives: Lives, lines: Lines) -> pd.DataFrame:
    paying = np.flatnonzero(lives.people.currency[lines.account] == TRY)
    line, at = np.repeat(paying, len(PRICE_RISES)), np.tile(PRICE_RISES, len(paying))
    return pd.DataFrame({"line": line, "at": at, "kind": PRICE_RISE, "factor": 1.0})


def _history(lines: Lines, changes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per term: a line between two changes, with its seats and plan."""
    count = len(lines.account)
    starts = pd.DataFrame({"line": np.arange(count), "at": lines.since, "kind": int(NONE), "factor": 1.0})
    since, until = lines.since[changes["line"]], lines.until[changes["line"]]
    trial = TRIAL * lines.trial[changes["line"]]
    inside = (changes["at"] > since + trial + clock.DAY) & (changes["at"] < np.minimum(until, clock.AS_OF))
    terms = pd.concat([starts, changes[inside]]).sort_values(["line", "at"], kind="stable", ignore_index=True)
    terms["plus"] = terms["kind"].eq(PLAN_CHANGE).groupby(terms["line"]).cumsum() > 0
    grown = terms.groupby("line")["factor"].cumprod() * lines.seats[terms["line"]]
    terms["seats"] = np.maximum(np.rint(grown), 1).astype(np.int64)
    before = terms.groupby("line")[["seats", "plus"]].shift()
    same = (terms["seats"] == before["seats"]) & (terms["plus"] == before["plus"])
    terms = terms[~same | terms["kind"].isin([int(NONE), PRICE_RISE])].reset_index(drop=True)
    terms["next"] = terms.groupby("line")["at"].shift(-1)
    return terms


def _unit_price(rng: np.random.Generator, parameters: Parameters, people: Population, terms: pd.DataFrame) -> Floats:
    """Return the price a seat and month in the account's currency at the start of each term."""
    told, account = parameters.revenue, terms["account"].to_numpy()
    bargain = 1 - 0.25 * rng.random(len(people)) * (people.tier > 0)
    rises = np.searchsorted(PRICE_RISES, terms["at"].to_numpy(), side="right")
    in_euro = told.price.array()[people.tier[account]] * bargain[account] * np.where(terms["plus"], 1.2, 1.0)
    in_euro = in_euro * np.where(people.annual[account], 1 - told.annual_discount, 1.0)
    in_lira = told.try_price * (1 + told.try_rise) ** rises
    currency = people.currency[account]
    price: Floats = in_euro * np.select([currency == USD, currency == TRY], [told.usd_price, in_lira], 1.0)
    return price


def _how_it_began(terms: pd.DataFrame, lines: Lines) -> list[str]:
    how = lines.how[terms["line"]]
    return [CHANGES[kind] if kind >= 0 else HOWS[h] for kind, h in zip(terms["kind"], how, strict=True)]


def _ends(terms: pd.DataFrame, lines: Lines) -> pd.DataFrame:
    """Return end, reason and request to leave of each term; times after the exports are not known."""
    line = terms["line"].to_numpy()
    last = terms["next"].isna().to_numpy()
    end = np.where(last, lines.until[line], terms["next"].fillna(0).to_numpy().astype(np.int64))
    over = end <= clock.AS_OF
    reason = np.where(last, np.array(END_REASONS)[lines.reason[line]], "migration")
    asked = last & (lines.decided[line] <= clock.AS_OF) & (lines.reason[line] == 0)
    return pd.DataFrame(
        {
            "ended_at": clock.times(np.where(over, end, NONE)),
            "end_reason": np.where(over, reason, ""),
            "canceled_at": clock.times(np.where(asked, lines.decided[line], np.where(over, end, NONE))),
        }
    )


def subscriptions(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> pd.DataFrame:
    """Return one row per subscription: a stretch of time at one price and number of seats.

    `monthly_amount` is the recurring price of all seats per month in `currency`; before `trial_ends_at` nothing
    is paid. `began_as` says what led to the subscription.
    """
    first = _first_lines(lives)
    second = _cross_sales(rng, parameters, lives, first)
    lines = Lines(*(np.concatenate(pair) for pair in zip(vars(first).values(), vars(second).values(), strict=True)))
    changes = pd.concat([_draw_changes(rng, parameters, lives, lines), _price_rises(lives, lines)])
    terms = _history(lines, changes)
    terms["account"] = lines.account[terms["line"]]
    people, account = lives.people, terms["account"].to_numpy()
    months = np.where(people.annual[account], 12, 1)
    unit = np.round(_unit_price(rng, parameters, people, terms) * months, 2)
    trial = lines.trial[terms["line"]] & (terms["kind"] == NONE)
    frame = pd.DataFrame(
        {
            "account": account,
            "line": terms["line"],
            "product": labels(lines.product[terms["line"]], PRODUCTS),
            "plan": np.where(terms["plus"], "Plus", "Basic"),
            "interval": np.where(months == 12, "year", "month"),
            "seats": terms["seats"],
            "unit_amount": unit,
            "monthly_amount": unit * terms["seats"] / months,
            "currency": labels(people.currency[account], CURRENCIES),
            "started_at": clock.times(terms["at"].to_numpy()),
            "trial_ends_at": clock.times(np.where(trial, terms["at"] + TRIAL, NONE)),
            "began_as": _how_it_began(terms, lines),
        }
    )
    return pd.concat([frame, _ends(terms, lines)], axis=1)
