"""Silent complainers: hand-laid desks, branches of the sentences, and answers that are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cxlib.exhibits.said import sentence
from lifelines import CoxPHFitter
from statsmodels.stats.proportion import proportion_confint

from cxlib.estimate import Estimate
from cxlib.exhibits import answers, evidence, how_studied, what_could_mislead
from cxlib.finding import Finding, Quantity
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import run_study
from cxlib.studies import silent_complainers as study_of
from cxlib.studies.silent_complainers import data
from cxlib.studies.silent_complainers.checks import own_word, remembered, tiers, with_the_forgotten
from cxlib.studies.silent_complainers.counts import floor_of_complaints, lists, of_detractors, of_incidents
from cxlib.studies.silent_complainers.doubts import doubts, forgotten, in_tiers, late_answers, own_words, upper_bound
from cxlib.studies.silent_complainers.evidence import needed, than_told
from cxlib.studies.silent_complainers.leaving import NONE, SILENT, TOLD, leaving, leaving_after_incidents
from cxlib.studies.silent_complainers.survey import Survey, odds_against, planned, problems_needed
from cxlib.studies.silent_complainers.ways import INCIDENTS, SURVEY, TWO, Ways
from cxlib.workbook import Workbook
from desk import Desk

EN = Language("en")
CUT = datetime(2026, 10, 31, 21)
SENT = pd.Timestamp("2026-10-06 09:00")
COUNTS = [f"{kind}_{name}" for kind in ("complaints", "incidents") for name in data.SEVERITIES]


def people(count: int, **columns: Any) -> pd.DataFrame:
    """Return that many people asked once, alike but for the columns given."""
    usual: dict[str, Any] = {
        "asked_id": [f"i{k}" for k in range(count)],
        "customer_id": [f"c{k}" for k in range(count)],
        "wave": "2026-10",
        "sent_at": SENT,
        "invited": True,
        "region": "North",
        "tier": "Team",
        "is_customer": True,
        "tenure_days": 500.0,
        "ended_at": pd.NaT,
        "end_reason": None,
        "earlier_score": np.nan,
        "questions": 0,
        "complaints": 0,
        "complaints_unrated": 0,
        **dict.fromkeys(COUNTS, 0),
        "completed_at": SENT + pd.Timedelta(days=1),
        "severity": np.nan,
        "told": None,
    }
    return pd.DataFrame({name: columns.get(name, value) for name, value in usual.items()}, index=range(count))


def answered(severity: int, company: int, public: int = 0, nobody: int = 0, **columns: Any) -> pd.DataFrame:
    told = ["company"] * company + ["public"] * public + ["nobody"] * nobody
    return people(len(told), severity=float(severity), told=told, **columns)


def asked(*parts: pd.DataFrame) -> pd.DataFrame:
    whole = pd.concat([part.astype({"told": object, "end_reason": object}) for part in parts], ignore_index=True)
    ids = [f"i{k}" for k in range(len(whole))]
    return whole.assign(asked_id=ids, customer_id=[f"c{k}" for k in range(len(whole))])


def ways(survey: pd.DataFrame, incidents: pd.DataFrame | None = None) -> Ways:
    nothing = pd.DataFrame({"customer_id": [], "complaints": []})
    detractors = pd.DataFrame({"invite_id": [], "customer_id": [], "complaints": []})
    return Ways(Survey(survey), hits(0) if incidents is None else incidents, nothing, detractors, CUT)


def hits(count: int, **columns: Any) -> pd.DataFrame:
    """Return that many customers hit by an incident each."""
    usual: dict[str, Any] = {
        "incident_id": [f"x{k}" for k in range(count)],
        "customer_id": [f"c{k}" for k in range(count)],
        "occurred_at": pd.Timestamp("2026-01-01"),
        "severity": 3.0,
        "noticed": 1.0,
        "region": "North",
        "tier": "Team",
        "tenure_days": 500.0,
        "is_customer": True,
        "ended_at": pd.NaT,
        "end_reason": None,
        "after": 0,
        **{f"control_{back}": 0.0 for back in data.CONTROLS},
    }
    frame = pd.DataFrame({name: columns.get(name, value) for name, value in usual.items()}, index=range(count))
    return frame.astype({"ended_at": "datetime64[us]", "occurred_at": "datetime64[us]"})


def text(finding: Finding) -> str:
    return sentence(EN, finding).replace("\N{NO-BREAK SPACE}", " ")


# ---------------------------------------------------------------------------------------- published figures


@pytest.mark.parametrize(
    ("told", "silent"),
    [(0.69, 0.449), (0.63, 0.587), (0.03, 32.3), (1 / 27, 26.0)],
    ids=["most serious, TARP 1979", "business software, Goodman and Newman", "trifling, the same", "the saying"],
)
def test_shares_that_complained_give_the_known_ratios(told: float, silent: float) -> None:
    assert odds_against(told) == pytest.approx(silent, rel=2e-3)


@pytest.mark.parametrize(
    ("problems", "low", "high"),
    [(100, 9.2, 62.8), (300, 14.5, 47.6), (1_000, 18.8, 36.1), (3_000, 21.5, 31.5), (10_000, 23.5, 28.9)],
)
def test_so_many_problems_pin_26_to_one_so_exactly(problems: int, low: float, high: float) -> None:
    plan = planned(1 / 27, problems)
    assert (plan.value, plan.low, plan.high) == (
        pytest.approx(26),
        pytest.approx(low, abs=0.05),
        pytest.approx(high, abs=0.07),
    )


def test_the_number_of_problems_needed_is_the_least_that_is_enough() -> None:
    for share in (1 / 27, 0.3, 0.65):
        n = problems_needed(share)
        assert within_a_quarter(share, n)
        assert not within_a_quarter(share, int(0.97 * n))
    assert problems_needed(0.0) == problems_needed(1.0) == 0


def within_a_quarter(share: float, n: int) -> bool:
    low, high = proportion_confint(share * n, n, method="wilson")
    ratio = (1 - share) / share
    return (1 - low) / low <= 1.25 * ratio and (1 - high) / high >= ratio / 1.25


# ----------------------------------------------------------------------------------------------- the survey


def test_where_all_are_alike_the_ratio_is_the_counted_one_with_wilsons_limits() -> None:
    survey = Survey(asked(answered(2, 20, 5, 75), people(100, severity=0.0), people(200)))
    ratio = survey.ratio(survey.weights)
    low, high = proportion_confint(20, 100, method="wilson")
    assert (ratio.value, ratio.n) == (pytest.approx(4.0), 100)
    assert ratio.low == pytest.approx((1 - high) / high, rel=0.02)
    assert ratio.high == pytest.approx((1 - low) / low, rel=0.02)
    assert survey.response == 0.5
    assert survey.place("public", (2,)).value == pytest.approx(0.05)


def test_public_complaints_are_silence_to_the_company() -> None:
    quiet, loud = (Survey(asked(answered(1, 10, *rest), people(9))) for rest in ((0, 40), (40, 0)))
    assert quiet.ratio(quiet.plain).value == loud.ratio(loud.plain).value == pytest.approx(4.0)


def test_nobody_who_told_is_a_ratio_without_upper_limit() -> None:
    survey = Survey(asked(answered(1, 0, 0, 60), people(40)))
    ratio = survey.ratio(survey.weights)
    assert not ratio.is_known
    assert ratio.low == pytest.approx(15.6, abs=0.1)
    assert "not-reached" in ratio.flags
    said = "Nobody with a problem had told the company: more than 15.6 stay silent for each one who would (n = 60)."
    assert text(study_of.per_complainer(ways(survey.asked))).startswith(said)
    one = study_of.of_severity(ways(survey.asked), 1)
    assert one.verdict == "cannot-tell"
    assert text(one).startswith("Of a minor problem, more than 15.6 customers stay silent for each who tells")


def test_fewer_than_five_problems_are_not_shown() -> None:
    ratio = Survey(asked(answered(1, 2, 0, 2), people(40))).ratio(np.ones(4))
    assert not ratio.is_known
    assert "suppressed" in ratio.flags


def told_by_lot(seed: int, count: int = 6_000, log: bool = True) -> tuple[Survey, float, float]:
    """Simulate customers whose untold problem keeps them from answering; return survey, true ratio and hidden."""
    rng = np.random.default_rng(seed)
    severity = rng.choice([0, 1, 3], count, p=[0.5, 0.3, 0.2])
    told = (severity > 0) & (rng.random(count) < np.where(severity == 3, 0.6, 0.1))
    low = np.where(severity == 3, np.where(told, 0.45, 0.25), np.where(severity == 1, np.where(told, 0.52, 0.48), 0.55))
    answers = rng.random(count) < low
    logged = (rng.random(count) < 0.6) & (severity > 0) & log
    frame = people(
        count,
        severity=np.where(answers, severity, np.nan),
        told=np.where(answers & (severity > 0), np.where(told, "company", "nobody"), None),
        complaints=told.astype(int),
        complaints_minor=(told & (severity == 1)).astype(int),
        complaints_severe=(told & (severity == 3)).astype(int),
        incidents_minor=(logged & (severity == 1)).astype(int),
        incidents_severe=(logged & (severity == 3)).astype(int),
    )
    problem = severity > 0
    return Survey(frame), odds_against(told[problem].mean()), float((problem & ~told).sum())


def test_weights_that_know_the_problem_find_the_silent_that_the_usual_ones_miss() -> None:
    gaps = {"plain": [], "by_frame": [], "weights": []}
    counts = {"plain": [], "weights": []}
    for seed in range(6):
        survey, ratio, hidden = told_by_lot(seed)
        for name, gap in gaps.items():
            gap.append(survey.ratio(getattr(survey, name)).value / ratio - 1)
        for name, count in counts.items():
            count.append(survey.hidden(getattr(survey, name)).value / hidden - 1)
    assert abs(np.mean(gaps["weights"])) < 0.04
    assert np.mean(gaps["by_frame"]) < -0.10
    assert abs(np.mean(counts["weights"])) < 0.04
    assert np.mean(counts["plain"]) < -0.08


def test_without_logged_incidents_the_silent_are_taken_to_answer_as_complainers_do() -> None:
    survey, ratio, _ = told_by_lot(1, log=False)
    assert survey.ratio(survey.weights).value < 0.95 * ratio


def test_without_invitations_answers_stand_for_themselves_and_it_is_said() -> None:
    survey = asked(answered(2, 20, 0, 80, invited=False))
    counted = ways(survey)
    assert counted.asked.value == pytest.approx(4.0)
    assert text(study_of.hidden_customers(counted)).startswith("How many customers with a problem the company does not")
    assert "(survey_invites)" in text(study_of.hidden_customers(counted))
    said = doubts(counted)
    assert text(said[0]).startswith(
        "The exports do not say who was asked, so the answers stand for those who answered: 4.0"
    )
    assert not {"silent-worst-case", "silent-usual-weights"} & {finding.id for finding in said}


def test_worst_case_and_mixtures_are_those_of_the_counts() -> None:
    survey = Survey(asked(answered(2, 10, 0, 30), people(40, severity=0.0), people(20)))
    low, high = survey.worst_case()
    assert low == pytest.approx(30 / 30)
    assert high == pytest.approx(50 / 10)
    assert survey.if_silent_differ(1.0) == pytest.approx(3.0)
    assert survey.if_silent_differ(0.0) == pytest.approx(1 / (0.25 * 0.8) - 1)


# --------------------------------------------------------------------------------------- sentences and verdicts


def test_the_saying_is_not_supported_where_the_whole_interval_lies_below() -> None:
    finding = study_of.per_complainer(ways(asked(answered(2, 50, 0, 100), people(100))))
    assert finding.verdict == "not-supported"
    assert text(finding).startswith(
        "For each customer who told the company of a problem, 2.0 stayed silent (95% interval 1."
    )
    assert text(finding).endswith("n = 150 with a problem), not the 26 of the saying.")


def test_the_saying_is_supported_only_by_very_many_problems() -> None:
    many = study_of.per_complainer(ways(asked(answered(1, 1_000, 0, 24_500), people(100))))
    few = study_of.per_complainer(ways(asked(answered(1, 10, 0, 245), people(100))))
    assert many.verdict == "supported"
    assert text(many).endswith("That is what the saying has: 26.")
    assert few.verdict == "cannot-tell"
    assert "the 26 of the saying can be neither confirmed nor ruled out. More answers" in text(few)


def test_half_and_half_is_one_to_one() -> None:
    finding = study_of.per_complainer(ways(asked(answered(2, 60, 0, 60), people(80))))
    assert finding.verdict == "not-supported"
    assert finding.estimate is not None
    assert finding.estimate.low < 1 < finding.estimate.high


def test_what_would_turn_the_answer_over_is_computed() -> None:
    finding = study_of.per_complainer(ways(asked(answered(2, 25, 0, 75), people(100))))
    filled = EN.text(finding.assumption, at_none=f"{finding.values['at_none'].value:.1f}")
    assert filled.endswith("If none of them ever told it, 7.0 would be silent for each one who tells.")


def test_severity_matters_or_is_said_not_to() -> None:
    apart = study_of.by_severity(ways(asked(answered(1, 10, 0, 190), answered(3, 100, 0, 50), people(90))))
    alike = study_of.by_severity(ways(asked(answered(1, 50, 0, 50), answered(3, 50, 0, 50), people(90))))
    nothing = study_of.by_severity(ways(asked(answered(1, 50, 0, 50), people(90))))
    assert apart.verdict == "supported"
    assert text(apart).startswith(
        "It depends on how bad the problem was: 19.0 stay silent of a minor one for each who tells"
    )
    assert alike.verdict == "not-supported"
    assert text(alike).startswith("The survey shows no measurable difference between minor problems (1.0 silent")
    assert nothing.verdict == "cannot-tell"
    assert text(nothing).startswith("Whether more stay silent of a small problem than of a bad one cannot be told.")


@pytest.mark.parametrize(
    ("silent", "verdict", "end"),
    [
        (600, "supported", "hundreds, as the saying has it."),
        (30, "not-supported", "fewer than hundreds."),
        (95, "cannot-tell", "is within the uncertainty. A survey answered by more customers would tell."),
    ],
)
def test_hidden_customers_are_held_against_hundreds(silent: int, verdict: str, end: str) -> None:
    survey = asked(answered(2, 20, 0, silent), people(1_000 - silent - 520, severity=0.0), people(500))
    finding = study_of.hidden_customers(ways(survey))
    assert finding.verdict == verdict
    assert "the survey of 6 October 2026, about" in text(finding)
    assert text(finding).endswith(end)


def test_hidden_customers_count_each_customer_of_the_last_round_once() -> None:
    earlier = asked(answered(2, 5, 0, 95)).assign(sent_at=SENT - pd.Timedelta(days=180))
    last = asked(answered(2, 10, 0, 40), people(50, severity=0.0), people(100))
    hidden = Survey(pd.concat([earlier, last], ignore_index=True)).hidden(np.ones(200))
    assert (hidden.value, hidden.n) == (pytest.approx(200 * 0.4), 100)


# ------------------------------------------------------------------------------------------- counted without asking


def test_incidents_take_the_ordinary_week_away() -> None:
    frame = hits(400, after=[1] * 120 + [0] * 280)
    for back in data.CONTROLS:
        frame[f"control_{back}"] = [1.0] * 40 + [0.0] * 360
    found = of_incidents(frame, 3)
    told = 1 - (1 - 0.30) / (1 - 0.10)
    assert found.ratio.value == pytest.approx((1 - told) / told)
    assert found.ratio.low < found.ratio.value < found.ratio.high
    assert "upper-bound" not in found.ratio.flags


def test_incidents_of_which_nobody_knows_who_noticed_are_an_upper_bound() -> None:
    frame = hits(100, after=[1] * 20 + [0] * 80, noticed=np.nan)
    assert of_incidents(frame, 3).ratio.flags == ("upper-bound",)
    unnoticed = hits(100, after=[1] * 20 + [0] * 80, noticed=[np.nan] * 50 + [0.0] * 50)
    assert of_incidents(unnoticed, 3).ratio.n == 50
    survey = asked(answered(3, 50, 0, 50), people(50))
    said = upper_bound(ways(survey, frame))
    assert said is not None
    assert "so the ratio by logged incidents is an upper bound" in text(said)
    assert upper_bound(ways(survey, hits(60, after=[1] * 30 + [0] * 30))) is None


def listed(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return people with Poisson many severe problems; each told by lot, some answer, some are logged."""
    times = rng.poisson(0.4, count)
    told = rng.binomial(times, 0.3)
    reported = (times > 0) & (rng.random(count) < 0.5)
    return people(
        count,
        severity=np.where(reported, 3.0, np.where(rng.random(count) < 0.5, 0.0, np.nan)),
        complaints=told,
        complaints_severe=told,
        incidents_severe=rng.binomial(times, 0.4),
    )


