"""Values that differ by category: one field per category, in the order of `kinds`."""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np

from company.kinds import Floats


@dataclass(frozen=True)
class _PerCategory:
    def array(self) -> Floats:
        """Return the values in the order of the categories."""
        return np.array(astuple(self), dtype=np.float64)


@dataclass(frozen=True)
class BySeverity(_PerCategory):
    """One value per severity of a problem."""

    minor: float
    moderate: float
    severe: float


@dataclass(frozen=True)
class ByTier(_PerCategory):
    """One value per contract class."""

    starter: float
    team: float
    enterprise: float


@dataclass(frozen=True)
class ByRegion(_PerCategory):
    """One value per region."""

    dach: float
    turkiye: float
    nordics: float
    middle_east: float
    uk: float


@dataclass(frozen=True)
class ByChannel(_PerCategory):
    """One value per channel of support."""

    email: float
    web_form: float
    chat: float
    phone: float
    whatsapp: float


@dataclass(frozen=True)
class ByProduct(_PerCategory):
    """One value per product."""

    desk: float
    flow: float
    insight: float


@dataclass(frozen=True)
class ByTouchpoint(_PerCategory):
    """One value per touchpoint."""

    after_purchase: float
    website_visit: float
    after_service_call: float
    after_sales_call: float


@dataclass(frozen=True)
class ByCurrency(_PerCategory):
    """One value per currency: EUR, USD, TRY."""

    euro: float
    us_dollar: float
    lira: float


@dataclass(frozen=True)
class ByExpectation(_PerCategory):
    """One value per statement about what a customer expects."""

    expects_to_be_known: float
    expects_action_on_feedback: float
    speed_matters_most: float
    wants_empathy: float
    prefers_everyday_channels: float
