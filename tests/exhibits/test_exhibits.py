"""What a reader sees: sentences, tiles, charts and tables, from tables laid by hand."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lxml import html

from cxlib import exhibits
from cxlib.definitions import Definitions
from cxlib.errors import MeasureError
from cxlib.estimate import Estimate, difference
from cxlib.exhibits import tiles, words
from cxlib.exhibits.exhibit import Exhibit, element
from cxlib.exhibits.tables import Cell, table
from cxlib.finding import Change
from cxlib.language import Language
from cxlib.period import Month
from cxlib.sources.ledger import LedgerEntry
from cxlib.workbook import Workbook

OCTOBER = Month(2026, 10)
ENGLISH = Language("en")
Lay = Callable[..., Any]


def rated(number: int | str, month: str, rating: str, **more: Any) -> dict[str, Any]:
    at = f"{month}-{1 + (number % 27 if isinstance(number, int) else 0):02d} 09:00"
    return {
        "ticket_id": f"{month}-{number}",
        "customer_id": f"c{number}",
        "created_at": at,
        "first_public_reply_at": at,
        "first_solved_at": at,
        "last_solved_at": at,
        "reopens": 0,
        "satisfaction": rating,
        **more,
    }


def ratings(month: str, good: int, bad: int, **more: Any) -> list[dict[str, Any]]:
    return [rated(k, month, "good" if k < good else "bad", **more) for k in range(good + bad)]


def book_of(desk: Lay, rows: list[dict[str, Any]], **tables: Any) -> Workbook:
    return Workbook(desk("2026-12-01", tickets=rows, **tables), OCTOBER, ENGLISH)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def tree(exhibit: Exhibit) -> html.HtmlElement:
    return html.fragment_fromstring(exhibit.html, create_parent="div")


def test_rose_is_said_where_the_interval_excludes_no_change(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-09", 100, 100) + ratings("2026-10", 160, 40))
    said = plain(exhibits.say(book, "csat", months_back=1).text)
    assert re.fullmatch(
        r"Satisfaction with tickets \(CSAT\): 80\.0% \(95% interval 7\d\.\d% to 8\d\.\d%; n = 200\)\. It rose since "
        r"September 2026 \(then 50\.0%; change \+30\.0 points, interval \+[12]\d\.\d to \+3\d\.\d points\)\.",
        said,
    )


def test_a_change_within_chance_is_not_called_one(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-09", 150, 50) + ratings("2026-10", 155, 45))
    said = plain(exhibits.say(book, "csat", months_back=1).text)
    assert "It did not measurably change since September 2026 (then 75.0%; change +2.5 points" in said


def test_without_a_month_to_compare_with_none_is_made(desk: Lay) -> None:
    said = exhibits.say(book_of(desk, ratings("2026-10", 30, 10)), "csat", months_back=1).text
    assert said.endswith("There is nothing to compare with in September 2026.")


def test_a_handful_is_withheld(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-09", 30, 10) + ratings("2026-10", 3, 1))
    assert plain(exhibits.say(book, "csat").text) == "Satisfaction with tickets (CSAT): n < 5 this month."
    assert tree(exhibits.tiles(book, "csat")).find_class("cx-tile")[0].get("data-shown") == "n < 5"


def test_a_measure_that_never_had_enough_cases_is_named(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-10", 3, 1))
    said = "Satisfaction with tickets (CSAT) cannot be given: the exports hold no cases of it, or too few."
    assert exhibits.tiles(book, "csat").text == said
    assert exhibits.trend(book, "csat").text == said
    assert exhibits.say(book, "csat").text == ""


def test_a_count_of_the_first_month_is_not_compared_with(desk: Lay) -> None:
    # the export may begin in the middle of September: that October has more tickets means nothing
    book = book_of(desk, ratings("2026-09", 10, 10) + ratings("2026-10", 50, 10))
    assert book.change("tickets_created").verdict == "cannot-tell"
    assert book.change("csat").verdict != "cannot-tell"
    assert len(tree(exhibits.trend(book, "tickets_created")).findall(".//details//tbody/tr")) == 1


def test_a_median_that_is_not_reached_gives_its_lower_limit() -> None:
    estimate = Estimate(float("nan"), 420.0, float("inf"), 40, "minutes", "Kaplan-Meier", ("not-reached",))
    assert words.value(ENGLISH, estimate) == "more than 7 hr"


@pytest.mark.parametrize(
    ("metric", "verdict", "expected"),
    [
        ("csat", "rose", "good"),
        ("csat", "fell", "bad"),
        ("backlog", "rose", "bad"),
        ("backlog", "fell", "good"),
        ("tickets_created", "rose", "neutral"),
        ("csat", "no-measurable-change", "neutral"),
    ],
)
def test_whether_a_direction_is_good_news(metric: str, verdict: Any, expected: str) -> None:
    nothing = Estimate(0.0, 0.0, 0.0, 0, "share", "")
    assert words.good_or_bad(Change("f", metric, nothing, nothing, nothing, "2026-09", verdict)) == expected


def test_directions_are_corrected_as_one_family(desk: Lay) -> None:
    # one of many measures moved just beyond its own interval; among all of the page that is what chance brings
    book = book_of(desk, ratings("2026-09", 150, 50) + ratings("2026-10", 168, 32))
    assert book.change("csat").verdict == "rose"
    names = ("csat", "tickets_created", "tickets_solved", "answered_rate", "solved_rate", "reopen_rate")
    (first, *_), *_ = book.changes(*names)
    assert (first.metric, first.verdict) == ("csat", "no-measurable-change")
    assert first.change.low < 0 < first.change.high, "the interval that is given is the one that decides"


def test_tile_carries_the_number_it_shows(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-09", 100, 100) + ratings("2026-10", 160, 40))
    (tile,) = tree(exhibits.tiles(book, "csat")).find_class("cx-tile")
    assert tile.get("data-metric") == "csat"
    assert tile.get("data-period") == "2026-10"
    assert tile.get("data-shown") == tile.find_class("cx-tile-value")[0].text == "80.0%"
    assert plain(tile.find_class("cx-tile-n")[0].text) == "n = 200"
    change = tile.find_class("cx-tile-change")[0]
    assert (change.get("data-direction"), change.get("data-good")) == ("up", "good")


def test_a_small_number_gets_no_arrow(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-09", 0, 20) + ratings("2026-10", 20, 0))
    (tile,) = tree(exhibits.tiles(book, "csat")).find_class("cx-tile")
    assert "cx-small" in tile.get("class")
    change = tile.find_class("cx-tile-change")[0]
    assert (change.get("data-direction"), change.get("data-good")) == ("none", "neutral")


def test_a_missing_table_is_named_and_the_rest_stands(desk: Lay) -> None:
    book = book_of(desk, ratings("2026-10", 30, 10))
    shown = exhibits.tiles(book, "csat", "nps_relationship", "net_revenue_retention")
    assert len(tree(shown).find_class("cx-tile")) == 1
    assert "Relationship NPS cannot be given: no export brings survey_answers." in shown.text
    assert "Net revenue retention (NRR) cannot be given: no export brings subscriptions." in shown.text
    assert "survey_answers" in exhibits.trend(book, "nps_relationship").text
    assert "subscriptions" in exhibits.bridge(book).text
    assert "survey_answers" in exhibits.breakdown(book, "nps_relationship", "region").text
    assert exhibits.say(book, "nps_relationship").html == ""  # the exhibit above it has said why


def test_summary_counts_better_and_worse(desk: Lay) -> None:
    old = ratings("2026-09", 100, 100)
    book = book_of(desk, old + ratings("2026-10", 190, 10, reopens=1))
    text = exhibits.summary(book, "csat", "reopen_rate", "tickets_created").text
    assert text == (
        "Of 2 measures that chance moves too, 1 got better and 1 got worse by more than chance would bring (since "
        "September 2026). Better: Satisfaction with tickets (CSAT) (+45.0 points since September 2026). Worse: "
        "Reopened after being solved (+100.0 points since September 2026)."
    )
    first = Workbook(desk("2026-12-01", folder="first", tickets=ratings("2026-10", 100, 10)), OCTOBER, ENGLISH)
    assert exhibits.summary(first, "csat").text == "There is no earlier month to compare with."


def sliding(desk: Lay) -> Workbook:
    """Satisfaction that falls by little more than a point a month, for two years."""
    rows = []
    for place, month in enumerate(OCTOBER.trailing(25)):
        good = round(240 * (0.9 - 0.012 * place))
        rows += ratings(str(month), good, 240 - good)
    return book_of(desk, rows)


def test_a_slow_slide_is_worse_and_nothing_is_said_to_the_contrary(desk: Lay) -> None:
    book = sliding(desk)
    assert book.change("csat").verdict == "no-measurable-change"
    text = exhibits.summary(book, "csat", "backlog").text
    assert (
        "none got better and 1 got worse by more than chance would bring (since September 2026; since October" in text
    )
    assert re.search(
        r"Worse: Satisfaction with tickets \(CSAT\) \(−14\.2 points since October 2025, −27\.\d points along the trend "
        r"of 24 months\)\.",
        text,
    )
    said = exhibits.doubts(book, ["csat"]).text
    assert "got worse slowly, which a look at the month before does not show: −14.2 points since October 2025" in said
    assert "Nothing of what was looked for" not in said
    assert "Along its trend of 24 months it fell (change −27" in exhibits.say(book, "csat").text


def test_a_page_says_one_thing_of_one_change(desk: Lay) -> None:
    measures = "csat reopen_rate answered_rate solved_rate tickets_solved"
    book = sliding(desk)
    alone = book.change("csat", 12)
    page = book.comparing(measures, 1, 12)
    change = page.change("csat", 12)
    assert change.change.high - change.change.low > alone.change.high - alone.change.low
    limits = ENGLISH.interval(change.change.low, change.change.high, change.change.unit)
    assert f"interval {limits}" in exhibits.say(page, "csat").text
    for shown in (exhibits.answer(page, "csat"), exhibits.answer(page, *measures.split())):
        assert f"interval {limits}" in shown.text
    tile = tree(exhibits.tiles(page, "csat")).find_class("cx-tile")[0]
    changes = [line.text for line in tile.find_class("cx-tile-change")]
    assert changes[1] == words.change_phrase(ENGLISH, change) == "−14.2 points since October 2025"


def test_a_measure_of_twelve_months_is_compared_with_the_twelve_before(desk: Lay) -> None:
    book = Workbook(desk("2026-12-01", subscriptions=terms()), OCTOBER, ENGLISH).comparing(
        "logo_retention mrr_end", 1, 12
    )
    of_year, of_moment = book.changes("logo_retention", "mrr_end")
    assert [one.against for one in of_year] == ["2025-10", "2024-11"]
    assert [one.against for one in of_moment] == ["2026-09", "2025-10", "2024-11"]
    assert exhibits.summary(book, "mrr_end").text == (
        "Counted in full: Recurring revenue at the end (+€150 since September 2026, +€150 since October 2025)."
    )


def test_a_full_count_moved_or_is_the_same(desk: Lay) -> None:
    still = [one | ({"ended_at": "2024-06-01"} if one["term_id"] == "0" else {}) for one in terms()[:-1]]
    book = Workbook(desk("2026-12-01", subscriptions=still), OCTOBER, ENGLISH)
    assert exhibits.summary(book, "customers_active").text == (
        "Counted in full: Paying customers at the end of the month (the same as in September 2026, the same as in "
        "October 2025)."
    )
    assert (
        "It is the same as in September 2026. It is the same as in October 2025."
        in exhibits.answer(book, "customers_active").text
    )


def test_one_sentence_has_one_unit_of_time() -> None:
    now, before = (Estimate(m, m - 40, m + 40, 400, "minutes", "Kaplan-Meier") for m in (98.0, 126.0))
    change = Change("f", "first_reply_calendar_minutes_median", now, before, difference(now, before), "2025-10", "fell")
    assert plain(words.sentence(ENGLISH, [change])) == (
        "Median time to first reply: 1.6 hr (95% interval 1 hr to 2.3 hr; n = 400). It fell since October 2025 (then "
        "2.1 hr; change −0.5 hr, interval −1.4 hr to +0.5 hr)."
    )
    assert ENGLISH.interval(940_000, 1_250_000, "EUR") == "€940,000 to €1,250,000"


def teams(month: str, **sizes: int) -> list[dict[str, Any]]:
    rows = []
    for team, size in sizes.items():
        rows += [
            rated(f"{team}{k}", month, "good", agent_group=team) | {"customer_id": f"{team}{k}"} for k in range(size)
        ]
    return rows


def test_a_small_group_shows_neither_number_nor_amount(desk: Lay) -> None:
    book = book_of(desk, teams("2026-10", Ada=40, Bora=12, Cem=3))
    exhibit = exhibits.by_segment(book, ("tickets_created", "csat"), "agent_group")
    cells = {
        line.find("th").text: [plain(c.text) for c in line.findall("td")]
        for line in tree(exhibit).findall(".//tbody/tr")
    }
    assert cells["Ada"][0].startswith("40 (")
    # the whole less Ada and Bora would be Cem, so the next smallest count goes with it; a share is no such sum
    assert cells["Bora"][0] == cells["Cem"][0] == "n < 5"
    assert cells["Bora"][1].endswith("n = 12")
    assert cells["Cem"] == ["n < 5", "n < 5"]
    chart = exhibits.breakdown(book, "csat", "agent_group")
    assert "n = 3" not in plain(chart.html)
    assert chart.records[0]["frame"]["n"][-1] is None
    assert "Cem n < 5" in chart.text
    assert book.estimate("tickets_created").value == 55, "what the whole company counts is its own"
    part = book.only("agent_group", "Cem")
    assert words.value(ENGLISH, part.estimate("tickets_created")) == "n < 5"


def test_a_handful_in_a_frame_of_ones_own_is_withheld(desk: Lay) -> None:
    own = pd.DataFrame({"label": ["a", "b"], "value": [0.5, 0.25], "n": [40, 4], "unit": "share"})
    shown = exhibits.forest(book_of(desk, ratings("2026-10", 10, 5)), "own", own, "Mine.")
    assert shown.text.endswith("a 50.0%; b n < 5.")
    assert shown.records[0]["frame"]["n"] == [40, None]
    assert words.numbers(Estimate(float("nan"), 0, 0, 3, "share", "", ("suppressed",)))["n"] is None


def svg_of(exhibit: Exhibit) -> str:
    source = tree(exhibit).find(".//img").get("src")
    return base64.b64decode(source.removeprefix("data:image/svg+xml;base64,")).decode()


def course(desk: Lay) -> Workbook:
    rows = []
    for back, month in enumerate(reversed(OCTOBER.trailing(6))):
        rows += ratings(str(month), 60 - 3 * back, 20 + 3 * back, channel="email" if back else "chat")
    return book_of(desk, rows)


def test_trend_says_its_shape_in_words(desk: Lay) -> None:
    exhibit = exhibits.trend(course(desk), "csat", months=12)
    alt = tree(exhibit).find(".//img").get("alt")
    assert alt == (
        "Line chart. Satisfaction with tickets (CSAT) was 75.0% in October 2026; over 6 months it lay between 56.2% "
        "(May 2026) and 75.0% (October 2026)."
    )
    assert len(tree(exhibit).findall(".//details//tbody/tr")) == 6  # from the first month with a value on
    assert "<path" in svg_of(exhibit)


def test_the_same_chart_is_the_same_to_the_byte(desk: Lay) -> None:
    book = course(desk)
    assert exhibits.trend(book, "csat").html == exhibits.trend(book, "csat").html


def test_breakdown_lists_by_size_not_by_result(desk: Lay) -> None:
    rows = [
        *ratings("2026-10", 10, 50, channel="email"),
        *(row | {"ticket_id": "p" + row["ticket_id"]} for row in ratings("2026-10", 38, 2, channel="phone")),
        *(row | {"ticket_id": "c" + row["ticket_id"]} for row in ratings("2026-10", 2, 1, channel="chat")),
    ]
    exhibit = exhibits.breakdown(book_of(desk, rows), "csat", "channel")
    body = tree(exhibit).findall(".//details//tbody/tr")
    assert [line.find("th").text for line in body] == ["email", "phone", "chat"]
    assert body[2].findall("td")[0].text == "n < 5"
    assert body[2].findall("td")[0].get("class") == "cx-number cx-suppressed"
    assert "phone 95.0% (83.2% to 98.6%); chat n < 5" in tree(exhibit).find(".//img").get("alt")


def test_breakdown_without_segments_says_so(desk: Lay) -> None:
    exhibit = exhibits.breakdown(book_of(desk, ratings("2026-10", 10, 10)), "csat", "product")
    assert exhibit.text == "Satisfaction with tickets (CSAT) by product cannot be given: no export fills that column."


def terms() -> list[dict[str, Any]]:
    base = {"currency": "EUR", "started_at": "2024-01-01"}
    rows = [
        {"term_id": str(k), "subscription_id": str(k), "customer_id": f"c{k}", "monthly_amount": 100.0, **base}
        for k in range(40)
    ]
    rows[0]["ended_at"] = "2026-10-10"
    rows.append(
        {**rows[1], "term_id": "new", "customer_id": "new", "started_at": "2026-10-05", "monthly_amount": 250.0}
    )
    return rows


def test_bridge_adds_up_and_is_told_in_words(desk: Lay) -> None:
    book = Workbook(desk("2026-12-01", subscriptions=terms()), OCTOBER, ENGLISH)
    exhibit = exhibits.bridge(book)
    alt = tree(exhibit).find(".//img").get("alt")
    assert "Recurring revenue at the start €4,000; New +€250;" in alt
    assert "Lost −€100; Recurring revenue at the end €4,150." in alt
    body = tree(exhibit).findall(".//table[@id='mrr-movements']/tbody/tr")
    assert [line.findall("td")[0].text for line in body] == ["€4,000", "+€250", "€0", "€0", "€0", "−€100", "€4,150"]
    assert body[2].findall("td")[1].text is None  # nobody came back: there is nothing to give limits of


def test_bridge_refuses_movements_that_do_not_add_up(desk: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    book = Workbook(desk("2026-12-01", subscriptions=terms()), OCTOBER, ENGLISH)
    right = book.estimate

    def wrong(name: str, *rest: Any) -> Estimate:
        return right("mrr_start" if name == "mrr_end" else name, *rest)

    monkeypatch.setattr(book, "estimate", wrong)
    with pytest.raises(MeasureError, match=r"MRR movements add up to 4150\.00, the month closes at 4000\.00"):
        exhibits.bridge(book)


def test_doubts_find_a_segment_that_moved_against_the_whole(desk: Lay) -> None:
    def month(name: str, north: tuple[int, int], south: tuple[int, int]) -> list[dict[str, Any]]:
        return [
            *(row | {"ticket_id": "n" + row["ticket_id"], "region": "north"} for row in ratings(name, *north)),
            *(row | {"ticket_id": "s" + row["ticket_id"], "region": "south"} for row in ratings(name, *south)),
        ]

    book = book_of(desk, month("2026-09", (160, 40), (100, 100)) + month("2026-10", (90, 110), (170, 30)))
    text = exhibits.doubts(book, ["csat"], by=("region",)).text
    assert (
        "Satisfaction with tickets (CSAT): region “north” fell by 35.0 points, from 80.0% to 45.0%, while the whole "
        "did not measurably change."
    ) in text
    assert "region “south” rose by 35.0 points" in text


def test_doubts_tell_of_a_mix_that_is_not_the_month_befores(desk: Lay) -> None:
    def month(name: str, email: int, phone: int) -> list[dict[str, Any]]:
        # four in five are happy on the phone, two in five by e-mail, in both months
        return [
            *(
                row | {"ticket_id": "e" + row["ticket_id"], "channel": "email"}
                for row in ratings(name, 2 * email, 3 * email)
            ),
            *(
                row | {"ticket_id": "p" + row["ticket_id"], "channel": "phone"}
                for row in ratings(name, 4 * phone, phone)
            ),
        ]

    book = book_of(desk, month("2026-09", 10, 40) + month("2026-10", 40, 10))
    assert book.change("csat").verdict == "fell"
    text = exhibits.doubts(book, ["csat"], by=("channel",)).text
    assert "channel “email” makes up 80% of the cases and made up 20% the month before" in text
    steady = Workbook(
        desk("2026-12-01", folder="steady", tickets=month("2026-09", 20, 20) + month("2026-10", 21, 19)),
        OCTOBER,
        ENGLISH,
    )
    assert "makes up" not in exhibits.doubts(steady, ["csat"], by=("channel",)).text


def test_doubts_tell_of_small_numbers_and_unknown_response(desk: Lay) -> None:
    text = exhibits.doubts(book_of(desk, ratings("2026-10", 10, 5)), ["csat"]).text
    assert "rests on few cases (n = 15)" in plain(text)
    assert "the exports do not say how many were asked" in text


def test_history_lists_the_newest_first(desk: Lay) -> None:
    lines = tree(exhibits.history(course(desk), ("csat", "tickets_created"), months=3)).findall(".//tbody/tr")
    assert [line.find("th").text for line in lines] == ["October 2026", "September 2026", "August 2026"]
    assert plain(lines[0].findall("td")[0].text) == "75.0% (64.5% to 83.2%), n = 80"


def test_ledger_is_shown_row_by_row_and_in_one_sentence(desk: Lay) -> None:
    from dataclasses import replace

    entry = LedgerEntry("zendesk", "tickets", 104, 100, {"merged": 3, "spam": 1}, {"customer_id: deleted user": 2})
    book = book_of(desk, ratings("2026-10", 10, 10))
    book.snapshot = replace(book.snapshot, ledger=(entry,))
    assert exhibits.ledger_sentence(book).text == (
        "104 rows were read; 100 are counted and 4 (3.8%) were left out, each with a reason."
    )
    assert book.exports.loc["zendesk"].tolist() == [
        "tickets",
        104,
        100,
        4,
        "merged 3, spam 1",
        "customer_id: deleted user 2",
    ]


def test_definitions_are_those_of_the_metrics(desk: Lay) -> None:
    text = exhibits.how_made(book_of(desk, ratings("2026-10", 10, 10)), "csat", "nps_relationship").text
    assert "neither good nor bad" in text
    assert "Interval: Wilson, clustered by customer." in text
    assert "recommend" not in text  # no export brings NPS
    assert "snapshot 0123456789ab" in text


def test_hostile_text_is_shown_not_run(desk: Lay) -> None:
    evil = '<script>alert(1)</script>"&'
    exhibit = table(evil, [evil], [(evil, [Cell(evil)])], "t")
    assert "<script>" not in exhibit.html
    assert tree(exhibit).find(".//caption").text == evil
    book = book_of(desk, ratings("2026-10", 40, 10, channel=evil))
    shown = exhibits.breakdown(book, "csat", "channel")
    assert "<script>" not in shown.html
    assert evil in tree(shown).find(".//img").get("alt")
    assert element("p", class_=evil).count('"') == 2


def test_tables_have_caption_and_scopes() -> None:
    shown = tree(table("What", ["A", "B"], [("row", [Cell("1")])], "t"))
    assert [cell.get("scope") for cell in shown.findall(".//th")] == ["col", "col", "row"]
    assert shown.find(".//caption").text == "What"


def test_an_exhibit_is_html_and_text() -> None:
    assert Exhibit("<p>a</p>", "a")._repr_mimebundle_() == {"text/html": "<p>a</p>", "text/plain": "a"}


def test_tables_say_how_much_is_there_and_how_far_it_reaches(desk: Lay) -> None:
    rows = ratings("2026-10", 10, 10)
    tables = book_of(desk, rows, customers=[{"customer_id": f"c{k}"} for k in range(15)]).tables
    assert tables.loc["tickets", "grain"].startswith("One row per request")
    assert tables.loc["tickets", ["rows", "first", "last"]].tolist() == [20, "2026-10-01", "2026-10-20"]
    assert tables.loc["tickets", "with_customer"].value == 0.75
    assert tables["with_customer"].notna().sum() == 1
    assert tables.loc["subscriptions", ["rows", "first", "last", "columns"]].tolist() == [0, "", "", ""]


def test_rows_of_measures_are_left_as_they_are(desk: Lay) -> None:
    book = course(desk)
    before = book.measure("csat", months=6).copy()
    exhibits.trend(book, "csat", months=6)
    pd.testing.assert_frame_equal(book.measure("csat", months=6), before)


@pytest.mark.parametrize(
    ("given", "said"), [(np.int64(1204), "1,204"), (1204, "1,204"), (0.25, "0.25"), ("by mail", "by mail")]
)
def test_what_a_frame_counts_is_said_as_a_count(given: Any, said: str) -> None:
    assert words.filled(ENGLISH, "{given}", {"given": given}) == said


@pytest.mark.parametrize(
    ("name", "target", "said"),
    [
        ("csat", 0.5, "Target 50.0%: reached."),
        ("csat", 0.99, "Target 99.0%: missed."),
        ("csat", 0.8, "Target 80.0%: cannot be told whether it is reached."),
        ("backlog", 100.0, "Target 100: reached."),
        ("tickets_created", 10.0, "Target 10."),
    ],
)
def test_a_tile_shows_its_target_and_whether_it_is_reached(desk: Lay, name: str, target: float, said: str) -> None:
    """Of forty ratings 32 are good: Wilson's interval is 65.2 to 89.5 %."""
    rows = [
        {
            "ticket_id": str(number),
            "customer_id": f"c{number}",
            "created_at": "2026-10-05",
            "first_solved_at": "2026-10-06" if number < 30 else None,
            "last_solved_at": "2026-10-06" if number < 30 else None,
            "rated_at": "2026-10-06",
            "satisfaction": "good" if number < 32 else "bad",
        }
        for number in range(40)
    ]
    told = Definitions(targets={name: target})
    book = Workbook(desk("2026-12-01", tickets=rows, definitions=told), OCTOBER, ENGLISH)
    [shown] = [line for line in tiles(book, name).text.splitlines() if "Target" in line]
    assert shown.endswith(said)
    assert said in tiles(book, name).html


def test_a_target_of_a_measure_that_there_is_not_is_refused(desk: Lay) -> None:
    with pytest.raises(MeasureError) as raised:
        Workbook(desk("2026-12-01", definitions=Definitions(targets={"csta": 0.9})), OCTOBER, ENGLISH)
    assert str(raised.value) == 'there is no measure for a target in definitions.toml: "csta"; did you mean "csat"?'
