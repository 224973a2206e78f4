"""How the survey system lays out a CSV export: its own columns first, three header rows, times in one zone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from cxlib.sample.exports.files import Format

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