def test_overlapping_lists_find_the_share_of_problems_told() -> None:
    rng, two, three = np.random.default_rng(17), [], []
    for _ in range(30):
        frame = listed(rng, 3_000)
        on = lists(frame, np.zeros(len(frame), np.intp), 3)
        found = on.three()
        assert found is not None
        two.append(on.ratio(on.two(), ""))
        three.append(on.ratio(found.size, ""))
    truth = 0.7 / 0.3
    for estimates in (two, three):
        assert np.mean([e.value for e in estimates]) == pytest.approx(truth, rel=0.06)
        assert sum(e.low <= truth <= e.high for e in estimates) >= 26


def test_complaints_without_severity_are_spread_over_the_lists() -> None:
    frame = listed(np.random.default_rng(1), 3_000)
    lost = np.arange(3_000) % 4 == 0
    some = frame.assign(
        complaints_severe=np.where(lost, 0, frame["complaints_severe"]),
        complaints_unrated=np.where(lost, frame["complaints"], 0),
    )
    group = np.zeros(3_000, np.intp)
    whole, part = (lists(f, group, 3) for f in (frame, some))
    assert part.unrated == pytest.approx(4 / 3, rel=0.1)
    assert part.ratio(part.two(), "").value == pytest.approx(whole.ratio(whole.two(), "").value, rel=0.15)


