"""What more retention is worth: how long customers stay, what one brings, and the books carried on.

Pure functions of frames; what can be debated (discount rate, step, horizon, what counts as new) is an argument.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy import stats
from scipy.optimize import brentq
from statsmodels.formula.api import ols

from cxlib.errors import MeasureError, UntoldError, untold
from cxlib.estimate import ALPHA, Array, Estimate, Floats, Z, difference, proportion, wilson
from cxlib.facts import FACTS
from cxlib.finding import Quantity, verdict
from cxlib.models import lifetime_value as ltv
from cxlib.models.clusters import hidden_if_few
from cxlib.models.incidence import kaplan_meier
from cxlib.models.lifetime_value import Base, contribution, factor_for, first_year_bound
from cxlib.models.retention_curve import RetentionCurve, Spells, fit_bdw, fit_sbg, survival
from cxlib.models.within import Growth, paired_growth, two_way
from cxlib.nearest import one_of
from cxlib.workbook import Workbook

SEED, DRAWS, DRAWS_OF_BOOKS = 20261101, 1000, 400
FEWEST, FEWEST_LOST, FEWEST_MONTHS = 30, 5, 3
"""Customers seen or followed, customers lost or in a cell, months of costs: with fewer nothing is told."""
YEAR, MIDDLE = 365.25, (ALPHA / 2, 1 - ALPHA / 2)
STAYS, RATES = np.linspace(0.40, 0.94, 28), np.linspace(0.02, 0.25, 24)
"""Retention and discount rates that the map spans."""
LIVES = "Subscriptions (subscriptions) of more customers seen for a whole year, and of more who left, would tell."
SERVICE_COSTS = "Costs by team and month (costs) of delivery, support and everything general would tell."
SALES_COSTS = "Costs (costs) of success, sales and marketing, with customers kept and won, would tell."
CONSUMER_PRICES = "Consumer prices by currency and month (price_index) would tell."
NEW_CUSTOMERS = "More new customers, of every kind in every year, would tell."
TOO_FEW_LEAVE = "Fewer leave than retention would rise by: ask what fewer departures bring."
TWO_YEARS = "Subscriptions (subscriptions) of more customers seen in the same month of two years would tell."

SPELLS = """
SELECT customer_id, spell, $segment AS kind, coalesce(ended_at < $cut, FALSE) AS ended,
    date_diff('second', started_at, greatest(observed_from, started_at)) / $year AS entry,
    date_diff('second', started_at, CASE WHEN ended_at < $cut THEN ended_at ELSE $cut END) / $year AS years,
    date_diff('second', started_at, $cut) / $year AS seen
FROM customer_spell WHERE started_at < $cut AND observed_from < $cut ORDER BY customer_id, spell
"""
MONTHS = """
SELECT customer_id, spell, region, tier, $segment AS kind, CAST(month AS TIMESTAMP) AS month,
    tenure_months / 12.0 AS tenure, ended_in_month, mrr_start AS revenue, coalesce(currency, '') AS currency,
    CASE WHEN seats > 0 THEN mrr_end / seats END AS price, seats, tickets
