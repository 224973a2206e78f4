"""Every parameter of the simulated company, annotated with its unit and its meaning.

`truth.toml` is written from here.
"""

# The values by category are frozen dataclasses, which the linter does not see in another file.
# ruff: noqa: RUF009

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from company.categories import (
    ByChannel,
    ByCurrency,
    ByExpectation,
    ByProduct,
    ByRegion,
    BySeverity,
    ByTier,
    ByTouchpoint,
)
from company.dirt import DirtParameters

__all__ = [
    "ByChannel",
    "ByCurrency",
    "ByExpectation",
    "ByProduct",
    "ByRegion",
    "BySeverity",
    "ByTier",
    "ByTouchpoint",
    "CostParameters",
    "CustomerParameters",
    "DirtParameters",
    "ExperienceParameters",
    "IncidentParameters",
    "LeavingParameters",
    "Parameters",
    "RevenueParameters",
    "StatementParameters",
    "SuccessParameters",
    "SupportParameters",
    "SurveyParameters",
]


@dataclass(frozen=True)
class CustomerParameters:
    """Who comes, and how they differ."""

    arrivals_at_start: Annotated[float, "accounts a month", "new accounts a month in 2019-01; grows evenly"] = 6.5
    arrivals_at_end: Annotated[float, "accounts a month", "new accounts a month in 2026-10"] = 22.5
    arrival_season: Annotated[float, "share", "how far arrivals swing around their trend within a year"] = 0.18
    region_share: Annotated[ByRegion, "share", "where new accounts are"] = ByRegion(0.34, 0.26, 0.14, 0.13, 0.13)
    tier_share: Annotated[ByTier, "share", "contract class of new accounts"] = ByTier(0.55, 0.32, 0.13)
    product_share: Annotated[ByProduct, "share", "first product of new accounts"] = ByProduct(0.46, 0.33, 0.21)
    annual_share: Annotated[ByTier, "share", "pay once a year, the others monthly"] = ByTier(0.15, 0.40, 0.80)
    trial_share: Annotated[ByTier, "share", "begin with a free trial of 14 days"] = ByTier(0.70, 0.35, 0.0)
    trial_converts: Annotated[float, "share", "trials that become paying customers"] = 0.88
    frailty_shape: Annotated[float, "gamma shape", "spread of the leaving hazard between like accounts, mean 1"] = 1.6
    satisfaction_mean: Annotated[float, "standard deviations", "own level of an account without problems, mean"] = 0.45
    satisfaction_spread: Annotated[float, "standard deviations", "own level of an account, standard deviation"] = 0.75
    referral_satisfaction: Annotated[float, "log odds", "who refers: per standard deviation of satisfaction"] = 0.7


@dataclass(frozen=True)
class ExperienceParameters:
    """What goes wrong, who says so, and what it does to latent satisfaction."""

    problems: Annotated[BySeverity, "problems an account and month", "bad experiences, told or not"] = BySeverity(
        0.21, 0.11, 0.042
    )
    severe_by_product: Annotated[ByProduct, "factor", "severe problems by product: one has more"] = ByProduct(
        0.8, 1.9, 0.7
    )
    launch_factor: Annotated[float, "factor", "all problems in the launch region while support is slow"] = 1.7
    complain: Annotated[BySeverity, "probability", "a bad experience is told to the company"] = BySeverity(
        0.08, 0.30, 0.65
    )
    public_only: Annotated[BySeverity, "probability", "what the company is not told goes to the public"] = BySeverity(
        0.02, 0.05, 0.10
    )
    memory: Annotated[float, "a month", "share of the distance from its own level that satisfaction keeps"] = 0.80
    monthly_noise: Annotated[float, "standard deviations", "unexplained monthly change of satisfaction"] = 0.36
    drop: Annotated[BySeverity, "standard deviations", "fall of satisfaction by a problem"] = BySeverity(
        0.10, 0.45, 1.10
    )
    bad_answer_drop: Annotated[float, "standard deviations", "fall by a question that was answered badly"] = 0.12
    recovery: Annotated[float, "share", "part of fall and hurt that a well handled complaint takes away"] = 0.60


