"""The ledger of claims: what is said everywhere, the company's own figure, and what may be said of it."""

from collections import Counter
from collections.abc import Sequence
from html import escape

import numpy as np

from cxlib.claims import Claim, Judged
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import NOTHING, Exhibit, element, paragraph
from cxlib.exhibits.made import cautions
from cxlib.exhibits.sentences import VERDICTS, how_to_read
from cxlib.exhibits.tables import Cell, flag_class, sheet
from cxlib.language import Language
from cxlib.metrics.measure import SMALL_BELOW
from cxlib.workbook import Workbook


def _quoted(claim: Claim) -> str:
    return f"“{claim.translation}” ({claim.seed})"


def claims_summary(book: Workbook, judged: Sequence[Judged]) -> Exhibit:
    """Return in one sentence how many claims hold here, how many do not, and how many cannot be told."""
    language = book.language
    counts = Counter(one.verdict for one in judged)
    text = language.text(
        "Of {count} claims the data of this company support {supported} and contradict {refuted}; of {untold} they "
        "cannot tell.",
        count=language.number(len(judged)),
        supported=language.number(counts["supported"]),
        refuted=language.number(counts["not-supported"]),
        untold=language.number(counts["cannot-tell"]),
    )
    return paragraph(text, "cx-summary", id="finding-claims-summary")


def claims_headline(book: Workbook, judged: Sequence[Judged]) -> Exhibit:
    """Return the claims that name a number, each in its first reading, beside the company's own number."""
    # the other readings of the same words stand further down
    first: dict[str, Judged] = {}
    for one in judged:
        if one.claim.kind == "numeric":
            first.setdefault(one.claim.quote, one)
    if not first:
        return NOTHING
    rows = {_quoted(one.claim): (_figure(book.language, one), VERDICTS[one.verdict]) for one in first.values()}
    caption = "The figures that are repeated, beside your own up to {month}: value, 95% interval, n."
    headers = ("Your own figure", "Verdict")
    shown = sheet(book, "claims-headline", rows, caption, *headers, label="What is said", month=book.month)
    return shown + how_to_read(book)


def claims_table(book: Workbook, judged: Sequence[Judged], verdict: str) -> Exhibit:
    """Return the claims with one verdict: what is said, what the company's own data show, what would turn it.

    Parameters
    ----------
    book : Workbook
    judged : sequence of Judged
    verdict : {"supported", "not-supported", "cannot-tell"}
    """
    rows = {
        _quoted(one.claim): (one.text, Cell(book.language.text(one.turns), is_number=False, class_="cx-aside"))
        for one in judged
        if one.verdict == verdict
    }
    if not rows:
        return paragraph(book.language.text("There is none."), "cx-note")
    caption, headers = "Claims held against the data up to {month}.", ("What your own data show", "What would turn it")
    return sheet(book, f"claims-{verdict}", rows, caption, *headers, label="What is said", month=book.month)


def _figure(language: Language, judged: Judged) -> Cell:
    """Return the company's own number in a cell: "27.2% (23.8% to 31.0%), n = 1,128"."""
    estimate = judged.estimate
    if estimate is None:
        return Cell(language.text("none"), is_number=False)
    shown = f"{words.with_limits(language, estimate)}, {words.denominator(language, estimate)}"
    return Cell(shown, is_number=False, class_=flag_class(estimate.flags))


def claims_sources(book: Workbook, judged: Sequence[Judged]) -> Exhibit:
    """Return each claim in its own words, where it comes from and how surely, what it means exactly, and the rule."""
    language = book.language
    items, lines = [], []
    for one in judged:
        claim = one.claim
        said = element("q", escape(claim.quote), lang=claim.language)
        about = language.text(
            "{source} (seen: {sureness}) Tested as: {means} {rule}",
            source=claim.source,
            sureness=language.text(claim.sureness),
            means=claim.means,
            rule=claim.rule_in_words,
        )
        items.append(
            element("dt", escape(_quoted(claim)), id=f"source-{claim.id}") + element("dd", said, " ", escape(about))
        )
        lines.append(f"{_quoted(claim)}: {claim.quote} {about}")
    return Exhibit(element("dl", *items, class_="cx-definitions"), "\n".join(lines)) if items else NOTHING


def claims_doubts(book: Workbook, judged: Sequence[Judged]) -> Exhibit:
    """Return what could mislead in the ledger as a whole: many verdicts, few cases, close calls."""
    language = book.language
    told = [one for one in judged if one.verdict != "cannot-tell" and one.estimate is not None]
    small = [one for one in told if one.estimate is not None and one.estimate.n < SMALL_BELOW]
    lines = []
    if told:
        lines.append(
            language.text(
                "{count} verdicts rest on intervals that miss the truth one time in twenty, so by chance alone about "
                "{wrong} of them may be wrong.",
                count=language.number(len(told)),
                wrong=language.number(float(np.ceil(0.05 * len(told)))),
            )
        )
    if small:
        names = "; ".join(_quoted(one.claim) for one in small)
        lines.append(language.text("These rest on fewer than {n} cases: {names}.", n=SMALL_BELOW, names=names))
    unseen = [one for one in judged if one.claim.sureness == "not found"]
    if unseen:
        lines.append(
            language.text(
                "For {count} of the claims no original research was found: what exactly they said cannot be checked.",
                count=language.number(len(unseen)),
            )
        )
    return cautions(book, lines)


def claim_record(judged: Judged) -> dict[str, object]:
    """Return one row of the ledger as plain values for JSON."""
    claim = judged.claim
    return {
        "id": claim.id,
        "seed": claim.seed,
        "quote": claim.quote,
        "language": claim.language,
        "translation": claim.translation,
        "study": claim.study,
        "finding": claim.finding,
        "verdict": judged.verdict,
        "estimate": None if judged.estimate is None else words.numbers(judged.estimate),
        "text": judged.text,
        "turns": judged.turns,
        "why": judged.why,
    }
