"""Consumer prices in the currencies the company bills in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import CURRENCIES
from company.parameters import Parameters

UNEVEN = 0.25  # of a month's usual rise


def price_index(rng: np.random.Generator, parameters: Parameters) -> pd.DataFrame:
    """Return one row per currency and month: `currency, month, index_value`; the first month is 100."""
    monthly = np.log1p(parameters.revenue.inflation.array()) / 12
    rises = monthly * (1 + UNEVEN * rng.normal(size=(clock.MONTHS, len(CURRENCIES))))
    level = 100 * np.exp(np.cumsum(rises, axis=0) - rises[0])
    months = clock.times(clock.MONTH_STARTS[clock.FIRST : clock.FIRST + clock.MONTHS])
    return pd.DataFrame(
        {
            "currency": np.tile(CURRENCIES, clock.MONTHS),
            "month": np.repeat(months, len(CURRENCIES)),
            "index_value": np.round(level.ravel(), 2),
        }
    )
