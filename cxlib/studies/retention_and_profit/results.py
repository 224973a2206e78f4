"""Everything the page of `retention_and_profit` is written from, computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Verdict
from cxlib.models.lifetime_value import Reading
from cxlib.period import Month
from cxlib.studies.retention_and_profit.check import (
    Foretold,
    Mix,
    Quarters,
    by_quarter,
    foretell,
    mix_effect,
    present_ages,
)
from cxlib.studies.retention_and_profit.data import Company, read_company
from cxlib.studies.retention_and_profit.firm import Firm, KeepAndWin, Without, carry_on, keep_and_win
from cxlib.studies.retention_and_profit.margin import Ageing, ageing, margin_by_tenure, new_customers_trend
from cxlib.studies.retention_and_profit.value import (
    Valuation,
    alike_in_risk,
    in_money,
    of_the_base,
    value_customers,
)
from cxlib.workbook import Workbook

QUARTER = 0.25
"""The rise that is promised: Reichheld and Sasser (1990)."""

LABELS: dict[Reading, str] = {
    "points": "Five points more retention",
    "relative": "Retention times 1.05",
    "defections": "Five per cent fewer departures",
}
Told = Literal["told", "untold", "no-margin", "cannot-rise"]
"""Whether a rise of value has a meaning: too few customers seen, none that brings a margin, none left to be kept."""


@dataclass(frozen=True)
class Results:
    """What was found.

    Attributes
    ----------
    company : Company
    currency : str
    month : Month
    value : Valuation or None
        None where too few customers were seen, or left.
    firm : Firm or reason
        Why the books cannot be carried on, where they cannot.
    alike, of_base : float
        Rise of a customer's value by five points where everybody's risk falls in the same proportion, and where the
        five points are gained over today's customers; NaN without a value.
    money : (Estimate, Estimate) or None
        As `in_money` gives it.
    """

    company: Company
    currency: str
    month: Month
    value: Valuation | None
    firm: Firm | Without
    ageing: Ageing | None
    by_tenure: pd.DataFrame
    trend: Estimate
    keep: KeepAndWin | None
    quarters: Quarters | None
    mix: Mix | None
    foretold: Foretold | None
    alike: float
    of_base: float
    money: tuple[Estimate, Estimate] | None

    @property
    def what(self) -> str:
        """What values are made of."""
        return "margin" if self.company.is_margin else "revenue"

    @property
    def prices(self) -> str:
        return "after inflation" if self.company.is_real else "inflation not taken out"

    def told(self, reading: Reading = "points") -> Told:
        """Return whether the rise of a customer's value has a meaning in a reading."""
        if self.value is None:
            return "untold"
        if not self.value.first > 0:
            return "no-margin"
        return "told" if reading != "points" or self.value.can_rise else "cannot-rise"

    def uplift(self, reading: Reading, horizon: int | None = None) -> Estimate | None:
        if self.value is None or self.told(reading) != "told":
            return None
        return self.value.uplift(reading, horizon)


def results(book: Workbook) -> Results:
    """Compute everything."""
    company, last = read_company(book), pd.Timestamp(book.month.first_day)
    value = value_customers(company)
    known = value is not None and value.first > 0
    return Results(
        company,
        book.currency,
        book.month,
        value,
        carry_on(company, value, last) if value is not None else "customers",
        ageing(company, value.growth) if value is not None else None,
        margin_by_tenure(company, value.seen) if value is not None else pd.DataFrame(),
        new_customers_trend(company),
        keep_and_win(company, last, book.currency),
        by_quarter(company),
        mix_effect(company),
        foretell(company),
        alike_in_risk(value) if value is not None and known else float("nan"),
        of_the_base(value, present_ages(company)) if value is not None and known else float("nan"),
        in_money(company, value) if value is not None and known else None,
    )


def against_a_quarter(estimate: Estimate) -> Verdict:
    """Return whether a rise is a quarter or more; where the interval holds a quarter it cannot be told.

    >>> against_a_quarter(Estimate(0.31, 0.26, 0.35, 700, "share", ""))
    'supported'
    >>> against_a_quarter(Estimate(0.18, 0.12, 0.24, 700, "share", ""))
    'not-supported'
    """
    if not estimate.is_known or np.isnan(estimate.low + estimate.high):
        return "cannot-tell"
    if estimate.low >= QUARTER:
        return "supported"
    return "not-supported" if estimate.high < QUARTER else "cannot-tell"
