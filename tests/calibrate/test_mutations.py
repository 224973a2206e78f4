"""Faults made on purpose are noticed; the slow ones by `make calibrate`."""

from __future__ import annotations

import pytest

from calibrate.mutations import MUTATIONS, Mutation, halved, planted, survives
from cxlib import estimate

FAST = [one for one in MUTATIONS if not one.is_slow]


@pytest.mark.parametrize("mutation", FAST, ids=lambda one: one.name)
def test_a_fault_is_noticed(mutation: Mutation) -> None:
    assert survives(mutation) == ""


@pytest.mark.calibrate
@pytest.mark.parametrize("mutation", [one for one in MUTATIONS if one.is_slow], ids=lambda one: one.name)
def test_a_fault_of_a_study_is_noticed(mutation: Mutation) -> None:
    assert survives(mutation) == ""


def test_a_fault_that_nothing_looks_at_survives() -> None:
    idle = Mutation("idle", "cxlib.estimate:count", halved, lambda: None)
    assert survives(idle).startswith('"idle" survives ')


def test_the_right_function_is_back_afterwards() -> None:
    right = estimate.count
    with planted(Mutation("count", "cxlib.estimate:count", halved, lambda: None)):
        assert estimate.count is not right
    assert estimate.count is right
