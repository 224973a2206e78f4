"""What `retention_and_profit` lays before the reader, in the order of the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from cxlib.estimate import Estimate, difference
from cxlib.finding import Finding, Quantity, Value
from cxlib.models.life_table import life_table
from cxlib.models.lifetime_value import (
    READINGS,
    Terms,
    value_uplift,
)
from cxlib.studies.evidence import Curves, Evidence, Forest, Map, Row
from cxlib.studies.retention_and_profit.answer import (
    five_per_cent,
)
from cxlib.studies.retention_and_profit.data import grouped, whole_years
from cxlib.studies.retention_and_profit.evidence_books import of_the_books
from cxlib.studies.retention_and_profit.firm import Firm
from cxlib.studies.retention_and_profit.results import LABELS, QUARTER, Results
from cxlib.studies.retention_and_profit.swings import assumptions
from cxlib.studies.retention_and_profit.value import (
    DISCOUNT,
    DISCOUNTS,
    SEEN_BY,
    Valuation,
    of_group,
    yearly_retention,
)

A_QUARTER = "the quarter that is promised"
IN_THE_BOOKS = (
    (1, "Five points, profit of one year"),
    (3, "Five points, profit of three years"),
    (5, "Five points, profit of five years"),
)
STAY = np.linspace(0.40, 0.94, 28)
RATES = np.linspace(0.02, 0.25, 24)
"""Retention and discount rates that the map spans."""
Named = Iterator[tuple[str, Evidence]]


def evidence_of(found: Results) -> dict[str, Evidence]:
    """Return the pieces that the data can bring."""
    return {**dict(_of_customers(found)), **dict(of_the_books(found))}


def _of_customers(found: Results) -> Named:
    value = found.value
    if value is None:
        return
    if found.told("relative") == "told":
        yield "readings", _readings(found)
    yield "survival", _survival(found, value)
    yield "tenure", _tenure(found, value)
    if found.told() == "told":
        yield "map", _map(found, value)
        yield "assumptions", assumptions(found, value)
        if len(rows := _segments(found, value)) > 1:
            yield "segments", _by_segment(found, rows)


def _readings(found: Results) -> Forest:
    rows = [Row(LABELS[reading], uplift) for reading in READINGS if (uplift := found.uplift(reading)) is not None]
    if (short := found.uplift("points", 5)) is not None:
        rows.append(Row("Five points, five years of value only", short))
    if isinstance(found.firm, Firm):
        rows += [
            Row(label, booked) for years, label in IN_THE_BOOKS if (booked := found.firm.uplift(years)) is not None
        ]
    return Forest(
        caption="What “five per cent more retention” brings, by what is meant by it: value of a customer over its "
        "life, and profit in the books.",
        rows=tuple(rows),
        reference=QUARTER,
        reference_label=A_QUARTER,
        says=five_per_cent(found),
    )


def _survival(found: Results, value: Valuation) -> Curves:
    spells = found.company.spells
    seen = life_table(spells["years"], spells["ended"], np.minimum(spells["entry"], spells["years"] * (1 - 1e-9)))
    times = np.round(np.arange(0, value.seen + 2 + 1e-9, 1 / 12), 6)
    told = seen.at(times)
    enough = np.isfinite(told.value) & ((seen.seen_at(times) >= SEEN_BY) | (times <= 1))
    parts = [
        pd.DataFrame({"series": "as seen", "x": times, "value": told.value, "low": told.low, "high": told.high})[enough]
    ]
    years = np.arange(0, value.seen + 3, dtype=float)
    for name, curve in (("fitted", value.curve), ("fitted, own risk may change", value.risen)):
        line = pd.DataFrame({"series": name, "x": years, "value": curve.survival(years)})
        if curve is value.curve:
            drawn = value.survival(years)
            line["low"], line["high"] = np.quantile(drawn, [0.025, 0.975], axis=0)
        parts.append(line)
    beyond = Finding(
        "retention-beyond-what-was-seen",
        "{beyond} of a customer's value lies beyond the {years} years that enough customers were seen for, where only "
        "the fitted curve speaks.",
        {"beyond": Quantity(value.beyond(), "share"), "years": value.seen},
    )
    return Curves(
        caption="Share of new customers still there, by years since they came; customers who still pay are counted for "
        "as long as they were seen.",
        frame=pd.concat(parts, ignore_index=True),
        x_label="years as a customer",
        x_unit="years",
        unit="share",
        says=beyond if found.told("relative") == "told" else None,
    )


def _tenure(found: Results, value: Valuation) -> Curves:
    seen = yearly_retention(grouped(whole_years(found.company.spells))).rename(columns={"year": "x"})
    seen = seen[(seen["n"] >= SEEN_BY) | (seen["x"] == 1)]
    years = np.arange(1, value.seen + 3, dtype=float)
    fitted = pd.DataFrame({"series": "fitted", "x": years, "value": value.curve.retention(years)})
    frame = pd.concat([seen.assign(series="as seen"), fitted], ignore_index=True)
    return Curves(
        caption="Share of the customers that begin a year as a customer and stay through it.",
        frame=frame[["series", "x", "value", "low", "high"]],
        x_label="year as a customer",
        x_unit="years",
        unit="share",
    )


def _map(found: Results, value: Valuation) -> Map:
    """Return the rise over retention and discount rate, with customers as unlike and margins as here."""
    stay, rates = STAY, RATES
    total = value.curve.alpha + value.curve.beta
    alpha, beta = (1 - stay) * total, stay * total
    terms = Terms(rates[:, None], value.slope, value.seen)
    rise = value_uplift(alpha[None, :], beta[None, :], terms, "points")
    return Map(
        caption="Rise of a customer's value by five points more retention, by where retention stands and how much a "
        "later year counts; customers differ among themselves, and bring more as they stay, as they do here.",
        x=stay,
        y=rates,
        z=rise,
        x_label="share of new customers that stay for a year",
        y_label="discount rate a year",
        x_unit="share",
        y_unit="share",
        unit="share",
        level=QUARTER,
        level_label=A_QUARTER,
        point=(value.stay, Estimate(DISCOUNT, *DISCOUNTS, 0, "share", "assumption")),
        says=_where_it_holds(value),
    )


def _where_it_holds(value: Valuation) -> Finding:
    """Return the level of retention, of those shown on the map the nearest, at which five points bring a quarter."""
    total = value.curve.alpha + value.curve.beta

    def above(stay: float) -> float:
        return float(value_uplift((1 - stay) * total, stay * total, value.terms(), "points")) - QUARTER

    values: dict[str, Value] = {"rate": Quantity(DISCOUNT, "share"), "stay": value.stay}
    sides = np.sign([above(stay) for stay in STAY])
    turns = [place for place in range(len(STAY) - 1) if sides[place] * sides[place + 1] < 0]
    if not turns:
        values |= {"least": Quantity(float(STAY[0]), "share"), "most": Quantity(float(STAY[-1]), "share")}
        return Finding(
            "retention-map",
            "With customers and margins as they are here, at a discount rate of {rate}, no level of retention between "
            "{least} and {most} brings exactly a quarter; here {stay} of new customers stay for a year "
            "({stay_interval}).",
            values,
        )
    levels = [float(brentq(above, STAY[place], STAY[place + 1])) for place in turns]
    values["needed"] = Quantity(min(levels, key=lambda level: abs(level - value.stay.value)), "share")
    return Finding(
        "retention-map",
        "At a discount rate of {rate} five points bring exactly a quarter where {needed} of new customers stay for a "
        "year; here {stay} do ({stay_interval}).",
        values,
    )


def _segments(found: Results, value: Valuation) -> list[Row]:
    company = found.company
    if not company.segment:
        return []
    rows = []
    for name, spells in company.spells.groupby(company.segment, observed=True):
        uplift, note = of_group(spells, value)
        rows.append(Row(str(name), uplift, note))
    return rows if any(row.estimate.is_known for row in rows) else []


def _by_segment(found: Results, rows: list[Row]) -> Forest:
    told = [row for row in rows if row.estimate.is_known]
    least, most = (pick(told, key=lambda row: row.estimate.value) for pick in (min, max))
    apart = replace(difference(most.estimate, least.estimate), unit="share difference")
    sentence = (
        "Five points are not worth the same everywhere: {least_value} more in “{least}”, {most_value} more in “{most}” "
        "({apart}, {apart_interval})."
        if apart.low > 0
        else "What five points are worth does not measurably differ: {least_value} more in “{least}”, {most_value} "
        "more in “{most}” ({apart}, {apart_interval})."
    )
    values: dict[str, Value] = {
        "least": least.label,
        "least_value": least.estimate,
        "most": most.label,
        "most_value": most.estimate,
        "apart": apart,
    }
    says = Finding("retention-segments", sentence, values)
    return Forest(
        caption="Rise of a customer's value by five points more retention, by {segment}.",
        values={"segment": found.company.segment},
        rows=tuple(rows),
        reference=QUARTER,
        reference_label=A_QUARTER,
        says=says if len(told) > 1 else None,
    )
