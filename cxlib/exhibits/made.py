"""How a page was made: definitions, ledger, warnings, coverage, provenance. Generated, never typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from cxlib import __version__
from cxlib.exhibits.exhibit import Exhibit, element, paragraph
from cxlib.exhibits.tables import Cell, table
from cxlib.metrics import METRICS
from cxlib.metrics.measure import METHODS
from cxlib.tables import EVENT_TIMES, TABLES
from cxlib.workbook import Workbook


def definitions(book: Workbook, *names: str) -> Exhibit:
    """Return what exactly each measure of the page counts, and how its interval is made."""
    language = book.language
    items, lines = [], []
    for name in book.available(*names):
        metric = METRICS[name]
        label, meaning = language.text(metric.label), language.text(metric.definition)
        method = language.text("Interval: {method}.", method=language.text(METHODS[metric.kind]))
        items.append(element("dt", escape(label)) + element("dd", escape(f"{meaning} {method}")))
        lines.append(f"{label}: {meaning} {method}")
    return Exhibit(element("dl", *items, class_="cx-definitions"), "\n".join(lines)) if items else Exhibit("", "")


def ledger(book: Workbook) -> Exhibit:
    """Return where every row of every export went: read = kept + left out, and which values were not believed."""
    language = book.language
    rows = [
        (
            entry.export,
            [
                Cell(entry.table, is_number=False),
                Cell(language.number(entry.read)),
                Cell(language.number(entry.kept)),
                Cell(language.number(sum(entry.rejected.values()))),
                Cell(_reasons(book, entry.rejected), is_number=False, class_="cx-wide"),
            ],
        )
        for entry in book.snapshot.ledger
    ]
    headers = [language.text(text) for text in ("Export", "Table", "Rows read", "Kept", "Left out", "Left out because")]
    caption = language.text("Where every row went: rows read are rows kept plus rows left out.")
    return table(caption, headers, rows, "ledger") + _not_believed(book)


def _not_believed(book: Workbook) -> Exhibit:
    """Return the values that were set empty because they cannot be true; their rows are kept."""
    language = book.language
    rows = [
        (entry.export, [Cell(_reasons(book, entry.unknown), is_number=False, class_="cx-wide")])
        for entry in book.snapshot.ledger
        if entry.unknown
    ]
    headers = [language.text("Export"), language.text("Column, reason and number of values")]
    caption = language.text("Values that were not believed: set to unknown, their rows kept.")
    return table(caption, headers, rows, "not-believed") if rows else Exhibit("", "")


def _reasons(book: Workbook, counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason} {book.language.number(count)}" for reason, count in sorted(counts.items()))


def ledger_sentence(book: Workbook) -> Exhibit:
    """Return the ledger of all exports in one sentence."""
    return paragraph(_ledger_words(book), "cx-finding", id="finding-ledger")


def _ledger_words(book: Workbook) -> str:
    language = book.language
    read = sum(entry.read for entry in book.snapshot.ledger)
    kept = sum(entry.kept for entry in book.snapshot.ledger)
    return language.text(
        "{read} rows were read; {kept} are counted and {rejected} ({share}) were left out, each with a reason.",
        read=language.number(read),
        kept=language.number(kept),
        rejected=language.number(read - kept),
        share=language.percent((read - kept) / read if read else 0.0),
    )


def warnings(book: Workbook) -> Exhibit:
    """Return what the checks warned of, each with what to do."""
    language = book.language
    if not book.snapshot.warnings:
        return paragraph(language.text("No check raised a warning."), "cx-note")
    items = [element("li", escape(str(problem))) for problem in book.snapshot.warnings]
    return Exhibit(element("ul", *items, class_="cx-warnings"), "\n".join(map(str, book.snapshot.warnings)))


def coverage(book: Workbook) -> Exhibit:
    """Return for every table how many rows it has and how many of them name a customer that is known."""
    language = book.language
    rows = []
    for name in TABLES:
        if name not in book.snapshot.columns:
            rows.append((name, [Cell(language.text("no export"), is_number=False), Cell(""), Cell("")]))
            continue
        count = int(book.engine.frame(f"SELECT count(*) AS n FROM {name}")["n"].iloc[0])
        linked = _linked(book, name)
        share = language.percent(linked / count) if linked is not None and count else ""
        rows.append(
            (
                name,
                [Cell(language.text(TABLES[name].grain), is_number=False), Cell(language.number(count)), Cell(share)],
            )
        )
    headers = [language.text(text) for text in ("Table", "Holds", "Rows", "With a known customer")]
    return table(language.text("What the exports bring, table by table."), headers, rows, "coverage")


def _linked(book: Workbook, table: str) -> int | None:
    """Return how many rows name a customer of the customers table; None where the question makes no sense."""
    columns = book.snapshot.columns
    if table == "customers" or "customers" not in columns or "customer_id" not in columns.get(table, ()):
        return None
    frame = book.engine.frame(f"SELECT count(*) AS n FROM {table} AS t SEMI JOIN customers AS c USING (customer_id)")
    return int(frame["n"].iloc[0])


def freshness(book: Workbook) -> Exhibit:
    """Return from when until when each table reaches."""
    language = book.language
    rows = []
    for name, column in EVENT_TIMES.items():
        if name not in book.snapshot.columns:
            continue
        span = book.engine.frame(f"SELECT min({column}) AS first, max({column}) AS last FROM {name}").iloc[0]
        rows.append((name, [Cell(_day(span[end])) for end in ("first", "last")]))
    headers = [language.text(text) for text in ("Table", "First", "Last")]
    caption = language.text(
        "How far each table reaches; the exports were made {moment}.",
        moment=language.moment(book.snapshot.as_of, book.snapshot.time_zone),
    )
    return table(caption, headers, rows, "freshness")


def _day(moment: pd.Timestamp) -> str:
    return "" if pd.isna(moment) else str(pd.Timestamp(moment).date())


def inputs(book: Workbook) -> Exhibit:
    """Return every file that was read, with its size and the hash that identifies it."""
    language = book.language
    rows = [
        (
            file.name,
            [
                Cell(file.export, is_number=False),
                Cell(language.number(file.bytes)),
                Cell(file.sha256[:16], is_number=False),
            ],
        )
        for file in book.snapshot.inputs
    ]
    headers = [language.text(text) for text in ("File", "Export", "Bytes", "SHA-256, first 16")]
    return table(language.text("The files that were read."), headers, rows, "inputs")


def how_made(book: Workbook, *names: str) -> Exhibit:
    """Return the closing section: definitions used, ledger in a sentence, snapshot and versions."""
    return definitions(book, *names) + made_from(book)


def made_from(book: Workbook) -> Exhibit:
    """Return the ledger in a sentence, the snapshot and the versions."""
    language = book.language
    text = language.text(
        "Computed from snapshot {snapshot}, exported {moment}, with cxlib {version}. Amounts are in {currency}.",
        snapshot=book.snapshot.id,
        moment=language.moment(book.snapshot.as_of, book.snapshot.time_zone),
        version=__version__,
        currency=book.snapshot.currency,
    )
    return paragraph(_ledger_words(book), "cx-note") + paragraph(text, "cx-note")


def cautions(book: Workbook, lines: Sequence[str]) -> Exhibit:
    """Return a list of computed cautions, or the sentence that none was found."""
    if not lines:
        return paragraph(book.language.text("Nothing of what was looked for was found."), "cx-note")
    return Exhibit(
        element("ul", *(element("li", escape(line)) for line in lines), class_="cx-cautions"), "\n".join(lines)
    )
