"""What could mislead in `retention_and_profit`, each looked for in the data at hand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value
from cxlib.studies.retention_and_profit.margin import Ageing
from cxlib.studies.retention_and_profit.results import Results


def doubts_of(found: Results) -> tuple[Finding, ...]:
    """Return what was found, the most important first."""
    return (*_who_stays(found), *_money(found), *_mix(found), *_time(found), *_foretold(found), *_counted(found))


def _who_stays(found: Results) -> Iterator[Finding]:
    uplift = found.uplift("points")
    if uplift is None:
        return
    values: dict[str, Value] = {
        "uplift": uplift,
        "alike": Quantity(found.alike, "share"),
        "of_base": Quantity(found.of_base, "share"),
    }
    yield Finding(
        "retention-who-stays",
        "Nothing in the data says whose departure a better company would prevent. If customers go on differing as they "
        "do, five points are worth {uplift}; if everybody's risk of leaving falls in the same proportion, {alike}, "
        "because those kept then tend to be those who leave soon; if five points more of today's customers stay, "
        "{of_base}.",
        values,
    )


def _money(found: Results) -> Iterator[Finding]:
    if found.money is None:
        return
    alike, points = found.money
    yield Finding(
        "retention-big-customers",
        "The answer is about an average customer. Counted in all customers' money, where those who bring more count "
        "for more, five in a hundred more customers are worth {alike} ({alike_interval}) and five points more of their "
        "money {points} ({points_interval}).",
        {"alike": alike, "points": points},
    )


def _mix(found: Results) -> Iterator[Finding]:
    mix = found.mix
    if mix is None:
        return
    values: dict[str, Value] = {
        "before": mix.before,
        "after": mix.after,
        "change": mix.change,
        "by_mix": mix.by_mix,
        "by_rate": mix.by_rate,
        "segment": found.company.segment,
        "against": ", ".join(mix.against),
    }
    if mix.by_mix.low > 0 or mix.by_mix.high < 0:
        sentence = (
            "Yearly retention went from {before} to {after}, of which {by_mix} ({by_mix_interval}) comes from another "
            "mix of customers by {segment} and not from customers of one kind staying more or less ({by_rate})."
        )
    elif mix.against:
        sentence = (
            "Yearly retention went from {before} to {after}. Looked for: whether another mix of customers by {segment} "
            "made it move. It did not measurably ({by_mix}, {by_mix_interval}); but in {against} it moved the other "
            "way."
        )
    else:
        sentence = (
            "Yearly retention went from {before} to {after}. Looked for: whether another mix of customers by {segment} "
            "made it move. It did not measurably ({by_mix}, {by_mix_interval}), and no kind moved the other way."
        )
    yield Finding("retention-mix", sentence, values)


def _time(found: Results) -> Iterator[Finding]:
    old = found.ageing
    if old is None or not old.revenue.is_known or not found.trend.is_known:
        return
    net = _apart(old, found.trend)
    values: dict[str, Value] = {"growth": old.revenue, "trend": found.trend, "net": net}
    sentence = (
        "What a customer pays grows by {growth} a year, and years as a customer cannot be told from calendar years in "
        "it. What new customers of one kind begin with moved by {trend} a year ({trend_interval}); if that is what "
        "time does to everybody, {net} a year ({net_interval}) is left for staying."
    )
    yield Finding("retention-growth-or-time", sentence, values)


def _apart(old: Ageing, trend: Estimate) -> Estimate:
    growth = old.revenue
    value = growth.value - trend.value
    below = float(np.hypot(growth.value - growth.low, trend.high - trend.value))
    above = float(np.hypot(growth.high - growth.value, trend.value - trend.low))
    return Estimate(value, value - below, value + above, min(growth.n, trend.n), "share", "MOVER")


def _foretold(found: Results) -> Iterator[Finding]:
    told = found.foretold
    if told is None:
        return
    values: dict[str, Value] = {"foretold": told.foretold, "came": told.came}
    if told.foretold.low <= told.came.value <= told.foretold.high:
        sentence = (
            "A curve fitted to what was known a year ago foretold that {foretold} ({foretold_interval}) of the "
            "customers of that day would still be there; {came} are."
        )
    else:
        sentence = (
            "A curve fitted to what was known a year ago foretold that {foretold} ({foretold_interval}) of the "
            "customers of that day would still be there; {came} are. The year was not like those before, so what lies "
            "ahead may not be either."
        )
    yield Finding("retention-foretold", sentence, values)


def _counted(found: Results) -> Iterator[Finding]:
    if found.value is None:
        return
    if not found.company.is_margin:
        yield Finding(
            "retention-revenue-only",
            "What it costs to serve a customer is in no export, so all values are revenue. That leaves the rise of a "
            "customer's value as it is only where costs are the same share of revenue in every year.",
        )
    if not found.company.is_real:
        yield Finding(
            "retention-inflation",
            "Inflation is not taken out for part of the revenue, so growth of what a customer brings is partly rising "
            "prices, and the discount rate is that of money as it is.",
        )
    if found.ageing is None or not found.ageing.margin.is_known:
        yield Finding(
            "retention-constant-margin",
            "Too few customers were seen in the same month of two years, so a customer's {what} is taken to stay as it "
            "is.",
            {"what": found.what},
        )
    if found.value.first > 0 and found.value.seen < 3:
        yield Finding(
            "retention-short-history",
            "Enough customers were seen for {years} years at most; how unlike they are, and so what a long life is "
            "worth, rests on little.",
            {"years": found.value.seen},
        )
