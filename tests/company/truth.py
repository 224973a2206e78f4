"""What is true in the simulated company, for studies to be judged against.

Three kinds of truth: what follows from the parameters alone; what happened in this world, seen without the company's
blind spots; and effects, which are computed by running a population many times as large under experiments that no
company could make: every account is given a problem, a manager or onboarding by lot.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd

from company import clock
from company.customers import Population, population
from company.kinds import NEVER, SEVERITIES, Bools, Ints
from company.life import spells_under
from company.parameters import Parameters
from company.ratings import good_chance
from company.records import FOLLOW_UP, Experiment, Spells
from company.statements import CUSTOMER_STATEMENTS, WAVES, agreement
from company.streams import stream
from company.world import World
from cxlib.period import Month

EXPERIMENT_SEED = 1
SCALE = 60.0
LANDMARKS = tuple(clock.month_index(Month.parse(month)) for month in ("2024-02", "2024-09"))
HORIZONS = (30, 90, 365)  # days

Truth = dict[str, object]


def _share(left: Bools) -> Truth:
    """Return a share with the error of the simulation, not of a sample."""
    share = float(left.mean())
    return {"share": round(share, 4), "simulation_error": round(float(np.sqrt(share * (1 - share) / len(left))), 4)}


def _difference(left: Bools, left_without: Bools) -> Truth:
    error = np.sqrt(left.var() / len(left) + left_without.var() / len(left_without))
    return {
        "with": round(float(left.mean()), 4),
        "without": round(float(left_without.mean()), 4),
        "difference": round(float(left.mean() - left_without.mean()), 4),
        "simulation_error": round(float(error), 4),
    }


def _current(spells: Spells, at: int, count: int) -> tuple[Ints, Ints, Ints]:
    """Return who is a customer and has not asked to leave at a minute, with end and request of that spell."""
    here = (spells.since <= at) & (spells.until > at) & (spells.decided > at)
    until, decided = np.full(count, NEVER), np.full(count, NEVER)
    until[spells.account[here]], decided[spells.account[here]] = spells.until[here], spells.decided[here]
    return np.unique(spells.account[here]), until, decided


def _after_a_problem(people: Population, parameters: Parameters) -> Truth:
    """Return the shares that leave after one problem in a month, and after none, by days since the month's middle."""
    arm = stream(EXPERIMENT_SEED, "problem arms").integers(0, 4, (len(LANDMARKS), len(people)))
    spells, _ = spells_under(people, parameters, EXPERIMENT_SEED, Experiment("problem", LANDMARKS, arm))
    truth: Truth = {}
    for position, name in enumerate(("none", *SEVERITIES)):
        left: dict[str, list[Bools]] = {}
        for row, month in enumerate(LANDMARKS):
            at = int(clock.MONTH_STARTS[month])
            accounts, until, decided = _current(spells, at, len(people))
            mine = accounts[arm[row, accounts] == position]
            middle = at + 15 * clock.DAY
            for days in HORIZONS:
                by = middle + days * clock.DAY
                left.setdefault(f"ended_within_{days}_days", []).append(until[mine] < by)
                left.setdefault(f"asked_to_leave_within_{days}_days", []).append(decided[mine] < by)
        truth[name] = {key: _share(np.concatenate(parts)) for key, parts in left.items()}
    return truth


def _of_a_manager(people: Population, parameters: Parameters) -> Truth:
    """Return the share of all accounts that end within a year with and without a manager, from 2024-02."""
    month = LANDMARKS[0]
    arm = stream(EXPERIMENT_SEED, "manager arms").integers(0, 2, (1, len(people)))
    spells, _ = spells_under(people, parameters, EXPERIMENT_SEED, Experiment("manager", (month,), arm))
    at = int(clock.MONTH_STARTS[month])
    accounts, until, _ = _current(spells, at, len(people))
    ended = until[accounts] < at + clock.BILLING_YEAR
    return _difference(ended[arm[0, accounts] == 1], ended[arm[0, accounts] == 0])


def _of_onboarding(people: Population, parameters: Parameters) -> Truth:
    """Return the share of new paying accounts that end within a year of their start, onboarded and not."""
    arm = stream(EXPERIMENT_SEED, "onboarding arms").integers(0, 2, (1, len(people)))
    spells, _ = spells_under(people, parameters, EXPERIMENT_SEED, Experiment("onboarding", (0,), arm))
    first = clock.MONTH_STARTS[clock.month_index(Month.parse(parameters.success.onboarding_from))]
    new = (spells.since == people.born[spells.account]) & (spells.since >= first)
    new &= spells.since < clock.MONTH_STARTS[clock.LAST] - clock.BILLING_YEAR
    new &= people.converts[spells.account] | ~people.trial[spells.account]
    ended = (spells.until - spells.since < clock.BILLING_YEAR)[new]
    given = arm[0, spells.account[new]] == 1
    return _difference(ended[given], ended[~given])


