"""The first screen: findings in sentences, tiles with values and intervals."""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from cxlib.estimate import Estimate, estimates
from cxlib.exhibits import words
from cxlib.exhibits.chart import MOST_SEGMENTS, no_segments
from cxlib.exhibits.exhibit import NOTHING, Exhibit, element, given, missing, paragraph, stack
from cxlib.exhibits.frames import of_estimates
from cxlib.exhibits.sentences import said_of_change
from cxlib.exhibits.tables import Cell, flag_class, sheet
from cxlib.finding import Change, Value
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.workbook import Workbook

DIRECTIONS = {"rose": "up", "fell": "down", "no-measurable-change": "same", "cannot-tell": "none"}


def answer(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return the sentences of several measures, their directions corrected as one family.

    Measures that cannot be given are left out; `tiles` names them.

    Examples
    --------
    >>> print(answer(book, "nps_relationship", "csat"))
    Relationship NPS: ...
    """
    changes = book.changes(*given(book, names), months_back=months_back)
    return stack(said_of_change(book, change) for change in changes)


def summary(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return one sentence that counts how many measures got better, worse or did not measurably change.

    Examples
    --------
    >>> print(summary(book, "nps_touchpoint", "csat"))
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
    own : mapping of label to Estimate, optional
        Numbers of your own, after the measures; what could not be told has no tile.

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
    drawn = [_tile(book, METRICS[change.metric].label, change.now, change) for change in changes]
    markup = element("ul", *drawn, *(_tile(book, *line) for line in mine), class_="cx-tiles")
    texts = [words.sentence(book.language, change) for change in changes]
    texts += [f"{label}: {words.full(book.language, one)}." for label, one in mine]
    shown = Exhibit(markup, "\n".join(texts), name="tiles", frame=frame)
    return (shown if len(frame) else NOTHING) + missing(book, *names)


def _tile(book: Workbook, label: str, one: Estimate, change: Change | None = None) -> str:
    """Return what it is, its value, its interval, its denominator and, of a measure, its change."""
    language, is_small = book.language, "small" in one.flags
    texts = {
        "label": language.text(label),
        "value": words.value(language, one),
        "interval": words.interval(language, one),
        "n": words.denominator(language, one),
    }
    lines = [element("span", escape(text), class_=f"cx-tile-{part}") for part, text in texts.items()]
    small = " cx-small" if is_small else ""
    if change is None:
        return element("li", *lines, class_="cx-tile cx-own" + small)
    direction = {"data_direction": DIRECTIONS[change.verdict], "data_good": words.good_or_bad(change)}
    said = {"data_direction": "none", "data_good": "neutral"} if is_small else direction
    lines.append(element("span", escape(words.change_phrase(language, change)), class_="cx-tile-change", **said))
    data = {"data_metric": change.metric, "data_period": str(book.month), "data_shown": texts["value"]}
    return element("li", *lines, class_="cx-tile" + small, **data)


def scorecard(book: Workbook, *names: str, name: str = "scorecard") -> Exhibit:
    """Show measures with interval, n, the month before and a year before, and what may be said of the change.

    The verdicts against the month before are corrected as one family.

    Examples
    --------
    >>> print(scorecard(book, "csat"))
    Measures of October 2026, with the 95% interval, beside the month before and a year before.
    ...
    """
    language, month = book.language, book.month
    rows = {}
    for change in book.changes(*given(book, names)):
        year, said = book.estimate(change.metric, month.shift(-12)), words.verdict(language, change)
        earlier = (Cell(words.value(language, one), class_=flag_class(one.flags)) for one in (change.before, year))
        rows[METRICS[change.metric].label] = (change.now, change.now.n, *earlier, said)
    if not rows:
        return missing(book, *names)
    months = (language.month(month), language.month(month.previous()), language.month(month.shift(-12)))
    headers = (months[0], "n", *months[1:], "Against the month before")
    caption = "Measures of {month}, with the 95% interval, beside the month before and a year before."
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
    caption, label = "{month} by {by}: value, 95% interval and n.", words.segment(by)
    said = words.filled(book.language, caption, {"month": book.month, "by": label})
    said += words.smaller_groups(book.language, len(left_out), int(left_out.sum()))
    return _laid_out(
        book, f"segments-{by}", found, by, {one: words.segment(one) for one in kept}, said, label.capitalize()
    )


def history(book: Workbook, names: Sequence[str], months: int = 13) -> Exhibit:
    """Show several measures for each of the last months.

    Examples
    --------
    >>> print(history(book, ["csat", "nps_touchpoint"], months=2))
    The last 2 months: value, 95% interval and n.
    ...
    """
    available = given(book, names)
    if not available:
        return missing(book, *names)
    found, month = book.measure(*available, months=months), book.language.month
    labels = {str(one): month(one) for one in reversed(book.month.trailing(months))}
    said = words.filled(book.language, "The last {count} months: value, 95% interval and n.", {"count": months})
    return _laid_out(book, "history", found, "period", labels, said, "Month")


def _laid_out(
    book: Workbook, name: str, found: pd.DataFrame, by: str, labels: Mapping[str, str], caption: str, label: str
) -> Exhibit:
    """Return measures side by side, one line for each of the labelled values of a column."""
    names = found["metric"].unique().tolist()
    places = zip(found["metric"], found[by], strict=True)
    cells = {place: _cell(book, one) for place, one in zip(places, estimates(found), strict=True)}
    unknown = Cell(book.language.text("no data"), class_="cx-suppressed")
    rows = {text: tuple(cells.get((one, value), unknown) for one in names) for value, text in labels.items()}
    return sheet(book, f"{name}-{names[0]}", rows, caption, *(METRICS[one].label for one in names), label=label)


def _cell(book: Workbook, estimate: Estimate) -> Cell:
    text = words.with_limits(book.language, estimate)
    if estimate.value != estimate.n:  # of a count, the value is the n
        text += f", {words.denominator(book.language, estimate)}"
    return Cell(text, class_=flag_class(estimate.flags))
