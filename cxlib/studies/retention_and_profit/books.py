"""What `retention_and_profit` says of the books: profit, what one customer brings and pays, keeping and winning."""

from __future__ import annotations

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.studies.retention_and_profit.answer import MORE_CUSTOMERS, SUBSCRIPTIONS, Sentences
from cxlib.studies.retention_and_profit.firm import Firm
from cxlib.studies.retention_and_profit.results import Results, against_a_quarter
from cxlib.studies.retention_and_profit.value import FEWEST, FEWEST_LOST
from cxlib.studies.worth import TWO_PER_CENT_A_YEAR

COSTS = (
    "An export of costs by team and month (costs) would tell, with those of delivery, support and everything general."
)
ONE_YEAR: Sentences = {
    "supported": "In the books, five in a hundred more of today's customers kept would raise the next year's profit by "
    "{uplift} ({uplift_interval}): a quarter or more. It cannot be more than {bound}.",
    "not-supported": "In the books, five in a hundred more of today's customers kept would raise the next year's "
    "profit by {uplift} ({uplift_interval}): less than a quarter. It cannot be more than {bound}.",
    "cannot-tell": "In the books, five in a hundred more of today's customers kept would raise the next year's profit "
    "by {uplift} ({uplift_interval}); on which side of a quarter that lies cannot be told. It cannot be more than "
    "{bound}.",
}
FIVE_YEARS: Sentences = {
    "supported": "Over five years the profit would be {uplift} higher ({uplift_interval}): a quarter or more.",
    "not-supported": "Over five years the profit would be {uplift} higher ({uplift_interval}): less than a quarter.",
    "cannot-tell": "Over five years the profit would be {uplift} higher ({uplift_interval}); on which side of a "
    "quarter that lies cannot be told.",
}
NO_PROFIT = (
    "Carried on as they are, the books show no sure profit over this time ({profit}), so a rise in per cent has no "
    "meaning; five points more retention would bring {extra}."
)
EFFORT = (
    "What it costs to keep them is left out: {per_customer} a customer and year would use up all of the first year's "
    "gain."
)


def profit_after(found: Results, years: int) -> Finding:
    """Return E4: the profit in the books over one or five years."""
    name = "retention-profit-one-year" if years == 1 else "retention-profit-five-years"
    firm = found.firm
    if not isinstance(firm, Firm):
        sentence = "What five points more retention would do to the profit in the books cannot be told."
        if firm == "costs" and found.value is not None:
            return Finding(name, sentence, {}, "cannot-tell", needed=COSTS)
        return Finding(name, sentence, {"fewest": FEWEST, "lost": FEWEST_LOST}, "cannot-tell", needed=SUBSCRIPTIONS)
    uplift = firm.uplift(years)
    if uplift is None:
        values: dict[str, Value] = {
            "profit": Quantity(firm.profit(years), found.currency),
            "extra": Quantity(firm.extra(years), found.currency),
        }
        return Finding(name, NO_PROFIT, values, "cannot-tell", needed="Costs of a year with a profit would tell.")
    verdict = against_a_quarter(uplift)
    sentences = ONE_YEAR if years == 1 else FIVE_YEARS
    values = {"uplift": uplift, "per_customer": Quantity(worth_spending(firm), found.currency)}
    if years == 1:
        values["bound"] = Quantity(firm.bound, "share")
    return Finding(name, sentences[verdict], values, verdict, uplift, EFFORT, MORE_CUSTOMERS)


def worth_spending(firm: Firm) -> float:
    """Return what the first year's gain is per customer that would have to be looked after."""
    return firm.extra(1) / float(firm.base.customers.sum())


GROWS: Sentences = {
    "supported": "One and the same customer brings {growth} more {what} with each year it stays ({growth_interval}; "
    "{prices}).",
    "not-supported": "That one and the same customer brings more with each year it stays does not show: its {what} "
    "moves by {growth} a year ({growth_interval}; {prices}).",
    "cannot-tell": "Whether one and the same customer brings more with each year it stays cannot be told.",
}
SHRINKS = (
    "One and the same customer does not bring more with each year it stays but less: its {what} moves by {growth} a "
    "year ({growth_interval}; {prices})."
)
TWO_YEARS = "Subscriptions of {fewest} customers seen in the same month of two years would tell."
CONSUMER_PRICES = "Consumer prices by currency and month (price_index) would tell."
TIME = "Years as a customer and calendar years pass together: what these years did to all customers is in it."


NOMINAL_MARGIN = (
    "One and the same customer brings {growth} more {what} with each year it stays ({growth_interval}), but inflation "
    "is not taken out, so whether that is worth more cannot be told."
)


