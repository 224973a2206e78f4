"""What is true of retention and value in simulated companies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy import optimize

from calibrate import twins
from calibrate.case import DEFAULT, Case, Confounded, Null, of_finding, of_row
from company import World, clock, revenue, simulate
from company.costs import IN_EURO
from company.customers import population
from company.kinds import CURRENCIES
from company.leaving import TRIAL
from company.life import live, spells_under
from company.parameters import ByCurrency, BySeverity, ByTier, Parameters
from company.streams import stream
from cxlib.estimate import Estimate
from cxlib.notebook import Study

SEED = 1
MANY = 60.0
"""Companies' worth of customers whose stays are counted."""
SOME = 30.0
"""Companies' worth of customers whose payments are counted as well, at a time."""
TIMES = 8
"""How often: a few large customers decide what all pay, so that thirty companies are still 0.3 points off."""
END = int(clock.MONTH_STARTS[clock.LAST + 1])
NAME = "retention_and_profit"


@lru_cache(maxsize=4)
def stays(parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """Return how many of very many customers began each tenure year within the exported months, and stayed through it.

    Counted from latent spells: no exports, no estimator.
    """
    people = population(parameters, SEED, MANY)
    spells, _ = spells_under(people, parameters, SEED)
    trial = people.trial[spells.account] & (spells.since == people.born[spells.account])
    paid_from = spells.since + TRIAL * trial
    ends = np.where(spells.until > paid_from, spells.until, -1)
    began, stayed = np.zeros(8), np.zeros(8)
    for year in range(8):
        first, last = paid_from + year * clock.BILLING_YEAR, paid_from + (year + 1) * clock.BILLING_YEAR
        here = (first >= clock.WINDOW_START) & (last <= END) & (ends > first)
        began[year], stayed[year] = here.sum(), (here & (ends > last)).sum()
    return began, stayed


@lru_cache(maxsize=4)
def curve(parameters: Parameters) -> tuple[float, float]:
    """Return alpha and beta of the beta mixture that lies closest to what very many customers do.

    The estimand is a curve of that family, so its truth is the member of least Kullback-Leibler divergence.
    """
    began, stayed = stays(parameters)
    year = np.arange(len(began))

    def divergence(logs: np.ndarray) -> float:
        alpha, beta = np.exp(logs)
        chance = (beta + year) / (alpha + beta + year)
        return -float(stayed @ np.log(chance) + (began - stayed) @ np.log1p(-chance)) / began.sum()

    found = optimize.minimize(divergence, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-14})
    alpha, beta = np.exp(found.x)
    return float(alpha), float(beta)


