"""Each mechanism is visible in the worlds at its parameter, measured by another method than the one that made it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import binomtest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from company import Parameters, World
from company.kinds import SEVERITIES

TOLD = Parameters()


def pooled(worlds: list[World], name: str) -> pd.DataFrame:
    """Return one frame of all worlds; the customers of each stay apart."""
    parts = []
    for number, world in enumerate(worlds):
        frame: pd.DataFrame = getattr(world, name)
        parts.append(frame.assign(customer_id=frame["customer_id"].astype(str) + f"/{number}", world=number))
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("severity", SEVERITIES)
def test_share_that_complains(world: World, severity: str) -> None:
    mine = world.problems[world.problems["severity"] == severity]
    low, high = proportion_confint(int(mine["told"].sum()), len(mine), alpha=0.001, method="wilson")
    assert low < getattr(TOLD.experience.complain, severity) < high
    assert high - low < 0.12


def test_problems_happen_at_their_rate(worlds: list[World]) -> None:
    problems, months = pooled(worlds, "problems"), pooled(worlds, "customer_months")
    rate = (problems["severity"] == "minor").sum() / len(months)
    assert rate == pytest.approx(TOLD.experience.problems.minor, rel=0.06)


def test_one_product_has_more_severe_problems(worlds: list[World]) -> None:
    months, problems = pooled(worlds, "customer_months"), pooled(worlds, "problems")
    product = pooled(worlds, "customers").set_index("customer_id")["product"].astype(str)
    exposure = months["customer_id"].map(product).value_counts()
    severe = problems.loc[problems["severity"] == "severe", "customer_id"].map(product).value_counts()
    rate = severe / exposure
    told = TOLD.experience.severe_by_product
    assert rate["Flow"] / rate["Desk"] == pytest.approx(told.flow / told.desk, rel=0.12)
    assert rate["Insight"] / rate["Desk"] == pytest.approx(told.insight / told.desk, rel=0.2)


def leaving_panel(worlds: list[World]) -> pd.DataFrame:
    """Return customer-months with whether the customer asked to leave in them, as far as the exports can know."""
    months, spells = pooled(worlds, "customer_months"), pooled(worlds, "spells")
    panel = months.merge(spells[["customer_id", "started_at", "asked_to_leave_at", "ended_at"]], on="customer_id")
    ends = panel["month"] + pd.offsets.MonthBegin(1)
    panel = panel[(panel["started_at"] <= panel["month"]) & ~(panel["ended_at"] <= panel["month"])]
    panel = panel[~(panel["asked_to_leave_at"] < panel["month"])]
    panel = panel[panel["month"] < "2026-11-01"]
    return panel.assign(asks=(panel["asked_to_leave_at"] < ends[panel.index]).astype(int))


def test_hazard_follows_satisfaction_and_hurt(worlds: list[World]) -> None:
    """A complementary log-log regression recovers the log hazards, with the frailty known."""
    panel = leaving_panel(worlds)
    about = pooled(worlds, "customers").set_index("customer_id")
    frailty = np.log(about["frailty"].reindex(panel["customer_id"]).to_numpy())
    tier = about["tier"].astype(str).reindex(panel["customer_id"]).to_numpy()
    x = pd.DataFrame(
        {
            "one": 1.0,
            "satisfaction": panel["satisfaction"].to_numpy(),
            "hurt": panel["hurt"].to_numpy(),
            "managed": panel["managed"].to_numpy(),
            "team": tier == "Team",
            "enterprise": tier == "Enterprise",
        }
    ).astype(float)
    family = sm.families.Binomial(link=sm.families.links.CLogLog())
    fit = sm.GLM(panel["asks"].to_numpy(), x, family=family, offset=frailty).fit()
    low, high = fit.conf_int(alpha=0.002).T.to_numpy()
    by_name = dict(zip(x.columns, zip(low, high, strict=True), strict=True))
    assert by_name["satisfaction"][0] < TOLD.leaving.satisfaction < by_name["satisfaction"][1]
    assert by_name["managed"][0] < TOLD.success.manager_hazard < by_name["managed"][1]
    # Hurt is 1 at the start of the month; problems of the month itself add noise, so the slope is a little off.
    assert fit.params["hurt"] == pytest.approx(1.0, abs=0.2)
    assert by_name["enterprise"][1] < by_name["team"][1] < 0


def test_leaving_is_likelier_in_the_month_after_a_severe_problem(worlds: list[World]) -> None:
    panel, problems = leaving_panel(worlds), pooled(worlds, "problems")
    severe = problems[problems["severity"] == "severe"]
    next_month = severe["occurred_at"].dt.to_period("M").dt.to_timestamp() + pd.offsets.MonthBegin(1)
    hit = pd.MultiIndex.from_arrays([severe["customer_id"], next_month])
    after = pd.MultiIndex.from_frame(panel[["customer_id", "month"]]).isin(hit)
    asks = panel["asks"].to_numpy()
    counts = (asks[after].sum(), after.sum(), asks[~after].sum(), (~after).sum())
    low, high = confint_proportions_2indep(*counts, compare="ratio", alpha=0.002)
    assert low > 1.3
    assert high < np.exp(TOLD.leaving.hurt.severe) * 1.5


def test_long_standing_customers_are_the_patient_ones(worlds: list[World]) -> None:
    customers = pooled(worlds, "customers")
    old = customers["created_at"] < "2022-01-01"
    assert customers.loc[old, "frailty"].mean() < 0.85 < customers.loc[~old, "frailty"].mean()


def test_failed_payments_have_nothing_to_do_with_satisfaction(worlds: list[World]) -> None:
    spells, months = pooled(worlds, "spells"), pooled(worlds, "customer_months")
    last = months.sort_values("month").groupby("customer_id")["satisfaction"].last()
    tier = pooled(worlds, "customers").set_index("customer_id")["tier"].astype(str)
    starters = spells[spells["customer_id"].map(tier) == "Starter"]
    by_reason = starters["customer_id"].map(last).groupby(starters["end_reason"].astype(str)).mean()
    stay = starters["customer_id"].map(last)[starters["ended_at"].isna()].mean()
    assert by_reason["voluntary"] < stay - 0.3
    assert by_reason["payment"] == pytest.approx(stay, abs=0.2)


def test_the_happy_answer_more(worlds: list[World]) -> None:
    """A logit over the delivered invitations recovers the slope of response on satisfaction."""
    asked = pooled(worlds, "surveys")
    asked = asked[(asked["survey"] == "relationship") & asked["delivered"] & (asked["sent_at"] < "2026-10-01")]
    x = sm.add_constant(asked[["satisfaction", "former"]].astype(float))
    fit = sm.Logit(asked["answered_at"].notna().astype(int), x).fit(disp=False)
    interval = fit.conf_int(alpha=0.002)
    low, high = interval.loc["satisfaction"]
    assert low < TOLD.surveys.answers_satisfaction < high
    low, high = interval.loc["former"]
    assert low < TOLD.surveys.answers_former < high


def test_so_the_score_of_those_who_answer_is_too_high(worlds: list[World]) -> None:
    asked = pooled(worlds, "surveys")
    asked = asked[asked["survey"] == "relationship"]
    answered = asked["answered_at"].notna()
    assert asked.loc[answered, "potential_score"].mean() > asked.loc[~answered, "potential_score"].mean() + 0.4


def test_people_told_grow_with_severity(worlds: list[World]) -> None:
    told = pooled(worlds, "surveys")
    mean = told[told["severity"].notna()].groupby(told["severity"].astype(str))["people_told"].mean()
    assert mean["minor"] == pytest.approx(TOLD.surveys.people_told.minor, rel=0.15)
    assert mean["moderate"] == pytest.approx(TOLD.surveys.people_told.moderate, rel=0.1)
    assert mean["severe"] == pytest.approx(TOLD.surveys.people_told.severe, rel=0.1)


def test_replies_are_slow_in_one_region_for_three_months(world: World) -> None:
    region = world.customers.set_index("customer_id")["region"].astype(str)
    written = world.tickets[world.tickets["channel"].isin(["email", "web form"])]
    month = written["created_at"].dt.strftime("%Y-%m")
    where = written["customer_id"].astype(str).map(region)
    answered = written["first_reply_working_minutes"].where(written["first_replied_at"].notna())
    median = answered.groupby([where, month]).median()
    slow = ["2026-03", "2026-04", "2026-05"]
    here, elsewhere = median["DACH"], median["Nordics"]
    assert here[slow].min() > 1.8 * here[["2025-12", "2026-01", "2026-02"]].max()
    assert here[["2026-06", "2026-07", "2026-08"]].max() < 0.6 * here[slow].min()
    assert elsewhere[slow].max() < 2 * elsewhere[["2025-12", "2026-01", "2026-02"]].mean()


def test_speed_and_severity_decide_how_well_it_is_handled(worlds: list[World]) -> None:
    tickets = pooled(worlds, "tickets")
    tickets = tickets[(tickets["channel"] == "email") & tickets["first_replied_at"].notna()]
    well = tickets["handled_well"]
    slow = tickets["first_reply_working_minutes"] > 400
    assert well[slow].mean() < well[~slow].mean() - 0.1
    severity = tickets["severity"].astype(object).fillna("question")
    share = well.groupby(severity).mean()
    assert share["question"] > share["minor"] > share["moderate"] > share["severe"]


def test_ratings_follow_the_handling_and_are_answered_by_some(world: World) -> None:
    tickets = world.tickets
    rated = tickets[tickets["satisfaction"].isin(["good", "bad"])]
    offered = tickets["satisfaction"] != "not_offered"
    assert 0.2 < len(rated) / offered.sum() < 0.4
    good = (rated["satisfaction"] == "good").groupby(rated["handled_well"]).mean()
    assert good[True] > good[False] + 0.15
    assert not (offered & tickets["first_solved_at"].isna()).any()


def test_having_to_repeat_and_friendliness_move_the_rating(worlds: list[World]) -> None:
    """A logit over the rated tickets recovers both effects, with the mood known."""
    rated = pooled(worlds, "tickets")
    rated = rated[rated["friendliness"].notna()]
    x = sm.add_constant(rated[["mood", "had_to_repeat", "friendliness"]].astype(float))
    fit = sm.Logit((rated["satisfaction"] == "good").astype(int), x).fit(disp=False)
    interval = fit.conf_int(alpha=0.002)
    for name, told in (
        ("mood", TOLD.surveys.rating_good_satisfaction),
        ("had_to_repeat", TOLD.surveys.rating_good_had_to_repeat),
        ("friendliness", TOLD.surveys.rating_good_friendliness),
    ):
        low, high = interval.loc[name]
        assert low < told < high
        assert high - low < 1


def test_complaints_are_told_again_more_often_than_questions(worlds: list[World]) -> None:
    """So those who had to repeat are also those with worse problems: a plain comparison says too much."""
    tickets = pooled(worlds, "tickets")
    tickets = tickets[tickets["agent"] >= 0]
    for channel, told in (("phone", TOLD.support.had_to_repeat.phone), ("chat", TOLD.support.had_to_repeat.chat)):
        mine = tickets[tickets["channel"] == channel]
        question, complaint = (
            mine.loc[which, "had_to_repeat"] for which in (mine["problem"] < 0, mine["problem"] >= 0)
        )
        assert question.mean() == pytest.approx(told, abs=0.02)
        odds = told / (1 - told) * np.exp(TOLD.support.had_to_repeat_complaint)
        assert complaint.mean() == pytest.approx(odds / (1 + odds), abs=0.06)


def test_agents_differ_in_friendliness_and_well_handled_looks_friendlier(worlds: list[World]) -> None:
    tickets = pooled(worlds, "tickets")
    rated = tickets[tickets["friendliness"].notna()].assign(friendliness=lambda f: f["friendliness"].astype(float))
    by_agent = rated.groupby(["world", "agent"])["friendliness"].agg(["mean", "size"])
    assert by_agent.loc[by_agent["size"] > 30, "mean"].std() > 0.25
    halo = rated.groupby("handled_well")["friendliness"].mean()
    assert halo[True] - halo[False] == pytest.approx(TOLD.support.friendliness_handled_well, abs=0.15)


def test_some_of_what_is_not_told_goes_to_the_public(worlds: list[World]) -> None:
    problems = pooled(worlds, "problems")
    assert not (problems["told"] & problems["in_public"]).any()
    untold = problems[~problems["told"]]
    for severity in SEVERITIES:
        mine = untold[untold["severity"] == severity]
        low, high = proportion_confint(int(mine["in_public"].sum()), len(mine), alpha=0.001, method="wilson")
        assert low < getattr(TOLD.experience.public_only, severity) < high
    answers = pooled(worlds, "surveys")
    where = answers[answers["severity"].notna()].groupby("severity", observed=True)["told"].value_counts(normalize=True)
    assert where["severe", "public"] > where["minor", "public"] > 0


def test_systems_log_a_share_whether_or_not_it_is_told(worlds: list[World]) -> None:
    problems = pooled(worlds, "problems").assign(logged=False)
    first = problems.groupby("world").cumcount().eq(0).to_numpy().nonzero()[0]
    incidents = pooled(worlds, "incidents")
    noticed = incidents[incidents["noticed"]]
    problems.loc[first[noticed["world"]] + noticed["problem"].to_numpy(), "logged"] = True
    for severity in SEVERITIES:
        mine = problems[problems["severity"] == severity]
        for told in (True, False):
            logged = mine.loc[mine["told"] == told, "logged"]
            low, high = proportion_confint(int(logged.sum()), len(logged), alpha=0.001, method="wilson")
            assert low < getattr(TOLD.incidents.logged, severity) < high
    months = sum(len(world.customer_months) for world in worlds)
    rate = incidents.loc[~incidents["noticed"], "severity"].value_counts() / months
    assert rate["minor"] == pytest.approx(TOLD.incidents.unnoticed.minor, rel=0.06)
    known = incidents["noticed_known"]
    assert known.mean() == pytest.approx(TOLD.incidents.noticed_known, abs=0.02)
    kinds = incidents.groupby(incidents["severity"].astype(str))["kind"].value_counts(normalize=True)
    assert kinds["severe", "outage"] > 0.5 > 0.1 > kinds["minor", "outage"]


def test_the_satisfied_refer_more(worlds: list[World]) -> None:
    """Against the other customers of the month, as in a conditional logit, the score is zero at the parameter."""
    score = information = 0.0
    for world in worlds:
        months = world.customer_months.assign(customer_id=world.customer_months["customer_id"].astype(str))
        by_month = dict(iter(months.groupby("month")))
        new = world.customers[world.customers["referred_by"].notna()]
        for referrer, month in zip(
            new["referred_by"].astype(str), new["created_at"].dt.to_period("M").dt.to_timestamp(), strict=True
        ):
            there = by_month[month].set_index("customer_id")["satisfaction"]
            odds = np.exp(TOLD.customers.referral_satisfaction * there)
            mean = (odds * there).sum() / odds.sum()
            score += there[referrer] - mean
            information += (odds * there**2).sum() / odds.sum() - mean**2
    assert abs(score) < 3.3 * np.sqrt(information)
    # and far from zero at no effect at all: the parameter is seen
    assert TOLD.customers.referral_satisfaction * np.sqrt(information) > 8


def test_customers_agree_by_satisfaction_and_owners_think_better_of_it(worlds: list[World]) -> None:
    asked = pooled(worlds, "statements")
    told = TOLD.statements
    customers = asked[asked["respondent"] == "customer"]
    agrees = (customers["potential_puts_customers_first"] >= 4).astype(int)
    fit = sm.Logit(agrees, sm.add_constant(customers[["satisfaction"]])).fit(disp=False)
    interval = fit.conf_int(alpha=0.002)
    low, high = interval.loc["satisfaction"]
    assert low < told.customers_first_satisfaction < high
    low, high = interval.loc["const"]
    assert low < np.log(told.customers_first / (1 - told.customers_first)) < high
    answered = customers["answered_at"].notna()
    assert agrees[answered].mean() > agrees.mean() + 0.02
    owners = asked[asked["respondent"] == "owner"]
    for name, share in (
        ("puts_customers_first", told.owners_customers_first),
        ("experience_is_first_priority", told.owners_experience_first),
    ):
        low, high = proportion_confint(
            int((owners[f"potential_{name}"] >= 4).sum()), len(owners), alpha=0.001, method="wilson"
        )
        assert low < share < high
    for name, share in vars(told.expectations).items():
        low, high = proportion_confint(
            int((customers[f"potential_{name}"] >= 4).sum()), len(customers), alpha=0.001, method="wilson"
        )
        assert low < share < high
    blank = customers.loc[answered, "wants_empathy"].isna().mean()
    assert blank == pytest.approx(told.blank, abs=0.01)


def test_hold_out_is_balanced(worlds: list[World]) -> None:
    for world in worlds:
        work = world.interventions[world.interventions["kind"] == "follow_up"]
        first = work.drop_duplicates("customer_id").assign(customer_id=lambda f: f["customer_id"].astype(str))
        about = world.customers.set_index("customer_id")
        tier = first["customer_id"].map(about["tier"].astype(str))
        treated = first["arm"] == "treated"
        by_tier = treated.groupby(tier).agg(["sum", "size"])
        assert ((by_tier["sum"] - by_tier["size"] / 2).abs() <= 4).all()
        level = first["customer_id"].map(about["own_level"])
        gap = level[treated].mean() - level[~treated].mean()
        assert abs(gap) / level.std() < 4 / np.sqrt(len(first))
        assert work.groupby(work["customer_id"].astype(str))["arm"].nunique().max() == 1
        assert work.loc[work["arm"] == "control", "delivered_at"].isna().all()


def test_follow_up_reaches_whom_it_should(worlds: list[World]) -> None:
    work = pooled(worlds, "interventions")
    treated = work[(work["kind"] == "follow_up") & (work["arm"] == "treated") & (work["assigned_at"] < "2026-10-15")]
    reached = int(treated["delivered_at"].notna().sum())
    assert binomtest(reached, len(treated), TOLD.success.follow_up_delivered).pvalue > 0.001
    assert work.loc[work["kind"] == "follow_up", "assigned_at"].min() >= pd.Timestamp("2025-06-01")


def test_managers_go_to_big_and_to_troubled_accounts(worlds: list[World]) -> None:
    """Confounded both ways: their hazard is lower because they are big, and higher because they are in trouble."""
    work, customers = pooled(worlds, "interventions"), pooled(worlds, "customers")
    tier = customers.set_index("customer_id")["tier"].astype(str)
    managed = work[work["kind"] == "success_manager"]
    share = managed["customer_id"].drop_duplicates().map(tier).value_counts() / tier.value_counts()
    assert share["Enterprise"] > 2 * share["Starter"]
    small = managed[managed["customer_id"].map(tier) == "Starter"]
    assert small["trigger_score"].max() < TOLD.success.low_health
    assert (managed["arm"] == "observational").all()


def test_onboarding_is_given_to_the_willing(worlds: list[World]) -> None:
    work, customers = pooled(worlds, "interventions"), pooled(worlds, "customers")
    new = customers[customers["created_at"] >= "2024-07-03"]
    given = new["customer_id"].isin(work.loc[work["kind"] == "onboarding", "customer_id"])
    assert new.loc[given, "own_level"].mean() > new.loc[~given, "own_level"].mean() + 0.1
    assert work.loc[work["kind"] == "onboarding", "assigned_at"].min() >= pd.Timestamp("2024-07-01")


def test_errors_are_logged_on_the_day_of_a_problem(world: World) -> None:
    day = (world.problems["occurred_at"] + pd.Timedelta(hours=3)).dt.normalize()
    key = pd.MultiIndex.from_arrays([world.problems["customer_id"].astype(str), day])
    use = world.usage.set_index([world.usage["customer_id"].astype(str), world.usage["day"]])["errors"]
    severe = key[world.problems["severity"] == "severe"].unique()
    on_the_day = use[use.index.isin(severe)]
    assert len(on_the_day) > 300
    assert on_the_day.mean() > 12 > 0.5 > use[~use.index.isin(key)].mean()
