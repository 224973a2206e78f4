"""Retention and profit: counted by hand, against closed forms and simulated lives, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from company import Parameters, clock
from company.customers import population
from company.kinds import Floats
from company.life import spells_under
from cxlib.claims import all_claims
from cxlib.errors import MeasureError, UntoldError
from cxlib.estimate import Estimate
from cxlib.finding import Finding, verdict
from cxlib.language import Language
from cxlib.models.lifetime_value import Terms, pace_after, uplift
from cxlib.models.retention_curve import fit_sbg
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import retention_and_profit as lives
from cxlib.studies.retention_and_profit import Customers, Life
from cxlib.workbook import Workbook
from desk import Desk, write_table

Row = dict[str, Any]
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "retention_and_profit.ipynb"
CUT = datetime(2026, 11, 1)
FIRST = datetime(2023, 11, 1)
YEAR = timedelta(days=365.25)
MONTHS = [Month(2026, 10).shift(-back) for back in range(35, -1, -1)]


def subscriptions(
    alpha: float = 0.9,
    beta: float = 2.6,
    count: int = 500,
    growth: float = 0.0,
    amount: Callable[[int], float] = lambda number: 100.0,
    currency: str = "EUR",
    seed: int = 1,
) -> list[Row]:
    """Return one term per customer and year as one, for customers with a churn of their own who leave at anniversaries.

    Those lost before the exports begin are not in them.
    """
    rng = np.random.default_rng(seed)
    churn = rng.beta(alpha, beta, count)
    rows: list[Row] = []
    for number in range(count):
        start = datetime(2019, 1, 1) + timedelta(days=int(rng.integers(0, 2850)))
        years = int(min(rng.geometric(min(max(churn[number], 1e-9), 1.0)), 50))
        end = start + years * YEAR
        if end <= FIRST:
            continue
        for year in range(min(years, int((CUT - start) / YEAR) + 1)):
            last = start + (year + 1) * YEAR >= end
            rows.append(
                {
                    "term_id": f"{currency}{number}-{year}",
                    "subscription_id": f"{currency}{number}",
                    "customer_id": f"{currency}{number:04d}",
                    "started_at": (start + year * YEAR).isoformat(),
                    "ended_at": (start + (year + 1) * YEAR).isoformat(),
                    "monthly_amount": amount(number) * (1 + growth) ** year,
                    "currency": currency,
                    "quantity": 2.0,
                    "end_reason": "voluntary" if last else "migration",
                }
            )
    return rows


def costs(**by_team: float) -> list[Row]:
    """Return a monthly amount per team."""
    return [
        {"team": team, "kind": "all", "month": month.first_day, "amount": amount, "currency": "EUR"}
        for month in MONTHS
        for team, amount in by_team.items()
    ]


def tickets(customers: list[str], month: Month) -> list[Row]:
    """Return one ticket of each customer in a month."""
    return [
        {"ticket_id": f"{month}-{place}", "customer_id": name, "created_at": f"{month}-10T10:00:00"}
        for place, name in enumerate(customers)
    ]


def prices(currency: str, yearly: float) -> list[Row]:
    return [
        {"currency": currency, "month": month.first_day, "index_value": 100 * (1 + yearly) ** (place / 12)}
        for place, month in enumerate(MONTHS)
    ]


STEADY = prices("EUR", 0.0)
USUAL = {
    "support": 900.0,
    "delivery": 2_000.0,
    "success": 1_500.0,
    "sales": 2_000.0,
    "marketing": 1_500.0,
    "general": 3_000.0,
}


def open_book(folder: Path, tables: dict[str, list[Row]]) -> Workbook:
    """Lay tables and open October 2026; a table without rows is not laid."""
    folder.mkdir()
    for name, rows in tables.items():
        if rows:
            write_table(name, pd.DataFrame(rows), folder)
    brought = {name: tuple(rows[0]) for name, rows in tables.items() if rows}
    return Workbook(Desk(folder, datetime(2026, 11, 5), brought), Month(2026, 10), Language("en"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Workbook]:
    """Return a function that opens a workbook of tables laid by hand."""

    def lay(**tables: list[Row]) -> Workbook:
        return open_book(tmp_path_factory.mktemp("laid") / "desk", tables)

    return lay


def usual(terms: list[Row]) -> dict[str, list[Row]]:
    """Return the tables of a company without inflation, with one ticket a month from some customers."""
    customers = sorted({row["customer_id"] for row in terms})
    tiers = [{"customer_id": name, "tier": ("small", "big")[place % 2]} for place, name in enumerate(customers)]
    asked = [row for month in MONTHS for row in tickets(customers[:60], month)]
    return {
        "subscriptions": terms,
        "customers": tiers,
        "costs": costs(**USUAL),
        "tickets": asked,
        "price_index": STEADY,
    }


Read = Callable[..., Customers]


@pytest.fixture(scope="module")
def read(book: Callable[..., Workbook]) -> Read:
    """Return a function that reads a company, each once: its customers, its costs, and what is left out or changed.

    `spent` changes the monthly costs of a team, and leaves a team out where it is None.
    """
    done: dict[str, Customers] = {}

    def read(
        spent: dict[str, float | None] | None = None, changed: dict[str, list[Row]] | None = None, **who: Any
    ) -> Customers:
        key = repr((spent, sorted(changed or {}), who))
        if key not in done:
            by_team = {team: amount for team, amount in (USUAL | (spent or {})).items() if amount is not None}
            tables = usual(subscriptions(**who)) | {"costs": costs(**by_team)} | (changed or {})
            done[key] = lives.read(book(**tables), "tier", 3)
        return done[key]

    return read


def fit(customers: Customers) -> Life:
    return lives.fit(customers, 0.10, 0.05)


def spells_by_hand() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "entry": [0.0, 0.0, 1.4, 0.0, 0.4, 2.0],
            "years": [0.6, 2.3, 3.4, 1.0 + 2 / 365.25, 0.9, 5.0],
            "seen": [1.5, 2.3, 3.4, 2.5, 3.0, 5.5],
            "ended": [True, False, False, True, True, True],
        }
    )


def customers_of(spells: pd.DataFrame | None = None, months: pd.DataFrame | None = None) -> Customers:
    nothing = pd.DataFrame()
    last = pd.Timestamp("2026-10-01")
    return Customers(
        nothing if spells is None else spells,
        nothing if months is None else months,
        nothing,
        delivery=0.0,
        ticket=0.0,
        real=1.0,
        grace=3 / 365.25,
        last=last,
    )


def test_only_years_seen_whole_count() -> None:
    """Left in year 1; left two days after the first anniversary, which is year 1; stays past year 2; left at the
    fifth, seen from the third on; came under observation in year 2, so only year 3. Who left in a year that was not
    seen from its beginning does not count.
    """
    spells = lives.whole_years(customers_of(spells_by_hand()))
    assert spells.entry.tolist() == [0, 0, 2, 0, 2]
    assert spells.after.tolist() == [0, 2, 3, 0, 4]
    assert spells.by.tolist() == [1, np.inf, np.inf, 1, 5]
    assert spells["count"].tolist() == [1, 1, 1, 1, 1]


def test_days_of_grace_are_an_assumption() -> None:
    spells = lives.whole_years(replace(customers_of(spells_by_hand()), grace=0.0))
    assert spells.iloc[3, :3].tolist() == [0, 1, 2]


def test_weighted_lives_stand_in_a_row_each() -> None:
    spells = lives.whole_years(customers_of(spells_by_hand()), np.arange(6.0))
    assert spells.by.tolist() == [1, np.inf, np.inf, 1, 5]
    assert spells["count"].tolist() == [0, 1, 2, 3, 5]


def test_a_year_that_was_not_over_says_nothing() -> None:
    """Gone after 0.4 of a year, but the year after its beginning was not over at the cut: those who would have stayed
    until then are not known either.
    """
    rows = pd.DataFrame({"entry": [0.0], "years": [0.4], "seen": [0.9], "ended": [True]})
    assert lives.whole_years(customers_of(rows)).empty


def test_yearly_and_monthly_payers_count_alike() -> None:
    """The same decisions, at once or at the anniversary, give the same tenure years but for the days of grace."""
    rng = np.random.default_rng(1)
    decided = rng.exponential(2.5, 500)
    seen = rng.uniform(1, 4, 500)
    ends = {"at once": decided, "anniversary": np.ceil(decided)}
    found = []
    for end in ends.values():
        rows = pd.DataFrame({"entry": 0.0, "years": np.minimum(end, seen), "seen": seen, "ended": end < seen})
        found.append(fit_sbg(lives.whole_years(customers_of(rows))))
    assert found[0].mean_churn == pytest.approx(found[1].mean_churn, abs=0.002)


def test_the_interval_holds_the_closed_form(read: Read) -> None:
    """Mean churn 0.26 and polarization 0.22; everybody brings the same, so money stays as customers do."""
    found = fit(read()).uplift()
    truth = float(uplift(0.9, 2.6, Terms(0.10), pace_after(0.9, 2.6, "points")))
    assert found.low < truth < found.high < 0.225


def test_where_many_stay_more_is_gained(read: Read) -> None:
    assert verdict(fit(read(alpha=2.0, beta=18.0, count=900, growth=0.12)).uplift(), 0.225) == "supported"


def test_the_readings_differ(read: Read) -> None:
    life = fit(read())
    points, relative, fewer = (life.uplift(reading).value for reading in ("points", "relative", "defections"))  # type: ignore[arg-type]
    assert points > relative > fewer > 0
    assert life.uplift("points", 5).value < points
    assert life.rise(discount=0.15) < points < life.rise(discount=0.05)


def test_fewer_leave_than_retention_would_rise_by(read: Read) -> None:
    life = fit(read(alpha=0.4, beta=19.6))
    for reading in ("points", "relative"):
        with pytest.raises(UntoldError, match="ask what fewer departures bring"):
            life.uplift(reading)  # type: ignore[arg-type]
    assert life.uplift("defections").value > 0


def test_a_customer_that_costs_more_than_it_pays(read: Read) -> None:
    customers = read({"support": 90_000.0})
    life = fit(customers)
    assert lives.stay(life.customers).is_known
    for ask in (life.uplift, lambda: life.beyond, life.held, lambda: life.of_base(customers)):
        with pytest.raises(UntoldError, match="pay more in their first year than it costs to serve them"):
            ask()
    assert not lives.carry_on(customers, life, 5).uplift(1).is_known


def test_margins_that_grow(read: Read) -> None:
    """8 % more revenue over less than the whole of it as margin."""
    customers = read(growth=0.08)
    aged = lives.aged(customers)
    assert aged["margin"].low <= 0.09
    assert aged["margin"].value == pytest.approx(0.10, abs=0.02)
    priced, per = lives.price_by_tenure(customers, 3)
    assert per == "seat"
    assert priced["same_month"].value == pytest.approx(0.08, abs=0.005)
    assert priced["followed"].value == pytest.approx(0.08, abs=0.005)
    assert aged["seats"].value == pytest.approx(0.0, abs=1e-12)
    assert fit(customers).uplift().value > fit(read()).uplift().value + 0.01


@pytest.mark.parametrize(("growth", "says"), [(0.08, "supported"), (0.0, "not-supported"), (-0.05, "not-supported")])
def test_growth_of_prices_and_margins_is_judged(read: Read, growth: float, says: str) -> None:
    customers = read(growth=growth)
    assert verdict(lives.price_by_tenure(customers, 3)[0]["same_month"], matters=0.02) == says
    margin = lives.aged(customers)["margin"]
    assert verdict(lives.beyond_inflation(customers, margin, 0.05), matters=0.02) == says


def months_of(pays: Callable[[int, int], float]) -> pd.DataFrame:
    """Return the months of 120 customers who came over two years; `pays` by month of coming and month of the books."""
    rows = [
        {"customer_id": f"{came}-{k}", "tier": "a", "month": str(month), "revenue": 1.0, "tenure": (place - came) / 12}
        | {"price": pays(came, place) * (1 + 0.02 * k)}
        for came in range(0, 24)
        for k in range(5)
        for place, month in enumerate(MONTHS)
        if place >= came
    ]
    return frame_of_months(iter(rows))


def test_what_these_years_did_to_all_prices_is_no_doing_of_loyalty() -> None:
    """All prices fall by 2 % a year, whoever pays them: old and new customers of one month pay the same."""
    priced, _ = lives.price_by_tenure(customers_of(months=months_of(lambda came, place: 20 * 0.98 ** (place / 12))), 3)
    assert priced["followed"].value == pytest.approx(-0.02, abs=1e-9)
    assert priced["same_month"].value == pytest.approx(0.0, abs=1e-9)
    assert verdict(priced["same_month"], matters=0.02) == "not-supported"


@pytest.mark.parametrize("yearly", [0.04, -0.04])
def test_a_price_that_moves_with_every_year_of_staying(yearly: float) -> None:
    """The slope is that of a year, not of half a one: 4 % more or less with each, in a year of falling prices too."""
    months = months_of(lambda came, place: 20 * (1 + yearly) ** ((place - came) / 12) * 0.98 ** (place / 12))
    priced, _ = lives.price_by_tenure(customers_of(months=months), 3)
    assert priced["same_month"].value == pytest.approx(yearly, abs=1e-6)
    assert verdict(priced["same_month"], matters=0.02) == ("supported" if yearly > 0 else "not-supported")


def test_customers_of_other_kinds_are_not_compared() -> None:
    """Those who came early are of a kind that pays twice as much: within a kind nothing differs."""
    months = months_of(lambda came, place: 40.0 if came < 12 else 20.0)
    kinds = np.where(months["price"] >= 40, "big", "small")
    priced, _ = lives.price_by_tenure(customers_of(months=months.assign(kind=kinds)), 3)
    assert priced["same_month"].value == pytest.approx(0.0, abs=1e-9)


def test_where_inflation_is_not_known_growth_cannot_be_told(read: Read) -> None:
    customers = read(changed={"price_index": []}, growth=0.08)
    assert customers.real == 0.0
    margin = lives.aged(customers)["margin"]
    with pytest.raises(UntoldError, match="price_index"):
        lives.beyond_inflation(customers, margin, 0.05)
    falls = replace(margin, low=-0.03, high=-0.01)
    assert lives.beyond_inflation(customers, falls, 0.05) is falls


def test_each_currency_has_its_own_inflation(book: Callable[..., Workbook]) -> None:
    terms = subscriptions(count=200, growth=0.5, currency="USD") + subscriptions(count=200)
    customers = lives.read(book(subscriptions=terms, price_index=STEADY + prices("USD", 0.5)), "tier", 3)
    assert customers.real == 1.0
    dollars = customers.months[customers.months["currency"] == "USD"]
    # one dollar is half a euro, and every month is in prices of the last: 100 at the start of a life in October 2026
    young = dollars[(dollars["tenure"] < 1) & (dollars["month"] == pd.Timestamp("2026-10-01"))]
    assert young["revenue"].to_numpy() == pytest.approx(np.full(len(young), 50.0))
    early = dollars[(dollars["tenure"] < 1) & (dollars["month"] == pd.Timestamp("2025-10-01"))]
    assert early["revenue"].to_numpy() == pytest.approx(np.full(len(early), 75.0))


def test_a_currency_without_prices_stays_nominal(book: Callable[..., Workbook]) -> None:
    terms = subscriptions(count=200, currency="USD") + subscriptions(count=200)
    customers = lives.read(book(subscriptions=terms, price_index=STEADY), "tier", 3)
    paid = customers.months.groupby("currency")["revenue"].sum()
    assert customers.real == pytest.approx(paid["EUR"] / paid.sum())


def test_costs_to_serve_are_shared_out_by_revenue_and_by_ticket(read: Read) -> None:
    customers = read()
    months = customers.months
    count = months["month"].nunique()
    assert customers.delivery == pytest.approx(count * 2_000 / months["revenue"].sum())
    assert customers.ticket == pytest.approx(count * 900 / months["tickets"].sum())
    assert months["margin"].sum() == pytest.approx(months["revenue"].sum() - count * (2_000 + 900))


def test_a_segment_that_there_is_not(book: Callable[..., Workbook]) -> None:
    with pytest.raises(MeasureError, match='there is no segment "teir"; did you mean "tier"'):
        lives.read(book(subscriptions=subscriptions(count=5)), "teir", 3)


def test_without_costs_values_are_revenue(read: Read) -> None:
    customers = read(changed={"costs": []})
    assert not customers.is_margin
    assert "margin" not in lives.aged(customers)
    for ask in (lambda: lives.carry_on(customers, fit(customers), 5), lambda: lives.keep_and_win(customers, "EUR")):
        with pytest.raises(UntoldError, match="Costs"):
            ask()


def test_without_general_costs_there_is_no_profit(read: Read) -> None:
    customers = read({"general": None})
    with pytest.raises(UntoldError, match="everything general"):
        lives.carry_on(customers, fit(customers), 5)


def test_profit_in_the_books(read: Read) -> None:
    """In the first year five in a hundred more are there at its end, half of that on average, and some of the new ones;
    over five years the gain is several times as much.
    """
    customers = read()
    books = lives.carry_on(customers, fit(customers), 5)
    one, five = books.uplift(1), books.uplift(5)
    now = customers.months[customers.months["month"] == customers.last]
    assert 0.9 < float(books.extra[0, 0]) / (0.05 * 12 * now["margin"].sum() / 2) < 1.5
    assert five.value > 2 * one.value
    assert one.value == pytest.approx(books.rise()) == pytest.approx(books.extra[0, 0] / books.profit[0, 0])
    assert books.rise(brings=0.5) == pytest.approx(one.value / 2)
    assert books.rise(fixed=1.2) > one.value > books.rise(effort=0.01)
    assert books.fixed == pytest.approx(12 * (1_500 + 2_000 + 1_500 + 3_000))


def two_kinds(number: int) -> float:
    """Return what a customer pays: one in twenty pays forty times as much as the others."""
    return 4_000.0 if number % 20 == 0 else 100.0


def test_money_of_customers_who_stay_gains_less_than_customers_do(read: Read) -> None:
    """Those who pay most never leave: their money cannot be kept, and counted by heads the gain is several times too
    large. A year ago the curve of heads foretells far less money than came; that of money does not.
    """
    customers = read(amount=two_kinds, count=600)
    large = customers.months.groupby("customer_id")["revenue"].transform("max") > 1_000
    loyal = set(customers.months.loc[large, "customer_id"])
    spells = customers.spells
    stays = spells["customer_id"].isin(loyal)
    spells = spells.assign(ended=spells["ended"] & ~stays, years=spells["years"].where(~stays, spells["seen"]))
    customers = replace(customers, spells=spells)
    life = fit(customers)
    assert lives.stay(life.money).low > lives.stay(life.customers).high
    assert life.uplift().high < life.all_alike().uplift().value
    books, even = (lives.carry_on(customers, of, 5) for of in (life, life.all_alike()))
    assert books.uplift(5).high < even.uplift(5).value
    assert books.most > 0.5
    told = lives.foretold(customers)
    assert told["money_came"].value > told["customers_came"].value + 0.1
    assert told["money"].low < told["money_came"].value < told["money"].high
    assert verdict(told["money_off"], -0.05, 0.05) != "not-supported"
    assert told["money_came"].value > told["customers"].high  # as the curve of heads would foretell it


def test_a_company_close_to_nothing(read: Read) -> None:
    """Where profit is small any gain is a large share of it; where there is none, no share is given."""
    profit = float(lives.carry_on(read(), fit(read()), 1).profit[0, 0])
    near, none = (read({"general": 3_000.0 + part * profit / 12}) for part in (0.9, 1.5))
    assert verdict(lives.carry_on(near, fit(near), 1).uplift(1), 0.225) == "supported"
    books = lives.carry_on(none, fit(none), 1)
    assert not books.uplift(1).is_known
    assert books.extra[0, 0] > 0 > books.profit[0, 0]
    assert np.isnan(books.rise())


def test_keeping_and_winning_by_hand(read: Read) -> None:
    terms = subscriptions()
    first = {row["customer_id"]: datetime.fromisoformat(row["started_at"]) for row in reversed(terms)}
    last = {row["customer_id"]: datetime.fromisoformat(row["ended_at"]) for row in terms}
    won = sum(CUT - YEAR <= start < CUT for start in first.values())
    kept = sum(first[name] < CUT - YEAR and last[name] > CUT for name in first)
    cost = lives.keep_and_win(read(), "EUR")
    assert cost["ratio"].value == pytest.approx((12 * 1_500 / kept) / (12 * 3_500 / won), rel=0.02)
    assert cost["with_support"].value == pytest.approx(cost["ratio"].value * 2_400 / 1_500)
    assert cost["ratio"].high < 1


def test_whether_keeping_is_cheaper_is_not_told_from_averages(read: Read, page: Callable[..., Study]) -> None:
    """However far apart they are: most of those kept would have stayed without it."""
    assert lives.keep_and_win(read({"success": 30_000.0}), "EUR")["ratio"].low > 1
    finding = page().finding("cost-to-keep-and-to-win")
    assert (finding.verdict, finding.estimate.high < 1) == ("described", True)  # type: ignore[union-attr]
    assert "this is not what keeping one more costs" in said(page(), "cost-to-keep-and-to-win")


def test_retention_that_rises_because_the_fickle_go_first(read: Read) -> None:
    life = fit(read(alpha=0.5, beta=0.9, count=800))
    assert verdict(lives.stays_longer(life)["apart"], matters=0.05) == "supported"
    assert life.own_risk == "fixed"


def test_retention_that_stays(read: Read) -> None:
    """Customers all alike: with few of them a rise cannot be excluded, with eight times as many it can."""
    customers = read(alpha=200.0, beta=600.0, seed=5)
    many = replace(customers, spells=pd.concat([customers.spells] * 8))
    few, told = (lives.stays_longer(fit(of))["apart"] for of in (customers, many))
    assert verdict(few, matters=0.05) == "cannot-tell"
    assert verdict(told, matters=0.05) == "not-supported"


@pytest.mark.parametrize("who", [{"count": 1}, {"count": 8}, {"count": 40}, {"alpha": 1e-9, "beta": 5.0, "count": 100}])
def test_few_customers_and_customers_who_never_leave_tell_nothing(read: Read, who: dict[str, Any]) -> None:
    with pytest.raises(UntoldError, match="of more who left, would tell"):
        fit(read(**who))


def test_the_map_passes_through_the_company(read: Read) -> None:
    life = fit(read(growth=0.08))
    rise = life.over(lives.STAYS, np.array([0.10]))[0]
    assert np.interp(lives.stay(life.customers).value, lives.STAYS, rise) == pytest.approx(
        life.uplift().value, abs=0.01
    )


def test_where_it_would_be_a_quarter(read: Read) -> None:
    life = fit(read(alpha=2.0, beta=18.0, count=900, growth=0.12))
    level = life.stay_that_brings(0.25).value
    assert life.over(np.array([level]), np.array([0.10]))[0, 0] == pytest.approx(0.25)
    with pytest.raises(UntoldError, match="no retention brings what is promised"):
        life.stay_that_brings(5.0)


def test_kinds_too_small_are_left_out(read: Read) -> None:
    customers = read()
    life, names = fit(customers), customers.spells["customer_id"]
    odd = np.where(names.isin(names.drop_duplicates()[:4]), "odd", customers.spells["kind"])
    assert list(lives.by_kind(customers, life)) != []
    assert set(lives.by_kind(replace(customers, spells=customers.spells.assign(kind=odd)), life)) == {"big", "small"}
    with pytest.raises(UntoldError, match="several kinds"):
        lives.by_kind(replace(customers, spells=customers.spells.assign(kind="all")), life)


def test_where_all_pay_alike_money_stays_as_customers_do(read: Read) -> None:
    customers = replace(read(), months=read().months.assign(margin=50.0))
    life = fit(customers)
    for other in (life.all_alike(), life.points_of_money()):
        assert other.uplift().value == pytest.approx(life.uplift().value, rel=1e-4)


def test_customers_count_by_what_they_brought_at_first() -> None:
    """Twelve months from when one was seen, whatever it brought later; one of whom no month was seen brings nothing."""
    spells = two_years(A=(3, 3, 3, 3)).assign(customer_id=["a", "b", "c"])
    rows = [
        {"customer_id": name, "tier": "A", "month": str(month), "revenue": (pays if place < 12 else 900.0)}
        for name, pays in (("a", 10.0), ("b", 30.0))
        for place, month in enumerate(MONTHS[:24])
    ]
    money = lives.in_money(customers_of(spells, frame_of_months(iter(rows))))
    assert money["count"].tolist() == pytest.approx([0.75, 2.25, 0.0])


def frame_of_months(rows: Iterator[Row]) -> pd.DataFrame:
    columns = {
        "region": "here",
        "kind": "a",
        "currency": "EUR",
        "spell": 1,
        "tickets": 0,
        "seats": 1.0,
        "price": 1.0,
        "tenure": 1.0,
    }
    frame = pd.DataFrame([{**columns, **row} for row in rows])
    return frame.assign(month=pd.to_datetime(frame["month"]), margin=frame["revenue"])


def two_years(**tiers: tuple[int, int, int, int]) -> pd.DataFrame:
    """Return spells by tier: customers of the first year's first day, how many stayed, the same for the second year.

    Who stays through the first year is there on the first day of the second; the others of that day came since.
    """
    rows = []
    for tier, (first, stayed, second, kept) in tiers.items():
        rows += [(tier, 2.5, 0.8, True)] * (first - stayed)
        for place in range(second):
            seen = 2.5 if place < stayed else 1.2
            rows.append((tier, seen, seen, False) if place < kept else (tier, seen, seen - 0.7, True))
    frame = pd.DataFrame(rows, columns=["kind", "seen", "years", "ended"])
    return frame.assign(entry=0.0, spell=1)


def test_mix_and_rate_by_hand() -> None:
    """Kitagawa: 200 of 300 in class A at 50 %, then 100 of 300; class B at 80 % throughout: all of it is mix.

    (1/3 - 2/3) 0.5 + (2/3 - 1/3) 0.8 = 0.1.
    """
    mix, against = lives.mix(customers_of(two_years(A=(200, 100, 100, 50), B=(100, 80, 200, 160))))
    assert mix["before"].value == pytest.approx(180 / 300)
    assert mix["after"].value == pytest.approx(210 / 300)
    assert mix["by_mix"].value == pytest.approx(0.1)
    assert mix["by_rate"].value == pytest.approx(0.0)
    assert mix["by_mix"].low > 0
    assert against == []


def test_retention_that_falls_in_every_class_and_rises_in_all() -> None:
    """Simpson: both classes keep fewer, and more of the whole stays, because the loyal class has grown."""
    mix, against = lives.mix(customers_of(two_years(A=(100, 90, 300, 258), B=(300, 150, 150, 69))))
    assert mix["change"].value > 0 > mix["by_rate"].value
    assert against == ["A", "B"]


def test_mix_needs_two_years_and_two_classes() -> None:
    spells = two_years(A=(100, 80, 100, 80), B=(100, 50, 100, 50))
    for rows in (spells[spells["seen"] < 2], spells[spells["kind"] == "A"], spells.assign(kind=None)):
        with pytest.raises(UntoldError, match="Two years"):
            lives.mix(customers_of(rows))


def history(churn: Callable[[float], float], count: int = 800, seed: int = 5) -> pd.DataFrame:
    """Return spells whose churn in a tenure year depends on how many years before the cut that year begins."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        seen = float(rng.uniform(0, 7))
        for year in range(int(np.ceil(seen)) + 1):
            if rng.random() < churn(seen - year):
                break
        end = year + 0.999 if year + 0.999 < seen else seen
        rows.append((seen, end, end < seen))
    frame = pd.DataFrame(rows, columns=["seen", "years", "ended"])
    return frame.assign(entry=0.0, spell=1, kind="A")


