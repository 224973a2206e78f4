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
        return Workbook(desk("2026-11-09", folder=f"desk{next(numbers)}", **tables), Month.parse(month), EN)

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


def test_first_complaints_and_ends_by_month(book: Callable[..., Workbook]) -> None:
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
    months = roi.months_watched(laid)
    assert months["watched"].sum()[-12:].tolist() == [2] * 4 + [1] * 8  # a's last month is February
    assert months["ended"].sum().iloc[-9] == months["ended"].to_numpy().sum() == 1


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


def test_the_interval_of_a_trial_narrows_with_its_months() -> None:
    """Ten drawn a month for two years: four times the customers, half the width."""
    since = pd.Timestamp("2024-11-01") + pd.to_timedelta(30.4375 * (np.arange(480) // 20), "D")
    left = pd.Series(since + pd.Timedelta(days=30)).where(np.arange(480) % 4 < 1)
    arm = np.where(np.arange(480) // 2 % 2 == 0, "treated", "control")
    rows = pd.DataFrame({"customer_id": np.arange(480), "arm": arm, "since": since, "ended_at": left})
    found = roi.narrowing(rows, CUT, 180).set_index("x")["value"]
    assert found.index.tolist() == list(range(7, 24))
    assert found[7] / found[22] == pytest.approx(2, rel=0.15)  # followed for six months: 4 draws against 16
    with pytest.raises(UntoldError):
        roi.narrowing(rows, datetime(2025, 6, 1), 180)


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
    half = 1.96 * np.std([10, 20, 30, 40, 50], ddof=1) / np.sqrt(5)
    assert (found.value, found.low, found.high, found.n) == pytest.approx((30, 30 - half, 30 + half, 5))
    assert not roi.mean(pd.Series([10.0])).is_known


def history(ended: np.ndarray) -> pd.DataFrame:
    return pd.concat({"watched": pd.DataFrame(np.full(ended.shape, 100.0)), "ended": pd.DataFrame(ended)}, axis=1)


def test_the_width_falls_with_the_square_root_of_the_months() -> None:
    months = history(np.full((64, 36), 2.0))
    half, slope = roi.exactness(months)
    assert slope.value == pytest.approx(-0.5, abs=0.005)
    assert slope.high < -0.49
    assert half["x"].tolist() == list(range(3, 37))
    assert half["value"].iloc[0] / half["value"].iloc[-1] == pytest.approx(np.sqrt(36 / 3), rel=0.01)
    assert roi.drift(months).value == 0


def test_the_error_of_the_slope_is_a_jackknife_over_groups() -> None:
    """Each group is left out in turn, the long way round."""
    ended = np.random.default_rng(1).poisson(2.0, (5, 8)).astype(float)
    _, slope = roi.exactness(history(ended))
    without = np.array([roi.exactness(history(np.delete(ended, group, 0)))[1].value for group in range(5)])
    error = np.sqrt(4 / 5 * ((without - without.mean()) ** 2).sum())
    assert slope.high - slope.value == pytest.approx(1.96 * error)


def test_a_changed_past_is_noticed() -> None:
    ended = np.full((64, 36), 2.0)
    ended[:, :18] = 4.0
    assert roi.drift(history(ended)).high < 0


def test_a_history_needs_half_a_year(book: Callable[..., Workbook]) -> None:
    with pytest.raises(UntoldError, match="half a year"):
        roi.months_watched(book(subscriptions=[term("zz", "2026-06-01", "2026-07-05"), term("a", "2026-07-10")]))


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