def test_lists_that_are_empty_give_no_number() -> None:
    on = lists(asked(answered(3, 5, 0, 5), people(20)), np.zeros(30, np.intp), 3)
    assert on.three() is None
    assert not on.ratio(on.two(), "").is_known


def test_repeated_complaints_give_chaos_floor() -> None:
    frame = pd.DataFrame({"complaints": [1] * 30 + [2] * 10 + [3] * 5})
    floor = floor_of_complaints(frame)
    assert floor.value == pytest.approx(30 * 29 / (2 * 11) / 45)
    assert floor.n == 45
    assert not floor_of_complaints(frame.iloc[:0]).is_known


def test_detractors_are_weighted_like_their_answers() -> None:
    frame = pd.DataFrame(
        {
            "invite_id": [f"i{k}" for k in range(40)],
            "customer_id": [f"c{k}" for k in range(40)],
            "complaints": [2] * 10 + [0] * 30,
        }
    )
    weights = pd.Series([3.0] * 10 + [1.0] * 30, index=frame["invite_id"])
    assert of_detractors(frame, pd.Series(dtype=float)).value == pytest.approx(3.0)
    assert of_detractors(frame, weights).value == pytest.approx(1.0)
    assert not of_detractors(frame.iloc[:0], weights).is_known


def agreement(survey: pd.DataFrame, incidents: pd.DataFrame | None) -> Finding:
    return study_of.agree(ways(survey, incidents))


