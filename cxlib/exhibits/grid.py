"""Tables of several measures: side by side, against months, against segments."""

from collections.abc import Mapping, Sequence

import pandas as pd

from cxlib.estimate import Estimate
from cxlib.exhibits import words
from cxlib.exhibits.absent import given, missing
from cxlib.exhibits.chart import MOST_SEGMENTS, no_segments
from cxlib.exhibits.exhibit import Exhibit
from cxlib.exhibits.tables import Cell, flag_class, sheet
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.workbook import Workbook, estimate_of


def scorecard(book: Workbook, *names: str, name: str = "scorecard") -> Exhibit:
    """Show measures with interval, n, the month before and a year before, and what may be said of the change.

    The verdicts against the month before are corrected as one family.

    Examples
    --------
    >>> print(scorecard(book, "csat"))
    Measures of October 2026 beside the month before and a year before.
    ...
    """
    language, month = book.language, book.month
    rows = {}
    for change in book.changes(*given(book, names)):
        year, class_ = book.estimate(change.metric, month.shift(-12)), flag_class(change.now.flags)
        shown = (words.value(language, change.now), words.limits(language, change.now), language.number(change.now.n))
        earlier = (words.value(language, change.before), words.value(language, year))
        verdict = Cell(words.verdict(language, change), is_number=False, class_=class_)
        rows[METRICS[change.metric].label] = (*(Cell(text, class_=class_) for text in (*shown, *earlier)), verdict)
    if not rows:
        return missing(book, *names)
    months = (language.month(month), language.month(month.previous()), language.month(month.shift(-12)))
    headers = (months[0], "95% interval", "n", *months[1:], "Against the month before")
    caption = "Measures of {month} beside the month before and a year before."
    return sheet(book, name, rows, caption, *headers, label="Measure", month=month) + missing(book, *names)


def by_segment(book: Workbook, names: Sequence[str], by: str) -> Exhibit:
    """Show several measures of the report's month for each value of a segment, the largest groups first.

    Examples
    --------
    >>> print(by_segment(book, ["csat", "reopen_rate"], "region"))
    October 2026 by region: value, 95% interval and n.
    ...
    """
    available = given(book, names)
    if not available:
        return missing(book, *names)
    found = book.measure(*available, by=(by,))
    sizes = found.groupby(by)["n"].max().reset_index().sort_values("n", ascending=False, kind="stable")
    sizes = sizes[sizes["n"] > 0]
    if set(sizes[by]) <= {UNKNOWN}:
        return no_segments(book, book.language.text(METRICS[available[0]].label), by)
    kept, left_out = sizes[by].tolist()[:MOST_SEGMENTS], sizes["n"].iloc[MOST_SEGMENTS:]
    said = book.language.text(
        "{month} by {by}: value, 95% interval and n.", month=book.language.month(book.month), by=words.segment(by)
    ) + words.smaller_groups(book.language, len(left_out), int(left_out.sum()))
    label = words.segment(by).capitalize()
    return _laid_out(book, f"segments-{by}", found, by, {one: words.segment(one) for one in kept}, said, label)


def history(book: Workbook, names: Sequence[str], months: int = 13) -> Exhibit:
    """Show several measures for each of the last months.

    Examples
    --------
    >>> print(history(book, ["csat", "nps"], months=2))
    The last 2 months: value, 95% interval and n.
    ...
    """
    available = given(book, names)
    if not available:
        return missing(book, *names)
    found, month = book.measure(*available, months=months), book.language.month
    labels = {str(one): month(one) for one in reversed(book.month.trailing(months))}
    said = book.language.text("The last {count} months: value, 95% interval and n.", count=book.language.number(months))
    return _laid_out(book, "history", found, "period", labels, said, "Month")


def _laid_out(
    book: Workbook, name: str, found: pd.DataFrame, by: str, labels: Mapping[str, str], caption: str, label: str
) -> Exhibit:
    """Return measures side by side, one line for each of the labelled values of a column."""
    names = found["metric"].unique().tolist()
    cells = {(row["metric"], row[by]): _cell(book, estimate_of(row)) for _, row in found.iterrows()}
    unknown = Cell(book.language.text("no data"), class_="cx-suppressed")
    rows = {text: tuple(cells.get((one, value), unknown) for one in names) for value, text in labels.items()}
    return sheet(book, f"{name}-{names[0]}", rows, caption, *(METRICS[one].label for one in names), label=label)


def _cell(book: Workbook, estimate: Estimate) -> Cell:
    text = words.with_limits(book.language, estimate)
    if estimate.value != estimate.n:  # of a count, the value is the n
        text += f", {words.denominator(book.language, estimate)}"
    return Cell(text, class_=flag_class(estimate.flags))
