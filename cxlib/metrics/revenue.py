"""Who stays, how much of their revenue, and what moved monthly recurring revenue (MRR).

Opening + new + reactivated + expansion - contraction - lost = closing, for every customer and
month; exchange rates are constant, so none of it comes from a currency.

A gap of up to 31 days (a migration, a late renewal) counts as paid at the last amount, also over the end of a month,
but for customers in the first month in which they paid. Stripe and ChartMogul call every return a reactivation; then
each late renewal is a customer lost and one won. The price: a month moves where somebody lost comes back in time.
"""

from functools import partial

from cxlib.metrics.metric import Direction, Kind, Metric

FIXED = "the customers who paid twelve months earlier, those gone since included"

_of_months = partial(
    Metric,
    fact="subscription_month",
    filed_under="month",
    needs=("subscriptions.monthly_amount", "subscriptions.ended_at"),
)
_of_cohort = partial(_of_months, looks_back_months=12, follows=True, among="mrr_year_ago > 0", good="up")

RETENTION = (
    _of_months(
        "customers_active",
        "Paying customers at the end of the month",
        "Customers who pay at the end of the month; a gap of up to 31 days between two terms counts as paid.",
        kind="balance",
        unit="customers",
        among="mrr_end > 0",
        numerator="1",
        good="up",
    ),
    _of_cohort(
        "logo_retention",
        "Customers kept over twelve months",
        f"Share of {FIXED} that still pay at the end of the month. Customers won since are not counted.",
        numerator="mrr_end > 0",
    ),
    _of_months(
        "logo_churn_monthly",
        "Customers lost in the month",
        "Share of the customers who paid at the end of the month before and do not pay at the end of this one; a "
        "customer who comes and goes inside the month is not seen, and one who is back within 31 days is not lost.",
        looks_back_months=1,
        follows=True,
        among="mrr_start > 0",
        numerator="mrr_end = 0",
        good="down",
    ),
    _of_cohort(
        "gross_revenue_retention",
        "Gross revenue retention (GRR)",
        f"Monthly recurring revenue still paid by {FIXED}, each counted up to what it paid then, over what they paid "
        "then. Never above 100 %; growth does not count.",
        kind="ratio",
        bounded=True,
        numerator="mrr_kept_of_year_ago",
        denominator="mrr_year_ago",
    ),
    _of_cohort(
        "net_revenue_retention",
        "Net revenue retention (NRR)",
        f"Monthly recurring revenue paid now by {FIXED}, growth included, over what they paid then.",
        kind="ratio",
        numerator="mrr_end",
        denominator="mrr_year_ago",
    ),
)


def _mrr(
    name: str, label: str, definition: str, good: Direction = "neither", kind: Kind = "total", looks_back: int = 1
) -> Metric:
    return _of_months(
        name,
        label,
        f"{definition} At constant exchange rates.",
        kind=kind,
        unit="currency",
        looks_back_months=looks_back,
        follows=name in ("mrr_start", "mrr_churn"),
        among=f"{name} > 0",
        numerator=name,
        good=good,
    )


START = "MRR of all customers at the end of the month before."
NEW = "MRR of customers who had never paid before the month."
BACK = "MRR of customers who had paid in an earlier month, did not at the start, and do at the end."
LOST = "MRR of customers who paid at the start and do not at the end; who is back within 31 days is not lost."
END = "MRR of all customers at the end of the month; a gap of up to 31 days between two terms counts as paid."

REVENUE = (
    _mrr("mrr_start", "Recurring revenue at the start", START, kind="balance"),
    _mrr("mrr_new", "New", NEW, "up"),
    _mrr("mrr_reactivation", "Reactivated", BACK, "up"),
    _mrr("mrr_expansion", "Expansion", "Rise in MRR of customers who already paid.", "up"),
    _mrr("mrr_contraction", "Contraction", "Fall in MRR of customers who still pay.", "down"),
    _mrr("mrr_churn", "Lost", LOST, "down"),
    _mrr("mrr_end", "Recurring revenue at the end", END, "up", "balance", 0),
)
