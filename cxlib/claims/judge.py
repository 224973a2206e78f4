"""Claims held against what was said of the company's own data."""

from collections.abc import Iterable, Mapping
from math import nan
from typing import Any, NamedTuple, cast

import pandas as pd

from cxlib.claims.claim import Claim, all_claims
from cxlib.errors import ConfigError, UntoldError
from cxlib.estimate import Estimate
from cxlib.finding import Finding, Verdict, shown
from cxlib.finding import verdict as verdict_of

INSIDE = "The whole interval of your own figure lies inside the region in which the claim counts as true."
ABOVE = "The whole interval of your own figure lies above the region in which the claim counts as true."
BELOW = "The whole interval of your own figure lies below the region in which the claim counts as true."
ACROSS = "The interval of your own figure lies partly inside the region in which the claim counts as true."
NO_FIGURE = "There is no figure of your own to hold the claim against."
SHOWN = "Your own data show it."
NOT_SHOWN = "Your own data do not show it."
NOT_TELLING = "Your own data do not tell."
BY_SIZE = {
    "cannot-tell": "Your own data show it, but not whether it is as much as would matter.",
    "not-supported": "Your own data show it, but less of it than would matter.",
}
OTHER_NUMBER = "On your own answers the recipe gives another number than the right formula."
SAME_NUMBER = "On your own answers the recipe and the right formula cannot be told apart."
IN_WORDS = {
    "supported": "Supported",
    "not-supported": "Not supported",
    "cannot-tell": "Cannot be told from this data",
}

NOT_SAID = "The study that tests it did not run for this month."

WHY: Mapping[str, Mapping[Verdict, str]] = {
    "qualitative": {"supported": SHOWN, "not-supported": NOT_SHOWN, "cannot-tell": NOT_TELLING},
    "definition": {"not-supported": OTHER_NUMBER, "cannot-tell": SAME_NUMBER},
}
"""What the verdict on a claim without a region rests on."""


class Judgment(NamedTuple):
    """A verdict on a claim, and the sentence that says what it rests on."""

    verdict: Verdict
    why: str


def judge(claim: Claim, finding: Finding) -> Judgment:
    """Hold a claim against a finding; ConfigError if the finding's unit is not that of the claim's region."""
    estimate, region = shown(finding.estimate), claim.region
    if region is None:
        verdict = finding.verdict if finding.verdict in WHY[claim.kind] else "cannot-tell"
        has_no_figure = claim.kind == "definition" and verdict == "cannot-tell" and estimate is None
        why = BY_SIZE[verdict] if finding.size else WHY[claim.kind][verdict]
        return Judgment(verdict, NO_FIGURE if has_no_figure else why)
    if estimate is None:
        return Judgment("cannot-tell", NO_FIGURE)
    if estimate.unit != region.unit:
        raise ConfigError(
            f'claim {claim.id} is told in "{region.unit}", but finding "{claim.finding}" is in "{estimate.unit}"; '
            "bring both to one unit"
        )
    verdict = cast(Verdict, str(verdict_of(estimate, region.low, region.high)))
    beyond = ABOVE if estimate.low > region.high else BELOW
    return Judgment(verdict, {"supported": INSIDE, "not-supported": beyond}.get(verdict, ACROSS))


def ledger(records: Iterable[Mapping[str, Any]], recipe: Any = None) -> pd.DataFrame:
    """Return every claim with what was said of it, one row a claim.

    `records` is what notebooks recorded (`cxlib.notebook.Study.records`): the verdicts are theirs, nothing is judged
    anew. `recipe`, an exhibit, says what was said of a definition, which no study tests; or why it could not be.

    Columns are the claim's fields, `verdict` and `why`; `text`, what was said, or what would tell; `estimate`, None
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
    lines = [
        {
            **claim.model_dump(exclude={"region", "flips"}),
            "said": claim.said,
            "rule": claim.rule_in_words,
            **_told(claim, said.get(claim.finding), untold.get(claim.finding, "")),
        }
        for claim in all_claims()
    ]
    # plain objects: no column turns None into a number that is not one
    return pd.DataFrame(lines, dtype=object)


def _told(claim: Claim, record: Mapping[str, Any] | None, untold: str) -> dict[str, Any]:
    verdict, why, text, turns, estimate = "cannot-tell", NO_FIGURE if untold else NOT_SAID, untold or NOT_SAID, "", None
    if record is not None:
        [(verdict, why)] = [(one["verdict"], one["why"]) for one in record["claims"] if one["id"] == claim.id]
        text, turns = record["text"], record["assumption"]
        estimate = shown(record["estimate"] and _estimate(record["estimate"]))
    return {
        "verdict": verdict,
        "in_words": IN_WORDS[verdict],
        "why": why,
        "text": text,
        "estimate": estimate,
        "n": estimate and estimate.n,
        "turns": turns or claim.flips,
    }


def _estimate(numbers: Mapping[str, Any]) -> Estimate:
    ends = {name: nan if numbers[name] is None else float(numbers[name]) for name in ("value", "low", "high")}
    return Estimate(**{**numbers, **ends, "flags": tuple(numbers["flags"])})