FROM customer_month WHERE is_observed AND mrr_start > 0 AND month <= $month ORDER BY customer_id, month
"""
COSTS = """
SELECT c.team, CAST(c.month AS TIMESTAMP) AS month, c.currency, sum(c.amount * r.rate) AS amount
FROM costs AS c INNER JOIN rates AS r ON r.currency = c.currency
WHERE c.month <= $month GROUP BY c.team, c.month, c.currency ORDER BY c.team, c.month, c.currency
"""
PRICES = """
SELECT currency, CAST(month AS TIMESTAMP) AS month, index_value AS level FROM price_index
WHERE month <= $month ORDER BY month, currency
"""


@dataclass(frozen=True)
class Customers:
    """Everything that is counted on, up to the cut; amounts in prices of the report's month where those are known.

    Of a stretch of paying, `spells` has its `kind`, and its years when it came under observation (`entry`), at its end
    or the cut (`years`), and from its beginning to the cut (`seen`). `delivery` is what that costs as a share of
    revenue, `ticket` support per ticket, 0 where no export tells; `real` the share of revenue of which inflation is
    taken out; `grace` the years after an anniversary by which an end belongs to the year before.
    """

    spells: pd.DataFrame
    months: pd.DataFrame
    costs: pd.DataFrame
    delivery: float
    ticket: float
    real: float
    grace: float
    last: pd.Timestamp

    @property
    def is_margin(self) -> bool:
        """Whether values are margins; else they are revenue."""
        return self.delivery > 0 or self.ticket > 0

    @property
    def arrivals(self) -> int:
        """Customers whose first stretch began in the last year."""
        return int(((self.spells["seen"] <= 1) & (self.spells["spell"] == 1)).sum())

    def there(self, back: float) -> pd.DataFrame:
        """Return who was there so many years before the cut and seen from then on, and whether one `stayed` a year."""
        spells, then = self.spells, self.spells["seen"] - back
        here = (then >= 0) & (spells["years"] > then) & (spells["entry"] <= then)
        return spells.assign(then=then, stayed=~(spells["ended"] & (spells["years"] <= then + 1)))[here]

    def spent(self, team: str) -> float:
        """Return what a team cost in the last twelve months, told from three at least; else NaN."""
        own = self.costs[(self.costs["team"] == team) & (self.costs["month"] > self.last - pd.DateOffset(months=12))]
        return float(own["amount"].mean()) * 12 if len(own) >= FEWEST_MONTHS else np.nan


def read(book: Workbook, segment: str, grace: int) -> Customers:
    """Read lives, what each month left after the cost of serving it, and what teams cost; `grace` is in days."""
    one_of(segment, FACTS["customer_month"].segments, "segment")
    spells = book.frame(SPELLS, segment=segment, year=86_400 * YEAR)
    index, months, costs = book.frame(PRICES), book.frame(MONTHS, segment=segment), book.frame(COSTS)
    first = pd.concat([months, costs]).groupby("currency")["month"].min()
    known = first.index[index.groupby("currency")["month"].min().reindex(first.index) <= first]
    index = index[index["currency"].isin(known)]
    months = _real(months, index, "revenue", "price")
    costs = _real(costs, index, "amount").groupby(["team", "month"])[["amount"]].sum().reset_index()
    delivery, ticket = _unit_cost(months, costs, "delivery", "revenue"), _unit_cost(months, costs, "support", "tickets")
    margin = months["revenue"] * (1 - delivery) - ticket * months["tickets"]
    paid, last = months["revenue"].sum(), pd.Timestamp(book.month.first_day)
    real = float(months.loc[months["currency"].isin(known), "revenue"].sum() / paid) if paid > 0 else 0.0
    return Customers(spells, months.assign(margin=margin), costs, delivery, ticket, real, grace / YEAR, last)


def _real(rows: pd.DataFrame, index: pd.DataFrame, *amounts: str) -> pd.DataFrame:
    """Bring amounts to prices of the report's month; in currencies that are not in the index they stay as they are."""
    if rows.empty or index.empty:
        return rows
    order = rows.reset_index().sort_values("month", kind="stable")
    then = pd.merge_asof(order, index, on="month", by="currency").set_index("index")["level"].reindex(rows.index)
    factor = (rows["currency"].map(index.groupby("currency")["level"].last()) / then).fillna(1.0)
    return rows.assign(**{name: rows[name] * factor for name in amounts})


def _unit_cost(months: pd.DataFrame, costs: pd.DataFrame, team: str, base: str) -> float:
    """Return a team's cost per unit of what it serves, over all months together: a busy one makes no customer dear."""
    spent = costs[costs["team"] == team].set_index("month")["amount"]
    served = months.groupby("month")[base].sum().reindex(spent.index).dropna()
    told = len(served) >= FEWEST_MONTHS and served.sum() > 0
    return float(spent[served.index].sum() / served.sum()) if told else 0.0


