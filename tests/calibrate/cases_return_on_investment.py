"""Return on investment: what managers, onboarding and calls truly do, by lots that only a simulation can draw.

- Follow-up is drawn by lot in the company itself; a population many times as large has the same lot without noise.
- Managers of newcomers are, within a tier, given by chance: the same population has their effect among those who could
  have got one or not. Managers of customers in trouble are not, and no export shows the trouble; nothing is claimed.
- Onboarding goes rather to the willing. An experiment gives it by lot, and each account counts by its chance of having
  been onboarded: the effect on those who are. What is left of it less the change of older customers is no case: these
  get more managers as time goes on, so they do not change as newcomers would; the study says "were they to".
- How exactly the effect of calls is known after so many months: how far it lies apart in hundreds of companies alike.
- Tickets: the factor of questions with a manager, over the months that each managed customer truly had one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pandas as pd

from calibrate.case import Case, Confounded, Null, of_finding
from company import Parameters, World, clock
from company.customers import Population, population
from company.kinds import TIERS, Bools, Floats, Ints
from company.life import spells_under
from company.parameters import SuccessParameters
from company.records import FOLLOW_UP, MANAGER, Experiment
from company.truth import effects
from cxlib.period import Month

SCALE = 60.0
SEEDS = range(1, 5)
TRIAL = 14 * clock.DAY
LANDMARK = 31 * clock.DAY
YEAR = 365 * clock.DAY
MONTHS = 24
CUT = clock.minute_of("2026-10-31T21:00")  # end of the month in the reporting zone


def by_follow_up(world: World) -> float:
    """Return what the call does to the share that leaves within 180 days of the draw."""
    found = effects(world.parameters)["leaving_by_follow_up"]["ended_within_180_days"]
    assert isinstance(found, dict)
    return float(found["difference"])


def _paying_from(people: Population, account: Ints, since: Ints) -> tuple[Ints, Bools]:
    """Return when first spells begin to be paid, and which are first spells of accounts that pay at all."""
    first = since == people.born[account]
    pays = first & (people.converts[account] | ~people.trial[account])
    return since + TRIAL * people.trial[account], pays


@lru_cache(maxsize=4)
def _by_manager(parameters: Parameters) -> float:
    """Return the difference in share lost within a year of the landmark, tier by tier, weighted by newcomers.

    Only the tiers in which newcomers are given managers.
    """
    lost, count = np.zeros((len(TIERS), 2)), np.zeros((len(TIERS), 2))
    for seed in SEEDS:
        people = population(parameters, seed, SCALE)
        spells, work = spells_under(people, parameters, seed)
        start, pays = _paying_from(people, spells.account, spells.since)
        landmark = start + LANDMARK
        given = np.full(len(people), np.iinfo(np.int64).max)
        mine = work.kind == MANAGER
        np.minimum.at(given, work.account[mine], work.assigned[mine])
        here = pays & (start >= clock.WINDOW_START) & (spells.until > landmark) & (landmark + YEAR <= CUT)
        treated = given[spells.account] <= landmark
        left = spells.until <= landmark + YEAR
        tier = people.tier[spells.account]
        np.add.at(count, (tier[here], treated[here].astype(int)), 1)
        np.add.at(lost, (tier[here], treated[here].astype(int)), left[here])
    both = parameters.success.manager_at_start.array() > 0
    share = lost[both] / count[both]
    return float(np.average(share[:, 1] - share[:, 0], weights=count[both].sum(axis=1)))


def by_manager(world: World) -> float:
    return _by_manager(world.parameters)


@lru_cache(maxsize=4)
def _by_onboarding(parameters: Parameters) -> tuple[Floats, Floats, float]:
    """Return what onboarding adds for those who get it: share there by month; months by tier and payment; months."""
    told = parameters.success
    since = clock.MONTH_STARTS[clock.month_index(Month.parse(told.onboarding_from))]
    there, weight, length = np.zeros((2, MONTHS)), np.zeros(2), np.zeros(2)
    months, cells = np.zeros((2, len(TIERS), 2)), np.zeros((2, len(TIERS), 2))
    for seed in SEEDS:
        people = population(parameters, seed, SCALE)
        arm = np.random.default_rng(seed).integers(0, 2, (1, len(people)))
        spells, _ = spells_under(people, parameters, seed, Experiment("onboarding", (0,), arm))
        start, pays = _paying_from(people, spells.account, spells.since)
        seen = pays & (start >= since) & (start + MONTHS * clock.BILLING_MONTH <= CUT)
        account, lasts = spells.account[seen], (spells.until - start)[seen] / clock.BILLING_MONTH
        usual = told.onboarding.array()[people.tier[account]]
        willing = told.onboarding_selection * (people.level[account] - parameters.customers.satisfaction_mean)
        chance = 1 / (1 + (1 - usual) / usual * np.exp(-willing))
        for side in (0, 1):
            here = arm[0, account] == side
            weight[side] += chance[here].sum()
            there[side] += [float(chance[here][lasts[here] > k].sum()) for k in range(1, MONTHS + 1)]
            length[side] += float((chance[here] * np.clip(lasts[here], 0, MONTHS)).sum())
            place = (side, people.tier[account[here]], people.annual[account[here]].astype(int))
            np.add.at(cells, place, chance[here])
            np.add.at(months, place, chance[here] * np.clip(lasts[here], 0, MONTHS))
    share, mean = there / weight[:, None], months / cells
    stay = length / weight
    return share[1] - share[0], mean[1] - mean[0], float(stay[1] - stay[0])


def months_by_onboarding(world: World) -> float:
    """Return by how many months of the first two years the onboarded stay longer."""
    return _by_onboarding(world.parameters)[2]


def lost_by_onboarding(world: World) -> float:
    """Return what onboarding does to the share lost in the first year."""
    return -float(_by_onboarding(world.parameters)[0][11])


def growth_of_onboarding(world: World) -> float:
    """Return the slope of the additional share over the months since the start."""
    gain, _, _ = _by_onboarding(world.parameters)
    return float(np.polyfit(np.arange(1, MONTHS + 1), gain, 1)[0])


def return_on_onboarding(world: World) -> float:
    """Return the margin kept by onboarding those who were, over what it costs."""
    _, months, _ = _by_onboarding(world.parameters)
    begun = world.interventions[world.interventions["kind"] == "onboarding"]["customer_id"].astype(str)
    people = world.customers[world.customers["customer_id"].isin(set(begun))]
    terms = world.subscriptions.sort_values(["started_at", "line"], kind="stable")
    euro = terms["currency"].astype(str).map({"EUR": 1.0, "USD": 0.92, "TRY": 0.024}) * terms["monthly_amount"]
    paid = euro.groupby(terms["customer_id"].astype(str)).first()
    mrr = people["customer_id"].astype(str).map(paid).to_numpy(float)
    tier = people["tier"].cat.codes.to_numpy()
    kept = months[tier, people["annual"].to_numpy(int)] * mrr
    told = world.parameters.costs
    return float(kept[np.isfinite(kept)].mean() * (1 - told.hosting - told.payment_fees) / 420.0 - 1)


@lru_cache(maxsize=4)
def _narrowing(parameters: Parameters) -> float:
    """Return how the spread of the effect of calls over companies alike changes with twice the months of drawing.

    A population is parted into companies of the usual size; in each the effect is told after so many months as the
    product of the daily shares that stay, and the logarithm of its spread is set against that of the months.
    """
    begins = clock.MONTH_STARTS[clock.month_index(Month.parse(parameters.success.follow_up_from))]
    months = np.array([9, 10, 12, 14, 16])
    told: list[list[float]] = []
    for seed in SEEDS:
        people = population(parameters, seed, SCALE)
        spells, work = spells_under(people, parameters, seed)
        mine = np.flatnonzero(work.kind == FOLLOW_UP)
        order = mine[np.lexsort((work.assigned[mine], work.account[mine]))]
        first = order[np.unique(work.account[order], return_index=True)[1]]
        by_key = np.argsort(spells.account * 2**26 + spells.since)
        key = (spells.account * 2**26 + spells.since)[by_key]
        spell = by_key[np.searchsorted(key, work.account[first] * 2**26 + work.assigned[first], side="right") - 1]
        since, until, treated = work.assigned[first], spells.until[spell], work.arm[first] == 1
        company = np.random.default_rng(seed).integers(0, int(SCALE), len(people))[work.account[first]]
        for one in range(int(SCALE)):
            cuts = [int(begins + month * clock.BILLING_MONTH) for month in months]
            rows = [(company == one) & (since < cut) for cut in cuts]
            told.append(
                [
                    _left(since[here & treated], until[here & treated], cut)
                    - _left(since[here & ~treated], until[here & ~treated], cut)
                    for here, cut in zip(rows, cuts, strict=True)
                ]
            )
    slope = np.polyfit(np.log(months), np.log(np.std(told, axis=0)), 1)[0]
    return float(2**slope - 1)


def _left(since: Ints, until: Ints, cut: int) -> float:
    """Return the share that left within 180 days, by day: those whom the cut hides count until then."""
    days = (np.minimum(until, cut) - since) // clock.DAY
    left = until <= cut
    stay = 1.0
    for day in range(180):
        stay *= 1 - float((left & (days == day)).sum()) / max(int((days >= day).sum()), 1)
    return 1 - stay


def narrowing(world: World) -> float:
    return _narrowing(world.parameters)


def fewer_tickets(world: World) -> float:
    """Return what a manager does to questions a month, over the months in which settled customers had one."""
    told, change = world.parameters.support, world.parameters.success.manager_questions - 1
    given = world.interventions[world.interventions["kind"] == "success_manager"]
    first = given.groupby(given["customer_id"].astype(str))["assigned_at"].min()
    people = world.customers.set_index(world.customers["customer_id"].astype(str))
    spells = world.spells.groupby(world.spells["customer_id"].astype(str)).first()
    window = pd.period_range("2023-12", "2026-10", freq="M")
    rates = dict(zip(TIERS, told.questions.array(), strict=True))
    found: list[float] = []
    for name, at in first.items():
        trial = pd.Timedelta(days=14 if people.loc[name, "tier"] != "Enterprise" else 0)
        begins = (spells.loc[name, "started_at"] + trial).to_period("M") + 7  # seven months on it is settled
        ends = spells.loc[name, "ended_at"]
        last = window[-1] if pd.isna(ends) else min(window[-1], ends.to_period("M") - 1)
        month = at.to_period("M")
        if max(begins, window[0]) > min(month - 7, last):
            continue  # no level of its own before
        for ahead in range(1, 13):
            if month + ahead <= last and month + ahead >= window[0]:
                season = 1 + told.question_season * np.cos(2 * np.pi * ((month + ahead).month - 1) / 12)
                found.append(change * rates[str(people.loc[name, "tier"])] * season)
    return float(np.mean(found))


NO_EFFECT = replace(
    Parameters(),
    success=replace(
        SuccessParameters(),
        manager_hazard=0.0,
        manager_satisfaction=0.0,
        manager_questions=1.0,
        manager_expansion=1.0,
        onboarding_hazard=0.0,
        onboarding_questions=1.0,
        follow_up_recovery=0.0,
    ),
)
NAME = "return_on_investment"


CASES = (
    Case(
        name="return: calls after a problem, share that leaves",
        study=NAME,
        estimate=of_finding("follow-up-keeps-customers"),
        truth=by_follow_up,
    ),
    Case(
        name="return: return on onboarding",
        study=NAME,
        estimate=of_finding("success-return"),
        truth=return_on_onboarding,
    ),
    Case(
        name="return: months that the onboarded stay longer",
        study=NAME,
        estimate=of_finding("success-onboarding-keeps"),
        truth=months_by_onboarding,
    ),
    Case(
        name="return: one more kept by onboarding, share lost in a year",
        study=NAME,
        estimate=of_finding("cost-to-keep-one-more"),
        truth=lost_by_onboarding,
    ),
    Case(
        name="return: how the interval of calls narrows in twice the time",
        study=NAME,
        estimate=of_finding("history-makes-accurate"),
        truth=narrowing,
    ),
    Case(
        name="return: growth of what onboarding keeps",
        study=NAME,
        estimate=of_finding("success-benefits-grow"),
        truth=growth_of_onboarding,
    ),
    Case(
        name="return: tickets with a manager",
        study=NAME,
        estimate=of_finding("success-lowers-tickets"),
        truth=fewer_tickets,
    ),
)

CONFOUNDED = (
    Confounded(
        name="return: newcomers with a manager, share lost",
        study=NAME,
        estimate=of_finding("success-keeps-customers"),
        truth=by_manager,
        naive=of_finding("success-managers-naive"),
    ),
)

NULLS = tuple(
    Null(name=f"return: no effect of any success work, {finding}", study=NAME, finding=finding, parameters=NO_EFFECT)
    for finding in (
        "success-return",
        "success-onboarding-keeps",
        "cost-to-keep-one-more",
        "success-over-support",
        "follow-up-keeps-customers",
        "success-lowers-tickets",
        "success-benefits-grow",
        "success-keeps-customers",
    )
)
