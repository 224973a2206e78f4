"""The sentences that are said from measures; every adjective in them is computed."""

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from cxlib.engine import Part
from cxlib.estimate import Estimate
from cxlib.finding import Change, Quantity, Value
from cxlib.language import DURATIONS, Language
from cxlib.metrics import METRICS
from cxlib.metrics.measure import SUPPRESSED_BELOW
from cxlib.period import Month

BALANCES = ("full count, no interval",)


WITHHELD = "n < 5"


def value(language: Language, estimate: Estimate, like: float | None = None) -> str:
    """Return a value as a page shows it: "87.3%", "n < 5", "no data"; a duration in the unit that suits `like`."""
    if "suppressed" in estimate.flags:
        return language.text(WITHHELD)
    if "not-reached" in estimate.flags:
        return language.text("more than {low}", low=language.measure(estimate.low, estimate.unit))
    if not estimate.is_known:
        return language.text("not covered" if "not-covered" in estimate.flags else "no data")
    return language.measure(estimate.value, estimate.unit, like)


def limits(language: Language, estimate: Estimate) -> str:
    """Return "84.9% to 89.4%"; empty where there is no value, no case, no limit known, or nothing to be unsure of."""
    unknown = math.isnan(estimate.low) and math.isnan(estimate.high)
    if not estimate.is_known or estimate.n == 0 or unknown or estimate.method in BALANCES:
        return ""
    return language.interval(estimate.low, estimate.high, estimate.unit, estimate.value)


def with_limits(language: Language, estimate: Estimate) -> str:
    """Return "87.3% (84.9% to 89.4%)", or the value alone where there are no limits."""
    shown, ends = value(language, estimate), limits(language, estimate)
    return f"{shown} ({ends})" if ends else shown


def interval(language: Language, estimate: Estimate) -> str:
    """Return "95% interval 84.9% to 89.4%", or what stands in its place."""
    if not estimate.is_known:
        return ""
    if estimate.method in BALANCES:
        return language.text("full count")
    if estimate.n == 0:
        return language.text("no cases")
    return language.text("95% interval {limits}", limits=limits(language, estimate))


def denominator(language: Language, estimate: Estimate) -> str:
    """Return "n = 1,204" or "n < 5", which does not break at the end of a line."""
    shown = count(language, estimate)
    said = shown if "suppressed" in estimate.flags else language.text("n = {n}", n=shown)
    return said.replace(" ", "\N{NO-BREAK SPACE}")


def count(language: Language, estimate: Estimate) -> str:
    """Return the cases behind an estimate, if they may be told."""
    return language.text(WITHHELD) if "suppressed" in estimate.flags else language.number(estimate.n)


def filled(language: Language, sentence: str, values: Mapping[str, Value]) -> str:
    """Return a sentence in the reader's language with its placeholders filled.

    `{x}` is a value; of an Estimate there are also `{x_interval}`, `{x_limits}`, `{x_n}` and `{x_full}`.
    """
    written: dict[str, str] = {}
    for name, one in values.items():
        written[name] = plain(language, one)
        if isinstance(one, Estimate):
            written[f"{name}_limits"] = limits(language, one)
            written[f"{name}_interval"] = interval(language, one)
            written[f"{name}_n"] = denominator(language, one)
            written[f"{name}_full"] = full(language, one)
    return language.text(sentence, **written)


def plain(language: Language, one: Value) -> str:
    """Return a value as it stands in a sentence or in a cell."""
    match one:
        case Estimate():
            return value(language, one)
        case Quantity():
            return language.measure(one.value, one.unit)
        case Month():
            return language.month(one)
        case datetime():
            return language.day(one)
        case str():
            return language.text(one)
        case int() | np.integer():
            return language.number(one)
        case _:
            return language.measure(one, "ratio")


def full(language: Language, estimate: Estimate) -> str:
    """Return a value with its interval and denominator."""
    basis = [part for part in (interval(language, estimate), denominator(language, estimate)) if part]
    shown = value(language, estimate)
    return f"{shown} ({'; '.join(basis)})" if estimate.is_known else shown


def address(text: str) -> str:
    """Return an id made from words: "Satisfied by month." becomes "satisfied-by-month"."""
    return "-".join(re.findall(r"[^\W_]+", text.casefold()))[:60].rstrip("-")


def recorded(number: float) -> float | str:
    """Return a number as it is recorded: nine digits, since the last ones of a sum depend on the order of its parts."""
    return float(f"{number:.9g}") if math.isfinite(number) else str(number)


def numbers(estimate: Estimate) -> dict[str, object]:
    """Return an estimate as plain values for JSON: what is not known is null, a limit that is none "inf" or "-inf"."""
    ends = {name: float(getattr(estimate, name)) for name in ("value", "low", "high")}
    return {
        **{name: None if math.isnan(end) else recorded(end) for name, end in ends.items()},
        "n": None if "suppressed" in estimate.flags else int(estimate.n),
        "unit": estimate.unit,
        "method": estimate.method,
        "flags": list(estimate.flags),
    }