def _of_follow_up(people: Population, parameters: Parameters) -> Truth:
    """Return the share that asks to leave, and ends, within 180 days of randomisation, treated and hold-out."""
    spells, work = spells_under(people, parameters, EXPERIMENT_SEED)
    mine = np.flatnonzero(work.kind == FOLLOW_UP)
    order = mine[np.lexsort((work.assigned[mine], work.account[mine]))]
    first = order[np.unique(work.account[order], return_index=True)[1]]
    days = 180 * clock.DAY
    first = first[work.assigned[first] + days < clock.MONTH_STARTS[clock.LAST + 1]]
    key = np.sort(spells.account * 2**26 + spells.since)
    by_key = np.argsort(spells.account * 2**26 + spells.since)
    spell = by_key[np.searchsorted(key, work.account[first] * 2**26 + work.assigned[first], side="right") - 1]
    treated = work.arm[first] == 1
    truth: Truth = {}
    for name, moment in (("asked_to_leave", spells.decided[spell]), ("ended", spells.until[spell])):
        gone = moment < work.assigned[first] + days
        truth[f"{name}_within_180_days"] = _difference(gone[treated], gone[~treated])
    return truth


@lru_cache(maxsize=4)
def effects(parameters: Parameters, scale: float = SCALE) -> dict[str, Truth]:
    """Return the true effects, by experiments on a population `scale` times as large as the company."""
    people = population(parameters, EXPERIMENT_SEED, scale)
    return {
        "leaving_after_a_problem": _after_a_problem(people, parameters),
        "ended_within_a_year_by_manager": _of_a_manager(people, parameters),
        "ended_within_a_year_by_onboarding": _of_onboarding(people, parameters),
        "leaving_by_follow_up": _of_follow_up(people, parameters),
    }


def silent_per_complainer(parameters: Parameters, in_public_is_silent: bool = True) -> dict[str, float]:
    """Return (1 - p) / p per severity, p the probability that a problem is told to the company, and over all problems.

    Parameters
    ----------
    in_public_is_silent : bool
        Count those who complain in public only as silent, as the company hears nothing from them; else leave them out.
    """
    told, share = parameters.experience, parameters.customers.product_share.array()
    chance, rate = told.complain.array(), told.problems.array()
    rate[-1] *= float(share @ told.severe_by_product.array() / share.sum())
    silent = (1 - chance) * (1.0 if in_public_is_silent else 1 - told.public_only.array())
    by_severity = {name: round(float(s / p), 4) for name, s, p in zip(SEVERITIES, silent, chance, strict=True)}
    return {**by_severity, "any": round(float(rate @ silent / (rate @ chance)), 4)}


def agreeing(world: World, statement: str) -> dict[str, float]:
    """Return the share of all customers who agree with a statement, by wave: asked or not, answering or not."""
    months = world.customer_months
    by_wave = {}
    for wave in WAVES:
        mood = months.loc[months["month"] == f"{wave}-01", "satisfaction"].to_numpy(float)
        by_wave[str(wave)] = round(float(agreement(world.parameters, statement, mood).mean()), 4)
    return by_wave


def rated_good(world: World, had_to_repeat: bool | None = None, friendlier: float = 0.0) -> float:
    """Return the expected share of good ratings among the rated tickets.

    Parameters
    ----------
    had_to_repeat : bool, optional
        As if every customer had, or none; as it was without.
    friendlier : float
        Points added to the friendliness of every answer.
    """
    rated = world.tickets[world.tickets["satisfaction"].isin(["good", "bad"])]
    was = rated["had_to_repeat"].to_numpy()
    repeat = was if had_to_repeat is None else np.full(len(rated), had_to_repeat)
    points = rated["friendliness"].to_numpy(np.float64, na_value=np.nan) + friendlier
    return float(good_chance(world.parameters, rated["mood"].to_numpy(), repeat, points).mean())


def _nps(score: pd.Series) -> float:
    return round(float(100 * ((score >= 9).mean() - (score <= 6).mean())), 2)


def in_this_world(world: World) -> Truth:
    """Return what happened in a world, with the part that the company does not see."""
    problems, surveys = world.problems, world.surveys
    told, public = (problems.groupby("severity", observed=True)[name] for name in ("told", "in_public"))
    waves = surveys[(surveys["survey"] == "relationship") & ~surveys["former"]]
    by_wave = waves.groupby("wave", observed=True)
    answered = waves[waves["answered_at"].notna()].groupby("wave", observed=True)
    logged = world.incidents.groupby("severity", observed=True)["noticed"]
    return {
        "accounts": len(world.customers),
        "problems": {str(name): int(n) for name, n in told.size().items()},
        "problems_told": {str(name): int(n) for name, n in told.sum().items()},
        "problems_in_public_only": {str(name): int(n) for name, n in public.sum().items()},
        "incidents_noticed": {str(name): int(n) for name, n in logged.sum().items()},
        "incidents_unnoticed": {str(name): int((~part).sum()) for name, part in logged},
        "net_promoter_score_of_all_customers": {str(k): _nps(v) for k, v in by_wave["potential_score"]},
        "net_promoter_score_of_those_who_answered": {str(k): _nps(v) for k, v in answered["potential_score"]},
        "tickets": len(world.tickets),
        "tickets_about_problems": int(world.tickets["severity"].notna().sum()),
        "rated_good": {
            "as_it_was": round(rated_good(world), 4),
            "if_nobody_had_to_repeat": round(rated_good(world, had_to_repeat=False), 4),
            "if_everybody_had_to_repeat": round(rated_good(world, had_to_repeat=True), 4),
            "if_a_point_friendlier": round(rated_good(world, friendlier=1.0), 4),
        },
        "customers_referred": int(world.customers["referred_by"].notna().sum()),
        "customers_agreeing": {statement: agreeing(world, statement) for statement in CUSTOMER_STATEMENTS},
    }