def foretold_of(spells: pd.DataFrame) -> dict[str, Estimate]:
    """Return what is foretold of customers who all bring the same in every month of the last years."""
    spells = spells.assign(customer_id=[str(place) for place in range(len(spells))])
    months = pd.DataFrame({"customer_id": np.repeat(spells["customer_id"], 3), "spell": 1, "margin": 10.0})
    months["month"] = np.tile(pd.to_datetime(["2025-08-01", "2025-09-01", "2025-10-01"]), len(spells))
    return lives.foretold(customers_of(spells, months))


def test_a_year_like_those_before_is_foretold() -> None:
    told = foretold_of(history(lambda back: 0.25))
    for of in ("customers", "money"):
        assert told[of].low < told[f"{of}_came"].value < told[of].high
        assert told[of].value == pytest.approx(0.75, abs=0.04)
    off = told["money_off"]
    assert off.value == pytest.approx(told["money_came"].value - told["money"].value)


def test_a_year_unlike_those_before_is_told_apart() -> None:
    told = foretold_of(history(lambda back: 0.10 if back > 2 else 0.45))
    for of in ("customers", "money"):
        assert told[f"{of}_came"].value < told[of].low
    assert verdict(told["money_off"], -0.05, 0.05) == "not-supported"


def quarters(units: int, seed: int = 1, trend: bool = False) -> pd.DataFrame:
    """Return customer-months in which each customer that leaves takes what it pays with it, all paying alike.

    With `trend`, what those who stay pay moves with the retention of the quarter after.
    """
    rng = np.random.default_rng(seed)
    months = [Month(2026, 10).shift(-back) for back in range(24, -1, -3)]
    rows = []
    for unit in range(units):
        pay = 1.0
        there = [f"{unit}-{place}" for place in range(60)]
        churn = rng.uniform(0.05, 0.30, len(months))
        for place, month in enumerate(months):
            rows += [
                {"customer_id": name, "tier": f"T{unit}", "month": str(month), "revenue": pay, "tenure": place / 4}
                for name in there
            ]
            there = [name for name in there if rng.random() >= churn[place]]
            there += [f"{unit}-{place}-{k}" for k in range(60 - len(there))]
            if trend and place + 1 < len(months):
                pay *= 1 - 2 * churn[place + 1]
    return frame_of_months(iter(rows))


