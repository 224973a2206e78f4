"""What more retention is worth: how long customers stay, what one brings, and the books carried on."""

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
from cxlib.models.clusters import estimated, from_draws
from cxlib.models.incidence import kaplan_meier
from cxlib.models.lifetime_value import pace_after
from cxlib.models.retention_curve import Drawn, RetentionCurve, survival
from cxlib.models.within import Growth, paired_growth, two_way
from cxlib.nearest import one_of
from cxlib.workbook import Workbook

SEED, DRAWS = 20261101, 1000
FEWEST, FEWEST_LOST, FEWEST_MONTHS = 30, 5, 3
"""Customers seen or followed, customers lost or in a cell, months of costs: with fewer nothing is told."""
PAID = {"seat": "price", "all": "revenue"}
YEAR, YEAR_OF_MONTHS, MIDDLE = 365.25, 12, (ALPHA / 2, 1 - ALPHA / 2)
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
    or the cut (`years`), and from its beginning to the cut (`seen`). `delivery` is its cost as a share of revenue,
    `ticket` that of support per ticket, 0 where no export tells; `real` the share of revenue without inflation; `grace`
    the years after an anniversary by which an end belongs to the year before.
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


def whole_years(customers: Customers, weight: Floats | float = 1.0) -> pd.DataFrame:
    """Return lives in tenure years seen whole, from anniversary to anniversary, a row each.

    A year of which the beginning or the end lies outside of what was seen is left out, for those who left in it as
    for those who did not: whether customers pay by the month or by the year makes no difference then.
    """
    spells = customers.spells
    entry, seen = np.ceil(spells["entry"] - 1e-9), np.floor(spells["seen"] + 1e-9)
    gone = np.maximum(np.ceil(spells["years"] - customers.grace), 1.0)
    lost = spells["ended"] & (gone <= seen)
    rows = pd.DataFrame({"entry": entry, "after": np.where(lost, gone - 1, seen), "by": np.where(lost, gone, np.inf)})
    here = (seen > entry) & ~(spells["ended"] & (gone <= entry))
    return pd.DataFrame(rows.assign(count=weight)[here])


def in_money(customers: Customers) -> pd.DataFrame:
    """Return lives counted by what each brought in its first year of observation: later ones are of who stayed."""
    months, life = customers.months, ["customer_id", "spell"]
    first = months[months.groupby(life).cumcount() < YEAR_OF_MONTHS].groupby(life)["margin"].mean().rename("brings")
    lives = customers.spells.merge(first, left_on=life, right_index=True, how="left")
    brings = lives["brings"].fillna(0.0).to_numpy(float)
    weight = brings / brings.mean() if brings.sum() > 0 else np.ones(len(brings))
    return whole_years(replace(customers, spells=lives), weight)


def curves(customers: Customers) -> tuple[Drawn, Drawn]:
    """Return how long customers stay, and how long their money does."""
    years = whole_years(customers)
    untold(LIVES, len(years) >= FEWEST, np.isfinite(years["by"]).sum() >= FEWEST_LOST)
    try:
        of, money = (Drawn.of(lives, SEED, DRAWS) for lives in (years, in_money(customers)))
    except MeasureError as error:
        raise UntoldError(LIVES) from error
    return of, replace(money, curve=replace(money.curve, n=of.curve.n))


def stay(of: Drawn) -> Estimate:
    """Return the share that stays for the first year, of customers or of money."""
    return from_draws(of.beta / (of.alpha + of.beta), of.curve.n)


