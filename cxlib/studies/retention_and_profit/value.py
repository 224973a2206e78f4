"""What longer lives are worth to a customer's value: the fitted curve, its margins, and the three readings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Estimate, Floats, proportion
from cxlib.models.lifetime_value import (
    LEAST_CHURN,
    STEP,
    Reading,
    Terms,
    churn_after,
    lifetime_value,
    scaled_uplift,
    share_beyond,
    slowed_uplift,
    value_uplift,
)
from cxlib.models.panel import Growth, paired_growth
from cxlib.models.retention_curve import RetentionCurve, Spells, fit_bdw, fit_sbg, survival
from cxlib.studies.retention_and_profit.data import Company, grouped, whole_years

DISCOUNT = 0.10
DISCOUNTS = (0.05, 0.15)
DRAWS = 1000
SEED = 20261101
FEWEST = 30
"""Customers seen for a whole year or more; with fewer nothing is told."""
FEWEST_LOST = 5
SEEN_BY = 30
"""Customers under observation at a tenure for it to count as seen."""
METHOD = "parametric bootstrap"
UNTOLD = Estimate.unknown(0, "share", METHOD)


@dataclass(frozen=True)
class Valuation:
    """A retention curve, what the margin of one customer does with time, and draws of both.

    Attributes
    ----------
    curve : RetentionCurve
        Shifted-beta-geometric, by years as a customer.
    risen : RetentionCurve
        Beta-discrete-Weibull beside it: each customer's own risk may change.
    growth : Growth
        Of the margin within customers, a year.
    first : float
        Mean margin of a customer's first year, a year; NaN where nobody was seen in it.
    seen : int
        Longest tenure in years at which at least 30 customers were under observation.
    alpha, beta, grown : ndarray
        Draws of the curve and of the growth.
    """

    curve: RetentionCurve
    risen: RetentionCurve
    growth: Growth
    first: float
    seen: int
    alpha: Floats
    beta: Floats
    grown: Floats

    @property
    def slope(self) -> float:
        """Growth that values are counted with; 0 where it is not known."""
        return self.growth.value if np.isfinite(self.growth.value) else 0.0

    @property
    def stay(self) -> Estimate:
        """Share of new customers that stays for the first year."""
        return self.estimate(1 - self.curve.mean_churn, self.beta / (self.alpha + self.beta))

    @property
    def can_rise(self) -> bool:
        """Whether five of a hundred new customers leave at all in their first year."""
        return self.curve.mean_churn > STEP + LEAST_CHURN

    def terms(self, discount: float = DISCOUNT, horizon: int | None = None, growth: float | None = None) -> Terms:
        return Terms(discount, self.slope if growth is None else growth, self.seen, horizon)

    def uplift(self, reading: Reading, horizon: int | None = None) -> Estimate:
        """Return by which share a customer's value rises, with the error of curve and margins."""
        value = value_uplift(self.curve.alpha, self.curve.beta, self.terms(horizon=horizon), reading)
        drawn = value_uplift(self.alpha, self.beta, Terms(DISCOUNT, self.grown, self.seen, horizon), reading)
        return self.estimate(float(value), drawn)

    def estimate(self, value: float, drawn: Floats, unit: str = "share") -> Estimate:
        """Return a number with the middle 95 % of its draws."""
        low, high = np.quantile(drawn, [0.025, 0.975])
        flags = ("small",) if self.curve.n < FEWEST else ()
        return Estimate(value, min(float(low), value), max(float(high), value), self.curve.n, unit, METHOD, flags)

    def survival(self, years: Floats) -> Floats:
        """Return the drawn curves, shape (draws, years)."""
        return survival(self.alpha[:, None], self.beta[:, None], years)

    def beyond(self) -> float:
        """Return the share of a life's value that comes after the longest tenure seen."""
        return float(share_beyond(self.curve.alpha, self.curve.beta, self.terms(), self.seen))


def value_customers(company: Company) -> Valuation | None:
    """Fit curve and margins; None where too few customers were seen, or left, to tell."""
    spells = grouped(whole_years(company.spells))
    curve = _fitted(spells)
    if curve is None:
        return None
    months = company.months
    growth = growth_of(months, "margin")
    first = 12 * float(months.loc[months["tenure"] < 1, "margin"].mean())
    return valuation(curve, fit_bdw(spells), growth, first, longest_seen(spells))


def growth_of(months: pd.DataFrame, name: str) -> Growth:
    """Return by which share something grows a year within customers.

    Months in which a stretch ended are left out: they are not whole, and only the later of two months can be one.
    """
    whole = months[~months["ended_in_month"].astype(bool) & months[name].notna()]
    return paired_growth(whole[name], stretch(whole), month_number(whole), 12)


def stretch(months: pd.DataFrame) -> pd.Series:
    """Return the stretch of paying that a month belongs to."""
    return months["customer_id"] + " " + months["spell"].astype(str)


def month_number(months: pd.DataFrame) -> pd.Series:
    """Return months counted through the years."""
    return pd.Series(12 * months["month"].dt.year + months["month"].dt.month)


def _fitted(spells: Spells) -> RetentionCurve | None:
    lost = float(spells.count[np.isfinite(spells.by)].sum())
    if spells.count.sum() < FEWEST or lost < FEWEST_LOST:
        return None
    try:
        return fit_sbg(spells)
    except MeasureError:
        return None


