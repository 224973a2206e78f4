"""What was sold and came back, and who orders again: for a business that bills orders and not terms."""

from functools import partial

from cxlib.metrics.metric import Metric

SALES = "Sales are orders and invoices, without tax; one that is exported as both counts twice."

_ordered = partial(Metric, fact="order_month", filed_under="month", needs=("transactions.net",))
_sold = partial(_ordered, among="orders > 0", good="up")

ORDERS = (
    _ordered(
        "net_revenue",
        "Net revenue of the month",
        f"Sales less refunds and credits, each in the month in which it happened. It is what was billed, not recurring "
        f"revenue. {SALES} At constant exchange rates.",
        kind="net",
        unit="currency",
        numerator="sales",
        denominator="refunds",
        good="up",
    ),
    _sold(
        "orders",
        "Orders",
        f"Number of sales of the month. {SALES}",
        kind="total",
        unit="orders",
        numerator="orders",
    ),
    _sold(
        "customers_ordering",
        "Customers who ordered",
        "Customers with an order or an invoice in the month; those that name no customer are left out.",
        needs=("transactions.customer_id",),
        kind="count",
        unit="customers",
        population="customer_id IS NOT NULL",
    ),
    _sold(
        "average_order_value",
        "Average order",
        f"Sales of the month, before refunds, over their number. {SALES}",
        kind="ratio",
        unit="amount",
        numerator="sales",
        denominator="orders",
    ),
    _ordered(
        "refund_share",
        "Refunds and credits over sales",
        "Refunds and credits of the month, also of earlier sales, over the sales of the month: it can pass 100 %.",
        kind="ratio",
        numerator="refunds",
        denominator="sales",
        good="down",
    ),
    Metric(
        "repeat_purchase_rate",
        "Ordered again within 180 days",
        "Share of the customers whose 180th day after the first order lies in the month that had ordered again by "
        "then, on another day; an order that was returned still counts. Customers whose first order lies in the first "
        "month of the data are left out: they may have ordered for years.",
        fact="first_order",
        needs=("transactions.customer_id",),
        filed_under="judged_month",
        looks_back_months=7,  # the first orders of six months ago, and a month before to know that they were the first
        population="is_judged",
        numerator="again_in_180_days",
        good="up",
    ),
)