def test_ways_that_agree_and_ways_that_do_not() -> None:
    survey = asked(answered(3, 100, 0, 100), people(100))
    same = agreement(survey, hits(400, after=[1] * 200 + [0] * 200))
    other = agreement(survey, hits(400, after=[1] * 40 + [0] * 360))
    alone = agreement(survey, None)
    assert same.verdict == "supported"
    assert text(same).startswith(
        "Different ways of counting agree within their uncertainty. They are furthest apart for severe"
    )
    assert other.verdict == "not-supported"
    assert re.search(r"For severe problems: Asked in a survey gives 1\.0 .*, Logged incidents 9\.0", text(other))
    assert alone.verdict == "cannot-tell"
    assert "Only one way of counting is possible" in text(alone)


def test_lists_that_count_too_low_are_no_disagreement() -> None:
    """Who is on both lists more easily makes the ratio of two lists too low, never too high."""
    complained = {"complaints": 1, "complaints_severe": 1}
    low = ways(
        asked(answered(3, 100, **complained), answered(3, 0, 0, 60, **complained), answered(3, 0, 0, 40), people(400))
    )
    high = ways(asked(answered(3, 40, **complained), answered(3, 60), answered(3, 0, 0, 100), people(400)))
    rows = {row.label: row.estimate for row in low.by_severity[3]}
    assert rows[TWO].high < rows[SURVEY].low
    assert low.agreement.agree
    rows = {row.label: row.estimate for row in high.by_severity[3]}
    assert rows[TWO].low > rows[SURVEY].high
    assert not high.agreement.agree