@dataclass(frozen=True)
class Life:
    """How long customers stay, how long their money does, and what the margin of one does with time.

    In `money` every customer counts for what it brings: those who bring more may stay longer, and what more retention
    brings is theirs. `growth` is of the margin within customers, `first` its mean in the first year, `grown` draws of
    the growth; `by_year` has the share that stays through each tenure year `x`; for `seen` years enough were seen.
    """

    customers: Drawn
    money: Drawn
    growth: Growth
    first: float
    by_year: pd.DataFrame
    seen: int
    discount: float
    step: float
    grown: Floats

    def terms(self, **otherwise: Any) -> ltv.Terms:
        """Return how a life is valued: a margin whose growth is unknown stays."""
        untold("Customers who pay more in their first year than it costs to serve them would tell.", self.first > 0)
        return replace(ltv.Terms(self.discount, float(self.grown[0]), self.seen), **otherwise)

    @property
    def own_risk(self) -> str:
        """Whether each customer's own risk is "fixed", "falls" or "rises": likelihood ratio of the two curves."""
        bent, curve = self.customers.bent, self.customers.curve
        gained = 2 * (bent.log_likelihood - curve.log_likelihood)
        fixed = stats.chi2.sf(max(gained, 0.0), 1) > ALPHA
        return "fixed" if fixed else "falls" if bent.shape < 1 else "rises"

    def rise(self, bent: bool = False, **otherwise: Any) -> float:
        """Return by which share value rises where more points of new customers stay, with other `terms` if asked."""
        of, money = (each.bent if bent else each.curve for each in (self.customers, self.money))
        pace = pace_after(of.alpha, of.beta, "points", self.step)
        return float(ltv.uplift(money.alpha, money.beta, self.terms(**otherwise), pace, money.shape))

    def uplift(self, reading: ltv.Reading = "points", horizon: int | None = None) -> Estimate:
        """Return the same, for any reading, with the error of curves and margins."""
        terms, of = self.terms(growth=self.grown, horizon=horizon), self.customers
        untold(TOO_FEW_LEAVE, ltv.churn_after(of.curve.mean_churn, reading, self.step) > ltv.LEAST_CHURN)
        pace = pace_after(of.alpha, of.beta, reading, self.step)
        return from_draws(ltv.uplift(self.money.alpha, self.money.beta, terms, pace), of.curve.n)

    def all_alike(self) -> Self:
        """Return the life of customers who all bring the same."""
        return replace(self, money=self.customers)

    def points_of_money(self) -> Self:
        """Return the life in which what stays is counted in money, not in customers."""
        return replace(self, customers=self.money)

    def held(self) -> Quantity:
        """Return the rise where customers go on differing as they do: the polarization is held, not each one's risk."""
        churn, money = self.customers.curve.mean_churn, self.money.curve
        factor = ltv.churn_after(churn, "points", self.step) / churn
        return Quantity(float(ltv.scaled_uplift(money.alpha, money.beta, self.terms(), factor)), "share")

    def of_base(self, customers: Customers) -> Quantity:
        """Return the rise where a step more of today's customers, not of new ones, stays."""
        of, money = self.customers.curve, self.money.curve
        age = customers.spells.loc[~customers.spells["ended"], "years"].to_numpy(float)
        untold(LIVES, len(age))
        pace = pace_after(of.alpha, of.beta, "points", self.step, age, np.ones(len(age)))
        return Quantity(float(ltv.uplift(money.alpha, money.beta, self.terms(), pace)), "share")

    def net_of_winning(self, won: float) -> float:
        """Return the rise of what a customer brings beyond the cost of winning it; NaN where it brings less."""
        money = self.money.curve
        value = self.first * float(ltv.lifetime_value(money.alpha, money.beta, self.terms()))
        return value * self.rise() / (value - won) if value > won else np.nan

    @property
    def beyond(self) -> Quantity:
        """Share of a customer's value after the years that enough customers were seen for."""
        money = self.money.curve
        all_of_it, seen = (
            float(ltv.lifetime_value(money.alpha, money.beta, self.terms(horizon=years))) for years in (None, self.seen)
        )
        return Quantity(1 - seen / all_of_it, "share")

    def over(self, stays: Floats, rates: Floats) -> Floats:
        """Return the rise over retention (columns; everybody's risk moved in proportion) and discount rates (rows)."""
        of, money, terms = self.customers.curve, self.money.curve, self.terms(discount=rates[:, None])
        higher = stays - (1 - of.mean_churn)
        before, after = (
            ltv.lifetime_value(money.alpha, money.beta, terms, pace=pace_after(of.alpha, of.beta, "points", step))
            for step in (higher, higher + self.step)
        )
        return after / before - 1

    def stay_that_brings(self, rise: float) -> Quantity:
        """Return at which level of retention, of those on the map the nearest, a step brings so much."""
        rates = np.array([self.discount])
        above = self.over(STAYS, rates)[0] > rise
        turns = np.flatnonzero(above[:-1] != above[1:])
        untold(
            "With customers and margins as here, no retention brings what is promised at this discount rate.",
            len(turns),
        )
        at = min(turns, key=lambda turn: abs(STAYS[turn] - stay(self.customers).value))
        ends = STAYS[at], STAYS[at + 1]
        return Quantity(brentq(lambda level: float(self.over(np.array([level]), rates)[0, 0]) - rise, *ends), "share")

    def fitted(self, of: Drawn) -> pd.DataFrame:
        """Return the fitted share still there by years, with the middle 95 % of its draws: `x, value, low, high`."""
        x = np.arange(self.seen + 3.0)
        lines = survival(of.alpha[:, None], of.beta[:, None], x)
        low, high = np.quantile(lines[1:], MIDDLE, axis=0)
        return pd.DataFrame({"x": x, "value": lines[0], "low": low, "high": high})