def test_between_quarters_arithmetic_is_one_point_for_one() -> None:
    cells = lives.quarters(customers_of(months=quarters(25)))
    same, ahead = lives.point_for_point(cells)
    assert same.value == pytest.approx(1.0, abs=1e-6)
    assert ahead.value == pytest.approx(0.0, abs=1e-6)
    assert cells["unit"].nunique() == 25
    assert same.flags == ()
    wide = replace(same, low=0.9, high=1.1), replace(ahead, low=-0.1, high=0.1)
    assert lives.more_than_arithmetic(*wide, 0.25) == "not-supported"
    assert lives.more_than_arithmetic(replace(same, low=1.3, high=1.5), wide[1], 0.25) == "supported"
    assert lives.more_than_arithmetic(replace(same, low=1.1, high=1.3), wide[1], 0.25) == "cannot-tell"


def test_a_quarter_that_cannot_have_caused_it_is_noticed() -> None:
    same, ahead = lives.point_for_point(lives.quarters(customers_of(months=quarters(25, trend=True))))
    assert ahead.low > 0
    assert lives.more_than_arithmetic(same, ahead, 0.25) == "cannot-tell"


def test_few_segments_are_flagged() -> None:
    same, ahead = lives.point_for_point(lives.quarters(customers_of(months=quarters(8))))
    assert "few-clusters" in same.flags
    assert lives.more_than_arithmetic(same, ahead, 0.25) == "cannot-tell"
    with pytest.raises(UntoldError, match="more regions and tiers"):
        lives.point_for_point(lives.quarters(customers_of(months=quarters(1))))