def test_an_upper_bound_is_not_held_against_the_others() -> None:
    survey = asked(answered(3, 100, 0, 100), people(100))
    bound = agreement(survey, hits(400, after=[1] * 40 + [0] * 360, noticed=np.nan))
    assert bound.verdict == "cannot-tell"


# --------------------------------------------------------------------------------------------------- leaving


def followed(seed: int, silent_hazard: float, count: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, count)  # none, told, silent
    tier = rng.choice(["Starter", "Team"], count)
    rate = 1 / 400 * np.array([1.0, 1.3, silent_hazard])[kind] * np.where(tier == "Starter", 2.0, 1.0)
    sent = SENT - pd.to_timedelta(rng.integers(30, 700, count), unit="D")
    left = sent + pd.Timedelta(days=1) + pd.to_timedelta(rng.exponential(1 / rate), unit="D")
    frame = people(
        count,
        sent_at=sent,
        completed_at=sent + pd.Timedelta(days=1),
        severity=np.where(kind == 0, 0.0, rng.choice([1.0, 3.0], count)),
        told=np.array([None, "company", "nobody"], object)[kind],
        tier=tier,
        end_reason=np.where(rng.random(count) < 0.1, "payment", "voluntary"),
    )
    frame["ended_at"] = left.where(left < pd.Timestamp(CUT))
    return frame.assign(customer_id=[f"c{k // 2}" for k in range(count)])


def test_hazards_are_those_of_lifelines() -> None:
    survey = Survey(asked_twice := followed(1, 2.0))
    found = leaving(survey, CUT)
    ratio = found.hazard_ratio(SILENT, NONE)
    mine = np.isin(found.group, (SILENT, NONE))
    frame = pd.DataFrame(
        {
            "time": found.time[mine],
            "left": found.end[mine] == 1,
            "who": found.cluster[mine],
            "silent": (found.group[mine] == SILENT).astype(float),
            "starter": (asked_twice["tier"].to_numpy()[mine] == "Starter").astype(float),
        }
    )
    fit = CoxPHFitter().fit(frame, "time", "left", cluster_col="who", robust=True)
    assert ratio.value == pytest.approx(float(np.exp(fit.params_["silent"])), rel=1e-3)
    low, high = np.exp(fit.confidence_intervals_.loc["silent"])
    assert (ratio.low, ratio.high) == (pytest.approx(low, rel=0.02), pytest.approx(high, rel=0.02))
    assert (
        ratio.n == mine.sum() or ratio.n == mine.sum() - (found.time[mine] < frame["time"][frame["left"]].min()).sum()
    )


def test_silence_that_costs_is_found_and_silence_that_does_not_is_not() -> None:
    costly, harmless, unclear = (study_of.leave_more(ways(followed(*kind))) for kind in ((2, 2.5), (1, 1.0), (2, 1.0)))
    assert costly.verdict == "supported"
    assert text(costly).startswith("Silence is not contentment: of customers with a problem they did not tell, ")
    assert harmless.verdict == "not-supported"
    assert "did not leave measurably more often than those without a problem" in text(harmless)
    assert unclear.verdict == "cannot-tell"  # a quarter more is within the interval
    assert text(unclear).endswith("A survey answered by more customers, followed for longer, would tell.")


@pytest.mark.slow
def test_harmless_silence_is_rarely_found_guilty() -> None:
    ratios = [leaving(Survey(followed(seed, 1.0)), CUT).hazard_ratio(SILENT, NONE) for seed in range(60)]
    assert sum(ratio.low > 1 for ratio in ratios) <= 5
    assert sum(ratio.low <= 1 <= ratio.high for ratio in ratios) >= 53


def test_without_subscriptions_nothing_is_said_of_leaving() -> None:
    finding = study_of.leave_more(ways(asked(answered(2, 50, 0, 50), people(50, severity=0.0), people(50))))
    assert finding.verdict == "cannot-tell"
    assert "It needs subscriptions with their ends" in text(finding)


def test_a_failed_payment_is_not_leaving_and_the_cut_is_not_an_end() -> None:
    day = SENT + pd.Timedelta(days=11)
    frame = asked(
        answered(2, 0, 0, 10, ended_at=day, end_reason="payment"),
        answered(2, 0, 0, 10, ended_at=day, end_reason="voluntary"),
        answered(2, 0, 0, 80),
        people(20),
    )
    found = leaving(Survey(frame), CUT)
    assert found.share(SILENT, 10).value == pytest.approx(0.1)
    assert found.left(SILENT, 10) == 10
    assert found.time.max() == pytest.approx((pd.Timestamp(CUT) - SENT).days - 1 + 0.5, abs=0.5)
    assert not found.share(SILENT, 180).is_known


def test_customers_who_had_left_when_they_answered_are_not_followed() -> None:
    frame = asked(answered(2, 0, 0, 10, is_customer=False), answered(2, 0, 0, 10), people(9))
    assert len(leaving(Survey(frame), CUT).time) == 10


