"""What could mislead: looked for in the data of the month, never typed."""

from collections.abc import Iterator, Mapping, Sequence

from cxlib.change import judged_together
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import Exhibit, bullets, paragraph
from cxlib.facts import FACTS
from cxlib.finding import Value
from cxlib.metrics import METRICS
from cxlib.metrics.measure import SAMPLED, SMALL_BELOW
from cxlib.workbook import Workbook

MOST_LINES = 8

SHIFT = 0.2
"""Share of all cases by which a segment must have grown or shrunk to be told of."""

WHOLE = {
    "rose": "rose",
    "fell": "fell",
    "no-measurable-change": "did not measurably change",
    "cannot-tell": "cannot be compared",
}

Cautions = Iterator[tuple[str, str, Mapping[str, Value]]]
"""Of each caution the measure, the sentence (in it `{label}`, the measure's), and what else it is filled with."""


def doubts(book: Workbook, names: Sequence[str], by: Sequence[str] = ()) -> Exhibit:
    """Return the cautions that the month's data give rise to.

    Looked for: a slide over a year or along the trend; months that the exports do not cover; small denominators; low
    response; unfinished observation; and in each segment column of `by` a mix of segments that is not the month
    before's and segments that moved against the whole.

    >>> print(doubts(book, ["csat"], by=["region"]))
    Satisfaction with tickets (CSAT) ...
    """
    available = book.available(*names)
    found = [*_slides(book, available), *_edges(book, available), *_small(book, available)]
    found += [*_response(book, available), *_unfinished(book, available)]
    for column in by:
        comparable = [name for name in available if column in FACTS[METRICS[name].fact].segments]
        book.measure(*comparable, months=2, by=(column,))  # one scan for all, remembered
        for name in comparable:
            found += [*shifted_mix(book, name, column), *disagreement(book, name, column)]
    lines = [words.filled(book.language, text, {"label": METRICS[one].label, **said}) for one, text, said in found]
    if not lines:
        return paragraph(book.language.text("Nothing of what was looked for was found."), "cx-note")
    if len(lines) > MOST_LINES:
        rest = "{count} more of this kind are not listed here."
        lines[MOST_LINES - 1 :] = [book.language.text(rest, count=len(lines) - MOST_LINES + 1)]
    return bullets(lines, "cx-cautions")


def _edges(book: Workbook, names: Sequence[str]) -> Cautions:
    """Tell where the data end before the month does, or begin less than a year before it."""
    zone, year_ago = book.snapshot.time_zone, book.month.shift(-12)
    spans = book.spans(*names)
    for text in book.edges(one for one in spans if not (one.holds(book.month, zone) and one.holds(year_ago, zone))):
        yield names[0], text, {}


def _slides(book: Workbook, names: Sequence[str]) -> Cautions:
    text = "{label} got worse slowly, which a look at the month before does not show: {change}."
    for name, changes in zip(names, book.changes(*names), strict=True):
        worse = [one for one in changes if words.good_or_bad(one) == "bad"]
        if worse and str(book.month.previous()) not in [one.against for one in worse]:
            yield name, text, {"change": ", ".join(words.change_phrase(book.language, one) for one in worse)}


def _small(book: Workbook, names: Sequence[str]) -> Cautions:
    text = "{label} rests on few cases ({n}); a difference between two months must be large to mean anything."
    for name in names:
        estimate = book.estimate(name)
        if {"small", "suppressed"} & set(estimate.flags):
            yield name, text, {"n": words.denominator(book.language, estimate)}


def _response(book: Workbook, names: Sequence[str]) -> Cautions:
    unknown = "{label}: the exports do not say how many were asked, so whom the answers speak for is not known."
    low = "{label} speaks for the {share} who answered; the others may feel differently."
    for score in names:
        response = f"{score}_response_rate"
        if response not in METRICS or not book.estimate(score).is_known:
            continue
        rate = None if book.missing(response) else book.estimate(response)
        if rate is None or not rate.is_known:
            yield score, unknown, {}
        elif rate.value < 0.5:
            yield score, low, {"share": rate}


def _unfinished(book: Workbook, names: Sequence[str]) -> Cautions:
    text = "{label} leaves out {excluded} tickets of the month that had not had two weeks yet at the export."
    for name in names:
        if METRICS[name].follow_up_days and (excluded := int(book.measure(name)["excluded"].iloc[0])):
            yield name, text, {"excluded": excluded}
            return  # the first stands for all


def shifted_mix(book: Workbook, name: str, by: str) -> Cautions:
    """Warn where a segment's share of the cases moved by a fifth of all or more.

    The whole can then move though no segment does (Simpson's paradox).
    """
    if METRICS[name].kind not in SAMPLED:
        return
    rows = book.measure(name, months=2, by=(by,)).pivot(index=by, columns="period", values="n")
    if not (rows.sum() >= SMALL_BELOW).all():
        return
    shares = rows / rows.sum()
    now, before = shares[str(book.month)], shares[str(book.month.previous())]
    largest = str((now - before).abs().idxmax())
    if abs(now[largest] - before[largest]) < SHIFT:
        return
    text = (
        "{label}: {by} “{segment}” makes up {now} of the cases and made up {before} the month before, so the two "
        "months are not alike and the whole may move with the mix alone."
    )
    shown = {"now": now[largest], "before": before[largest]}
    shares_in_words = {when: book.language.percent(float(share), 0) for when, share in shown.items()}
    yield name, text, {"by": words.segment(by), "segment": words.segment(largest), **shares_in_words}


def disagreement(book: Workbook, name: str, by: str) -> Cautions:
    """Warn of each segment that moved measurably against the whole.

    Each segment is compared with its own month before, and the directions are corrected as one family
    (Benjamini-Hochberg).
    """
    if METRICS[name].kind == "balance":
        return  # parts of a full count always move apart from the whole
    whole = book.change(name)
    segments = sorted(set(book.measure(name, months=2, by=(by,))[by]))
    found = {segment: book.change(name, segment={by: segment}) for segment in segments}
    told = {segment: f for segment, f in found.items() if min(f.now.n, f.before.n) >= SMALL_BELOW}
    for segment, change in zip(told, judged_together(list(told.values())), strict=True):
        if change.verdict in ("rose", "fell") and change.verdict != whole.verdict:
            text = "{label}: {by} “{segment}” {verdict}, from {before} to {now}, while the whole {whole}."
            said = {"verdict": words.verdict(book.language, change), "whole": WHOLE[whole.verdict]}
            where = {"by": words.segment(by), "segment": words.segment(segment)}
            yield name, text, {**where, **said, "before": change.before, "now": change.now}