def segment(name: object) -> str:
    """Return the name of a segment or one of its values: a word of machines with blanks, a name letter for letter."""
    return str(name).replace("_", " ") if re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+)*", str(name)) else str(name)


def narrowed(language: Language, parts: Sequence[Part]) -> str:
    """Return which part of the customers a page is about; empty for all."""
    said = []
    for column, values, out in parts:
        text = "All but {by} {values}." if out else "Only {by} {values}."
        said.append(language.text(text, by=segment(column), values=", ".join(segment(value) for value in values)))
    return " ".join(said)


def smaller_groups(language: Language, groups: int, cases: int) -> str:
    """Return what is not shown of a long breakdown, as a sentence to add; empty where nothing is left out."""
    if not groups:
        return ""
    said = "Not shown: {groups} smaller groups with {cases} cases."
    if cases < SUPPRESSED_BELOW:
        said = "Not shown: {groups} smaller groups."
    return " " + filled(language, said, {"groups": groups, "cases": cases})


class Phrases(NamedTuple):
    """What is said of a change: in a word, on a tile, in a sentence, of a full count, and of a trend."""

    word: str
    tile: str
    sentence: str
    of_count: str
    of_trend: str


NOTHING_THEN = "There is nothing to compare with in {month}."
CHANGED = {
    "rose": Phrases(
        "rose by {size}",
        "{by} since {month}",
        "It rose since {month} (then {before}; change {by}, interval {limits}).",
        "It rose by {size} since {month} (then {before}).",
        "Along its trend of {count} months it rose (change {by}, interval {limits}).",
    ),
    "fell": Phrases(
        "fell by {size}",
        "{by} since {month}",
        "It fell since {month} (then {before}; change {by}, interval {limits}).",
        "It fell by {size} since {month} (then {before}).",
        "Along its trend of {count} months it fell (change {by}, interval {limits}).",
    ),
    "no-measurable-change": Phrases(
        "no measurable change",
        "no measurable change since {month} ({by})",
        "It did not measurably change since {month} (then {before}; change {by}, interval {limits}).",
        "It is the same as in {month}.",
        "",  # not said
    ),
    "cannot-tell": Phrases("cannot tell", "no comparison with {month}", NOTHING_THEN, NOTHING_THEN, ""),
}
BY_TREND = "{by} along the trend of {count} months"


def _changed(language: Language, finding: Change, phrase: str) -> str:
    change, now = finding.change, finding.now
    # all of a row or sentence in one unit of time, that of the value; an amount may be far smaller than what it changed
    like = now.value if now.unit in DURATIONS else None
    by = language.difference(change.value, change.unit, like)
    return language.text(
        phrase,
        month=language.month(Month.parse(finding.against)),
        count=finding.months,
        before=value(language, finding.before, like),
        by=by,
        size=by.lstrip("+−"),
        limits=language.interval(change.low, change.high, change.unit, like),
    )


def told_of(changes: Sequence[Change]) -> list[Change]:
    """Return of a measure's changes those to be said: that can be told, and a trend only where it is measurable."""
    told = [one for one in changes if one.verdict != "cannot-tell" and (not one.months or one.is_measured)]
    return told or list(changes[:1])


def since(language: Language, finding: Change) -> str:
    """Return what a change is one since."""
    return _changed(language, finding, "along the trend of {count} months" if finding.months else "since {month}")


def change_phrase(language: Language, finding: Change) -> str:
    """Return how a measure changed, for a tile or a list."""
    if finding.is_exact and not finding.is_measured:
        return _changed(language, finding, "the same as in {month}")
    return _changed(language, finding, BY_TREND if finding.months else CHANGED[finding.verdict].tile)


def verdict(language: Language, finding: Change) -> str:
    """Return the verdict in two or three words, with the difference."""
    return _changed(language, finding, CHANGED[finding.verdict].word)


def sentence(language: Language, changes: Sequence[Change]) -> str:
    """Return the sentences that state a measure and how it changed.

    "Rose" and "fell" are said only where the interval of the change excludes no change.
    """
    now, label = changes[0].now, language.text(METRICS[changes[0].metric].label)
    if not now.is_known:
        text = "{label}: {value} this month." if "suppressed" in now.flags else "{label}: {value} this month ({n})."
        return language.text(text, label=label, value=value(language, now), n=denominator(language, now))
    said = [language.text("{label}: {now}.", label=label, now=full(language, now))]
    for one in told_of(changes):
        phrases = CHANGED[one.verdict]
        phrase = phrases.of_trend if one.months else phrases.of_count if one.is_exact else phrases.sentence
        said.append(_changed(language, one, phrase))
    return " ".join(said)


def good_or_bad(finding: Change) -> str:
    """Return whether a change is good news: "good", "bad" or "neutral"."""
    wanted = {"up": "rose", "down": "fell"}.get(METRICS[finding.metric].good)
    if wanted is None or not finding.is_measured:
        return "neutral"
    return "good" if finding.verdict == wanted else "bad"
