"""What `retention_and_profit` reads: spells, customer-months with their margin, and what the teams cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pandas as pd

from cxlib.estimate import Floats
from cxlib.models.retention_curve import Spells
from cxlib.workbook import Workbook

YEAR = timedelta(days=365.25) / timedelta(days=1)
GRACE = 3.0
"""Days after an anniversary by which an end still is the end of the year before: invoices, time zones, leap years."""
SEGMENTS = ("tier", "product", "segment", "region", "sector")
"""Which breakdown the page shows: the first that splits the customers."""
NOMINAL_AT_MOST = 0.05
"""Share of revenue whose inflation may be unknown without amounts counting as nominal."""
LEAST_MONTHS = 3
"""With fewer months of costs a year is not told from them."""


@dataclass(frozen=True)
class Prices:
    """Turns amounts into prices of the report's month.

    Attributes
    ----------
    factor : DataFrame
        One row per currency and month: `currency`, `month`, `factor`.
    nominal : tuple of str
        Currencies whose inflation is not known: their amounts stay as they are. Customers who pay in several are
        among them, under an empty name.
    """

    factor: pd.DataFrame
    nominal: tuple[str, ...]

    def apply(self, rows: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
        """Return rows with `currency` and `month`, their amounts in prices of the report's month."""
        if self.factor.empty or rows.empty:
            return rows
        factor = rows.merge(self.factor, on=["currency", "month"], how="left")["factor"].fillna(1.0).to_numpy()
        return rows.assign(**{name: rows[name].to_numpy(float) * factor for name in columns})


@dataclass(frozen=True)
class UnitCosts:
    """What it costs to serve, averaged over all months that have costs.

    Attributes
    ----------
    delivery : float
        Share of revenue; 0 where no export brings it.
    ticket : float
        Cost of support per ticket; 0 where no export brings it.
    known : tuple of str
        Which of "delivery" and "support" are known.
    """

    delivery: float
    ticket: float
    known: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    """Everything the study counts on, up to the cut.

    Attributes
    ----------
    spells : DataFrame
        One row per stretch of paying that could have been seen ending: customer_id, spell, segments, `years` behind it
        at the cut or end, `entry` (years behind it when first under observation), `ended`, `started_at`, first_mrr.
    months : DataFrame
        One row per customer and month under observation: `margin`, `revenue` (a month, at its start), `price` (per
        seat, own currency), seats, tickets, `tenure` (years).
    costs : DataFrame
        One row per team and month: `amount`.
    prices : Prices
    unit_costs : UnitCosts
    segment : str
        The column that the page breaks down by; empty where nothing splits the customers.
    """

    spells: pd.DataFrame
    months: pd.DataFrame
    costs: pd.DataFrame
    prices: Prices
    unit_costs: UnitCosts
    segment: str

    @property
    def is_real(self) -> bool:
        """Whether inflation is taken out of nearly all revenue."""
        total = float(self.months["revenue"].sum())
        nominal = float(self.months.loc[self.months["currency"].isin(self.prices.nominal), "revenue"].sum())
        return total > 0 and nominal <= NOMINAL_AT_MOST * total

    @property
    def is_margin(self) -> bool:
        """Whether values are margins; else they are revenue."""
        return bool(self.unit_costs.known)


def read_company(book: Workbook) -> Company:
    """Read spells, months and costs; what no export brings is empty."""
    spells, months, costs = _spells(book), _months(book), _costs(book)
    prices = _prices(book, pd.concat([months[["currency", "month"]], costs[["currency", "month"]]]))
    months = prices.apply(months, ("revenue", "price"))
    costs = prices.apply(costs, ("amount",)).groupby(["team", "month"])[["amount"]].sum().reset_index()
    unit_costs = _unit_costs(months, costs)
    margin = months["revenue"] * (1 - unit_costs.delivery) - unit_costs.ticket * months["tickets"]
    split = [name for name in SEGMENTS if spells[name].nunique() > 1]
    return Company(spells, months.assign(margin=margin), costs, prices, unit_costs, split[0] if split else "")


def _spells(book: Workbook) -> pd.DataFrame:
    rows = book.engine.frame(
        f"SELECT customer_id, spell, {', '.join(SEGMENTS)}, started_at, first_mrr, "
        f"greatest(observed_from, started_at) AS observed_from, "
        f"CASE WHEN ended_at < {book.sql_cut} THEN ended_at END AS ended_at "
        f"FROM {book.engine.fact('customer_spell')} "
        f"WHERE started_at < {book.sql_cut} AND observed_from < {book.sql_cut} ORDER BY customer_id, spell"
    )
    started = rows["started_at"]
    return rows.assign(
        entry=_years(rows["observed_from"] - started),
        years=_years(rows["ended_at"].fillna(pd.Timestamp(book.cut)) - started),
        seen=_years(pd.Timestamp(book.cut) - started),
        ended=rows["ended_at"].notna(),
    )


def _years(length: pd.Series) -> Floats:
    return np.asarray(length.dt.total_seconds() / 86_400 / YEAR, float)


