"""Salesforce: accounts and opportunities, as API names (Data Loader) have them.

Times carry an offset. `CloseDate` is a date without a clock time in the user's zone, so
`time_zone` must be stated. A report export ends with footer lines: write `malformed = "reject"`.
"""

from __future__ import annotations

from cxlib.sources.layout import Layout

_TRUE = "('true', '1')"

ACCOUNTS = Layout(
    "salesforce",
    "customers",
    {
        "columns": {
            "customer_id": {"column": ("Id", "Account ID")},
            "account_id": {"column": ("ParentId", "Parent Account ID")},
            "created_at": {"column": ("CreatedDate", "Created Date")},
            "region": {"column": ("BillingCountry", "Billing Country")},
            "sector": "Industry",
            "acquisition_channel": {"column": ("AccountSource", "Account Source")},
            "merged_into": "MasterRecordId",
        },
        "reject": (
            # a merged account is deleted as well: it leaves as merged, once its rows have moved
            {"reason": "deleted", "when": f"""lower("IsDeleted") IN {_TRUE} AND "MasterRecordId" IS NULL"""},
        ),
    },
)

OPPORTUNITIES = Layout(
    "salesforce",
    "opportunities",
    {
        "amounts": "major",
        "columns": {
            "opportunity_id": {"column": ("Id", "Opportunity ID")},
            "customer_id": {"column": ("AccountId", "Account ID")},
            "buyer": "Type",
            "motion": "Type",
            "lead_source": {"column": ("LeadSource", "Lead Source")},
            "created_at": {"column": ("CreatedDate", "Created Date")},
            # closed on the day it was opened: the date alone would lie before the clock time
            "closed_at": {
                "sql": f"""CASE WHEN lower("IsClosed") IN {_TRUE} THEN "CloseDate" END""",
                "rounded_to": "day",
                "not_before": "created_at",
            },
            "outcome": {
                "sql": f"""CASE WHEN lower("IsWon") IN {_TRUE} THEN 'won'
            WHEN lower("IsClosed") IN {_TRUE} THEN 'lost' ELSE 'open' END"""
            },
            "amount": "Amount",
            "currency": {"column": ("CurrencyIsoCode", "Amount Currency", "Opportunity Currency")},
        },
        "values": {
            "buyer": {
                "New Business": "new",
                "New Customer": "new",
                "New": "new",
                "Existing Business": "existing",
                "Existing Customer - Upgrade": "existing",
                "Existing Customer - Replacement": "existing",
                "Existing Customer - Downgrade": "existing",
                "Existing Customer": "existing",
                "Renewal": "existing",
                "Upsell": "existing",
                "Cross-sell": "existing",
                "Cross-Sell": "existing",
                "Add-On Business": "existing",
                "Returning Customer": "returned",
                "Win-back": "returned",
                "Winback": "returned",
                "Returned": "returned",
            },
            # a type that says nothing of the kind of sale leaves motion empty
            "motion": {
                "New Business": "new",
                "New Customer": "new",
                "New": "new",
                "Existing Business": "",
                "Existing Customer - Upgrade": "upsell",
                "Existing Customer - Replacement": "",
                "Existing Customer - Downgrade": "",
                "Existing Customer": "",
                "Renewal": "renewal",
                "Upsell": "upsell",
                "Cross-sell": "cross_sell",
                "Cross-Sell": "cross_sell",
                "Add-On Business": "upsell",
                "Returning Customer": "",
                "Win-back": "",
                "Winback": "",
                "Returned": "",
            },
        },
        "reject": ({"reason": "deleted", "when": f"""lower("IsDeleted") IN {_TRUE}"""},),
    },
)

LAYOUTS = (ACCOUNTS, OPPORTUNITIES)
