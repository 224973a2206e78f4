"""The ledger of claims: what the industry repeats, in its own words, judged on the company's own data."""

from __future__ import annotations

from cxlib.claims.claim import Claim, all_claims, claims_of, claims_on, region_of
from cxlib.claims.judge import Judged, judge, ledger

__all__ = ["Claim", "Judged", "all_claims", "claims_of", "claims_on", "judge", "ledger", "region_of"]
