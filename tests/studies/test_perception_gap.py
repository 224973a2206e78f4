"""Perception: shares and gaps by hand, what was not asked, who stayed silent, what could mislead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from calibrate.cases_perception_gap import managers
from company import Parameters, simulate, truth
from cxlib.claims import all_claims
from cxlib.errors import MeasureError, UntoldError
from cxlib.finding import verdict
from cxlib.language import Language
from cxlib.notebook import Study, parameters_of, run
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.studies import perception_gap as gap
from cxlib.workbook import Workbook
from desk import Desk

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks" / "perception_gap.ipynb"
Row = dict[str, Any]
Lay = Callable[..., Desk]
FIRST, PROFIT = "puts_customers_first", "profit_before_customers"
CLASSES = {"complaint_days": 180, "use_days": 90, "score_days": 365, "unhappy": 6, "happy": 9}


def answers(
    respondent: str, agree: int, others: int, question: str = FIRST, wave: str = "2026-06", **more: Any
) -> list[Row]:
    """Return answers an hour apart, those who agree and the others mixed; `more` may hold functions of the number."""
    scores = [4.0] * agree + [2.0] * others
    order = np.random.default_rng(agree + others).permutation(len(scores))
    begun = datetime.fromisoformat(f"{wave}-02T08:00")
    rows = []
    for number, score in enumerate(scores[k] for k in order):
        row = {
            "answer_id": f"{respondent}-{question}-{wave}-{number}",
            "survey": "statements" if respondent == "customer" else "managers",
            "instrument": "statement",
            "respondent": respondent,
            "question": question,
            "wave": wave,
            "customer_id": f"c{number}" if respondent == "customer" else None,
            "score": score,
            "scale_min": 1.0,
            "scale_max": 5.0,
            "completed_at": (begun + timedelta(hours=number)).isoformat(),
        }
        rows.append(row | {key: value(number) if callable(value) else value for key, value in more.items()})
    return rows


def invites(respondent: str, asked: int, answered: int, wave: str = "2026-06") -> list[Row]:
    """Return delivered invitations; of customers the first ones are those that `answers` names."""
    begun = datetime.fromisoformat(f"{wave}-01T09:00")
    return [
        {
            "invite_id": f"{respondent}-{wave}-{number}",
            "survey": "statements" if respondent == "customer" else "managers",
            "instrument": "statement",
            "wave": wave,
            "customer_id": f"c{number}" if respondent == "customer" else None,
            "sent_at": begun.isoformat(),
            "delivered": True,
            "answered_at": (begun + timedelta(days=1)).isoformat() if number < answered else None,
        }
        for number in range(asked)
    ]


def opened(
    lay: Lay, said: list[Row], asked: list[Row] | None = None, month: str = "2026-10", **tables: Any
) -> Workbook:
    if asked is not None:
        tables["survey_invites"] = asked
    return Workbook(lay("2026-11-09T06:00:00", survey_answers=said, **tables), Month.parse(month), Language())


def read(book: Workbook, agreement: float = 0.4, hidden: float = 1.0) -> gap.Views:
    return gap.read_views(book, agreement, 5.0, hidden, **CLASSES)


def views_of(lay: Lay, said: list[Row], asked: list[Row] | None = None, **more: Any) -> gap.Views:
    return read(opened(lay, said, asked, **more))


def customers_of(lay: Lay, said: list[Row], asked: list[Row] | None = None, **more: Any) -> gap.Answers:
    return views_of(lay, said, asked, **more).latest("customer", FIRST)


def studied(book: Workbook, **parameters: object) -> Study:
    with book.engine:
        return run(NOTEBOOK, book, **parameters)


BOTH = [*answers("owner", 32, 8), *answers("customer", 90, 110)]
INVITED = [*invites("owner", 50, 40), *invites("customer", 400, 200)]


def test_shares_are_wilsons_and_the_gap_is_newcombes(desk: Lay) -> None:
    sides = views_of(desk, BOTH).both(FIRST, PROFIT)
    for side, agree, count in zip(sides, (32, 90), (40, 200), strict=True):
        assert (side.agree.value, side.agree.n) == (agree / count, count)
        assert (side.agree.low, side.agree.high) == pytest.approx(proportion_confint(agree, count, method="wilson"))
    apart = gap.apart(*sides, 0.4)
    low, high = confint_proportions_2indep(32, 40, 90, 200, method="newcomb", compare="diff")
    assert apart.value == pytest.approx(32 / 40 - 90 / 200)
    assert (apart.low, apart.high) == pytest.approx((low, high), abs=1e-9)
    assert (apart.unit, apart.n, apart.method) == ("share difference", 40, "Newcombe")


def test_without_invitations_nothing_is_known_of_the_silent(desk: Lay) -> None:
    customers = customers_of(desk, BOTH)
    assert customers.answered("an unknown part") == "an unknown part"
    with pytest.raises(UntoldError, match="could not be weighted to those who were asked"):
        gap.weighted(customers)
    with pytest.raises(UntoldError, match="how many stayed silent"):
        gap.silent(customers)


@pytest.mark.parametrize(("agree", "kind", "turn"), [(32, "not all", 1.15), (26, "some", 0.85), (18, "none", None)])
def test_what_would_turn_the_gap(desk: Lay, agree: int, kind: str, turn: float | None) -> None:
    """Half of 400 customers are silent, 45 % of the others agree: (0.65 - 0.5 x 0.45) / 0.5 = 85 % of the silent."""
    sides = views_of(desk, [*answers("owner", agree, 40 - agree), *answers("customer", 90, 110)], INVITED).both(
        FIRST, PROFIT
    )
    assert [side.rate.value for side in sides] == [0.8, 0.5]
    found, quantity = gap.turning(*sides, gap.apart(*sides, 0.4))
    assert found == kind
    if turn is not None:
        assert quantity.value == pytest.approx(turn)


def test_what_the_silent_could_hide(desk: Lay) -> None:
    found = gap.silent(customers_of(desk, BOTH, INVITED))
    assert (found["silent"], found["asked"]) == (200, 400)
    assert [found[end].value for end in ("low", "high")] == pytest.approx([0.225, 0.725])


def test_two_different_questions_are_not_subtracted(desk: Lay) -> None:
    """As published: the owners on customers first, the customers on profit first."""
    views = views_of(desk, [*answers("owner", 32, 8), *answers("customer", 165, 35, PROFIT)])
    with pytest.raises(UntoldError, match="different questions, whose shares must not be subtracted"):
        views.both(FIRST, PROFIT)
    assert views.latest("customer", PROFIT).agree.value == 165 / 200
    turned = views_of(desk, [*answers("owner", 9, 31, PROFIT), *answers("customer", 90, 110)], folder="turned")
    with pytest.raises(UntoldError, match="different questions"):
        turned.both(FIRST, PROFIT)


def test_the_same_words_are_told_by_the_name_of_the_question(desk: Lay) -> None:
    views = views_of(desk, [*answers("owner", 32, 8), *answers("customer", 90, 110, "puts_customers_first_2019")])
    with pytest.raises(UntoldError, match="The customers were not asked"):
        views.both(FIRST, PROFIT)


@pytest.mark.parametrize(("side", "other"), [("owner", "customers"), ("customer", "managers")])
def test_one_side_only(desk: Lay, side: str, other: str) -> None:
    views = views_of(desk, answers(side, 30, 20))
    assert views.latest(side, FIRST).agree.value == 0.6
    with pytest.raises(UntoldError, match=f"The {other} were not asked"):
        views.both(FIRST, PROFIT)
    with pytest.raises(UntoldError, match=f"The {other} were not asked"):
        _ = views.latest("owner" if side == "customer" else "customer", FIRST).agree


def test_nobody_asked(desk: Lay) -> None:
    with pytest.raises(UntoldError, match="put to managers and customers word for word"):
        views_of(desk, answers("customer", 10, 10, "speed_matters_most")).both(FIRST, PROFIT)
    with pytest.raises(UntoldError, match="Answers to statements"):
        views_of(desk, [], folder="nothing")


def test_of_all_managers_there_are(desk: Lay) -> None:
    """33 of 38, of 52: fewer than 41 who agree, or more than 47, would make such a sample unusual (by hand)."""
    mine = [*answers("owner", 33, 5), *answers("customer", 90, 110)]
    found = views_of(desk, mine, invites("owner", 52, 38)).latest("owner", FIRST).agree
    assert (found.value, found.low, found.high) == pytest.approx((33 / 38, 41 / 52, 47 / 52))
    assert (found.n, found.population) == (38, 52)
    everybody = views_of(desk, mine, invites("owner", 38, 38), folder="all").latest("owner", FIRST).agree
    assert (everybody.low, everybody.high) == (33 / 38, 33 / 38)
    # without a list of who was asked they stand for any number of managers
    unknown = views_of(desk, mine, folder="no list").latest("owner", FIRST).agree
    assert (unknown.low, unknown.high) == pytest.approx(proportion_confint(33, 38, method="wilson"))
    assert unknown.population is None
    # customers stand for those to come, too
    asked = [*invites("owner", 52, 38), *invites("customer", 200, 200)]
    assert views_of(desk, mine, asked, folder="customers").latest("customer", FIRST).agree.population is None


def test_a_handful_is_not_shown(desk: Lay) -> None:
    sides = views_of(desk, [*answers("owner", 3, 1), *answers("customer", 90, 110)]).both(FIRST, PROFIT)
    assert not sides[0].agree.is_known
    assert not gap.apart(*sides, 0.4).is_known
    assert set(gap.by_point({"Managers": sides[0], "Customers": sides[1]})["group"]) == {"Customers"}


def test_only_the_last_wave_counts_and_of_a_customer_the_last_answer(desk: Lay) -> None:
    old = answers("customer", 190, 10, wave="2025-06")
    again = [
        row | {"answer_id": f"again-{row['answer_id']}", "score": 1.0, "completed_at": "2026-06-29T10:00"}
        for row in answers("customer", 90, 110)
        if row["score"] == 4.0
    ][:30]
    views = views_of(desk, [*BOTH, *old, *again])
    found = views.latest("customer", FIRST).agree
    assert (found.n, found.value) == (200, pytest.approx(60 / 200))
    waves = gap.by_wave(views, {"Customers": "customer"}, FIRST)
    assert waves["label"].tolist() == ["2025-06", "2026-06"]
    assert waves["value"].tolist() == pytest.approx([190 / 200, 60 / 200])


def test_what_came_after_the_month_is_not_known(desk: Lay) -> None:
    old = [*answers("owner", 20, 20, wave="2025-06"), *answers("customer", 100, 100, wave="2025-06")]
    asked = [*invites("customer", 400, 200, "2025-06"), *invites("customer", 300, 200)]
    customers = customers_of(desk, [*BOTH, *old], asked, month="2026-05")
    assert (customers.agree.n, customers.agree.value) == (200, pytest.approx(0.5))
    assert (customers.month, customers.asked, customers.rate.value) == ("2025-06", 400, 0.5)


def test_blank_answers_and_scales_that_are_not_told_do_not_count(desk: Lay) -> None:
    blank = [row | {"answer_id": f"b-{row['answer_id']}", "score": None} for row in answers("customer", 40, 0)]
    no_scale = [
        row | {"answer_id": f"s-{row['answer_id']}", "scale_max": None, "customer_id": None}
        for row in answers("customer", 40, 0)
    ]
    assert customers_of(desk, [*BOTH, *blank, *no_scale]).agree.n == 200


@pytest.mark.parametrize(
    ("low", "high", "upper", "least"),
    [(1, 5, 0.4, 4), (1, 5, 0.5, 3), (1, 5, 0.1, 5), (0, 10, 0.4, 6), (0, 10, 0.5, 5), (1, 7, 0.5, 4), (1, 7, 0.1, 7)],
)
def test_where_agreement_begins_on_a_scale(desk: Lay, low: int, high: int, upper: float, least: int) -> None:
    said = answers("customer", 0, high - low + 1, score=lambda k: float(low + k), scale_min=low, scale_max=float(high))
    rows = read(opened(desk, said), upper).answers
    assert rows.loc[rows["agrees"], "score"].min() == least


def uneven(desk: Lay) -> Workbook:
    """Asked: 100 of each class. Answered: 20 large ones, who all agree, and 80 small ones, of whom 16 do."""
    agree = [True] * 20 + [k < 16 for k in range(80)]
    said = [
        row | {"customer_id": f"c{k if k < 20 else 80 + k}", "score": 5.0 if agree[k] else 1.0}
        for k, row in enumerate(answers("customer", 0, 100))
    ]
    customers = [{"customer_id": f"c{k}", "tier": "large" if k < 100 else "small"} for k in range(200)]
    asked = [row | {"answered_at": None} for row in invites("customer", 200, 0)]
    return opened(desk, [*said, *answers("owner", 32, 8)], asked, customers=customers)


def test_weights_bring_the_answers_to_those_who_were_asked(desk: Lay) -> None:
    """Half of those asked are large: 0.5 x 1 + 0.5 x 0.2 = 0.6, where the plain share is 0.36."""
    answered = read(uneven(desk)).latest("customer", FIRST)
    assert answered.plain.value == pytest.approx(0.36)
    assert gap.weighted(answered).value == pytest.approx(0.6)
    large = answered.rows["tier"] == "large"
    assert answered.rows.loc[large, "weight"].to_numpy() == pytest.approx(np.full(20, 2.5))
    assert answered.rows.loc[~large, "weight"].to_numpy() == pytest.approx(np.full(80, 0.625))
    assert (answered.responded, answered.asked) == (100, 200)


@pytest.mark.parametrize("hidden", [0.0, 1.0, 1.5])
def test_limits_allow_for_a_hidden_difference(desk: Lay, hidden: float) -> None:
    """Kish: 100² / (20 x 2.5² + 80 x 0.625²) = 64 answers; the interval is joined with itself moved by 0.24."""
    agree = read(uneven(desk), hidden=hidden).latest("customer", FIRST).agree
    low, high = proportion_confint(0.6 * 64, 64, method="wilson")
    assert (agree.low, agree.high) == pytest.approx((low, min(high + hidden * 0.24, 1.0)))


def test_small_classes_are_joined() -> None:
    classes = pd.Series(["a"] * 50 + ["b"] * 50 + ["c"] * 9 + ["d"] * 9)
    mine = np.array([*range(20), *range(50, 70), *range(100, 105), *range(109, 114)])
    # c and d have five answers each: together ten, a class of their own
    assert np.bincount(gap.merged(classes, mine)).tolist() == [50, 50, 18]
    # with three answers in all they go to the largest
    few = np.array([*range(20), *range(50, 65), 100, 101, 110])
    assert np.bincount(gap.merged(classes, few)).tolist() == [68, 50]


def test_use_is_compared_with_others_of_as_many_seats(desk: Lay) -> None:
    """Use grows with seats; what is left over puts the lazy quarter into the lowest class."""
    asked, use, terms = invites("customer", 200, 0), [], []
    for k in range(200):
        seats = 1 + k % 40
        use.append(
            {
                "customer_id": f"c{k}",
                "user_id": f"c{k}",
                "day": "2026-05-20",
                "events": int(1_000 * seats * (0.3 if k < 50 else 1.0)),
            }
        )
        terms.append(
            {
                "term_id": f"t{k}",
                "subscription_id": f"t{k}",
                "customer_id": f"c{k}",
                "started_at": "2025-01-01",
                "quantity": float(seats),
                "monthly_amount": 1.0,
                "currency": "EUR",
            }
        )
    book = opened(desk, BOTH, asked, usage_daily=use[:-1], subscriptions=terms)
    people = read(book).asked
    classes = dict(zip(people["customer_id"], gap.use_classes(people), strict=True))
    assert {classes[f"c{k}"] for k in range(50)} == {"0"}
    assert classes["c199"] == "not used"
    assert {classes[f"c{k}"] for k in range(50, 199)} <= {"0", "1", "2", "3"}


def test_what_is_repeated_lies_in_the_region_of_its_claim() -> None:
    """The page names a published share; the claim's file alone decides what bears it out."""
    repeated = {name: one.default for name, one in parameters_of(NOTEBOOK).items() if name.startswith("repeated_")}
    source = NOTEBOOK.read_text("utf-8")
    regions = {
        claim.finding: claim.region for claim in all_claims() if claim.study == "perception_gap" and claim.region
    }
    assert len(regions) == len(repeated) == 8
    for finding, region in regions.items():
        cell = source.split(f'\\"{finding}\\"')[1].split("repeated=Quantity(repeated_")[1]
        share = repeated[f"repeated_{cell.split(',')[0]}"]
        assert share == pytest.approx(region.low if region.high == 1 else (region.low + region.high) / 2), finding