def whole_years(customers: Customers, weight: Floats | None = None) -> Spells:
    """Return lives in tenure years seen whole, from anniversary to anniversary; those alike in a row, unless weighted.

    A year of which the beginning or the end lies outside of what was seen is left out, for those who left in it as
    for those who did not: whether customers pay by the month or by the year makes no difference then.
    """
    spells = customers.spells
    entry, seen = np.ceil(spells["entry"] - 1e-9), np.floor(spells["seen"] + 1e-9)
    gone = np.maximum(np.ceil(spells["years"] - customers.grace), 1.0)
    lost = spells["ended"] & (gone <= seen)
    rows = pd.DataFrame({"entry": entry, "after": np.where(lost, gone - 1, seen), "by": np.where(lost, gone, np.inf)})
    here = (seen > entry) & ~(spells["ended"] & (gone <= entry))
    rows = rows.assign(count=1.0 if weight is None else weight)[here]
    if weight is None:
        rows = rows.groupby(["entry", "after", "by"], as_index=False)["count"].sum()
    return Spells(*(rows[name].to_numpy(float) for name in ("entry", "after", "by", "count")))


def _fitted(years: Spells, robust: bool = False) -> RetentionCurve:
    left = years.count[np.isfinite(years.by)].sum()
    untold(LIVES, robust or (years.count.sum() >= FEWEST and left >= FEWEST_LOST))
    try:
        return fit_sbg(years, robust)
    except MeasureError as error:
        raise UntoldError(LIVES) from error


@dataclass(frozen=True)
class Life:
    """How long customers stay and what the margin of one does with time.

    In `bent` each customer's own risk may change; `growth` is of the margin within customers, `first` its mean in the
    first year; `by_year` has the share that stays through each tenure year `x`; for `seen` years enough customers were
    seen. `alpha`, `beta` and `grown` are independent draws of curve and growth, after the estimate itself.
    """

    curve: RetentionCurve
    bent: RetentionCurve
    growth: Growth
    first: float
    by_year: pd.DataFrame
    seen: int
    discount: float
    step: float
    alpha: Floats
    beta: Floats
    grown: Floats

    def terms(self, **otherwise: Any) -> ltv.Terms:
        """Return how a life is valued: a margin whose growth is unknown stays."""
        untold("Customers who pay more in their first year than it costs to serve them would tell.", self.first > 0)
        return replace(ltv.Terms(self.discount, float(self.grown[0]), self.seen), **otherwise)

    @property
    def stay(self) -> Estimate:
        """Share of new customers that stays for the first year."""
        return _drawn(self.beta / (self.alpha + self.beta), self.curve.n)

    @property
    def own_risk(self) -> str:
        """Whether each customer's own risk is "fixed", "falls" or "rises": likelihood ratio of the two curves."""
        gained = 2 * (self.bent.log_likelihood - self.curve.log_likelihood)
        fixed = stats.chi2.sf(max(gained, 0.0), 1) > ALPHA
        return "fixed" if fixed else "falls" if self.bent.shape < 1 else "rises"

    def rise(self, bent: bool = False, **otherwise: Any) -> float:
        """Return by which share a customer's value rises with more points of retention, with other `terms` if asked."""
        by = self.bent if bent else self.curve
        return float(ltv.value_uplift(by.alpha, by.beta, self.terms(**otherwise), "points", self.step, by.shape))

    def uplift(self, reading: ltv.Reading = "points", horizon: int | None = None) -> Estimate:
        """Return the same, for any reading, with the error of curve and margins."""
        terms = self.terms(growth=self.grown, horizon=horizon)
        untold(TOO_FEW_LEAVE, ltv.churn_after(self.curve.mean_churn, reading, self.step) > ltv.LEAST_CHURN)
        return _drawn(ltv.value_uplift(self.alpha, self.beta, terms, reading, self.step), self.curve.n)

    def net_of_winning(self, won: float) -> float:
        """Return the rise of what a customer brings beyond the cost of winning it; NaN where it brings less."""
        value = self.first * float(ltv.lifetime_value(self.curve.alpha, self.curve.beta, self.terms()))
        return value * self.rise() / (value - won) if value > won else np.nan

    @property
    def beyond(self) -> Quantity:
        """Share of a customer's value after the years that enough customers were seen for."""
        return Quantity(float(ltv.share_beyond(self.curve.alpha, self.curve.beta, self.terms(), self.seen)), "share")

    def over(self, stays: Floats, rates: Floats) -> Floats:
        """Return the rise over levels of retention (columns) and discount rates (rows), customers as unlike as here."""
        total, terms = self.curve.alpha + self.curve.beta, self.terms(discount=rates[:, None])
        return ltv.value_uplift(((1 - stays) * total)[None, :], (stays * total)[None, :], terms, "points", self.step)

    def stay_that_brings(self, rise: float) -> Quantity:
        """Return at which level of retention, of those on the map the nearest, a step brings so much."""
        rates = np.array([self.discount])
        above = self.over(STAYS, rates)[0] > rise
        turns = np.flatnonzero(above[:-1] != above[1:])
        untold("With customers and margins as here, no retention on the map brings what is promised.", len(turns))
        at = min(turns, key=lambda turn: abs(STAYS[turn] - self.stay.value))
        ends = STAYS[at], STAYS[at + 1]
        return Quantity(brentq(lambda stay: float(self.over(np.array([stay]), rates)[0, 0]) - rise, *ends), "share")

    def fitted(self) -> pd.DataFrame:
        """Return the fitted share still there by years, with the middle 95 % of its draws: `x, value, low, high`."""
        x = np.arange(self.seen + 3.0)
        lines = survival(self.alpha[:, None], self.beta[:, None], x)
        low, high = np.quantile(lines[1:], MIDDLE, axis=0)
        return pd.DataFrame({"x": x, "value": lines[0], "low": low, "high": high})

    def on(self, curve: RetentionCurve, seed: int = SEED) -> Self:
        """Return the life of other customers with the same margins."""
        alpha, beta, _ = curve.draws(np.random.default_rng(seed), DRAWS)
        return replace(self, curve=curve, alpha=np.append(curve.alpha, alpha), beta=np.append(curve.beta, beta))


