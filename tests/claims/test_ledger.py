"""The ledger on a company: every claim finds what it asks for, and each study runs once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from calibrate.harness import workbook_of
from company import simulate
from cxlib.claims import Judged, all_claims, claims_of, judge, ledger
from cxlib.errors import MeasureError
from cxlib.estimate import Estimate
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import STUDIES, Study, run_study
from cxlib.workbook import Workbook

Lay = Callable[..., Any]


def study_with_all(name: str) -> Study:
    claims = claims_of(name)
    units = {claim.finding: claim.rule.unit for claim in claims if claim.rule.kind == "range"}
    findings = tuple(
        Finding(name, "", verdict="supported", estimate=Estimate(0.62, 0.61, 0.64, 90, units.get(name, "share"), ""))
        for name in dict.fromkeys(claim.finding for claim in claims)
    )
    return Study(name, findings, {}, (), ())


@pytest.fixture
def empty(desk: Lay) -> Workbook:
    return Workbook(desk("2026-11-09", customers=[]), Month(2026, 10), Language())


def test_each_study_runs_once_and_every_claim_is_judged(empty: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: Counter[str] = Counter()

    def run(book: Workbook, name: str) -> Study:
        assert book is empty
        ran[name] += 1
        return study_with_all(name)

    monkeypatch.setattr(import_module("cxlib.claims.judge"), "run_study", run)
    judged = ledger(empty)
    assert [one.claim for one in judged] == list(all_claims())
    assert ran == dict.fromkeys(STUDIES, 1)
    verdicts = {one.claim.id: one.verdict for one in judged}
    assert verdicts["000.9-existing"] == "supported"
    assert verdicts["000.9-new"] == "not-supported"
    assert verdicts["003.6"] == "supported"
    assert verdicts["004.2-nps"] == "cannot-tell"


def test_a_finding_that_a_study_does_not_bring_is_named(empty: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = Study("any", (Finding("something-else", ""),), {}, (), ())
    monkeypatch.setattr(import_module("cxlib.claims.judge"), "run_study", lambda book, name: bare)
    with pytest.raises(MeasureError, match="silent-per-complainer"):
        ledger(empty)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return workbook_of(simulate(), tmp_path_factory.mktemp("company"))


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_a_study_brings_what_its_claims_ask_for(name: str, company: Workbook) -> None:
    study = run_study(company, name)
    judged = [judge(claim, study.finding(claim.finding)) for claim in claims_of(name)]
    assert all(isinstance(one, Judged) for one in judged)
    for one in judged:
        if one.claim.rule.kind == "range" and one.verdict != "cannot-tell":
            assert one.estimate is not None
            assert one.estimate.unit == one.claim.rule.unit


@pytest.mark.slow
def test_a_claim_cannot_be_told_without_the_columns_it_needs(empty: Workbook) -> None:
    judged = ledger(empty)
    assert {one.verdict for one in judged} == {"cannot-tell"}
    assert all(one.finding.needed for one in judged)
