"""Accounts and opportunities as exported by the data loader of the customer register: all quoted, times in UTC."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from company import clock, names
from company.exports.accounts import COMPANY, COMPANY_DOMAIN, Register, stale_ids
from company.exports.files import Format, csv_bytes, frame_rows, local_text
from company.streams import stream
from company.world import World, salesforce_id

FORM = Format(line_end="\n", quote_all=True)
TIME = "%Y-%m-%dT%H:%M:%S.000Z"
COUNTRIES = {
    "DACH": ("Germany", "Austria", "Switzerland"),
    "Türkiye": ("Türkiye",),
    "Nordics": ("Sweden", "Norway", "Finland"),
    "Middle East": ("United Arab Emirates", "Iran", "Qatar"),
    "UK": ("United Kingdom",),
}
TYPES = {"new": "New Business", "existing": "Existing Business", "returned": "Win-back"}
MOTIONS = {"new": "New", "renewal": "Renewal", "upsell": "Upsell", "cross_sell": "Cross-sell"}
OPEN_STAGES = ("Qualification", "Proposal", "Negotiation")
SHOUTED = 0.03  # addresses that somebody typed in capitals
DELETED_OPEN = 0.1  # of open opportunities


def _shout(text: str, turkish: bool) -> str:
    return (text.replace("i", "İ") if turkish else text).upper()


def _customers(world: World, people: Register, rng: np.random.Generator) -> pd.DataFrame:
    customers = world.customers
    active = world.spells[world.spells["ended_at"].isna()]["customer_id"]
    lead = pd.to_timedelta(rng.integers(1, 60 * clock.DAY, len(customers)), unit="min")
    owner = np.array(salesforce_id("005", rng, 8), dtype=object)
    regions, loud = customers["region"].astype(str).tolist(), rng.random(len(customers)) < SHOUTED
    return pd.DataFrame(
        {
            "Id": customers["customer_id"],
            "Name": customers["name"],
            "Type": np.where(customers["customer_id"].isin(active.astype(str)), "Customer", "Former Customer"),
            "Industry": customers["sector"].astype(str),
            "ParentId": "",
            "MasterRecordId": "",
            "IsDeleted": "false",
            "OwnerId": owner[rng.integers(0, len(owner), len(customers))],
            "BillingCountry": [COUNTRIES[r][i % len(COUNTRIES[r])] for i, r in enumerate(regions)],
            "CreatedDate": local_text(customers["created_at"] - lead, "UTC", TIME),
            "Customer_Since__c": local_text(customers["created_at"], "UTC", TIME),
            "Region__c": regions,
            "Tier__c": customers["tier"].astype(str),
            "Acquisition_Channel__c": customers["acquisition_channel"].astype(str),
            "Referred_By__c": customers["referred_by"].astype(object).fillna(""),
            "Key_Contact_Email__c": [
                _shout(email, region == "Türkiye") if shouts else email
                for email, region, shouts in zip(people.emails, regions, loud, strict=True)
            ],
        }
    )


def _beside(people: Register, rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Return duplicates, test accounts, the company's own and erased ones."""
    by_id = rows.set_index("Id", drop=False)
    parts = []
    for duplicate, master in people.merged.items():
        original = by_id.loc[people.merged.get(master, master)]
        parts.append(
            {
                **original,
                "Id": duplicate,
                "Name": str(original["Name"]).upper(),
                "MasterRecordId": master,
                "IsDeleted": "true",
            }
        )
    kinds = (("Test", people.test), ("Internal", people.internal), ("Prospect", people.deleted))
    for kind, ids in kinds:
        for number, identity in enumerate(ids):
            name = {"Test": f"TEST Sandbox {number + 1}", "Internal": f"{COMPANY} {number + 1}"}.get(kind, "deleted")
            like = rows.iloc[int(rng.integers(len(rows)))]
            email = "" if kind == "Prospect" else names.address(0, number + 40, COMPANY_DOMAIN)
            parts.append(
                {
                    **like,
                    "Id": identity,
                    "Name": name,
                    "Type": kind,
                    "Key_Contact_Email__c": email,
                    "IsDeleted": str(kind == "Prospect").lower(),
                }
            )
    return pd.DataFrame(parts)


def write_accounts(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write `salesforce_accounts.csv`; return how many rows of each kind of dirt are in it."""
    rng = stream(world.seed, "salesforce accounts")
    rows = _customers(world, people, rng)
    everything = pd.concat([rows, _beside(people, rng, rows)]).sort_values("Id", ignore_index=True)
    (folder / "salesforce_accounts.csv").write_bytes(csv_bytes(frame_rows(everything), FORM))
    return {
        "rows": len(everything),
        "merged": len(people.merged),
        "test": len(people.test),
        "internal": len(people.internal),
        "deleted": len(people.deleted),
    }


def write_opportunities(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write `salesforce_opportunities.csv`; return how many rows of each kind of dirt are in it."""
    rng, deals = stream(world.seed, "salesforce opportunities"), world.opportunities
    count = len(deals)
    account = deals["customer_id"].astype(object).fillna("").astype(str)
    is_open = (deals["outcome"] == "open").to_numpy()
    expected = pd.Series(clock.times(clock.AS_OF + rng.integers(-20, 60, count) * clock.DAY))
    closes = deals["closed_at"].where(~is_open, expected)
    stage = np.array(OPEN_STAGES, dtype=object)[rng.integers(0, len(OPEN_STAGES), count)]
    stage = np.select([deals["outcome"] == "won", deals["outcome"] == "lost"], ["Closed Won", "Closed Lost"], stage)
    deleted = is_open & (rng.random(count) < DELETED_OPEN)
    buyers, motions = deals["buyer"].astype(str).map(TYPES), deals["motion"].astype(str).map(MOTIONS)
    known = pd.Series(world.customers["name"].to_numpy(), index=world.customers["customer_id"])
    company = account.map(known).fillna(pd.Series([f"Prospect {n + 1}" for n in range(count)]))
    rows = pd.DataFrame(
        {
            "Id": salesforce_id("006", rng, count),
            "AccountId": stale_ids(rng, people, deals["customer_id"], world.parameters.dirt.moved_ids, account),
            "Name": company + " - " + motions,
            "StageName": stage,
            "Amount": deals["amount"].map("{:.2f}".format),
            "CurrencyIsoCode": deals["currency"].astype(str),
            "Probability": np.select([stage == "Closed Won", stage == "Closed Lost"], ["100", "0"], "40"),
            "CloseDate": closes.dt.strftime("%Y-%m-%d"),
            "CreatedDate": local_text(deals["created_at"], "UTC", TIME),
            "IsClosed": np.where(is_open, "false", "true"),
            "IsWon": np.where(deals["outcome"] == "won", "true", "false"),
            "Type": buyers,
            "LeadSource": deals["lead_source"].astype(str),
            "ForecastCategory": np.where(is_open, "Pipeline", "Closed"),
            "IsDeleted": np.where(deleted, "true", "false"),
            "Motion__c": motions,
        }
    )
    (folder / "salesforce_opportunities.csv").write_bytes(csv_bytes(frame_rows(rows), FORM))
    return {"rows": count, "deleted": int(deleted.sum())}
