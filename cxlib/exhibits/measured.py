"""The first screen: findings in sentences, tiles with values and intervals."""

from collections.abc import Mapping
from html import escape

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.absent import given, missing
from cxlib.exhibits.exhibit import NOTHING, Exhibit, element, paragraph, stack
from cxlib.exhibits.frames import estimates, of_estimates
from cxlib.exhibits.sentences import said_of_change
from cxlib.finding import Change, Value
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.workbook import Workbook

DIRECTIONS = {"rose": "up", "fell": "down", "no-measurable-change": "same", "cannot-tell": "none"}


def answer(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return the sentences of several measures, their directions corrected as one family.

    Parameters
    ----------
    *names : str
        Ids of metrics; those that cannot be given are left out (`tiles` names them).
    months_back : int
        How far back the comparison lies.

    Examples
    --------
    >>> print(answer(book, "nps", "csat"))
    Net Promoter Score (NPS): ...
    """
    changes = book.changes(*given(book, names), months_back=months_back)
    return stack(said_of_change(book, change) for change in changes)


def summary(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return one sentence that counts how many measures got better, worse or did not measurably change.

    Examples
    --------
    >>> print(summary(book, "nps", "csat"))
    Against September 2026, none of 2 measures got better and none got worse by more than chance would bring.
    """
    language = book.language
    findings = book.changes(*given(book, names), months_back=months_back)
    told = [finding for finding in findings if finding.verdict != "cannot-tell"]
    if not told:
        return paragraph(language.text("There is no month before to compare with."), "cx-summary", id="finding-summary")
    good, bad = ([f for f in told if words.good_or_bad(f) == verdict] for verdict in ("good", "bad"))
    said = "Against {month}, {good} of {count} measures got better and {bad} got worse by more than chance would bring."
    counts: dict[str, Value] = {"good": len(good) or "none", "bad": len(bad) or "none", "count": len(told)}
    text = words.filled(language, said, {"month": book.month.shift(-months_back), **counts})
    for opening, group in (("Better: {names}.", good), ("Worse: {names}.", bad)):
        if group:
            labels = "; ".join(language.text(METRICS[finding.metric].label) for finding in group)
            text += " " + language.text(opening, names=labels)
    return paragraph(text, "cx-summary", id="finding-summary")


def tiles(book: Workbook, *names: str, own: Mapping[str, Estimate] | None = None, months_back: int = 1) -> Exhibit:
    """Show one tile per measure: value, interval, denominator and change since an earlier month, the last if not told.

    Directions are corrected as one family; measures that cannot be given are named under
    the tiles, with the export that would bring them.

    Parameters
    ----------
    *names : str
        Ids of measures.
    own : mapping of label to Estimate, optional
        Numbers of your own, after the measures; what could not be told has no tile.
    months_back : int
        How far back the comparison lies.

    Raises
    ------
    MeasureError
        If there is no such measure; the nearest is named.

    Examples
    --------
    >>> tiles(book, "csat", own={"Kept": book.estimate("logo_retention")}).frame["label"].tolist()
    ['Satisfaction with tickets (CSAT)', 'Kept']
    """
    changes = book.changes(*given(book, names), months_back=months_back)
    measured = {book.language.text(METRICS[change.metric].label): change.now for change in changes}
    frame = of_estimates({**measured, **(own or {})})
    lines = zip(frame["label"], estimates(frame), strict=True)
    mine = [(label, one) for label, one in lines if label not in measured]
    drawn = (*(_tile(book, change) for change in changes), *(_own_tile(book, *line) for line in mine))
    markup = element("ul", *drawn, class_="cx-tiles")
    texts = [words.sentence(book.language, change) for change in changes]
    texts += [f"{label}: {words.full(book.language, one)}." for label, one in mine]
    shown = Exhibit(
        markup,
        "\n".join(texts),
        name="tiles",
        frame=frame,
    )
    return (shown if len(frame) else NOTHING) + missing(book, *names)


def _own_tile(book: Workbook, label: str, one: Estimate) -> str:
    small = " cx-small" if "small" in one.flags else ""
    return element("li", *_number(book.language, book.language.text(label), one), class_="cx-tile cx-own" + small)


def _number(language: Language, label: str, one: Estimate) -> list[str]:
    """Return the lines that every tile has: what it is, its value, its interval and its denominator."""
    texts = {
        "label": label,
        "value": words.value(language, one),
        "interval": words.interval(language, one),
        "n": words.denominator(language, one),
    }
    return [element("span", escape(text), class_=f"cx-tile-{part}") for part, text in texts.items()]


def _tile(book: Workbook, finding: Change) -> str:
    language, now = book.language, finding.now
    small = " cx-small" if "small" in now.flags else ""
    lines = [
        *_number(language, language.text(METRICS[finding.metric].label), now),
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
        data_shown=words.value(language, now),
    )
