"""Is speed what customers want most? Hand-made desks of tickets on which the answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import UntoldError
from cxlib.estimate import Estimate
from cxlib.finding import verdict
from cxlib.language import Language
from cxlib.models.ordinal import Importance
from cxlib.notebook import Study, run
from cxlib.period import Month
from cxlib.studies import speed_and_satisfaction as speed
from cxlib.studies.speed_and_satisfaction import Contacts
from cxlib.workbook import Workbook
from desk import Desk

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "speed_and_satisfaction.ipynb"
Lay = Callable[..., Desk]
Read = Callable[..., Contacts]
Row = dict[str, Any]
START = datetime(2026, 1, 5, 9)
EVERYDAY = "chat, whatsapp, messenger, sms"
ALIKE = "topic, severity, channel"
IN_TIME = f"{ALIKE}, asked_in"
GROUPS: Mapping[str, Sequence[str]] = {
    "speed": ("wait_steps", "solution_steps"),
    "solved at the first try": ("solved_at_once",),
    "not having to repeat": ("known",),
    "friendliness": ("friendliness",),
    "channel": ("channel",),
    "what was asked, and when": ("topic", "severity", "asked_in"),
}
ASIDE, RIVALS = "what was asked, and when", ("friendliness", "not having to repeat")
ANSWERS = (
    "speed-matters",
    "speed-most-important",
    "friendliness-matters",
    "known-customer-matters",
    "everyday-channels-satisfy",
)


def ticket(place: int, minutes: float | None, good: bool | None, **more: Any) -> Row:
    """Return a ticket asked on a weekday morning, answered after some minutes and solved an hour later."""
    asked = START + timedelta(days=7 * (place % 30))
    answered = None if minutes is None else asked + timedelta(minutes=minutes)
    solved = (answered or asked) + timedelta(hours=1)
    return {
        "ticket_id": f"t{place}",
        "customer_id": f"c{place % 90}",
        "channel": "email",
        "topic": "how to",
        "created_at": asked,
        "first_public_reply_at": answered,
        "first_solved_at": solved,
        "last_solved_at": solved,
        "reopens": 0,
        "satisfaction": {True: "good", False: "bad", None: "offered"}[good],
        **more,
    }


def drawn(
    rows: int = 900, seed: int = 1, speed: float = 0.0, friendly: float = 0.0, known: float = 0.0
) -> Iterator[Row]:
    """Draw tickets whose chance of a good rating moves with halvings of the wait, friendliness and being known."""
    rng = np.random.default_rng(seed)
    for place in range(rows):
        halvings, points, repeat = rng.integers(0, 7), rng.integers(2, 6), rng.random() < 0.3
        chance = 0.75 + speed * (halvings - 3) + friendly * (points - 3.5) - known * (repeat - 0.3)
        yield ticket(
            place,
            512 / 2.0**halvings,
            bool(rng.random() < chance),
            channel=("email", "chat", "phone")[rng.integers(0, 3)],
            topic=("how to", "bug")[rng.integers(0, 2)],
            friendliness_score=float(points),
            had_to_repeat=bool(repeat),
            reopens=int(rng.random() < 0.1),
            region=("north", "south")[place % 2],
            agent=f"a{rng.integers(0, 5)}",
        )


FOLDERS = count()


@pytest.fixture
def opened(desk: Lay) -> Iterator[Callable[..., Workbook]]:
    """Return what opens October 2026 of a desk with some tickets."""
    books: list[Workbook] = []

    def lay(rows: Sequence[Row], clockless: tuple[str, ...] = ()) -> Workbook:
        # facts are kept beside the tables, so every desk needs a folder of its own
        laid = replace(desk("2026-12-01", tickets=rows, folder=f"desk-{next(FOLDERS)}"), clockless=clockless)
        books.append(Workbook(laid, Month(2026, 10), Language()))
        return books[-1]

    yield lay
    for book in books:
        book.engine.close()


@pytest.fixture
def read(opened: Callable[..., Workbook]) -> Read:
    """Return what reads the contacts for which a rating was asked or given."""
    return lambda rows: speed.read(opened(list(rows)), EVERYDAY, 4.0, 1.0)[0]


@pytest.fixture
def every(opened: Callable[..., Workbook]) -> Read:
    """Return what reads all contacts."""
    return lambda rows: speed.read(opened(list(rows)), EVERYDAY, 4.0, 1.0)[1]


def wait_effect(contacts: Contacts) -> Estimate:
    return contacts.slope("good", "halvings", IN_TIME).estimate


def fitted(contacts: Contacts) -> tuple[dict[str, Estimate], Importance, list[tuple[str, float]]]:
    return speed.drivers(speed.counted(contacts), GROUPS, 0.5)


def first_place(importance: Importance) -> Estimate:
    return speed.first_place(importance, "speed", ASIDE, RIVALS)


def without(rows: Iterator[Row], *columns: str) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


def moved(row: Row, by: timedelta) -> Row:
    return {**row, **{name: row[name] + by for name in row if name.endswith("_at")}}


def test_speed_that_matters_is_found_and_measured(read: Read) -> None:
    found = wait_effect(read(drawn(speed=0.08)))
    assert found.low < 0.08 < found.high
    assert verdict(found, matters=0.02) == "supported"
    assert verdict(wait_effect(read(drawn(speed=-0.06))), matters=0.02) == "not-supported"


def test_the_slope_is_that_of_a_plain_regression(read: Read) -> None:
    rows = list(drawn(300, speed=0.05))
    found = wait_effect(read(rows))
    frame = pd.DataFrame(rows)
    wait = (frame["first_public_reply_at"] - frame["created_at"]).dt.total_seconds() / 60
    frame = frame.assign(x=-np.log2(wait), y=(frame["satisfaction"] == "good").astype(float))
    alike = frame.groupby(["topic", "channel"])
    dx, dy = (frame[name] - alike[name].transform("mean") for name in ("x", "y"))
    assert found.value == pytest.approx((dx * dy).sum() / (dx * dx).sum())
    assert found.n == 300


def test_speed_comes_first_for_sure_only_when_all_rivals_are_known(read: Read) -> None:
    first = first_place(fitted(read(drawn(speed=0.08)))[1])
    assert verdict(first, 0.95, matters=0.05) == "supported"
    _, model, _ = fitted(read(without(drawn(speed=0.08), "friendliness_score", "had_to_repeat")))
    partly = first_place(model)
    assert (partly.value, partly.low, partly.high) == (1.0, 0.0, 1.0)
    assert verdict(partly, 0.95, matters=0.05) == "cannot-tell"
    assert model.shares["speed"].value > 0.5
    assert model.shares["speed"].low <= model.shares["speed"].value <= model.shares["speed"].high


def test_friendliness_comes_first(read: Read) -> None:
    contacts = read(drawn(speed=0.02, friendly=0.2))
    _, model, _ = fitted(contacts)
    assert verdict(first_place(model), 0.95, matters=0.05) == "not-supported"
    assert next(iter(model.shares)) == "friendliness"
    assert 0.8 < model.shares["friendliness"].value < 1
    assert sum(one.value for one in model.shares.values()) == pytest.approx(1)
    assert verdict(contacts.slope("good", "friendly", ALIKE).estimate, matters=0.05) == "supported"


def test_two_that_are_close_cannot_be_ranked(read: Read) -> None:
    first = first_place(fitted(read(drawn(400, seed=2, speed=0.035, friendly=0.065)))[1])
    assert verdict(first, 0.95, matters=0.05) == "cannot-tell"


def test_nothing_matters_and_a_few_ratings_do_not_show_it(read: Read) -> None:
    for rows, ruling in ((5_000, "not-supported"), (400, "cannot-tell")):
        contacts = read(drawn(rows, seed=4))
        assert verdict(wait_effect(contacts), matters=0.02) == ruling
        for x in ("friendly", "known"):
            assert verdict(contacts.slope("good", x, ALIKE).estimate, matters=0.05) == ruling


def test_being_known(read: Read, every: Read) -> None:
    contacts = read(drawn(known=0.25))
    found = contacts.slope("good", "known", ALIKE).estimate
    assert found.low < 0.25 < found.high
    repeated = np.mean([row["had_to_repeat"] for row in drawn(known=0.25)])
    assert every(drawn(known=0.25)).share("repeated").value == pytest.approx(repeated)
    held = fitted(contacts)[0]["known"]
    assert held.low < 0.25 < held.high


def test_hard_issues_that_wait_longer_are_not_taken_for_slowness(read: Read) -> None:
    """Within an issue speed does nothing; bugs wait eight times as long and satisfy less."""
    rng = np.random.default_rng(5)
    rows = []
    for place in range(1_200):
        hard = bool(rng.random() < 0.5)
        minutes = float((160 if hard else 20) * 2.0 ** rng.integers(-2, 3))
        good = bool(rng.random() < (0.5 if hard else 0.9))
        rows.append(ticket(place, minutes, good, topic="bug" if hard else "how to"))
    contacts = read(rows)
    assert verdict(wait_effect(contacts), matters=0.02) == "not-supported"
    assert contacts.slope("good", "halvings").estimate.low > 0.03


def test_time_of_asking_is_held_too(read: Read) -> None:
    """Mail asked at the weekend waits long and is rated by contented people: as they are, slow looks good."""
    rng = np.random.default_rng(6)
    rows = []
    for place in range(1_200):
        weekend, halvings = bool(rng.random() < 0.5), int(rng.integers(0, 5))
        good = bool(rng.random() < 0.55 + 0.04 * halvings + 0.2 * weekend)
        row = ticket(place, (960 if weekend else 60) / 2.0**halvings, good)
        rows.append(moved(row, timedelta(days=5 if weekend else 0)))
    contacts = read(rows)
    assert verdict(wait_effect(contacts), matters=0.02) == "supported"
    assert contacts.slope("good", "halvings").estimate.value < 0.02


def test_satisfaction_by_wait_is_counted_by_hand(read: Read) -> None:
    minutes = [5] * 40 + [6] * 40 + [2_000] * 40
    rows = [ticket(place, wait, place % 4 > (wait > 5) + (wait > 100)) for place, wait in enumerate(minutes)]
    rows += [ticket(200 + place, None, place < 3) for place in range(6)]
    rows += [ticket(300 + place, None, True, first_reply_unknown=True) for place in range(9)]
    contacts = read(rows)
    bands = speed.by_wait(contacts, "5, 60, 1440")
    assert {label: (one.value, one.n) for label, one in bands.items()} == {
        "0 min to 5 min": (0.75, 40),
        "5 min to 60 min": (0.5, 40),
        "more than 24 hr": (0.25, 40),
    }
    assert list(speed.large(bands)) == list(bands)
    never = contacts.share("unanswered_good")
    assert (never.value, never.n) == (0.5, 6)
    # 15 tickets without a wait are in no comparison
    assert wait_effect(contacts).n == 120


def test_a_few_in_a_band_are_neither_shown_nor_compared(read: Read) -> None:
    rows = [ticket(place, 10, place % 3 > 0) for place in range(60)] + [ticket(99, 3_000, False)]
    bands = speed.by_wait(read(rows), "60")
    assert ["suppressed" in one.flags for one in bands.values()] == [False, True]
    with pytest.raises(UntoldError, match="Two groups with more cases"):
        speed.large(bands)


def test_a_shorter_wait_counts_as_the_shortest(opened: Callable[..., Workbook]) -> None:
    rows = [ticket(place, 2.0 ** (place % 4), place % 3 > 0) for place in range(200)]
    plain, cut = (
        speed.read(opened(rows), EVERYDAY, 4.0, shortest)[0].frame("SELECT max(halvings) AS top FROM contact")["top"][0]
        for shortest in (1.0, 4.0)
    )
    assert (plain, cut) == (0.0, -2.0)


def test_ratings_after_the_month_are_not_known_yet(read: Read) -> None:
    rows = list(drawn(400, speed=0.08))
    late = [
        {**row, "ticket_id": f"late-{place}", "rated_at": datetime(2026, 11, 3), "satisfaction": "bad"}
        for place, row in enumerate(rows)
    ]
    one, other = (wait_effect(read(part)) for part in (rows, rows + late))
    assert other.value == pytest.approx(one.value)
    assert other.n == one.n


def test_contacts_after_the_month_are_not_counted(every: Read) -> None:
    rows = [ticket(place, 10, place % 3 > 0, channel="chat", had_to_repeat=False) for place in range(40)]
    later = datetime(2026, 11, 2, 9)
    late = [ticket(50 + place, 10, None, channel="phone", had_to_repeat=True) for place in range(40)]
    times = {"created_at": later, "first_public_reply_at": later, "first_solved_at": later, "last_solved_at": later}
    contacts = every(rows + [row | times for row in late])
    for name, share in (("everyday", 1.0), ("repeated", 0.0)):
        estimate = contacts.share(name)
        assert (estimate.value, estimate.n) == (share, 40)


@pytest.mark.parametrize("good", [True, False])
def test_all_rated_alike(read: Read, good: bool) -> None:
    contacts = read({**row, "satisfaction": "good" if good else "bad"} for row in drawn(200))
    assert not wait_effect(contacts).is_known
    with pytest.raises(UntoldError, match="More ratings, good and bad"):
        fitted(contacts)


def test_one_customer(read: Read) -> None:
    contacts = read({**row, "customer_id": "only"} for row in drawn(200))
    assert not wait_effect(contacts).is_known
    with pytest.raises(UntoldError, match="More ratings"):
        fitted(contacts)


def test_everyday_channels_by_hand(read: Read, every: Read) -> None:
    rows = [ticket(place, 10, place % 4 > 0, channel="Chat", region="north") for place in range(60)]
    rows += [ticket(100 + place, 10, place % 2 > 0, channel="phone", region="north") for place in range(60)]
    rows += [ticket(200 + place, 10, None, channel="WhatsApp Business", region="south") for place in range(30)]
    rows += [ticket(300 + place, 10, None, channel="web_form", region="south") for place in range(10)]
    contacts = every(rows)
    share = contacts.share("everyday")
    assert (share.value, share.n) == (90 / 160, 160)
    kinds = {name: (one.value, one.n) for name, one in contacts.shares("everyday", "channel").items()}
    assert kinds == {"Chat": (1, 60), "phone": (0, 60), "WhatsApp Business": (1, 30), "web form": (0, 10)}
    assert [one.value for one in contacts.shares("everyday", "region").values()] == [0.5, 0.75]
    satisfied = read(rows).slope("good", "everyday", "topic, severity, region").estimate
    assert satisfied.value == pytest.approx(0.25)
    assert satisfied.low > 0


def test_scores_of_five_points_are_used_as_they_are(read: Read) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        score = int(np.digitize(0.35 * halvings + rng.logistic(), [-1.5, -0.5, 0.3, 1.8])) + 1
        wait, channel = 512 / 2.0**halvings, ("email", "phone")[place % 2]
        rows.append(ticket(place, wait, score >= 4, satisfaction_score=score, channel=channel))
    contacts = read(rows)
    effects, _, tested = fitted(contacts)
    assert [outcome for outcome, _ in tested] == ["the whole score"]
    assert effects["wait_steps"].value == pytest.approx(wait_effect(contacts).value, rel=0.15)
    top = contacts.slope("top", "halvings", IN_TIME).estimate
    assert contacts.share("top").value == pytest.approx(np.mean([row["satisfaction_score"] == 5 for row in rows]))
    assert top.low > 0


def test_scores_whose_steps_differ(read: Read) -> None:
    """Speed saves from the worst score and does nothing for the best."""
    rng = np.random.default_rng(3)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        noise = rng.logistic()
        score = 1 + int(noise > 1 - 0.6 * halvings) + int(noise > 2) * int(noise > 1 - 0.6 * halvings)
        wait, channel = 512 / 2.0**halvings, ("email", "phone")[place % 2]
        rows.append(ticket(place, wait, score >= 2, satisfaction_score=score, channel=channel))
    contacts = read(rows)
    ((outcome, p_value),) = fitted(contacts)[2]
    assert (outcome, p_value < 0.05) == ("satisfied or not", True)
    assert verdict(contacts.slope("top", "halvings", IN_TIME).estimate, matters=0.02) != "supported"


def test_a_score_that_contradicts_good_and_bad_is_not_used(read: Read) -> None:
    rows = [{**row, "satisfaction_score": float(place % 5 + 1)} for place, row in enumerate(drawn(400, speed=0.05))]
    assert fitted(read(rows))[2] == []


def test_who_keeps_silent(read: Read) -> None:
    """Customers who waited rate less often."""
    rng = np.random.default_rng(9)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        silent = bool(rng.random() > 0.2 + 0.1 * halvings)
        good = bool(rng.random() < 0.5 + 0.05 * halvings)
        rows.append(ticket(place, 512 / 2.0**halvings, None if silent else good))
    more = read(rows).slope("rated", "halvings", IN_TIME).estimate
    assert more.low < 0.1 < more.high
    assert speed.measurable(more) == "measurable"
    assert not read(drawn(200)).slope("rated", "halvings", IN_TIME).estimate.is_known


def test_customers_who_always_wait_and_never_are_satisfied_are_found(read: Read) -> None:
    rng = np.random.default_rng(2)
    grumpy = rng.random(90) < 0.5
    rows = []
    for place in range(1_500):
        sad = bool(grumpy[place % 90])
        minutes = float(rng.integers(60, 120) if sad else rng.integers(5, 60))
        row = ticket(place, minutes, bool(rng.random() < (0.4 if sad else 0.9)))
        rows.append(moved(row, START + timedelta(days=7 * (place // 50)) - row["created_at"]))
    contacts = read(rows)
    assert contacts.slope("previous_good", "halvings", IN_TIME).estimate.low > 0
    same_customer = contacts.slope("good", "halvings", "customer_id, channel").estimate
    assert same_customer.low < 0 < same_customer.high
    assert same_customer.high < wait_effect(contacts).value


def test_people_who_are_not_known_are_not_one_person(read: Read) -> None:
    rows = [{**row, "agent": None if place % 3 else row["agent"]} for place, row in enumerate(drawn(300))]
    assert read(rows).slope("good", "halvings", f"{ALIKE}, agent").estimate.n <= 100


def test_hard_issues_are_named_by_their_correlation(read: Read) -> None:
    """Four issues, each with twice the wait and two in ten fewer satisfied than the one before: in step."""
    rows = [
        ticket(
            200 * issue + place, 10.0 * 2**issue * (1 + place % 2), place % 10 >= 2 * issue + 1, topic=f"issue {issue}"
        )
        for issue in range(4)
        for place in range(100)
    ]
    correlation, issues = speed.hard_issues(read(rows), "topic, severity")
    assert (correlation, issues) == (pytest.approx(-1), 4)
    with pytest.raises(UntoldError, match="More kinds of issue"):
        speed.hard_issues(read(rows[:200]), "topic, severity")


def test_the_rank_correlation_is_spearmans(read: Read) -> None:
    rows = list(drawn(300, speed=0.05))
    frame = pd.DataFrame(rows)
    wait = frame["first_public_reply_at"] - frame["created_at"]
    expected = wait.rank().corr((frame["satisfaction"] == "good").rank())
    assert speed.rank_correlation(read(rows)) == pytest.approx(expected)


def test_the_order_of_rows_does_not_matter(read: Read) -> None:
    rows = list(drawn(300, speed=0.05))
    one, other = (fitted(read(some)) for some in (rows, rows[::-1]))
    assert one[1].shares == other[1].shares
    assert one[0] == other[0]


def studied(book: Workbook, **parameters: object) -> Study:
    return run(NOTEBOOK, book, **parameters)


def test_a_changed_assumption_is_said_shown_and_written_down(opened: Callable[..., Workbook]) -> None:
    book = opened([*drawn(400, speed=0.05), *without(drawn(60, seed=7), "satisfaction")])
    usual, other = studied(book), studied(book, everyday="phone", shortest=32.0)
    share, changed = (study.finding("everyday-channels") for study in (usual, other))
    assert share.values["channels"] == "chat"
    assert changed.values["channels"] == "phone"
    assert usual.exhibits["channels"].frame.loc["phone", "Kind"] == "other"
    assert other.exhibits["channels"].frame.loc["phone", "Kind"] == "everyday"
    assert usual.finding("speed-matters").estimate != other.finding("speed-matters").estimate
    texts = {term: text for record in other.records for term, text in record.get("methods", {}).items()}
    assert "Waits under 32 min count as 32 min." in texts["Wait for the first answer"]
    assert "whose name holds one of: phone." in texts["Everyday channels"]


def test_the_answers_of_a_company_where_speed_decides(opened: Callable[..., Workbook]) -> None:
    study = studied(opened(list(drawn(speed=0.08))))
    assert study.finding("speed-matters").verdict == "supported"
    first = study.finding("speed-most-important")
    assert first.verdict == "supported"
    assert first.values["rival"] in GROUPS
    assert study.finding("known-customer-matters").verdict in ("not-supported", "cannot-tell")
    assert study.finding("speed-others-held").estimate is not None


@pytest.mark.parametrize("column", ["created_at", "first_public_reply_at"])
def test_days_without_a_clock_tell_nothing_of_waits(opened: Callable[..., Workbook], column: str) -> None:
    """A wait between two days would come out as none, or as whole days; what needs no clock is told as ever."""
    days = (f"tickets.{column}",)
    study = studied(opened(list(drawn(300, speed=0.05, friendly=0.1)), days))
    for name in ("speed-matters", "speed-most-important", "speed-bands", "speed-hard-issues"):
        assert study.finding(name).verdict == "cannot-tell"
        assert "time of day of questions and first answers would tell" in study.finding(name).needed
    assert study.finding("friendliness-matters").estimate is not None
    assert study.finding("known-customer-share").estimate is not None


def test_days_of_solution_are_no_wait_for_it(opened: Callable[..., Workbook]) -> None:
    effects, _, _ = fitted(speed.read(opened(list(drawn(300)), ("tickets.first_solved_at",)), EVERYDAY, 4.0, 1.0)[0])
    assert "wait_steps" in effects
    assert "solution_steps" not in effects


def test_whoever_is_less_satisfied_is_said_to_be(opened: Callable[..., Workbook]) -> None:
    """Fast, friendly answers to customers who need not repeat anything are rated worse."""
    study = studied(opened(list(drawn(1_500, seed=8, speed=-0.07, friendly=-0.1, known=-0.2))))
    for name, said in (
        ("speed-matters", "Customers who got their first answer in half the time were less often satisfied: −"),
        ("friendliness-matters", "Customers who found the person friendly were less often satisfied"),
        ("known-customer-matters", "Customers who did not have to repeat themselves were less often satisfied"),
    ):
        assert study.finding(name).verdict == "not-supported"
        assert study.exhibits[f"finding-{name}"].text.startswith(said)
    ways = study.finding("speed-matters").values
    assert ways["least"].value <= ways["effect"].value <= ways["most"].value  # type: ignore[union-attr]


def test_exports_without_a_column_say_which(opened: Callable[..., Workbook]) -> None:
    study = studied(opened(without(drawn(200), "friendliness_score", "had_to_repeat", "channel")))
    needed = {name: study.finding(name).needed for name in (*ANSWERS[2:], "known-customer-share", "everyday-channels")}
    mark = "Who had to repeat anything, a mark on the ticket (had_to_repeat) would tell."
    channel = "How everyday channels fare, the channel of each ticket would tell."
    assert needed == {
        "friendliness-matters": "What friendliness does, friendliness_score would tell.",
        "known-customer-matters": mark,
        "everyday-channels-satisfy": channel,
        "known-customer-share": mark,
        "everyday-channels": channel,
    }
    assert study.finding("speed-matters").estimate is not None


def test_exports_without_ratings_still_tell_of_channels(opened: Callable[..., Workbook]) -> None:
    study = studied(opened(without(drawn(60), "satisfaction")))
    assert {study.finding(name).verdict for name in ANSWERS} == {"cannot-tell"}
    assert set(study.untold) >= {"The export of tickets with the customer's rating of each would tell."}
    assert {"repeated", "channels", "offered"} <= set(study.exhibits)
    assert study.exhibits["channels"].frame["Contacts"].sum() == 60


@pytest.mark.parametrize("count", [0, 4])
def test_too_few_ratings(opened: Callable[..., Workbook], count: int) -> None:
    study = studied(opened(list(drawn(30))[:count]))
    assert {study.finding(name).verdict for name in ANSWERS} == {"cannot-tell"}
    assert all(len(reason.split()) > 3 for reason in study.untold)