@pytest.mark.parametrize(
    ("question", "finding", "agree", "others", "told"),
    [
        ("prefers_everyday_channels", "customers-prefer-everyday-channels", 1_000, 1_000, "supported"),
        ("prefers_everyday_channels", "customers-prefer-everyday-channels", 600, 1_400, "not-supported"),
        ("prefers_everyday_channels", "customers-prefer-everyday-channels", 50, 50, "cannot-tell"),
        ("expects_action_on_feedback", "customers-expect-action", 140, 60, "supported"),
        ("expects_action_on_feedback", "customers-expect-action", 100, 100, "cannot-tell"),
    ],
)
def test_a_share_is_held_against_what_is_published(
    desk: Lay, question: str, finding: str, agree: int, others: int, told: str
) -> None:
    said = answers("customer", agree, others, question)
    study = studied(opened(desk, said, invites("customer", 3_000, agree + others)))
    assert study.finding(finding).verdict == told
    assert study.finding("customers-say-profit-first").needed.startswith("The customers were not asked")


def test_the_whole_scale(desk: Lay) -> None:
    points = gap.by_point({"Managers": views_of(desk, BOTH).latest("owner", FIRST)}).set_index("label")["value"]
    assert points.to_dict() == {"1": 0.0, "2": 0.2, "3": 0.0, "4": 0.8, "5": 0.0}