def _in_shares(value: float, low: float, high: float, n: int, method: str, *flags: str) -> Estimate:
    """Return growth from its value and limits on the log scale."""
    value, low, high = np.expm1([value, low, high]).tolist()
    return Estimate(value, low, high, n, "share", method, flags)


def fit(customers: Customers, discount: float, step: float) -> Life:
    """Fit lives and margins."""
    years, months = whole_years(customers), customers.months
    of, money = curves(customers)
    entry, after, by, count = years.to_numpy(float).T
    ends, rng = np.where(np.isfinite(by), by, after), np.random.default_rng(SEED + 1)
    x = np.arange(1, int(ends.max()) + 1)
    here = (entry < x[:, None]) & (ends >= x[:, None])
    began, stayed = here @ count, (here & (by > x[:, None])) @ count
    table = pd.DataFrame({"x": x, **proportion(stayed, began)._asdict(), "n": began})
    growth, first = grows(months, "margin"), 12 * float(months.loc[months["tenure"] < 1, "margin"].mean())
    errors = np.append(0.0, np.nan_to_num(growth.error) * rng.standard_t(growth.freedom, DRAWS))
    grown = np.nan_to_num(growth.value) + errors
    seen, table = int(table["x"].where(table["n"] >= FEWEST, 1).max()), table[table["n"] >= FEWEST_LOST]
    return Life(of, money, growth, first, table, seen, discount, step, grown)


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
            of, money = curves(replace(customers, spells=spells))
            found[str(kind)] = replace(life, customers=of, money=money).uplift()
    untold("More customers of each of several kinds would tell.", len(found) > 1)
    return dict(sorted(found.items(), key=lambda part: part[1].value))


def grows(months: pd.DataFrame, column: str) -> Growth:
    """Return by which share something grows a year within customers; months in which one left are not whole."""
    whole = months[~months["ended_in_month"].astype(bool) & months[column].notna()]
    life = whole["customer_id"] + " " + whole["spell"].astype(str)
    return paired_growth(whole[column], life, 12 * whole["month"].dt.year + whole["month"].dt.month, 12)


def aged(customers: Customers) -> dict[str, Estimate]:
    """Return how one and the same customer changes a year: `margin` and `seats` if known, `revenue, tickets`."""
    months = customers.months
    has_seats = bool((months["price"] > 0).any())
    asked = {"margin": customers.is_margin, "revenue": True, "seats": has_seats, "tickets": True}
    found = {name: grows(months, name).estimate() for name, wanted in asked.items() if wanted}
    untold(TWO_YEARS, found["revenue"].n >= FEWEST)
    unknown = {name: Estimate.unknown(one.n, "share") for name, one in found.items() if one.n < FEWEST}
    return found | unknown


def beyond_inflation(customers: Customers, growth: Estimate, nominal: float) -> Estimate:
    """Return growth; untold where it may be that of prices, those of more than `nominal` of revenue being unknown."""
    untold(CONSUMER_PRICES, customers.real >= 1 - nominal or not growth.low > 0)
    return growth