@dataclass(frozen=True)
class LeavingParameters:
    """Monthly hazards of deciding to leave; a decision takes effect at once or at the end of the paid period."""

    hazard: Annotated[ByTier, "a month", "decision to leave at satisfaction 0, no hurt"] = ByTier(
        0.0255, 0.0125, 0.0065
    )
    satisfaction: Annotated[float, "log hazard", "per standard deviation of satisfaction"] = -0.42
    hurt: Annotated[BySeverity, "log hazard", "after a problem, before it fades"] = BySeverity(0.10, 0.65, 1.30)
    hurt_keeps: Annotated[float, "a month", "share of the hurt that is left a month later"] = 0.80
    first_months: Annotated[float, "factor", "hazard in the first 90 days"] = 1.35
    price_rise: Annotated[float, "factor", "hazard of accounts paying in TRY in January and February"] = 1.6
    at_once: Annotated[float, "share", "monthly payers who stop at once instead of at the end of the period"] = 0.40
    failed_payment: Annotated[ByTier, "a month", "involuntary end, whatever the experience"] = ByTier(
        0.0040, 0.0022, 0.0004
    )
    returns: Annotated[float, "a month", "return within a year after a voluntary end"] = 0.009


@dataclass(frozen=True)
class SupportParameters:
    """Requests for help and how they are answered. Minutes are working minutes except for chat and phone."""

    questions: Annotated[ByTier, "tickets an account and month", "questions without a problem"] = ByTier(
        0.33, 0.68, 1.50
    )
    question_season: Annotated[float, "share", "how far questions swing within a year, most in January"] = 0.15
    new_account_factor: Annotated[float, "factor", "questions in the first 90 days"] = 1.9
    median_reply: Annotated[ByChannel, "minutes", "median first reply at normal load"] = ByChannel(150, 120, 4, 2, 22)
    reply_spread: Annotated[float, "log minutes", "standard deviation of the log reply time"] = 0.95
    busy_hours: Annotated[float, "log minutes", "longer replies on Mondays and from 9 to 12"] = 0.35
    skill_spread: Annotated[float, "logit", "spread of agents' skill"] = 0.30
    skill_speed: Annotated[float, "log minutes", "reply time per unit of skill"] = -0.30
    slow_region: Annotated[str, "region", "where a product launch overloads support"] = "DACH"
    slow_from: Annotated[str, "month", "support of the launch region becomes slow"] = "2026-03"
    slow_months: Annotated[int, "months", "until new agents have joined"] = 3
    slow_reply: Annotated[float, "log minutes", "longer replies in that time"] = 1.05
    slower_by_severity: Annotated[BySeverity, "log minutes", "longer replies to complaints, the harder the longer"] = (
        BySeverity(0.0, 0.0, 0.0)
    )
    handled_well: Annotated[float, "logit", "question handled well at the usual reply time"] = 1.25
    handled_well_speed: Annotated[float, "logit", "per log minute slower than usual"] = -0.50
    handled_well_severity: Annotated[BySeverity, "logit", "a complaint handled well"] = BySeverity(-0.1, -0.4, -0.9)
    unanswered: Annotated[float, "share", "tickets that nobody answers"] = 0.015
    reopened_well: Annotated[float, "probability", "reopened after being handled well"] = 0.05
    reopened_badly: Annotated[float, "probability", "reopened after being handled badly"] = 0.20
    had_to_repeat: Annotated[ByChannel, "probability", "a question has to be told again from the start"] = ByChannel(
        0.17, 0.20, 0.10, 0.26, 0.14
    )
    had_to_repeat_complaint: Annotated[float, "logit", "a complaint is passed on, and told again, more often"] = 0.8
    friendliness: Annotated[float, "points", "mean friendliness of an answer handled badly, 1 to 5"] = 3.8
    friendliness_agents: Annotated[float, "points", "spread of friendliness between agents"] = 0.45
    friendliness_noise: Annotated[float, "points", "spread between the answers of one agent"] = 0.75
    friendliness_handled_well: Annotated[float, "points", "more after being handled well: a halo"] = 0.4