def test_where_agreement_begins(desk: Lay) -> None:
    """All who agree give 4 of 5: counting only 5 nobody agrees and no gap is left."""
    sides = views_of(desk, BOTH).both(FIRST, PROFIT)
    assert gap.alike(*(gap.apart(*sides, upper) for upper in (0.4, 0.5, 0.1))) == "not-supported"
    firm = [row | {"score": 5.0 if row["score"] == 4 else 1.0} for row in BOTH]
    gaps = [gap.apart(*views_of(desk, firm, folder="firm").both(FIRST, PROFIT), upper) for upper in (0.4, 0.5, 0.1)]
    assert gap.alike(*gaps) == "supported"
    assert [one.value for one in gaps] == pytest.approx([0.35] * 3)


def test_a_segment_that_disagrees_is_named_and_one_that_does_not_is_not(desk: Lay) -> None:
    mixed = [{"customer_id": f"c{k}", "region": "North" if k % 2 else "South"} for k in range(200)]
    customers = customers_of(desk, BOTH, customers=mixed)
    assert gap.differing(customers, "region, tier") == ("not-supported", {"count": 2})
    with pytest.raises(MeasureError, match='no segment "regoin"; did you mean "region"'):
        gap.differing(customers, "regoin")
    with pytest.raises(UntoldError, match="whose region or contract class is known"):
        gap.differing(customers, "tier")
    apart = [
        {"customer_id": row["customer_id"], "region": "North" if row["score"] == 4 else "South"}
        for row in BOTH
        if row["customer_id"]
    ]
    ruling, farthest = gap.differing(customers_of(desk, BOTH, customers=apart, folder="apart"), "region, tier")
    assert (ruling, farthest["segment"], farthest["share"].value, farthest["gap"].value) == ("supported", "North", 1, 1)