def price_by_tenure(customers: Customers, newcomer: int) -> tuple[dict[str, Estimate], str]:
    """Return by which share a year the price per "seat" (of "all", where no export has seats) moves, and which it is.

    `same_month` compares customers of one kind in one month: no calendar time is in it, but age and cohort are one
    (Glenn 2005, *Cohort Analysis*), and only those who stayed are. `followed` is one and the same customer, calendar
    time included; `began`, where known, what new ones begin with. On the log scale, clustered by customer.
    """
    months = customers.months
    per, rows = ("seat", months[months["price"] > 0]) if (months["price"] > 0).any() else ("all", months)
    y, tenure = np.log(rows[PAID[per]].to_numpy(float)), {"tenure": rows["tenure"]}
    cell, who = rows["month"].astype(str) + " " + rows["kind"].astype(str), rows["customer_id"]
    untold(NEW_CUSTOMERS, (n := who.nunique()) >= FEWEST)
    slopes = {"same_month": two_way(y, tenure, cell, cluster=who), "followed": two_way(y, tenure, who)}
    by = {name: slope["tenure"] for name, slope in slopes.items()}
    found = {name: _in_shares(x.value, x.low, x.high, n, x.method, *x.flags) for name, x in by.items()}
    with suppress(UntoldError):
        found["began"] = new_customers_trend(customers, newcomer, PAID[per])
    return found, per


def new_customers_trend(customers: Customers, newcomer: int, column: str = "revenue") -> Estimate:
    """Return by which share a year what new customers of one kind pay in their first months changes, as for all."""
    rows = customers.months[customers.months[column] > 0]
    rows = rows[(rows["tenure"] < newcomer / 12) & (rows["spell"] == 1)]
    rows = rows.drop_duplicates("customer_id")
    rows = rows.assign(years=(rows["month"] - rows["month"].min()).dt.days / YEAR, kind=rows["kind"].fillna(""))
    untold(NEW_CUSTOMERS, len(rows) >= FEWEST, rows["years"].nunique() > 1)
    model = ols(f"np.log({column}) ~ years + C(kind)", rows).fit(cov_type="HC1", use_t=True)
    untold(NEW_CUSTOMERS, model.df_model + 1 == len(model.params))
    low, high = model.conf_int(ALPHA).loc["years"]
    return _in_shares(model.params["years"], low, high, len(rows), "least squares on the log scale, robust")


def margin_by_year(customers: Customers, seen: int) -> pd.DataFrame:
    """Return mean margins by tenure year `x`, first = 1: `followed` from year to year, and of whoever is `there`."""
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

    `customers` are those of today, `fixed` is spent a year on all but serving customers; `most` is the share of what
    all bring that comes from the customers who bring most, one step of them; `unlike` see `_unlike`.
    """

    customers: int
    fixed: float
    most: float
    profit: Floats
    extra: Floats
    unlike: Floats

    def rise(self, brings: float = 1.0, effort: float = 0.0, fixed: float = 1.0) -> float:
        """Return the next year's rise by parts of what those kept bring and of fixed costs, `effort` one of margins."""
        margins = float(self.profit[0, 0]) + self.fixed
        profit = margins - fixed * self.fixed
        return (brings * float(self.extra[0, 0]) - effort * margins) / profit if profit > 0 else np.nan

    def uplift(self, years: int) -> Estimate:
        """Return the rise of the profit of the first years; unknown where one draw in forty shows no profit."""
        profit, extra = self.profit[:, :years].sum(axis=1), self.extra[:, :years].sum(axis=1)
        variance = self.unlike[years - 1]
        extra[1:] *= np.random.default_rng(SEED + 3).gamma(1 / variance, variance, len(extra) - 1)
        n, some = self.customers, profit > 0
        sure = some[0] and (~some[1:]).mean() <= ALPHA / 2
        return from_draws(extra[some] / profit[some], n) if sure else Estimate.unknown(n, "share")