def test_a_table_of_survivors_grows_where_nobody_does() -> None:
    """Small customers leave after a year: the mean of those there doubles, followed customers stay as they are."""
    rows = [
        {"customer_id": f"{kind}{k}", "tier": kind, "month": str(month), "revenue": pays, "tenure": place / 12}
        for kind, pays, last in (("small", 1.0, 12), ("big", 9.0, 36))
        for k in range(40)
        for place, month in enumerate(MONTHS[:last])
    ]
    table = lives.margin_by_year(customers_of(months=frame_of_months(iter(rows))), 3)
    assert table["followed"].tolist() == pytest.approx([1, 1, 1])
    assert table["there"].iloc[1] == pytest.approx(9 / 5)


def test_new_customers_who_begin_with_more_each_year() -> None:
    """Of one kind they begin with 20 % more each year; that more are of the dear kind later is taken out."""
    rows = [
        {
            "customer_id": f"{place}-{k}",
            "month": str(month),
            "revenue": (5.0 if k < place / 3 else 1.0) * 1.2 ** ((pd.Timestamp(str(month)) - FIRST).days / 365.25),
            "tenure": 0.0,
            "kind": "big" if k < place / 3 else "small",
        }
        for place, month in enumerate(MONTHS)
        for k in range(20)
    ]
    trend = lives.new_customers_trend(customers_of(months=frame_of_months(iter(rows))), 3)
    assert trend.value == pytest.approx(0.20)
    assert trend.n == len(rows)