def paid_and_asked(
    terms: pd.DataFrame, account: np.ndarray, asked_by: np.ndarray, asked_in: np.ndarray, index: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Return what each account pays at the start of each month, in prices of the last, and its tickets in it.

    Shapes (months, accounts); `index` has one row per month and one column per currency.
    """
    count = int(max(account.max(), asked_by.max(initial=0))) + 1
    currency = terms["currency"].astype(str)
    in_euro = terms["monthly_amount"].to_numpy() * currency.map(IN_EURO).to_numpy(float)
    began = terms["trial_ends_at"].fillna(terms["started_at"]).to_numpy()
    ended = terms["ended_at"].to_numpy()
    column = currency.map({name: place for place, name in enumerate(index.columns)}).to_numpy()
    factor = (index.iloc[-1] / index).to_numpy()
    paid, tickets = np.zeros((2, clock.MONTHS, count))
    for month, start in enumerate(clock.times(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS])):
        now = (began < start) & ~(ended <= start)
        paid[month] = np.bincount(account[now], in_euro[now] * factor[month, column[now]], count)
        tickets[month] = np.bincount(asked_by[asked_in == month], minlength=count)
    return paid, np.where(paid > 0, tickets, 0.0)


@lru_cache(maxsize=4)
def grown(parameters: Parameters) -> tuple[float, float, float, float]:
    """Return what many customers pay and ask for, and what the same customers do a year later, as sums."""
    sums = np.sum([_grown(parameters, SEED + place) for place in range(TIMES)], axis=0)
    return tuple(float(each) for each in sums)


def _grown(parameters: Parameters, seed: int) -> list[float]:
    people = population(parameters, seed, SOME)
    lives = live(people, parameters, seed)
    terms = revenue.subscriptions(stream(seed, "revenue"), parameters, lives)
    yearly = 1 + parameters.revenue.inflation.array()
    index = pd.DataFrame(yearly ** (np.arange(clock.MONTHS)[:, None] / 12), columns=list(CURRENCIES))
    asked_in = clock.month_of(lives.contacts.created) - clock.FIRST
    account = terms["account"].to_numpy()
    paid, tickets = paid_and_asked(terms, account, lives.contacts.account, asked_in, index)
    # there at both, and through the whole of the later month
    both = (paid[:-13] > 0) & (paid[12:-1] > 0) & (paid[13:] > 0)
    before, later = slice(None, -13), slice(12, -1)
    return [float(part[when][both].sum()) for when in (before, later) for part in (paid, tickets)]


def revenue_growth(world: World) -> float:
    paid, _, paid_later, _ = grown(world.parameters)
    return paid_later / paid - 1


def margin_growth(world: World) -> float:
    """Return the growth of the margin of many customers at what serving one costs in this company."""
    paid, tickets, paid_later, tickets_later = grown(world.parameters)
    kept, ticket = _unit_costs(world)
    return (kept * paid_later - ticket * tickets_later) / (kept * paid - ticket * tickets) - 1


def _price_levels(world: World) -> pd.DataFrame:
    """Return the price index, one row per month and one column per currency."""
    index = world.price_index.assign(currency=world.price_index["currency"].astype(str))
    return index.pivot_table(index="month", columns="currency", values="index_value")


def world_paid(world: World) -> tuple[np.ndarray, np.ndarray]:
    """Return what each customer pays at the start of each month, in prices of the last, and its tickets in it."""
    place = {name: position for position, name in enumerate(world.customers["customer_id"])}
    account = world.subscriptions["customer_id"].astype(str).map(place).to_numpy()
    asked_by = world.tickets["customer_id"].astype(str).map(place).to_numpy()
    month = world.tickets["created_at"].dt.year * 12 + world.tickets["created_at"].dt.month - 1
    asked_in = month.to_numpy() - (clock.FIRST_MONTH.year * 12 + clock.FIRST_MONTH.month - 1)
    return paid_and_asked(world.subscriptions, account, asked_by, asked_in, _price_levels(world))


def spent(world: World) -> pd.DataFrame:
    """Return what each team (column) cost by month, in EUR and prices of the last month."""
    levels = _price_levels(world)
    currency = world.costs["currency"].astype(str)
    factor = levels.iloc[-1] / levels
    real = [
        amount * IN_EURO[name] * factor.loc[when, name]
        for amount, name, when in zip(world.costs["amount"], currency, world.costs["month"], strict=True)
    ]
    rows = world.costs.assign(team=world.costs["team"].astype(str), real=real)
    return rows.pivot_table(index="month", columns="team", values="real", aggfunc="sum")


def _unit_costs(world: World) -> tuple[float, float]:
    """Return what is left of revenue after delivery, and what support costs a ticket, over all months."""
    paid, tickets = world_paid(world)
    teams = spent(world).sum()
    return 1 - teams["delivery"] / paid.sum(), teams["support"] / tickets.sum()


TEAMS = ["success", "sales", "marketing", "general"]


def _brought(world: World) -> tuple[twins.Followed, np.ndarray]:
    """Return very many new customers, and what each brings in its first year at what serving one costs here."""
    follows, paid = twins.newcomers(world.parameters)
    kept, ticket = _unit_costs(world)
    return follows, 12 * kept * paid - ticket * follows.asked


def value(world: World, growth: float, horizon: int = twins.LIFE, part: float | None = None) -> float:
    """Return by which share the value of new customers rises in a company run twice.

    Five in a hundred more of them stay for a year, or `part` of those who would leave. The margin of one grows for as
    many years as the study finds customers to have been seen, which is six or seven.
    """
    follows, brings = _brought(world)
    years = np.arange(horizon)
    weight = (1 + growth) ** np.minimum(years, 6) / 1.1**years
    step = 0.05 if part is None else part * (1 - float(follows.left([12.0]).mean()))
    after = follows.left(12 * years, twins.kept_more(follows, step))
    return float(brings @ after @ weight / (brings @ follows.left(12 * years) @ weight)) - 1


def five_points(world: World) -> float:
    return value(world, margin_growth(world))


def five_points_in_five_years(world: World) -> float:
    return value(world, margin_growth(world), 5)


def fewer_defections(world: World) -> float:
    return value(world, margin_growth(world), part=0.05)


@lru_cache(maxsize=64)
def _books(parameters: Parameters, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the profit of each of the next five years, as it is and with five in a hundred more customers kept."""
    world = simulate(seed, parameters)
    follows, who = twins.today(parameters, seed, 61)
    kept, ticket = _unit_costs(world)
    paid, tickets = world_paid(world)
    recent, there = (kept * paid - ticket * tickets)[-12:], paid[-12:] > 0
    brings = 12 * (recent * there).sum(axis=0) / np.maximum(there.sum(axis=0), 1) * there[-1]
    arrivals = int(((paid > 0).argmax(axis=0)[paid.any(axis=0)] >= clock.MONTHS - 12).sum())
    new, first = _brought(world)
    fixed = float(spent(world)[TEAMS].iloc[-12:].to_numpy().sum())
    profit = []
    for by in (1.0, twins.kept_more(follows, 0.05)):
        old = brings[who] @ follows.left(np.arange(60) + 0.5, by) / twins.COPIES / 12
        come = np.cumsum(first @ new.left(np.arange(60), by) / len(first) * arrivals / 144)
        profit.append((old + come - come[0] / 2).reshape(5, 12).sum(axis=1) - fixed)
    return profit[0], profit[1]


def profit_of(years: int) -> Callable[[World], float]:
    def rise(world: World) -> float:
        before, after = _books(world.parameters, world.seed)
        return float(after[:years].sum() / before[:years].sum()) - 1

    return rise


@lru_cache(maxsize=4)
def _price_slope(parameters: Parameters) -> float:
    people = population(parameters, SEED, SOME)
    lives = live(people, parameters, SEED)
    terms = revenue.subscriptions(stream(SEED, "revenue"), parameters, lives)
    account, spells = terms["account"].to_numpy(), lives.spells
    currency = terms["currency"].astype(str)
    in_euro = terms["monthly_amount"].to_numpy() * currency.map(IN_EURO).to_numpy(float)
    yearly = currency.map(dict(zip(CURRENCIES, 1 + parameters.revenue.inflation.array(), strict=True))).to_numpy(float)
    began, ended = terms["trial_ends_at"].fillna(terms["started_at"]).to_numpy(), terms["ended_at"].to_numpy()
    xy, xx = 0.0, 0.0
    for month, start in enumerate(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS]):
        at = clock.times(np.array([start]))[0]
        now = (began < at) & ~(ended <= at)
        real = in_euro * yearly ** ((clock.MONTHS - 1 - month) / 12)
        paid, seats = (np.bincount(account[now], of[now], len(people)) for of in (real, terms["seats"].to_numpy()))
        since = np.full(len(people), np.nan)
        here = (spells.since < start) & (spells.until > start)
        since[spells.account[here]] = spells.since[here]
        some = np.flatnonzero((seats > 0) & np.isfinite(since))
        years, price = (start - since[some]) / clock.BILLING_YEAR, np.log(paid[some] / seats[some])
        rows = pd.DataFrame({"x": years, "y": price, "tier": people.tier[some]})
        off = rows[["x", "y"]] - rows.groupby("tier")[["x", "y"]].transform("mean")
        xy, xx = xy + float(off["x"] @ off["y"]), xx + float(off["x"] @ off["x"])
    return float(np.expm1(xy / xx))


