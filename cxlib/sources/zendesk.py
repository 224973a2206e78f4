"""Zendesk ticket export (CSV of a view or of Explore).

Times are in the account's time zone without offset, so `time_zone` must be stated. Status, group,
assignee and tags are as of the export. Durations are whole calendar minutes from creation.
"""

from __future__ import annotations

from cxlib.sources.layout import Layout

_TAGS = """regexp_matches(lower("Tags"), '(^|[\\s,;])({tags})([\\s,;]|$)')"""
_GONE = """regexp_matches(lower("Requester"), '^(permanently )?deleted user')"""
_IS_SOLVED = """lower("Status") IN ('solved', 'closed')"""


def _tagged(*tags: str) -> str:
    return _TAGS.format(tags="|".join(tags))


TICKETS = Layout(
    "zendesk",
    "tickets",
    {
        "columns": {
            "ticket_id": {"column": ("Id", "Ticket ID")},
            "customer_id": {"column": ("Requester external id", "Requester external ID")},
            "email_key": "Requester email",
            "channel": {"sql": """lower("Via")"""},
            "agent_group": "Group",
            "agent": "Assignee",
            "priority": {"sql": """lower("Priority")"""},
            "status": {"sql": """lower("Status")"""},
            "created_at": "Created at",
            "first_public_reply_at": {"column": "First reply time in minutes", "minutes_after": "created_at"},
            # whole minutes: a solve may come out up to a minute after the last one, which is exact
            "first_solved_at": {
                "column": "First resolution time in minutes",
                "minutes_after": "created_at",
                "rounded_to": "minute",
                "not_after": "last_solved_at",
            },
            "last_solved_at": {"sql": f"""CASE WHEN {_IS_SOLVED} THEN "Solved at" END"""},
            "solve_unknown": {"sql": f"""{_IS_SOLVED} AND "First resolution time in minutes" IS NULL"""},
            "replies": "Replies",
            "reopens": "Reopens",
            "satisfaction": {"sql": """lower("Satisfaction Score")"""},
        },
        "values": {
            "channel": {
                "mail": "email",
                "email": "email",
                "web form": "web_form",
                "web": "web_form",
                "web service (api)": "api",
                "chat": "chat",
                "native messaging": "chat",
                "messaging": "chat",
                "whatsapp": "whatsapp",
                "phone call (inbound)": "phone",
                "phone call (incoming)": "phone",
                "phone call (outbound)": "phone",
                "phone call (outgoing)": "phone",
                "voicemail": "phone",
            },
            "status": {
                "new": "open",
                "open": "open",
                "hold": "pending",
                "on-hold": "pending",
                "pending": "pending",
                "solved": "solved",
                "closed": "solved",
            },
            "satisfaction": {
                "not offered": "not_offered",
                "unoffered": "not_offered",
                "offered": "offered",
                "good": "good",
                "bad": "bad",
                "good with comment": "good",
                "bad with comment": "bad",
                "goodwithcomment": "good",
                "badwithcomment": "bad",
            },
        },
        "reject": (
            {"reason": "merged", "when": _tagged("closed_by_merge")},
            {"reason": "spam", "when": _tagged("spam")},
            {"reason": "spam", "when": """lower("Status") = 'suspended'"""},
            {"reason": "deleted", "when": """lower("Status") = 'deleted'"""},
            {"reason": "test", "when": _tagged("test", "qa-user", "qa_user")},
        ),
        "unknown": (
            {"column": "customer_id", "reason": "deleted user", "when": _GONE},
            {"column": "email_key", "reason": "deleted user", "when": _GONE, "optional": True},
        ),
    },
)

LAYOUTS = (TICKETS,)
