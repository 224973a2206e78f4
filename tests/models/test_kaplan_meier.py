"""Shares still there, against lifelines and by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from lifelines import KaplanMeierFitter

from cxlib.models.incidence import kaplan_meier


def spells(count: int = 400, seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return exit, reason (0 running) and entry of spells without ties, seen from a random age on."""
    rng = np.random.default_rng(seed)
    lasts, other, last_seen = rng.exponential((10.0, 25.0, 20.0), (4 * count, 3)).T
    entry = np.where(rng.random(4 * count) < 0.5, 0.0, rng.exponential(6.0, 4 * count))
    exit = np.minimum.reduce([lasts, other, entry + last_seen])
    reason = np.select([exit == lasts, exit == other], [1, 2], 0)
    seen = np.flatnonzero(exit > entry)[:count]
    return exit[seen], reason[seen], entry[seen]


def at(
    exit: npt.ArrayLike, ended: npt.ArrayLike, by: npt.ArrayLike, entry: npt.ArrayLike | None = None
) -> list[np.ndarray]:
    return list(kaplan_meier(exit, ended, np.zeros(np.shape(exit)) if entry is None else entry, by)[0])


def test_by_hand() -> None:
    """Four spells: one ends at 1, one is last seen at 2, one comes in at 1.5 and ends at 3, one lasts beyond 4."""
    spells = [1, 2, 3, 4], [True, False, True, False], [0, 0, 1.5, 0]
    line, watched = kaplan_meier(*spells, [0.5, 1, 3.9, 4.1])
    assert line.value[:3] == pytest.approx([1, 2 / 3, 1 / 3])
    assert np.isnan(line.value[3])
    assert watched.tolist() == [3, 3, 1, 0]
    assert kaplan_meier(*spells, [1.2, 4, 5])[1].tolist() == [3, 1, 0]


def test_one_that_enters_when_another_ends_was_not_at_risk() -> None:
    assert kaplan_meier([2, 3], [True, True], [0, 2], [2, 3])[1].tolist() == [1, 1]


def test_what_was_never_at_risk_does_not_count() -> None:
    assert at([1, 2, 5], [True, True, False], [1.5], [0, 2, 0])[0] == pytest.approx([0.5])


def test_with_delayed_entry_it_is_that_of_lifelines() -> None:
    exit, reason, entry = spells()
    oracle = KaplanMeierFitter().fit(exit, reason > 0, entry=entry)
    value, low, high = at(exit, reason > 0, oracle.timeline[oracle.timeline > 0], entry)
    theirs = oracle.survival_function_["KM_estimate"][oracle.timeline > 0]
    assert value == pytest.approx(theirs.to_numpy(), rel=1e-12)
    limits = oracle.confidence_interval_[oracle.timeline > 0]
    told = (value > 0) & (value < 1)
    assert told.sum() > 300
    assert low[told] == pytest.approx(limits.iloc[:, 0].to_numpy()[told], rel=1e-9)
    assert high[told] == pytest.approx(limits.iloc[:, 1].to_numpy()[told], rel=1e-9)


def test_ties_are_those_of_lifelines() -> None:
    exit, reason, _ = spells(300)
    exit = np.ceil(exit)
    oracle = KaplanMeierFitter().fit(exit, reason > 0)
    theirs = oracle.survival_function_["KM_estimate"][oracle.timeline > 0].to_numpy()
    assert at(exit, reason > 0, oracle.timeline[oracle.timeline > 0])[0] == pytest.approx(theirs)


def test_without_censoring_it_is_the_share_still_there() -> None:
    assert at([1.0, 2, 2, 3, 5], np.ones(5), [1, 2, 3])[0] == pytest.approx([4 / 5, 2 / 5, 1 / 5])


def test_nobody_gone_still_leaves_doubt() -> None:
    """Rule of three, exactly: none of 10 gone leaves a lower limit of 0.025^(1/10)."""
    value, low, _ = at(np.full(10, 2.0), np.zeros(10), [2])
    assert value.item() == 1
    assert low.item() == pytest.approx(0.6915, abs=1e-4)


def test_everybody_gone_keeps_an_upper_limit() -> None:
    value, low, high = at([1, 2, 3], [True, True, True], [2, 3, 9])
    assert value[1:].tolist() == low[1:].tolist() == [0, 0]
    assert high[1] == high[0] < 1
    value, low, high = at([1], [True], [1])
    assert (value.item(), low.item()) == (0, 0)
    assert high.item() == pytest.approx(0.975)  # exact binomial: 1 - 0.025


def test_nothing_at_all() -> None:
    assert np.isnan(at([], [], [1])).all()


def test_the_interval_holds_the_truth() -> None:
    """95 % of intervals at a fixed time, with delayed entry and censoring."""
    held = 0
    for seed in range(300):
        exit, reason, entry = spells(120, seed)
        _, low, high = at(exit, reason == 1, [8.0], entry)
        held += low.item() <= np.exp(-0.8) <= high.item()
    assert held >= 272  # 1 in 1,000 falls below with 95 %
