"""The categories of the simulated company and the array types its modules share.

Inside the simulation a category is a position in one of these tuples; the frames of `World` show the words.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.datetime64]

REGIONS = ("DACH", "Türkiye", "Nordics", "Middle East", "UK")
DACH, TURKIYE, NORDICS, MIDDLE_EAST, UK = range(5)

TIERS = ("Starter", "Team", "Enterprise")
STARTER, TEAM, ENTERPRISE = range(3)

SECTORS = ("Retail", "Manufacturing", "Logistics", "Health", "Finance", "Education")
PRODUCTS = ("Desk", "Flow", "Insight")
ACQUISITION = ("Inbound", "Outbound", "Partner", "Referral", "Event")

CHANNELS = ("email", "web form", "chat", "phone", "whatsapp")
EMAIL, WEB_FORM, CHAT, PHONE, WHATSAPP = range(5)

SEVERITIES = ("minor", "moderate", "severe")
MINOR, MODERATE, SEVERE = range(3)
NO_PROBLEM = -1

QUESTION_TOPICS = ("how to", "access", "billing question", "feature request", "integration")
PROBLEM_TOPICS = ("bug", "slow", "outage", "wrong invoice", "lost data")
TOPICS = QUESTION_TOPICS + PROBLEM_TOPICS

CURRENCIES = ("EUR", "USD", "TRY")
EUR, USD, TRY = range(3)

LANGUAGES = ("en", "tr", "fa")
ENGLISH, TURKISH, PERSIAN = range(3)

END_REASONS = ("voluntary", "payment")
VOLUNTARY, PAYMENT = range(2)

TOUCHPOINTS = ("after_purchase", "website_visit", "after_service_call", "after_sales_call")
AFTER_PURCHASE, WEBSITE_VISIT, AFTER_SERVICE_CALL, AFTER_SALES_CALL = range(4)

NEVER = np.iinfo(np.int64).max // 4  # a minute that does not come: the end of what still runs
NONE = np.int64(-1)  # a minute or an index that there is not


def labels(codes: Ints, names: tuple[str, ...]) -> pd.Categorical[str]:
    """Return the words of positions; a position below zero becomes missing."""
    return pd.Categorical.from_codes(codes, pd.Index(names))
