"""Risk-set matching: worked by hand, against weights by customer, and on simulated customers of known truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cxlib.models.incidence import Durations, durations, influences
from cxlib.models.matching import Compared, compare, match_risk_sets

CASES = pd.DataFrame({"customer": ["a", "b"], "at": [10.0, 20.0], "tier": ["big", "small"], "product": ["x", None]})
STRETCHES = pd.DataFrame(
    [
        ("a", 0.0, 10.0, "big", "x"),  # the case itself
        ("c", 0.0, 10.0, "big", "x"),  # over at the moment
        ("d", 10.0, 30.0, "big", "x"),  # begins at the moment
        ("e", 0.0, 30.0, "big", "y"),
        ("f", 0.0, 30.0, "small", None),
        ("g", 15.0, 30.0, "small", "x"),
    ],
    columns=["customer", "begins", "ends", "tier", "product"],
)


def sets(matches: pd.DataFrame) -> dict[int, list[str]]:
    pairs = zip(matches["case"], STRETCHES["customer"].iloc[matches["other"]], strict=True)
    found: dict[int, list[str]] = {}
    for case, other in pairs:
        found.setdefault(int(case), []).append(other)
    return found


def test_a_case_stands_beside_those_at_risk_in_its_strata() -> None:
    exact, exact_on = match_risk_sets(CASES, STRETCHES, ("tier", "product"), fewest=1)
    assert sets(exact) == {0: ["d"], 1: ["f"]}  # an empty product is a product like any other
    assert exact_on.tolist() == [2, 2]
    assert exact["weight"].tolist() == [1.0, 1.0]


def test_strata_are_let_go_from_the_last_until_there_are_enough() -> None:
    two, two_on = match_risk_sets(CASES, STRETCHES, ("tier", "product"), fewest=2)
    assert sets(two) == {0: ["d", "e"], 1: ["f", "g"]}
    assert two_on.tolist() == [1, 1]
    assert two["weight"].tolist() == [0.5, 0.5, 0.5, 0.5]
    four, four_on = match_risk_sets(CASES, STRETCHES, ("tier", "product"), fewest=4)
    assert sets(four) == {0: ["d"], 1: ["f"]}  # never four of the same tier: those who share the most stay
    assert four_on.tolist() == [2, 2]
    _, stranger_on = match_risk_sets(CASES.assign(tier="other"), STRETCHES, ("tier", "product"), fewest=1)
    assert stranger_on.tolist() == [-1, -1]  # the first stratum is never let go


def test_of_very_many_those_nearest_are_kept() -> None:
    near = CASES.assign(age=[5.0, 5.0]), STRETCHES.assign(age=[0.0, 0, 9, 6, 4, 1])
    kept, _ = match_risk_sets(*near, (), fewest=1, most=2, near="age")
    assert sets(kept) == {0: ["e", "f"], 1: ["e", "f"]}
    assert kept["weight"].tolist() == [0.5] * 4
    tied, _ = match_risk_sets(*near, (), fewest=1, most=1, near="age")
    assert sets(tied) == {0: ["e", "f"], 1: ["e", "f"]}  # both are a year away
    assert len(match_risk_sets(*near, (), fewest=1, near="age")[0]) == 3 + 4


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    times = [5.0, 15.0, 30.0]
    (whole, _), sides = match_risk_sets(CASES, STRETCHES, ("tier",)), some()
    compared_whole = compare(*sides, times)
    monkeypatch.setattr("cxlib.models.matching.BLOCK", 1)
    parts, _ = match_risk_sets(CASES, STRETCHES, ("tier",))
    assert sets(parts) == sets(whole)
    assert compare(*sides, times).influence == pytest.approx(compared_whole.influence)


def test_nobody_stands_beside_himself_and_a_case_alone_is_left_out() -> None:
    alone, alone_on = match_risk_sets(CASES.assign(at=40.0), STRETCHES, ("tier",))
    assert alone_on.tolist() == [-1, -1]
    assert len(alone) == 0
    own, _ = match_risk_sets(CASES.assign(at=5.0, customer="c"), STRETCHES, (), fewest=1)
    assert "c" not in sets(own)[0]
    empty, _ = match_risk_sets(CASES.iloc[:0], STRETCHES, ("tier",))
    assert len(empty) == 0


def some(seed: int = 3) -> tuple[Durations, Durations, pd.DataFrame]:
    """Return cases and sets in which customers come several times and on both sides."""
    rng = np.random.default_rng(seed)
    cases, sizes = 30, rng.integers(1, 6, 30)
    row = np.repeat(np.arange(cases), sizes)
    who = rng.integers(0, 25, cases + len(row))

    def follow(customers: np.ndarray) -> Durations:
        count = len(customers)
        return durations(rng.integers(1, 40, count).astype(float), rng.choice([0, 1, 2], count), customers)

    matches = pd.DataFrame({"case": row, "weight": np.repeat(1 / sizes, sizes)})
    return follow(who[:cases]), follow(who[cases:]), matches


def reweighted(
    times: list[float], cases: Durations, others: Durations, matches: pd.DataFrame, many: np.ndarray
) -> np.ndarray:
    """Return the difference where each customer is there so many times, in every role."""
    of_case, of_other = many[cases.cluster], many[others.cluster]
    in_set = np.bincount(matches["case"], of_other, len(of_case))
    weight = of_case[matches["case"]] * of_other / in_set[matches["case"]]
    one, other = (
        influences(replace(side, weight=each), times)[0] for side, each in ((cases, of_case), (others, weight))
    )
    return one - other


def test_the_influence_is_the_derivative_by_the_customer() -> None:
    times = [5.0, 15.0, 30.0]
    cases, others, matches = some()
    found = compare(cases, others, matches, times)
    assert found.difference == pytest.approx(reweighted(times, cases, others, matches, np.ones(25)))
    customers = np.unique(np.concatenate([cases.cluster, others.cluster]))
    assert found.influence.shape == (len(customers), 3)
    for place, customer in enumerate(customers):
        more, less = np.ones(25), np.ones(25)
        more[customer], less[customer] = 1 + 1e-5, 1 - 1e-5
        ends = [reweighted(times, cases, others, matches, many) for many in (more, less)]
        assert found.influence[place] == pytest.approx((ends[0] - ends[1]) / 2e-5, abs=1e-8)


def test_followed_to_the_end_it_is_the_mean_gap_between_a_case_and_its_set() -> None:
    cases = durations(np.array([1.0, 9.0, 9.0]), np.array([1, 1, 2]), np.array(["a", "b", "c"]))
    others = durations(np.array([2.0, 9, 9, 3, 9]), np.array([1, 2, 2, 1, 1]), np.array(["d", "e", "f", "d", "g"]))
    matches = pd.DataFrame({"case": [0, 0, 1, 2, 2], "weight": [0.5, 0.5, 1, 0.5, 0.5]})
    found = compare(cases, others, matches, [5.0])
    assert found.cases == pytest.approx([1 / 3])
    assert found.others == pytest.approx([(0.5 + 0 + 0.5) / 3])
    assert found.difference == pytest.approx([0.0])


def test_what_one_side_was_not_followed_for_is_not_known() -> None:
    cases = durations(np.array([20.0]), np.array([0]), np.array(["a"]))
    others = durations(np.array([8.0]), np.array([0]), np.array(["b"]))
    found = compare(cases, others, pd.DataFrame({"case": [0], "weight": [1.0]}), [5.0, 10.0])
    assert found.difference[0] == 0
    assert np.isnan(found.difference[1])
    nobody = durations(np.zeros(0), np.zeros(0, np.intp), np.zeros(0, object))
    no_pair = pd.DataFrame({"case": [], "weight": []})
    assert np.isnan(compare(nobody, nobody, no_pair, [5.0]).difference).all()


def lives(rng: np.random.Generator, effect: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return bad experiences and stretches of 400 customers who differ in how soon they leave.

    In each half of the class "big" experiences are frequent and leaving is rare. After an experience the hazard is
    `effect` times as high for good.
    """
    count = 400
    big = rng.random(count) < 0.5
    hazard = np.where(big, 0.01, 0.03) * rng.gamma(3, 1 / 3, count)
    when = rng.exponential(np.where(big, 8, 25))
    plain = rng.exponential(1 / hazard)
    after = when + rng.exponential(1 / (hazard * effect))
    left = np.where(plain < when, plain, after)
    ends, event = np.minimum(left, 60.0), (left < 60).astype(int)
    frame = pd.DataFrame({"customer": np.arange(count), "tier": big, "followed_until": ends, "event": event})
    had = when < ends
    cases = frame[had].assign(at=when[had])
    return cases, frame.assign(begins=0.0, ends=np.where(had, when, ends))


