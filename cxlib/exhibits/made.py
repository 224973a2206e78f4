"""How a page was made: definitions, ledger, warnings, coverage, provenance. Generated, never typed."""

from collections.abc import Mapping, Sequence
from html import escape

import pandas as pd

from cxlib import __version__
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import NOTHING, Exhibit, element, paragraph
from cxlib.exhibits.sentences import terms
from cxlib.exhibits.tables import Cell, sheet
from cxlib.finding import Quantity
from cxlib.metrics import METRICS
from cxlib.metrics.measure import METHODS
from cxlib.tables import EVENT_TIMES, TABLES
from cxlib.workbook import Workbook


def definitions(book: Workbook, *names: str) -> Exhibit:
    """Return what exactly each measure of the page counts, and how its interval is made."""
    language, texts = book.language, {}
    for metric in (METRICS[name] for name in book.available(*names)):
        method = language.text("Interval: {method}.", method=language.text(METHODS[metric.kind]))
        texts[language.text(metric.label)] = f"{language.text(metric.definition)} {method}"
    return terms(texts) if texts else NOTHING


def ledger(book: Workbook) -> Exhibit:
    """Show where every row of every export went: read = kept + left out, and which values were not believed.

    Examples
    --------
    >>> print(ledger(book))
    Where every row went: rows read are rows kept plus rows left out.
    ...
    """
    rows = {
        one.export: (one.table, one.read, one.kept, sum(one.rejected.values()), _reasons(book, one.rejected))
        for one in book.snapshot.ledger
    }
    headers = ("Table", "Rows read", "Kept", "Left out", "Left out because")
    caption = "Where every row went: rows read are rows kept plus rows left out."
    unbelieved = {one.export: (_reasons(book, one.unknown),) for one in book.snapshot.ledger if one.unknown}
    shown = sheet(book, "ledger", rows, caption, *headers, label="Export") if rows else NOTHING
    if not unbelieved:
        return shown
    caption, header = (
        "Values that were not believed: set to unknown, their rows kept.",
        "Column, reason and number of values",
    )
    return shown + sheet(book, "not-believed", unbelieved, caption, header, label="Export")


def _reasons(book: Workbook, counts: Mapping[str, int]) -> Cell:
    texts = (f"{reason} {book.language.number(count)}" for reason, count in sorted(counts.items()))
    return Cell(", ".join(texts), is_number=False, class_="cx-wide")


def ledger_sentence(book: Workbook) -> Exhibit:
    """Say the ledger of all exports in one sentence.

    Examples
    --------
    >>> ledger_sentence(book).text.endswith("were left out, each with a reason.")
    True
    """
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
    """Show what the checks warned of, each with what to do.

    Examples
    --------
    >>> print(warnings(book))
    No check raised a warning.
    """
    if not book.snapshot.warnings:
        return paragraph(book.language.text("No check raised a warning."), "cx-note")
    return _listed([str(problem) for problem in book.snapshot.warnings], "cx-warnings")


def coverage(book: Workbook) -> Exhibit:
    """Show for every table how many rows it has and how many of them name a customer that is known.

    Examples
    --------
    >>> coverage(book).frame.loc["tickets", "Rows"] > 10_000
    np.True_
    """
    rows: dict[str, tuple[object, ...]] = {}
    for name, table in TABLES.items():
        if name not in book.snapshot.columns:
            rows[name] = ("no export", None, None)
            continue
        count = int(book.frame(f"SELECT count(*) AS n FROM {name}")["n"].iloc[0])
        linked = _linked(book, name)
        rows[name] = (table.grain, count, Quantity(linked / count, "share") if linked is not None and count else None)
    headers = ("Holds", "Rows", "With a known customer")
    return sheet(book, "coverage", rows, "What the exports bring, table by table.", *headers, label="Table")


def _linked(book: Workbook, table: str) -> int | None:
    """Return how many rows name a customer of the customers table; None where the question makes no sense."""
    columns = book.snapshot.columns
    if table == "customers" or "customers" not in columns or "customer_id" not in columns.get(table, ()):
        return None
    frame = book.frame(f"SELECT count(*) AS n FROM {table} AS t SEMI JOIN customers AS c USING (customer_id)")
    return int(frame["n"].iloc[0])


def freshness(book: Workbook) -> Exhibit:
    """Show from when until when each table reaches.

    Examples
    --------
    >>> freshness(book).frame.loc["tickets", "First"]
    '2023-...'
    """
    rows = {}
    for name, column in EVENT_TIMES.items():
        if name in book.snapshot.columns:
            span = book.frame(f"SELECT min({column}) AS first, max({column}) AS last FROM {name}").iloc[0]
            rows[name] = tuple("" if pd.isna(span[end]) else str(span[end].date()) for end in ("first", "last"))
    moment = book.language.moment(book.snapshot.as_of, book.snapshot.time_zone)
    caption = "How far each table reaches; the exports were made {moment}."
    return sheet(book, "freshness", rows, caption, "First", "Last", label="Table", moment=moment) if rows else NOTHING


def inputs(book: Workbook) -> Exhibit:
    """Show every file that was read, with its size and the hash that identifies it.

    Examples
    --------
    >>> inputs(book).frame.columns.tolist()
    ['Export', 'Bytes', 'SHA-256, first 16']
    """
    rows = {file.name: (file.export, file.bytes, file.sha256[:16]) for file in book.snapshot.inputs}
    headers = ("Export", "Bytes", "SHA-256, first 16")
    return sheet(book, "inputs", rows, "The files that were read.", *headers, label="File") if rows else NOTHING


def how_made(book: Workbook, *names: str) -> Exhibit:
    """Show the closing section: definitions of measures, the ledger in a sentence, snapshot and versions.

    Parameters
    ----------
    book : Workbook
    *names : str
        Ids of the page's measures.

    Examples
    --------
    >>> print(how_made(book, "csat"))
    Satisfaction with tickets (CSAT): ...
    """
    text = book.language.text(
        "Computed from snapshot {snapshot}, exported {moment}, with cxlib {version}. Amounts are in {currency}.",
        snapshot=book.snapshot.id,
        moment=book.language.moment(book.snapshot.as_of, book.snapshot.time_zone),
        version=__version__,
        currency=book.snapshot.currency,
    )
    made = paragraph(_ledger_words(book), "cx-note") + paragraph(text, "cx-note")
    return definitions(book, *names) + _narrowed(book) + made


def _narrowed(book: Workbook) -> Exhibit:
    """Return which part of the customers the page is about; nothing where it is about all of them."""
    return paragraph(words.narrowed(book.language, book.parts), "cx-note") if book.parts else NOTHING


def cautions(book: Workbook, lines: Sequence[str]) -> Exhibit:
    """Return a list of computed cautions, or the sentence that none was found."""
    if not lines:
        return paragraph(book.language.text("Nothing of what was looked for was found."), "cx-note")
    return _listed(lines, "cx-cautions")


def _listed(lines: Sequence[str], class_: str) -> Exhibit:
    return Exhibit(element("ul", *(element("li", escape(line)) for line in lines), class_=class_), "\n".join(lines))
