"""`data/sources.toml` brings the exports back to what happened: the ledger counts the dirt, the tables the world."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from company import World
from cxlib.sources import LedgerEntry
from cxlib.store import Snapshot

pytestmark = pytest.mark.slow


@pytest.fixture
def snapshot(sample: Snapshot) -> Snapshot:
    return sample


@pytest.fixture(scope="module")
def dirt(committed: Path) -> dict[str, dict[str, int]]:
    told: dict[str, Any] = tomllib.loads((committed / "truth.toml").read_text(encoding="utf-8"))
    return told["dirt"]


def entry(snapshot: Snapshot, export: str) -> LedgerEntry:
    [found] = [line for line in snapshot.ledger if line.export == export]
    return found


def table(snapshot: Snapshot, name: str) -> pd.DataFrame:
    path = snapshot.parquet(name)
    assert path is not None
    return pd.read_parquet(path)


def test_imports_without_a_warning(snapshot: Snapshot) -> None:
    assert snapshot.warnings == ()
    assert len(snapshot.ledger) == 23
    assert len(snapshot.inputs) == len({(one.export, one.name) for one in snapshot.inputs}) == 26


def test_ledger_of_the_register(snapshot: Snapshot, dirt: dict[str, dict[str, int]], world: World) -> None:
    accounts, told = entry(snapshot, "salesforce_accounts"), dirt["salesforce_accounts"]
    assert accounts.read == told["rows"]
    assert accounts.kept == len(world.customers)
    assert accounts.rejected == {
        "deleted": told["deleted"],
        "internal account": told["internal"],
        "merged": told["merged"],
        "test account": told["test"],
    }


def test_ledger_of_the_tickets(snapshot: Snapshot, dirt: dict[str, dict[str, int]], world: World) -> None:
    lines, told = [entry(snapshot, name) for name in ("zendesk", "zendesk_tr")], dirt["zendesk"]

    def left(*reasons: str) -> int:
        return sum(line.rejected.get(reason, 0) for line in lines for reason in reasons)

    assert sum(line.read for line in lines) == told["rows"]
    assert sum(line.kept for line in lines) == len(world.tickets) + told["outbound"] + told["bot"]
    assert left("test account", "internal account") == told["own"]
    assert left("duplicate") <= told["rows_written_twice"]
    assert left("duplicate", "merged", "spam", "test") == sum(
        told[kind] for kind in ("rows_written_twice", "merged", "spam", "test")
    )
    # Of tickets that left as spam or test the ledger does not say what else is wrong with them.
    unknown = lines[1].unknown["first_public_reply_at: reply time lost in the move"]
    assert 0 <= told["lost_reply_clock"] - unknown <= 5
    assert sum(line.unknown["customer_id: deleted user"] for line in lines) == told["deleted_user"]


def test_ledger_of_subscriptions_and_costs(snapshot: Snapshot, dirt: dict[str, dict[str, int]]) -> None:
    terms, told = entry(snapshot, "stripe_subscriptions"), dirt["stripe_subscriptions"]
    assert terms.read == told["rows"]
    assert terms.rejected["test mode"] == told["test_mode"]
    assert terms.rejected["never started"] == told["never_started"]
    assert terms.rejected["test account"] == told["of_test_accounts"]
    assert entry(snapshot, "costs").rejected == {"total row": 1}


@pytest.mark.parametrize(("export", "survey"), [("relationship", "relationship"), ("touchpoints", "touchpoints")])
def test_answers_are_those_given(snapshot: Snapshot, world: World, export: str, survey: str) -> None:
    asked = world.surveys[world.surveys["survey"] == survey]
    kept = table(snapshot, "survey_answers")
    kept = kept[(kept["survey"] == survey) & (kept["instrument"] == "nps")]
    assert entry(snapshot, export).kept == len(kept) == asked["answered_at"].notna().sum()
    # The last answer counts of those who answered twice; all others gave the score the world has.
    assert abs(kept["score"].sum() - asked["score"].sum()) <= 0.02 * len(kept)
    assert (kept["completed_at"].max() - asked["answered_at"].max()) < pd.Timedelta(minutes=8)


def test_problem_answers_are_those_given(snapshot: Snapshot, world: World) -> None:
    answers = table(snapshot, "survey_answers")
    answers = answers[answers["instrument"] == "problem"]
    given = world.surveys[(world.surveys["survey"] == "relationship") & world.surveys["answered_at"].notna()]
    assert answers["score"].value_counts().to_dict() == {
        float(code + 1): count for code, count in given["severity"].cat.codes.value_counts().items()
    }
    assert answers["told"].value_counts().to_dict() == given["told"].value_counts().to_dict()
    assert answers["told"].isna().equals(answers["severity"].isna())


def test_ticket_times_come_back_to_the_minute(snapshot: Snapshot, world: World) -> None:
    tickets = table(snapshot, "tickets")
    real = tickets[~tickets["is_outbound"] & ~tickets["is_bot_only"]].sort_values("created_at")
    np.testing.assert_array_equal(
        np.sort(real["created_at"].to_numpy().astype("datetime64[s]")), np.sort(world.tickets["created_at"].to_numpy())
    )
    late = real["created_at"] >= "2024-01-15"
    truly = world.tickets[world.tickets["created_at"] >= "2024-01-15"]
    for mine, theirs in (
        ("first_public_reply_at", "first_replied_at"),
        ("first_solved_at", "first_solved_at"),
        ("last_solved_at", "last_solved_at"),
    ):
        np.testing.assert_array_equal(
            np.sort(real.loc[late, mine].dropna().to_numpy().astype("datetime64[s]")),
            np.sort(truly[theirs].dropna().to_numpy()),
        )
    assert real["satisfaction"].value_counts().to_dict() == world.tickets["satisfaction"].value_counts().to_dict()
    assert real["friendliness_score"].value_counts().to_dict() == world.tickets["friendliness"].value_counts().to_dict()
    assert real["had_to_repeat"].sum() == world.tickets["had_to_repeat"].sum()
    assert real["had_to_repeat"].isna().sum() == (world.tickets["agent"] < 0).sum()


def test_monthly_revenue_comes_back(snapshot: Snapshot, world: World) -> None:
    terms, truly = table(snapshot, "subscriptions"), world.subscriptions
    began = truly["trial_ends_at"].fillna(truly["started_at"])
    for day in ("2023-12-01", "2025-03-01", "2026-10-31"):
        running = terms[(terms["started_at"] <= day) & ~(terms["ended_at"] <= day)]
        expected = truly[(began <= day) & ~(truly["ended_at"] <= day)]
        mine = running.groupby("currency")["monthly_amount"].sum()
        theirs = expected.groupby(expected["currency"].astype(str))["monthly_amount"].sum()
        assert mine.to_dict() == pytest.approx(theirs.to_dict())


def test_statements_come_back(snapshot: Snapshot, world: World) -> None:
    answers = table(snapshot, "survey_answers")
    answers = answers[answers["instrument"] == "statement"]
    seen = set()
    for (side, question), mine in answers.groupby(["respondent", "question"]):
        given = world.statements[world.statements["respondent"] == side]
        counts = pd.crosstab(mine["wave"], mine["score"]).stack()
        truly = given.melt("wave", [str(question)]).groupby(["wave", "value"], observed=True).size()
        assert counts[counts > 0].to_dict() == truly.to_dict(), (side, question)
        assert (mine["customer_id"].isna() == (side == "owner")).all()
        seen.add((side, question))
    assert len(seen) == 8
    invites = table(snapshot, "survey_invites")
    sent = invites[invites["instrument"] == "statement"].groupby("survey")["answered_at"].agg(["size", "count"])
    truly = world.statements.groupby("respondent", observed=True)["answered_at"].agg(["size", "count"])
    assert sent.loc["statements"].to_list() == truly.loc["customer"].to_list()
    assert sent.loc["managers"].to_list() == truly.loc["owner"].to_list()


def test_incidents_prices_and_referrals_come_back(snapshot: Snapshot, world: World) -> None:
    logged = table(snapshot, "incidents")
    assert entry(snapshot, "incidents").kept == len(logged) == len(world.incidents)
    known = world.incidents[world.incidents["noticed_known"]]
    assert logged["noticed"].value_counts().to_dict() == known["noticed"].value_counts().to_dict()
    np.testing.assert_array_equal(
        np.sort(logged["occurred_at"].to_numpy().astype("datetime64[s]")),
        world.incidents["occurred_at"].to_numpy().astype("datetime64[s]"),
    )
    prices = table(snapshot, "price_index").assign(month=lambda f: pd.to_datetime(f["month"]))
    both = prices.set_index(["currency", "month"])["index_value"]
    assert both.to_dict() == world.price_index.set_index(["currency", "month"])["index_value"].to_dict()
    customers = table(snapshot, "customers").set_index("customer_id")["referred_by"].dropna()
    truly = world.customers.set_index("customer_id")["referred_by"].dropna().astype(str)
    assert customers.to_dict() == truly.to_dict()


def test_every_row_finds_its_customer(snapshot: Snapshot, world: World) -> None:
    customers = set(table(snapshot, "customers")["customer_id"])
    assert customers == set(world.customers["customer_id"])
    for name in ("subscriptions", "interventions", "usage_daily", "incidents"):
        assert set(table(snapshot, name)["customer_id"]) <= customers, name
    invites = table(snapshot, "survey_invites")
    managers = invites["survey"] == "managers"
    assert invites.loc[managers, "customer_id"].isna().all()
    assert set(invites.loc[~managers, "customer_id"]) <= customers
    assert table(snapshot, "tickets")["customer_id"].isin(customers).mean() > 0.98
