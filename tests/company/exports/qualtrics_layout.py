"""How the survey system lays out a CSV export: its own columns first, three header rows, times in one zone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from company import names
from company.exports.accounts import Register
from company.exports.files import Format, base62, local_text
from company.world import World

FORM = Format(encoding="utf-8-sig")
ZONE = "Europe/Istanbul"
TIME = "%Y-%m-%d %H:%M:%S"
USER_LANGUAGES = {"en": "EN", "tr": "TR", "fa": "FA"}
SYSTEM = {
    "StartDate": ("Start Date", "startDate"),
    "EndDate": ("End Date", "endDate"),
    "Status": ("Response Type", "status"),
    "IPAddress": ("IP Address", "ipAddress"),
    "Progress": ("Progress", "progress"),
    "Duration (in seconds)": ("Duration (in seconds)", "duration"),
    "Finished": ("Finished", "finished"),
    "RecordedDate": ("Recorded Date", "recordedDate"),
    "ResponseId": ("Response ID", "_recordId"),
    "RecipientLastName": ("Recipient Last Name", "recipientLastName"),
    "RecipientFirstName": ("Recipient First Name", "recipientFirstName"),
    "RecipientEmail": ("Recipient Email", "recipientEmail"),
    "ExternalReference": ("External Data Reference", "externalDataReference"),
    "LocationLatitude": ("Location Latitude", "locationLatitude"),
    "LocationLongitude": ("Location Longitude", "locationLongitude"),
    "DistributionChannel": ("Distribution Channel", "distributionChannel"),
    "UserLanguage": ("User Language", "userLanguage"),
}
EMBEDDED = {"invite": ("invite", "invite"), "wave": ("wave", "wave"), "touchpoint": ("touchpoint", "touchpoint")}
IP_ADDRESS, PREVIEW, SPAM = "0", "1", "8"
YES, NO = "1", "2"
LONGEST = 600  # seconds for one answer


def headers(columns: dict[str, tuple[str, str]]) -> list[list[str]]:
    """Return the three header rows: short names, question texts, and what the import needs to know."""
    ids = []
    for _, identity in columns.values():
        told = {"ImportId": identity}
        if identity in ("startDate", "endDate", "recordedDate"):
            told["timeZone"] = ZONE
        ids.append(json.dumps(told, separators=(",", ":")))
    return [list(columns), [text for text, _ in columns.values()], ids]


def some(rng: np.random.Generator, rows: pd.DataFrame, share: float) -> pd.DataFrame:
    """Return a share of the rows, drawn by lot."""
    return rows.iloc[np.sort(rng.choice(len(rows), round(share * len(rows)), replace=False))].copy()


def system_columns(
    world: World, people: Register, rng: np.random.Generator, asked: pd.DataFrame, seconds: np.ndarray
) -> dict[str, object]:
    """Return the system's own columns of finished answers, up to the place; `seconds` is how long each took.

    Where an answer has no customer, the names are those of anybody and have to be blanked.
    """
    account = np.maximum(asked["customer_id"].cat.codes.to_numpy(), 0)
    customers = world.customers.iloc[account]
    written = [
        names.person(int(language), int(number))
        for language, number in zip(customers["language"], customers["contact"], strict=True)
    ]
    end = local_text(asked["answered_at"], ZONE, TIME)
    return {
        "StartDate": local_text(asked["answered_at"] - pd.to_timedelta(seconds, unit="s"), ZONE, TIME),
        "EndDate": end,
        "Status": IP_ADDRESS,
        "IPAddress": [f"192.0.2.{n}" for n in rng.integers(1, 255, len(asked))],
        "Progress": "100",
        "Duration (in seconds)": seconds.astype(str),
        "Finished": "1",
        "RecordedDate": end,
        "ResponseId": base62(rng, "R_", 15, len(asked)),
        "RecipientLastName": [last for _, last in written],
        "RecipientFirstName": [first for first, _ in written],
        "RecipientEmail": np.array(people.emails, dtype=object)[account],
        "ExternalReference": asked["customer_id"].astype(object).fillna("").to_numpy(),
        "LocationLatitude": "",
        "LocationLongitude": "",
    }
