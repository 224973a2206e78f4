"""Claims held against what was said of the company's own data."""

from collections.abc import Iterable, Mapping
from math import isnan, nan
from typing import Any, Literal, NamedTuple

import pandas as pd

from cxlib.claims.claim import Claim, Range, all_claims
from cxlib.errors import ConfigError, UntoldError
from cxlib.estimate import Estimate
from cxlib.finding import Finding
from cxlib.finding import verdict as verdict_of

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
IN_WORDS = {
    "supported": "Supported",
    "not-supported": "Not supported",
    "cannot-tell": "Cannot be told from this data",
}

NOT_SAID = "The study that tests it did not run for this month."

BY_VERDICT: Mapping[str, Mapping[str, str]] = {
    "verdict": {"supported": SHOWN, "not-supported": NOT_SHOWN},
    "definition": {"not-supported": OTHER_NUMBER},
}


class Judgment(NamedTuple):
    """A verdict on a claim, and the sentence that says what it rests on."""

    verdict: Judgement
    why: str


def judge(claim: Claim, finding: Finding) -> Judgment:
    """Hold a claim against a finding.

    Raises
    ------
    ConfigError
        If the finding's unit is not that of the claim's region.
    """
    estimate = finding.estimate if _may_be_shown(finding.estimate) else None
    if isinstance(claim.rule, Range):
        return _by_range(claim, claim.rule, estimate)
    why = BY_VERDICT[claim.rule.kind]
    if finding.verdict in why:
        return Judgment("supported" if finding.verdict == "supported" else "not-supported", why[finding.verdict])
    if claim.rule.kind == "verdict":
        return Judgment("cannot-tell", NOT_TELLING)
    return Judgment("cannot-tell", NO_FIGURE if estimate is None else SAME_NUMBER)


def _may_be_shown(estimate: Estimate | None) -> bool:
    """Tell whether there is a number with limits, from enough cases to be shown."""
    if estimate is None or not estimate.is_known or "suppressed" in estimate.flags:
        return False
    return not isnan(estimate.low) and not isnan(estimate.high)


def _by_range(claim: Claim, region: Range, estimate: Estimate | None) -> Judgment:
    if estimate is None:
        return Judgment("cannot-tell", NO_FIGURE)
    if estimate.unit != region.unit:
        raise ConfigError(
            f'claim {claim.id} is told in "{region.unit}", but finding "{claim.finding}" is in "{estimate.unit}"; '
            "bring both to one unit"
        )
    match verdict_of(estimate, region.low, region.high):
        case "supported":
            return Judgment("supported", INSIDE)
        case "not-supported":
            return Judgment("not-supported", ABOVE if estimate.low > region.high else BELOW)
        case _:
            return Judgment("cannot-tell", ACROSS)


def ledger(records: Iterable[Mapping[str, Any]], recipe: Any = None) -> pd.DataFrame:
    """Return every claim with what was said of it.

    Parameters
    ----------
    records : iterable of mappings
        What notebooks recorded (`cxlib.notebook.Study.records`): the verdicts are theirs, nothing is judged anew.
    recipe : Exhibit, optional
        What was said of a definition, which no study tests; or why it could not be.

    Returns
    -------
    DataFrame
        One row a claim: its fields, `verdict` and `why`; `text`, what was said, or what would tell; `estimate`, None
        where there is none that may be shown, and its `n`; and `turns`, what would turn the verdict over.
    """
    said: dict[str, Mapping[str, Any]] = {}
    untold: dict[str, str] = {}
    try:
        records = [*records, *(recipe.records if recipe is not None else ())]
    except UntoldError as error:
        untold = {claim.finding: str(error) for claim in all_claims() if not claim.study}
    for record in records:
        if "finding" in record:
            said[record["finding"]] = record
        untold |= dict.fromkeys(record.get("findings", ()), record.get("untold", ""))
    lines = []
    for claim in all_claims():
        told = _judged(claim, said.get(claim.finding), untold.get(claim.finding, ""))
        about = claim.model_dump(exclude={"rule", "flips", "needs"})
        lines.append({**about, "said": claim.said, "rule": claim.rule_in_words, **told})
    # plain objects: no column turns None into a number that is not one
    return pd.DataFrame(lines, dtype=object)


def _judged(claim: Claim, record: Mapping[str, Any] | None, untold: str) -> dict[str, Any]:
    verdict, why, text, turns, estimate = "cannot-tell", NO_FIGURE if untold else NOT_SAID, untold or NOT_SAID, "", None
    if record is not None:
        [(verdict, why)] = [(one["verdict"], one["why"]) for one in record["claims"] if one["id"] == claim.id]
        text, turns = record["text"], record["assumption"]
        estimate = record["estimate"] and _estimate(record["estimate"])
    shown = estimate if _may_be_shown(estimate) else None
    return {
        "verdict": verdict,
        "in_words": IN_WORDS[verdict],
        "why": why,
        "text": text,
        "estimate": shown,
        "n": shown and shown.n,
        "turns": turns or claim.flips,
    }


def _estimate(numbers: Mapping[str, Any]) -> Estimate:
    ends = {name: nan if numbers[name] is None else float(numbers[name]) for name in ("value", "low", "high")}
    return Estimate(**{**numbers, **ends, "flags": tuple(numbers["flags"])})
