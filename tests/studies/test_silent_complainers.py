"""Silent complainers: hand-laid desks, independent oracles, and answers that are known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter
from statsmodels.stats.proportion import proportion_confint

from calibrate.harness import workbook_of
from company import simulate
from cxlib.errors import MeasureError, UntoldError
from cxlib.estimate import Estimate, estimates
from cxlib.exhibits.sentences import text_of
from cxlib.language import Language
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import silent_complainers as silence
from cxlib.studies.silent_complainers import NONE, SILENT, TOLD
from cxlib.workbook import Workbook
from desk import Desk

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "silent_complainers.ipynb"
EN = Language("en")
CUT = datetime(2026, 10, 31, 21)
SENT = pd.Timestamp("2026-10-06 09:00")
CONTROLS = (28, 42, 56, 70)
COUNTS = [f"{kind}_{name}" for kind in ("complaints", "incidents") for name in silence.RANKS.values()]


def people(count: int, **columns: Any) -> pd.DataFrame:
    """Return that many people asked once, alike but for the columns given."""
    usual: dict[str, Any] = {
        "id": [f"i{k}" for k in range(count)],
        "customer_id": [f"c{k}" for k in range(count)],
        "sent_at": SENT,
        "invited": True,
        "region": "North",
        "tier": "Team",
        "part": columns.get("tier", "Team"),
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
        "began": columns.get("completed_at", SENT + pd.Timedelta(days=1)),
        "severity": np.nan,
        "told": "",
    }
    return pd.DataFrame({name: columns.get(name, value) for name, value in usual.items()}, index=range(count))


def answered(severity: int, company: int, public: int = 0, nobody: int = 0, **columns: Any) -> pd.DataFrame:
    told = ["company"] * company + ["public"] * public + ["nobody"] * nobody
    return people(len(told), severity=float(severity), told=told, **columns)


def asked(*parts: pd.DataFrame) -> pd.DataFrame:
    whole = pd.concat([part.astype({"told": object, "end_reason": object}) for part in parts], ignore_index=True)
    ids, whom = ([f"{letter}{k}" for k in range(len(whole))] for letter in "ic")
    return silence.in_kinds(whole.assign(id=ids, customer_id=whom))


def weighed(people: pd.DataFrame) -> pd.DataFrame:
    return silence.weighed(people, 5.0)


def hits(count: int, **columns: Any) -> pd.DataFrame:
    """Return that many customers hit by an incident each."""
    usual: dict[str, Any] = {
        "incident_id": [f"x{k}" for k in range(count)],
        "customer_id": [f"c{k}" for k in range(count)],
        "began": pd.Timestamp("2026-01-08"),
        "severity": 3.0,
        "noticed": 1.0,
        "region": "North",
        "tier": "Team",
        "tenure_days": 500.0,
        "is_customer": True,
        "ended_at": pd.NaT,
        "end_reason": None,
        "after": 0,
        **{f"control_{back}": 0.0 for back in CONTROLS},
    }
    frame = pd.DataFrame({name: columns.get(name, value) for name, value in usual.items()}, index=range(count))
    return frame.astype({"ended_at": "datetime64[us]", "began": "datetime64[us]"})


def after_incidents(incidents: pd.DataFrame) -> pd.DataFrame:
    return silence.followed(silence.noticed(incidents), CUT, 365)


# ---------------------------------------------------------------------------------------- published figures


@pytest.mark.parametrize(
    ("told", "silent"),
    [(0.69, 0.449), (0.63, 0.587), (0.03, 32.3), (1 / 27, 26.0)],
    ids=["most serious, TARP 1979", "business software, Goodman and Newman", "trifling, the same", "the saying"],
)
def test_shares_that_complained_give_the_known_ratios(told: float, silent: float) -> None:
    assert silence.odds_against(told) == pytest.approx(silent, rel=2e-3)


@pytest.mark.parametrize(
    ("problems", "low", "high"),
    [(100, 9.2, 62.8), (300, 14.5, 47.6), (1_000, 18.8, 36.1), (3_000, 21.5, 31.5), (10_000, 23.5, 28.9)],
)
def test_so_many_problems_pin_26_to_one_so_exactly(problems: int, low: float, high: float) -> None:
    plan = silence.planned(26, problems)
    assert (plan.value, plan.low, plan.high) == (
        pytest.approx(26),
        pytest.approx(low, abs=0.05),
        pytest.approx(high, abs=0.07),
    )


def test_the_number_of_problems_needed_is_the_least_that_is_enough() -> None:
    for ratio in (26, 7 / 3, 0.5):
        share, n = 1 / (1 + ratio), silence.problems_needed(ratio, 0.25).n
        assert within_a_quarter(share, n)
        assert not within_a_quarter(share, int(0.97 * n))
    assert not silence.problems_needed(0.0, 0.25).is_known
    assert not silence.problems_needed(np.inf, 0.25).is_known


def within_a_quarter(share: float, n: int) -> bool:
    low, high = proportion_confint(share * n, n, method="wilson")
    ratio = (1 - share) / share
    return (1 - low) / low <= 1.25 * ratio and (1 - high) / high >= ratio / 1.25


# ----------------------------------------------------------------------------------------------- the survey


def test_where_all_are_alike_the_ratio_is_the_counted_one_with_wilsons_limits() -> None:
    everyone = asked(answered(2, 20, 5, 75), people(100, severity=0.0), people(200))
    answers = weighed(everyone)
    ratio = silence.ratio(answers)
    low, high = proportion_confint(20, 100, method="wilson")
    assert (ratio.value, ratio.n) == (pytest.approx(4.0), 100)
    assert ratio.low == pytest.approx((1 - high) / high, rel=0.02)
    assert ratio.high == pytest.approx((1 - low) / low, rel=0.02)
    problems = answers[answers["is_problem"]]
    assert silence.share(problems, problems["told"] == "public").value == pytest.approx(0.05)


def test_public_complaints_are_silence_to_the_company() -> None:
    quiet, loud = (weighed(asked(answered(1, 10, *rest), people(9))) for rest in ((0, 40), (40, 0)))
    assert silence.ratio(quiet, by="plain").value == silence.ratio(loud, by="plain").value == pytest.approx(4.0)


def test_nobody_who_told_is_a_ratio_without_upper_limit() -> None:
    everyone = asked(answered(1, 0, 0, 60), people(40))
    ratio = silence.ratio(weighed(everyone))
    assert not ratio.is_known
    assert ratio.low == pytest.approx(15.6, abs=0.1)
    assert "not-reached" in ratio.flags
    if_none = silence.if_others_tell(everyone, weighed(everyone), 0.0)
    assert (if_none.low, if_none.flags) == (ratio.low, ("not-reached",))


def test_fewer_than_five_problems_are_not_shown() -> None:
    ratio = silence.ratio(weighed(asked(answered(1, 2, 0, 2), people(40))))
    assert not ratio.is_known
    assert ratio.flags == ("suppressed",)
    assert not silence.ratio(weighed(asked(answered(1, 0, 0, 4), people(40)))).flags.count("not-reached")


def told_by_lot(seed: int, count: int = 6_000, log: bool = True) -> tuple[pd.DataFrame, float, float]:
    """Simulate customers whose untold problem keeps them from answering; return them, true ratio and hidden."""
    rng = np.random.default_rng(seed)
    severity = rng.choice([0, 1, 3], count, p=[0.5, 0.3, 0.2])
    told = (severity > 0) & (rng.random(count) < np.where(severity == 3, 0.6, 0.1))
    low = np.where(severity == 3, np.where(told, 0.45, 0.25), np.where(severity == 1, np.where(told, 0.52, 0.48), 0.55))
    answers = rng.random(count) < low
    logged = (rng.random(count) < 0.6) & (severity > 0) & log
    frame = people(
        count,
        severity=np.where(answers, severity, np.nan),
        told=np.where(answers & (severity > 0), np.where(told, "company", "nobody"), ""),
        complaints=told.astype(int),
        complaints_minor=(told & (severity == 1)).astype(int),
        complaints_severe=(told & (severity == 3)).astype(int),
        incidents_minor=(logged & (severity == 1)).astype(int),
        incidents_severe=(logged & (severity == 3)).astype(int),
    )
    problem = severity > 0
    return silence.in_kinds(frame), silence.odds_against(told[problem].mean()), float((problem & ~told).sum())


def test_weights_that_know_the_problem_find_the_silent_that_the_usual_ones_miss() -> None:
    gaps = {"plain": [], "by_frame": [], "weight": []}
    counts = {"plain": [], "weight": []}
    for seed in range(6):
        everyone, ratio, hidden = told_by_lot(seed)
        answers = weighed(everyone)
        for name, gap in gaps.items():
            gap.append(silence.ratio(answers, by=name).value / ratio - 1)
        for name, count in counts.items():
            count.append(silence.hidden(everyone, answers, 45, by=name).value / hidden - 1)
    assert abs(np.mean(gaps["weight"])) < 0.04
    assert np.mean(gaps["by_frame"]) < -0.10
    assert abs(np.mean(counts["weight"])) < 0.04
    assert np.mean(counts["plain"]) < -0.08


def test_without_logged_incidents_the_silent_are_taken_to_answer_as_complainers_do() -> None:
    everyone, ratio, _ = told_by_lot(1, log=False)
    assert silence.ratio(weighed(everyone)).value < 0.95 * ratio


def test_no_weight_is_larger_than_so_many_medians_but_for_raking() -> None:
    everyone, _, _ = told_by_lot(2)
    loose, tight = (silence.weighed(everyone, most)["weight"] for most in (50.0, 1.0))
    assert tight.max() / tight.median() < 1.1 < loose.max() / loose.median()


def test_without_invitations_answers_stand_for_themselves_and_nothing_is_said_of_hidden_customers() -> None:
    everyone = asked(answered(2, 20, 0, 80, invited=False))
    answers = weighed(everyone)
    assert silence.ratio(answers).value == pytest.approx(4.0)
    if_none = silence.if_others_tell(everyone, answers, 0.0)
    assert (if_none.low, if_none.flags) == (pytest.approx(4.0), ("not-reached",))
    for ask in (lambda: silence.hidden(everyone, answers, 45), lambda: silence.needs_invitations(answers)):
        with pytest.raises(UntoldError, match=r"\(survey_invites\) would tell"):
            ask()


def test_mixtures_are_those_of_the_counts() -> None:
    everyone = asked(answered(2, 10, 0, 30), people(40, severity=0.0), people(20))
    answers = weighed(everyone)
    assert silence.if_others_tell(everyone, answers, 1.0).value == pytest.approx(3.0)
    assert silence.if_others_tell(everyone, answers, 0.0).value == pytest.approx(1 / (0.25 * 0.8) - 1)


def test_one_ratio_over_another_has_the_limits_of_both() -> None:
    answers = weighed(asked(answered(1, 10, 0, 190), answered(3, 100, 0, 50), people(90)))
    minor, severe = silence.ratio(answers, 1), silence.ratio(answers, 3)
    times = silence.times_as_many(minor, severe)
    assert times.value == pytest.approx(38.0)
    down = np.hypot(np.log(minor.value / minor.low), np.log(severe.high / severe.value))
    assert times.low == pytest.approx(38.0 * np.exp(-down))
    assert not silence.times_as_many(minor, silence.ratio(answers, 2)).is_known


def test_hidden_customers_count_each_customer_of_the_last_round_once() -> None:
    earlier = asked(answered(2, 5, 0, 95)).assign(sent_at=SENT - pd.Timedelta(days=180))
    last = asked(answered(2, 10, 0, 40), people(50, severity=0.0), people(100))
    everyone = silence.in_kinds(pd.concat([earlier, last], ignore_index=True))
    hidden = silence.hidden(everyone, weighed(everyone), 45, by="plain")
    assert (hidden.value, hidden.n) == (pytest.approx(200 * 0.4), 100)


@pytest.mark.parametrize("late", [-0.6, 0.0, 0.6])
def test_late_answers_are_compared_with_early_ones(late: float) -> None:
    rng = np.random.default_rng(3)
    delay = rng.uniform(1, 20, 800)
    told = rng.random(800) < 0.5 + late * (delay / 20 - 0.5)
    frame = people(
        800,
        severity=2.0,
        told=np.where(told, "company", "nobody"),
        completed_at=SENT + pd.to_timedelta(delay, unit="D"),
    )
    slope = silence.late(weighed(asked(frame, people(50))))
    assert slope.low < late < slope.high
    assert (slope.high < 0, slope.low > 0) == (late < 0, late > 0)


# ------------------------------------------------------------------------------------------- counted without asking


def test_incidents_take_the_ordinary_week_away() -> None:
    frame = hits(400, after=[1] * 120 + [0] * 280)
    for back in CONTROLS:
        frame[f"control_{back}"] = [1.0] * 40 + [0.0] * 360
    found = silence.of_incidents(silence.noticed(frame), 3)
    told = 1 - (1 - 0.30) / (1 - 0.10)
    assert found.value == pytest.approx((1 - told) / told)
    assert found.low < found.value < found.high
    assert "upper-bound" not in found.flags


def test_incidents_of_which_nobody_knows_who_noticed_are_an_upper_bound() -> None:
    frame = hits(100, after=[1] * 20 + [0] * 80, noticed=np.nan)
    assert silence.of_incidents(silence.noticed(frame), 3).flags == ("upper-bound",)
    unnoticed = hits(100, after=[1] * 20 + [0] * 80, noticed=[np.nan] * 50 + [0.0] * 50)
    assert silence.of_incidents(silence.noticed(unnoticed), 3).n == 50


def listed(rng: np.random.Generator, count: int) -> pd.DataFrame:
    """Return people with Poisson many severe problems; each told by lot, some answer, some are logged."""
    times = rng.poisson(0.4, count)
    told = rng.binomial(times, 0.3)
    reported = (times > 0) & (rng.random(count) < 0.5)
    frame = people(
        count,
        severity=np.where(reported, 3.0, np.where(rng.random(count) < 0.5, 0.0, np.nan)),
        complaints=told,
        complaints_severe=told,
        incidents_severe=rng.binomial(times, 0.4),
    )
    return silence.in_kinds(frame)


def test_overlapping_lists_find_the_share_of_problems_told() -> None:
    rng = np.random.default_rng(17)
    frames = [listed(rng, 3_000) for _ in range(30)]
    truth = 0.7 / 0.3
    for three in (False, True):
        found = [silence.of_lists(frame, 3, three) for frame in frames]
        assert np.mean([e.value for e in found]) == pytest.approx(truth, rel=0.06)
        assert sum(e.low <= truth <= e.high for e in found) >= 26


def test_complaints_without_severity_are_spread_over_the_lists() -> None:
    frame = listed(np.random.default_rng(1), 3_000)
    lost = np.arange(3_000) % 4 == 0
    some = frame.assign(
        complaints_severe=np.where(lost, 0, frame["complaints_severe"]),
        complaints_unrated=np.where(lost, frame["complaints"], 0),
    )
    whole, part = (silence.of_lists(one, 3).value for one in (frame, some))
    assert part == pytest.approx(whole, rel=0.15)


def test_lists_that_are_empty_give_no_number() -> None:
    nothing = asked(answered(3, 5, 0, 5), people(20))
    with pytest.raises(UntoldError, match="marked as complaints"):
        silence.of_lists(nothing, 3)
    minor = asked(answered(3, 5, 0, 5), people(20, complaints=1, complaints_minor=1))
    assert not silence.of_lists(minor, 3).is_known
    assert not silence.of_lists(minor, 3, three=True).is_known


def test_repeated_complaints_give_chaos_floor() -> None:
    def floor(*times: int, known: bool = True) -> Estimate:
        return silence.floor_of_complaints(pd.DataFrame({"complaints": times, "is_customer": known}))

    seen = [1] * 30 + [2] * 10 + [3] * 5
    found = floor(*seen, *[0] * 200)
    assert found.value == pytest.approx(30 * 29 / (2 * 11) / 45)
    assert found.n == 45
    # nine are left who could be silent; where it is not known who is a customer, there may be more
    assert (floor(*seen, *[0] * 9).value, floor(*seen, *[0] * 9).high) == (pytest.approx(9 / 45), pytest.approx(9 / 45))
    assert floor(*seen, *[0] * 9, known=False) == found
    for nobody_twice in ([0] * 9, [1] * 40 + [0] * 60):
        with pytest.raises(UntoldError, match="Customers who complained twice would tell"):
            floor(*nobody_twice)


def test_detractors_are_weighted_like_their_answers() -> None:
    frame = pd.DataFrame(
        {
            "invite_id": [f"i{k}" for k in range(40)],
            "customer_id": [f"c{k}" for k in range(40)],
            "complaints": [2] * 10 + [0] * 30,
        }
    )
    answers = pd.DataFrame({"id": frame["invite_id"], "weight": [3.0] * 10 + [1.0] * 30})
    assert silence.of_detractors(frame, answers.iloc[:0]).value == pytest.approx(3.0)
    assert silence.of_detractors(frame, answers).value == pytest.approx(1.0)
    assert not silence.of_detractors(frame.iloc[:0], answers).is_known


def in_all_ways(everyone: pd.DataFrame, incidents: pd.DataFrame, rank: int = 3) -> dict[str, Estimate]:
    return silence.in_all_ways(everyone, weighed(everyone), silence.noticed(incidents), rank)


def test_ways_that_agree_and_ways_that_do_not() -> None:
    everyone = asked(answered(3, 100, 0, 100), people(100))
    same, other = (
        silence.agreement({"severe": in_all_ways(everyone, hits(400, after=[1] * told + [0] * (400 - told)))})
        for told in (200, 40)
    )
    assert same[0] == "supported"
    assert other[0] == "not-supported"
    apart = other[1]
    assert (apart["at"], apart["one"], apart["other"]) == ("severe", "survey", "incidents")
    assert isinstance(apart["second"], Estimate)
    assert apart["second"].value == pytest.approx(9.0)
    with pytest.raises(UntoldError, match="Only one way of counting is possible"):
        silence.agreement({"severe": in_all_ways(everyone, hits(0))})


def test_lists_that_count_too_low_are_no_disagreement() -> None:
    """Who is on both lists more easily makes the ratio of two lists too low, never too high."""
    complained = {"complaints": 1, "complaints_severe": 1}
    told, kept = answered(3, 100, **complained), answered(3, 0, 0, 60, **complained)
    low = in_all_ways(asked(told, kept, answered(3, 0, 0, 40), people(400)), hits(0))
    some = answered(3, 40, **complained)
    high = in_all_ways(asked(some, answered(3, 60), answered(3, 0, 0, 100), people(400)), hits(0))
    assert low["two lists"].high < low["survey"].low
    assert silence.agreement({"severe": low})[0] == "supported"
    assert high["two lists"].low > high["survey"].high
    assert silence.agreement({"severe": high})[0] == "not-supported"


def test_an_upper_bound_is_not_held_against_the_others() -> None:
    everyone = asked(answered(3, 100, 0, 100), people(100))
    found = in_all_ways(everyone, hits(400, after=[1] * 40 + [0] * 360, noticed=np.nan))
    with pytest.raises(UntoldError):
        silence.agreement({"severe": found})


# --------------------------------------------------------------------------------------------------- leaving


def lives(seed: int, silent_hazard: float, count: int = 900) -> pd.DataFrame:
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
        told=np.array(["", "company", "nobody"], object)[kind],
        tier=tier,
        end_reason=np.where(rng.random(count) < 0.1, "payment", "voluntary"),
    )
    frame["ended_at"] = left.where(left < pd.Timestamp(CUT))
    return silence.in_kinds(frame.assign(customer_id=[f"c{k // 2}" for k in range(count)]))


def followed(everyone: pd.DataFrame) -> pd.DataFrame:
    return silence.followed(weighed(everyone), CUT, 365)


def test_hazards_are_those_of_lifelines() -> None:
    found = followed(lives(1, 2.0))
    ratio = silence.hazard_ratio(found, SILENT, NONE)
    mine = found[found["group"].isin([SILENT, NONE])]
    frame = pd.DataFrame(
        {
            "time": mine["days"],
            "left": mine["end"] == 1,
            "who": pd.factorize(mine["customer_id"])[0],
            "silent": (mine["group"] == SILENT).astype(float),
            "starter": (mine["tier"] == "Starter").astype(float),
        }
    )
    fit = CoxPHFitter().fit(frame, "time", "left", cluster_col="who", robust=True)
    assert ratio.value == pytest.approx(float(np.exp(fit.params_["silent"])), rel=1e-3)
    low, high = np.exp(fit.confidence_intervals_.loc["silent"])
    assert (ratio.low, ratio.high) == (pytest.approx(low, rel=0.02), pytest.approx(high, rel=0.02))
    assert ratio.n == len(mine)


def test_silence_that_costs_is_found_and_silence_that_does_not_is_not() -> None:
    costly, harmless = (silence.hazard_ratio(followed(lives(*kind)), SILENT, NONE) for kind in ((2, 2.5), (1, 1.0)))
    assert costly.low > 1
    assert harmless.low < 1


@pytest.mark.slow
def test_harmless_silence_is_rarely_found_guilty() -> None:
    ratios = [silence.hazard_ratio(followed(lives(seed, 1.0)), SILENT, NONE) for seed in range(60)]
    assert sum(ratio.low > 1 for ratio in ratios) <= 5
    assert sum(ratio.low <= 1 <= ratio.high for ratio in ratios) >= 53


def test_a_harm_that_fades_is_found_in_its_own_time() -> None:
    """Silence makes leaving 2.5 times as likely for 180 days, then 0.5 times; over a year the two cancel out."""
    rng, count = np.random.default_rng(3), 4_000
    silent = rng.random(count) < 0.5
    early = rng.exponential(400 / np.where(silent, 2.5, 1.0))
    days = np.where(early <= 180, early, 180 + rng.exponential(400 / np.where(silent, 0.5, 1.0)))
    began = pd.Timestamp("2025-01-01")
    frame = people(
        count,
        sent_at=began,
        completed_at=began,
        severity=np.where(silent, 1.0, 0.0),
        told=np.where(silent, "nobody", ""),
        ended_at=began + pd.to_timedelta(days, unit="D"),
    )
    found = followed(silence.in_kinds(frame.assign(customer_id=[f"c{k}" for k in range(count)])))
    soon, later = silence.between(found, 0, 180), silence.between(found, 180, 365)
    assert (soon["days"].max(), later["days"].max()) == (180, 185)
    assert len(later) == (found["days"] > 180).sum()
    first, second = (silence.hazard_ratio(rows, SILENT, NONE) for rows in (soon, later))
    assert first.low < 2.5 < first.high
    assert second.low < 0.5 < second.high
    assert silence.times_as_many(first, second).low > 3
    mixed = silence.hazard_ratio(found, SILENT, NONE)
    assert second.high < mixed.low
    assert mixed.high < first.low
    # what ends after the time asked about is not seen by it
    assert (silence.left(soon, 180, SILENT), silence.left(soon, 180, NONE)) == (
        silence.left(found, 180, SILENT),
        silence.left(found, 180, NONE),
    )


def test_without_subscriptions_nothing_is_said_of_leaving() -> None:
    with pytest.raises(UntoldError, match="Subscriptions with their ends would tell"):
        followed(asked(answered(2, 50, 0, 50, is_customer=False), people(50)))
    few = followed(asked(answered(2, 50, 0, 50), people(50, severity=0.0), people(50)))
    assert not silence.hazard_ratio(few, SILENT, NONE).is_known


def test_a_failed_payment_is_not_leaving_and_the_cut_is_not_an_end() -> None:
    day = SENT + pd.Timedelta(days=11)
    frame = asked(
        answered(2, 0, 0, 10, ended_at=day, end_reason="payment"),
        answered(2, 0, 0, 10, ended_at=day, end_reason="voluntary"),
        answered(2, 0, 0, 80),
        people(20),
    )
    found = followed(frame)
    assert silence.left(found, 10, SILENT).value == pytest.approx(0.1)
    assert ((found["end"] == 1) & (found["days"] <= 10)).sum() == 10
    assert found["days"].max() == pytest.approx((pd.Timestamp(CUT) - SENT).days - 1 + 0.5, abs=0.5)
    assert not silence.left(found, 180, SILENT).is_known


def test_a_customer_may_be_in_both_groups_that_are_compared() -> None:
    found = followed(lives(4, 2.5))
    gap = silence.left(found, 180, SILENT, NONE)
    one, other = silence.left(found, 180, SILENT), silence.left(found, 180, NONE)
    assert gap.value == pytest.approx(one.value - other.value)
    assert gap.low < gap.value < gap.high
    assert gap.n == min(one.n, other.n)


def test_customers_who_had_left_when_they_answered_are_not_followed() -> None:
    frame = asked(answered(2, 0, 0, 10, is_customer=False), answered(2, 0, 0, 10), people(9))
    assert len(followed(frame)) == 10


def test_the_clock_of_an_incident_starts_when_it_is_known_who_complained() -> None:
    """All leave by one law. From the incident on, the silent would seem to leave faster: complaining takes time."""
    rng, began = np.random.default_rng(5), pd.Timestamp("2025-06-01")
    gone = rng.exponential(30, 1_500)
    asks = rng.uniform(0, 7, 1_500)
    told = (asks < gone) & (rng.random(1_500) < 0.5)
    ended = began + pd.to_timedelta(gone, unit="D")
    # the data have in neither group those who left within the week
    frame = hits(
        1_500, after=told.astype(int), began=began + pd.Timedelta(days=7), ended_at=ended, is_customer=gone > 7
    )
    ratio = silence.hazard_ratio(after_incidents(frame), SILENT, TOLD, True)
    assert ratio.low < 1 < ratio.high
    naive_told, naive_silent = gone[told].mean(), gone[~told].mean()
    assert naive_silent < 0.9 * naive_told


def test_like_problems_are_compared_after_incidents_first() -> None:
    rng = np.random.default_rng(6)
    told = rng.random(1_200) < 0.5
    ended = pd.Timestamp("2026-01-08") + pd.to_timedelta(rng.exponential(np.where(told, 900, 350)), unit="D")
    frame = hits(1_200, after=told.astype(int), ended_at=pd.Series(ended).where(ended < pd.Timestamp(CUT)))
    after, answers = after_incidents(frame), followed(lives(2, 2.5))
    way, hazard = silence.of_like_problems(after, answers)
    assert way == "incidents"
    assert hazard.low > 1
    assert silence.of_like_problems(after.iloc[:0], answers)[0] == "survey"
    with pytest.raises(UntoldError):
        silence.of_like_problems(after.iloc[:0], answers.iloc[:0])


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
    found = silence.remembered(weighed(frame))
    assert found[3].value == pytest.approx(1.0)
    assert found[1].value == pytest.approx(1 - 0.6 / 0.8)  # a fifth report a problem without any sign of one
    assert not found[2].is_known
    share = (10 + 0) / (60 + 60 / 0.25)
    unweighted = weighed(frame.assign(invited=False))
    assert silence.with_the_forgotten(unweighted).value == pytest.approx((1 - share) / share)


def test_without_incidents_recall_cannot_be_told() -> None:
    with pytest.raises(UntoldError, match="Logged incidents that say whether the customer noticed would tell"):
        silence.remembered(weighed(asked(answered(2, 50, 0, 50), people(50))))


def test_what_people_say_is_held_against_their_tickets() -> None:
    frame = asked(
        answered(3, 30, complaints=1, complaints_severe=1),
        answered(3, 10),
        answered(3, 0, 0, 40),
        answered(3, 0, 0, 5, complaints=1, complaints_minor=1),
        people(40),
    )
    with_ticket, by_tickets = silence.by_tickets(weighed(frame))
    assert (with_ticket.value, with_ticket.n) == (pytest.approx(0.75), 40)
    assert by_tickets.value == pytest.approx(55 / 30, rel=0.02)


def test_tiers_that_differ_are_told_of_and_others_are_not() -> None:
    differ = asked(answered(2, 80, 0, 20, tier="Starter"), answered(2, 20, 0, 80, tier="Enterprise"), people(50))
    alike = asked(answered(2, 50, 0, 50, tier="Starter"), answered(2, 48, 0, 52, tier="Enterprise"), people(50))
    # one tier has more severe problems, which are told more often in both
    mix = asked(
        *(answered(3, 8 * k, 0, 2 * k, tier=tier) for tier, k in (("Starter", 20), ("Enterprise", 2))),
        *(answered(1, 1 * k, 0, 9 * k, tier=tier) for tier, k in (("Starter", 2), ("Enterprise", 20))),
        people(50),
    )
    same, apart = silence.parts(weighed(differ), "tier")
    assert (same, apart["at"], apart["one"], apart["other"]) == ("not-supported", "tier", "Starter", "Enterprise")
    assert isinstance(apart["second"], Estimate)
    assert apart["second"].value == pytest.approx(4.0, rel=0.05)
    for frame in (alike, mix):
        assert silence.parts(weighed(frame), "tier")[0] == "supported"
    with pytest.raises(UntoldError):
        silence.parts(weighed(asked(answered(2, 5, 0, 5))), "tier")


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
    frame = silence.asked(book, 92, 365, "tier").set_index("customer_id")
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
    frame = silence.asked(book, 92, 365, "tier")
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
    frame = silence.incidents(book, 7, CONTROLS).set_index("customer_id")
    assert list(frame.index) == ["a", "b"]  # the recent one has not had its week before the cut
    assert (frame.loc["a", "after"], frame.loc["b", "after"]) == (1, 0)
    controls = [f"control_{back}" for back in CONTROLS]
    assert list(frame.loc["a", controls]) == [0, 1, 0, 0]
    assert list(frame.loc["b", controls].isna()) == [False, False, True, True]


def test_where_complaints_are_not_marked_every_ticket_counts_after_an_incident(desk: Lay) -> None:
    tickets = [{"ticket_id": "t", "customer_id": "a", "created_at": at(1)}]
    hit = [{"incident_id": "x", "customer_id": "a", "occurred_at": at(0), "severity": "minor", "noticed": True}]
    assert silence.incidents(opened(desk, tickets=tickets, incidents=hit), 7, CONTROLS)["after"].tolist() == [1]


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
    found = silence.complaints(book, 90, silence.DETRACTORS).set_index("customer_id")["complaints"]
    assert dict(found) == {"a": 1, "d": 0}
    assert dict(silence.complaints(book, 365, silence.CUSTOMERS).set_index("customer_id")["complaints"]) == {
        "a": 1,
        "d": 2,
    }


def test_forty_complaints_of_forty_customers_do_not_make_820_of_a_hundred(desk: Lay) -> None:
    pays = {"monthly_amount": 20.0, "currency": "EUR"}
    terms = [
        {"customer_id": f"c{k}", "term_id": f"{k}", "subscription_id": f"{k}", "started_at": at(-900 + k)} | pays
        for k in range(100)
    ]
    once = [ticket(f"{k}", f"c{k}", -k - 1) for k in range(40)]
    few = silence.complaints(opened(desk, subscriptions=terms, tickets=once), 365, silence.CUSTOMERS)
    assert len(few) == 100
    with pytest.raises(UntoldError, match="complained twice"):
        silence.floor_of_complaints(few)


def test_a_breakdown_that_customers_do_not_have_is_refused(desk: Lay) -> None:
    with pytest.raises(MeasureError, match='did you mean "tier"'):
        silence.asked(opened(desk, survey_answers=[reply("a", 1, "nobody")]), 92, 365, "teir")


def told(study: Study, name: str) -> str:
    return text_of(EN, study.findings[name]).replace("\N{NO-BREAK SPACE}", " ")


def test_without_any_export_it_says_which_would_tell(desk: Lay) -> None:
    study = run(NOTEBOOK, opened(desk))
    assert not study.findings
    assert list(study.exhibits) == ["planning"]  # how many problems to ask about needs no data
    assert [one.value for one in estimates_of(study, "planning", "Enough")][:1] == [2156.0]
    told = " ".join(study.untold)
    for needed in ("(survey_answers with the instrument problem", "systems log (incidents)", "(tickets.is_complaint)"):
        assert needed in told


def estimates_of(study: Study, exhibit: str, label: str) -> list[Estimate]:
    return [one for one in study.exhibits[exhibit].frame.loc[label] if isinstance(one, Estimate)]


def test_without_invitations_the_ratio_is_told_and_what_rests_on_the_others_is_not(desk: Lay) -> None:
    replies = [reply(f"c{k}", 3, "company" if k < 10 else "nobody", invite_id=None) for k in range(50)]
    study = run(NOTEBOOK, opened(desk, survey_answers=replies))
    assert told(study, "silent-per-complainer").startswith("For each customer who told the company of a problem, 4.0 (")
    assert study.findings["silent-per-complainer"].verdict == "not-supported"
    at_none = study.findings["silent-per-complainer"].values["at_none"]
    assert isinstance(at_none, Estimate)
    assert (at_none.low, at_none.flags) == (pytest.approx(4.0), ("not-reached",))
    for name in ("silent-hidden-customers", "silent-unweighted", "silent-worst-case"):
        assert study.finding(name).verdict == "cannot-tell"
        assert "(survey_invites)" in study.finding(name).needed
    assert "weights" not in study.exhibits


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
    study = run(NOTEBOOK, book)
    ratio = study.finding("silent-per-complainer").estimate
    assert isinstance(ratio, Estimate)
    # all who told answered, of the silent two in three: each silent answer stands for one and a half
    assert (ratio.value, ratio.n) == (pytest.approx(3.0), 30)
    rows = study.exhibits["severe"].frame
    assert estimates(rows[rows["label"] == "Logged incidents"])[0].value == pytest.approx(3.0)
    assert "to 3.0 (all had one and kept silent)" in told(study, "silent-worst-case")


def test_an_assumption_that_is_changed_moves_sentence_exhibit_and_method(tmp_path: Path) -> None:
    book = workbook_of(simulate(1), tmp_path)
    with book.engine:
        usual, shorter = run(NOTEBOOK, book), run(NOTEBOOK, book, soon=3, window=60)
    assert told(shorter, "silent-hidden-customers").startswith("In the 60 days before the survey of")
    before, after = (estimates(study.exhibits["severe"].frame)[1].value for study in (usual, shorter))
    assert before != after
    texts = [dict(record["methods"]) for record in shorter.records if "methods" in record]
    assert "a complaint ticket within 3 days" in texts[1]["Logged incidents"]
    assert "in the 60 days before the invitation" in texts[0]["Everyone asked"]
