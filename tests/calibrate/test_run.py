"""The runner on toy studies: one whose interval is right, and ones that are wrong in the ways it must find."""

from __future__ import annotations

import sys
import warnings
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from calibrate import run
from calibrate.case import DEFAULT, Case, Confounded, Declared, Effect, Null, declared
from calibrate.run import Machine, calibrate, main
from calibrate.table import Seen, complaint, is_too_rare, numbers, table
from company import Parameters
from cxlib.estimate import Estimate
from cxlib.finding import Finding, Verdict, verdict
from cxlib.notebook import Study

WORLDS, ANSWERS = 400, 50
OTHER = replace(DEFAULT, support=replace(DEFAULT.support, unanswered=0.5))


def _make(seed: int, parameters: Parameters) -> Any:
    """Make a company that is one number and what fifty customers say of it."""
    rng = np.random.default_rng(seed)
    truth = 3.0 + parameters.support.unanswered
    return SimpleNamespace(seed=seed, truth=truth, answers=truth + rng.normal(size=ANSWERS))


def _lay(world: Any, folder: Path, month: str) -> Any:
    assert folder.is_dir()
    return SimpleNamespace(world=world, month=month, engine=nullcontext())


def _mean(answers: np.ndarray, width: float = 1.0, shift: float = 0.0) -> Estimate:
    value, half = answers.mean() + shift, width * 2.0096 * answers.std(ddof=1) / np.sqrt(len(answers))
    return Estimate(value, value - half, value + half, len(answers), "points", "toy")


def _run(book: Any, name: str) -> Study:
    answers = book.world.answers
    noise = Estimate(*(x - book.world.truth for x in (lambda e: (e.value, e.low, e.high))(_mean(answers))), 50, "", "")
    if name == "breaks" and book.world.seed == 7:
        raise ZeroDivisionError("no customers")
    if name == "warns":
        warnings.warn("invalid value", RuntimeWarning, stacklevel=1)
    said = {
        "right": _mean(answers),
        "narrow": _mean(answers, width=0.6),
        "wide": _mean(answers, width=2.0),
        "shifted": _mean(answers, shift=0.5),
        "unknown": Estimate(float("nan"), float("nan"), float("nan"), 0, "points", ""),
        "no-effect": noise,
        "any-effect": replace(noise, low=abs(noise.value) / 2),
    }
    findings = {id: Finding(id, "", verdict=cast(Verdict, verdict(e)), estimate=e) for id, e in said.items()}
    return Study(name, findings, {}, (), {})


TOYS = Machine(_make, _lay, _run)


def case(finding: str, **more: Any) -> Case:
    asked = {"name": finding, "study": "toy", **more}
    return Case(estimate=lambda study: study.finding(finding).estimate, truth=lambda world: world.truth, **asked)


def confounded(right: str, naive: str) -> Confounded:
    return Confounded(
        name=right,
        study="toy",
        estimate=lambda study: study.finding(right).estimate,
        truth=lambda world: world.truth,
        naive=lambda study: study.finding(naive).estimate,
    )


def one(declared_case: Declared, worlds: int = WORLDS) -> tuple[str, list[str]]:
    """Return the complaint about a case and its line of the table, cell by cell."""
    seen = calibrate([declared_case], worlds, TOYS)[declared_case]
    assert [look.seed for look in seen] == list(range(1, worlds + 1))
    line = table("toy", [(declared_case, seen)]).splitlines()[2]
    return complaint(declared_case, seen), [cell.strip() for cell in line.split("  ") if cell.strip()]


def test_an_interval_that_is_right_passes() -> None:
    off, line = one(case("right"))
    assert off == ""
    assert line[:2] == ["right", "3.015"]
    assert float(line[2]) == pytest.approx(3.015, abs=0.03)
    share, low, high = (float(part.strip("%()")) for part in line[4].replace("to", "").split())
    assert low < 95 < high
    assert low < share < high
    assert line[6] == f"0 of {WORLDS}"


def test_the_bias_has_an_error_of_its_own() -> None:
    _, line = one(case("shifted"))
    bias, error = (float(part) for part in line[3].split(" ± "))
    assert bias == pytest.approx(0.5, abs=0.03)
    assert error == pytest.approx(1 / np.sqrt(ANSWERS * WORLDS), rel=0.2)


def test_an_interval_that_is_too_narrow_is_found() -> None:
    off, line = one(case("narrow"))
    covered = int(off.removeprefix("narrow: the interval holds the truth in only ").split()[0])
    assert covered / WORLDS == pytest.approx(2 * 0.8802 - 1, abs=0.08)  # within 0.6 of a right half-width
    assert line[4].startswith(f"{covered / WORLDS:.1%} (")


