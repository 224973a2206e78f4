"""What holds for every metric, whatever the data."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.definitions import Definitions
from cxlib.engine import Engine
from cxlib.errors import MeasureError
from cxlib.facts import FACTS
from cxlib.language import Language
from cxlib.metrics import METRICS, Metric, measure
from cxlib.metrics.measure import SAMPLED
from cxlib.period import Month
from cxlib.sources.stage import FLAGS
from cxlib.tables import TABLES
from cxlib.workbook import Workbook
from desk import lay_in

OCTOBER = Month(2026, 10)
MONTHS = OCTOBER.trailing(14)
Lay = Callable[..., Any]
Of = Callable[..., pd.DataFrame]
Tables = dict[str, list[dict[str, Any]]]
EACH_METRIC = pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))


def company(seed: int, customers: int = 60) -> Tables:
    """Return a small company with every table the metrics count."""
    rng = np.random.default_rng(seed)
    names = [f"{seed}-{k}" for k in range(customers)]
    start = pd.Timestamp("2025-09-01")

    def moment(low: float = 0, high: float = 425) -> pd.Timestamp:
        return start + pd.Timedelta(minutes=int(rng.uniform(low, high) * 1440))

    tables: Tables = {
        "customers": [{"customer_id": name, "region": str(rng.choice(["north", "south"]))} for name in names]
    }
    tickets: list[dict[str, Any]] = []
    for k in range(customers * 6):
        created = moment()
        reply = created + pd.Timedelta(minutes=int(rng.lognormal(5, 1.5)))
        solved = reply + pd.Timedelta(minutes=int(rng.lognormal(6, 1.5)))
        closed = bool(rng.random() < 0.85) and solved < pd.Timestamp("2026-11-20")
        tickets.append(
            {
                "ticket_id": f"{seed}-{k}",
                "customer_id": str(rng.choice(names)),
                "channel": str(rng.choice(["email", "chat"])),
                "topic": str(rng.choice(["login", "invoice"])),
                "created_at": created,
                "first_public_reply_at": reply
                if closed or (rng.random() < 0.5 and reply < pd.Timestamp("2026-11-20"))
                else None,
                "first_solved_at": solved if closed else None,
                "last_solved_at": solved if closed else None,
                "reopens": int(rng.random() < 0.1),
                "satisfaction": str(rng.choice(["not_offered", "offered", "good", "neutral", "bad"])),
                "is_bot_only": bool(rng.random() < 0.1),
                "is_outbound": bool(rng.random() < 0.1),
            }
        )
    tables["tickets"] = tickets
    tables["survey_invites"] = [
        {
            "invite_id": f"{seed}-{k}",
            "survey": "s",
            "instrument": "nps",
            "sent_at": moment(),
            "customer_id": str(rng.choice(names)),
            "touchpoint": str(rng.choice(["relationship", "a"])),
        }
        for k in range(200)
    ]
    tables["survey_answers"] = [
        {
            "answer_id": f"{seed}-{k}",
            "invite_id": f"{seed}-{k}" if k < 90 else None,
            "survey": "s",
            "instrument": "nps" if k % 2 else "csat",
            "score": float(rng.integers(0, 11) if k % 2 else rng.integers(1, 6)),
            "scale_min": 0.0 if k % 2 else 1.0,
            "scale_max": 10.0 if k % 2 else 5.0,
            "weight": float(rng.uniform(0.5, 2)),
            "completed_at": moment(),
            "customer_id": str(rng.choice(names)),
            "touchpoint": str(rng.choice(["relationship", "a", "b"])),
        }
        for k in range(720)
    ]
    terms: list[dict[str, Any]] = []
    for name in names:
        at = moment(-600, 300)
        while at < pd.Timestamp("2026-11-20") and rng.random() < 0.85:
            end = at + pd.Timedelta(days=int(rng.integers(20, 300)))
            terms.append(
                {
                    "term_id": f"{name}-{len(terms)}",
                    "subscription_id": name,
                    "customer_id": name,
                    "product": "p",
                    "started_at": at,
                    "ended_at": end,
                    "monthly_amount": float(rng.integers(10, 500)),
                    "currency": str(rng.choice(["EUR", "USD"])),
                }
            )
            at = end if rng.random() < 0.7 else end + pd.Timedelta(days=int(rng.integers(5, 90)))
    tables["subscriptions"] = terms
    tables["transactions"] = [
        {
            "transaction_id": f"{seed}-{k}",
            # most order first in the second winter of the data, so that a month has enough who may order again
            "customer_id": names[k % customers],
            "occurred_at": moment(0, 10) if k == 0 else moment(90, 150) if k < customers else moment(150),
            "kind": "order" if k % 7 else "refund",
            "net": float(rng.lognormal(3, 1)) * (1 if k % 7 else -1),
            "currency": str(rng.choice(["EUR", "USD"])),
        }
        for k in range(customers * 2)
    ]
    return tables


def measured(snapshot: Any, metrics: Iterable[Metric], by: tuple[str, ...] = ()) -> pd.DataFrame:
    with Engine(snapshot) as engine:
        return measure(engine, list(metrics), MONTHS, by)


def both(one: Tables, two: Tables) -> Tables:
    return {name: one[name] + two[name] for name in one}


OFFICE = {"name": "office", "zone": "UTC", "hours": [{"weekly": {"monday-friday": "09:00-17:00"}}]}
PROMISE = {"first_reply_minutes": 120, "resolution_minutes": 600}
WORDS = Definitions.model_validate({"calendar": [OFFICE], "service_level": [PROMISE]})
COMPANIES: dict[str, Callable[[], Tables]] = {
    "usual": lambda: company(1),
    "of three": lambda: company(2, customers=3),
    "straight": lambda: company(3),
    "turned": lambda: {name: rows[::-1] for name, rows in company(3).items()},
    "one": lambda: company(4),
    "two": lambda: company(5),
    "both": lambda: both(company(4), company(5)),
    "empty": lambda: {name: [] for name in company(8, customers=1)},
    "single": lambda: company(9, customers=1),
}


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., pd.DataFrame]:
    """Return a function that gives a metric's rows in one of the companies; each is laid and measured once."""
    room = tmp_path_factory.mktemp("companies")

    @cache
    def of_all(name: str, by: tuple[str, ...]) -> pd.DataFrame:
        laid = lay_in(room, "2026-11-20", folder=name, definitions=WORDS, **COMPANIES[name]())
        return measured(laid, METRICS.values(), by)

    def rows(name: str, metric: Metric, *by: str) -> pd.DataFrame:
        all_rows = of_all(name, by)
        return all_rows[all_rows["metric"] == metric.id].reset_index(drop=True)

    return rows


