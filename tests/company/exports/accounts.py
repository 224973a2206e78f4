"""The accounts as the customer register has them: duplicates, test accounts and the company's own among them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from company import names
from company.streams import stream
from company.world import World, salesforce_id

COMPANY = "Kuzey Cloud"
COMPANY_DOMAIN = "kuzeycloud.example"


@dataclass(frozen=True)
class Register:
    """Ids that no real customer has, and what they stand for.

    Attributes
    ----------
    merged : dict
        Id of a duplicate and the id it was merged into; one duplicate was merged into another one.
    emails : list
        Address of each customer's key contact, in the order of `world.customers`.
    """

    merged: dict[str, str]
    test: tuple[str, ...]
    internal: tuple[str, ...]
    deleted: tuple[str, ...]
    emails: list[str]


def register(world: World) -> Register:
    """Return the ids beside the real ones, drawn from their own stream."""
    dirt, rng = world.parameters.dirt, stream(world.seed, "register")
    survivors = rng.choice(len(world.customers), dirt.merged_accounts - 1, replace=False)
    duplicates = salesforce_id("001", rng, dirt.merged_accounts)
    ids = world.customers["customer_id"]
    merged = {duplicate: str(ids[survivor]) for duplicate, survivor in zip(duplicates, survivors, strict=False)}
    merged[duplicates[-1]] = duplicates[0]
    return Register(
        merged=merged,
        test=tuple(salesforce_id("001", rng, dirt.test_accounts)),
        internal=tuple(salesforce_id("001", rng, dirt.internal_accounts)),
        deleted=tuple(salesforce_id("001", rng, dirt.deleted_accounts)),
        emails=[
            names.address(language, number, domain)
            for language, number, domain in world.customers[["language", "contact", "domain"]].itertuples(index=False)
        ],
    )


def stale_ids(
    rng: np.random.Generator, people: Register, customer_id: pd.Series, share: float, text: pd.Series
) -> pd.Series:
    """Return ids in which a share of those of merged accounts still name the duplicate."""
    stale = {survivor: duplicate for duplicate, survivor in people.merged.items() if survivor not in people.merged}
    hit = customer_id.isin(list(stale)).to_numpy() & (rng.random(len(customer_id)) < share)
    return text.mask(hit, customer_id.astype(str).map(stale))