def test_an_interval_that_is_wider_than_it_need_be_is_found_unless_it_says_why() -> None:
    off, line = one(case("wide"))
    assert off.startswith("wide: the interval is 2")
    assert line[4].endswith("above 95%")
    assert line[-1] == "off"
    assert one(case("wide", wide="what is not known is allowed for"))[0] == ""


def test_each_line_tells_how_wide_an_interval_is_beside_the_best_and_whether_half_of_it_would_pass() -> None:
    _, line = one(case("right"))
    assert float(line[5]) == pytest.approx(1.0, abs=0.1)
    assert line[-2:] == ["seen", "holds"]
    assert one(case("right"), 3)[1][-2] == "not seen"


def test_a_bias_within_the_interval_is_found() -> None:
    """Half a standard deviation of the errors costs few intervals, and is seen all the same."""
    told = case("right")
    seen = calibrate([told], WORLDS, TOYS)[told]
    off = [replace(one, truth=one.truth + 0.07) for one in seen]
    kept = [replace(one, estimate=replace(one.estimate, low=-9.0, high=9.0)) for one in off if one.estimate]
    assert complaint(told, kept).startswith("right: its bias of -0.0")


def test_what_is_to_be_expected_is_the_mean_of_the_other_companies() -> None:
    told = case("right", name="expected", expected=True)
    own = replace(told, truth=lambda world: world.answers.mean())
    seen = calibrate([own], 3, TOYS)[own]
    answers = np.array([_make(seed, DEFAULT).answers.mean() for seed in (1, 2, 3)])
    others = np.array([np.mean(answers[1:]), np.mean(answers[::2]), np.mean(answers[:2])])
    # the mean of two others adds half of the variance of one
    assert numbers(own, seen).errors.tolist() == pytest.approx(list((answers - others) * np.sqrt(2 / 3)))
    assert one(own)[0] == ""


@pytest.mark.parametrize(("finding", "is_found"), [("right", True), ("no-effect", False)])
def test_an_effect_is_to_be_found_in_four_of_five_companies(finding: str, is_found: bool) -> None:
    off, line = one(Effect(name=finding, study="toy", finding=finding, size="three points"))
    assert (off == "") == is_found
    assert line[1] == "three points"
    assert line[-1] == ("holds" if is_found else "off")


def test_a_biased_number_is_found() -> None:
    assert one(case("shifted"))[0].startswith("shifted: the interval holds the truth in only ")


def test_a_dozen_companies_tell_them_apart_too() -> None:
    assert one(case("right"), 12)[0] == ""
    assert "in only" in one(case("shifted"), 12)[0]


def test_a_number_that_is_never_told_is_found() -> None:
    off, line = one(case("unknown"), 5)
    assert off == "unknown: could be told in none of 5 companies"
    assert line == ["unknown", "5 of 5", "off"]


@pytest.mark.parametrize(("finding", "is_right"), [("no-effect", True), ("any-effect", False)])
def test_the_verdict_without_an_effect(finding: str, is_right: bool) -> None:
    off, line = one(Null(name=finding, study="toy", finding=finding))
    assert (off == "") == is_right
    assert line[1] == "no effect"
    assert line[2].endswith("right verdict")
    if not is_right:
        assert off.startswith("any-effect: the verdict is right in only ")


def test_the_plain_comparison_stands_beside_the_number() -> None:
    off, line = one(confounded("right", "shifted"))
    assert off == ""
    assert float(line[7].split(" ± ")[0]) == pytest.approx(0.5, abs=0.03)
    few = [Seen("x", seed, 0.0, Estimate(1, -9, 9, 9, "", ""), Estimate(0.1, -9, 9, 9, "", "")) for seed in (1, 2)]
    assert complaint(confounded("right", "shifted"), few) == "right: its bias is larger than the plain comparison's"
    untold = [replace(few[0], naive=None), few[1]]
    assert complaint(confounded("right", "shifted"), untold) == (
        "right: the plain comparison is told in 1 companies, the number in 2"
    )


def test_a_study_that_fails_in_one_company_is_told() -> None:
    off, _ = one(case("right", study="breaks"), 9)
    assert off.startswith("right: fails in 1 of 9 companies, first in 7: ")
    assert off.endswith("ZeroDivisionError: no customers")


def test_a_warning_is_a_failure() -> None:
    assert one(case("right", study="warns"), 2)[0].endswith("RuntimeWarning: invalid value")


