"""Stripe subscriptions export (CSV of the dashboard): one row per subscription, at its present price.

All times are UTC. A price that changed is not in this file: export the invoice lines for that. Whether
amounts are in cents differs between ways of exporting, so `amounts` is asked for where the file does
not tell.
"""

from __future__ import annotations

from cxlib.sources.layout import Layout

# "Canceled At" is when the cancellation was asked for; it goes on until "Ended At"
_START = """coalesce("Trial End (UTC)", "Start Date (UTC)", "Start (UTC)", "Created (UTC)")"""
_STARTS = ("Trial End (UTC)", "Start Date (UTC)", "Start (UTC)", "Created (UTC)")

_AMOUNT = """coalesce(number("Plan Amount"), number("Amount")) * coalesce(number("Quantity"), 1)"""
_MONTHS = """(coalesce(number("Interval Count"), 1) * CASE lower("Interval") WHEN 'month' THEN 1 WHEN 'monthly' THEN 1
 WHEN 'year' THEN 12 WHEN 'yearly' THEN 12 WHEN 'annual' THEN 12 WHEN 'week' THEN 7 / 30.4375
 WHEN 'day' THEN 1 / 30.4375 END)"""

SUBSCRIPTIONS = Layout(
    "stripe",
    "subscriptions",
    {
        "time_zone": "UTC",
        "columns": {
            "term_id": "id",
            "subscription_id": "id",
            "customer_id": "Customer ID",
            "product": {"column": ("Product", "Plan", "Plan Nickname")},
            "started_at": {"sql": _START, "optional": _STARTS},
            "ended_at": {"column": ("Ended At (UTC)", "Ended At")},
            "status": {"sql": """lower("Status")"""},
            "quantity": "Quantity",
            "monthly_amount": {
                "sql": f"{_AMOUNT} / {_MONTHS}",
                "optional": ("Plan Amount", "Amount", "Quantity", "Interval Count"),
            },
            "currency": {"column": ("Plan Currency", "Currency")},
            "end_reason": {"sql": """CASE WHEN "Ended At (UTC)" IS NOT NULL THEN lower("Cancellation Reason") END"""},
        },
        "values": {
            "end_reason": {
                "cancellation_requested": "voluntary",
                "customer_request": "voluntary",
                "payment_failed": "payment",
                "payment_failure": "payment",
                "payment_disputed": "payment",
                "plan_change": "migration",
                "migration": "migration",
            },
        },
        "reject": (
            {"reason": "test mode", "when": """lower("livemode") = 'false'""", "optional": True},
            {"reason": "deleted", "when": """lower("is_deleted") = 'true'""", "optional": True},
            {"reason": "never started", "when": """lower("Status") IN ('incomplete', 'incomplete_expired')"""},
            {"reason": "ended in trial", "optional": True, "when": """"Ended At (UTC)" <= "Trial End (UTC)" """},
        ),
    },
)

LAYOUTS = (SUBSCRIPTIONS,)