def compared(cases: pd.DataFrame, stretches: pd.DataFrame, time: float) -> Compared:
    matches, _ = match_risk_sets(cases, stretches, ("tier",))
    others = stretches.iloc[matches["other"]]
    at = cases["at"].to_numpy()
    sides = [
        durations(side["followed_until"].to_numpy() - since, side["event"].to_numpy(), side["customer"].to_numpy())
        for side, since in ((cases, at), (others, at[matches["case"]]))
    ]
    return compare(*sides, matches, [time])


@pytest.mark.slow
def test_an_experience_that_does_nothing_shows_no_difference_where_the_plain_comparison_does() -> None:
    rng = np.random.default_rng(20)
    found, errors, plain = [], [], []
    for _ in range(150):
        cases, stretches = lives(rng, 1.0)
        one = compared(cases, stretches, 20.0)
        found.append(float(one.difference[0]))
        errors.append(float(np.sqrt((one.influence**2).sum())))
        ever = stretches["customer"].isin(cases["customer"]).to_numpy()
        left = ((stretches["followed_until"] < 20) & (stretches["event"] == 1)).to_numpy()
        plain.append(left[ever].mean() - left[~ever].mean())
    covered = np.abs(found) <= 1.96 * np.array(errors)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(150) + 0.01
    assert covered.mean() >= 0.90
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.25)
    assert np.mean(plain) < -0.15  # whoever leaves soon has had no time for one


@pytest.mark.slow
def test_an_experience_that_doubles_leaving_is_found() -> None:
    rng = np.random.default_rng(21)
    found = [float(compared(*lives(rng, 2.0), 20.0).difference[0]) for _ in range(60)]
    assert 0.08 < np.mean(found) < 0.25
