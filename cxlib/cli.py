"""`cx`: a thin layer, one call into the library per command."""

import json
import re
import signal
import sys
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
import typer
from rich.console import Console
from rich.table import Table as RichTable

from cxlib.coverage import last_covered_month
from cxlib.errors import CxError, MeasureError
from cxlib.facts import FACTS
from cxlib.language import Language
from cxlib.metrics import METRICS
from cxlib.period import Month
from cxlib.store import build_snapshot
from cxlib.workbook import Workbook

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Monthly reports and studies from a company's own exports.",
)

SOURCES = Path("data/sources.toml")
OUT = Path("reports")
SourcesOption = Annotated[Path, typer.Option("--sources", help="File that lists the exports.")]
MonthOption = Annotated[str, typer.Option(help="Month as 2026-10; nothing after its end is used.")]
FormatOption = Annotated[Literal["text", "json"], typer.Option("--format", help="text or json.")]


@app.command()
def report(
    month: Annotated[str | None, typer.Option(help="Month as 2026-10; else the last that all tables cover.")] = None,
    sources: SourcesOption = SOURCES,
    out: Annotated[Path, typer.Option(help="Folder to publish into.")] = OUT,
    only: Annotated[list[str] | None, typer.Option(help="Only this report; may be given more than once.")] = None,
    language: Annotated[str, typer.Option(help="Language of the pages.")] = "en",
) -> None:
    """Publish the reports of a month as HTML and PDF."""
    # papermill, nbconvert and WeasyPrint take seconds to load: only this command waits for them
    from cxlib.report.pipeline import publish_month

    outcome = publish_month(month, sources, out, only or (), language)
    print(outcome)
    raise typer.Exit(outcome.exit_code)


@app.command()
def verify(
    month: Annotated[str | None, typer.Argument(help="Month as 2026-10; else all that are published.")] = None,
    out: Annotated[Path, typer.Option(help="Folder that was published into.")] = OUT,
) -> None:
    """Check that the published files and their numbers are those that were recorded."""
    from cxlib.report.publish import verify as faults_of

    faults, looked_at = faults_of(out, month)
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{looked_at}; {len(faults) or 'no'} faults.")
    raise typer.Exit(1 if faults else 0)


@app.command()
def measure(
    month: MonthOption,
    by: Annotated[str, typer.Option(help="Segment columns, separated by commas.")] = "",
    metric: Annotated[list[str] | None, typer.Option(help="Only this metric; may be given more than once.")] = None,
    sources: SourcesOption = SOURCES,
    format: Annotated[Literal["table", "csv", "json"], typer.Option(help="csv, json or table.")] = "table",
) -> None:
    """Print all measures of a month, with denominators and intervals."""
    book = _book(month, sources)
    columns = tuple(part.strip() for part in by.split(",") if part.strip())
    names = metric or _with_segments(columns)
    rows = book.measure(*(book.metric(name).id for name in names), by=columns)
    rows["n"] = rows["n"].astype("Int64").mask(rows["flags"].str.contains("suppressed"))
    if format == "csv":
        print(rows.to_csv(index=False, lineterminator="\n"), end="")
    elif format == "json":
        print(_json(json.loads(rows.to_json(orient="records", date_format="iso", double_precision=10))))
    else:
        _print_table(rows)
    for name in names:
        if lacking := book.missing(name):
            what = "needs" if lacking[0].endswith("definitions.toml") else "no export brings"
            print(f"{name}: {what} {', '.join(lacking)}", file=sys.stderr)


@app.command()
def study(
    name: Annotated[str, typer.Argument(help="Name of a notebook, such as switching.")],
    month: MonthOption,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", help="name=value, such as discount=0.08; may be repeated.")
    ] = None,
    sources: SourcesOption = SOURCES,
    format: FormatOption = "text",
) -> None:
    """Print what a notebook says of the data up to the end of a month; a parameter may be changed."""
    # the models behind the studies take a second to load: only these commands wait for them
    from cxlib.notebook import notebook_named, read_parameter, run

    notebook = notebook_named(name)
    parameters = dict(read_parameter(notebook, written) for written in parameter or ())
    found = run(notebook, _book(month, sources), **parameters)
    said = [record for record in found.records if "finding" in record]
    if format == "json":
        print(_json({"study": name, "month": month, "parameters": parameters, "said": said, "untold": found.untold}))
        return
    for line in said:
        print(f"[{line['verdict']}] {line['text']}")
    for reason in found.untold:
        print(reason, file=sys.stderr)


