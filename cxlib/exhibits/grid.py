"""Tables of several measures: side by side, against months, against segments."""

from __future__ import annotations

from collections.abc import Sequence

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.absent import given, missing
from cxlib.exhibits.chart import MOST_SEGMENTS, no_segments
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.tables import Cell, flag_class, table
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.period import Month
from cxlib.workbook import Workbook, estimate_of


def scorecard(book: Workbook, *names: str, name: str = "scorecard") -> Exhibit:
    """Return measures with interval, n, the month before and a year before, and what may be said of the change.

    The verdicts against the month before are corrected as one family.
    """
    language = book.language
    rows = []
    for finding in book.changes(*given(book, names)):
        year = book.estimate(finding.metric, book.month.shift(-12))
        class_ = flag_class(finding.now.flags)
        cells = [
            words.value(language, finding.now),
            words.limits(language, finding.now),
            language.number(finding.now.n),
            words.value(language, finding.before),
            words.value(language, year),
        ]
        said = Cell(words.verdict(language, finding), is_number=False, class_=class_)
        rows.append(
            (language.text(METRICS[finding.metric].label), [*(Cell(text, class_=class_) for text in cells), said])
        )
    headers = [
        language.text("Measure"),
        language.month(book.month),
        language.text("95% interval"),
        language.text("n"),
        language.month(book.month.previous()),
        language.month(book.month.shift(-12)),
        language.text("Against the month before"),
    ]
    caption = language.text(
        "Measures of {month} beside the month before and a year before.", month=language.month(book.month)
    )
    shown = table(caption, headers, rows, name) if rows else Exhibit("", "")
    return shown + missing(book, *names)


def by_segment(book: Workbook, names: Sequence[str], by: str) -> Exhibit:
    """Return several measures of the report's month for each value of a segment, the largest groups first."""
    language = book.language
    available = given(book, names)
    if not available:
        return missing(book, *names)
    rows = book.measure(*available, by=(by,))
    sizes = rows.groupby(by)["n"].max().reset_index().sort_values("n", ascending=False, kind="stable")
    sizes = sizes[sizes["n"] > 0]
    if set(sizes[by]) <= {UNKNOWN}:
        return no_segments(book, language.text(METRICS[available[0]].label), by)
    segments, left_out = sizes[by].tolist()[:MOST_SEGMENTS], sizes["n"].iloc[MOST_SEGMENTS:]
    lines = []
    for segment in segments:
        cells = []
        for metric in available:
            found = rows[(rows["metric"] == metric) & (rows[by] == segment)]
            cells.append(_cell(book, None if found.empty else estimate_of(found.iloc[0])))
        lines.append((words.segment(segment), cells))
    caption = language.text(
        "{month} by {by}: value, 95% interval and n.", month=language.month(book.month), by=words.segment(by)
    ) + words.smaller_groups(language, len(left_out), int(left_out.sum()))
    headers = [language.text(words.segment(by).capitalize()), *(language.text(METRICS[m].label) for m in available)]
    return table(caption, headers, lines, f"segments-{by}-{available[0]}")


def history(book: Workbook, names: Sequence[str], months: int = 13) -> Exhibit:
    """Return several measures for each of the last months."""
    language = book.language
    available = given(book, names)
    if not available:
        return missing(book, *names)
    rows = book.measure(*available, months=months)
    lines = []
    for period in reversed(rows["period"].unique().tolist()):
        found = [rows[(rows["metric"] == metric) & (rows["period"] == period)].iloc[0] for metric in available]
        lines.append((language.month(Month.parse(period)), [_cell(book, estimate_of(row)) for row in found]))
    caption = language.text("The last {count} months: value, 95% interval and n.", count=language.number(months))
    headers = [language.text("Month"), *(language.text(METRICS[metric].label) for metric in available)]
    return table(caption, headers, lines, f"history-{available[0]}")


def _cell(book: Workbook, estimate: Estimate | None) -> Cell:
    language = book.language
    if estimate is None:
        return Cell(language.text("no data"), class_="cx-suppressed")
    text = words.value(language, estimate)
    if limits := words.limits(language, estimate):
        text += f" ({limits})"
    if estimate.value != estimate.n:  # of a count, the value is the n
        text += f", {words.denominator(language, estimate)}"
    return Cell(text, class_=flag_class(estimate.flags))
