"""Every way in which a claim can be judged."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from math import inf, nan

import pytest

from cxlib.claims import Claim, all_claims, judge
from cxlib.claims.judge import ABOVE, ACROSS, BELOW, INSIDE, NO_FIGURE, NOT_SHOWN, NOT_TELLING, SHOWN
from cxlib.errors import ConfigError
from cxlib.estimate import Estimate
from cxlib.finding import Finding, Verdict

SHARE = Estimate(0.65, 0.62, 0.68, 900, "share", "Wilson")


def claim(name: str) -> Claim:
    [found] = [one for one in all_claims() if one.id == name]
    return found


EXISTING = claim("000.9-existing")  # 60 to 70 in a hundred
HUNDREDS = claim("002.2-hundreds")  # 200 or more
FIRST_CONTACT = claim("003.6")


def found(of: Claim, estimate: Estimate | None = None, verdict: Verdict = "described") -> Finding:
    return Finding(of.finding, "", verdict=verdict, estimate=estimate)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "why"),
    [
        (0.62, 0.68, "supported", INSIDE),
        (0.60, 0.70, "supported", INSIDE),
        (0.71, 0.80, "not-supported", ABOVE),
        (0.40, 0.59, "not-supported", BELOW),
        (0.55, 0.65, "cannot-tell", ACROSS),
        (0.65, 0.75, "cannot-tell", ACROSS),
        (0.50, 0.80, "cannot-tell", ACROSS),
        (0.70, 0.80, "cannot-tell", ACROSS),
        (-inf, inf, "cannot-tell", ACROSS),
    ],
)
def test_a_number_against_a_region(low: float, high: float, verdict: str, why: str) -> None:
    estimate = replace(SHARE, low=low, high=high)
    judged = judge(EXISTING, found(EXISTING, estimate))
    assert (judged.verdict, judged.why) == (verdict, why)


def test_a_region_without_an_upper_end() -> None:
    many = Estimate(310.0, 230.0, 9_000.0, 900, "customers", "")
    assert judge(HUNDREDS, found(HUNDREDS, many)).verdict == "supported"
    assert judge(HUNDREDS, found(HUNDREDS, replace(many, low=120.0))).verdict == "cannot-tell"
    assert judge(HUNDREDS, found(HUNDREDS, replace(many, low=12.0, high=80.0))).verdict == "not-supported"
    assert judge(HUNDREDS, found(HUNDREDS, replace(many, high=inf))).verdict == "supported"


@pytest.mark.parametrize(
    "estimate",
    [
        None,
        Estimate(nan, nan, nan, 0, "share", ""),
        replace(SHARE, low=nan),
        replace(SHARE, flags=("suppressed",)),
    ],
)
def test_no_figure_to_hold_a_number_against(estimate: Estimate | None) -> None:
    judged = judge(EXISTING, found(EXISTING, estimate, "supported"))
    assert (judged.verdict, judged.why) == ("cannot-tell", NO_FIGURE)


@pytest.mark.parametrize(
    ("said", "verdict", "why"),
    [
        ("supported", "supported", SHOWN),
        ("not-supported", "not-supported", NOT_SHOWN),
        ("cannot-tell", "cannot-tell", NOT_TELLING),
        ("described", "cannot-tell", NOT_TELLING),
    ],
)
def test_a_finding_that_judges_by_itself(said: Verdict, verdict: str, why: str) -> None:
    judged = judge(FIRST_CONTACT, found(FIRST_CONTACT, SHARE, said))
    assert (judged.verdict, judged.why) == (verdict, why)


def test_a_unit_is_never_held_against_another() -> None:
    with pytest.raises(ConfigError) as error:
        judge(EXISTING, found(EXISTING, replace(SHARE, unit="points")))
    assert str(error.value) == (
        'claim 000.9-existing is told in "share", but finding "selling-to-existing" is in "points"; '
        "bring both to one unit"
    )


def test_every_reason_is_a_sentence_of_its_own() -> None:
    module = vars(import_module("cxlib.claims.judge"))
    reasons = [value for name, value in module.items() if name.isupper() and isinstance(value, str)]
    assert len(set(reasons)) == len(reasons) == 11
    assert all(reason[0].isupper() and reason.endswith(".") and "{" not in reason for reason in reasons)