def valuation(curve: RetentionCurve, risen: RetentionCurve, growth: Growth, first: float, seen: int) -> Valuation:
    """Draw curve and growth; they are taken as independent."""
    rng = np.random.default_rng(SEED)
    alpha, beta, _ = curve.draws(rng, DRAWS)
    error = growth.error if np.isfinite(growth.error) else 0.0
    slope = growth.value if np.isfinite(growth.value) else 0.0
    grown = slope + error * rng.standard_t(growth.freedom, DRAWS)
    return Valuation(curve, risen, growth, first, seen, alpha, beta, grown)


def longest_seen(spells: Spells) -> int:
    """Return the last tenure year that at least 30 customers began under observation; 1 at least."""
    ends = np.where(np.isfinite(spells.by), spells.by, spells.after)
    years = np.arange(1, int(ends.max()) + 1)
    watched = [float(spells.count[(spells.entry < year) & (ends >= year)].sum()) for year in years]
    enough = years[np.array(watched) >= SEEN_BY]
    return int(enough.max()) if len(enough) else 1


def yearly_retention(spells: Spells) -> pd.DataFrame:
    """Return one row per tenure year: `year`, and share staying with Wilson's limits (`value`, `low`, `high`, `n`)."""
    ends = np.where(np.isfinite(spells.by), spells.by, spells.after)
    years = np.arange(1, int(ends.max(initial=0)) + 1)
    began = np.array([spells.count[(spells.entry < year) & (ends >= year)].sum() for year in years])
    lost = np.array([spells.count[(spells.by == year) & (spells.entry < year)].sum() for year in years])
    share = proportion(began - lost, began)
    frame = pd.DataFrame({"year": years, "value": share.value, "low": share.low, "high": share.high, "n": began})
    return frame[frame["n"] >= FEWEST_LOST].reset_index(drop=True)


def of_group(spells: pd.DataFrame, whole: Valuation) -> tuple[Estimate, str]:
    """Return the rise by five points in one segment, with the growth of margins of all, and what to know of it."""
    years = grouped(whole_years(spells))
    n = round(float(years.count.sum()))
    curve = _fitted(years)
    if curve is None:
        flag = "suppressed" if n < FEWEST_LOST else "no-data"
        return Estimate.unknown(n, "share", METHOD, flag), "too few seen, or left, to tell"
    group = valuation(curve, curve, whole.growth, whole.first, whole.seen)
    return group.uplift("points"), "" if group.can_rise else "fewer than five in a hundred leave: nobody leaves any "
    "more"


def in_money(company: Company, value: Valuation) -> tuple[Estimate, Estimate] | None:
    """Return the uplifts of all customers' value together, where big customers count for what they pay.

    First, where five of a hundred customers more stay and everybody's churn falls by the same factor; second, where
    five points of revenue more stay. None where it cannot be told.
    """
    paid = company.months.groupby(["customer_id", "spell"])["margin"].mean().clip(lower=0.0).rename("weight")
    joined = company.spells.merge(paid, left_on=["customer_id", "spell"], right_index=True, how="left")
    weight = joined["weight"].fillna(0.0).to_numpy(float)
    if not weight.sum() > 0:
        return None
    try:
        curve = fit_sbg(whole_years(joined, weight / weight.mean()), robust=True)
    except MeasureError:
        return None
    alpha, beta, _ = curve.draws(np.random.default_rng(SEED + 1), DRAWS)
    churn, drawn_churn = value.curve.mean_churn, value.alpha / (value.alpha + value.beta)
    factor, drawn_factor = (churn_after(part, "points") / part for part in (churn, drawn_churn))
    terms, drawn = value.terms(), Terms(DISCOUNT, value.grown, value.seen)
    alike = scaled_uplift(curve.alpha, curve.beta, terms, factor)
    points = value_uplift(curve.alpha, curve.beta, terms, "points")
    return (
        value.estimate(float(alike), scaled_uplift(alpha, beta, drawn, drawn_factor)),
        value.estimate(float(points), value_uplift(alpha, beta, drawn, "points")),
    )


def of_the_base(value: Valuation, ages: Floats) -> float:
    """Return the uplift where five points are gained over all present customers, whose churn is lower."""
    curve = value.curve
    churn = float((curve.alpha / (curve.alpha + curve.beta + ages)).mean()) if len(ages) else curve.mean_churn
    factor = float(churn_after(churn, "points")) / churn
    return float(scaled_uplift(curve.alpha, curve.beta, value.terms(), factor))


def alike_in_risk(value: Valuation, reading: Reading = "points") -> float:
    """Return the uplift where everybody's risk falls in the same proportion."""
    return slowed_uplift(value.curve.alpha, value.curve.beta, value.terms(), reading)


def life_in_margins(value: Valuation, reading: Reading | None = None, discount: float = DISCOUNT) -> float:
    """Return a customer's value in first-year margins, as it is or after a step."""
    alpha, beta = value.curve.alpha, value.curve.beta
    terms = value.terms(discount)
    before = float(lifetime_value(alpha, beta, terms))
    return before if reading is None else before * (1 + float(value_uplift(alpha, beta, terms, reading)))