def test_customers_of_one_parent_company_count_as_alike(desk: Lay) -> None:
    parents = [{"customer_id": f"c{k}", "account_id": f"a{k // 20}"} for k in range(200)]
    same = [
        row | {"score": 5.0 if int(row["customer_id"][1:]) // 20 < 5 else 1.0} for row in answers("customer", 0, 200)
    ]
    customers = customers_of(desk, [*same, *answers("owner", 32, 8)], customers=parents)
    agree = customers.agree
    # ten companies that speak with one voice each are about ten answers, not two hundred
    assert agree.high - agree.low > 0.5
    assert gap.shared_accounts(customers) == ("supported", 10)
    assert gap.shared_accounts(customers_of(desk, BOTH, folder="apart")) == ("not-supported", 0)


@pytest.mark.parametrize(("early", "late", "lies"), [(4.0, 2.0, "below"), (2.0, 4.0, "above"), (None, None, "across")])
def test_late_answers(desk: Lay, early: float | None, late: float | None, lies: str) -> None:
    said = [
        row | {"invite_id": f"customer-2026-06-{k}"} | ({} if early is None else {"score": early if k < 100 else late})
        for k, row in enumerate(answers("customer", 90, 110))
    ]
    slope = gap.late(customers_of(desk, [*said, *answers("owner", 32, 8)], invites("customer", 400, 200)))
    assert (slope.high < 0, slope.low > 0) == (lies == "below", lies == "above")
    with pytest.raises(UntoldError, match="traced to their invitations"):
        gap.late(customers_of(desk, BOTH, folder="without"))


def paying(ends: Callable[[int], str | None]) -> list[Row]:
    return [
        {
            "term_id": f"t{k}",
            "subscription_id": f"t{k}",
            "customer_id": f"c{k}",
            "started_at": "2024-01-01T00:00",
            "ended_at": ends(k),
            "monthly_amount": 10.0,
            "currency": "EUR",
        }
        for k in range(200)
    ]


def test_views_and_what_became_of_them(desk: Lay) -> None:
    """A wave a year before: of the 110 who disagreed 55 left within a year, of the 90 who agreed 9, and 20 later."""
    old = answers("customer", 90, 110, wave="2025-06")
    disagreed = [int(row["customer_id"][1:]) for row in old if row["score"] == 2.0]
    agreed = [int(row["customer_id"][1:]) for row in old if row["score"] == 4.0]
    soon = {*disagreed[:55], *agreed[:9]}
    ends = {k: "2025-12-01T00:00" for k in soon} | {k: "2026-09-01T00:00" for k in agreed[20:40]}
    book = opened(desk, [*BOTH, *old], subscriptions=paying(ends.get))
    others, agree, more = gap.left_after(book, read(book), FIRST, 365)
    assert (others.value, agree.value, more.value) == pytest.approx((0.5, 0.1, 0.4))
    assert verdict(more, matters=0.05) == "supported"
    assert gap.left_after(book, read(book), FIRST, 90)[0].value == 0  # nobody left within a quarter


def test_behaviour_is_untold_where_a_year_has_not_passed(desk: Lay) -> None:
    book = opened(desk, BOTH, subscriptions=paying(lambda k: "2026-09-01T00:00" if k % 2 else None))
    with pytest.raises(UntoldError, match="given long enough ago"):
        gap.left_after(book, read(book), FIRST, 365)
    with pytest.raises(UntoldError, match="together with subscriptions"):
        gap.left_after(bare := opened(desk, BOTH, folder="bare"), read(bare), FIRST, 365)


def test_a_changed_assumption_moves_sentence_chart_and_method(desk: Lay) -> None:
    """Those who agree give 4 of 5: with the last point alone as agreement nobody does."""
    book = opened(desk, BOTH, INVITED)
    with book.engine:
        usual, strict = run(NOTEBOOK, book), run(NOTEBOOK, book, agreement=0.2)
    assert usual.exhibits["finding-gap-customers-first"].text.startswith(
        "Managers think better of the company than customers do: 80.0% of the managers"
    )
    assert "80.0% of the managers and 50.0% of the customers who were asked answered" in (
        usual.exhibits["finding-gap-customers-first"].text
    )
    assert "0.0% of the customers say so" in strict.exhibits["finding-gap-customers-first"].text
    assert strict.exhibits["both-sides"].frame["value"].tolist() == [0, 0]
    methods = {term: text for one in strict.records for term, text in one.get("methods", {}).items()}
    assert "upper 20.0% of the scale" in methods["Agreement"]


def test_a_gap_the_other_way_and_none_do_not_support(desk: Lay) -> None:
    alike = studied(opened(desk, [*answers("owner", 20, 20), *answers("customer", 95, 105)]))
    # forty managers leave room for a gap that would matter
    assert alike.finding("gap-customers-first").verdict == "cannot-tell"
    assert alike.finding("gap-customers-first").assumption == ""
    worse = studied(opened(desk, [*answers("owner", 10, 30), *answers("customer", 150, 50)], folder="worse"))
    assert worse.finding("gap-customers-first").verdict == "not-supported"
    assert "an unknown part of the managers" in worse.exhibits["finding-gap-customers-first"].text


@pytest.mark.slow
def test_on_the_sample_the_truth_lies_in_the_intervals(sample: Snapshot) -> None:
    """The committed company; its truth is in the parameters and in what its customers latently think."""
    study = studied(Workbook(sample, Month(2026, 10), Language()))
    world, told = simulate(), Parameters().statements
    everybody = truth.agreeing(world, FIRST)["2026-06"]
    true = {
        "customers-customers-first": everybody,
        "owners-customers-first": managers(FIRST)(world),
        "owners-experience-first": managers("experience_is_first_priority")(world),
        "gap-customers-first": managers(FIRST)(world) - everybody,
        "customers-prefer-everyday-channels": told.expectations.prefers_everyday_channels,
    }
    for name, value in true.items():
        estimate = study.finding(name).estimate
        assert estimate is not None
        assert estimate.low <= value <= estimate.high, name
    assert study.finding("gap-customers-first").verdict == "supported"
    assert study.finding("customers-say-profit-first").verdict == "cannot-tell"