def _drawn(draws: Floats, n: int, unit: str = "share", method: str = "parametric bootstrap") -> Estimate:
    """Return the first of some numbers, with the middle 95 % of the others, which are its draws."""
    value, low, high = (float(end) for end in (draws[0], *np.quantile(draws[1:], MIDDLE)))
    return hidden_if_few(Estimate(value, min(low, value), max(high, value), n, unit, method))


def _in_shares(value: float, low: float, high: float, n: int, method: str, *flags: str) -> Estimate:
    """Return growth from its value and limits on the log scale."""
    return Estimate(float(np.expm1(value)), float(np.expm1(low)), float(np.expm1(high)), n, "share", method, flags)


def fit(customers: Customers, discount: float, step: float) -> Life:
    """Fit lives and margins."""
    years, months = whole_years(customers), customers.months
    curve, ends = _fitted(years), np.where(np.isfinite(years.by), years.by, years.after)
    x = np.arange(1, int(ends.max()) + 1)
    here = (years.entry < x[:, None]) & (ends >= x[:, None])
    began, stayed = here @ years.count, (here & (years.by > x[:, None])) @ years.count
    table = pd.DataFrame({"x": x, **proportion(stayed, began)._asdict(), "n": began})
    alpha, beta, _ = curve.draws(rng := np.random.default_rng(SEED), DRAWS)
    growth, first = grows(months, "margin"), 12 * float(months.loc[months["tenure"] < 1, "margin"].mean())
    errors = np.append(0.0, np.nan_to_num(growth.error) * rng.standard_t(growth.freedom, DRAWS))
    grown = np.nan_to_num(growth.value) + errors
    alpha, beta = np.append(curve.alpha, alpha), np.append(curve.beta, beta)
    seen, table = int(table["x"].where(table["n"] >= FEWEST, 1).max()), table[table["n"] >= FEWEST_LOST]
    return Life(curve, fit_bdw(years), growth, first, table, seen, discount, step, alpha, beta, grown)


def staircase(customers: Customers, life: Life) -> pd.DataFrame:
    """Return the share still there by twelfths of a year, with delayed entry: `x, value, low, high`."""
    spells, x = customers.spells, np.round(np.arange(0, life.seen + 2 + 1e-9, 1 / 12), 6)
    entry = np.minimum(spells["entry"], spells["years"] * (1 - 1e-9))
    line, watched = kaplan_meier(spells["years"], spells["ended"], entry, x)
    enough = np.isfinite(line.value) & ((watched >= FEWEST) | (x <= 1))
    return pd.DataFrame({"x": x, **line._asdict()})[enough]