@dataclass(frozen=True)
class SuccessParameters:
    """Success work: who gets it, and what it truly does."""

    manager_at_start: Annotated[ByTier, "probability", "manager from the first month: big accounts"] = ByTier(
        0.0, 0.10, 0.70
    )
    manager_if_low: Annotated[float, "a month", "manager given to an account of low health: troubled accounts"] = 0.07
    low_health: Annotated[float, "points", "health score below which an account counts as troubled"] = 35.0
    health_noise: Annotated[float, "points", "error of the health score, which is 50 + 14 per standard deviation"] = 9.0
    manager_hazard: Annotated[float, "log hazard", "true effect of a manager on leaving"] = -0.35
    manager_satisfaction: Annotated[float, "standard deviations", "true effect of a manager on the account's level"] = (
        0.18
    )
    manager_questions: Annotated[float, "factor", "true effect of a manager on questions"] = 0.85
    manager_expansion: Annotated[float, "factor", "true effect of a manager on seats added"] = 1.25
    onboarding_from: Annotated[str, "month", "onboarding programme begins"] = "2024-07"
    onboarding: Annotated[ByTier, "probability", "new account is onboarded, at its usual level"] = ByTier(
        0.30, 0.50, 0.70
    )
    onboarding_selection: Annotated[float, "logit", "more likely per standard deviation of the account's own level"] = (
        0.5
    )
    onboarding_hazard: Annotated[float, "log hazard", "true effect of onboarding in the first year"] = -0.50
    onboarding_questions: Annotated[float, "factor", "true effect of onboarding on questions in the first 180 days"] = (
        0.70
    )
    follow_up_from: Annotated[str, "month", "randomised follow-up programme begins; runs to the end"] = "2025-06"
    follow_up_treated: Annotated[float, "share", "accounts randomised to follow-up; the others are the hold-out"] = 0.5
    follow_up_delivered: Annotated[float, "share", "of treated accounts that are reached"] = 0.9
    follow_up_recovery: Annotated[float, "share", "true effect: part of fall and lasting hurt taken away by a call"] = (
        0.85
    )


@dataclass(frozen=True)
class RevenueParameters:
    """Seats, prices and sales."""

    seats: Annotated[ByTier, "seats", "median seats of a new account"] = ByTier(5, 22, 95)
    seats_spread: Annotated[float, "log seats", "standard deviation of log seats"] = 0.55
    price: Annotated[ByTier, "EUR a seat and month", "list price"] = ByTier(19, 27, 33)
    annual_discount: Annotated[float, "share", "off when paid once a year"] = 0.15
    usd_price: Annotated[float, "USD per EUR", "list price in USD"] = 1.10
    try_price: Annotated[float, "TRY per EUR", "list price in TRY at the first month"] = 17.5
    try_rise: Annotated[float, "share", "rise of TRY prices each January"] = 0.28
    inflation: Annotated[ByCurrency, "a year", "rise of consumer prices"] = ByCurrency(0.022, 0.029, 0.30)
    expansion: Annotated[float, "a month", "seats are added, at satisfaction 0"] = 0.020
    expansion_satisfaction: Annotated[float, "log rate", "per standard deviation of satisfaction"] = 0.22
    contraction: Annotated[float, "a month", "seats are given up, at satisfaction 0"] = 0.008
    contraction_satisfaction: Annotated[float, "log rate", "per standard deviation of satisfaction"] = -0.28
    plan_change: Annotated[float, "a month", "from the plan Basic to Plus, for a fifth more a seat"] = 0.004
    cross_sell: Annotated[float, "a month", "a second product is bought, at satisfaction 0"] = 0.005
    win_new: Annotated[float, "probability", "an opportunity with a new buyer is won"] = 0.19
    win_existing: Annotated[float, "probability", "an opportunity with a customer is won"] = 0.63
    win_returned: Annotated[float, "probability", "an opportunity with a former customer is won"] = 0.30


