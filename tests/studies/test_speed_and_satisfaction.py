"""Is speed what customers want most? Hand-made desks of tickets on which the answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from cxlib.exhibits.said import sentence

from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies import Study
from cxlib.studies.evidence import Forest, Sheet
from cxlib.studies.speed_and_satisfaction import study
from cxlib.workbook import Workbook
from desk import Desk

Lay = Callable[..., Desk]
Row = dict[str, Any]
START = datetime(2026, 1, 5, 9)
IDS = (
    "speed-matters",
    "speed-most-important",
    "friendliness-matters",
    "known-customer-matters",
    "known-customer-share",
    "everyday-channels",
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


def ask(desk: Lay, rows: list[Row]) -> Study:
    # facts are kept beside the tables, so every desk needs a folder of its own
    laid = desk("2026-12-01", tickets=rows, folder=f"desk-{next(FOLDERS)}")
    book = Workbook(laid, Month(2026, 10), Language())
    with book.engine:
        return study(book)


def said(finding: Finding) -> str:
    return sentence(Language(), finding)


def without(rows: Iterator[Row], *columns: str) -> list[Row]:
    return [{name: value for name, value in row.items() if name not in columns} for row in rows]


@pytest.fixture
def rushed(desk: Lay) -> Study:
    """Speed decides, and everything else is known and does nothing."""
    return ask(desk, list(drawn(speed=0.08)))


def test_every_claim_finds_its_finding(desk: Lay, rushed: Study) -> None:
    for name in IDS:
        assert rushed.finding(name).estimate is not None
    empty = ask(desk, [])
    for name in IDS:
        assert empty.finding(name).verdict == "cannot-tell"


def test_speed_that_matters_is_found_and_measured(rushed: Study) -> None:
    found = rushed.finding("speed-matters")
    assert found.verdict == "supported"
    assert found.estimate is not None
    assert found.estimate.low < 0.08 < found.estimate.high
    assert said(found).startswith("Customers who got their first answer in half the time were more often satisfied: +")
    assert "same issue, on the same channel and asked at the same time of the week" in said(found)


def test_the_slope_is_that_of_a_plain_regression(desk: Lay) -> None:
    rows = list(drawn(300, speed=0.05))
    found = ask(desk, rows).finding("speed-matters").estimate
    frame = pd.DataFrame(rows)
    wait = (frame["first_public_reply_at"] - frame["created_at"]).dt.total_seconds() / 60
    frame = frame.assign(x=-np.log2(wait), y=(frame["satisfaction"] == "good").astype(float))
    alike = frame.groupby(["topic", "channel"])
    dx, dy = (frame[name] - alike[name].transform("mean") for name in ("x", "y"))
    assert found is not None
    assert found.value == pytest.approx((dx * dy).sum() / (dx * dx).sum())
    assert found.n == 300


def test_speed_comes_first_only_when_all_rivals_are_known(desk: Lay, rushed: Study) -> None:
    found = rushed.finding("speed-most-important")
    assert found.verdict == "supported"
    assert said(found).startswith("Speed matters most of what the company does: it explains ")
    partly = ask(desk, without(drawn(speed=0.08), "friendliness_score", "had_to_repeat")).finding(
        "speed-most-important"
    )
    assert partly.verdict == "cannot-tell"
    assert "so speed cannot be called the first. It takes a rating of the person" in said(partly)
    assert partly.estimate is not None
    assert partly.estimate.value > 0.5


def test_friendliness_comes_first(desk: Lay) -> None:
    found = ask(desk, list(drawn(speed=0.02, friendly=0.2)))
    first = found.finding("speed-most-important")
    assert first.verdict == "not-supported"
    assert said(first).startswith("Speed does not matter most: it explains ")
    assert "friendliness 9" in said(first) or "friendliness 8" in said(first)
    matters = found.finding("friendliness-matters")
    assert matters.verdict == "supported"
    assert "Customers who found the person friendly were more often satisfied" in said(matters)
    rows = found.evidence["importance"]
    assert isinstance(rows, Forest)
    assert rows.rows[0].label == "friendliness"
    assert sum(row.estimate.value for row in rows.rows) == pytest.approx(1)


def test_two_that_are_close_cannot_be_ranked(desk: Lay) -> None:
    found = ask(desk, list(drawn(400, seed=2, speed=0.035, friendly=0.065))).finding("speed-most-important")
    assert found.verdict == "cannot-tell"
    assert said(found).startswith("Which driver matters most cannot be told: speed explains ")
    assert said(found).endswith("of the redrawn samples. It takes more ratings.")


def test_nothing_matters(desk: Lay) -> None:
    found = ask(desk, list(drawn(5_000, seed=4)))
    speed, friendly, known = (found.finding(name) for name in (IDS[0], IDS[2], IDS[3]))
    assert {speed.verdict, friendly.verdict, known.verdict} == {"not-supported"}
    assert said(speed).startswith("No measurable link: a first answer in half the time goes with ")
    assert "were not measurably more often satisfied with the contact" in said(friendly)
    assert "did not have to repeat themselves were not measurably more often satisfied" in said(known)
    first = found.finding("speed-most-important")
    assert first.verdict in ("cannot-tell", "not-supported")


def test_a_few_ratings_do_not_exclude_what_would_matter(desk: Lay) -> None:
    found = ask(desk, list(drawn(400, seed=4)))
    for name in (IDS[0], IDS[2], IDS[3]):
        assert found.finding(name).verdict == "cannot-tell"
        assert said(found.finding(name)).endswith("It takes more ratings.")
    channels = found.finding("everyday-channels-satisfy")
    assert channels.verdict == "cannot-tell"
    assert said(channels).endswith("More rated contacts would tell.")


def test_speed_that_does_harm_is_not_called_a_link_missing(desk: Lay) -> None:
    found = ask(desk, list(drawn(speed=-0.06))).finding("speed-matters")
    assert found.verdict == "not-supported"
    assert "in half the time were less often satisfied: −" in said(found)


def test_being_known(desk: Lay) -> None:
    found = ask(desk, list(drawn(known=0.25)))
    matters = found.finding("known-customer-matters")
    assert matters.verdict == "supported"
    assert matters.estimate is not None
    assert matters.estimate.low < 0.25 < matters.estimate.high
    assert "did not have to repeat themselves were more often satisfied: +" in said(matters)
    share = found.finding("known-customer-share")
    assert share.estimate is not None
    assert share.estimate.value == pytest.approx(np.mean([row["had_to_repeat"] for row in drawn(known=0.25)]))
    assert said(share).endswith(
        "the customer had to repeat who they are or what happened; in the others the company knew."
    )


def test_hard_issues_that_wait_longer_are_not_taken_for_slowness(desk: Lay) -> None:
    """Within an issue speed does nothing; bugs wait eight times as long and satisfy less."""
    rng = np.random.default_rng(5)
    rows = []
    for place in range(1_200):
        hard = bool(rng.random() < 0.5)
        minutes = float((160 if hard else 20) * 2.0 ** rng.integers(-2, 3))
        good = bool(rng.random() < (0.5 if hard else 0.9))
        rows.append(ticket(place, minutes, good, topic="bug" if hard else "how to"))
    found = ask(desk, rows)
    assert found.finding("speed-matters").verdict == "not-supported"
    mix = found.finding("speed-issue-mix")
    assert mix.estimate is not None
    assert mix.estimate.low > 0.03
    assert "is measurable (95% interval" in said(mix)
    assert "what is asked, where and when moves both the wait and the rating" in said(mix)


def test_channel_and_time_of_asking_are_held_too(desk: Lay) -> None:
    """Mail asked at the weekend waits long and is rated by contented people: as they are, slow looks good."""
    rng = np.random.default_rng(6)
    rows = []
    for place in range(1_200):
        weekend = bool(rng.random() < 0.5)
        halvings = int(rng.integers(0, 5))
        row = ticket(
            place, (960 if weekend else 60) / 2.0**halvings, bool(rng.random() < 0.55 + 0.04 * halvings + 0.2 * weekend)
        )
        shift = timedelta(days=5 if weekend else 0)
        times = ("created_at", "first_public_reply_at", "first_solved_at", "last_solved_at")
        rows.append({**row, **{name: row[name] + shift for name in times}})
    found = ask(desk, rows)
    assert found.finding("speed-matters").verdict == "supported"
    mix = found.finding("speed-issue-mix").estimate
    assert mix is not None
    assert mix.value < 0.02


def test_satisfaction_by_wait_is_counted_by_hand(desk: Lay) -> None:
    minutes = [5] * 40 + [6] * 40 + [2_000] * 40
    rows = [ticket(place, wait, place % 4 > (wait > 5) + (wait > 100)) for place, wait in enumerate(minutes)]
    rows += [ticket(200 + place, None, place < 3) for place in range(6)]
    rows += [ticket(300 + place, None, True, first_reply_unknown=True) for place in range(9)]
    found = ask(desk, rows)
    bands = found.evidence["bands"]
    assert isinstance(bands, Forest)
    shown = {row.label: (row.estimate.value, row.estimate.n) for row in bands.rows}
    assert shown == {
        "up to 5 minutes": (0.75, 40),
        "5 to 15 minutes": (0.5, 40),
        "longer than a day": (0.25, 40),
        "never answered": (0.5, 6),
    }
    assert bands.says is not None
    assert said(bands.says).startswith(
        "Of customers who waited up to 5 minutes, 75.0% were satisfied; of those who waited longer than a day, 25.0%."
    )
    # 15 tickets without a wait are in no comparison
    effect = found.finding("speed-matters").estimate
    assert effect is not None
    assert effect.n == 120
    assert said(found.finding("speed-unanswered")).startswith("Contacts that nobody answered have no waiting time")
    assert "50.0%" in said(found.finding("speed-unanswered"))


def test_a_few_in_a_band_are_not_shown(desk: Lay) -> None:
    rows = [ticket(place, 10, place % 3 > 0) for place in range(60)] + [ticket(99, 3_000, False)]
    bands = ask(desk, rows).evidence["bands"]
    assert isinstance(bands, Forest)
    assert [("suppressed" in row.estimate.flags) for row in bands.rows] == [False, True]


def test_ratings_after_the_month_are_not_known_yet(desk: Lay) -> None:
    rows = list(drawn(400, speed=0.08))
    late = [{**row, "ticket_id": f"late-{place}", "rated_at": datetime(2026, 11, 3)} for place, row in enumerate(rows)]
    for row in late:
        row["satisfaction"] = "bad"
    one, other = (ask(desk, part).finding("speed-matters").estimate for part in (rows, rows + late))
    assert one is not None
    assert other is not None
    assert other.value == pytest.approx(one.value)
    assert other.n == one.n


def test_too_few_ratings(desk: Lay) -> None:
    rows = list(drawn(30))[:4]
    found = ask(desk, rows)
    assert found.finding("speed-matters").verdict == "cannot-tell"
    assert "cannot be told. It takes more ratings." in said(found.finding("speed-matters"))
    assert said(found.finding("friendliness-matters")).endswith("cannot be told. It takes more ratings.")
    assert found.doubts == ()


@pytest.mark.parametrize("good", [True, False])
def test_all_rated_alike(desk: Lay, good: bool) -> None:
    rows = [{**row, "satisfaction": "good" if good else "bad"} for row in drawn(200)]
    found = ask(desk, rows)
    for name in IDS[:4]:
        assert found.finding(name).verdict == "cannot-tell"
    assert "importance" not in found.evidence


def test_one_customer(desk: Lay) -> None:
    found = ask(desk, [{**row, "customer_id": "only"} for row in drawn(200)])
    assert found.finding("speed-matters").verdict == "cannot-tell"


def test_exports_without_ratings(desk: Lay) -> None:
    found = ask(desk, without(drawn(50), "satisfaction"))
    assert "It takes the export of tickets with the customer's rating" in said(found.finding("speed-matters"))
    assert found.missing == (
        "It takes the export of tickets with the customer's rating, and when each was asked and first answered.",
    )
    assert set(found.evidence) == {"repeated", "channels", "offered"}
    assert found.finding("everyday-channels-satisfy").verdict == "cannot-tell"
    assert "It takes the customer's rating of each ticket." in said(found.finding("everyday-channels-satisfy"))
    assert found.finding("known-customer-share").estimate is not None


def test_exports_without_the_column_say_which(desk: Lay) -> None:
    found = ask(desk, without(drawn(200), "friendliness_score", "had_to_repeat", "channel"))
    assert "the column friendliness_score" in said(found.finding("friendliness-matters"))
    assert "a mark on tickets where the customer had to say again" in said(found.finding("known-customer-matters"))
    assert "a mark on tickets where" in said(found.finding("known-customer-share"))
    assert "tickets with the channel of each" in said(found.finding("everyday-channels"))
    assert len(found.missing) == 2


def test_no_tickets_at_all(desk: Lay) -> None:
    book = Workbook(desk("2026-12-01", customers=[{"customer_id": "a"}]), Month(2026, 10), Language())
    with book.engine:
        found = study(book)
    assert found.evidence == {}
    assert {finding.id for finding in found.findings} == set(IDS)


def test_everyday_channels_by_hand(desk: Lay) -> None:
    rows = [ticket(place, 10, place % 4 > 0, channel="Chat", region="north") for place in range(60)]
    rows += [ticket(100 + place, 10, place % 2 > 0, channel="phone", region="north") for place in range(60)]
    rows += [ticket(200 + place, 10, None, channel="WhatsApp Business", region="south") for place in range(30)]
    rows += [ticket(300 + place, 10, None, channel="email", region="south") for place in range(10)]
    found = ask(desk, rows)
    share = found.finding("everyday-channels")
    assert share.estimate is not None
    assert (share.estimate.value, share.estimate.n) == (90 / 160, 160)
    assert "(Chat, WhatsApp Business)" in said(share)
    assert share.verdict == "described"
    satisfies = found.finding("everyday-channels-satisfy")
    assert satisfies.estimate is not None
    assert satisfies.estimate.value == pytest.approx(0.25)
    assert satisfies.verdict == "supported"
    offered = found.finding("everyday-channels-offered")
    assert said(offered).startswith("Everyday channels carry 50.0% of contacts in north and 75.0% in south. Either")
    table = found.evidence["channels"]
    assert isinstance(table, Sheet)
    label, cells = table.rows[0]
    assert (label, cells[0], cells[1], cells[2]) == ("Chat", "everyday", 60, 60)


def test_everyday_channels_that_please_less(desk: Lay) -> None:
    rows = [ticket(place, 10, place % 3 > 0, channel="phone") for place in range(150)]
    rows += [ticket(200 + place, 10, place % 3 == 0, channel="sms") for place in range(150)]
    found = ask(desk, rows).finding("everyday-channels-satisfy")
    assert found.verdict == "not-supported"
    assert said(found).startswith("Customers who wrote on an everyday channel were less often satisfied")


def test_no_everyday_channel(desk: Lay) -> None:
    found = ask(desk, [ticket(place, 10, place % 3 > 0) for place in range(60)])
    assert said(found.finding("everyday-channels")).startswith("None of the contacts came through an everyday channel")
    assert "on everyday and on other channels" in said(found.finding("everyday-channels-satisfy"))


def test_scores_of_five_points_are_used_as_they_are(desk: Lay) -> None:
    rng = np.random.default_rng(3)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        score = int(np.digitize(0.35 * halvings + rng.logistic(), [-1.5, -0.5, 0.3, 1.8])) + 1
        rows.append(
            ticket(
                place, 512 / 2.0**halvings, score >= 4, satisfaction_score=score, channel=("email", "phone")[place % 2]
            )
        )
    found = ask(desk, rows)
    alike = found.finding("speed-proportional")
    assert "move all steps of the score alike, as far as can be told" in said(alike)
    top = found.finding("speed-definition")
    assert said(top).startswith("Were only the highest score to count as satisfied, half the wait would go with +")
    assert said(top).endswith("the same verdict.")
    held = found.finding("speed-others-held").estimate
    effect = found.finding("speed-matters").estimate
    assert held is not None
    assert effect is not None
    assert held.value == pytest.approx(effect.value, rel=0.15)


def test_scores_whose_steps_differ(desk: Lay) -> None:
    """Speed saves from the worst score and does nothing for the best."""
    rng = np.random.default_rng(3)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        noise = rng.logistic()
        score = 1 + int(noise > 1 - 0.6 * halvings) + int(noise > 2) * int(noise > 1 - 0.6 * halvings)
        rows.append(ticket(place, 512 / 2.0**halvings, score >= 2, satisfaction_score=score))
    found = ask(desk, [{**row, "channel": ("email", "phone")[place % 2]} for place, row in enumerate(rows)])
    assert "do not move all steps of the score alike" in said(found.finding("speed-proportional"))
    assert said(found.finding("speed-definition")).endswith("and the verdict would be another.")


def test_a_score_that_contradicts_good_and_bad_is_not_used(desk: Lay) -> None:
    rows = [{**row, "satisfaction_score": float(place % 5 + 1)} for place, row in enumerate(drawn(400, speed=0.05))]
    found = ask(desk, rows)
    assert "speed-proportional" not in {finding.id for finding in found.every_finding}


def test_who_keeps_silent(desk: Lay) -> None:
    """Customers who waited rate less often."""
    rng = np.random.default_rng(9)
    rows = []
    for place in range(1_500):
        halvings = int(rng.integers(0, 7))
        silent = bool(rng.random() > 0.2 + 0.1 * halvings)
        good = bool(rng.random() < 0.5 + 0.05 * halvings)
        rows.append(ticket(place, 512 / 2.0**halvings, None if silent else good))
    found = ask(desk, rows)
    who = found.finding("speed-who-rates")
    assert who.estimate is not None
    assert who.estimate.low < 0.1 < who.estimate.high
    assert "half as long rated more often by +" in said(who)
    effect = found.finding("speed-matters").estimate
    assert effect is not None
    shifted = Language().difference(effect.value + 0.2 * who.estimate.value, "share")
    assert "20 points less often satisfied than those who rated a like contact" in said(who)
    assert f"half the wait would go with {shifted} instead" in said(who)


def test_an_export_of_raters_alone_says_so(rushed: Study) -> None:
    assert "Only contacts that were rated are in the export" in said(rushed.finding("speed-who-rates"))
    assert "It takes the tickets for which a rating was asked and not given." in said(rushed.finding("speed-who-rates"))


def test_customers_who_always_wait_and_never_are_satisfied_are_found(desk: Lay) -> None:
    rng = np.random.default_rng(2)
    grumpy = rng.random(90) < 0.5
    rows = []
    for place in range(1_500):
        sad = bool(grumpy[place % 90])
        asked = START + timedelta(days=7 * (place // 50))
        row = ticket(
            place,
            float(rng.integers(60, 120) if sad else rng.integers(5, 60)),
            bool(rng.random() < (0.4 if sad else 0.9)),
        )
        gap = asked - row["created_at"]
        rows.append({**row, **{name: row[name] + gap for name in row if name.endswith("_at")}})
    found = ask(desk, rows)
    earlier = found.finding("speed-earlier-rating")
    assert said(earlier).startswith("Found: half the wait also goes with +")
    assert said(earlier).endswith("Part of the link is who waits, not the wait.")
    ways = found.evidence["ways"]
    assert isinstance(ways, Forest)
    same_customer = ways.rows[-1].estimate
    assert same_customer.low < 0 < same_customer.high
    assert "exclude the answer, among them “same customer and channel”" in said(found.finding("speed-other-ways"))


def test_customers_alike_are_looked_for_in_vain(desk: Lay) -> None:
    rows = list(drawn(1_200, speed=0.05))
    for place, row in enumerate(rows):
        shift = START + timedelta(days=7 * (place // 50)) - row["created_at"]
        row.update({name: row[name] + shift for name in row if name.endswith("_at")})
    found = ask(desk, rows)
    assert said(found.finding("speed-earlier-rating")).startswith("Looked for and not found: customers who are both")
    assert "none excludes the answer" in said(found.finding("speed-other-ways"))
    assert "combinations of issue and channel" in said(found.finding("speed-hard-issues"))


def test_the_same_data_give_the_same_study(desk: Lay) -> None:
    rows = list(drawn(300, speed=0.05))
    one, other = (ask(desk, rows) for _ in range(2))
    assert [said(finding) for finding in one.every_finding] == [said(finding) for finding in other.every_finding]
    turned = ask(desk, rows[::-1])
    assert [said(finding) for finding in turned.every_finding] == [said(finding) for finding in one.every_finding]


def test_no_sentence_shows_a_number_that_is_not_one(desk: Lay, rushed: Study) -> None:
    for found in (rushed, ask(desk, list(drawn(6))), ask(desk, list(drawn(40)))):
        for finding in found.every_finding:
            text = said(finding)
            assert "nan" not in text.lower()
            assert "no data" not in text
            assert "{" not in text


def test_hard_issues_are_named_by_their_correlation(desk: Lay) -> None:
    """Four issues, each with twice the wait and two in ten fewer satisfied than the one before: in step."""
    rows = [
        ticket(
            200 * issue + place, 10.0 * 2**issue * (1 + place % 2), place % 10 >= 2 * issue + 1, topic=f"issue {issue}"
        )
        for issue in range(4)
        for place in range(100)
    ]
    doubt = ask(desk, rows).finding("speed-hard-issues")
    assert (
        "Over 4 combinations of issue and channel the usual wait and the share satisfied have a correlation of −1.0"
        in (said(doubt))
    )


def test_contacts_after_the_month_are_not_counted(desk: Lay) -> None:
    rows = [ticket(place, 10, place % 3 > 0, channel="chat", had_to_repeat=False) for place in range(40)]
    later = datetime(2026, 11, 2, 9)
    late = [ticket(50 + place, 10, None, channel="phone", had_to_repeat=True) for place in range(40)]
    times = {"created_at": later, "first_public_reply_at": later, "first_solved_at": later, "last_solved_at": later}
    found = ask(desk, rows + [row | times for row in late])
    for name, share in (("everyday-channels", 1.0), ("known-customer-share", 0.0)):
        estimate = found.finding(name).estimate
        assert estimate is not None
        assert (estimate.value, estimate.n) == (share, 40)