def price_slope(world: World) -> float:
    """Return by how much more customers of one tier pay a seat, in one month, for each year longer there."""
    return _price_slope(world.parameters)


def first_year(world: World) -> float:
    alpha, beta = curve(world.parameters)
    return beta / (alpha + beta)


def stay(study: Study) -> Estimate | None:
    found = study.finding("retention-value-five-points").values.get("stay")
    return found if isinstance(found, Estimate) else None


def among_survivors(study: Study) -> Estimate:
    """Return the yearly growth that a table of those still there shows."""
    shown = study.exhibits["margin"].frame
    line = shown[shown["series"] == "whoever is there"]
    years = float(line["x"].iloc[-1] - line["x"].iloc[0])
    growth = float(line["value"].iloc[-1]) ** (1 / years) - 1
    return Estimate(growth, growth, growth, len(line), "share", "table of survivors")


STEADY = replace(
    DEFAULT,
    success=replace(DEFAULT.success, onboarding_from="2019-01", follow_up_from="2019-01"),
    support=replace(DEFAULT.support, slow_months=0),
)
"""Nothing has changed in the company lately, so that what lies ahead is what was seen."""

DEARER = replace(STEADY, revenue=replace(DEFAULT.revenue, plan_change=0.03))
"""Who stays moves to the dearer plan more often, and so pays more a seat with each year: half of that is too little."""

