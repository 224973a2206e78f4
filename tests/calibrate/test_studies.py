"""Every study on simulated companies whose truth is known: `make calibrate` in small, and in full by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibrate.case import DEFAULT, Case, declared
from calibrate.run import calibrate, calibrate_declared, main
from calibrate.table import Seen, table
from cxlib.claims import all_claims
from cxlib.studies import STUDIES


def test_every_study_is_held_to_a_known_truth() -> None:
    assert set(STUDIES) - {case.study for case in declared()} == set()


WITHOUT_TRUTH = {
    "customers-say-profit-first": "the simulated survey does not put this statement",
    "nps-as-printed": "a definition, wrong whatever the data say",
    "history-makes-accurate": "how fast an interval narrows is no property of a company; its width is in the table",
    "retention-value-five-per-cent": "the same curve as five points, which has a truth, read at another step",
    "retention-profit-one-year": "no company of the simulation lives twice with more of today's customers kept",
    "retention-profit-five-years": "no company of the simulation lives twice with more of today's customers kept",
    "cost-to-keep-and-to-win": "what one more customer kept would have cost is in no book of the simulation",
}
"""Findings of claims that no case holds to a truth, and why."""


def test_every_claim_has_a_truth_or_says_why_not() -> None:
    files = {path.stem: path.read_text("utf-8") for path in Path(__file__).parent.glob("cases_*.py")}
    named = "\n".join(files.values())
    missing = {claim.finding for claim in all_claims() if f'"{claim.finding}"' not in named}
    # names that a file puts together, one a severity
    missing -= {f"silent-per-complainer-{severity}" for severity in ("minor", "moderate", "severe")}
    assert missing <= set(WITHOUT_TRUTH), missing - set(WITHOUT_TRUTH)


@pytest.mark.slow
def test_two_processes_see_what_one_sees() -> None:
    cases = [case for case in declared(["existing_against_new"]) if case.parameters == DEFAULT]
    together, alone = calibrate_declared(cases, 2), calibrate(cases, 1, first=2)
    assert [[one.seed for one in together[case]] for case in cases] == [[1, 2]] * len(cases)
    assert [repr(together[case][1:]) for case in cases] == [repr(alone[case]) for case in cases]
    assert all(not one.error for seen in together.values() for one in seen)


COARSER = {"SCALE": 6.0, "SEEDS": range(1, 3), "MANY": 8.0, "SOME": 5.0, "TIMES": 2}
"""How many customers a truth is counted from where an interval twice as wide is all that is asked."""


def is_far(one: Seen) -> bool:
    """Tell whether the truth lies twice as far away as the interval reaches: in one of ten thousand by chance."""
    found = one.estimate
    if found is None or not found.is_known:
        return False
    reach = found.high - found.value if one.truth > found.value else found.value - found.low
    return abs(one.truth - found.value) > 2 * reach


@pytest.mark.slow
@pytest.mark.parametrize("study", sorted({case.study for case in declared()} & set(STUDIES)))
def test_no_number_is_far_from_the_truth_in_one_company(study: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what is to be expected one company says nothing; of the measures customers drawn anew tell in small."""
    for name, value in COARSER.items():
        monkeypatch.setattr(f"calibrate.cases_{study}.{name}", value, raising=False)
    cases = [case for case in declared([study]) if case.parameters == DEFAULT]
    seen = calibrate(cases, 1)
    assert not [one.error for looks in seen.values() for one in looks if one.error]
    far = [case for case in cases if isinstance(case, Case) and any(map(is_far, seen[case]))]
    assert not far, table("one company", [(case, seen[case]) for case in far])


@pytest.mark.calibrate
def test_no_number_and_no_verdict_is_measurably_off_in_two_hundred_companies() -> None:
    assert main(["--worlds", "200"]) == 0
