"""The truth beside the exports: by formula, by experiment, and the same company without experiment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from company import Parameters, World, clock, truth
from company.customers import population
from company.life import live, spells_under
from company.parameters import BySeverity
from company.records import Experiment


def test_silent_per_complainer_by_hand() -> None:
    """0.92 / 0.08, 0.70 / 0.30 and 0.35 / 0.65."""
    silent = truth.silent_per_complainer(Parameters())
    assert silent["minor"] == 11.5
    assert silent["moderate"] == pytest.approx(2.3333)
    assert silent["severe"] == pytest.approx(0.5385)
    assert silent["severe"] < silent["any"] < silent["minor"]


def test_silent_without_those_who_complain_in_public_by_hand() -> None:
    """0.92 x 0.98 / 0.08, 0.70 x 0.95 / 0.30 and 0.35 x 0.90 / 0.65."""
    silent = truth.silent_per_complainer(Parameters(), in_public_is_silent=False)
    assert silent["minor"] == pytest.approx(11.27)
    assert silent["moderate"] == pytest.approx(2.2167)
    assert silent["severe"] == pytest.approx(0.4846)


def test_share_rated_good_by_having_to_repeat(world: World) -> None:
    """As it was lies between nobody and everybody, and is about what the ratings say."""
    rated = world.tickets[world.tickets["satisfaction"].isin(["good", "bad"])]
    seen, was = (rated["satisfaction"] == "good").mean(), truth.rated_good(world)
    assert was == pytest.approx(seen, abs=4 * np.sqrt(was * (1 - was) / len(rated)))
    nobody, everybody = truth.rated_good(world, had_to_repeat=False), truth.rated_good(world, had_to_repeat=True)
    share = rated["had_to_repeat"].mean()
    assert everybody < was < nobody
    assert nobody + share * (everybody - nobody) == pytest.approx(was, abs=0.02)
    assert truth.rated_good(world, friendlier=1.0) > was


def test_those_who_agree_are_all_customers_not_only_those_asked(world: World) -> None:
    everybody = truth.agreeing(world, "puts_customers_first")
    asked = world.statements[world.statements["respondent"] == "customer"]
    would = (asked["potential_puts_customers_first"] >= 4).groupby(asked["wave"].astype(str)).agg(["mean", "size"])
    assert set(everybody) == set(would.index) == {"2024-06", "2025-06", "2026-06"}
    for wave, share in everybody.items():
        error = np.sqrt(share * (1 - share) / would.loc[wave, "size"])
        assert share == pytest.approx(would.loc[wave, "mean"], abs=4 * error)
    assert set(truth.agreeing(world, "wants_empathy").values()) == {0.45}


def test_26_silent_per_complainer_is_one_in_27() -> None:
    parameters = Parameters()
    shy = replace(parameters, experience=replace(parameters.experience, complain=BySeverity(1 / 27, 1 / 27, 1 / 27)))
    assert truth.silent_per_complainer(shy) == pytest.approx({"minor": 26, "moderate": 26, "severe": 26, "any": 26})


def test_world_without_experiment_has_the_same_spells() -> None:
    parameters = Parameters()
    people = population(parameters, 5)
    spells, work = spells_under(people, parameters, 5)
    lives = live(people, parameters, 5)
    for mine, theirs in ((spells, lives.spells), (work, lives.work)):
        for name, column in vars(mine).items():
            np.testing.assert_array_equal(column, getattr(theirs, name))


def test_a_forced_problem_is_the_only_one_of_its_month() -> None:
    parameters = Parameters()
    deadly = replace(parameters, leaving=replace(parameters.leaving, hurt=BySeverity(0.0, 0.0, 9.0), hurt_keeps=0.0))
    people, month = population(parameters, 5), truth.LANDMARKS[0]
    arm = np.where(np.arange(len(people)) % 2 == 0, 3, 1)[None, :]
    spells, _ = spells_under(people, deadly, 5, Experiment("problem", (month,), arm))
    start, end = clock.MONTH_STARTS[month : month + 2]
    here = (spells.since < start) & (spells.until > start) & (spells.decided > start)
    asked = (spells.decided < end)[here]
    struck = (arm[0, spells.account] == 3)[here]
    assert asked[struck].mean() > 0.6
    assert asked[~struck].mean() < 0.1


@pytest.mark.slow
def test_effects_point_where_the_parameters_do() -> None:
    effects = truth.effects(Parameters())
    after = effects["leaving_after_a_problem"]
    for horizon in ("asked_to_leave_within_90_days", "ended_within_365_days"):
        share = {name: after[name][horizon]["share"] for name in ("none", "minor", "moderate", "severe")}
        assert share["severe"] > share["moderate"] > share["none"]
        assert share["minor"] == pytest.approx(share["none"], abs=0.03)
    for name in ("ended_within_a_year_by_manager", "ended_within_a_year_by_onboarding"):
        effect = effects[name]
        assert effect["difference"] < -3 * effect["simulation_error"] < 0
    called = effects["leaving_by_follow_up"]["asked_to_leave_within_180_days"]
    assert called["difference"] < -3 * called["simulation_error"] < 0


@pytest.mark.slow
def test_effects_vanish_with_their_parameters() -> None:
    parameters = Parameters()
    idle = replace(
        parameters,
        success=replace(
            parameters.success,
            manager_hazard=0.0,
            manager_satisfaction=0.0,
            onboarding_hazard=0.0,
            follow_up_recovery=0.0,
        ),
        leaving=replace(parameters.leaving, hurt=BySeverity(0, 0, 0)),
        experience=replace(parameters.experience, drop=BySeverity(0, 0, 0)),
    )
    effects = truth.effects(idle, 15.0)
    for effect in (
        effects["ended_within_a_year_by_manager"],
        effects["ended_within_a_year_by_onboarding"],
        effects["leaving_by_follow_up"]["ended_within_180_days"],
    ):
        assert abs(effect["difference"]) < 4 * effect["simulation_error"]
    after = effects["leaving_after_a_problem"]
    gap = after["severe"]["ended_within_365_days"]["share"] - after["none"]["ended_within_365_days"]["share"]
    assert abs(gap) < 6 * after["none"]["ended_within_365_days"]["simulation_error"]


def test_what_the_company_does_not_see_is_told(world: World) -> None:
    seen = truth.in_this_world(world)
    assert seen["accounts"] == len(world.customers)
    assert sum(seen["problems"].values()) == len(world.problems)
    assert seen["tickets_about_problems"] == world.tickets["problem"].ge(0).sum()
    everybody, answered = (seen[f"net_promoter_score_of_{who}"] for who in ("all_customers", "those_who_answered"))
    waves = {f"{year}-{month}" for year in (2024, 2025, 2026) for month in ("04", "10")}
    assert set(everybody) == set(answered) == waves
    assert np.mean(list(answered.values())) > np.mean(list(everybody.values())) + 3