STILL = replace(
    STEADY,
    revenue=replace(
        DEFAULT.revenue,
        expansion=0.0,
        contraction=0.0,
        plan_change=0.0,
        cross_sell=0.0,
        try_rise=0.0,
        inflation=ByCurrency(0.0, 0.0, 0.0),
    ),
    support=replace(STEADY.support, new_account_factor=1.0),
    success=replace(STEADY.success, manager_questions=1.0, onboarding_questions=1.0),
    experience=replace(DEFAULT.experience, launch_factor=1.0),
)
"""Nobody grows, and nobody asks less: what a customer brings stays as it is."""

FICKLE = replace(DEFAULT, leaving=replace(DEFAULT.leaving, hazard=ByTier(0.075, 0.045, 0.03)))
"""So many leave that five points are worth clearly less than a quarter."""

ALIKE = replace(
    DEFAULT,
    customers=replace(DEFAULT.customers, frailty_shape=1e6, satisfaction_spread=0.0),
    leaving=replace(
        DEFAULT.leaving,
        hazard=ByTier(0.015, 0.015, 0.015),
        failed_payment=ByTier(1e-9, 1e-9, 1e-9),
        satisfaction=0.0,
        hurt=BySeverity(0.0, 0.0, 0.0),
        first_months=1.0,
        price_rise=1.0,
    ),
    success=replace(DEFAULT.success, manager_hazard=0.0, onboarding_hazard=0.0),
)
"""Every customer leaves with the same probability at any time."""

CASES = (
    Case(name="stay for a year", study=NAME, estimate=stay, truth=first_year),
    Case(
        name="five points, value of a life",
        study=NAME,
        estimate=of_finding("retention-value-five-points"),
        truth=five_points,
        parameters=STEADY,
    ),
    Case(
        name="five points, five years of value",
        study=NAME,
        estimate=of_row("readings", "More points, first years of value only"),
        truth=five_points_in_five_years,
        parameters=STEADY,
    ),
    Case(
        name="five per cent fewer departures",
        study=NAME,
        estimate=of_finding("retention-value-fewer-defections"),
        truth=fewer_defections,
        parameters=STEADY,
    ),
    Case(
        name="five points, profit of the next year",
        study=NAME,
        estimate=of_finding("retention-profit-one-year"),
        truth=profit_of(1),
        parameters=STEADY,
    ),
    Case(
        name="five points, profit of five years",
        study=NAME,
        estimate=of_finding("retention-profit-five-years"),
        truth=profit_of(5),
        parameters=STEADY,
    ),
    Case(
        name="what money foretold was off by",
        study=NAME,
        estimate=of_finding("retention-money-foretold"),
        truth=lambda world: 0.0,
    ),
    Case(
        name="price by years there, same month",
        study=NAME,
        estimate=of_finding("retention-price-and-tenure"),
        truth=price_slope,
        parameters=DEARER,
    ),
    Case(name="revenue within customers", study=NAME, estimate=of_row("ageing", "What it pays"), truth=revenue_growth),
    Case(
        name="five points where margins do not grow",
        study=NAME,
        estimate=of_finding("retention-value-five-points"),
        truth=lambda world: value(world, 0.0),
        parameters=STILL,
    ),
)
CONFOUNDED = (
    Confounded(
        name="margin within customers, against a table of survivors",
        study=NAME,
        estimate=of_finding("retention-benefits-grow"),
        truth=margin_growth,
        naive=among_survivors,
    ),
)
NULLS = (
    Null(
        name="five points, worth less than promised",
        study=NAME,
        parameters=STEADY,
        finding="retention-value-five-points",
        says=("not-supported",),
    ),
    Null(name="five points, profit", study=NAME, parameters=STEADY, finding="retention-profit-five-years"),
    Null(name="five points where many leave", study=NAME, parameters=FICKLE, finding="retention-value-five-points"),
    Null(name="margins that do not grow", study=NAME, parameters=STILL, finding="retention-benefits-grow"),
    Null(name="prices that do not rise", study=NAME, parameters=STILL, finding="retention-price-and-tenure"),
    Null(name="customers who are all alike", study=NAME, parameters=ALIKE, finding="retention-rises-with-tenure"),
)
