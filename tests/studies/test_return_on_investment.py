"""Return on investment: what is read and computed, by hand; the notebook on a simulated company."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from calibrate.harness import lay, tables_of, workbook_of
from company import simulate
from cxlib.errors import MeasureError, UntoldError
from cxlib.estimate import Estimate, estimates
from cxlib.exhibits import words
from cxlib.language import Language
from cxlib.models.staggered import NEVER
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import return_on_investment as roi
from cxlib.workbook import Workbook
from desk import Desk

Row = dict[str, Any]
NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "return_on_investment.ipynb"
EN = Language("en")
CUT = datetime(2026, 10, 31)


def number(value: float, low: float, high: float, unit: str = "share difference", n: int = 100) -> Estimate:
    return Estimate(value, low, high, n, unit, "")


# ------------------------------------------------------------------------------------------- what is read


@pytest.fixture
def book(desk: Callable[..., Desk]) -> Callable[..., Workbook]:
    numbers = count()

    def lay(month: str = "2026-10", **tables: list[Row]) -> Workbook:
        return Workbook(desk("2026-11-09", folder=f"desk{next(numbers)}", stated={}, **tables), Month.parse(month), EN)

    return lay


def term(customer: str, start: str, end: str | None = None, amount: float = 100.0, **more: Any) -> Row:
    return {
        "term_id": f"{customer}-{start}",
        "subscription_id": f"{customer}-{start}",
        "customer_id": customer,
        "product": "Desk",
        "started_at": start,
        "ended_at": end,
        "monthly_amount": amount,
        "currency": "EUR",
    } | more


def work(customer: str, kind: str, at: str, arm: str = "observational", score: float | None = None) -> Row:
    return {
        "intervention_id": f"{customer}-{kind}-{at}",
        "customer_id": customer,
        "kind": kind,
        "assigned_at": at,
        "arm": arm,
        "trigger_score": score,
    }


LOST_EARLY = term("zz", "2023-01-01", "2024-01-05")  # the first who was lost: everybody is watched from here on


def test_the_work_that_came_with_the_first_contract(book: Callable[..., Workbook]) -> None:
    found = roi.newcomers(
        book(
            subscriptions=[
                LOST_EARLY,
                term("a", "2025-01-10", "2026-11-03"),  # still there at the cut
                term("b", "2025-01-10", "2026-02-01", end_reason="payment"),
                term("c", "2026-11-01"),  # after the cut
            ],
            interventions=[
                work("a", "success_manager", "2025-01-20", score=60),
                work("a", "success_manager", "2024-12-20", arm="control"),  # a hold-out got nothing
                work("a", "onboarding", "2025-01-12"),
                work("b", "onboarding", "2025-06-01"),  # too late to be onboarding
                work("b", "success_manager", "2026-11-02"),  # after the cut
            ],
        ),
        60,
    ).set_index("customer_id")
    assert list(found.index) == ["a", "b"]
    assert found.loc["a", "manager_at"] == pd.Timestamp("2025-01-20")
    assert found.loc["a", "manager_score"] == 60
    assert found.loc["a", "onboarded_at"] == pd.Timestamp("2025-01-12")
    assert pd.isna(found.loc["a", "ended_at"])
    assert found.loc["b", "end_reason"] == "payment"
    assert found.loc["b", ["manager_at", "onboarded_at"]].isna().all()


def test_only_the_first_draw_of_a_customer_counts(book: Callable[..., Workbook]) -> None:
    found = roi.drawn(
        book(
            subscriptions=[
                LOST_EARLY,
                term("a", "2025-01-10", "2025-09-01"),
                term("b", "2025-06-20"),
                term("c", "2025-01-10", "2025-05-01"),
            ],
            interventions=[
                work("a", "follow_up", "2025-07-01", "control"),
                work("a", "follow_up", "2025-08-01", "treated"),
                work("b", "follow_up", "2025-06-10", "treated"),  # in the trial, before the first payment
                work("c", "follow_up", "2025-07-01", "treated"),  # no customer any more
                work("a", "onboarding", "2025-01-11"),
            ],
        ),
        45,
    )
    assert found[["customer_id", "arm"]].to_numpy().tolist() == [["a", "control"], ["b", "treated"]]
    assert found["ended_at"].tolist()[0] == pd.Timestamp("2025-09-01")
    assert pd.isna(found["ended_at"].tolist()[1])


def ticket(name: str, customer: str, at: str, **more: Any) -> Row:
    return {"ticket_id": name, "customer_id": customer, "created_at": at} | more


def test_tickets_by_month_of_settled_customers(book: Callable[..., Workbook]) -> None:
    tickets, questions = roi.ticket_months(
        book(
            "2026-03",
            subscriptions=[LOST_EARLY, term("a", "2025-03-15"), term("b", "2025-01-15", "2026-02-10")],
            interventions=[work("a", "success_manager", "2026-01-20")],
            tickets=[
                ticket("1", "a", "2025-06-03"),
                ticket("2", "a", "2026-02-03", is_complaint=True),
                ticket("3", "a", "2026-02-04", is_complaint=False),
                ticket("4", "a", "2026-04-04"),  # after the month
            ],
        ),
        6,
    )
    # from 2025-08, when b was settled, to 2026-03; a is settled from 2025-10 on, b's last month is not whole
    assert tickets.outcome[0] == pytest.approx([np.nan, np.nan, 0, 0, 0, 0, 2, 0], nan_ok=True)
    assert questions.outcome[0] == pytest.approx([np.nan, np.nan, 0, 0, 0, 0, 1, 0], nan_ok=True)
    assert tickets.outcome[1] == pytest.approx([0, 0, 0, 0, 0, 0, np.nan, np.nan], nan_ok=True)
    assert tickets.start.tolist() == [5, NEVER]


def cost(team: str, kind: str, month: str, amount: float) -> Row:
    return {"team": team, "kind": kind, "month": f"{month}-01", "amount": amount, "currency": "EUR"}


def test_the_cost_of_one_piece_of_work(book: Callable[..., Workbook]) -> None:
    laid = book(
        interventions=[work(name, "onboarding", "2026-09-05") for name in "abc"]
        + [work("d", "onboarding", "2026-08-05"), work("e", "onboarding", "2026-10-05", "control")],
        costs=[cost("success", "onboarding", "2026-09", 900), cost("success", "salaries", "2026-09", 5000)],
    )
    assert roi.cost_of_each(laid, "onboarding") == 300
    assert np.isnan(roi.cost_of_each(laid, "follow_up"))


def test_the_year_in_the_books(book: Callable[..., Workbook]) -> None:
    found = roi.year(
        book(
            subscriptions=[LOST_EARLY, term("a", "2025-01-10"), term("b", "2026-05-01", amount=200)],
            interventions=[work("a", "success_manager", "2026-04-20"), work("b", "follow_up", "2026-05-20", "treated")],
            tickets=[
                ticket(
                    "1",
                    "a",
                    "2026-05-04",
                    first_solved_at="2026-05-05",
                    last_solved_at="2026-05-05",
                    reopens=0,
                    topic="x",
                ),
                ticket("2", "a", "2026-05-06", topic="y", reopens=0),
                ticket("3", "a", "2025-05-06", topic="y", reopens=0),  # longer ago
            ],
            costs=[
                cost("delivery", "hosting", "2026-05", 480),
                cost("support", "salaries", "2026-05", 900),
                cost("success", "salaries", "2026-05", 700),
                cost("success", "onboarding", "2026-05", 50),
                cost("success", "salaries", "2025-10", 9999),  # longer ago
            ],
        )
    )
    assert found.revenue == 12 * 100 + 6 * 200
    assert found.customers == 18 / 12
    assert found.margin == pytest.approx(1 - 480 / 2400)
    assert (found.support, found.success, found.managers) == (900, 750, 700)
    assert (found.managed, found.managed_revenue) == pytest.approx((7 / 12, 700))
    assert found.worked_revenue == 700 + 1200
    assert (found.tickets, found.held) == (2, 1)
    assert found.manager == pytest.approx(700 / (7 / 12))
    assert found.must_keep == pytest.approx(700 / (700 * 0.8))
    assert (found.per_ticket, found.per_solution) == (450, 900)
    assert found.solutions == pytest.approx((2400 * 0.8 / 1.5) / 900)
    assert found.counted_as_saved == pytest.approx((1900 * 0.8 - 750) / 750)


def test_a_year_without_costs_of_delivery_has_no_margin(book: Callable[..., Workbook]) -> None:
    found = roi.year(
        book(subscriptions=[LOST_EARLY, term("a", "2025-01-10")], costs=[cost("support", "salaries", "2026-05", 900)])
    )
    assert np.isnan(found[["margin", "success", "per_ticket", "solutions", "must_keep", "counted_as_saved"]]).all()
    with pytest.raises(UntoldError, match="cost month by month would tell"):
        roi.margin_kept(number(2, 1, 5, "months"), 100, found.margin, "EUR")


def test_pairs_of_scores_and_whether_there_was_work(book: Callable[..., Workbook]) -> None:
    def answer(customer: str, wave: str, score: float) -> Row:
        return {
            "answer_id": f"{customer}{wave}",
            "survey": "relationship",
            "instrument": "nps",
            "wave": wave,
            "customer_id": customer,
            "score": score,
            "scale_min": 0,
            "scale_max": 10,
            "completed_at": f"{wave}-10",
        }

    found = roi.score_pairs(
        book(
            survey_answers=[
                answer("a", "2025-04", 3),
                answer("a", "2025-10", 8),
                answer("a", "2026-04", 7),
                answer("b", "2025-04", 5),
                answer("b", "2025-10", 6),
                answer("c", "2025-04", 9),
                answer("d", "2025-04", 2),
                answer("d", "2025-10", 4),
                # answered before in that wave, and once more since: the last answer counts
                answer("d", "2025-10", 9) | {"answer_id": "early", "completed_at": "2025-10-02"},
                answer("b", "2025-10", 1) | {"answer_id": "b2025-1", "completed_at": "2025-10-09"},
            ],
            interventions=[
                work("a", "follow_up", "2026-01-05", "treated"),
                work("b", "success_manager", "2024-01-05"),
                work("d", "follow_up", "2025-06-05", "control"),
            ],
        )
    )
    assert found[["customer_id", "first", "second", "worked"]].to_numpy().tolist() == [
        ["a", 3, 8, False],
        ["a", 8, 7, True],
        ["b", 5, 6, True],
        ["d", 2, 4, False],
    ]


def test_first_complaints(book: Callable[..., Workbook]) -> None:
    solved = {"first_solved_at": "2026-01-08", "last_solved_at": "2026-01-08", "reopens": 0, "topic": "bug"}
    laid = book(
        subscriptions=[LOST_EARLY, term("a", "2025-01-10", "2026-03-01"), term("b", "2025-01-10")],
        tickets=[
            ticket("1", "a", "2025-12-05", is_complaint=False, **solved),
            ticket("2", "a", "2026-01-05", is_complaint=True, severity="severe", **solved),
            ticket("3", "a", "2026-01-09", is_complaint=True, reopens=0, topic="other"),
            ticket("4", "b", "2026-11-05", is_complaint=True, reopens=0, topic="other"),  # after the cut
        ],
    )
    found = roi.complaints(laid)
    assert found[["customer_id", "held", "severity"]].to_numpy().tolist() == [["a", True, "severe"]]


# ------------------------------------------------------------------------------------------- what is computed


def lots(**columns: Any) -> pd.DataFrame:
    """Return 120 drawn for a call, of whom 30 left, and 120 drawn for none, of whom 48 did."""
    drawn = pd.Timestamp("2025-01-01")
    left = [pd.Timestamp("2025-02-01") if k < 30 or 120 <= k < 168 else pd.NaT for k in range(240)]
    usual = {
        "customer_id": [f"c{k}" for k in range(240)],
        "arm": ["treated"] * 120 + ["control"] * 120,
        "since": drawn,
        "started_at": drawn,
        "observed_from": drawn,
        "mrr": 100.0,
        "ended_at": left,
    }
    return pd.DataFrame(usual | columns)


def test_the_trial_is_a_difference_of_shares_where_everybody_was_followed() -> None:
    """30 of 120 called left, 48 of 120 not called: Newcombe's interval of the two shares, but for Kaplan-Meier's."""
    rows = lots()
    treated, control = (roi.left_by(rows, arm, CUT, [180])[180] for arm in ("treated", "control"))
    effect = roi.effect(rows, CUT, 180)
    assert (treated.value, control.value) == pytest.approx((0.25, 0.40))
    assert effect.value == pytest.approx(-0.15)
    assert (effect.low, effect.high) == pytest.approx((-0.264, -0.032), abs=0.005)
    gain = roi.kept_by(rows[rows["arm"] == "treated"], rows[rows["arm"] == "control"], CUT, 6, "mrr")
    # in the middle of the second month, for the rest of six
    assert gain.months.value == pytest.approx(0.15 * 4.5)
    with pytest.raises(UntoldError, match="followed for longer"):
        roi.effect(lots(since=pd.Timestamp("2026-10-01"), ended_at=pd.NaT), CUT, 180)


def drawn_evenly(months: int = 24, a_month: int = 20) -> pd.DataFrame:
    """Return draws, as many each month; a quarter of them leave a month later."""
    count = np.arange(months * a_month)
    since = pd.Timestamp("2024-11-01") + pd.to_timedelta(30.4375 * (count // a_month), "D")
    left = pd.Series(since + pd.Timedelta(days=30)).where(count % 4 < 1)
    arm = np.where(count // 2 % 2 == 0, "treated", "control")
    columns = {"customer_id": count, "arm": arm, "since": since, "ended_at": left}
    return pd.DataFrame(columns | {"bucket": count // 4 % 64})


def test_the_interval_of_a_trial_narrows_with_its_months() -> None:
    """Ten drawn a month for two years: four times the customers, half the width."""
    rows = drawn_evenly()
    found, twice = roi.narrowing(roi.effect, rows, drawn_evenly()["since"].min(), CUT, 180)
    found = found.set_index("x")["value"]
    assert found.index.tolist() == [9, 11, 14, 18, 23]
    # whoever leaves does so a month on, and is known then: eight months of draws against 22
    assert found[9] / found[23] == pytest.approx(np.sqrt(22 / 8), rel=0.03)
    x, y = np.log(found.index.to_numpy(float)), np.log(found.to_numpy())
    assert twice.value == pytest.approx(2 ** np.polyfit(x, y, 1)[0] - 1)
    assert twice.high < -0.2
    assert (twice.unit, twice.n) == ("share", 480)
    with pytest.raises(UntoldError, match="followed for longer"):
        roi.narrowing(roi.effect, rows, drawn_evenly()["since"].min(), datetime(2025, 6, 1), 180)


def test_the_error_of_the_change_is_a_jackknife_over_groups() -> None:
    """Each group of customers is left out in turn, the long way round."""
    rows = drawn_evenly()
    _, twice = roi.narrowing(roi.effect, rows, drawn_evenly()["since"].min(), CUT, 180)
    whole = [
        roi.narrowing(roi.effect, rows[rows["bucket"] % 10 != group], drawn_evenly()["since"].min(), CUT, 180)[0]
        for group in range(10)
    ]
    slopes = np.array([np.polyfit(np.log(one["x"]), np.log(one["value"]), 1)[0] for one in whole])
    error = np.sqrt(9 / 10 * ((slopes - slopes.mean()) ** 2).sum())
    middle = np.log2(1 + twice.value)
    assert np.log2(1 + twice.high) - middle == pytest.approx(stats.t.ppf(0.975, 9) * error)


def test_onboarding_is_told_more_exactly_as_more_newcomers_come() -> None:
    """Twenty a month from July 2024 on, every second one onboarded, against five hundred before."""
    place = np.arange(560)
    start = pd.Timestamp("2024-07-02") + pd.to_timedelta(30.4375 * (place // 20), "D")
    early = pd.Timestamp("2022-01-05") + pd.to_timedelta(place[:500], "D")
    rows = people([str(one) for one in [*start, *early]])
    rows["bucket"] = np.arange(len(rows)) % 64
    rows["onboarded_at"] = rows["started_at"].where((np.arange(len(rows)) % 2 == 0) & (np.arange(len(rows)) < 560))
    rows["ended_at"] = (rows["started_at"] + pd.Timedelta(days=100)).where(np.arange(len(rows)) // 2 % 3 == 0)
    found, twice = roi.narrowing(roi.effect_of_onboarding, rows, roi.began(rows), CUT, 365)
    assert found["x"].min() == 15
    assert found["value"].is_monotonic_decreasing
    assert twice.high < 0


def test_how_many_customers_a_trial_needs() -> None:
    """Cohen (1988), table 2.4.1 by its formula: ((z + z) / h)^2 in each group."""
    h = 2 * np.arcsin(np.sqrt(0.20)) - 2 * np.arcsin(np.sqrt(0.15))
    expected = 2 * ((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / h) ** 2
    assert roi.needed(0.20, 0.25, 0.8) == np.ceil(expected)
    for share in (0.0, 1.0, np.nan):
        with pytest.raises(UntoldError):
            roi.needed(share, 0.25, 0.8)


def test_a_return_by_hand() -> None:
    """Two months more of 100 a month, 80 of them margin, for 200: 160 / 200 - 1."""
    kept = roi.margin_kept(number(2, 1, 5, "months"), 100, 0.8, "EUR")
    assert (kept.value, kept.low, kept.high, kept.unit) == (160, 80, 400, "EUR")
    found = roi.returned(kept, 200)
    assert (found.value, found.low, found.high) == pytest.approx((-0.2, -0.6, 1.0))
    assert not roi.returned(kept, np.nan).is_known


def test_one_more_customer_kept_by_hand() -> None:
    """Ten more in a hundred kept for 400 each: 4,000; between five and twenty in a hundred, 2,000 to 8,000."""
    found = roi.one_more(400.0, number(-0.1, -0.2, -0.05), "EUR")
    assert (found.value, found.low, found.high, found.unit) == pytest.approx((4000, 2000, 8000, "EUR"))
    maybe_none = roi.one_more(400.0, number(-0.1, -0.2, 0.01), "EUR")
    assert (maybe_none.value, maybe_none.low, maybe_none.high) == (4000, 2000, np.inf)
    none_so_far = roi.one_more(400.0, number(0.02, -0.1, 0.2), "EUR")
    assert (none_so_far.low, none_so_far.high, none_so_far.flags) == (4000, np.inf, ("not-reached",))
    assert words.value(EN, none_so_far) == "more than €4,000"
    for cost, lost in ((np.nan, number(-0.1, -0.2, 0.0)), (400.0, Estimate.unknown(3, "share difference"))):
        nothing = roi.one_more(cost, lost, "EUR")
        assert not nothing.is_known
        assert "not-reached" not in nothing.flags


def test_what_older_customers_saw_is_taken_off_per_customer_who_got_the_work() -> None:
    """Four points for all newcomers, half of whom got it, are eight of those who did; limits by Zou and Donner."""
    net = roi.net_of_times(number(-0.2, -0.3, -0.1), number(-0.04, -0.07, -0.01), 0.5)
    assert net.value == pytest.approx(-0.12)
    assert (net.low, net.high) == pytest.approx((-0.12 - np.hypot(0.1, 0.06), -0.12 + np.hypot(0.1, 0.06)))
    assert net.unit == "share difference"


def test_the_first_known_return_is_that_of_the_best_evidence() -> None:
    known, unknown = number(1, 0, 2, "ratio"), Estimate.unknown(0, "ratio")
    assert roi.first_known((known, "calls"), (known, "onboarding")) == (known, "calls")
    assert roi.first_known((unknown, "calls"), (known, "onboarding")) == (known, "onboarding")
    with pytest.raises(UntoldError, match="A cost of its own"):
        roi.first_known((unknown, "calls"), (unknown, "onboarding"))


def people(start: list[str], **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"started_at": pd.to_datetime(start)})
    usual: dict[str, Any] = {
        "customer_id": [f"c{k}" for k in range(len(rows))],
        "tier": "Team",
        "region": "UK",
        "observed_from": rows["started_at"],
        "ended_at": pd.NaT,
        "end_reason": None,
        "mrr": 100.0,
        "manager_at": pd.NaT,
        "manager_score": np.nan,
        "onboarded_at": pd.NaT,
    }
    rows = rows.assign(**(usual | columns))
    times = ["observed_from", "ended_at", "manager_at", "onboarded_at"]
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in times})


def test_managers_are_compared_at_the_same_landmark() -> None:
    """A manager after the landmark, or an end before it, or no year behind it, does not count for managers."""
    with_it = np.arange(200) < 80
    lost = np.where(with_it, np.arange(200) % 10 == 0, np.arange(200) % 4 == 0)
    rows = people(
        ["2024-01-01"] * 200,
        manager_at=np.where(with_it, "2024-01-15", None),
        ended_at=np.where(lost, "2024-08-01", None),
        end_reason=np.where(np.arange(200) % 20 == 0, "payment", "voluntary"),
    )
    more = people(
        ["2024-01-01", "2024-01-01", "2026-05-01"],
        customer_id=["late", "gone", "young"],
        manager_at=["2024-03-01", "2024-01-05", "2026-05-02"],
        ended_at=[None, "2024-01-20", None],
    )
    begun = roi.landmarked(pd.concat([rows, more], ignore_index=True), "started_at", 31, 365, CUT)
    assert len(begun) == 201  # the late one is among those without
    assert begun["managed"].sum() == 80
    assert begun["unpaid"].sum() == 4 + 6
    found = roi.alike(begun, "lost", "managed", "tier, revenue, region")
    assert found.treated.value == pytest.approx(0.1)
    assert found.control.value == pytest.approx(30 / 121)
    assert found.difference.value == pytest.approx(0.1 - 30 / 121, abs=1e-6)
    assert roi.plain(begun, "managed").value == pytest.approx(0.1 - 30 / 121)
    with pytest.raises(UntoldError, match="drawing by lot"):
        roi.alike(begun[begun["managed"]], "lost", "managed", "tier")
    with pytest.raises(MeasureError, match='there is no column "teir"; did you mean "tier"'):
        roi.alike(begun, "lost", "managed", "revenue, teir")


def test_groups_that_do_not_point_the_way_of_all() -> None:
    rows = people(["2024-01-01"] * 200, tier=np.where(np.arange(200) < 100, "Team", "Starter"))
    rows = rows.assign(managed=np.arange(200) % 2 == 0, lost=np.arange(200) % 4 == 0)
    parts = roi.plain_by(rows, "managed", "tier")
    assert {name: gap.value for name, gap in parts.items()} == {"Starter": 0.5, "Team": 0.5}
    both = roi.plain_by(rows.assign(region=np.where(np.arange(200) % 4 < 2, "UK", "DACH")), "managed", "tier, region")
    # of those with a manager in the UK all are lost, elsewhere none; nobody without one
    assert {name: gap.value for name, gap in both.items()} == {
        f"{tier}, {region}": float(region == "UK") for tier in ("Starter", "Team") for region in ("DACH", "UK")
    }
    whole = number(-0.1, -0.2, 0.0)
    mixed = {"a": number(-0.2, -0.3, 0), "b": number(0.05, 0, 0.1), "c": number(0.15, 0, 0.3)}
    assert roi.other_way(whole, mixed) == (2, mixed["c"])
    assert roi.other_way(whole, {"a": mixed["a"]}) == (0, mixed["a"])
    assert roi.other_way(whole, {}) == (0, whole)


def test_onboarding_is_what_changed_when_it_began_divided_by_those_who_got_it() -> None:
    """Before, half leave in month four; afterwards, of the half that is onboarded nobody, of the others half."""
    start = ["2024-01-01"] * 100 + ["2025-01-01"] * 100
    got = np.arange(200) >= 150
    leaves = (np.arange(200) % 2 == 0) & ~got
    rows = people(
        start,
        onboarded_at=np.where(got, "2025-01-05", None),
        ended_at=pd.Series(pd.to_datetime(start) + pd.Timedelta(days=105)).where(leaves),
    )
    since = roi.began(rows)
    assert since == pd.Timestamp("2025-01-01")
    later = rows["started_at"] >= since
    by_number, by_revenue = (
        roi.kept_by(rows[later], rows[~later], CUT, 24, weight, "onboarded_at") for weight in ("", "mrr")
    )
    assert [share.value for share in by_number.share[:5]] == pytest.approx([0, 0, 0, 0.5, 0.5])
    assert len(by_number.share) == 21  # whole months from January 2025 to October 2026
    assert by_number.months.value == pytest.approx(0.5 * 17.5)
    assert by_revenue.months.value == pytest.approx(by_number.months.value)  # all pay the same
    assert roi.lost_by(by_number, 365).value == pytest.approx(-0.5)
    assert not roi.lost_by(by_number, 730).is_known
    a_year_on = roi.landmarked(rows[later], "started_at", 0, 365, CUT)
    assert roi.plain(a_year_on, "onboarded").value == pytest.approx(-0.5)
    with pytest.raises(UntoldError):
        roi.older(rows, since, CUT)  # nobody was older than a year before


def test_onboarding_needs_a_beginning_and_enough_customers() -> None:
    with pytest.raises(UntoldError, match="with a beginning"):
        roi.began(people(["2024-01-01"] * 50))
    always = people(["2024-01-01"] * 50, onboarded_at=["2023-12-31"] * 50)
    with pytest.raises(UntoldError, match="twenty"):
        roi.kept_by(always, always[:0], CUT, 24, got="onboarded_at")


def test_older_customers_who_leave_more_often_after_a_day() -> None:
    """Ten of a hundred in a year before it, thirty of ninety in the year after: rates by the years watched."""
    left = [pd.Timestamp("2024-07-01")] * 10 + [pd.Timestamp("2025-07-01")] * 30 + [pd.NaT] * 60
    rows = people(["2023-01-01T18:00"] * 100, ended_at=left, observed_from=["2023-01-01T18:00"] * 100)
    found = roi.older(rows, datetime(2025, 1, 1), datetime(2026, 1, 1))
    before, after = 90 + 10 * 182 / 365.25 + 90 / 365.25, 60 * 365 / 365.25 + 30 * 181 / 365.25
    assert found.value == pytest.approx(np.exp(-10 / before) - np.exp(-30 / after), abs=1e-3)
    assert (found.low > 0, found.n) == (True, 10)


def test_the_mean_of_scores() -> None:
    found = roi.mean(pd.Series([10.0, 20.0, 30.0, 40.0, 50.0, np.nan]))
    half = stats.t.ppf(0.975, 4) * np.std([10, 20, 30, 40, 50], ddof=1) / np.sqrt(5)
    assert (found.value, found.low, found.high, found.n) == pytest.approx((30, 30 - half, 30 + half, 5))
    assert not roi.mean(pd.Series([10.0])).is_known


def test_handling_leaves_out_who_left_before_it_was_known() -> None:
    rows = pd.DataFrame(
        {
            "since": pd.to_datetime(["2025-01-01"] * 200),
            "held": np.arange(200) % 2 == 0,
            "severity": "severe",
            "tier": "Team",
            "mrr": 100.0,
            "ended_at": pd.Series(pd.NaT, index=range(200), dtype="datetime64[ns]"),
        }
    )
    rows.loc[rows.index % 4 == 1, "ended_at"] = pd.Timestamp("2025-03-01")
    rows.loc[[0, 2], "ended_at"] = pd.Timestamp("2025-01-10")
    found = roi.alike(roi.landmarked(rows, "since", 14, 180, CUT), "lost", "held", "severity, tier, revenue")
    assert (found.treated.value, found.treated.n) == (0, 98)
    assert found.control.value == pytest.approx(0.5)
    with pytest.raises(UntoldError):
        roi.strength(found.ratio)  # there is no ratio to nobody


# ------------------------------------------------------------------------------------------- as a whole


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return workbook_of(simulate(), tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def study(company: Workbook) -> Study:
    return run(NOTEBOOK, company)


@pytest.mark.slow
def test_a_company_with_too_small_a_trial_is_told_so(study: Study) -> None:
    finding = study.finding("follow-up-keeps-customers")
    assert finding.verdict == "cannot-tell"
    assert "customers are needed in each group" in finding.needed
    assert study.untold == ()


@pytest.mark.slow
def test_a_company_where_the_plain_comparison_of_managers_misleads(study: Study) -> None:
    naive = study.finding("success-managers-naive").estimate
    assert naive is not None
    assert naive.high < 0
    assert study.finding("success-keeps-customers").verdict == "cannot-tell"
    trouble = study.finding("success-managers-in-trouble").values
    assert trouble["later"].high < trouble["start"].low  # type: ignore[union-attr]
    worst = study.finding("success-picked-the-worst")
    assert worst.verdict == "supported"
    assert worst.estimate is not None
    assert worst.estimate.low <= float(worst.values["expected"].value) <= worst.estimate.high  # type: ignore[union-attr]


@pytest.mark.slow
def test_an_assumption_changes_what_is_said_shown_and_how_it_was_made(company: Workbook, study: Study) -> None:
    other = run(NOTEBOOK, company, horizon=90, worth=0.5)
    text = other.exhibits["finding-follow-up-keeps-customers"].text
    assert "within 90 days" in text
    assert "fall by 50.0% of itself" in text
    assert other.exhibits["trial"].frame["x"].max() == 90
    usual, sooner = (estimates(one.exhibits["kept"].frame)[-1] for one in (study, other))
    assert abs(sooner.value) != abs(usual.value)
    methods = {term: text for record in other.records for term, text in record.get("methods", {}).items()}
    assert "ended within 90 days" in methods["Follow-up drawn by lot"]
    assert "for a fall by 50.0% of the control share" in methods["Follow-up drawn by lot"]


@pytest.mark.slow
def test_without_costs_there_is_no_return_but_what_the_work_kept(tmp_path: Path) -> None:
    world = simulate()
    tables = {name: rows for name, rows in tables_of(world).items() if name != "costs"}
    study = run(NOTEBOOK, lay(tables, tmp_path))
    assert study.finding("success-return").verdict == "cannot-tell"
    assert "What support, success and delivery cost month by month would tell." in study.untold
    assert study.finding("success-onboarding-keeps").estimate is not None
    assert study.finding("follow-up-keeps-customers").estimate is not None
    assert study.finding("cost-to-keep-one-more").verdict == "cannot-tell"


@pytest.mark.slow
def test_without_success_work_nothing_is_said_of_how_exactly_it_is_known(tmp_path: Path) -> None:
    tables = {name: rows for name, rows in tables_of(simulate()).items() if name != "interventions"}
    study = run(NOTEBOOK, lay(tables, tmp_path))
    assert study.finding("history-makes-accurate").verdict == "cannot-tell"
    assert study.finding("history-makes-accurate").estimate is None


@pytest.mark.slow
def test_the_answer_begins_with_what_was_measured(study: Study) -> None:
    """Each question that stays open is named once, in one sentence."""
    said = [str(record["finding"]) for record in study.records if "finding" in record]
    assert said[:5] == [
        "success-onboarding-keeps",
        "success-onboarding-net",
        "success-return",
        "cost-to-keep-one-more",
        "success-not-told",
    ]
    assert study.finding("follow-up-keeps-customers").verdict == "cannot-tell"
    open_still = str(study.finding("success-not-told").values["open"])
    assert open_still.count("whether calls after a problem keep customers") == 1
