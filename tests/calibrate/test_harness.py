"""The tables laid from a world are those that its raw exports come back to, but for the dirt."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from calibrate.harness import SOURCES, sources, tables_of, workbook_of
from company import World, simulate
from cxlib.store import Snapshot
from cxlib.tables import TABLES
from cxlib.workbook import Workbook

pytestmark = pytest.mark.slow

KEYS = {
    "customers": ("customer_id",),
    "subscriptions": ("customer_id", "product", "started_at"),
    "tickets": ("customer_id", "created_at", "topic"),
    "survey_invites": ("customer_id", "sent_at", "survey"),
    "survey_answers": ("instrument", "question", "customer_id", "survey", "wave", "completed_at", "score"),
    "usage_daily": ("customer_id", "day"),
    "opportunities": ("customer_id", "created_at", "buyer", "amount"),
    "interventions": ("customer_id", "assigned_at", "kind"),
    "costs": ("team", "kind", "month"),
    "incidents": ("customer_id", "occurred_at", "kind"),
    "price_index": ("currency", "month"),
}
"""What tells the same row on both sides; the ids are the exports' own."""

IDS = {column.name for table in TABLES.values() for column in table.columns if column.type == "id"} - {
    "customer_id",
    "referred_by",
}
ONLY_EXPORTED = {
    "customers": {"account_id", "email_key", "is_internal", "is_test", "merged_into"},
    "subscriptions": {"status"},
    "tickets": {"email_key"},
    "survey_invites": {"email_key"},
    "survey_answers": {"email_key", "started_at", "may_contact", "may_quote"},
}
"""Columns that the exports bring and a world does not have: addresses, states, consent."""

DIRT = {
    "tickets": {"severity": 0.01, "first_public_reply_at": 0.02, "first_reply_unknown": 0.02, "satisfaction": 0.0},
    "survey_answers": {"comment": 0.02},
}
"""The share of rows in which dirt hides a value, or a comment loses names and numbers; all others are equal."""


@pytest.fixture(scope="module")
def world() -> World:
    return simulate()