@dataclass(frozen=True)
class SurveyParameters:
    """Who is asked, who answers, and what they say."""

    score_mean: Annotated[float, "points", "relationship score at satisfaction 0"] = 8.2
    score_slope: Annotated[float, "points", "per standard deviation of satisfaction"] = 1.55
    score_noise: Annotated[float, "points", "standard deviation of what satisfaction does not explain"] = 1.15
    style: Annotated[ByRegion, "points", "answering style of the region"] = ByRegion(-0.3, 0.3, -0.2, 0.25, 0.0)
    answers: Annotated[float, "logit", "relationship invitation answered at satisfaction 0"] = -0.30
    answers_satisfaction: Annotated[float, "logit", "per standard deviation of satisfaction: the happy answer more"] = (
        0.45
    )
    answers_former: Annotated[float, "logit", "for accounts that have left"] = -1.0
    touchpoint_answers: Annotated[ByTouchpoint, "logit", "touchpoint invitation answered at satisfaction 0"] = (
        ByTouchpoint(-0.4, -1.5, -0.5, -0.9)
    )
    touchpoint_shift: Annotated[ByTouchpoint, "points", "score against the relationship score"] = ByTouchpoint(
        0.7, -0.4, 0.0, 0.2
    )
    handled_well_shift: Annotated[float, "points", "after a service call handled well; the opposite if badly"] = 1.3
    bounced: Annotated[float, "share", "invitations that do not arrive"] = 0.025
    recall: Annotated[BySeverity, "probability", "a problem of the last 92 days is remembered"] = BySeverity(
        0.55, 0.90, 1.0
    )
    people_told: Annotated[BySeverity, "people", "mean number told about a problem"] = BySeverity(0.8, 3.0, 8.0)
    people_told_shape: Annotated[float, "gamma shape", "spread of the number of people told"] = 0.7
    comment: Annotated[float, "share", "answers with a comment"] = 0.42
    rating_offered: Annotated[float, "share", "solved tickets for which a rating is asked"] = 0.78
    rating_answers: Annotated[float, "logit", "rating given, at satisfaction 0"] = -1.25
    rating_answers_satisfaction: Annotated[float, "logit", "per unit of satisfaction with the ticket"] = 0.30
    rating_good: Annotated[float, "logit", "rating is good, at satisfaction 0"] = 1.35
    rating_good_satisfaction: Annotated[float, "logit", "per unit of satisfaction with the ticket"] = 1.10
    rating_good_had_to_repeat: Annotated[float, "logit", "true effect of having to repeat on the rating"] = -0.90
    rating_good_friendliness: Annotated[float, "logit", "true effect of friendliness on the rating, per point"] = 0.45


@dataclass(frozen=True)
class StatementParameters:
    """Statements put to customers once a year and to the company's own managers; agreement is 4 or 5 of 5 points."""

    customers_asked: Annotated[float, "share", "customers asked in each yearly survey, drawn by lot"] = 0.60
    answers: Annotated[float, "logit", "customer answers at satisfaction 0; slope as in other surveys"] = -0.30
    customers_first: Annotated[float, "share", "customers agree they are put first, at satisfaction 0"] = 0.46
    customers_first_satisfaction: Annotated[float, "logit", "per standard deviation of satisfaction"] = 0.8
    expectations: Annotated[ByExpectation, "share", "customers who agree"] = ByExpectation(0.66, 0.61, 0.52, 0.45, 0.36)
    owners: Annotated[int, "people", "managers of the company asked each year"] = 52
    owners_answer: Annotated[float, "share", "managers who answer"] = 0.80
    owners_customers_first: Annotated[float, "share", "managers agree that the company puts customers first"] = 0.80
    owners_experience_first: Annotated[float, "share", "managers agree that experience is the first priority"] = 0.64
    blank: Annotated[float, "share", "statements left without an answer"] = 0.02


@dataclass(frozen=True)
class IncidentParameters:
    """What the company's own systems log of what goes wrong, whether or not anybody tells."""

    logged: Annotated[BySeverity, "share", "bad experiences that are also logged, told or not"] = BySeverity(
        0.35, 0.50, 0.70
    )
    unnoticed: Annotated[BySeverity, "incidents an account and month", "logged and not noticed by the customer"] = (
        BySeverity(0.040, 0.015, 0.004)
    )
    noticed_known: Annotated[float, "share", "logged incidents of which the log says whether they were noticed"] = 0.70


@dataclass(frozen=True)
class CostParameters:
    """What it costs to deliver, and everything that is neither delivery nor support, success, sales or marketing."""

    hosting: Annotated[float, "share", "of recurring revenue"] = 0.15
    payment_fees: Annotated[float, "share", "of recurring revenue"] = 0.028
    development: Annotated[float, "EUR a month", "at the first month"] = 68_000.0
    administration: Annotated[float, "EUR a month", "at the first month"] = 31_000.0
    general_rise: Annotated[float, "a year", "rise of development and administration"] = 0.04


@dataclass(frozen=True)
class Parameters:
    """All parameters of a world."""

    customers: CustomerParameters = CustomerParameters()
    experience: ExperienceParameters = ExperienceParameters()
    leaving: LeavingParameters = LeavingParameters()
    support: SupportParameters = SupportParameters()
    success: SuccessParameters = SuccessParameters()
    revenue: RevenueParameters = RevenueParameters()
    surveys: SurveyParameters = SurveyParameters()
    statements: StatementParameters = StatementParameters()
    incidents: IncidentParameters = IncidentParameters()
    costs: CostParameters = CostParameters()
    dirt: DirtParameters = DirtParameters()