def stays_longer(life: Life) -> dict[str, Estimate]:
    """Return the share that stays through the `first` year, through a `later` one, and how far `apart` they are."""
    years = life.by_year
    untold(LIVES, len(years) > 1 and years["x"].iloc[0] == 1)
    first, later = (wilson((of["n"] * of["value"]).sum(), of["n"].sum()) for of in (years[:1], years[1:]))
    return {"first": first, "later": later, "apart": difference(later, first)}


def by_kind(customers: Customers, life: Life) -> dict[str, Estimate]:
    """Return the rise for each kind that enough customers were seen of, with the margins of all; the least first."""
    found = {}
    for kind, spells in customers.spells.groupby("kind", observed=True):
        with suppress(UntoldError):
            found[str(kind)] = life.on(_fitted(whole_years(replace(customers, spells=spells)))).uplift()
    untold("More customers of each of several kinds would tell.", len(found) > 1)
    return dict(sorted(found.items(), key=lambda part: part[1].value))


def who_stays(customers: Customers, life: Life) -> tuple[Quantity, Quantity]:
    """Return the rise where everybody's risk falls in the same proportion, and where a step more of today's stay."""
    alpha, beta, terms = life.curve.alpha, life.curve.beta, life.terms()
    age = customers.spells.loc[~customers.spells["ended"], "years"].to_numpy(float)
    churn = float((alpha / (alpha + beta + age)).mean()) if len(age) else life.curve.mean_churn
    factor = ltv.churn_after(churn, "points", life.step) / churn
    alike = ltv.slowed_uplift(alpha, beta, terms, "points", life.step)
    return Quantity(alike, "share"), Quantity(float(ltv.scaled_uplift(alpha, beta, terms, factor)), "share")


def in_money(customers: Customers, life: Life) -> tuple[Estimate, Estimate]:
    """Return the rise of all customers' value in money where a step more of them stays, and where one of it does."""
    paid = customers.months.groupby(["customer_id", "spell"])["margin"].mean().clip(lower=0.0).rename("weight")
    joined = customers.spells.merge(paid, left_on=["customer_id", "spell"], right_index=True, how="left")
    weight = joined["weight"].fillna(0.0).to_numpy(float)
    untold("Customers who bring something would tell.", weight.sum() > 0)
    curve = _fitted(whole_years(replace(customers, spells=joined), weight / weight.mean()), robust=True)
    money, churns = life.on(replace(curve, n=life.curve.n), SEED + 1), life.alpha / (life.alpha + life.beta)
    factor, terms = ltv.churn_after(churns, "points", life.step) / churns, life.terms(growth=life.grown)
    return _drawn(ltv.scaled_uplift(money.alpha, money.beta, terms, factor), life.curve.n), money.uplift()


def grows(months: pd.DataFrame, column: str) -> Growth:
    """Return by which share something grows a year within customers; months in which one left are not whole."""
    whole = months[~months["ended_in_month"].astype(bool) & months[column].notna()]
    life = whole["customer_id"] + " " + whole["spell"].astype(str)
    return paired_growth(whole[column], life, 12 * whole["month"].dt.year + whole["month"].dt.month, 12)


def aged(customers: Customers) -> dict[str, Estimate]:
    """Return how one and the same customer changes a year: `margin` and `seats` if known, `revenue, tickets, price`.

    Sums over all customers seen a year apart. The price per seat (what a customer pays, where no export has seats) is
    by fixed effects on the log scale, every customer counting alike.
    """
    months = customers.months
    priced = months[months["price"] > 0]
    has_seats = bool((priced.groupby("customer_id")["tenure"].nunique() > 1).any())
    asked = {"margin": customers.is_margin, "revenue": True, "seats": has_seats, "tickets": True}
    found = {name: grows(months, name).estimate() for name, wanted in asked.items() if wanted}
    untold(TWO_YEARS, found["revenue"].n >= FEWEST)
    rows, column = (priced, "price") if has_seats else (months, "revenue")
    slope = two_way(np.log(rows[column].to_numpy(float)), {"tenure": rows["tenure"]}, rows["customer_id"])["tenure"]
    n = int((rows.groupby("customer_id")["tenure"].nunique() > 1).sum())
    method = "fixed effects on the log scale, clustered"
    found["price"] = _in_shares(slope.value, slope.low, slope.high, n, method, *slope.flags)
    unknown = {name: Estimate.unknown(one.n, "share") for name, one in found.items() if one.n < FEWEST}
    return found | unknown


