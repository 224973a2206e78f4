"""The first screen: findings in sentences, tiles with values and intervals."""

from __future__ import annotations

from html import escape

from cxlib.exhibits import words
from cxlib.exhibits.absent import NOTHING, given, missing, reason
from cxlib.exhibits.exhibit import Exhibit, element, paragraph
from cxlib.finding import Change
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.workbook import Workbook

DIRECTIONS = {"rose": "up", "fell": "down", "no-measurable-change": "same", "cannot-tell": "none"}


def say(book: Workbook, name: str, months_back: int = 12) -> Exhibit:
    """Return the sentence that compares one measure with an earlier month, a year before if not told otherwise.

    It stands under an exhibit, which says why where the measure cannot be given; so this is silent then.
    """
    return NOTHING if reason(book, name) else _said(book, book.change(name, months_back))


def _said(book: Workbook, finding: Change) -> Exhibit:
    return paragraph(
        words.sentence(book.language, finding), "cx-finding", id=f"finding-{finding.id}", data_metric=finding.metric
    )


def answer(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return the sentences of several measures, their directions corrected as one family.

    Parameters
    ----------
    book : Workbook
        The month.
    *names : str
        Ids of metrics; those that cannot be given are left out (`tiles` names them).
    months_back : int
        How far back the comparison lies.
    """
    said = NOTHING
    for finding in book.changes(*given(book, names), months_back=months_back):
        said = said + _said(book, finding)
    return said


def summary(book: Workbook, *names: str) -> Exhibit:
    """Return one sentence that counts how many measures got better, worse or did not measurably change."""
    language = book.language
    findings = book.changes(*given(book, names))
    told = [finding for finding in findings if finding.verdict != "cannot-tell"]
    if not told:
        return paragraph(language.text("There is no month before to compare with."), "cx-summary", id="finding-summary")
    good, bad = ([f for f in told if words.good_or_bad(f) == verdict] for verdict in ("good", "bad"))
    text = language.text(
        "Against {month}, {good} of {count} measures got better and {bad} got worse by more than chance would bring.",
        month=language.month(book.month.previous()),
        good=_how_many(language, len(good)),
        bad=_how_many(language, len(bad)),
        count=language.number(len(told)),
    )
    for opening, group in (("Better: {names}.", good), ("Worse: {names}.", bad)):
        if group:
            labels = "; ".join(language.text(METRICS[finding.metric].label) for finding in group)
            text += " " + language.text(opening, names=labels)
    return paragraph(text, "cx-summary", id="finding-summary")


def _how_many(language: Language, count: int) -> str:
    return language.number(count) if count else language.text("none")


def tiles(book: Workbook, *names: str) -> Exhibit:
    """Return one tile per measure: value, interval, denominator and change since the month before.

    Directions are corrected as one family; measures that cannot be given are named under
    the tiles, with the export that would bring them.
    """
    findings = book.changes(*given(book, names))
    markup = element("ul", *(_tile(book, finding) for finding in findings), class_="cx-tiles")
    text = "\n".join(words.sentence(book.language, finding) for finding in findings)
    return (Exhibit(markup, text) if findings else NOTHING) + missing(book, *names)


def _tile(book: Workbook, finding: Change) -> str:
    language, now = book.language, finding.now
    shown = words.value(language, now)
    small = " cx-small" if "small" in now.flags else ""
    lines = [
        element("span", escape(language.text(METRICS[finding.metric].label)), class_="cx-tile-label"),
        element("span", escape(shown), class_="cx-tile-value"),
        element("span", escape(words.interval(language, now)), class_="cx-tile-interval"),
        element("span", escape(words.denominator(language, now)), class_="cx-tile-n"),
        element(
            "span",
            escape(words.change_phrase(language, finding)),
            class_="cx-tile-change",
            data_direction=DIRECTIONS[finding.verdict] if not small else "none",
            data_good=words.good_or_bad(finding) if not small else "neutral",
        ),
    ]
    return element(
        "li",
        *lines,
        class_="cx-tile" + small,
        data_metric=finding.metric,
        data_period=str(book.month),
        data_shown=shown,
    )
