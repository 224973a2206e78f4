"""The ledger of claims: what the industry repeats, in its own words, judged on the company's own data."""

from cxlib.claims.claim import Claim, all_claims, claims_on, region_of
from cxlib.claims.judge import IN_WORDS, Judgment, judge, ledger
from cxlib.claims.printed_nps import as_printed, counted, recipe_verdict

LEDGER = "claims_ledger"
"""Name of the notebook that lays all claims side by side."""

__all__ = [
    "IN_WORDS",
    "LEDGER",
    "Claim",
    "Judgment",
    "all_claims",
    "as_printed",
    "claims_on",
    "counted",
    "judge",
    "ledger",
    "recipe_verdict",
    "region_of",
]