def beyond_inflation(customers: Customers, growth: Estimate, nominal: float) -> Estimate:
    """Return growth; untold where it may be that of prices, those of more than `nominal` of revenue being unknown."""
    untold(CONSUMER_PRICES, customers.real >= 1 - nominal or not growth.low > 0)
    return growth


def new_customers_trend(customers: Customers, newcomer: int) -> Estimate:
    """Return by which share a year what new customers of one kind pay in their first months changes, as for all."""
    rows = customers.months[(customers.months["tenure"] < newcomer / 12) & (customers.months["spell"] == 1)]
    rows = rows.drop_duplicates("customer_id")
    rows = rows.assign(years=(rows["month"] - rows["month"].min()).dt.days / YEAR, kind=rows["kind"].fillna(""))
    untold(NEW_CUSTOMERS, len(rows) >= FEWEST, rows["years"].nunique() > 1)
    model = ols("np.log(revenue) ~ years + C(kind)", rows).fit(cov_type="HC1", use_t=True)
    untold(NEW_CUSTOMERS, model.df_model + 1 == len(model.params))
    low, high = model.conf_int(ALPHA).loc["years"]
    return _in_shares(model.params["years"], low, high, len(rows), "least squares on the log scale, robust")


def margin_by_year(customers: Customers, seen: int) -> pd.DataFrame:
    """Return the mean margin by tenure year `x`, first = 1: of the same customers `followed`, of whoever is `there`.

    The chain goes from one year to the next by customers seen in both, so nobody joins or leaves in between.
    """
    months = customers.months.assign(year=np.floor(customers.months["tenure"]))
    means = months.groupby(["customer_id", "spell", "year"])["margin"].mean().unstack("year")
    there, lines, level = months.groupby("year")["margin"].mean(), [(1, 1.0, 1.0)], 1.0
    for year in range(1, seen):
        both = means.reindex(columns=[year - 1, year]).dropna()
        if len(both) < FEWEST or both[year - 1].sum() <= 0 or there.get(0, 0.0) <= 0:
            break
        level *= float(both[year].sum() / both[year - 1].sum())
        lines.append((year + 1, level, float(there[year] / there[0])))
    untold(TWO_YEARS, len(lines) > 1)
    return pd.DataFrame(lines, columns=["x", "followed", "there"])


@dataclass(frozen=True)
class Books:
    """Profit of each of the next years (columns), and what more retention adds to it (`extra`); draws after the first.

    `fixed` is spent a year on all but serving customers; `bound` is the most that the next year's profit can rise by.
    """

    base: Base
    fixed: float
    bound: float
    profit: Floats
    extra: Floats

    def rise(self, brings: float = 1.0, effort: float = 0.0, fixed: float = 1.0) -> float:
        """Return the next year's rise by parts of what those kept bring and of fixed costs, `effort` one of margins."""
        margins = float(self.profit[0, 0]) + self.fixed
        profit = margins - fixed * self.fixed
        return (brings * float(self.extra[0, 0]) - effort * margins) / profit if profit > 0 else np.nan

    def uplift(self, years: int) -> Estimate:
        """Return the rise of the profit of the first years; unknown where one draw in forty shows no profit."""
        profit, extra = self.profit[:, :years].sum(axis=1), self.extra[:, :years].sum(axis=1)
        n, some = round(float(self.base.customers.sum())), profit > 0
        sure = some[0] and (~some[1:]).mean() <= ALPHA / 2
        return _drawn(extra[some] / profit[some], n) if sure else Estimate.unknown(n, "share")


