"""Who stays, and how much of their revenue."""

from cxlib.metrics.metric import Metric

COHORT = "mrr_year_ago > 0"
FIXED = "the customers who paid twelve months earlier, those gone since included"

CUSTOMERS_ACTIVE = Metric(
    "customers_active",
    "Paying customers at the end of the month",
    "Customers with a subscription that is paid for at the end of the month.",
    fact="subscription_month",
    filed_under="month",
    kind="balance",
    unit="customers",
    population="mrr_end > 0",
    among="mrr_end > 0",
    numerator="1",
    good="up",
    needs=("subscriptions.monthly_amount",),
)

LOGO_RETENTION = Metric(
    "logo_retention",
    "Customers kept over twelve months",
    f"Share of {FIXED} that still pay at the end of the month. Customers won since are not counted.",
    fact="subscription_month",
    filed_under="month",
    kind="proportion",
    unit="share",
    population=COHORT,
    among=COHORT,
    numerator="mrr_end > 0",
    good="up",
    needs=("subscriptions.monthly_amount",),
)

LOGO_CHURN_MONTHLY = Metric(
    "logo_churn_monthly",
    "Customers lost in the month",
    "Share of the customers who paid at the end of the month before and do not pay at the end of this one; a "
    "customer who comes and goes inside the month is not seen.",
    fact="subscription_month",
    filed_under="month",
    kind="proportion",
    unit="share",
    population="mrr_start > 0",
    among="mrr_start > 0",
    numerator="mrr_end = 0",
    good="down",
    needs=("subscriptions.monthly_amount",),
)

GROSS_REVENUE_RETENTION = Metric(
    "gross_revenue_retention",
    "Gross revenue retention (GRR)",
    f"Monthly recurring revenue still paid by {FIXED}, each counted up to what it paid then, over what they paid "
    "then. Never above 100 %; growth does not count.",
    fact="subscription_month",
    filed_under="month",
    kind="ratio",
    unit="share",
    bounded=True,
    population=COHORT,
    among=COHORT,
    numerator="mrr_kept_of_year_ago",
    denominator="mrr_year_ago",
    good="up",
    needs=("subscriptions.monthly_amount",),
)

NET_REVENUE_RETENTION = Metric(
    "net_revenue_retention",
    "Net revenue retention (NRR)",
    f"Monthly recurring revenue paid now by {FIXED}, growth included, over what they paid then.",
    fact="subscription_month",
    filed_under="month",
    kind="ratio",
    unit="share",
    population=COHORT,
    among=COHORT,
    numerator="mrr_end",
    denominator="mrr_year_ago",
    good="up",
    needs=("subscriptions.monthly_amount",),
)

RETENTION = (
    CUSTOMERS_ACTIVE,
    LOGO_RETENTION,
    LOGO_CHURN_MONTHLY,
    GROSS_REVENUE_RETENTION,
    NET_REVENUE_RETENTION,
)