@EACH_METRIC
def test_declaration_is_whole(metric: Metric) -> None:
    assert metric.label
    assert metric.definition.endswith(".")
    assert metric.fact in FACTS
    assert metric.good in ("up", "down", "neither")
    assert (metric.clock in ("calendar", "business")) == (metric.unit == "minutes")
    for need in (one for one in metric.needs if not one.endswith("definitions.toml")):
        table, column = need.removeprefix("clock of ").split(".")
        assert column in TABLES[table].column_names


def read_by_facts() -> list[tuple[str, str]]:
    """Return the columns, brought by choice, that the facts of the metrics may read."""
    facts = {fact for metric in METRICS.values() for fact in (FACTS[metric.fact], *FACTS[metric.fact].all_used)}
    words = set(re.findall(r"\w+", " ".join(fact.template for fact in facts)))
    return [
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        # the import sets what is not known of times by itself
        if column.name in words and not column.required and column.name not in (*table.key, *FLAGS)
    ]


MORE: dict[str, Callable[[int], dict[str, Any]]] = {
    "tickets": lambda k: {
        "is_outbound": k % 7 == 0,
        "is_bot_only": k % 11 == 0,
        "rated_at": pd.Timestamp("2026-10-20") if k % 3 == 0 else None,
        "first_reply_unknown": k % 13 == 0,
        "solve_unknown": k % 17 == 0,
        "severity": "minor",
        "satisfaction_score": 1.0 + k % 5,
    },
    "survey_invites": lambda k: {"delivered": k % 5 > 0, "answered_at": None},
    "survey_answers": lambda k: {"respondent": "owner" if k % 9 == 0 else "customer", "wave": f"w{k % 2}"},
}


