"""The page of a study: its answer, what could mislead, how it was made."""

from __future__ import annotations

import math
from html import escape

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.absent import NOTHING, box
from cxlib.exhibits.exhibit import Exhibit, element, paragraph
from cxlib.exhibits.made import made_from
from cxlib.exhibits.said import filled, said
from cxlib.finding import Finding
from cxlib.studies.study import Study
from cxlib.studies.worth import VERDICTS
from cxlib.workbook import Workbook


def answers(book: Workbook, study: Study) -> Exhibit:
    """Return the answer of a study in sentences, how to read them, and which exports would bring what is missing."""
    shown = NOTHING
    for finding in study.findings:
        shown = shown + said(book.language, finding)
    if any(_has_limits(finding) for finding in study.findings):
        shown = shown + paragraph(words.how_to_read(book.language), "cx-note")
    return shown + box([book.language.text(line) for line in study.missing])


def _has_limits(finding: Finding) -> bool:
    values = [value for value in finding.values.values() if isinstance(value, Estimate)]
    return any(value.is_known and math.isfinite(value.low) for value in values)


def what_could_mislead(book: Workbook, study: Study) -> Exhibit:
    """Return what could turn the answer: what was looked for in the data, and what each verdict rests on."""
    language = book.language
    shown = NOTHING
    for finding in study.doubts:
        shown = shown + said(language, finding)
    lines = [filled(language, f.assumption, f.values) for f in study.findings if f.assumption]
    if not lines:
        return shown
    items = "".join(element("li", escape(line)) for line in dict.fromkeys(lines))
    opening = language.text("What the answer rests on:")
    return shown + paragraph(opening, "cx-note") + Exhibit(element("ul", items), "\n".join(lines))


def how_studied(book: Workbook, study: Study) -> Exhibit:
    """Return how each number was defined and made, with its source, and what the page was made from."""
    language, methods = book.language, (*study.methods, VERDICTS)
    items = "".join(
        element("dt", escape(language.text(method.term))) + element("dd", escape(language.text(method.text)))
        for method in methods
    )
    text = "\n".join(f"{language.text(m.term)}: {language.text(m.text)}" for m in methods)
    return Exhibit(element("dl", items, class_="cx-definitions"), text) + made_from(book)
