"""What every world is like, whatever its seed: consistent, about as large as told, and repeatable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from company import Parameters, World, simulate
from company.names import WORDS
from company.statements import CUSTOMER_STATEMENTS, OWNER_STATEMENTS, STATEMENTS
from company.world import salesforce_id

AS_OF = pd.Timestamp("2026-11-09 06:00")
FRAMES = [name for name, kind in World.__annotations__.items() if kind == "pd.DataFrame"]


def euros(frame: pd.DataFrame) -> pd.Series:
    return frame["monthly_amount"] * frame["currency"].astype(str).map({"EUR": 1.0, "USD": 0.92, "TRY": 0.024})


def test_about_as_large_as_told(worlds: list[World]) -> None:
    months = [world.customer_months.groupby("month").size() for world in worlds]
    assert 350 < np.mean([size.iloc[0] for size in months]) < 410
    assert 580 < np.mean([size.iloc[-1] for size in months]) < 660
    assert 1_040 < np.mean([len(world.customers) for world in worlds]) < 1_160
    assert 13_000 < np.mean([len(world.tickets) for world in worlds]) < 15_000


def test_same_seed_same_world_other_seed_another(world: World) -> None:
    again, other = simulate(), simulate(2)
    for name in FRAMES:
        pd.testing.assert_frame_equal(getattr(world, name), getattr(again, name))
        if name != "costs":
            assert not getattr(world, name).equals(getattr(other, name)), name


def test_a_change_in_one_part_leaves_the_others_as_they_were(world: World) -> None:
    parameters = Parameters()
    silent = replace(parameters, surveys=replace(parameters.surveys, comment=0.0, rating_offered=0.1))
    changed = simulate(parameters=silent)
    for name in set(FRAMES) - {"surveys", "tickets"}:
        pd.testing.assert_frame_equal(getattr(world, name), getattr(changed, name))
    pd.testing.assert_series_equal(world.surveys["score"], changed.surveys["score"])
    assert (changed.surveys["comment"] == "").all()
    pd.testing.assert_frame_equal(
        world.tickets.drop(columns=["satisfaction", "friendliness"]),
        changed.tickets.drop(columns=["satisfaction", "friendliness"]),
    )


def test_nothing_is_later_than_the_exports(world: World) -> None:
    future_allowed = {("subscriptions", "trial_ends_at")}
    seen = 0
    for name in FRAMES:
        frame = getattr(world, name)
        for column in frame.select_dtypes("datetime"):
            if (name, column) not in future_allowed:
                seen += 1
                assert not (frame[column] > AS_OF).any(), (name, column)
    assert seen > 15


def test_ticket_times_are_in_order(worlds: list[World]) -> None:
    for world in worlds:
        tickets = world.tickets
        for earlier, later in (
            ("created_at", "first_replied_at"),
            ("created_at", "first_solved_at"),
            ("first_solved_at", "last_solved_at"),
        ):
            assert not (tickets[later] < tickets[earlier]).any()
        assert tickets.loc[tickets["status"] == "solved", "last_solved_at"].notna().all()
        assert tickets.loc[tickets["status"] != "solved", "last_solved_at"].isna().all()
        assert {"open", "new"} <= set(tickets["status"])


def test_complaints_are_the_told_problems_of_the_same_customer(world: World) -> None:
    complaints = world.tickets[world.tickets["problem"] >= 0]
    problems = world.problems.iloc[complaints["problem"]]
    assert problems["told"].all()
    assert (problems["customer_id"].astype(str).to_numpy() == complaints["customer_id"].astype(str).to_numpy()).all()
    assert (problems["severity"].astype(str).to_numpy() == complaints["severity"].astype(str).to_numpy()).all()
    delay = complaints["created_at"].to_numpy() - problems["occurred_at"].to_numpy()
    assert (delay > np.timedelta64(0, "m")).all()
    assert (delay < np.timedelta64(45, "m")).all()


def test_subscriptions_of_a_line_follow_each_other_without_gap(world: World) -> None:
    terms = world.subscriptions.sort_values(["line", "started_at"])
    after = terms.groupby("line")["started_at"].shift(-1)
    changed = terms["end_reason"] == "migration"
    assert changed.sum() > 500
    assert (terms.loc[changed, "ended_at"] == after[changed]).all()
    assert after[~changed].isna().all()
    assert not (terms["ended_at"] < terms["started_at"]).any()
    assert (terms["monthly_amount"] > 0).all()


def test_first_lines_are_the_spells(world: World) -> None:
    first = world.subscriptions[world.subscriptions["began_as"].isin(["new", "return"])]
    assert len(first) == len(world.spells)
    assert set(zip(first["customer_id"].astype(str), first["started_at"], strict=True)) == set(
        zip(world.spells["customer_id"].astype(str), world.spells["started_at"], strict=True)
    )


def test_use_only_while_a_customer(world: World) -> None:
    spells = world.spells.assign(customer_id=world.spells["customer_id"].astype(str))
    spans = spells.groupby("customer_id").agg(first=("started_at", "min"), last=("ended_at", "max"))
    open_ended = spells[spells["ended_at"].isna()]["customer_id"].unique()
    spans.loc[open_ended, "last"] = AS_OF
    use = world.usage.groupby(world.usage["customer_id"].astype(str))["day"].agg(["min", "max"]).join(spans)
    assert (use["min"] >= use["first"].dt.normalize()).all()
    assert (use["max"] <= use["last"]).all()
    assert not world.usage.duplicated(["customer_id", "day"]).any()


def test_answers_only_where_asked_and_arrived(world: World) -> None:
    surveys = world.surveys
    answered = surveys["answered_at"].notna()
    assert surveys.loc[answered, "delivered"].all()
    assert (surveys.loc[answered, "answered_at"] > surveys.loc[answered, "sent_at"]).all()
    assert (surveys["score"].notna() == answered).all()
    assert (surveys.loc[~answered, "comment"] == "").all()
    one_a_wave = surveys[surveys["survey"] == "relationship"]
    assert not one_a_wave.duplicated(["wave", "customer_id"]).any()


def test_comments_come_in_three_languages(world: World) -> None:
    said = world.surveys[world.surveys["comment"] != ""]
    assert set(said["language"]) == {"en", "tr", "fa"}
    persian = said.loc[said["language"] == "fa", "comment"].str.contains("[\u0600-\u06ff]")
    assert persian.all()
    assert said["comment"].str.contains("\n").any()


def test_revenue_grows_and_lira_prices_rise_each_january(world: World) -> None:
    terms = world.subscriptions
    in_lira = terms["currency"] == "TRY"
    assert not terms.loc[~in_lira, "began_as"].eq("price_rise").any()
    rises = terms[terms["began_as"] == "price_rise"]
    assert set(rises["started_at"].dt.strftime("%m-%d %H:%M")) == {"12-31 21:00"}
    assert set(rises["started_at"].dt.year) == {2023, 2024, 2025}

    def revenue(day: str) -> float:
        running = (terms["started_at"] <= day) & ~(terms["ended_at"] <= day)
        return float(euros(terms[running]).sum())

    assert 1.5 < revenue("2026-10-31") / revenue("2023-11-01") < 5


def test_share_won_is_as_told(worlds: list[World]) -> None:
    told = Parameters().revenue
    deals = pd.concat([world.opportunities for world in worlds])
    decided = deals[(deals["outcome"] != "open") & (deals["motion"] != "renewal")]
    won = decided["outcome"].eq("won").groupby(decided["buyer"].astype(str)).mean()
    assert won["new"] == pytest.approx(told.win_new, abs=0.02)
    assert won["existing"] == pytest.approx(told.win_existing, abs=0.03)
    assert won["returned"] == pytest.approx(told.win_returned, abs=0.08)
    assert deals.loc[deals["outcome"] == "open", "closed_at"].isna().all()
    assert not (deals["closed_at"] < deals["created_at"]).any()


def test_costs_are_complete(world: World) -> None:
    assert set(world.costs["team"]) == {"support", "success", "sales", "marketing", "delivery", "general"}
    assert world.costs.groupby(["team", "kind"])["month"].nunique().eq(36).all()
    assert (world.costs["amount"] >= 0).all()


def test_delivery_is_a_share_of_revenue_and_general_costs_are_not(world: World) -> None:
    told, costs = world.parameters.costs, world.costs
    in_euro = costs["amount"] * costs["currency"].map({"EUR": 1.0, "USD": 0.92, "TRY": 0.024})
    by_month = in_euro.groupby([costs["team"], costs["month"]]).sum().unstack(0)
    terms = world.subscriptions
    began = terms["trial_ends_at"].fillna(terms["started_at"])
    middles = by_month.index + pd.Timedelta(days=15)
    revenue = [euros(terms[(began <= day) & ~(terms["ended_at"] <= day)]).sum() for day in middles]
    assert by_month["delivery"].to_numpy() / revenue == pytest.approx(told.hosting + told.payment_fees, rel=0.15)
    rise = by_month["general"].iloc[-6:].mean() / by_month["general"].iloc[:6].mean()
    assert 1.05 < rise < 1.15
    assert revenue[-1] > 2 * revenue[0]
    profit = revenue - by_month.sum(axis=1)
    assert (profit.iloc[-12:] > 0).all()


def test_prices_rise_as_told(world: World) -> None:
    """Lira prices of the company follow consumer prices from far: after three rises both have about doubled."""
    index = world.price_index.pivot(index="month", columns="currency", values="index_value")
    assert len(index) == 36
    assert (index.iloc[0] == 100).all()
    told = Parameters().revenue
    for currency, yearly in (("EUR", "euro"), ("USD", "us_dollar"), ("TRY", "lira")):
        expected = (1 + getattr(told.inflation, yearly)) ** (35 / 12)
        assert index[currency].iloc[-1] / 100 == pytest.approx(expected, rel=0.05)
    assert (1 + told.try_rise) ** 3 == pytest.approx(index["TRY"].iloc[-1] / 100, rel=0.1)


def test_statements_are_put_to_the_right_side(world: World) -> None:
    asked = world.statements
    owner = asked["respondent"] == "owner"
    assert asked.loc[owner, "customer_id"].isna().all()
    assert asked.loc[~owner, "customer_id"].notna().all()
    assert (asked[owner].groupby("wave", observed=True).size() == Parameters().statements.owners).all()
    for side, put, kept_from in (
        (owner, OWNER_STATEMENTS, set(CUSTOMER_STATEMENTS) - set(OWNER_STATEMENTS)),
        (~owner, CUSTOMER_STATEMENTS, set(OWNER_STATEMENTS) - set(CUSTOMER_STATEMENTS)),
    ):
        assert asked.loc[side, [f"potential_{name}" for name in put]].notna().all(axis=None)
        assert asked.loc[side, [f"potential_{name}" for name in kept_from]].isna().all(axis=None)
    answered = asked["answered_at"].notna()
    assert asked.loc[~answered, list(STATEMENTS)].isna().all(axis=None)
    given = asked["puts_customers_first"].dropna()
    assert set(given) == {1, 2, 3, 4, 5}
    assert (given == asked.loc[given.index, "potential_puts_customers_first"]).all()
    assert not asked[~owner].duplicated(["wave", "customer_id"]).any()


def test_incidents_are_problems_of_the_same_customer_or_nobody_noticed(world: World) -> None:
    logged = world.incidents
    noticed = logged[logged["noticed"]]
    assert (logged["noticed"] == (logged["problem"] >= 0)).all()
    problems = world.problems.iloc[noticed["problem"]]
    for name in ("customer_id", "severity"):
        assert (problems[name].astype(str).to_numpy() == noticed[name].astype(str).to_numpy()).all()
    assert (problems["occurred_at"].to_numpy() == noticed["occurred_at"].to_numpy()).all()
    spells = world.spells.assign(customer_id=world.spells["customer_id"].astype(str))
    hit = logged[~logged["noticed"]].assign(customer_id=logged["customer_id"].astype(str))
    both = hit.reset_index().merge(spells, on="customer_id")
    inside = (both["started_at"] <= both["occurred_at"]) & ~(both["ended_at"] <= both["occurred_at"])
    assert both[inside]["index"].nunique() == len(hit) > 500


def test_referrers_were_customers_when_the_new_one_came(world: World) -> None:
    customers = world.customers
    referred = customers[customers["referred_by"].notna()]
    assert (referred["acquisition_channel"] == "Referral").all()
    assert (referred["created_at"] >= "2023-11-01").all()
    late = (customers["acquisition_channel"] == "Referral") & (customers["created_at"] >= "2023-11-01")
    assert len(referred) == late.sum() > 80
    begun = world.spells.groupby(world.spells["customer_id"].astype(str))["started_at"].min()
    assert (referred["referred_by"].astype(str).map(begun) < referred["created_at"]).all()
    assert (referred["referred_by"].astype(str) != referred["customer_id"].astype(str)).all()


def test_salesforce_id_ends_with_its_checksum() -> None:
    """By hand: no capitals in the first ten give A and A; O, R, W at places 0, 2, 3 give 1 + 4 + 8 = 13, an N."""
    ids = salesforce_id("0017000000OaRWd", np.random.default_rng(0), 1)
    assert ids == ["0017000000OaRWdAAN"]


def test_no_real_names() -> None:
    """None of the parts is the whole name of a well-known company or a common name of a person."""
    companies = {
        "google",
        "amazon",
        "apple",
        "microsoft",
        "siemens",
        "bosch",
        "bayer",
        "allianz",
        "volvo",
        "ericsson",
        "nokia",
        "ikea",
        "klarna",
        "arçelik",
        "turkcell",
        "trendyol",
        "koç",
        "sabancı",
        "emirates",
        "aramco",
        "tesco",
        "vodafone",
        "salesforce",
        "zendesk",
        "stripe",
        "qualtrics",
        "novartis",
        "novo",
        "equinor",
        "sap",
        "lidl",
    }
    people = {
        "john",
        "mary",
        "anna",
        "peter",
        "hans",
        "james",
        "smith",
        "müller",
        "schmidt",
        "johnson",
        "hansen",
        "ahmet",
        "mehmet",
        "ayşe",
        "fatma",
        "mustafa",
        "yılmaz",
        "kaya",
        "demir",
        "şahin",
        "çelik",
        "محمد",
        "علی",
        "فاطمه",
        "زهرا",
        "حسین",
        "محمدی",
        "حسینی",
        "احمدی",
        "ali",
        "mohammad",
        "hosseini",
        "ahmadi",
    }
    parts = WORDS["companies"]
    beginnings = {name.lower() for name in parts["beginnings"]}
    made = {beginning + ending for beginning in beginnings for ending in parts["endings"]} | beginnings
    assert not made & companies
    used = {name.lower() for kind in ("first_names", "last_names") for names in WORDS[kind].values() for name in names}
    assert len(used) > 100
    assert not used & people