def scaled(parameters: Parameters, by: float) -> Parameters:
    leaving = parameters.leaving
    hazards = {
        name: type(part)(*(by * rate for rate in part.array()))
        for name in ("hazard", "failed_payment")
        for part in [getattr(leaving, name)]
    }
    return replace(parameters, leaving=replace(leaving, **hazards))


def lived(parameters: Parameters) -> Floats:
    """Return S(0) … S(5) of many simulated customers, chained over the tenure years of the exported months."""
    people = population(parameters, 1, 40.0)
    spells, _ = spells_under(people, parameters, 1)
    stays = []
    for year in range(5):
        first = spells.since + year * clock.BILLING_YEAR
        last = first + clock.BILLING_YEAR
        here = (first >= clock.WINDOW_START) & (last <= clock.MONTH_STARTS[clock.LAST + 1]) & (spells.until > first)
        stays.append(float((spells.until > last)[here].mean()))
    return np.cumprod([1.0, *stays])


@pytest.mark.slow
def test_risks_lowered_for_everybody_by_experiment() -> None:
    """The simulated company is run again with every hazard lowered until about five in a hundred more stay for a year.

    What that adds to five years of value, seen in the runs alone, is what the fitted curve says of it.
    """
    parameters = Parameters()
    before = lived(parameters)
    by, after = 1.0, before
    for _ in range(3):
        by *= np.log(before[1] + 0.05) / np.log(after[1])
        after = lived(scaled(parameters, by))
    step = float(after[1] - before[1])
    assert step == pytest.approx(0.05, abs=0.006)  # what chance leaves of so many customers
    weight = 1 / 1.1 ** np.arange(6)
    seen = float(after @ weight / (before @ weight)) - 1
    years, left = np.arange(6.0), 1e4 * np.append(-np.diff(before), before[-1])
    by = np.where(years < 5, years + 1, np.inf)
    curve = fit_sbg(pd.DataFrame({"entry": 0.0, "after": years, "by": by, "count": left}))
    pace = pace_after(curve.alpha, curve.beta, "points", step)
    assert float(uplift(curve.alpha, curve.beta, Terms(0.10, horizon=6), pace)) == pytest.approx(seen, rel=0.12)


