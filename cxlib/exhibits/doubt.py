"""What could mislead: looked for in the data of the month, never typed."""

from collections.abc import Sequence

from cxlib.exhibits import words
from cxlib.exhibits.exhibit import Exhibit, bullets, paragraph
from cxlib.facts import FACTS
from cxlib.metrics import METRICS
from cxlib.metrics.measure import SAMPLED, SMALL_BELOW
from cxlib.workbook import Workbook, correct_family

MOST_LINES = 8

SHIFT = 0.2
"""Share of all cases by which a segment must have grown or shrunk to be told of."""

WHOLE = {
    "rose": "rose",
    "fell": "fell",
    "no-measurable-change": "did not measurably change",
    "cannot-tell": "cannot be compared",
}


def doubts(book: Workbook, names: Sequence[str], by: Sequence[str] = ()) -> Exhibit:
    """Return the cautions that the month's data give rise to.

    Looked for: small denominators; low response; unfinished observation; a mix of segments that is
    not the month before's; segments that moved against the whole.

    Parameters
    ----------
    names : sequence of str
        Ids of the page's measures.
    by : sequence of str
        Segment columns in which to look for disagreement.

    Examples
    --------
    >>> print(doubts(book, ["csat"], by=["region"]))
    Satisfaction with tickets (CSAT) ...
    """
    lines = [*_small(book, names), *_response(book, names), *_unfinished(book, names)]
    for column in by:
        comparable = [name for name in book.available(*names) if _can_disagree(name, column)]
        book.measure(*comparable, months=2, by=(column,))  # one scan for all, remembered
        for name in comparable:
            lines += [*shifted_mix(book, name, column), *disagreement(book, name, column)]
    if not lines:
        return paragraph(book.language.text("Nothing of what was looked for was found."), "cx-note")
    return bullets(lines[:MOST_LINES], "cx-cautions")


def _can_disagree(name: str, by: str) -> bool:
    """Parts of a full count always move apart from the whole; that is no disagreement."""
    metric = METRICS[name]
    return metric.kind != "balance" and by in FACTS[metric.fact].segments


def _small(book: Workbook, names: Sequence[str]) -> list[str]:
    language = book.language
    return [
        language.text(
            "{label} rests on only {n} cases; a difference between two months must be large to mean anything.",
            label=language.text(METRICS[name].label),
            n=language.number(estimate.n),
        )
        for name in book.available(*names)
        if "small" in (estimate := book.estimate(name)).flags or "suppressed" in estimate.flags
    ]


def _response(book: Workbook, names: Sequence[str]) -> list[str]:
    language = book.language
    lines = []
    for score, response in (("csat", "csat_response_rate"), ("nps", "nps_response_rate")):
        if score not in book.available(*names):
            continue
        label = language.text(METRICS[score].label)
        rate = None if book.missing(response) else book.estimate(response)
        if rate is None or not rate.is_known:
            lines.append(
                language.text(
                    "{label}: the exports do not say how many were asked, so whom the answers speak for is not known.",
                    label=label,
                )
            )
        elif rate.value < 0.5:
            lines.append(
                language.text(
                    "{label} speaks for the {share} who answered; the others may feel differently.",
                    label=label,
                    share=words.value(language, rate),
                )
            )
    return lines


def _unfinished(book: Workbook, names: Sequence[str]) -> list[str]:
    language = book.language
    lines = []
    for name in book.available(*names):
        metric = METRICS[name]
        if not metric.follow_up_days:
            continue
        row = book.measure(name).iloc[0]
        if row["excluded"]:
            lines.append(
                language.text(
                    "{label} leaves out {excluded} tickets of the month that had not had two weeks yet at the export.",
                    label=language.text(metric.label),
                    excluded=language.number(row["excluded"]),
                )
            )
    return lines[:1]


def shifted_mix(book: Workbook, name: str, by: str) -> list[str]:
    """Return a sentence where a segment's share of the cases moved by a fifth of all or more.

    The whole can then move though no segment does (Simpson's paradox).
    """
    language = book.language
    if METRICS[name].kind not in SAMPLED:
        return []
    rows = book.measure(name, months=2, by=(by,)).pivot(index=by, columns="period", values="n")
    if not (rows.sum() > 0).all():
        return []
    shares = rows / rows.sum()
    moved = shares[str(book.month)] - shares[str(book.month.previous())]
    largest = str(moved.abs().idxmax())
    if abs(float(moved[largest])) < SHIFT:
        return []
    now, before = (float(shares[str(month)].to_dict()[largest]) for month in (book.month, book.month.previous()))
    return [
        language.text(
            "{label}: {by} “{segment}” makes up {now} of the cases and made up {before} the month before, so the two "
            "months are not alike and the whole may move with the mix alone.",
            label=language.text(METRICS[name].label),
            by=words.segment(by),
            segment=words.segment(largest),
            now=language.percent(now, 0),
            before=language.percent(before, 0),
        )
    ]


def disagreement(book: Workbook, name: str, by: str) -> list[str]:
    """Return a sentence for each segment that moved measurably against the whole.

    Each segment is compared with its own month before, and the directions are corrected as one family
    (Benjamini-Hochberg).
    """
    language = book.language
    whole = book.change(name)
    segments = sorted(set(book.measure(name, months=2, by=(by,))[by]))
    found = {segment: book.change(name, segment={by: segment}) for segment in segments}
    told = {segment: f for segment, f in found.items() if min(f.now.n, f.before.n) >= SMALL_BELOW}
    return [
        language.text(
            "{label}: {by} “{segment}” {verdict}, from {before} to {now}, while the whole {whole}.",
            label=language.text(METRICS[name].label),
            by=words.segment(by),
            segment=words.segment(segment),
            verdict=words.verdict(language, finding),
            before=words.value(language, finding.before),
            now=words.value(language, finding.now),
            whole=language.text(WHOLE[whole.verdict]),
        )
        for segment, finding in zip(told, correct_family(list(told.values())), strict=True)
        if finding.verdict in ("rose", "fell") and finding.verdict != whole.verdict
    ]
