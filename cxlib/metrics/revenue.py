"""Monthly recurring revenue (MRR) and what moved it.

Opening + new + reactivated + expansion - contraction - lost = closing, for every customer and
month; exchange rates are constant, so none of it comes from a currency.
"""

from cxlib.metrics.metric import Direction, Kind, Metric


def _mrr(name: str, label: str, definition: str, kind: Kind = "total", good: Direction = "neither") -> Metric:
    return Metric(
        name,
        label,
        definition + " At constant exchange rates.",
        fact="subscription_month",
        filed_under="month",
        kind=kind,
        unit="currency",
        population=f"{name} > 0",
        among=f"{name} > 0",
        numerator=name,
        good=good,
        needs=("subscriptions.monthly_amount",),
    )


MRR_START = _mrr(
    "mrr_start",
    "Recurring revenue at the start",
    "MRR of all customers at the end of the month before.",
    kind="balance",
)
MRR_NEW = _mrr("mrr_new", "New", "MRR of customers who had never paid before.", good="up")
MRR_REACTIVATION = _mrr("mrr_reactivation", "Reactivated", "MRR of customers who had left and came back.", good="up")
MRR_EXPANSION = _mrr("mrr_expansion", "Expansion", "Rise in MRR of customers who already paid.", good="up")
MRR_CONTRACTION = _mrr("mrr_contraction", "Contraction", "Fall in MRR of customers who still pay.", good="down")
MRR_CHURN = _mrr("mrr_churn", "Lost", "MRR of customers who paid at the start and do not at the end.", good="down")
MRR_END = _mrr(
    "mrr_end",
    "Recurring revenue at the end",
    "MRR of all customers at the end of the month.",
    kind="balance",
    good="up",
)

REVENUE = (MRR_START, MRR_NEW, MRR_REACTIVATION, MRR_EXPANSION, MRR_CONTRACTION, MRR_CHURN, MRR_END)
