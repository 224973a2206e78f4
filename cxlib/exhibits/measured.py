"""The first screen: findings in sentences, tiles with values and intervals."""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from cxlib.estimate import Estimate, estimates
from cxlib.exhibits import words
from cxlib.exhibits.chart import MOST_SEGMENTS, no_segments
from cxlib.exhibits.exhibit import NOTHING, Exhibit, element, given, missing, paragraph, stack
from cxlib.exhibits.frames import labelled, of_estimates
from cxlib.exhibits.sentences import said_of_change
from cxlib.exhibits.tables import Cell, flag_class, sheet
from cxlib.finding import Change
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.metrics.scan import UNKNOWN
from cxlib.workbook import Workbook

DIRECTIONS = {"rose": "up", "fell": "down", "no-measurable-change": "same", "cannot-tell": "none"}


def answer(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Return the sentences of several measures: since a month, since a year before, along the trend; judged together.

    Measures that cannot be given are left out; `tiles` names them.

    >>> print(answer(book, "nps_relationship", "csat"))
    Relationship NPS: ...
    """
    available = given(book, names)
    changes = book.changes(*available, months_back=months_back)
    return stack(said_of_change(book, one, f"{name}-changes") for name, one in zip(available, changes, strict=True))


def summary(book: Workbook, *names: str, months_back: int = 1) -> Exhibit:
    """Say how many measures got better or worse since a month, since a year before, or along their trend, and which.

    What is counted in full moves, and not by chance: it is named with what it moved by.

    >>> print(summary(book, "nps_touchpoint", "csat"))
    Of 2 measures that chance moves too, none got better and none got worse by more than chance would bring (since ...
    """
    language, changes = book.language, book.changes(*given(book, names), months_back=months_back)
    told = [[one for one in of_one if one.verdict != "cannot-tell"] for of_one in changes]
    exact, sampled = ([of_one for of_one in told if of_one and of_one[0].is_exact == full] for full in (True, False))
    said = []
    if sampled:
        moved = [[one for of_one in sampled for one in of_one if words.good_or_bad(one) == v] for v in ("good", "bad")]
        good, bad = (len({one.metric for one in group}) or language.text("none") for group in moved)
        text = (
            "Of {count} measures that chance moves too, {good} got better and {bad} got worse by more than chance "
            "would bring ({looked})."
        )
        looked = "; ".join(dict.fromkeys(words.since(language, one) for of_one in sampled for one in of_one))
        said = [language.text(text, count=len(sampled), good=good, bad=bad, looked=looked)]
        said += [_listed(language, *one) for one in zip(("Better: {names}.", "Worse: {names}."), moved, strict=True)]
    said.append(_listed(language, "Counted in full: {names}.", [one for of_one in exact for one in of_one]))
    text = " ".join(filter(None, said)) or language.text("There is no earlier month to compare with.")
    record = {"finding": "summary", "verdict": "described", "text": text, "estimate": None}
    return paragraph(text, "cx-summary", record, id="finding-summary")


def _listed(language: Language, opening: str, changes: Sequence[Change]) -> str:
    """Return "Worse: backlog (+48 since October 2025)."; nothing where there is no change."""
    phrases: dict[str, list[str]] = {}
    for one in changes:
        phrases.setdefault(language.text(METRICS[one.metric].label), []).append(words.change_phrase(language, one))
    names = "; ".join(f"{label} ({', '.join(said)})" for label, said in phrases.items())
    return language.text(opening, names=names) if names else ""


def tiles(book: Workbook, *names: str, own: Mapping[str, Estimate] | None = None, months_back: int = 1) -> Exhibit:
    """Show one tile per measure: value, interval, denominator and change since a month, a year, and along its trend.

    Directions are corrected as one family; measures that cannot be given are named under the tiles, with the export
    that would bring them. `own` are numbers of your own by label, after the measures; what could not be told has no
    tile.

    >>> tiles(book, "csat", own={"Kept": book.estimate("logo_retention")}).frame["label"].tolist()
    ['Satisfaction with tickets (CSAT)', 'Kept']
    """
    changes = book.changes(*given(book, names), months_back=months_back)
    measured = {book.language.text(METRICS[one.metric].label): one.now for one, *_ in changes}
    frame = of_estimates({**measured, **(own or {})})
    mine = [line for line in labelled(frame) if line[0] not in measured]
    drawn = [_tile(book, METRICS[one[0].metric].label, one[0].now, one) for one in changes]
    markup = element("ul", *drawn, *(_tile(book, *line, ()) for line in mine), class_="cx-tiles")
    texts = [f"{words.sentence(book.language, one)} {_target(book, one[0])}".rstrip() for one in changes]
    texts += [f"{label}: {words.full(book.language, one)}." for label, one in mine]
    shown = Exhibit(markup, "\n".join(texts), name="tiles", frame=frame)
    return (shown if len(frame) else NOTHING) + missing(book, *names)


def _tile(book: Workbook, label: str, one: Estimate, changes: Sequence[Change]) -> str:
    """Return what it is, its value, its interval, its denominator and, of a measure, its changes."""
    language, is_small = book.language, "small" in one.flags
    texts = {
        "label": language.text(label),
        "value": words.value(language, one),
        "interval": words.interval(language, one),
        "n": "" if "suppressed" in one.flags else words.denominator(language, one),
    }
    lines = [element("span", escape(text), class_=f"cx-tile-{part}") for part, text in texts.items()]
    small = " cx-small" if is_small else ""
    if not changes:
        return element("li", *lines, class_="cx-tile cx-own" + small)
    if aimed := _target(book, changes[0]):
        lines.append(element("span", escape(aimed), class_="cx-tile-n"))
    for change in words.told_of(changes):
        direction = {"data_direction": DIRECTIONS[change.verdict], "data_good": words.good_or_bad(change)}
        said = {"data_direction": "none", "data_good": "neutral"} if is_small else direction
        lines.append(element("span", escape(words.change_phrase(language, change)), class_="cx-tile-change", **said))
    data = {"data_metric": changes[0].metric, "data_period": str(book.month), "data_shown": texts["value"]}
    return element("li", *lines, class_="cx-tile" + small, **data)


def _target(book: Workbook, change: Change) -> str:
    """Return the target of a measure, and whether all of its interval reaches it; nothing without one."""
    target, one = book.snapshot.definitions.targets.get(change.metric), change.now
    if target is None or not one.is_known:
        return ""
    better = {"up": 1, "down": -1, "neither": 0}[METRICS[change.metric].good]
    low, high = sorted((better * (one.low - target), better * (one.high - target)))
    said = "reached" if low >= 0 else "missed" if high < 0 else "cannot be told whether it is reached"
    text = "Target {target}: {said}." if better else "Target {target}."
    return book.language.text(text, target=book.language.measure(target, one.unit), said=book.language.text(said))


def by_segment(book: Workbook, names: Sequence[str], by: str) -> Exhibit:
    """Show several measures of the report's month for each value of a segment, the largest groups first.

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
    if "suppressed" not in estimate.flags and estimate.value != estimate.n:  # of a count, the value is the n
        text += f", {words.denominator(book.language, estimate)}"
    return Cell(text, class_=flag_class(estimate.flags))