def test_the_clock_of_an_incident_starts_when_it_is_known_who_complained() -> None:
    """All leave by one law. From the incident on, the silent would seem to leave faster: complaining takes time."""
    rng, began = np.random.default_rng(5), pd.Timestamp("2025-06-01")
    gone = rng.exponential(30, 1_500)
    asks = rng.uniform(0, 7, 1_500)
    told = (asks < gone) & (rng.random(1_500) < 0.5)
    ended = began + pd.to_timedelta(gone, unit="D")
    # the data have in neither group those who left within the week
    frame = hits(1_500, after=told.astype(int), occurred_at=began, ended_at=ended, is_customer=gone > 7)
    ratio = leaving_after_incidents(frame, CUT).hazard_ratio(SILENT, TOLD, True)
    assert ratio.low < 1 < ratio.high
    naive_told, naive_silent = gone[told].mean(), gone[~told].mean()
    assert naive_silent < 0.9 * naive_told


def test_like_problems_are_compared_after_incidents_first() -> None:
    rng = np.random.default_rng(6)
    told = rng.random(1_200) < 0.5
    ended = pd.Timestamp("2026-01-08") + pd.to_timedelta(rng.exponential(np.where(told, 900, 350)), unit="D")
    frame = hits(1_200, after=told.astype(int), ended_at=pd.Series(ended).where(ended < pd.Timestamp(CUT)))
    finding = than_told(ways(asked(answered(2, 9, 0, 9), people(9)), frame))
    assert finding.verdict == "supported"
    assert re.match(
        r"After a problem as bad, silent customers were [1-4]\.\d\d times as likely to leave", text(finding)
    )
    assert "after incidents that systems logged" in text(finding)
    assert than_told(ways(people(0))).verdict == "cannot-tell"


# ---------------------------------------------------------------------------------------------------- doubts


def test_recall_is_measured_on_logged_incidents() -> None:
    frame = asked(
        answered(3, 10, 0, 50, incidents_severe=1),
        answered(1, 0, 0, 40, incidents_minor=1),
        people(60, severity=0.0, incidents_minor=1),
        answered(1, 0, 0, 20),
        people(80, severity=0.0),
        people(100),
    )
    found = remembered(Survey(frame))
    assert found["severe"].value == pytest.approx(1.0)
    assert found["minor"].value == pytest.approx(1 - 0.6 / 0.8)  # a fifth report a problem without any sign of one
    assert not found["moderate"].is_known
    finding = forgotten(ways(frame))
    assert finding is not None
    assert text(finding).startswith("The survey brings back 100.0% of the severe problems that systems logged")
    assert "but only 25.0% of the minor ones" in text(finding)
    share = (10 + 0) / (60 + 60 / 0.25)
    unweighted = Survey(frame.assign(invited=False))
    assert with_the_forgotten(unweighted) == pytest.approx((1 - share) / share)


def test_without_incidents_recall_cannot_be_told() -> None:
    finding = forgotten(ways(asked(answered(2, 50, 0, 50), people(50))))
    assert finding is not None
    assert finding.verdict == "cannot-tell"
    assert "Logged incidents that say whether the customer noticed would tell." in text(finding)


def test_what_people_say_is_held_against_their_tickets() -> None:
    frame = asked(
        answered(3, 30, complaints=1, complaints_severe=1),
        answered(3, 10),
        answered(3, 0, 0, 40),
        answered(3, 0, 0, 5, complaints=1, complaints_minor=1),
        people(40),
    )
    found = own_word(Survey(frame))
    assert (found.with_ticket.value, found.with_ticket.n) == (pytest.approx(0.75), 40)
    assert found.by_tickets == pytest.approx(55 / 30, rel=0.02)
    finding = own_words(ways(frame))
    assert finding is not None
    assert text(finding).startswith("Of those who say they told the company, 75.0% (95% interval")


@pytest.mark.parametrize(("late", "words"), [(-0.6, "less often"), (0.0, "neither measurably"), (0.6, "more often")])
def test_late_answers_are_read_as_a_hint(late: float, words: str) -> None:
    rng = np.random.default_rng(3)
    delay = rng.uniform(1, 20, 800)
    told = rng.random(800) < 0.5 + late * (delay / 20 - 0.5)
    frame = people(
        800,
        severity=2.0,
        told=np.where(told, "company", "nobody"),
        completed_at=SENT + pd.to_timedelta(delay, unit="D"),
    )
    finding = late_answers(ways(asked(frame, people(50))))
    assert finding is not None
    assert words in text(finding)


def test_tiers_that_differ_are_told_of_and_others_are_not() -> None:
    differ = asked(answered(2, 80, 0, 20, tier="Starter"), answered(2, 20, 0, 80, tier="Enterprise"), people(50))
    alike = asked(answered(2, 50, 0, 50, tier="Starter"), answered(2, 48, 0, 52, tier="Enterprise"), people(50))
    # one tier has more severe problems, which are told more often in both
    mix = asked(
        *(answered(3, 8 * k, 0, 2 * k, tier=tier) for tier, k in (("Starter", 20), ("Enterprise", 2))),
        *(answered(1, 1 * k, 0, 9 * k, tier=tier) for tier, k in (("Starter", 2), ("Enterprise", 20))),
        people(50),
    )
    found = tiers(Survey(differ))
    assert found is not None
    assert found.differ
    assert found.other.value < found.ratio.value
    for frame in (alike, mix):
        other = tiers(Survey(frame))
        assert other is not None
        assert not other.differ
    said = in_tiers(ways(differ))
    assert said is not None
    assert text(said).startswith("The tiers differ: in Enterprise 4.0 stay silent")
    assert tiers(Survey(asked(answered(2, 5, 0, 5)))) is None