def carry_on(customers: Customers, life: Life, years: int) -> Books:
    """Carry the books on from the end of the report's month."""
    untold(SERVICE_COSTS, np.isfinite(customers.spent("general")), customers.delivery > 0, customers.ticket > 0)
    # a team without costs is a team the company does not have
    fixed = float(np.nansum([customers.spent(team) for team in ("success", "sales", "marketing", "general")]))
    recent = _last_year(customers.months, customers.last)
    now = recent[recent["month"] == customers.last].drop_duplicates("customer_id").set_index("customer_id")
    yearly = 12 * recent.groupby("customer_id")["margin"].mean().reindex(now.index)
    new = 12 * recent[recent["tenure"] < 1].groupby("customer_id")["margin"].mean()
    enough = min(len(now), len(new), customers.arrivals) >= FEWEST_LOST
    untold("More customers who are there today, and more who came in the last year, would tell.", enough)
    groups = now.assign(brings=yearly).groupby(np.floor(now["tenure"]))
    rng, error = np.random.default_rng(SEED + 2), float(new.std(ddof=1) / np.sqrt(len(new)))
    come = np.append(customers.arrivals, rng.poisson(customers.arrivals, DRAWS))[:, None]
    each = (float(new.mean()) + np.append(0.0, error * rng.standard_normal(DRAWS)))[:, None]
    columns = groups["tenure"].mean(), groups.size(), groups["brings"].sum()
    age, count, brings = (np.asarray(column, float) for column in columns)
    of, money = life.customers, life.money
    pace = pace_after(of.alpha, of.beta, "points", life.step, age, count)
    before, after = (
        ltv.contribution(age, brings, come * each, money.alpha, money.beta, years, by) for by in (1.0, pace)
    )
    unlike = _unlike(yearly.to_numpy(float), now["tenure"].to_numpy(float), years, money.curve)
    largest = yearly.sort_values(ascending=False)
    most = float(largest.head(round(life.step * len(largest))).sum() / largest.sum())
    return Books(int(count.sum()), fixed, most, before - fixed, after - before, unlike)


def _unlike(brings: Floats, age: Floats, years: int, money: RetentionCurve) -> Floats:
    """Return by years ahead the relative variance of what more retention brings: whom it keeps is not known.

    A curve says how many leave, not who. At most that is decided already: then a risk is 0 or 1, and its mean square is
    its mean. When in these years they leave is as good as any moment. Where few bring much, this does not cancel out.
    """
    left = 1 - survival(money.alpha, money.beta + age, np.arange(1.0, years + 1)[:, None])
    gains = np.maximum(brings, 0.0)
    untold("Customers who pay more than it costs to serve them would tell.", gains.sum() > 0)
    share = gains / gains.sum()
    return np.asarray((4 / 3 / left - 1) @ share**2, float)


def _last_year(months: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    return months[(months["month"] > last - pd.DateOffset(months=12)) & (months["month"] <= last)]


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
        return estimated((value, value / by, value * by), n, unit, "delta method on the log scale")

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
    told = {name: from_draws(of, n, "share difference", how) for name, of in parts.items()}
    before, after = (wilson(stayed[turn].sum(), began[turn].sum()) for turn in (0, 1))
    against = counts.index[(rates[0, 1] - rates[0, 0]) * np.sign(told["change"].value) < 0]
    return {"before": before, "after": after, **told}, [str(kind) for kind in against]


def foretold(customers: Customers) -> dict[str, Estimate]:
    """Fit both curves to what was known a year ago; return the share foretold to stay since, and the share that did.

    Of the `customers` of that day and of the `money` they had brought in the year before: as foretold, as it `came`,
    and how far that lies `off`, with the interval of a prediction.
    """
    here, then = customers.there(1.0), customers.spells[customers.spells["seen"] > 1]
    seen, day = then["seen"] - 1, customers.last - pd.DateOffset(months=12)
    past = then.assign(seen=seen, ended=then["ended"] & (then["years"] < seen), years=np.minimum(then["years"], seen))
    untold(LIVES, len(here) >= FEWEST)
    known = customers.months[customers.months["month"] <= day]
    before = replace(customers, spells=past[past["entry"] < past["seen"]], months=known)
    brought = _last_year(known, day).groupby("customer_id")["margin"].mean()
    paid = here["customer_id"].map(brought).fillna(0.0).to_numpy(float)
    untold("Customers who brought something in the year before the last would tell.", paid.sum() > 0)
    age, stayed = here["then"].to_numpy(float), here["stayed"].to_numpy(float)
    rng, how, found = np.random.default_rng(SEED + 4), "prediction interval", {}
    for name, of, counts in zip(("customers", "money"), curves(before), (np.ones(len(here)), paid), strict=True):
        share = counts / counts.sum()
        stays = 1 - of.alpha[:, None] / ((of.alpha + of.beta)[:, None] + age)
        drawn = np.append(stays[0] @ share, (rng.random((DRAWS, len(age))) < stays[1:]) @ share)
        came = float(stayed @ share)
        found[name] = from_draws(drawn, len(here), method=how)
        found[f"{name}_came"] = Estimate(came, came, came, len(here), "share", "count")
        found[f"{name}_off"] = from_draws(came - drawn, len(here), "share difference", how)
    return found


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