@pytest.fixture(scope="module")
def page(book: Callable[..., Workbook]) -> Callable[..., Study]:
    """Return a function that runs the notebook on the usual company, with assumptions changed."""
    opened = book(**usual(subscriptions(growth=0.08)))
    return lambda **assumptions: run(NOTEBOOK, opened, **assumptions)


def said(study: Study, id: str) -> str:
    return study.exhibits[f"finding-{id}"].text


def text_of_methods(study: Study) -> str:
    return " ".join(text for record in study.records for text in record.get("methods", {}).values())


def test_a_changed_assumption_moves_sentence_exhibit_and_method(page: Callable[..., Study]) -> None:
    before, after = page(), page(discount=0.08, step=0.04, horizon=4)
    life = fit(before.names["customers"])
    of, money = life.customers.curve, life.money.curve
    pace = pace_after(of.alpha, of.beta, "points", 0.04)
    wanted = float(uplift(money.alpha, money.beta, Terms(0.08, life.growth.value, life.seen), pace))
    found = after.finding("retention-value-five-points").estimate
    assert found is not None
    assert found.value == pytest.approx(wanted)
    assert Language("en").measure(wanted, "share") in said(after, "retention-value-five-points")
    assert "If 4.0 points more of them did" in said(after, "retention-value-five-points")
    assert "Over 4 years the profit" in said(after, "retention-profit-five-years")
    for name in ("readings", "map", "assumptions", "segments", "profit", "profit-assumptions", "textbook"):
        assert not after.exhibits[name].frame.equals(before.exhibits[name].frame), name
    assert after.exhibits["readings"].frame["value"].iloc[0] == pytest.approx(wanted)
    assert "with d = 8.0% a year" in text_of_methods(after)
    assert "with s = 4.0%" in text_of_methods(after)
    assert "with d = 10.0% a year" in text_of_methods(before)
    for shown in after.exhibits.values():
        assert "10.0% a year" not in shown.text
        assert "5.0 points" not in shown.text