def benefits_grow(found: Results) -> Finding:
    """Return whether the margin of one customer grows with tenure."""
    growth = found.ageing.margin if found.ageing is not None else None
    sentences = (GROWS, SHRINKS, NOMINAL_MARGIN)
    return _of_growth(found, "retention-benefits-grow", growth, {"what": found.what}, sentences)


PRICE: Sentences = {
    "supported": "One and the same customer pays {growth} more {per} with each year it stays ({growth_interval}; "
    "{prices}).",
    "not-supported": "That loyal customers pay more does not show: what one and the same customer pays {per} moves by "
    "{growth} a year ({growth_interval}; {prices}).",
    "cannot-tell": "Whether one and the same customer pays more the longer it stays cannot be told.",
}
CHEAPER = (
    "Loyal customers do not pay more but less: what one and the same customer pays {per} moves by {growth} a year "
    "({growth_interval}; {prices})."
)


NOMINAL_PRICE = (
    "One and the same customer pays {growth} more {per} with each year it stays ({growth_interval}), but inflation is "
    "not taken out, so whether that is more in truth cannot be told."
)


def price_and_tenure(found: Results) -> Finding:
    """Return whether a customer pays more per seat the longer it stays."""
    old = found.ageing
    values: dict[str, Value] = {"per": "per seat" if old is not None and old.has_seats else "in all"}
    growth = old.price if old is not None else None
    return _of_growth(found, "retention-price-and-tenure", growth, values, (PRICE, CHEAPER, NOMINAL_PRICE))


def _of_growth(
    found: Results,
    name: str,
    growth: Estimate | None,
    values: dict[str, Value],
    sentences: tuple[Sentences, str, str],
) -> Finding:
    """Say whether something grows, in sentences by verdict, for a fall, and for a rise with inflation in it."""
    by_verdict, falls, nominal = sentences
    values = {**values, "prices": found.prices, "fewest": FEWEST}
    if growth is None or not growth.is_known:
        return Finding(name, by_verdict["cannot-tell"], values, "cannot-tell", needed=TWO_YEARS)
    verdict = verdict_above(growth)
    values["growth"] = growth
    if verdict == "supported" and not found.company.is_real:
        return Finding(name, nominal, values, "cannot-tell", growth, TIME, CONSUMER_PRICES)
    said = Finding(name, falls if growth.high < 0 else by_verdict[verdict], values, verdict, growth, TIME, TWO_YEARS)
    return unless_it_may_matter(said, TWO_PER_CENT_A_YEAR)


CHEAPER_TO_KEEP: Sentences = {
    "supported": "Keeping a customer for a year takes {keep} of success work, winning one {win} of sales and "
    "marketing: keeping costs {ratio} times what winning does ({ratio_interval}), which is less.",
    "not-supported": "Keeping a customer for a year takes {keep} of success work, winning one {win} of sales and "
    "marketing: keeping costs {ratio} times what winning does ({ratio_interval}), which is not less.",
    "cannot-tell": "Keeping a customer for a year takes {keep} of success work, winning one {win} of sales and "
    "marketing: keeping costs {ratio} times what winning does ({ratio_interval}), so which is the cheaper cannot be "
    "told.",
}


HINGES_ON_SUPPORT = (
    "Keeping a customer for a year takes {keep} of success work, winning one {win} of sales and marketing: keeping "
    "costs {ratio} times what winning does ({ratio_interval}), which is less. With support counted as keeping it is "
    "{with_support} times ({with_support_interval}), which is not measurably less."
)


def keep_or_win(found: Results) -> Finding:
    """Return whether keeping a customer costs less than winning one."""
    name, keep = "cost-to-keep-and-to-win", found.keep
    if keep is None:
        sentence = "What it costs to keep a customer and to win one cannot be told."
        needed = "An export of costs (costs) of success, sales and marketing would tell, with customers kept and won."
        return Finding(name, sentence, {}, "cannot-tell", needed=needed)
    ratio = keep.ratio
    verdict: Verdict = "supported" if ratio.high < 1 else "not-supported" if ratio.low >= 1 else "cannot-tell"
    values: dict[str, Value] = {"keep": keep.keep, "win": keep.win, "ratio": ratio}
    assumption = ""
    if keep.with_support is not None:
        values["with_support"] = keep.with_support
        assumption = "With support counted as a cost of keeping it is {with_support} times ({with_support_interval})."
    sentence = CHEAPER_TO_KEEP[verdict]
    if verdict == "supported" and keep.with_support is not None and keep.with_support.high >= 1:
        sentence = HINGES_ON_SUPPORT
    return Finding(name, sentence, values, verdict, ratio, assumption, MORE_CUSTOMERS)