def test_what_rests_on_a_column_that_no_export_brings_is_not_given_or_says_so(desk: Lay) -> None:
    """Take each column away in turn: a measure stays as it is, is missing, or says what is taken to be so instead."""
    whole = company(3, 40)
    for name, more in MORE.items():
        whole[name] = [{**row, **more(k)} for k, row in enumerate(whole[name])]

    def given(tables: Tables, folder: str, names: Iterable[str]) -> dict[str, object]:
        with Workbook(
            desk("2026-11-20", folder=folder, definitions=WORDS, **tables), OCTOBER, Language()
        ).engine as engine:
            book = Workbook(engine.snapshot, OCTOBER, Language())
            metrics = [METRICS[name] for name in book.available(*names)]
            rows = measure(engine, metrics, (OCTOBER,)).set_index("metric")[["n", "value", "flags"]].fillna(-1.0)
        return {name: tuple(rows.loc[name]) for name in rows.index}

    def reading(table: str) -> list[str]:
        facts = {name: " ".join(one.template for one in (fact, *fact.all_used)) for name, fact in FACTS.items()}
        return [name for name, metric in METRICS.items() if re.search(rf"\b{table}\b", facts[metric.fact])]

    before, silent = given(whole, "whole", METRICS), set()
    for table, column in read_by_facts():
        if not any(row.get(column) is not None for row in whole.get(table, ())):
            continue
        without = {**whole, table: [{c: v for c, v in row.items() if c != column} for row in whole[table]]}
        after = given(without, f"{table}-{column}", reading(table))
        silent |= {
            (f"{table}.{column}", name)
            for name, now in after.items()
            if now != before[name] and f"{table}.{column}" not in FACTS[METRICS[name].fact].assumes
        }
    assert silent == set()


@EACH_METRIC
@pytest.mark.parametrize("by", [(), ("region",)], ids=["whole", "region"])
def test_rows_are_tidy_and_limits_hold_the_value(of: Of, metric: Metric, by: tuple[str, ...]) -> None:
    rows = of("usual", metric, *by)
    assert list(rows.columns) == [
        "metric",
        "period",
        *by,
        "n",
        "value",
        "low",
        "high",
        "unit",
        "method",
        "excluded",
        "flags",
        "as_of",
    ]
    assert len(rows) == len(MONTHS) * (2 if by else 1)
    known = rows[rows["value"].notna()]
    assert len(known) > 0
    assert (known["low"] <= known["value"]).all()
    assert (known["value"] <= known["high"]).all()
    assert (rows["n"] >= 0).all()
    assert (rows["excluded"] >= 0).all()
    if metric.unit == "share" and metric.kind == "proportion":
        assert known[["low", "value", "high"]].stack().between(0, 1).all()


@EACH_METRIC
def test_a_value_below_five_is_withheld(of: Of, metric: Metric) -> None:
    rows = of("of three", metric)
    few = rows[(rows["n"] < 5) & (rows["n"] > 0)]
    if metric.kind in SAMPLED:
        assert few[["value", "low", "high"]].isna().all().all()
        assert (few["flags"] == "suppressed").all()
    small = rows[rows["n"].between(5, 29)]
    assert small["flags"].str.contains("small").all() == (metric.kind in SAMPLED) or small.empty


@EACH_METRIC
def test_the_order_of_rows_does_not_matter(of: Of, metric: Metric) -> None:
    pd.testing.assert_frame_equal(of("straight", metric, "region"), of("turned", metric, "region"))


@EACH_METRIC
def test_two_companies_add_up(of: Of, metric: Metric) -> None:
    one, two, whole = (of(name, metric) for name in ("one", "two", "both"))
    assert (whole["n"] == one["n"] + two["n"]).all()
    assert (whole["excluded"] == one["excluded"] + two["excluded"]).all()
    if metric.kind in ("count", "stock", "total", "balance"):
        np.testing.assert_allclose(whole["value"], one["value"] + two["value"])


@EACH_METRIC
def test_segments_add_up_to_the_whole(of: Of, metric: Metric) -> None:
    whole, parts = of("usual", metric), of("usual", metric, "region")
    assert (parts.groupby("period")["n"].sum().to_numpy() == whole["n"].to_numpy()).all()