def test_the_bars_swing_around_the_answer(page: Callable[..., Study]) -> None:
    study = page()
    swings, answer = study.exhibits["assumptions"].frame, study.finding("retention-value-five-points").estimate
    assert answer is not None
    assert swings["base"].iloc[0] == pytest.approx(answer.value)
    assert (swings[["low", "high"]].min(axis=1) <= answer.value + 1e-9).all()
    assert (swings[["low", "high"]].max(axis=1) >= answer.value - 1e-9).all()
    widest = swings.iloc[0]
    ends = [Language("en").measure(float(end), "share") for end in sorted([widest["low"], widest["high"]])]
    assert f"{ends[0]} to {ends[1]} by “{widest['label']}”, the assumption that matters most" in said(
        study, "retention-value-five-points"
    )


def test_every_sentence_of_the_page_can_be_said(page: Callable[..., Study]) -> None:
    study = page(left_out="small", segment="product")
    assert study.names["customers"].spells["kind"].isna().all()
    for shown in study.exhibits.values():
        assert "{" not in shown.text
    assert any("several kinds" in reason for reason in study.untold)


def test_without_subscriptions_nothing_is_told(book: Callable[..., Workbook]) -> None:
    study = run(NOTEBOOK, book(customers=[{"customer_id": "a"}]))
    for claim in (claim for claim in all_claims() if claim.study == "retention_and_profit"):
        finding = study.finding(claim.finding)
        assert isinstance(finding, Finding)
        assert finding.verdict == "cannot-tell", claim.id
        assert finding.needed, claim.id
    assert [name for name in study.exhibits if not name.startswith("finding-")] == ["textbook"]
    assert "at a retention of 85.0%" in said(study, "retention-textbook")