def test_a_case_that_fails_takes_no_other_with_it() -> None:
    wrong, good = case("absent"), case("right")
    seen = calibrate([wrong, good], 2, TOYS)
    assert "absent: fails in 2 of 2 companies" in complaint(wrong, seen[wrong])
    assert complaint(good, seen[good]) == ""


def test_companies_are_made_once_and_studies_run_once() -> None:
    made, ran = [], []

    def make(seed: int, parameters: Parameters) -> Any:
        made.append((seed, parameters))
        return _make(seed, parameters)

    def study(book: Any, name: str) -> Study:
        ran.append((book.world.seed, book.month, name))
        return _run(book, name)

    cases = [case("right"), case("narrow"), case("shifted", study="second"), case("no-effect", month="2026-04")]
    calibrate([*cases, case("any-effect", parameters=OTHER)], 2, Machine(make, _lay, study))
    assert made == [(1, DEFAULT), (2, DEFAULT), (1, OTHER), (2, OTHER)]
    of_one = [(1, "2026-04", "toy"), (1, "2026-10", "toy"), (1, "2026-10", "second")]
    assert ran[:3] == of_one
    assert len(ran) == 2 * 3 + 2


def test_truth_follows_the_parameters() -> None:
    changed = case("right", name="changed", parameters=OTHER)
    assert {look.truth for look in calibrate([changed], 3, TOYS)[changed]} == {3.5}


@pytest.mark.parametrize(
    ("hits", "trials", "rare"), [(9, 12, False), (8, 12, True), (183, 200, False), (181, 200, True)]
)
def test_what_counts_as_measurably_below(hits: int, trials: int, rare: bool) -> None:
    assert is_too_rare(hits, trials) is rare


def test_cases_are_found_by_the_names_of_their_files(monkeypatch: pytest.MonkeyPatch) -> None:
    toy = ModuleType("calibrate.cases_toy")
    monkeypatch.setitem(sys.modules, "calibrate.cases_toy", toy)
    toy.CASES = (case("right"),)
    toy.NULLS = (Null(name="null", study="toy", finding="no-effect"),)
    assert [found.name for found in declared(["toy"])] == ["right", "null"]
    toy.CASES = (case("right"), case("right"))
    with pytest.raises(ValueError, match="cases that share a name: right"):
        declared(["toy"])
    toy.CASES = (case("right", study="other"),)
    with pytest.raises(ValueError, match=r"cases_toy\.py declares cases of another study: right"):
        declared(["toy"])


def test_the_command_prints_a_table_and_says_what_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = (case("right"), case("narrow"))
    monkeypatch.setattr(run, "declared", lambda studies=(): cases)
    monkeypatch.setattr(run, "survivors", list)
    monkeypatch.setattr(run, "calibrate_declared", lambda found, worlds, first=1: calibrate(found, worlds, TOYS, first))
    assert main(["--worlds", "150"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "toy, 150 companies"
    assert shown[1].split("  ")[0] == "case"
    assert shown[-1].startswith("narrow: the interval holds the truth in only ")
    cases = (case("right"),)
    assert main(["--worlds", "150"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "No case is measurably off."


def test_what_chance_made_look_off_is_looked_at_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Twenty companies of one case have nothing but misses, the next twenty none; an error needs no chance."""
    unlucky, wrong = case("right"), case("absent")
    monkeypatch.setattr(run, "declared", lambda studies=(): (unlucky, wrong))
    asked: list[tuple[list[str], int]] = []

    def observed(cases: list[Case], worlds: int, first: int = 1) -> run.Observed:
        asked.append(([one.name for one in cases], first))
        low = 2.0 if first == 1 else 0.0
        found = Estimate(3.0, low, 4.0, 9, "points", "toy")
        seen = [Seen("right", seed, truth=1.0, estimate=found) for seed in range(first, first + worlds)]
        return {one: seen if one is unlucky else [Seen("absent", 1, error="KeyError")] for one in cases}

    monkeypatch.setattr(run, "survivors", lambda: ["a fault survives"])
    monkeypatch.setattr(run, "calibrate_declared", observed)
    assert main(["--worlds", "20"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert asked == [(["right", "absent"], 1), (["right"], 21)]
    assert "looked at again, on 20 other companies" in shown
    assert shown[-2:] == ["absent: fails in 1 of 1 companies, first in 1: KeyError", "a fault survives"]
    assert not any(line.startswith("right: ") for line in shown)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--study", "swiching"], 'study "swiching" does not exist; did you mean "switching"?'),
        (["--worlds", "0"], "--worlds must be 1 or more"),
    ],
)
def test_a_wrong_option_is_refused(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert message in capsys.readouterr().err