def test_inputs_stay_as_they_were(desk: Lay) -> None:
    snapshot = desk("2026-11-20", definitions=WORDS, **company(7, customers=10))
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in snapshot.folder.glob("*.parquet")}
    measured(snapshot, METRICS.values())
    after = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in snapshot.folder.glob("*.parquet")}
    assert before == after


@EACH_METRIC
def test_empty_tables_give_no_value_and_no_error(of: Of, metric: Metric) -> None:
    rows = of("empty", metric)
    assert rows["value"].isna().all()
    assert (rows["flags"] == "no-data").all()


@EACH_METRIC
def test_one_customer_gives_no_error(of: Of, metric: Metric) -> None:
    assert len(of("single", metric)) == len(MONTHS)


@EACH_METRIC
def test_without_its_export_a_metric_names_what_is_missing(desk: Lay, metric: Metric) -> None:
    table = FACTS[metric.fact].needs[0]
    assert Workbook(desk("2026-11-20"), OCTOBER, Language()).missing(metric.id) == FACTS[metric.fact].needs
    assert set(Workbook(desk("2026-11-20", **{table: []}), OCTOBER, Language()).missing(metric.id)) == set(metric.needs)


def test_a_breakdown_that_does_not_exist_names_those_that_do(desk: Lay) -> None:
    with pytest.raises(MeasureError, match=r'csat cannot be broken down by "weather"; known: "agent_group", "channel"'):
        measured(desk("2026-11-20", tickets=[]), [METRICS["csat"]], ("weather",))


@pytest.mark.parametrize("seed", range(5))
def test_mrr_identity_holds_for_every_customer_and_month(desk: Lay, seed: int) -> None:
    with Engine(desk("2026-11-20", subscriptions=company(seed)["subscriptions"])) as engine:
        rows = engine.frame(f"SELECT * FROM {engine.fact('subscription_month')}")
    moved = rows["mrr_start"] + rows["mrr_new"] + rows["mrr_reactivation"] + rows["mrr_expansion"]
    np.testing.assert_allclose(moved - rows["mrr_contraction"] - rows["mrr_churn"], rows["mrr_end"], atol=1e-9)
    kinds = rows[["mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn"]] > 0
    assert (kinds.sum(axis=1) <= 1).all()
    assert not rows.duplicated(["customer_id", "month"]).any()
    # a month opens with what the one before closed with
    rows = rows.sort_values(["customer_id", "month"])
    follows = (rows["customer_id"] == rows["customer_id"].shift()) & (
        rows["month"] == rows["month"].shift() + pd.DateOffset(months=1)
    )
    np.testing.assert_allclose(rows["mrr_start"][follows], rows["mrr_end"].shift()[follows])
    assert follows.sum() > 100


def test_mrr_movements_add_up_for_every_month(desk: Lay) -> None:
    names = ["mrr_start", "mrr_new", "mrr_reactivation", "mrr_expansion", "mrr_contraction", "mrr_churn", "mrr_end"]
    with Engine(desk("2026-11-20", **company(1))) as engine:
        rows = measure(engine, [METRICS[name] for name in names], MONTHS)
    wide = rows.pivot_table(index="period", columns="metric", values="value")
    opened = wide["mrr_start"] + wide["mrr_new"] + wide["mrr_reactivation"] + wide["mrr_expansion"]
    np.testing.assert_allclose(opened - wide["mrr_contraction"] - wide["mrr_churn"], wide["mrr_end"], rtol=1e-9)


def test_gross_retention_never_passes_one_or_net_retention(desk: Lay) -> None:
    with Engine(desk("2026-11-20", **company(2))) as engine:
        rows = measure(engine, [METRICS["gross_revenue_retention"], METRICS["net_revenue_retention"]], MONTHS)
    gross, net = (
        rows[rows["metric"] == name]["value"].to_numpy()
        for name in ("gross_revenue_retention", "net_revenue_retention")
    )
    known = np.isfinite(gross)
    assert known.sum() > 5
    assert (gross[known] <= np.minimum(1, net[known]) + 1e-12).all()


def test_one_question_gives_what_single_questions_give(of: Of, desk: Lay) -> None:
    snapshot = desk("2026-11-20", definitions=WORDS, **company(3))
    for metric in METRICS.values():
        pd.testing.assert_frame_equal(of("straight", metric), measured(snapshot, [metric]))