def carry_on(customers: Customers, life: Life, years: int) -> Books:
    """Carry the books on from the end of the report's month."""
    untold(SERVICE_COSTS, np.isfinite(customers.spent("general")), customers.delivery > 0, customers.ticket > 0)
    # a team without costs is a team the company does not have
    fixed = float(np.nansum([customers.spent(team) for team in ("success", "sales", "marketing", "general")]))
    recent = customers.months[customers.months["month"] > customers.last - pd.DateOffset(months=12)]
    now = recent[recent["month"] == customers.last].drop_duplicates("customer_id").set_index("customer_id")
    yearly = 12 * recent[recent["customer_id"].isin(now.index)].groupby("customer_id")["margin"].mean()
    new = 12 * recent[recent["tenure"] < 1].groupby("customer_id")["margin"].mean()
    enough = min(len(now), len(new), customers.arrivals) >= FEWEST_LOST
    untold("More customers who are there today, and more who came in the last year, would tell.", enough)
    groups = now.assign(brings=yearly).groupby(np.floor(now["tenure"]))
    rng, error = np.random.default_rng(SEED + 2), float(new.std(ddof=1) / np.sqrt(len(new)))
    come = np.append(customers.arrivals, rng.poisson(customers.arrivals, DRAWS_OF_BOOKS))[:, None]
    each = (float(new.mean()) + np.append(0.0, error * rng.standard_normal(DRAWS_OF_BOOKS)))[:, None]
    columns = groups["tenure"].mean(), groups.size(), groups["brings"].sum()
    age, count, brings = (np.asarray(column, float) for column in columns)
    base = Base(age, count, brings, come, each)
    alpha, beta = life.alpha[: DRAWS_OF_BOOKS + 1], life.beta[: DRAWS_OF_BOOKS + 1]
    factor = factor_for(base, alpha, beta, life.step)
    before, after = (contribution(base, alpha, beta, years, by) for by in (1.0, factor))
    bound = first_year_bound(base, float(before[0, 0]) - fixed, life.step)
    return Books(base, fixed, bound, before - fixed, after - before)


def keep_and_win(customers: Customers, currency: str) -> dict[str, Estimate]:
    """Return what it costs to `keep` a customer for a year and to `win` one, their `ratio`, and that `with_support`."""
    success, support, *to_win = (customers.spent(team) for team in ("success", "support", "sales", "marketing"))
    stayed, won, new = customers.there(1.0)["stayed"], float(np.nansum(to_win)), customers.arrivals
    kept = int(stayed.sum())
    untold(SALES_COSTS, success > 0, won > 0, min(kept, new) >= FEWEST_LOST)
    lost, win = (1 - kept / len(stayed)) / kept, won / new
    with_support = float(np.nansum([success, support])) / kept / win

    def made(value: float, variance: float, n: int, unit: str) -> Estimate:
        by = float(np.exp(Z * np.sqrt(variance)))
        return hidden_if_few(Estimate(value, value / by, value * by, n, unit, "delta method on the log scale"))

    return {
        "keep": made(success / kept, lost, kept, currency),
        "win": made(win, 1 / new, new, currency),
        "ratio": made(success / kept / win, lost + 1 / new, new, "ratio"),
        "with_support": made(with_support, lost + 1 / new, new, "ratio"),
    }


def mix(customers: Customers) -> tuple[dict[str, Estimate], list[str]]:
    """Split the change of yearly retention into mix and rate (Kitagawa 1955, JASA 50), and name kinds against it."""
    tables = (customers.there(back).groupby("kind")["stayed"].agg(["size", "sum"]) for back in (2.0, 1.0))
    counts = pd.concat(tables, axis=1, join="inner").sort_index()
    began, stayed = (counts[of].to_numpy(float).T for of in ("size", "sum"))
    n = int(began.sum(axis=1).min())
    enough = len(counts) > 1 and began.min() >= FEWEST_LOST and n >= FEWEST
    untold("Two years of more customers, and of several kinds, would tell.", enough)
    rng, of_year = np.random.default_rng(SEED + 3), began.sum(axis=1, keepdims=True)
    drawn = np.stack([rng.dirichlet(row, DRAWS) for row in began], axis=1)
    # the estimate stands before its draws
    shares = np.concatenate([(began / of_year)[None], drawn])
    rates = np.concatenate([(stayed / began)[None], rng.beta(stayed + 0.5, began - stayed + 0.5, drawn.shape)])
    by_mix = ((shares[:, 1] - shares[:, 0]) * rates.mean(axis=1)).sum(axis=1)
    by_rate = ((rates[:, 1] - rates[:, 0]) * shares.mean(axis=1)).sum(axis=1)
    parts, how = {"by_mix": by_mix, "by_rate": by_rate, "change": by_mix + by_rate}, "draws of shares and rates"
    told = {name: _drawn(of, n, "share difference", how) for name, of in parts.items()}
    before, after = (wilson(stayed[turn].sum(), began[turn].sum()) for turn in (0, 1))
    against = counts.index[(rates[0, 1] - rates[0, 0]) * np.sign(told["change"].value) < 0]
    return {"before": before, "after": after, **told}, [str(kind) for kind in against]


