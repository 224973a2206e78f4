"""Sentences with numbers in them: what a notebook says, the claims they are held against, what was defined how."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import cast

import pandas as pd

from cxlib.claims import IN_WORDS, Claim, Judgment, claims_on, judge, region_of
from cxlib.errors import ConfigError, UntoldError
from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import NOTHING, Exhibit, Record, element, paragraph, reason, stack
from cxlib.finding import MOST_TIMES, Change, Finding, Quantity, Ruling, Value, Verdict, shown
from cxlib.finding import verdict as verdict_of
from cxlib.language import Language
from cxlib.workbook import Workbook

MORE_CASES = "More cases, or a longer history of them, would tell."
SO_MANY_CASES = (
    "About {cases_that_would_tell} cases instead of {cases_there_are} would tell, should the figure stay as it is."
)
NEAR_THE_LIMIT = (
    "Even {most_times} times as many cases would not tell, should the figure stay as it is: it lies too near the limit."
)
OF_ALL_CASES = (
    "About {cases_that_would_tell} of the {all_there_are} there are would tell, should the figure stay as it is."
)
SIZE: Mapping[str, str] = {
    "cannot-tell": "Whether it is as much as would matter, from {least_that_matters} on, cannot be told.",
    "not-supported": "It is less than would matter, which begins at {least_that_matters}.",
}


def say(
    book: Workbook,
    id: str,
    sentence: str = "",
    estimate: Estimate | None = None,
    verdict: str | None = None,
    *,
    otherwise: str = "",
    reverse: str = "",
    assumption: str = "",
    needed: str = "",
    months_back: int = 12,
    **values: Value,
) -> Exhibit:
    """Say something of the data: a finding, or with the id of a measure alone how it changed.

    A finding's `id` is the address of the sentence on its page, unique over all pages. `sentence` is English and the
    key of its translation; what is in it is filled from the values: `{name}`, `{name_interval}` with its interval in
    words, `{name_limits}` with the two limits, `{name_n}` with its denominator, `{name_full}` with all. A share or an
    amount that is no Estimate is a `Quantity`.

    The verdict, and the claims that name this finding, rest on `estimate`. `verdict` is what the function of that name
    returns; where a claim gives a region for the finding, the region decides and none is given here. `otherwise` is the
    sentence where the interval does not lie in the region (the same sentence if not given), `reverse` the one where it
    lies wholly on the other side (`otherwise` if not given); where it lies in the region, but not wholly where it would
    matter, a sentence more says so. `assumption` says what would turn the verdict over; `needed` which data would tell,
    where it cannot be told: how many more cases would, if not given.

    Raises UntoldError if the estimate or a value is not known; ConfigError if a verdict is given though a claim decides
    it, or the estimate's unit is not that of the claim's region.

    >>> stays = book.estimate("logo_retention")
    >>> print(say(book, "stays", "Of those who paid a year ago {stays} still pay.", stays, stays=stays))
    Of those who paid a year ago 77.3% still pay.
    >>> print(say(book, "nps_relationship"))
    Relationship NPS: ...
    """
    if not sentence:
        # under an exhibit that says why where the measure cannot be given
        return NOTHING if reason(book, id) else said_of_change(book, [book.change(id, months_back), book.change(id, 0)])
    for one in (estimate, *values.values()):
        # a name whose cell could not tell refuses any question, and so passes its reason on
        if isinstance(one, Estimate) and not one.is_known and "not-reached" not in one.flags:
            raise UntoldError(needed or "Too few cases to tell; more of them would.")
        getattr(one, "unit", None)
    region = region_of(id)
    if region is not None:
        if verdict is not None:
            raise ConfigError(f'finding "{id}": its claim gives the region that decides; leave the verdict out')
        verdict = verdict_of(estimate, region.low, region.high)
    side, size, tells = "", "", MORE_CASES
    if isinstance(verdict, Ruling) and (known := shown(estimate)) is not None:
        side, size, tells, numbers = _behind(verdict, known)
        values |= numbers
    needed = (needed or tells) if verdict == "cannot-tell" else ""
    told = verdict in (None, "supported") or side == "for"
    text = sentence if told else (reverse if side == "against" else "") or otherwise or sentence
    given = cast(Verdict, str(verdict or "described"))
    finding = Finding(id, text, values, given, estimate, assumption, size, needed)
    judged = tuple((claim, judge(claim, finding)) for claim in claims_on(id))
    return Exhibit(
        draw=lambda: _drawn(book.language, finding, judged),
        name=f"finding-{id}",
        finding=finding,
        record=lambda: _record(book.language, finding, judged),
    )


def _behind(verdict: Ruling, estimate: Estimate) -> tuple[str, str, str, dict[str, Value]]:
    """Return on which side a number lies, what to say of its size and of what would tell, and the numbers in that."""
    numbers: dict[str, Value] = {"cases_there_are": estimate.n, "most_times": MOST_TIMES}
    numbers |= {"cases_that_would_tell": verdict.cases or 0, "all_there_are": estimate.population or 0}
    size = ""
    if verdict.side == "for" and verdict.matters is not None:
        size = SIZE.get(verdict, "")
        numbers["least_that_matters"] = Quantity(verdict.matters, estimate.unit)
    tells = OF_ALL_CASES if estimate.population else SO_MANY_CASES
    return verdict.side, size, tells if verdict.cases else NEAR_THE_LIMIT, numbers


def _drawn(language: Language, finding: Finding, judged: tuple[tuple[Claim, Judgment], ...]) -> Exhibit:
    """Return the sentence at its own address, under it the claims that are held against it and what it rests on."""
    text, address = text_of(language, finding), f"finding-{finding.id}"
    said = paragraph(text, "cx-finding", id=address, data_verdict=finding.verdict)
    assumption = words.filled(language, finding.assumption, finding.values)
    rests_on = paragraph(assumption, "cx-note") if assumption else NOTHING
    return stack(said, (_claimed(language, *one) for one in judged), rests_on)


def _claimed(language: Language, claim: Claim, judgment: Judgment) -> Exhibit:
    quote = f"“{language.text(claim.translation)}” ({claim.seed})"
    verdict, why = language.text(IN_WORDS[judgment.verdict]), language.text(judgment.why)
    parts = (escape(f"{quote} "), element("strong", escape(f"{verdict}.")), escape(f" {why}"))
    markup = element("p", *parts, class_="cx-claim", id=f"claim-{claim.id}", data_verdict=judgment.verdict)
    return Exhibit(markup, f"{quote} {verdict}. {why}")


def text_of(language: Language, finding: Finding) -> str:
    """Return what a finding says, and where it cannot be told, what would tell."""
    parts = (finding.sentence, finding.size, finding.needed)
    return " ".join(words.filled(language, part, finding.values) for part in parts if part)


def _record(language: Language, finding: Finding, judged: tuple[tuple[Claim, Judgment], ...]) -> Record:
    return {
        "finding": finding.id,
        "verdict": finding.verdict,
        "text": text_of(language, finding),
        "estimate": None if finding.estimate is None else words.numbers(finding.estimate),
        "assumption": words.filled(language, finding.assumption, finding.values),
        "claims": [{"id": claim.id, **judgment._asdict()} for claim, judgment in judged],
    }


def said_of_change(book: Workbook, changes: Sequence[Change], id: str = "") -> Exhibit:
    """Return the sentences of a measure and how it changed; the first change gives id and verdict."""
    first, id = changes[0], id or changes[0].id
    text, said = words.sentence(book.language, changes), {"finding": id, "metric": first.metric}
    record = {**said, "verdict": first.verdict, "text": text, "estimate": words.numbers(first.now)}
    return paragraph(text, "cx-finding", record, id=f"finding-{id}", data_metric=first.metric)


def methods(book: Workbook, texts: Mapping[str, str], **values: Value) -> Exhibit:
    """Say how numbers of the page are defined and made, with their sources.

    `texts` say what is defined, and how; both are keys of their translation, filled from the values: the assumptions.

    >>> print(methods(book, {"Value": "Discounted at {rate} a year."}, rate=Quantity(0.1, "share")))
    Value: Discounted at 10.0% a year.
    """
    language = book.language
    return terms({language.text(term): words.filled(language, text, values) for term, text in texts.items()})


def terms(texts: Mapping[str, str]) -> Exhibit:
    """Return terms with their definitions, as they are."""
    items = "".join(element("dt", escape(term)) + element("dd", escape(text)) for term, text in texts.items())
    lines = "\n".join(f"{term}: {text}" for term, text in texts.items())
    return Exhibit(element("dl", items, class_="cx-definitions"), lines, record=lambda: {"methods": dict(texts)})


def claims_sources(book: Workbook, claims: pd.DataFrame) -> Exhibit:
    """Show claims, rows of their ledger, in their own words, where they come from and how surely, and the rule."""
    items, lines = [], []
    for one in claims.to_dict("records"):
        about = book.language.text(
            "{source} (seen: {sureness}) Tested as: {means} {rule}",
            **{name: one[name] for name in ("source", "means", "rule")},
            sureness=book.language.text(one["sureness"]),
        )
        quote = element("q", escape(one["quote"]), lang=one["language"])
        term = element("dt", escape(one["said"]), id=f"source-{one['id']}")
        items += [term, element("dd", quote, " ", escape(about))]
        lines.append(f"{one['said']}: {one['quote']} {about}")
    return Exhibit(element("dl", *items, class_="cx-definitions"), "\n".join(lines)) if items else NOTHING


def how_to_read(book: Workbook) -> Exhibit:
    """Return what n and an interval are, for whoever has never met them.

    >>> print(how_to_read(book))
    How to read it: n is the number of cases behind a figure. ...
    """
    text = book.language.text(
        "How to read it: n is the number of cases behind a figure. The 95% interval is the range that so many cases "
        "leave open; of a hundred such ranges about 95 hold the true figure. Where it is wide, little is known."
    )
    return paragraph(text, "cx-note")
