"""Who orders again, and when: customers from the day of their first order to the end of the report's month."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.metrics.measure import SUPPRESSED_BELOW
from cxlib.models.binary import share
from cxlib.models.incidence import durations, incidence
from cxlib.period import Month
from cxlib.workbook import Workbook

ORDERING = """
SELECT customer_id AS who, first_day, local_day($cut) - INTERVAL 1 DAY AS last_day,
    CASE WHEN second_day < local_day($cut) THEN CAST(date_diff('day', first_day, second_day) AS DOUBLE) END AS days
FROM first_order WHERE is_first AND first_day < local_day($cut) ORDER BY first_day, customer_id
"""
Row = tuple[int | str | Estimate | None, ...]


def read(book: Workbook) -> pd.DataFrame:
    """Return customers whose first order lies after the first month of the data, one a row.

    `first_day`, `days` until the next order on another day (empty where none was seen), `last_day` that was seen whole.
    """
    lacking = ", ".join(book.missing("repeat_purchase_rate"))
    untold(f"Orders with their day and customer would tell; no export brings {lacking}.", not lacking)
    customers = book.frame(ORDERING)
    untold("Customers who first ordered after the first month of the data would tell.", len(customers) > 0)
    return customers


def again(customers: pd.DataFrame, upto: int) -> dict[float, Estimate]:
    """Return which share had ordered again by each week after the first order: Kaplan and Meier's estimator."""
    times = customers["days"].fillna((customers["last_day"] - customers["first_day"]).dt.days)
    by = np.arange(7.0, min(upto, int(times.max()) + 6) + 1, 7)
    return incidence(durations(times, customers["days"].notna(), customers["who"]), by)


def cohorts(book: Workbook, customers: pd.DataFrame, within: Sequence[int], months: int) -> dict[str, Row]:
    """Return by month of the first order, the youngest first, how many, and which share ordered again in time."""
    rows: dict[str, Row] = {}
    for month, cohort in list(customers.groupby(customers["first_day"].dt.to_period("M")))[: -months - 1 : -1]:
        time = (cohort["last_day"].iloc[0] - month.end_time).days + 1  # that who ordered last in it has had
        shares = (share(cohort["days"] <= days, cohort["who"]) if days <= time else None for days in within)
        n = len(cohort) if len(cohort) >= SUPPRESSED_BELOW else "n < 5"
        rows[book.language.month(Month(month.year, month.month))] = (n, *shares)
    return rows