def foretold(customers: Customers) -> tuple[Estimate, Estimate]:
    """Fit the curve to what was known a year ago; return the share foretold to stay since, and the share that did."""
    here, then = customers.there(1.0), customers.spells[customers.spells["seen"] > 1]
    seen = then["seen"] - 1
    past = then.assign(seen=seen, ended=then["ended"] & (then["years"] < seen), years=np.minimum(then["years"], seen))
    untold(LIVES, len(here) >= FEWEST)
    curve = _fitted(whole_years(replace(customers, spells=past[past["entry"] < past["seen"]])))
    alpha, beta, _ = curve.draws(rng := np.random.default_rng(SEED + 4), DRAWS)
    age = here["then"].to_numpy(float)
    stays = 1 - alpha[:, None] / (alpha[:, None] + beta[:, None] + age)
    value, draws = 1 - curve.alpha / (curve.alpha + curve.beta + age), rng.random(stays.shape) < stays
    told = _drawn(np.append(value.mean(), draws.mean(axis=1)), len(here), method="prediction interval")
    return told, wilson(here["stayed"].sum(), len(here))


def quarters(customers: Customers) -> pd.DataFrame:
    """Return one row per segment (`unit`) and quarter: opening customers, shares of them and of their revenue kept.

    Quarters count back from the report's month; what opening customers pay is held against that in the next one's.
    """
    months, last = customers.months, customers.months["month"].max()
    back = (last.year - months["month"].dt.year) * 12 + last.month - months["month"].dt.month
    unit = months["region"].astype(str) + " " + months["tier"].astype(str)
    rows = months.assign(quarter=-(back // 3), unit=unit)
    rows = rows[back % 3 == 0].drop_duplicates(["customer_id", "quarter"])
    later = rows.groupby("customer_id")[["quarter", "revenue"]].shift(-1)
    stayed = later["quarter"] == rows["quarter"] + 1
    rows = rows.assign(stayed=stayed, then=later["revenue"].where(stayed, 0.0))[rows["quarter"] < 0]
    sums = rows.groupby(["unit", "quarter"], as_index=False).agg(
        opening=("stayed", "size"), kept=("stayed", "mean"), first=("revenue", "sum"), then=("then", "sum")
    )
    sums = sums[(sums["opening"] >= FEWEST_LOST) & (sums["first"] > 0)]
    return pd.DataFrame(sums.assign(brought=sums["then"] / sums["first"]))


def point_for_point(cells: pd.DataFrame) -> tuple[Estimate, Estimate]:
    """Return points of revenue kept per point of customers kept: in the same quarter, and in the next, a placebo."""
    following = cells.groupby("unit")[["kept", "quarter"]].shift(-1)
    both = cells.assign(ahead=following["kept"])[(following["quarter"] - cells["quarter"]) == 1]
    fewest = min(cells["unit"].nunique(), both["quarter"].nunique(), cells["kept"].nunique())
    untold("More quarters of customers in more regions and tiers (customers) would tell.", fewest >= 3)
    same = two_way(cells["brought"], {"kept": cells["kept"]}, cells["unit"], cells["quarter"], cells["opening"])["kept"]
    regressors: dict[str, Array] = {name: both[name] for name in ("kept", "ahead")}
    return same, two_way(both["brought"], regressors, both["unit"], both["quarter"], both["opening"])["ahead"]


def more_than_arithmetic(same: Estimate, ahead: Estimate, matters: float) -> str:
    """Return whether more revenue stays than the point for a point that is arithmetic."""
    # where the next quarter's retention goes with it as well, something else moves both
    disturbed = "few-clusters" in same.flags or ahead.low > 0 or ahead.high < 0
    return "cannot-tell" if disturbed else verdict(same, 1.0, matters=1.0 + matters)