@app.command()
def claims(
    month: MonthOption,
    sources: SourcesOption = SOURCES,
    format: FormatOption = "text",
    out: Annotated[Path, typer.Option(help="Folder published into: what its pages say is not worked out again.")] = OUT,
) -> None:
    """Print the ledger of claims: what is said everywhere, what was said of the company, and the verdict."""
    from cxlib.claims import LEDGER
    from cxlib.exhibits.words import numbers
    from cxlib.notebook import notebook_named, published, run
    from cxlib.studies import STUDIES

    book = _book(month, sources)
    pages = out / month / book.language.code
    there = all(published(book, name, pages) is not None for name in STUDIES)
    ledger = run(notebook_named(LEDGER), book, studies=str(pages) if there else "")
    judged = ledger.names["judged"].to_dict("records")
    if format == "json":
        said = [{**line, "estimate": line["estimate"] and numbers(line["estimate"])} for line in judged]
        print(_json({"month": month, "claims": said}))
        return
    for line in judged:
        print(f"{line['id']} “{line['translation']}”\n    {line['verdict']}: {line['text']}")


@app.command()
def notebook(
    name: Annotated[str, typer.Argument(help="Name of the file, such as silence_by_region.")],
    title: Annotated[str, typer.Option(help="The question that it asks.")] = "What is the question?",
) -> None:
    """Write the beginning of a notebook into notebooks/."""
    from cxlib.notebook import new_notebook

    path = Path("notebooks") / f"{name}.ipynb"
    new_notebook(path, title)
    print(f"Wrote {path}. To publish it, name it in reports/reports.toml.")


@app.command()
def check(sources: SourcesOption = SOURCES) -> None:
    """Check the exports and print where every row went; nothing is published."""
    snapshot = build_snapshot(sources)
    book = Workbook(snapshot, Month.last_complete(snapshot.as_of, snapshot.time_zone), Language())
    exports, tables = book.exports, book.tables
    table = RichTable("export", *(str(column).replace("_", " ") for column in exports.columns))
    for name, line in exports.iterrows():
        table.add_row(*map(_plain, (name, *(one if isinstance(one, str) else f"{one:,}" for one in line))))
    Console(markup=False, emoji=False).print(table)
    for name, line in tables[tables["rows"] > 0].iterrows():
        print(f"{name}: {line['rows']:,} rows, {line['first']} to {line['last']}. {line['edges']}".strip())
    for one in book.coverage.values():
        if one.what_to_write:
            print(f"{one.name}: {one.what_to_write}")
    for problem in snapshot.warnings:
        print(_plain(f"warning: {problem}"))
    last = last_covered_month(book.coverage, snapshot.as_of, snapshot.time_zone)
    print(f"Snapshot {snapshot.id} is whole; the last month that every table covers is {last}.")


def main() -> None:
    """Run a command; an error of the input is one message on stderr and exit code 2, the end by a signal 128 and more.

    A signal ends whatever runs as an error would, so that processes are ended and what lies half done is removed.
    """
    ends = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    received: list[signal.Signals] = []

    def stop(number: int, _: object) -> None:
        for one in ends:
            signal.signal(one, signal.SIG_IGN)  # the cleaning is not to be ended by the next
        received.append(signal.Signals(number))
        raise SystemExit

    before = {one: signal.signal(one, stop) for one in ends if signal.getsignal(one) != signal.SIG_IGN}
    try:
        app()
    except CxError as error:
        print(_plain(f"error: {error}"), file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except BaseException:
        if not received:  # else it comes from the signal, whatever a library has made of it
            raise
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
    if received:
        print(f"stopped by {received[0].name}; what was published and imported before is whole", file=sys.stderr)
        raise SystemExit(128 + received[0])


def _book(month: str, sources: Path) -> Workbook:
    return Workbook(build_snapshot(sources), Month.parse(month), Language())


def _with_segments(columns: tuple[str, ...]) -> list[str]:
    """Return the metrics that can be broken down by all of the columns."""
    names = [name for name, metric in METRICS.items() if set(columns) <= set(FACTS[metric.fact].segments)]
    if not names:
        known = dict.fromkeys(column for fact in FACTS.values() for column in fact.segments)
        raise MeasureError(f'no measure can be broken down by "{",".join(columns)}"; there are {", ".join(known)}')
    return names


def _json(content: object) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False)


def _plain(text: object) -> str:
    """Return text of an export as it may stand on a terminal: no control characters, nothing that rich would read."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "�", str(text))


def _print_table(rows: pd.DataFrame) -> None:
    """Print measures; the columns between period and n are segments."""
    language, columns = Language(), list(map(str, rows.columns))
    segments = columns[2 : columns.index("n")]
    table = RichTable("metric", *segments, "value", "95% interval", "n", "excluded", "flags")
    for _, row in rows.iterrows():
        value = language.measure(row["value"], row["unit"])
        interval = language.interval(row["low"], row["high"], row["unit"]) if pd.notna(row["value"]) else ""
        counts = ("n < 5" if pd.isna(row["n"]) else language.number(row["n"])), language.number(row["excluded"])
        table.add_row(row["metric"], *map(_plain, row[segments]), value, interval, *counts, row["flags"])
    Console(markup=False, emoji=False).print(table)
