"""Return on investment: what is read, by hand; every sentence; and a simulated company as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cxlib.exhibits.said import sentence
from scipy import stats

from calibrate.harness import workbook_of
from company import simulate
from cxlib.estimate import Estimate
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.models.kept import Gain, Kept
from cxlib.models.regression_to_mean import Movement
from cxlib.models.sensitivity import EValue
from cxlib.models.staggered import NEVER, Effects, PreTrend, TwoWay
from cxlib.models.weighting import Compared, Overlap
from cxlib.period import Month
from cxlib.studies import Study, run_study
from cxlib.studies.evidence import Curves, Forest, Sheet
from cxlib.studies.return_on_investment import said
from cxlib.studies.return_on_investment.answers import compared_returns, told_above, told_below
from cxlib.studies.return_on_investment.books import Ends, Year, cost_of_each, ends, ticket_months, year
from cxlib.studies.return_on_investment.data import complaints, newcomers, score_pairs, trial
from cxlib.studies.return_on_investment.found import Found, Return
from cxlib.studies.return_on_investment.money import (
    Handling,
    counted_as_saved,
    handling,
    manager_cost,
    manager_must_keep,
    returned,
    solution_must_keep,
)
from cxlib.studies.return_on_investment.picked import History, history
from cxlib.studies.return_on_investment.tickets import Tickets
from cxlib.studies.return_on_investment.trial import Trial, needed, run_trial
from cxlib.studies.return_on_investment.work import Managers, Onboarding, managers, onboarding
from cxlib.workbook import Workbook
from desk import Desk

Row = dict[str, Any]
EN = Language("en")
CUT = pd.Timestamp("2026-10-31")


def number(value: float, low: float, high: float, unit: str = "share difference", n: int = 100) -> Estimate:
    return Estimate(value, low, high, n, unit, "")


UNKNOWN = Estimate(np.nan, np.nan, np.nan, 0, "share difference", "", ("no-data",))
NOTHING = Found("EUR", (), None, pd.DataFrame(columns=["months", "half"], dtype=float), *([None] * 8))


def say(finding: Finding) -> str:
    return sentence(EN, finding)


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
    found = newcomers(
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
        )
    ).set_index("customer_id")
    assert list(found.index) == ["a", "b"]
    assert found.loc["a", "manager_at"] == pd.Timestamp("2025-01-20")
    assert found.loc["a", "manager_score"] == 60
    assert found.loc["a", "onboarded_at"] == pd.Timestamp("2025-01-12")
    assert pd.isna(found.loc["a", "ended_at"])
    assert found.loc["b", "end_reason"] == "payment"
    assert found.loc["b", ["manager_at", "onboarded_at"]].isna().all()


def test_only_the_first_draw_of_a_customer_counts(book: Callable[..., Workbook]) -> None:
    found = trial(
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
        )
    )
    assert found[["customer_id", "arm"]].to_numpy().tolist() == [["a", "control"], ["b", "treated"]]
    assert found["ended_at"].tolist()[0] == pd.Timestamp("2025-09-01")
    assert pd.isna(found["ended_at"].tolist()[1])


def ticket(name: str, customer: str, at: str, **more: Any) -> Row:
    return {"ticket_id": name, "customer_id": customer, "created_at": at} | more


def test_tickets_by_month_of_settled_customers(book: Callable[..., Workbook]) -> None:
    found = ticket_months(
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
        )
    )
    # from 2025-08, when b was settled, to 2026-03; a is settled from 2025-10 on, b's last month is not whole
    assert found.tickets.outcome[0] == pytest.approx([np.nan, np.nan, 0, 0, 0, 0, 2, 0], nan_ok=True)
    assert found.questions.outcome[0] == pytest.approx([np.nan, np.nan, 0, 0, 0, 0, 1, 0], nan_ok=True)
    assert found.tickets.outcome[1] == pytest.approx([0, 0, 0, 0, 0, 0, np.nan, np.nan], nan_ok=True)
    assert found.tickets.start.tolist() == [5, NEVER]


def cost(team: str, kind: str, month: str, amount: float) -> Row:
    return {"team": team, "kind": kind, "month": f"{month}-01", "amount": amount, "currency": "EUR"}


def test_the_cost_of_one_piece_of_work(book: Callable[..., Workbook]) -> None:
    laid = book(
        interventions=[work(name, "onboarding", "2026-09-05") for name in "abc"]
        + [work("d", "onboarding", "2026-08-05"), work("e", "onboarding", "2026-10-05", "control")],
        costs=[cost("success", "onboarding", "2026-09", 900), cost("success", "salaries", "2026-09", 5000)],
    )
    assert cost_of_each(laid, "onboarding") == 300
    assert np.isnan(cost_of_each(laid, "follow_up"))


def test_the_year_in_the_books(book: Callable[..., Workbook]) -> None:
    found = year(
        book(
            subscriptions=[term("a", "2025-01-10"), term("b", "2026-05-01", amount=200)],
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
    assert (found.managed, found.managed_revenue) == (7 / 12, 700)
    assert found.worked_revenue == 700 + 1200
    assert (found.tickets, found.held) == (2, 1)
    assert manager_cost(found) == pytest.approx(700 / (7 / 12))
    assert manager_must_keep(found) == pytest.approx(700 / (700 * 0.8))
    assert solution_must_keep(found) == pytest.approx(900 / (2400 * 0.8 / 1.5))
    assert counted_as_saved(found) == pytest.approx((1900 * 0.8 - 750) / 750)


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

    found = score_pairs(
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
    found = complaints(laid)
    assert found[["customer_id", "held", "severity"]].to_numpy().tolist() == [["a", True, "severe"]]
    months = ends(laid)
    assert months.watched.sum(axis=0)[-12:].tolist() == [2] * 4 + [1] * 8  # a's last month is February
    assert months.ended.sum(axis=0)[-9] == months.ended.sum() == 1


# ------------------------------------------------------------------------------------------- what is computed


def test_the_trial_is_a_difference_of_shares_where_everybody_was_followed() -> None:
    """30 of 120 called left, 48 of 120 not called: Newcombe's interval of the two shares, but for Kaplan-Meier's."""
    rows = pd.DataFrame(
        {
            "customer_id": [f"c{k}" for k in range(240)],
            "arm": ["treated"] * 120 + ["control"] * 120,
            "assigned_at": pd.Timestamp("2025-01-01"),
            "mrr": 100.0,
            "ended_at": [pd.Timestamp("2025-02-01") if k < 30 or 120 <= k < 168 else pd.NaT for k in range(240)],
        }
    )
    found = run_trial(rows, int(CUT.timestamp()))
    assert found is not None
    assert (found.treated.value, found.control.value) == pytest.approx((0.25, 0.40))
    assert found.effect.value == pytest.approx(-0.15)
    assert (found.effect.low, found.effect.high) == pytest.approx((-0.264, -0.032), abs=0.005)
    assert found.gain is not None
    assert found.gain.months.value == pytest.approx(
        0.15 * 4.5
    )  # in the middle of the second month, for the rest of six
    assert found.mean_mrr == 100
    late = run_trial(rows.assign(assigned_at=pd.Timestamp("2026-10-01"), ended_at=pd.NaT), int(CUT.timestamp()))
    assert late is not None
    assert not late.effect.is_known
    assert run_trial(rows[rows["arm"] == "treated"], int(CUT.timestamp())) is None


def test_how_many_customers_a_trial_needs() -> None:
    """Cohen (1988), table 2.4.1 by its formula: ((z + z) / h)^2 in each group."""
    h = 2 * np.arcsin(np.sqrt(0.20)) - 2 * np.arcsin(np.sqrt(0.15))
    expected = 2 * ((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / h) ** 2
    assert needed(0.20) == np.ceil(expected)
    assert needed(0.0) == needed(1.0) == needed(np.nan) == 0


def test_a_return_by_hand() -> None:
    """Two months more of 100 a month, 80 of them margin, for 200: 160 / 200 - 1."""
    found = returned(number(2, 1, 5, "months"), 100, 0.8, 200)
    assert (found.value, found.low, found.high) == pytest.approx((-0.2, -0.6, 1.0))
    assert not returned(number(2, 1, 5, "months"), 100, np.nan, 200).is_known
    assert not returned(number(2, 1, 5, "months"), 100, 0.8, np.nan).is_known


def people(start: list[str], **columns: Any) -> pd.DataFrame:
    rows = pd.DataFrame({"started_at": pd.to_datetime(start)})
    usual: dict[str, Any] = {
        "customer_id": [f"c{k}" for k in range(len(rows))],
        "tier": "Team",
        "region": "UK",
        "observed_from": rows["started_at"],
        "ended_at": pd.NaT,
        "end_reason": None,
        "first_mrr": 100.0,
        "manager_at": pd.NaT,
        "manager_score": np.nan,
        "onboarded_at": pd.NaT,
    }
    rows = rows.assign(**(usual | columns))
    times = ["observed_from", "ended_at", "manager_at", "onboarded_at"]
    return rows.assign(**{name: pd.to_datetime(rows[name]) for name in times})


def test_managers_are_compared_at_the_same_landmark() -> None:
    """A manager after the landmark, or an end before it, or no year behind it, does not count for managers."""
    begun = ["2024-01-01"] * 200
    with_it = np.arange(200) < 80
    lost = np.where(with_it, np.arange(200) % 10 == 0, np.arange(200) % 4 == 0)
    rows = people(
        begun,
        manager_at=np.where(with_it, "2024-01-15", None),
        ended_at=np.where(lost, "2024-08-01", None),
    )
    more = people(
        ["2024-01-01", "2024-01-01", "2026-05-01"],
        customer_id=["late", "gone", "young"],
        manager_at=["2024-03-01", "2024-01-05", "2026-05-02"],
        ended_at=[None, "2024-01-20", None],
    )
    found = managers(pd.concat([rows, more], ignore_index=True), CUT).found
    assert found.overlap.kept.sum() == 201  # the late one is among those without
    assert found.treated.value == pytest.approx(0.1)
    assert found.control.value == pytest.approx(30 / 121)
    assert found.difference.value == pytest.approx(0.1 - 30 / 121, abs=1e-6)


def test_onboarding_is_what_changed_when_it_began_divided_by_those_who_got_it() -> None:
    """Before, half leave in month four; afterwards, of the half that is onboarded nobody, of the others half."""
    before = ["2024-01-01"] * 100
    after = ["2025-01-01"] * 100
    got = np.arange(200) >= 150
    leaves = (np.arange(200) % 2 == 0) & ~got
    start = pd.to_datetime([*before, *after])
    rows = people(
        [*before, *after],
        onboarded_at=np.where(got, "2025-01-05", None),
        ended_at=pd.Series(start + pd.Timedelta(days=105)).where(leaves),
    )
    found = onboarding(rows, CUT)
    assert found is not None
    assert found.since == pd.Timestamp("2025-01-01")
    assert found.took == 0.5
    assert [share.value for share in found.customers.share[:5]] == pytest.approx([0, 0, 0, 0.5, 0.5])
    assert found.horizon == 21  # whole months from January 2025 to October 2026
    assert found.customers.months.value == pytest.approx(0.5 * 17.5)
    assert found.revenue.months.value == pytest.approx(found.customers.months.value)  # all pay the same
    assert found.naive.value == pytest.approx(-0.5)
    assert not found.older.is_known  # nobody was older than a year before


def test_onboarding_needs_a_beginning_and_enough_customers() -> None:
    assert onboarding(people(["2024-01-01"] * 50), CUT) is None
    always = people(["2024-01-01"] * 50, onboarded_at=["2023-12-31"] * 50)
    assert onboarding(always, CUT) is None


def test_the_width_falls_with_the_square_root_of_the_months() -> None:
    watched, ended = np.full((64, 36), 100.0), np.zeros((64, 36))
    ended[:, :] = 2.0
    found = history(Ends(watched, ended))
    assert found is not None
    assert found.slope.value == pytest.approx(-0.5, abs=0.005)
    assert found.slope.high < -0.49
    assert found.half[0] / found.half[-1] == pytest.approx(np.sqrt(36 / 3), rel=0.01)
    assert found.drift.value == 0
    assert history(Ends(watched[:, :5], ended[:, :5])) is None
    assert history(Ends(np.empty((0, 0)), np.empty((0, 0)))) is None


def test_a_changed_past_is_noticed() -> None:
    watched, ended = np.full((64, 36), 100.0), np.full((64, 36), 2.0)
    ended[:, :18] = 4.0
    found = history(Ends(watched, ended))
    assert found is not None
    assert found.drift.high < 0


def test_handling_leaves_out_who_left_before_it_was_known() -> None:
    rows = pd.DataFrame(
        {
            "created_at": pd.to_datetime(["2025-01-01"] * 200),
            "held": np.arange(200) % 2 == 0,
            "severity": "severe",
            "tier": "Team",
            "region": "UK",
            "mrr": 100.0,
            "ended_at": pd.Series(pd.NaT, index=range(200), dtype="datetime64[ns]"),
        }
    )
    rows.loc[rows.index % 4 == 1, "ended_at"] = pd.Timestamp("2025-03-01")
    rows.loc[[0, 2], "ended_at"] = pd.Timestamp("2025-01-10")
    found = handling(rows, CUT)
    assert (found.found.treated.value, found.found.treated.n) == (0, 98)
    assert found.found.control.value == pytest.approx(0.5)
    assert found.strength is None  # there is no ratio to nobody


# ------------------------------------------------------------------------------------------- what is said


@pytest.mark.parametrize(
    ("estimate", "verdict"),
    [
        (number(-0.1, -0.2, -0.01), "supported"),
        (number(-0.02, -0.04, 0.02), "not-supported"),
        (number(0.1, 0.05, 0.2), "not-supported"),
        (number(-0.02, -0.1, 0.05), "cannot-tell"),
        (UNKNOWN, "cannot-tell"),
        (replace(number(-0.1, -0.2, -0.01), flags=("suppressed",)), "cannot-tell"),
    ],
)
def test_a_fall_is_shown_or_not_worth_having_or_cannot_be_told(estimate: Estimate, verdict: str) -> None:
    assert told_below(estimate, 0.05) == verdict


def test_above_zero_below_zero_or_not_to_be_told() -> None:
    assert told_above(number(1, 0.5, 2)) == "supported"
    assert told_above(number(-1, -2, -0.5)) == "not-supported"
    assert told_above(number(1, -1, 2)) == told_above(UNKNOWN) == "cannot-tell"


def a_trial(effect: Estimate, control: float = 0.2) -> Trial:
    rate = number(control, control - 0.05, control + 0.05, "share")
    curves = pd.DataFrame([("Drawn for a call", 0, 0.0, 0.0, 0.01)], columns=["series", "x", "value", "low", "high"])
    return Trial(rate, rate, effect, needed(control), 20.0, None, 100.0, curves)


@pytest.mark.parametrize(
    ("effect", "verdict", "words"),
    [
        (number(-0.1, -0.15, -0.05), "supported", "Calling customers after a problem keeps them: 20.0% of those drawn"),
        (number(0.0, -0.03, 0.03), "not-supported", "does not keep them to any extent worth having"),
        (number(-0.03, -0.11, 0.05), "cannot-tell", "cannot be told yet"),
    ],
)
def test_follow_up(effect: Estimate, verdict: str, words: str) -> None:
    finding = said(replace(NOTHING, trial=a_trial(effect))).finding("follow-up-keeps-customers")
    assert finding.verdict == verdict
    assert words in say(finding)
    assert finding.estimate == effect
    if verdict == "cannot-tell":
        assert "The calls may have done anything from −11.0 to +5.0 points." in say(finding)
        assert f"{needed(0.2)} customers are needed in each group; 20 a month are drawn" in say(finding)


def test_a_trial_that_is_large_enough_says_so() -> None:
    small = said(replace(NOTHING, trial=a_trial(number(-0.1, -0.15, -0.05)))).finding("follow-up-size")
    assert "that takes 7.5 years of drawing" in say(small)
    its = a_trial(number(-0.1, -0.15, -0.05))
    many = replace(its, treated=replace(its.treated, n=5000), control=replace(its.control, n=5000))
    large = said(replace(NOTHING, trial=many)).finding("follow-up-size")
    assert "one leaver in four prevented would be seen in four of five such trials" in say(large)


def a_return(low: float, high: float, work: str = "Onboarding") -> Return:
    value = number((low + high) / 2, low, high, "ratio")
    return Return(work, 400.0, 24, number(500, 100, 900, "EUR"), value)


@pytest.mark.parametrize(
    ("low", "high", "work", "verdict", "words"),
    [
        (0.2, 0.8, "Onboarding", "supported", "Onboarding earned more than it cost: €400 a customer, against €500"),
        (-0.9, -0.1, "Onboarding", "not-supported", "Onboarding did not earn its cost"),
        (-1.0, 2.0, "Onboarding", "cannot-tell", "Whether success work earns its cost cannot be told yet. Onboarding"),
        (0.2, 0.8, "The follow-up call", "supported", "The follow-up call earned more than it cost"),
    ],
)
def test_return(low: float, high: float, work: str, verdict: str, words: str) -> None:
    finding = said(replace(NOTHING, success=a_return(low, high, work))).finding("success-return")
    assert finding.verdict == verdict
    assert words in say(finding)
    assert bool(finding.assumption) == (work == "Onboarding")


BOOKS = Year(1e6, 100.0, 0.8, 2e5, 1e5, 8e4, 40.0, 5e5, 7e5, 4000, 3000)


def test_why_there_is_no_return() -> None:
    def why(found: Found) -> str:
        return say(said(found).finding("success-return"))

    assert "What support, success and delivery cost month by month would tell." in why(NOTHING)
    assert "A list of the success work" in why(replace(NOTHING, books=BOOKS))
    tried = replace(NOTHING, books=BOOKS, trial=a_trial(number(-0.1, -0.15, -0.05)))
    assert "A cost of its own for each kind of success work would tell." in why(tried)
    assert "What support, success" in why(replace(tried, books=replace(BOOKS, margin=np.nan)))


def test_two_returns_are_compared_where_both_are_known() -> None:
    one, two = number(1.0, 0.8, 1.2, "ratio"), number(0.2, 0.0, 0.4, "ratio")
    assert compared_returns(one, two).verdict == "supported"
    assert "Success work returns more than support: 1.00 against 0.20" in say(compared_returns(one, two))
    assert "Success work returns less than support" in say(compared_returns(two, one))
    assert "cannot be told yet: 1.00 against 1.00" in say(compared_returns(one, one))
    unknown = said(replace(NOTHING, success=a_return(0.2, 0.8))).finding("success-over-support")
    assert unknown.verdict == "cannot-tell"
    assert "no export shows what customers without support would have done" in say(unknown)
    assert "sending some tickets by lot to a quicker or a more senior desk" in say(unknown)


def a_fall(effect: Estimate, rise: Estimate) -> Tickets:
    found = Effects({1: effect.value}, {1: 50}, {1: np.array([0.01, -0.01])}, 0.8)
    return Tickets(effect, found, rise, PreTrend(3.0, 3, 0.4), effect, TwoWay(-0.4, 0.2), 0.8)


@pytest.mark.parametrize(
    ("effect", "verdict", "words"),
    [
        (number(-0.2, -0.3, -0.1, "ratio difference"), "supported", "Customers write less once they have a success"),
        (number(0.0, -0.05, 0.05, "ratio difference"), "not-supported", "Customers do not write measurably less"),
        (number(-0.1, -0.3, 0.1, "ratio difference"), "cannot-tell", "anything from −0.30 to +0.10 fits the data"),
    ],
)
def test_tickets(effect: Estimate, verdict: str, words: str) -> None:
    study = said(replace(NOTHING, tickets=a_fall(effect, number(0.1, -0.1, 0.3, "ratio difference"))))
    finding = study.finding("success-lowers-tickets")
    assert finding.verdict == verdict
    assert words in say(finding)
    assert "did not write measurably more than usual" in say(study.finding("success-tickets-before"))
    assert "20.0% of its weight is negative" in say(study.finding("success-tickets-forbidden"))


def test_trouble_before_a_manager_came_is_told() -> None:
    its = a_fall(number(-0.2, -0.3, -0.1, "ratio difference"), number(0.3, 0.1, 0.5, "ratio difference"))
    before = said(replace(NOTHING, tickets=its)).finding("success-tickets-before")
    assert "they were picked while they had trouble" in say(before)


def a_programme(slope: Estimate, gained: Estimate, older: Estimate) -> Onboarding:
    table = Kept(np.ones(12), np.zeros((1, 12)), np.full(12, 50.0), np.ones(1))
    gain = Gain((number(0.1, 0.0, 0.2),) * 12, gained, slope)
    naive = number(-0.2, -0.3, -0.1)
    return Onboarding(CUT, 0.4, gain, gain, 12, table, table, 500.0, naive, older)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.001, 0.004, "supported", "The benefit of onboarding grows with time"),
        (-0.004, -0.001, "not-supported", "The benefit of onboarding shrinks with time"),
        (-0.004, 0.006, "cannot-tell", "anything from −0.4 to +0.6 points fits the data"),
    ],
)
def test_growth(low: float, high: float, verdict: str, words: str) -> None:
    its = a_programme(number((low + high) / 2, low, high), number(1, -1, 3, "months"), number(0.0, -0.1, 0.1))
    finding = said(replace(NOTHING, onboarding=its)).finding("success-benefits-grow")
    assert finding.verdict == verdict
    assert words in say(finding)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.5, 3.0, "each onboarded customer stayed 1.8 months longer for it"),
        (-3.0, -0.5, "onboarded customers stayed less long for it"),
        (-1.0, 3.0, "onboarding did not measurably change how long a customer stays"),
    ],
)
def test_what_onboarding_kept(low: float, high: float, words: str) -> None:
    its = a_programme(number(0, -1, 1), number((low + high) / 2, low, high, "months"), number(0.1, 0.05, 0.2))
    study = said(replace(NOTHING, onboarding=its))
    assert words in say(study.finding("success-onboarding-keeps"))
    assert "Part of what looks like onboarding is the times." in say(study.finding("success-onboarding-older"))


def some_managers(effect: Estimate, naive: Estimate, tiers: tuple[float, ...] = (), **more: Any) -> Managers:
    rate = number(0.2, 0.1, 0.3, "share")
    balance = pd.DataFrame({"covariate": ["revenue"], "before": [1.2], "after": [more.pop("after", 0.02)]})
    overlap = more.pop("overlap", Overlap(np.ones(100, bool), (), 0))
    ratio = more.pop("ratio", number(0.5, 0.3, 0.8, "ratio"))
    found = Compared(effect, rate, rate, ratio, naive, overlap, np.full(100, 0.5), (40.0, 30.0), balance, ("tier",))
    levels = tuple((f"tier {k}", number(value, value - 0.1, value + 0.1)) for k, value in enumerate(tiers))
    low, high = number(30, 28, 32, "points"), number(55, 53, 57, "points")
    return replace(Managers(found, number(0.0, -0.02, 0.02), naive, levels, low, high), **more)


@pytest.mark.parametrize(
    ("effect", "verdict", "words"),
    [
        (number(-0.1, -0.15, -0.05), "supported", "Newcomers who begin with a success manager stay more often"),
        (number(0.0, -0.04, 0.04), "not-supported", "do not stay more often to any extent worth having"),
        (number(-0.05, -0.2, 0.1), "cannot-tell", "the managers may have done anything from −20.0 to +10.0 points"),
    ],
)
def test_managers(effect: Estimate, verdict: str, words: str) -> None:
    study = said(replace(NOTHING, managers=some_managers(effect, number(-0.2, -0.3, -0.1))))
    finding = study.finding("success-keeps-customers")
    assert finding.verdict == verdict
    assert words in say(finding)
    assert study.finding("success-managers-naive").estimate == number(-0.2, -0.3, -0.1)


def test_doubts_about_managers() -> None:
    naive = number(-0.1, -0.2, -0.05)
    plain = said(replace(NOTHING, managers=some_managers(naive, naive, (-0.1, -0.2))))
    words = " ".join(say(doubt) for doubt in plain.doubts)
    assert "this is not what managers do" in words
    assert (
        "went to those in trouble: their health score was 30 on average, that of newcomers with a manager 55" in words
    )
    assert "differ nowhere by more than 0.02 standard deviations" in words
    assert "that loss must not differ, and it does not measurably" in words
    assert "makes both a manager and leaving 1.81 times as likely" in words
    turned = some_managers(
        naive,
        naive,
        (-0.1, 0.05, 0.15),
        after=0.4,
        failed=number(-0.1, -0.2, -0.05),
        later=number(54, 52, 56, "points"),
        ratio=number(0.9, 0.6, 1.3, "ratio"),
        overlap=Overlap(np.arange(100) > 9, (("tier", "Starter"),), 0),
    )
    words = " ".join(say(doubt) for doubt in said(replace(NOTHING, managers=turned)).doubts)
    assert "in 2 of 3 tiers it is not even of the same direction (+15.0 points in one)" in words
    assert "which shows no trouble" in words
    assert "still differ by up to 0.40 standard deviations (revenue)" in words
    assert "yet that loss differs as well" in words
    assert "It takes no unknown cause" in words
    assert "10 newcomers have nobody to be compared with and are left out, 90 remain" in words
    assert "(Starter)" in words
    beyond = some_managers(naive, naive, overlap=Overlap(np.arange(100) > 4, (), 5))
    words = " ".join(say(doubt) for doubt in said(replace(NOTHING, managers=beyond)).doubts)
    assert "as good as always, or never, begin with a manager" in words


def test_too_few_managers_are_not_shown() -> None:
    few = replace(number(-0.1, -0.15, -0.05), flags=("suppressed",))
    finding = said(replace(NOTHING, managers=some_managers(few, UNKNOWN))).finding("success-keeps-customers")
    assert finding.verdict == "cannot-tell"
    assert "too few newcomers that are alike" in say(finding)


def test_support() -> None:
    finding = said(replace(NOTHING, books=BOOKS)).finding("support-return")
    assert finding.verdict == "cannot-tell"
    assert "A ticket costs €50, a ticket that is solved and stays solved €67." in say(finding)
    assert "where one such solution in 120 keeps a customer for a year" in say(finding)
    without = said(replace(NOTHING, books=replace(BOOKS, margin=np.nan))).finding("support-return")
    assert "A ticket costs" not in say(without)
    assert "a ticket costs €50" in say(without)
    assert "cost month by month would tell" in say(said(NOTHING).finding("support-return"))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(-0.2, -0.05, "left at another rate"), (-0.2, 0.05, "did not leave at a measurably other rate")],
)
def test_what_a_good_answer_seems_to_do_is_no_return(low: float, high: float, words: str) -> None:
    effect = number((low + high) / 2, low, high)
    found = replace(some_managers(effect, effect).found, difference=effect)
    study = said(replace(NOTHING, books=BOOKS, handling=Handling(found, EValue(2.0, 1.4))))
    assert words in say(study.finding("support-handling"))
    assert isinstance(study.evidence["support"], Sheet)


@pytest.mark.parametrize(
    ("low", "high", "verdict", "words"),
    [
        (0.5, 1.5, "supported", "get better by themselves: those with the lowest scores (4 and below) rose from 3.00"),
        (-1.5, -0.5, "not-supported", "get worse by themselves"),
        (-0.5, 1.5, "cannot-tell", "cannot be told yet"),
    ],
)
def test_picked(low: float, high: float, verdict: str, words: str) -> None:
    score = number(3, 2.5, 3.5, "ratio")
    its = Movement(4.0, score, score, number((low + high) / 2, low, high, "ratio"), 1.1, number(0.5, 0.4, 0.6, "ratio"))
    study = said(replace(NOTHING, picked=its))
    finding = study.finding("success-picked-the-worst")
    assert finding.verdict == verdict
    assert words in say(finding)
    assert "Chance alone would give 1.10." in say(finding)


def test_long_histories() -> None:
    its = History(np.array([3.0, 36.0]), np.array([0.06, 0.02]), number(-0.5, -0.6, -0.4, "ratio"), number(0, -1, 1))
    study = said(replace(NOTHING, history=its))
    finding = study.finding("history-makes-accurate")
    assert finding.verdict == "supported"
    assert "known to 6.0 points either way from 3 months and to 2.0 points from 36" in say(finding)
    assert "Looked for a change within the history" in say(study.finding("history-drift"))
    tried = replace(NOTHING, history=its, narrowing=pd.DataFrame({"months": [7.0, 17.0], "half": [0.16, 0.07]}))
    assert "known to 16.0 points after 7 months of drawing and is to 7.0 after 17" in say(
        said(tried).finding("history-makes-accurate")
    )
    flat = replace(its, slope=number(-0.1, -0.3, 0.1, "ratio"), drift=number(-0.1, -0.2, -0.05))
    study = said(replace(NOTHING, history=flat))
    assert study.finding("history-makes-accurate").verdict == "not-supported"
    assert "more exact about the past, not about today" in say(study.finding("history-drift"))


def test_without_any_export_every_sentence_says_what_would_tell(book: Callable[..., Workbook]) -> None:
    study = run_study(book(), "return_on_investment")
    assert all(finding.verdict == "cannot-tell" and finding.needed for finding in study.findings)
    assert len(study.missing) == 4
    assert study.evidence == {}
    assert {"success-return", "support-return", "history-makes-accurate"} <= {f.id for f in study.findings}


# ------------------------------------------------------------------------------------------- as a whole


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return run_study(workbook_of(simulate(), tmp_path_factory.mktemp("company")), "return_on_investment")


@pytest.mark.slow
def test_a_company_with_too_small_a_trial_is_told_so(company: Study) -> None:
    finding = company.finding("follow-up-keeps-customers")
    assert finding.verdict == "cannot-tell"
    assert "customers are needed in each group" in say(finding)
    assert len(company.findings) == 5
    assert {name: type(piece) for name, piece in company.evidence.items()} == {
        "designs": Sheet,
        "money": Sheet,
        "trial": Curves,
        "kept": Forest,
        "growth": Curves,
        "tickets": Curves,
        "tickets_compared": Forest,
        "support": Sheet,
        "picked": Forest,
        "history": Curves,
        "balance": Sheet,
    }


@pytest.mark.slow
def test_a_company_where_the_plain_comparison_of_managers_misleads(company: Study) -> None:
    naive = company.finding("success-managers-naive").estimate
    assert naive is not None
    assert naive.high < 0
    assert company.finding("success-keeps-customers").verdict == "cannot-tell"
    assert "went to those in trouble" in say(company.finding("success-managers-in-trouble"))
    worst = company.finding("success-picked-the-worst")
    assert worst.verdict == "supported"
    assert worst.estimate is not None
    assert worst.estimate.low <= float(worst.values["expected"].value) <= worst.estimate.high  # type: ignore[union-attr]