@pytest.fixture(scope="module")
def laid(world: World, tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return workbook_of(world, tmp_path_factory.mktemp("laid"))


@pytest.fixture
def imported(sample: Snapshot) -> Snapshot:
    return sample


@pytest.fixture(scope="module")
def dirt() -> dict[str, dict[str, int]]:
    told: dict[str, Any] = tomllib.loads((SOURCES.parent / "sample" / "truth.toml").read_text(encoding="utf-8"))
    return told["dirt"]


def read(snapshot: Any, name: str) -> pd.DataFrame:
    path = snapshot.parquet(name)
    assert path is not None
    rows = pd.read_parquet(path)
    return rows[~(rows["is_outbound"] | rows["is_bot_only"])] if name == "tickets" else rows


def test_every_table_and_column_of_the_exports_is_laid(laid: Workbook, imported: Snapshot) -> None:
    assert set(laid.snapshot.columns) == set(imported.columns) == set(KEYS)
    for name, columns in imported.columns.items():
        assert set(columns) - set(laid.snapshot.columns[name]) == ONLY_EXPORTED.get(name, set()), name


def test_settings_are_those_of_the_sample(laid: Workbook, imported: Snapshot) -> None:
    for name in ("as_of", "time_zone", "currency", "rates", "company"):
        assert getattr(laid.snapshot, name) == getattr(imported, name)
    assert str(laid.month) == "2026-10"


@pytest.mark.parametrize("name", KEYS)
def test_as_many_rows_as_in_the_exports(
    laid: Workbook, imported: Snapshot, dirt: dict[str, dict[str, int]], name: str
) -> None:
    deleted = dirt["salesforce_opportunities"]["deleted"] if name == "opportunities" else 0
    assert len(read(laid.snapshot, name)) == len(read(imported, name)) + deleted


@pytest.mark.parametrize("name", KEYS)
def test_rows_are_those_of_the_exports(laid: Workbook, imported: Snapshot, name: str) -> None:
    key = list(KEYS[name])
    mine, theirs = read(laid.snapshot, name), read(imported, name)
    # erased people have lost their tickets, a second answer has taken the first one's place, managers have no id
    lost = {"tickets": 0.015, "survey_answers": 0.015, "survey_invites": 0.001}.get(name, 0.0)
    both = mine.merge(theirs.drop_duplicates(key, keep=False), on=key, suffixes=("", " exported"))
    assert len(both) >= (1 - lost) * len(theirs)
    compared = set(laid.snapshot.columns[name]) & set(imported.columns[name]) - set(key) - IDS - {"agent"}
    for column in sorted(compared):
        unlike = ~_equal(both[column], both[f"{column} exported"])
        assert unlike.mean() <= DIRT.get(name, {}).get(column, 0.0), both.loc[unlike, [*key, column]].head()


def _equal(mine: pd.Series, theirs: pd.Series) -> np.ndarray:
    if pd.api.types.is_float_dtype(mine):
        return np.isclose(mine, theirs.astype(float), rtol=1e-9, equal_nan=True)
    return ((mine == theirs) | (mine.isna() & theirs.isna())).to_numpy(dtype=bool)


def test_agents_are_the_same_people_under_other_names(laid: Workbook, imported: Snapshot) -> None:
    key = list(KEYS["tickets"])
    both = read(laid.snapshot, "tickets").merge(read(imported, "tickets"), on=key, suffixes=("", "_exported"))
    pairs = both[["agent", "agent_exported"]].drop_duplicates()
    assert (both["agent"].isna() == both["agent_exported"].isna()).all()
    assert pairs.nunique().tolist() == [len(pairs.dropna())] * 2


@pytest.mark.parametrize("name", KEYS)
def test_what_is_laid_keeps_the_rules_of_the_table(laid: Workbook, name: str) -> None:
    rows = pd.read_parquet(laid.snapshot.parquet(name))
    table = TABLES[name]
    assert list(rows.columns) == list(table.column_names)
    assert not rows.duplicated(list(table.key)).any()
    for column in table.columns:
        assert not (column.required and rows[column.name].isna().any()), column.name
        assert not column.allowed or set(rows[column.name].dropna()) <= set(column.allowed), column.name
    for check in table.checks:
        assert laid.engine.frame(f"SELECT count(*) AS n FROM {name} WHERE NOT ({check.must})")["n"][0] == 0, check


def test_measures_are_those_of_the_exports(laid: Workbook, imported: Snapshot) -> None:
    real = Workbook(imported, laid.month, laid.language)
    for name in ("customers_active", "nps_relationship", "nps_touchpoint"):
        mine, theirs = laid.measure(name, months=12), real.measure(name, months=12)
        assert mine["n"].tolist() == theirs["n"].tolist()
        # of those who answered twice the exports keep the second answer, which is a point higher: in a month that
        # moves two of them at the most, each by one step of a score that steps by 100 / n
        moves = 0.0 if name == "customers_active" else 200 / mine["n"]
        assert mine["value"].notna().tolist() == theirs["value"].notna().tolist()
        assert ((mine["value"] - theirs["value"]).abs().fillna(0.0) <= moves + 1e-6).all()


def test_nothing_latent_is_laid(world: World) -> None:
    for name, rows in tables_of(world).items():
        assert set(rows) <= set(TABLES[name].column_names)
    answered = tables_of(world)["survey_answers"]
    assert len(answered[answered["instrument"] == "nps"]) == world.surveys["answered_at"].notna().sum()


def test_another_month_of_the_same_company(world: World, tmp_path: Path) -> None:
    book = workbook_of(world, tmp_path, "2026-04")
    assert str(book.month) == "2026-04"
    assert book.cut < sources().workbook.as_of.replace(tzinfo=None)
