"""What `retention_and_profit` says of customers: what longer lives are worth, and who stays longer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from cxlib.estimate import Estimate, difference, proportion
from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.models.lifetime_value import STEP, Reading
from cxlib.studies.retention_and_profit.data import grouped, whole_years
from cxlib.studies.retention_and_profit.results import Results, against_a_quarter
from cxlib.studies.retention_and_profit.value import FEWEST, FEWEST_LOST, yearly_retention
from cxlib.studies.worth import FIVE_POINTS

MORE_CUSTOMERS = "More customers, or a longer history of them, would tell."
SUBSCRIPTIONS = (
    "An export of subscriptions (subscriptions) with their beginnings and ends would tell, with {fewest} customers "
    "seen for a whole year and {lost} who left."
)
HINGES = (
    "It hinges on who stays: if everybody's risk of leaving falls in the same proportion it is {alike}; if the five "
    "points are gained over today's customers, not over new ones, it is {of_base}."
)

Sentences = dict[Verdict, str]

POINTS_SAID: Sentences = {
    "supported": "{stay} of new customers stay for a year, by a curve fitted to all their years. If five in a hundred "
    "more did, a customer would bring {uplift} more {what} over its life ({uplift_interval}): the quarter that is "
    "often promised, or more.",
    "not-supported": "{stay} of new customers stay for a year, by a curve fitted to all their years. If five in a "
    "hundred "
    "more did, a customer would bring {uplift} more {what} over its life ({uplift_interval}): less than the quarter "
    "that is often promised.",
    "cannot-tell": "{stay} of new customers stay for a year, by a curve fitted to all their years. If five in a "
    "hundred "
    "more did, a customer would bring {uplift} more {what} over its life ({uplift_interval}). On which side of the "
    "quarter that is often promised that "
    "lies cannot be told.",
}
RELATIVE_SAID: Sentences = {
    "supported": "If retention rose by five per cent of itself, from {stay} to {after}, a customer would bring "
    "{uplift} more {what} ({uplift_interval}): a quarter or more.",
    "not-supported": "If retention rose by five per cent of itself, from {stay} to {after}, a customer would bring "
    "{uplift} more {what} ({uplift_interval}): less than a quarter.",
    "cannot-tell": "If retention rose by five per cent of itself, from {stay} to {after}, a customer would bring "
    "{uplift} more {what} ({uplift_interval}); on which side of a quarter that lies cannot be told.",
}
DEFECTIONS_SAID: Sentences = {
    "supported": "Read as five per cent fewer departures, the same promise is worth {uplift} more {what} a customer "
    "({uplift_interval}): a quarter or more.",
    "not-supported": "Read as five per cent fewer departures, the same promise is worth {uplift} more {what} a "
    "customer ({uplift_interval}): less than a quarter.",
    "cannot-tell": "Read as five per cent fewer departures, the same promise is worth {uplift} more {what} a customer "
    "({uplift_interval}); on which side of a quarter that lies cannot be told.",
}
NO_MARGIN = (
    "In its first year a customer costs more to serve than it pays ({first}), so what more retention would add to its "
    "value cannot be given as a share."
)
CANNOT_RISE = (
    "{stay} of new customers stay for a year: fewer than five in a hundred leave, so retention cannot rise by five "
    "points."
)
UNTOLD = "How long customers stay cannot be told, so neither can what a longer stay would bring."


def five_points(found: Results) -> Finding:
    """Return E1: five points more yearly retention."""
    return _of_value(found, "retention-value-five-points", "points", POINTS_SAID, HINGES)


def five_per_cent(found: Results) -> Finding:
    """Return E2: retention times 1.05."""
    return _of_value(found, "retention-value-five-per-cent", "relative", RELATIVE_SAID)


def fewer_defections(found: Results) -> Finding:
    """Return E3: five per cent fewer departures."""
    return _of_value(found, "retention-value-fewer-defections", "defections", DEFECTIONS_SAID)


def _of_value(found: Results, name: str, reading: Reading, sentences: Sentences, assumption: str = "") -> Finding:
    uplift, value = found.uplift(reading), found.value
    if value is None:
        values: dict[str, Value] = {"fewest": FEWEST, "lost": FEWEST_LOST}
        return Finding(name, UNTOLD, values, "cannot-tell", needed=SUBSCRIPTIONS)
    if uplift is None:
        if found.told(reading) == "cannot-rise":
            needed = "Ask instead what fewer departures would bring."
            return Finding(name, CANNOT_RISE, {"stay": value.stay}, "cannot-tell", needed=needed)
        if np.isnan(value.first):
            needed = "Customers seen in their first year would tell."
            return Finding(name, UNTOLD, {}, "cannot-tell", needed=needed)
        values = {"first": Quantity(value.first, found.currency)}
        needed = "Cheaper service, or costs that can be told by customer, would make it one."
        return Finding(name, NO_MARGIN, values, "cannot-tell", needed=needed)
    verdict = against_a_quarter(uplift)
    values = {
        "stay": value.stay,
        "after": Quantity((1 - value.curve.mean_churn) * (1 + STEP), "share"),
        "uplift": uplift,
        "what": found.what,
        "alike": Quantity(found.alike, "share"),
        "of_base": Quantity(found.of_base, "share"),
    }
    return Finding(name, sentences[verdict], values, verdict, uplift, assumption, MORE_CUSTOMERS)


SORTED = (
    "The longer customers have been there, the more of them stay: as counted, {first} in their first year, {later} a "
    "year later on ({apart}, {apart_interval}). That those likely to leave go first explains it; nobody need have "
    "grown more loyal."
)
LOYAL = (
    "The longer customers have been there, the more of them stay: as counted, {first} in their first year, {later} a "
    "year later on ({apart}, {apart_interval}). That those likely to leave go first does not explain it all: each "
    "customer's own "
    "risk falls as well."
)
IN_SPITE = (
    "The longer customers have been there, the more of them stay: as counted, {first} in their first year, {later} a "
    "year later on ({apart}, {apart_interval}). Those likely to leave go first; each customer's own risk rises."
)
LEVEL = (
    "That more customers stay the longer they have been there does not show: as counted, {first} in their first year, "
    "{later} a year later on (difference {apart}, {apart_interval})."
)


def rises_with_tenure(found: Results) -> Finding:
    """Return whether retention is higher after the first year, and whether sorting alone explains it."""
    name = "retention-rises-with-tenure"
    value = found.value
    years = yearly_retention(grouped(whole_years(found.company.spells))) if value is not None else None
    if value is None or years is None or len(years) < 2 or years["year"].iloc[0] != 1:
        sentence = "Whether customers stay longer the longer they have been there cannot be told."
        return Finding(name, sentence, {"fewest": FEWEST, "lost": FEWEST_LOST}, "cannot-tell", needed=SUBSCRIPTIONS)
    first, later = (_pooled(rows) for rows in (years.iloc[:1], years.iloc[1:]))
    apart = replace(difference(later, first), unit="share difference")
    verdict = verdict_above(apart)
    values: dict[str, Value] = {"first": first, "later": later, "apart": apart}
    if verdict != "supported":
        return unless_it_may_matter(Finding(name, LEVEL, values, verdict, apart, needed=MORE_CUSTOMERS), FIVE_POINTS)
    gained = 2 * (value.risen.log_likelihood - value.curve.log_likelihood)
    sorted_only = stats.chi2.sf(max(gained, 0.0), 1) > 0.05
    sentence = SORTED if sorted_only else LOYAL if value.risen.shape < 1 else IN_SPITE
    return Finding(name, sentence, values, verdict, apart)


def _pooled(rows: pd.DataFrame) -> Estimate:
    began, stayed = float(rows["n"].sum()), float((rows["n"] * rows["value"]).sum())
    share, low, high = (float(end[0]) for end in proportion([stayed], [began]))
    return Estimate(share, low, high, round(began), "share", "Wilson")
