"""Claims held against what the studies found in the company's own data."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import Literal

from cxlib.claims.claim import Claim, Range, all_claims
from cxlib.claims.printed_nps import nps_as_printed
from cxlib.errors import ConfigError
from cxlib.estimate import Estimate
from cxlib.finding import Finding
from cxlib.studies import run_study
from cxlib.workbook import Workbook

Judgement = Literal["supported", "not-supported", "cannot-tell"]

INSIDE = "The whole interval of your own figure lies inside the region in which the claim counts as true."
ABOVE = "The whole interval of your own figure lies above the region in which the claim counts as true."
BELOW = "The whole interval of your own figure lies below the region in which the claim counts as true."
ACROSS = (
    "The interval of your own figure lies partly inside and partly outside the region in which the claim counts as "
    "true. More data would tell."
)
NO_FIGURE = "There is no figure of your own to hold the claim against."
SHOWN = "Your own data show it."
NOT_SHOWN = "Your own data do not show it."
NOT_TELLING = "Your own data do not tell."
OTHER_NUMBER = "On your own answers the recipe gives another number than the right formula."
SAME_NUMBER = "On your own answers the recipe and the right formula cannot be told apart."

BY_VERDICT: dict[str, tuple[Judgement, str]] = {
    "supported": ("supported", SHOWN),
    "not-supported": ("not-supported", NOT_SHOWN),
}
BY_DEFINITION: dict[str, tuple[Judgement, str]] = {"not-supported": ("not-supported", OTHER_NUMBER)}


@dataclass(frozen=True)
class Judged:
    """A claim with the company's own figure and the verdict.

    Parameters
    ----------
    claim : Claim
    finding : Finding
        What the study found.
    estimate : Estimate or None
        The number the claim is held against; None where there is none that may be shown.
    verdict : {"supported", "not-supported", "cannot-tell"}
    why : str
        Sentence: what the verdict rests on.
    """

    claim: Claim
    finding: Finding
    estimate: Estimate | None
    verdict: Judgement
    why: str


def judge(claim: Claim, finding: Finding) -> Judged:
    """Hold a claim against what a study found.

    Raises
    ------
    ConfigError
        If the finding is not the one the claim asks for, or its unit is not that of the claim's region.
    """
    if finding.id != claim.finding:
        raise ConfigError(f'claim {claim.id} is tested by finding "{claim.finding}", not by "{finding.id}"')
    estimate = finding.estimate if _may_be_shown(finding.estimate) else None
    verdict, why = _judgement(claim, finding, estimate)
    return Judged(claim, finding, estimate, verdict, why)


def ledger(book: Workbook) -> tuple[Judged, ...]:
    """Return every claim judged on the data up to the end of the workbook's month; each study runs once.

    Raises
    ------
    MeasureError
        If a study does not bring a finding that a claim asks for.
    """
    claims = all_claims()
    studies = {name: run_study(book, name) for name in dict.fromkeys(claim.study for claim in claims) if name}
    return tuple(
        judge(claim, studies[claim.study].finding(claim.finding) if claim.study else nps_as_printed(book))
        for claim in claims
    )


def _may_be_shown(estimate: Estimate | None) -> bool:
    """Tell whether there is a number with limits, from enough cases to be shown."""
    if estimate is None or not estimate.is_known or "suppressed" in estimate.flags:
        return False
    return not isnan(estimate.low) and not isnan(estimate.high)


def _judgement(claim: Claim, finding: Finding, estimate: Estimate | None) -> tuple[Judgement, str]:
    match claim.rule.kind:
        case "range":
            return _by_range(claim, estimate)
        case "verdict":
            return BY_VERDICT.get(finding.verdict, ("cannot-tell", NOT_TELLING))
        case "definition":
            unknown = NO_FIGURE if estimate is None else SAME_NUMBER
            return BY_DEFINITION.get(finding.verdict, ("cannot-tell", unknown))


def _by_range(claim: Claim, estimate: Estimate | None) -> tuple[Judgement, str]:
    assert isinstance(claim.rule, Range)
    if estimate is None:
        return "cannot-tell", NO_FIGURE
    region = claim.rule
    if estimate.unit != region.unit:
        raise ConfigError(
            f'claim {claim.id} is told in "{region.unit}", but finding "{claim.finding}" is in "{estimate.unit}"; '
            "bring both to one unit"
        )
    if estimate.low > region.high:
        return "not-supported", ABOVE
    if estimate.high < region.low:
        return "not-supported", BELOW
    if region.low <= estimate.low and estimate.high <= region.high:
        return "supported", INSIDE
    return "cannot-tell", ACROSS
