"""Qualtrics: the responses of a survey (CSV with three header rows) and a distribution's history.

Which question is the score, and what it asks, differs by survey: an export names `score`,
`instrument` and `survey` itself. The third header row says in which time zone the times are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cxlib.sources.layout import Layout, Records


def look(records: Records) -> Mapping[str, Any]:
    """Return header rows and time zone as the file itself tells them.

    The third record holds an ImportId per column, one of them with the time zone; the legacy export
    has two header rows and no zone.
    """
    imports = [cell for cell in (records[2] if len(records) > 2 else ()) if cell.startswith('{"ImportId"')]
    if not imports:
        return {"header_rows": 2}
    zones = {zone for cell in imports if (zone := _zone(cell))}
    return {"header_rows": 3, **({"time_zone": zones.pop()} if len(zones) == 1 else {})}


def _zone(cell: str) -> str:
    """Return the time zone of an ImportId cell, "" where it names none."""
    try:
        told = json.loads(cell)
    except json.JSONDecodeError:
        return ""
    return str(told.get("timeZone", "")) if isinstance(told, dict) else ""


ANSWERS = Layout(
    "qualtrics",
    "survey_answers",
    {
        "columns": {
            "answer_id": {"column": ("ResponseId", "ResponseID")},
            "customer_id": {"column": ("ExternalReference", "ExternalDataReference")},
            "email_key": "RecipientEmail",
            "channel": {"sql": """lower("DistributionChannel")"""},
            "language": {"sql": """lower("UserLanguage")"""},
            "started_at": "StartDate",
            "completed_at": {"column": ("RecordedDate", "EndDate")},
        },
        # text and numeric exports write the same states in words or numbers
        "reject": (
            {"reason": "preview", "when": """lower("Status") IN ('survey preview', 'survey test', '1', '2')"""},
            {
                "reason": "spam",
                "when": """lower("Status") IN ('spam', 'possible spam', 'possible spam preview', '8', '9')""",
            },
            {"reason": "partial", "when": """lower("Finished") IN ('false', '0')"""},
            {"reason": "partial", "when": """TRY_CAST("Progress" AS INTEGER) < 100""", "optional": True},
        ),
    },
    look,
)

INVITES = Layout(
    "qualtrics",
    "survey_invites",
    {
        "columns": {
            "invite_id": {"column": ("Contact ID", "ContactId", "Recipient ID", "Survey Link")},
            "customer_id": {"column": ("External Data Reference", "ExternalDataReference", "External Reference")},
            "email_key": {"column": ("Email", "Email Address", "RecipientEmail")},
            "sent_at": {"column": ("Sent Date", "Sent", "Sent At")},
            "delivered": {"sql": """lower("Status") NOT LIKE '%bounced%' AND lower("Status") NOT LIKE '%failed%'"""},
            "answered_at": {"column": ("Finished Date", "Survey Finished", "Finished", "End Date")},
        },
    },
)

LAYOUTS = (ANSWERS, INVITES)
