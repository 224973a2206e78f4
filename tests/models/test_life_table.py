"""Life tables against lifelines, and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines import KaplanMeierFitter

from cxlib.errors import MeasureError
from cxlib.models.life_table import life_table


def spells(count: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return exit, reason (0 running) and entry of spells without ties, seen from a random age on."""
    rng = np.random.default_rng(seed)
    lasts, other, last_seen = rng.exponential((10.0, 25.0, 20.0), (4 * count, 3)).T
    entry = np.where(rng.random(4 * count) < 0.5, 0.0, rng.exponential(6.0, 4 * count))
    exit = np.minimum.reduce([lasts, other, entry + last_seen])
    reason = np.select([exit == lasts, exit == other], [1, 2], 0)
    seen = np.flatnonzero(exit > entry)[:count]
    return exit[seen], reason[seen], entry[seen]


def test_by_hand() -> None:
    """Four spells: one ends at 1, one is last seen at 2, one comes in at 1.5 and ends at 3, one lasts beyond 4."""
    table = life_table([1, 2, 3, 4], [True, False, True, False], [0, 0, 1.5, 0])
    assert table.time.tolist() == [1, 2, 3, 4]
    assert table.at_risk.tolist() == [3, 3, 2, 1]
    assert table.survival == pytest.approx([2 / 3, 2 / 3, 1 / 3, 1 / 3])
    assert table.hazard == pytest.approx([1 / 3, 0, 1 / 2, 0])
    assert table.censored.tolist() == [0, 1, 0, 1]
    assert table.seen_at([0.5, 1, 1.2, 4, 5]).tolist() == [3, 3, 3, 1, 0]
    assert table.at([0.5, 1, 3.9]).value == pytest.approx([1, 2 / 3, 1 / 3])
    assert np.isnan(table.at([4.1]).value).all()


def test_one_that_enters_when_another_ends_was_not_at_risk() -> None:
    assert life_table([2, 3], [True, True], [0, 2]).at_risk.tolist() == [1, 1]


def test_kaplan_meier_with_delayed_entry_is_that_of_lifelines() -> None:
    exit, reason, entry = spells()
    table = life_table(exit, reason > 0, entry)
    oracle = KaplanMeierFitter().fit(exit, reason > 0, entry=entry)
    mine = table.at(oracle.timeline[oracle.timeline > 0])
    theirs = oracle.survival_function_["KM_estimate"][oracle.timeline > 0]
    assert mine.value == pytest.approx(theirs.to_numpy(), rel=1e-12)
    limits = oracle.confidence_interval_[oracle.timeline > 0]
    told = (mine.value > 0) & (mine.value < 1)
    assert told.sum() > 300
    assert mine.low[told] == pytest.approx(limits.iloc[:, 0].to_numpy()[told], rel=1e-9)
    assert mine.high[told] == pytest.approx(limits.iloc[:, 1].to_numpy()[told], rel=1e-9)


def test_ties_and_counts_are_those_of_lifelines() -> None:
    exit, reason, _ = spells(300)
    exit = np.ceil(exit)
    rows, count = np.unique(np.stack([exit, reason]), axis=1, return_counts=True)
    table = life_table(rows[0], rows[1] > 0, count=count)
    oracle = KaplanMeierFitter().fit(exit, reason > 0)
    theirs = oracle.survival_function_["KM_estimate"][oracle.timeline > 0].to_numpy()
    assert table.survival == pytest.approx(theirs)
    assert table.events.sum() + table.censored.sum() == 300


def test_without_censoring_it_is_the_share_still_there() -> None:
    exit = np.array([1.0, 2, 2, 3, 5])
    assert life_table(exit, np.ones(5)).at([1, 2, 3]).value == pytest.approx([4 / 5, 2 / 5, 1 / 5])


def test_nobody_gone_still_leaves_doubt() -> None:
    """Rule of three, exactly: none of 10 gone leaves a lower limit of 0.025^(1/10)."""
    table = life_table(np.full(10, 2.0), np.zeros(10))
    assert table.at([2]).value.item() == 1
    assert table.at([2]).low.item() == pytest.approx(0.6915, abs=1e-4)


def test_everybody_gone_keeps_an_upper_limit() -> None:
    table = life_table([1, 2, 3], [True, True, True])
    assert table.survival[-1] == 0
    assert table.low[-1] == 0
    assert table.high[-1] == table.high[-2] < 1
    assert table.at([9]).value.item() == 0
    alone = life_table([1], [True])
    assert (alone.survival.item(), alone.low.item()) == (0, 0)
    assert alone.high.item() == pytest.approx(0.975)  # exact binomial: 1 - 0.025


def test_nothing_at_all() -> None:
    table = life_table([], [])
    assert len(table.time) == 0
    assert np.isnan(table.at([1]).value).all()


def test_the_interval_holds_the_truth() -> None:
    """95 % of intervals at a fixed time, with delayed entry and censoring."""
    held = 0
    for seed in range(300):
        exit, reason, entry = spells(120, seed)
        found = life_table(exit, reason == 1, entry).at([8.0])
        held += found.low.item() <= np.exp(-0.8) <= found.high.item()
    assert held >= 272  # 1 in 1,000 falls below with 95 %


def test_spells_that_could_not_be_seen_are_refused() -> None:
    with pytest.raises(MeasureError, match="1 of 2 spells end before they come under observation"):
        life_table([1, 2], [True, True], [0, 2])
    with pytest.raises(MeasureError, match="1 of 2 spells have no usable time or count: leave out"):
        life_table([1, np.nan], [True, True])