def test_planning_says_how_far_the_survey_has_come() -> None:
    finding = needed(ways(asked(answered(2, 50, 0, 100), people(50))), 26)
    assert re.search(
        r"ask about 3\d\d problems if it is 2\.0, and about 2,1\d\d if it were 26\. So far 150 have", text(finding)
    )
    nothing = needed(ways(people(0)), 26)
    assert text(nothing).startswith(
        "To know the ratio within a quarter either way if it were 26, a survey has to ask about 2,1"
    )


# ------------------------------------------------------------------------------------------------ from the tables

Lay = Callable[..., Desk]
DAY = timedelta(days=1)
SENT_AT = datetime(2026, 10, 6, 9)


def at(days: float) -> str:
    return (SENT_AT + days * DAY).isoformat()


def opened(desk: Lay, **tables: list[dict[str, Any]]) -> Workbook:
    return Workbook(desk("2026-11-09T06:00:00", **tables), Month.parse("2026-10"), EN)


def invite(who: str, **more: Any) -> dict[str, Any]:
    usual = {
        "invite_id": f"i-{who}",
        "survey": "relationship",
        "instrument": "nps",
        "customer_id": who,
        "sent_at": at(0),
    }
    return usual | more


def reply(who: str, score: int, told: str | None = None, **more: Any) -> dict[str, Any]:
    return {
        "answer_id": f"a-{who}",
        "invite_id": f"i-{who}",
        "survey": "relationship",
        "instrument": "problem",
        "customer_id": who,
        "score": score,
        "scale_min": 0,
        "scale_max": 3,
        "told": told,
        "completed_at": at(1),
    } | more


def ticket(name: str, who: str, days: float, **more: Any) -> dict[str, Any]:
    return {
        "ticket_id": name,
        "customer_id": who,
        "created_at": at(days),
        "is_complaint": True,
        "severity": "minor",
    } | more


def test_what_is_known_of_everyone_asked(desk: Lay) -> None:
    book = opened(
        desk,
        customers=[{"customer_id": "a", "tier": "Team", "region": "North"}, {"customer_id": "b", "tier": "Starter"}],
        subscriptions=[
            {"term_id": "1", "subscription_id": "1", "customer_id": "a", "started_at": at(-400), "ended_at": at(20)}
            | {"monthly_amount": 9.0, "currency": "EUR", "end_reason": "voluntary"}
        ],
        survey_invites=[invite("a"), invite("b"), invite("late", sent_at="2026-11-02T09:00:00")],
        survey_answers=[
            reply("a", 2, "public"),
            reply("b", 3, "company", completed_at="2026-11-03T00:00:00"),
            reply("a", 3, "nobody", answer_id="a-twice", completed_at=at(0.5)),
            {**reply("a", 4), "answer_id": "before", "instrument": "nps", "invite_id": None, "completed_at": at(-10)},
        ],
        tickets=[
            ticket("in", "a", -91.9, severity="severe"),
            ticket("too early", "a", -92.1),
            ticket("too late", "a", 0.1),
            ticket("outbound", "a", -5, is_outbound=True),
            ticket("question", "a", -5, is_complaint=False, severity=None),
            ticket("no severity", "a", -5, severity=None),
        ],
        incidents=[
            {"incident_id": "x", "customer_id": "a", "occurred_at": at(-3), "severity": "moderate", "noticed": True},
            {"incident_id": "y", "customer_id": "a", "occurred_at": at(-3), "severity": "severe", "noticed": False},
            {"incident_id": "z", "customer_id": "a", "occurred_at": at(-3), "severity": "minor", "noticed": None},
        ],
    )
    frame = data.asked(book).set_index("customer_id")
    assert list(frame.index) == ["a", "b"]
    row = frame.loc["a"]
    assert (row["severity"], row["told"], row["tier"], row["earlier_score"]) == (2.0, "public", "Team", 4)
    assert (row["complaints"], row["complaints_severe"], row["complaints_unrated"], row["questions"]) == (2, 1, 1, 1)
    assert (row["incidents_minor"], row["incidents_moderate"], row["incidents_severe"]) == (0, 1, 0)
    assert (row["is_customer"], row["tenure_days"], row["end_reason"]) == (True, 400, "voluntary")
    assert row["ended_at"] == pd.Timestamp(at(20))
    assert np.isnan(frame.loc["b", "severity"])  # answered after the month
    assert not frame.loc["b", "is_customer"]
    assert bool(frame["invited"].all())


def test_answers_without_invitation_are_kept_and_marked(desk: Lay) -> None:
    book = opened(desk, survey_answers=[reply("a", 1, "nobody", invite_id=None), reply("b", 0)])
    frame = data.asked(book)
    assert list(frame["severity"]) == [1.0, 0.0]
    assert not frame["invited"].any()


