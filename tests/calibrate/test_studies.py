"""Every study on simulated companies whose truth is known: `make calibrate` in small, and in full by hand."""

from __future__ import annotations

import pytest

from calibrate.case import DEFAULT, declared
from calibrate.run import calibrate, calibrate_declared, main
from calibrate.table import complaint, table
from cxlib.studies import STUDIES

COMPANIES = 2


def test_every_study_is_held_to_a_known_truth() -> None:
    assert set(STUDIES) - {case.study for case in declared()} == set()


@pytest.mark.slow
def test_two_processes_see_what_one_sees() -> None:
    cases = [case for case in declared(["existing_against_new"]) if case.parameters == DEFAULT]
    alone, together = calibrate(cases, 2), calibrate_declared(cases, 2)
    assert [repr(alone[case]) for case in cases] == [repr(together[case]) for case in cases]
    assert all(not one.error and one.seed in (1, 2) for seen in alone.values() for one in seen)


@pytest.mark.slow
def test_no_number_is_measurably_off_in_two_companies() -> None:
    # of what is to be expected two companies say nothing; the measures have a test of their own in small
    cases = [case for case in declared() if case.parameters == DEFAULT and case.study in STUDIES]
    seen = calibrate_declared(cases, COMPANIES)
    off = [words for case in cases if (words := complaint(case, seen[case]))]
    assert not off, "\n".join([*off, table(f"{COMPANIES} companies", list(seen.items()))])


@pytest.mark.calibrate
def test_no_number_and_no_verdict_is_measurably_off_in_two_hundred_companies() -> None:
    assert main(["--worlds", "200"]) == 0
