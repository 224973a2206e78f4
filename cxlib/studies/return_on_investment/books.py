"""What `return_on_investment` reads of the company: tickets and ends by month, costs and revenue of the last year."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.estimate import Floats
from cxlib.models.staggered import NEVER, Panel
from cxlib.workbook import Workbook

SETTLED = 6
"""Whole months after which a customer counts as settled: newcomers ask more, and onboarding works on them."""


@dataclass(frozen=True)
class TicketMonths:
    """Tickets of settled customers by month, and when each got a success manager.

    Attributes
    ----------
    tickets, questions : Panel
        All tickets, and those that are no complaint.
    """

    tickets: Panel
    questions: Panel


def ticket_months(book: Workbook) -> TicketMonths:
    """Return whole months of customers who had paid for at least half a year, from the second month with tickets on."""
    rows = book.engine.frame(
        f"""
        SELECT c.customer_id, CAST(c.month AS TIMESTAMP) AS month, c.tickets, c.complaints
        FROM {book.engine.fact("customer_month")} AS c
        CROSS JOIN (SELECT min(created_month) AS first_month FROM {book.engine.fact("ticket")}) AS t
        WHERE c.is_observed AND NOT c.ended_in_month AND NOT c.began_in_month AND c.tenure_months >= {SETTLED}
            AND c.month > t.first_month AND c.month <= DATE '{book.month.first_day}'
        ORDER BY c.customer_id, c.month
        """
    )
    starts = book.engine.frame(
        "SELECT customer_id, CAST(local_month(min(assigned_at)) AS TIMESTAMP) AS month FROM interventions "
        f"WHERE kind = 'success_manager' AND assigned_at < {book.sql_cut} "
        "AND coalesce(arm, 'observational') <> 'control' GROUP BY customer_id ORDER BY customer_id"
    )
    who = np.sort(rows["customer_id"].unique())
    month = _months(rows["month"])
    first = int(month.min()) if len(month) else 0
    width = int(month.max()) - first + 1 if len(month) else 1
    began = np.full(len(who), NEVER, dtype=np.intp)
    known = starts["customer_id"].isin(who).to_numpy(bool)
    began[np.searchsorted(who, starts["customer_id"][known])] = _months(starts["month"][known]) - first
    place = np.searchsorted(who, rows["customer_id"])

    def laid(values: pd.Series) -> Panel:
        outcome = np.full((len(who), width), np.nan)
        outcome[place, month - first] = values.to_numpy(float)
        return Panel(outcome, began)

    return TicketMonths(laid(rows["tickets"]), laid(rows["tickets"] - rows["complaints"]))


def _months(times: pd.Series) -> npt.NDArray[np.intp]:
    return np.asarray(times.dt.year * 12 + times.dt.month, np.intp)


@dataclass(frozen=True)
class Ends:
    """Customer-months watched and ended, by random group of customers and month, oldest month first.

    Attributes
    ----------
    watched, ended : ndarray, shape (groups, months)
    """

    watched: Floats
    ended: Floats


def ends(book: Workbook) -> Ends:
    """Return the months that customers were watched through from their start, and those in which they ended."""
    rows = book.engine.frame(
        "SELECT bucket, CAST(month AS TIMESTAMP) AS month, count(*) AS watched, "
        "count(*) FILTER (WHERE ended_in_month) AS ended "
        f"FROM {book.engine.fact('customer_month')} WHERE is_observed AND NOT began_in_month "
        f"AND month <= DATE '{book.month.first_day}' GROUP BY bucket, month ORDER BY bucket, month"
    )
    if rows.empty:
        return Ends(np.empty((0, 0)), np.empty((0, 0)))
    month = _months(rows["month"])
    groups, place = np.unique(rows["bucket"], return_inverse=True)
    shape = (len(groups), int(month.max() - month.min()) + 1)
    watched, ended = np.zeros(shape), np.zeros(shape)
    watched[place, month - month.min()] = rows["watched"]
    ended[place, month - month.min()] = rows["ended"]
    return Ends(watched, ended)


def yearly_costs(book: Workbook) -> pd.DataFrame:
    """Return costs of the last twelve months by team and kind: `team, kind, amount` in the reporting currency."""
    return book.engine.frame(
        "SELECT c.team, c.kind, sum(c.amount * r.rate) AS amount FROM costs AS c "
        "INNER JOIN rates AS r ON r.currency = c.currency "
        f"WHERE c.month > DATE '{book.month.shift(-12).first_day}' AND c.month <= DATE '{book.month.first_day}' "
        "GROUP BY c.team, c.kind ORDER BY c.team, c.kind"
    )


def cost_of_each(book: Workbook, kind: str) -> float:
    """Return what one piece of success work of a kind costs.

    The success team's cost lines that bear the name of the kind, over all months in which it was assigned, divided by
    the pieces assigned in the months that have such a line. NaN where there is none.
    """
    found = book.engine.frame(
        f"""
        WITH spent AS (
            SELECT c.month, sum(c.amount * r.rate) AS amount
            FROM costs AS c INNER JOIN rates AS r ON r.currency = c.currency
            WHERE c.team = 'success' AND c.kind = '{kind}' AND c.month <= DATE '{book.month.first_day}'
            GROUP BY c.month
        ),
        done AS (
            SELECT local_month(assigned_at) AS month, count(*) AS pieces FROM interventions
            WHERE kind = '{kind}' AND assigned_at < {book.sql_cut} AND coalesce(arm, 'observational') <> 'control'
            GROUP BY local_month(assigned_at)
        )
        SELECT sum(s.amount) AS amount, sum(d.pieces) AS pieces
        FROM spent AS s INNER JOIN done AS d ON d.month = s.month
        """
    ).iloc[0]
    pieces = 0 if pd.isna(found["pieces"]) else int(found["pieces"])
    amount = np.nan if pd.isna(found["amount"]) else float(found["amount"])
    return amount / pieces if pieces and amount > 0 else np.nan


@dataclass(frozen=True)
class Year:
    """The last twelve months in the books.

    Attributes
    ----------
    revenue : float
        Recurring revenue.
    customers : float
        Customers on average.
    margin : float
        Share of revenue that delivery leaves; NaN where no export brings its cost.
    support, success : float
        Cost of either team; NaN where no export brings it.
    managers : float
        Success cost that bears the name of no other kind of work.
    managed, managed_revenue : float
        Customers with a manager on average, and their revenue.
    worked_revenue : float
        Revenue of all customers that ever got success work.
    tickets, held : int
        Tickets, and those solved within a week that stayed so.
    """

    revenue: float
    customers: float
    margin: float
    support: float
    success: float
    managers: float
    managed: float
    managed_revenue: float
    worked_revenue: float
    tickets: int
    held: int


def year(book: Workbook) -> Year:
    """Return the last twelve months; what no export brings is NaN or 0."""
    costs = yearly_costs(book)
    spent = costs.groupby("team")["amount"].sum()
    others = costs["kind"].isin(["onboarding", "follow_up", "discount"])
    managers = float(costs.loc[(costs["team"] == "success") & ~others, "amount"].sum())
    paid, asked = _paid(book), _asked(book)
    revenue, delivery = float(paid["revenue"]), float(spent.get("delivery", np.nan))
    return Year(
        revenue,
        float(paid["customer_months"]) / 12,
        1 - delivery / revenue if revenue > 0 else np.nan,
        float(spent.get("support", np.nan)),
        float(spent.get("success", np.nan)),
        managers,
        float(paid["managed_months"]) / 12,
        float(paid["managed_revenue"]),
        float(paid["worked_revenue"]),
        int(asked["tickets"]),
        int(asked["held"]),
    )


def _paid(book: Workbook) -> pd.Series:
    return (
        book.engine.frame(
            f"""
        WITH given AS (
            SELECT customer_id, min(assigned_at) AS first_at,
                min(CASE WHEN kind = 'success_manager' THEN assigned_at END) AS manager_at
            FROM interventions
            WHERE assigned_at < {book.sql_cut} AND coalesce(arm, 'observational') <> 'control'
            GROUP BY customer_id
        )
        SELECT sum(c.mrr_end) AS revenue, count(*) AS customer_months,
            count(*) FILTER (WHERE local_month(g.manager_at) <= c.month) AS managed_months,
            sum(c.mrr_end) FILTER (WHERE local_month(g.manager_at) <= c.month) AS managed_revenue,
            sum(c.mrr_end) FILTER (WHERE local_month(g.first_at) <= c.month) AS worked_revenue
        FROM {book.engine.fact("subscription_month")} AS c
        LEFT JOIN given AS g ON g.customer_id = c.customer_id
        WHERE c.mrr_end > 0 AND c.month > DATE '{book.month.shift(-12).first_day}'
            AND c.month <= DATE '{book.month.first_day}'
        """
        )
        .iloc[0]
        .fillna(0.0)
    )


def _asked(book: Workbook) -> pd.Series:
    return book.engine.frame(
        "SELECT count(*) AS tickets, count(*) FILTER (WHERE solved_and_held) AS held "
        f"FROM {book.engine.fact('ticket')} "
        f"WHERE created_month > DATE '{book.month.shift(-12).first_day}' AND created_month <= "
        f"DATE '{book.month.first_day}'"
    ).iloc[0]
