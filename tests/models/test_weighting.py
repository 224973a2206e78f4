"""Made alike: against Stata's worked example, by hand, and where the truth is known."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cxlib.models.weighting import aipw, compared, standardised_differences


def test_the_example_of_statas_manual() -> None:
    """Cattaneo (2010), smoking and birth weight, as in [TE] teffects aipw: the table ships with statsmodels.

    The effect there is -230.9892, from a linear outcome and a probit of smoking.
    """
    folder = resources.files("statsmodels.treatment.tests") / "results" / "cataneo2.csv"
    with resources.as_file(folder) as path:
        rows = pd.read_csv(path)
    chances = sm.Probit.from_formula("mbsmoke_ ~ mmarried_ + mage + mage2 + fbaby_ + medu", rows).fit(disp=0)
    design = sm.add_constant(rows[["prenatal1_", "mmarried_", "mage", "fbaby_"]])
    found = aipw(rows["bweight"], rows["mbsmoke_"], design, chances)
    assert found == pytest.approx(-230.9892, abs=5e-4)


def test_aipw_by_its_formula() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=300)
    treated = rng.random(300) < 1 / (1 + np.exp(-x))
    outcome = (rng.random(300) < 0.3 + 0.1 * treated).astype(float)
    design = np.column_stack([np.ones(300), x])
    model = sm.Logit(treated.astype(float), design).fit(disp=0)
    chance = model.predict()
    lines = [design @ np.linalg.lstsq(design[side], outcome[side], rcond=None)[0] for side in (treated, ~treated)]
    plain = lines[0] - lines[1] + treated * (outcome - lines[0]) / chance
    plain -= ~treated * (outcome - lines[1]) / (1 - chance)
    assert aipw(outcome, treated, design, model) == pytest.approx(plain.mean())


def test_standardised_differences_by_hand() -> None:
    known = pd.DataFrame({"size": [1.0, 3.0, 2.0, 2.0], "kind": ["a", "b", None, "a"], "same": [5, 5, 5, 5]})
    treated = [True, True, False, False]
    found = standardised_differences(known, treated, np.ones(4))
    assert found["size"] == 0
    assert found["kind: a"] == 0
    assert found["kind: b"] == pytest.approx(0.5 / np.sqrt(0.25 / 2))
    assert found["kind"] == pytest.approx(-0.5 / np.sqrt(0.25 / 2))  # the level "not known"
    assert found["same"] == 0
    weighted = standardised_differences(known, treated, [3, 1, 1, 1])
    assert weighted["size"] == pytest.approx((1.5 - 2) / np.sqrt(1 / 2))  # the yardstick is that of no weights
    assert standardised_differences(pd.DataFrame({"empty": [np.nan, np.nan]}), [True, False], [1, 1])["empty"] == 0


def customers(count: int, seed: int, effect: float = -0.10) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Return outcome, work and covariates: big customers leave less and get the work more."""
    rng = np.random.default_rng(seed)
    size = rng.normal(size=count)
    tier = np.where(rng.random(count) < 0.5, "Team", "Enterprise")
    chance = 1 / (1 + np.exp(-(size + 1.2 * (tier == "Enterprise") - 0.8)))
    treated = rng.random(count) < chance
    risk = 0.35 - 0.05 * size.clip(-2, 2) - 0.12 * (tier == "Enterprise") + effect * treated
    return rng.random(count) < risk, treated, pd.DataFrame({"tier": tier, "size": size})


def test_the_truth_is_found_where_the_plain_comparison_misses_it() -> None:
    left, treated, known = customers(40_000, 3)
    found = compared(left, treated, known)
    assert found.difference.value == pytest.approx(-0.10, abs=0.015)
    assert found.plain.high < -0.12
    assert found.balance["after"].abs().max() < 0.05 < found.balance["before"].abs().max()
    assert found.difference.value == pytest.approx(found.treated.value - found.control.value, abs=0.005)
    assert found.ratio.value == pytest.approx(found.treated.value / found.control.value)
    assert found.ratio.low < found.ratio.value < found.ratio.high
    assert max(found.effective) < 40_000


def test_the_interval_holds_the_truth_as_often_as_it_says_with_few_customers() -> None:
    held = 0
    for seed in range(150):
        found = compared(*customers(150, seed)).difference
        held += found.low <= -0.10 <= found.high
    assert stats.binomtest(held, 150, 0.95, alternative="less").pvalue > 0.01


def test_kinds_with_nobody_to_compare_are_named_and_left_out() -> None:
    left, treated, known = customers(400, 3)
    more = pd.DataFrame({"tier": ["Starter"] * 50, "size": np.linspace(-1, 1, 50)})
    found = compared(
        np.concatenate([left, np.zeros(50, bool)]),
        np.concatenate([treated, np.zeros(50, bool)]),
        pd.concat([known, more]),
    )
    assert found.one_sided == (("tier", "Starter"),)
    assert not found.kept[400:].any()
    assert found.difference == compared(left, treated, known).difference


def test_who_is_as_good_as_sure_of_the_work_is_left_out() -> None:
    left, treated, known = customers(600, 4)
    sure = pd.DataFrame({"tier": ["Team"] * 60, "size": np.full(60, 9.0)})
    found = compared(
        np.concatenate([left, np.zeros(60, bool)]),
        np.concatenate([treated, np.ones(60, bool)]),
        pd.concat([known, sure]),
    )
    assert not found.kept[600:].any()


def test_an_outcome_that_nobody_had_gives_a_difference_with_limits() -> None:
    _, treated, known = customers(200, 5)
    found = compared(np.zeros(200, bool), treated, known)
    assert found.difference.value == pytest.approx(0, abs=1e-9)
    assert found.difference.low < -0.01
    assert found.difference.high > 0.01
    assert not found.ratio.is_known


def test_the_last_covariates_give_way_where_there_are_too_few_customers() -> None:
    left, treated, known = customers(60, 6)
    regions = np.array(["North", "South"])[np.arange(60) % 2]
    wide = known.assign(**{f"more {k}": np.random.default_rng(k).normal(size=60) for k in range(8)}, region=regions)
    found = compared(left, treated, wide)
    fewer = [compared(left, treated, wide.iloc[:, :first]).difference for first in range(2, wide.shape[1])]
    assert found.difference in fewer
    assert "region: North" in set(found.balance["covariate"])  # shown all the same
    assert found.difference.is_known


def test_why_there_is_no_number() -> None:
    left, treated, known = customers(60, 7)
    assert compared(left, np.ones(60, bool), known[["size"]]).why_not == "one group"
    assert compared(left, known["tier"] == "Team", known[["tier"]]).why_not == "no overlap"
    assert compared(left, np.arange(60) < 3, known[["size"]]).why_not == "too few"
    assert compared(left, known["size"] > 0, known[["size"]]).why_not == "separated"
    none = compared(left[:0], treated[:0], known[:0])
    assert none.why_not == "no overlap"
    assert not none.difference.is_known
    assert none.balance.empty


def test_fewer_than_five_with_the_work_are_not_shown() -> None:
    treated = np.arange(40) < 4
    found = compared(np.arange(40) % 3 == 0, treated, pd.DataFrame({"same": np.ones(40)}))
    assert "suppressed" in found.difference.flags
    assert not found.difference.is_known