def test_complaints_after_an_incident_and_in_ordinary_weeks(desk: Lay) -> None:
    hit = {"severity": "severe", "noticed": True, "kind": "outage"}
    book = opened(
        desk,
        customers=[{"customer_id": "a", "created_at": at(-400)}, {"customer_id": "b", "created_at": at(-50)}],
        incidents=[
            {"incident_id": "x", "customer_id": "a", "occurred_at": at(0), **hit},
            {"incident_id": "x", "customer_id": "b", "occurred_at": at(0), **hit},
            {"incident_id": "recent", "customer_id": "a", "occurred_at": "2026-10-28T00:00:00", **hit},
        ],
        tickets=[
            ticket("a week later", "a", 6.9),
            ticket("ordinary", "a", -40),
            ticket("question", "b", 1, is_complaint=False),
            ticket("beyond", "b", 7.1),
            ticket("between", "b", -20),
        ],
    )
    frame = data.incidents(book).set_index("customer_id")
    assert list(frame.index) == ["a", "b"]  # the recent one has not had its week before the cut
    assert (frame.loc["a", "after"], frame.loc["b", "after"]) == (1, 0)
    controls = [f"control_{back}" for back in data.CONTROLS]
    assert list(frame.loc["a", controls]) == [0, 1, 0, 0]
    assert list(frame.loc["b", controls].isna()) == [False, False, True, True]


def test_where_complaints_are_not_marked_every_ticket_counts_after_an_incident(desk: Lay) -> None:
    tickets = [{"ticket_id": "t", "customer_id": "a", "created_at": at(1)}]
    hit = [{"incident_id": "x", "customer_id": "a", "occurred_at": at(0), "severity": "minor", "noticed": True}]
    assert data.incidents(opened(desk, tickets=tickets, incidents=hit))["after"].tolist() == [1]


def test_complaints_of_a_year_and_detractors_of_ninety_days(desk: Lay) -> None:
    score = {"instrument": "nps", "score": 6, "scale_max": 10}
    book = opened(
        desk,
        survey_answers=[
            reply("a", 0, answer_id="1") | score,
            reply("b", 0, answer_id="2") | score | {"score": 7},
            reply("c", 0, answer_id="3") | score | {"touchpoint": "after_service_call"},
            reply("d", 0, answer_id="4") | score | {"touchpoint": "relationship"},
        ],
        tickets=[ticket("1", "a", -88), ticket("2", "d", -90), ticket("3", "d", -300), ticket("4", "d", -400)],
    )
    found = data.detractors(book).set_index("customer_id")["complaints"]
    assert dict(found) == {"a": 1, "d": 0}
    assert dict(data.complaints(book).set_index("customer_id")["complaints"]) == {"a": 1, "d": 2}


def page(book: Workbook) -> str:
    study = run_study(book, "silent_complainers")
    pieces = [evidence(book, study, name) for name in study.evidence]
    return "\n".join(
        p.text for p in (answers(book, study), *pieces, what_could_mislead(book, study), how_studied(book, study))
    )


def test_without_any_export_it_says_which_would_tell(desk: Lay) -> None:
    book = opened(desk)
    study = run_study(book, "silent_complainers")
    assert {finding.verdict for finding in study.findings} == {"cannot-tell"}
    assert study.doubts == ()
    assert any("incidents that the company's own systems log (incidents)" in line for line in study.missing)
    assert any("tickets.is_complaint" in line for line in study.missing)
    shown = page(book)
    assert "How many customers stay silent for each one who complains cannot be told. A survey of all" in shown
    assert not re.search(r"\bnan\b", shown)


def test_one_customer_is_no_reason_to_fail(desk: Lay) -> None:
    book = opened(
        desk,
        customers=[{"customer_id": "a"}],
        survey_invites=[invite("a")],
        survey_answers=[reply("a", 1, "nobody")],
        tickets=[ticket("1", "a", -5)],
        incidents=[
            {"incident_id": "x", "customer_id": "a", "occurred_at": at(-9), "severity": "minor", "noticed": True}
        ],
    )
    assert not re.search(r"\bnan\b", page(book))


def test_the_ways_are_read_from_tables(desk: Lay) -> None:
    """Forty customers asked, thirty answer; ten told, and have a ticket; an incident each, noticed."""
    names = [f"c{k:02}" for k in range(40)]
    book = opened(
        desk,
        customers=[{"customer_id": name, "tier": "Team", "region": "North"} for name in names],
        survey_invites=[invite(name) for name in names],
        survey_answers=[reply(name, 3, "company" if k < 10 else "nobody") for k, name in enumerate(names[:30])],
        tickets=[ticket(f"t{k}", name, -8, severity="severe") for k, name in enumerate(names[:10])],
        incidents=[
            {"incident_id": "x", "customer_id": name, "occurred_at": at(-9), "severity": "severe", "noticed": True}
            for name in names
        ],
    )
    study = run_study(book, "silent_complainers")
    ratio = study.finding("silent-per-complainer").estimate
    assert isinstance(ratio, Estimate)
    # all who told answered, of the silent two in three: each silent answer stands for one and a half
    assert (ratio.value, ratio.n) == (pytest.approx(3.0), 30)
    shown = study.evidence["severe"]
    rows = {row.label: row.estimate for row in shown.rows}
    assert rows[INCIDENTS].value == pytest.approx(3.0)
    high = study.finding("silent-worst-case").values["high"]
    assert isinstance(high, Quantity)
    assert high.value == pytest.approx(30 / 10)