def whole_years(spells: pd.DataFrame, weight: Floats | None = None) -> Spells:
    """Return the spells counted in tenure years that could be seen whole, from one anniversary to the next.

    A year of which the beginning or the end lies outside of what was seen is left out, for those who left in it as
    for those who did not; whether customers pay by the month or by the year makes no difference then.
    """
    entry = np.ceil(spells["entry"].to_numpy(float) - 1e-9)
    seen = np.floor(spells["seen"].to_numpy(float) + 1e-9)
    gone = np.maximum(np.ceil(spells["years"].to_numpy(float) - GRACE / YEAR), 1.0)
    lost = spells["ended"].to_numpy(bool) & (gone <= seen)
    by = np.where(lost, gone, np.inf)
    after = np.where(lost, gone - 1, seen)
    here = (seen > entry) & (by > entry) & ~(spells["ended"].to_numpy(bool) & (gone <= entry))
    count = np.ones(len(spells)) if weight is None else weight
    return Spells(entry[here], after[here], by[here], count[here])


def grouped(spells: Spells) -> Spells:
    """Return the same spells with those that are alike counted in one row."""
    rows = np.column_stack([spells.entry, spells.after, spells.by])
    kinds, place = np.unique(rows, axis=0, return_inverse=True)
    count = np.bincount(place.ravel(), spells.count, len(kinds))
    return Spells(kinds[:, 0], kinds[:, 1], kinds[:, 2], count.astype(float))


def _months(book: Workbook) -> pd.DataFrame:
    rows = book.engine.frame(
        "SELECT customer_id, spell, region, tier, product, CAST(month AS TIMESTAMP) AS month, tenure_months, "
        "ended_in_month, mrr_start AS revenue, mrr_end, currency, CASE WHEN seats > 0 THEN mrr_end / seats END AS "
        "price, seats, tickets "
        f"FROM {book.engine.fact('customer_month')} "
        f"WHERE is_observed AND mrr_start > 0 AND month <= DATE '{book.month.first_day}' ORDER BY customer_id, month"
    )
    currency = rows["currency"].astype(object).where(rows["currency"].notna(), "")
    return rows.assign(tenure=rows["tenure_months"].to_numpy(float) / 12, currency=currency)


def _costs(book: Workbook) -> pd.DataFrame:
    return book.engine.frame(
        "SELECT c.team, CAST(c.month AS TIMESTAMP) AS month, c.currency, sum(c.amount * r.rate) AS amount FROM costs "
        "AS c INNER JOIN rates AS r ON r.currency = c.currency "
        f"WHERE c.month <= DATE '{book.month.first_day}' GROUP BY c.team, c.month, c.currency "
        "ORDER BY c.team, c.month, c.currency"
    )


def _prices(book: Workbook, needed: pd.DataFrame) -> Prices:
    """Return the factors to the report's month; after the last month of an index prices are taken not to move."""
    index = book.engine.frame(
        "SELECT currency, CAST(month AS TIMESTAMP) AS month, index_value AS level FROM price_index "
        f"WHERE month <= DATE '{book.month.first_day}' ORDER BY currency, month"
    )
    needed = needed.drop_duplicates().sort_values(["currency", "month"])
    levels: Mapping[str, pd.Series] = {
        str(name): rows.set_index("month")["level"] for name, rows in index.groupby("currency")
    }
    parts, nominal = [], []
    for name, rows in needed.groupby("currency"):
        months = pd.DatetimeIndex(rows["month"])
        known = levels.get(str(name))
        level = None if known is None else known.reindex(months, method="ffill")
        if known is None or level is None or level.isna().any():
            nominal.append(str(name))
            continue
        factor = float(known.iloc[-1]) / level.to_numpy(float)
        parts.append(pd.DataFrame({"currency": name, "month": months, "factor": factor}))
    empty = pd.DataFrame({"currency": [], "month": [], "factor": []})
    return Prices(pd.concat(parts, ignore_index=True) if parts else empty, tuple(nominal))


def _unit_costs(months: pd.DataFrame, costs: pd.DataFrame) -> UnitCosts:
    """Return averages over all months together, so that a busy month makes no customer look dear."""
    served = months.groupby("month")[["revenue", "tickets"]].sum()
    spent = costs.pivot_table(index="month", columns="team", values="amount", aggfunc="sum")
    both = served.join(spent, how="inner")
    rates = {}
    for team, base in (("delivery", "revenue"), ("support", "tickets")):
        paid = both[both[team].notna()] if team in both else both.iloc[:0]
        total = float(paid[base].sum())
        if len(paid) >= LEAST_MONTHS and total > 0:
            rates[team] = float(paid[team].sum()) / total
    return UnitCosts(rates.get("delivery", 0.0), rates.get("support", 0.0), tuple(rates))


def yearly_cost(costs: pd.DataFrame, last: pd.Timestamp, *teams: str) -> float | None:
    """Return what teams cost in the twelve months that end with `last`; None where an export is lacking.

    Where fewer months are there, the year is told from them.
    """
    recent = costs[(costs["month"] > last - pd.DateOffset(months=12)) & costs["team"].isin(teams)]
    months = recent["month"].nunique()
    if months < LEAST_MONTHS or set(teams) - set(recent["team"]):
        return None
    return float(recent["amount"].sum()) * 12 / months
