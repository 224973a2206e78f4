"""Sentences of studies, with the numbers they are said from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import Exhibit, paragraph
from cxlib.finding import Finding, Quantity, Value
from cxlib.language import Language
from cxlib.period import Month


def filled(language: Language, sentence: str, values: Mapping[str, Value]) -> str:
    """Return a sentence in the reader's language with its placeholders filled.

    `{x}` is a value; of an Estimate there are also `{x_interval}`, `{x_limits}`, `{x_n}` and `{x_full}`.
    """
    written: dict[str, str] = {}
    for name, value in values.items():
        written[name] = plain(language, value)
        if isinstance(value, Estimate):
            written[f"{name}_limits"] = words.limits(language, value)
            written[f"{name}_interval"] = words.interval(language, value)
            written[f"{name}_n"] = words.denominator(language, value)
            written[f"{name}_full"] = full(language, value)
    return language.text(sentence, **written)


def plain(language: Language, value: Value) -> str:
    """Return a value as it stands in a sentence or in a cell."""
    match value:
        case Estimate():
            return words.value(language, value)
        case Quantity():
            return language.measure(value.value, value.unit)
        case Month():
            return language.month(value)
        case datetime():
            return language.day(value)
        case str():
            return language.text(value)
        case int():
            return language.number(value)
        case _:
            return language.measure(value, "ratio")


def full(language: Language, estimate: Estimate) -> str:
    """Return a value with its interval and denominator."""
    basis = [part for part in (words.interval(language, estimate), words.denominator(language, estimate)) if part]
    shown = words.value(language, estimate)
    return f"{shown} ({'; '.join(basis)})" if estimate.is_known else shown


def sentence(language: Language, finding: Finding) -> str:
    """Return what a finding says, and where it cannot be told, what would tell."""
    parts = [finding.sentence]
    if finding.verdict == "cannot-tell" and finding.needed:
        parts.append(finding.needed)
    return " ".join(filled(language, part, finding.values) for part in parts)


def said(language: Language, finding: Finding) -> Exhibit:
    """Return a finding as a paragraph at its own address."""
    return paragraph(sentence(language, finding), "cx-finding", id=finding_id(finding), data_verdict=finding.verdict)


def record(language: Language, finding: Finding) -> dict[str, object]:
    """Return a finding as plain values for JSON; a number that is not known, or has no limit, is null."""
    return {
        "id": finding.id,
        "verdict": finding.verdict,
        "text": sentence(language, finding),
        "estimate": None if finding.estimate is None else numbers(finding.estimate),
        "assumption": filled(language, finding.assumption, finding.values),
    }


def numbers(estimate: Estimate) -> dict[str, object]:
    """Return an estimate as plain values for JSON."""
    ends = {name: getattr(estimate, name) for name in ("value", "low", "high")}
    return {
        **{name: float(end) if math.isfinite(end) else None for name, end in ends.items()},
        "n": int(estimate.n),
        "unit": estimate.unit,
        "method": estimate.method,
        "flags": list(estimate.flags),
    }


def finding_id(finding: Finding) -> str:
    """Return the address of a finding on its page."""
    return f"finding-{finding.id}"
