"""Is speed what customers want most? Ratings, and the waits and other things before them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.studies.evidence import Evidence
from cxlib.studies.speed_and_satisfaction.channels import NEED_REPEAT, channels, repeated
from cxlib.studies.speed_and_satisfaction.data import FRIENDLY, GOOD, ISSUE_AND_CHANNEL, KNOWN
from cxlib.studies.speed_and_satisfaction.doubts import doubts
from cxlib.studies.speed_and_satisfaction.drivers import CERTAIN, SPEED, Drivers
from cxlib.studies.speed_and_satisfaction.evidence import WAIT, Inquiry, of_the_drivers, of_the_wait
from cxlib.studies.speed_and_satisfaction.methods import METHODS
from cxlib.studies.study import Study
from cxlib.studies.worth import FIVE_POINTS, TWO_POINTS
from cxlib.workbook import Workbook

NAME = "speed_and_satisfaction"
FRIENDLINESS = ("tickets.satisfaction", "tickets.friendliness_score")
REPEATED = ("tickets.satisfaction", "tickets.had_to_repeat")

NEED_WAIT = "It takes the export of tickets with the customer's rating, and when each was asked and first answered."
NEED_FRIENDLY = "It takes a rating of the person beside the rating of the ticket (the column friendliness_score)."
MORE_RATINGS = "It takes more ratings."


def study(book: Workbook) -> Study:
    """Ask what speed has to do with satisfaction, beside friendliness, being known and the channel."""
    inquiry = Inquiry(book)
    by_channel = channels(inquiry.ratings)
    repeat = repeated(inquiry.ratings)
    shown: dict[str, Evidence] = {}
    has_waits = inquiry.effect is not None and inquiry.ratings.rated > 0
    if has_waits:
        shown |= of_the_wait(inquiry) | of_the_drivers(inquiry)
    shown = {**shown, **repeat.evidence, **by_channel.evidence}
    findings = (
        _speed_matters(inquiry),
        _speed_first(inquiry),
        _goes_with(inquiry, FRIENDLY_ANSWER),
        _goes_with(inquiry, NOTHING_TO_REPEAT),
        by_channel.satisfies,
    )
    unseen = tuple(part.share for part in (repeat, by_channel) if not part.evidence)
    looked_for = doubts(inquiry.ratings, inquiry.effect, inquiry.drivers, inquiry.ways[1:] if has_waits else ())
    return Study(NAME, (*findings, *unseen), shown, looked_for, METHODS, _missing(book))


def _missing(book: Workbook) -> tuple[str, ...]:
    asked = ((WAIT, NEED_WAIT), (FRIENDLINESS, NEED_FRIENDLY), (REPEATED, NEED_REPEAT))
    lacking = [said for columns, said in asked if book.lacks(*columns)]
    return tuple(lacking[:1] if NEED_WAIT in lacking else lacking)


def _speed_matters(inquiry: Inquiry) -> Finding:
    name, effect = "speed-matters", inquiry.effect
    if effect is None or not effect.is_known:
        return Finding(
            name,
            "Whether a faster first answer makes satisfied customers cannot be told.",
            verdict="cannot-tell",
            needed=NEED_WAIT if effect is None else MORE_RATINGS,
        )
    said: dict[str, str] = {
        "supported": "Customers who got their first answer in half the time were more often satisfied: {effect} in the "
        "share of satisfied customers, among contacts about the same issue, on the same channel and asked at the same "
        "time of the week ({effect_interval}; {effect_n}).",
        "not-supported": "No measurable link: a first answer in half the time goes with {effect} in the share of "
        "satisfied customers, among contacts about the same issue, on the same channel and asked at the same time of "
        "the week ({effect_interval}; {effect_n}).",
        "reversed": "Customers who got their first answer in half the time were less often satisfied: {effect} in the "
        "share of satisfied customers, among contacts about the same issue, on the same channel and asked at the same "
        "time of the week ({effect_interval}; {effect_n}).",
        "cannot-tell": "Too few contacts were rated to tell whether a faster first answer goes with satisfaction "
        "({effect_n}).",
    }
    verdict = verdict_above(effect.estimate)
    key = "reversed" if verdict == "not-supported" and effect.estimate.high < 0 else verdict
    found = Finding(
        name,
        said[key],
        {"effect": effect.estimate},
        verdict,
        effect.estimate,
        "Speed and satisfaction: that contacts alike in issue, channel and time of asking are alike in all else that "
        "makes an answer slow and a customer unhappy. If the harder ones among them wait longer, the effect of speed "
        "is smaller than shown; if they are answered first, it is larger.",
        MORE_RATINGS,
    )
    return unless_it_may_matter(found, TWO_POINTS)


def _speed_first(inquiry: Inquiry) -> Finding:
    name, model = "speed-most-important", inquiry.drivers
    opening = "Whether speed matters most to customers cannot be told."
    if model is None or len(model.of_service) < 2:
        needed = NEED_WAIT if inquiry.effect is None else MORE_RATINGS if model is None else NEED_FRIENDLY
        return Finding(name, opening, verdict="cannot-tell", needed=needed)
    if not model.importance.is_measurable:
        return Finding(
            name,
            "Nothing that the exports know of a contact, its speed included, measurably explains how it was rated.",
            verdict="cannot-tell",
            needed=MORE_RATINGS,
        )
    return _ranked(model, name)


def _ranked(model: Drivers, name: str) -> Finding:
    """Say whether speed comes first among what the company does, and how sure that is."""
    certainty = model.comes_first(SPEED)
    others = [other for other in model.of_service if other != SPEED]
    rival = max(others, key=lambda other: model.share(other).value)
    values: dict[str, Value] = {
        "speed": model.share(SPEED),
        "rival": rival,
        "rival_share": model.share(rival),
        "certainty": Quantity(certainty, "share"),
    }
    # without friendliness and being known, speed can be beaten among the rest, but it cannot win
    complete = all(column in model.effects for column in ("friendliness", "known"))
    verdict: Verdict = "cannot-tell"
    sentence = (
        "Which driver matters most cannot be told: speed explains {speed_full} of what can be explained of ratings, "
        "{rival} {rival_share} ({rival_share_interval}); speed comes first in {certainty} of the redrawn samples."
    )
    if certainty >= CERTAIN and complete:
        verdict = "supported"
        sentence = (
            "Speed matters most of what the company does: it explains {speed_full} of what can be explained of "
            "ratings, {rival} comes next with {rival_share} ({rival_share_interval}). It comes first in {certainty} of "
            "the redrawn samples."
        )
    elif certainty >= CERTAIN:
        sentence = (
            "Of what the exports know, speed explains most of how contacts are rated, {speed_full} of what can be "
            "explained; {rival} explains {rival_share}. Friendliness and being known are not all among it, so speed "
            "cannot be called the first."
        )
    elif certainty <= 1 - CERTAIN:
        verdict = "not-supported"
        sentence = (
            "Speed does not matter most: it explains {speed_full} of what can be explained of ratings, {rival} "
            "{rival_share} ({rival_share_interval})."
        )
    return Finding(
        name,
        sentence,
        values,
        verdict,
        model.share(SPEED),
        "First place: that importance is what a driver explains of ratings. A driver on which all contacts are alike "
        "explains nothing, however much customers care for it.",
        MORE_RATINGS if complete else f"{NEED_FRIENDLY} {NEED_REPEAT}",
    )


@dataclass(frozen=True)
class _Driver:
    """Something yes or no that may go with satisfaction, and the words for it by verdict."""

    name: str
    columns: tuple[str, ...]
    column: str
    needed: str
    untold: str
    said: Mapping[Verdict, str]
    assumption: str


FRIENDLY_ANSWER = _Driver(
    "friendliness-matters",
    FRIENDLINESS,
    FRIENDLY,
    NEED_FRIENDLY,
    "Whether a friendly answer makes satisfied customers cannot be told.",
    {
        "supported": "Customers who found the person friendly were more often satisfied with the contact: {effect} "
        "against those who did not, about the same issue on the same channel ({effect_interval}; {effect_n}).",
        "not-supported": "Customers who found the person friendly were not measurably more often satisfied with the "
        "contact: {effect} about the same issue on the same channel ({effect_interval}; {effect_n}).",
        "cannot-tell": "Too few customers rated the person to tell whether friendliness goes with satisfaction "
        "({effect_n}).",
    },
    "Friendliness: both ratings come from one person at one moment, and a good solution makes its giver look friendly; "
    "the effect of friendliness alone is smaller than shown.",
)
NOTHING_TO_REPEAT = _Driver(
    "known-customer-matters",
    REPEATED,
    KNOWN,
    NEED_REPEAT,
    "Whether it matters to customers that they are known when they ask cannot be told.",
    {
        "supported": "Customers who did not have to repeat themselves were more often satisfied: {effect} against "
        "those who had to, about the same issue on the same channel ({effect_interval}; {effect_n}).",
        "not-supported": "Customers who did not have to repeat themselves were not measurably more often satisfied: "
        "{effect} against those who had to, about the same issue on the same channel ({effect_interval}; {effect_n}).",
        "cannot-tell": "Too few contacts were rated to tell whether having to repeat oneself goes with satisfaction "
        "({effect_n}).",
    },
    "Being known: that contacts about the same issue on the same channel in which the customer had to repeat are "
    "otherwise like the rest. Where contacts that go wrong are passed on, and told again, the effect is smaller.",
)


def _goes_with(inquiry: Inquiry, driver: _Driver) -> Finding:
    slope = None
    if not inquiry.book.lacks(*driver.columns):
        slope = inquiry.ratings.slope(GOOD, driver.column, ISSUE_AND_CHANNEL)
    if slope is None or not slope.is_known:
        needed = driver.needed if slope is None else MORE_RATINGS
        return Finding(driver.name, driver.untold, verdict="cannot-tell", needed=needed)
    effect = slope.estimate
    verdict = verdict_above(effect)
    values: dict[str, Value] = {"effect": effect}
    found = Finding(driver.name, driver.said[verdict], values, verdict, effect, driver.assumption, MORE_RATINGS)
    return unless_it_may_matter(found, FIVE_POINTS)
