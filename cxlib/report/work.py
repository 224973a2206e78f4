"""One report from notebook to checked files, inside a worker process of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from multiprocessing.connection import Connection
from pathlib import Path

from cxlib.errors import CxError, Problem, ReportError
from cxlib.report import fonts
from cxlib.report.gates import Page, check
from cxlib.report.page import make_page
from cxlib.report.pdf import PangoMissingError, load, write_pdf
from cxlib.report.plan import Task
from cxlib.report.run import execute
from cxlib.report.tiles import Tile, tiles_of

PDF_STEPS = 2
"""Steps of a report after its last cell: the page and the PDF."""


@dataclass(frozen=True)
class Step:
    """How far a report is."""

    done: int
    total: int


@dataclass(frozen=True)
class Made:
    """A report whose files lie in staging."""

    name: str
    html_sha256: str
    tiles: tuple[Tile, ...]
    pdf_sha256: str = ""
    pages: int = 0
    pdf_missing: str = ""
    """Why there is no PDF though one was asked for."""


@dataclass(frozen=True)
class Failed:
    """A report that could not be made."""

    name: str
    reason: str


Result = Made | Failed
Tell = Callable[[Step | Result], None]


def worker(connection: Connection, task: Task, staging: Path, scratch: Path) -> None:
    """Make one report and send its steps and its result; the entry point of a worker process."""
    os.environ.update(_environment(task))
    try:
        result = make(task, staging, scratch, connection.send)
    except CxError as error:
        result = Failed(task.name, str(error))
    except Exception as error:  # a bug in one report must not take the others with it
        result = Failed(task.name, f"{type(error).__name__}: {error}")
    connection.send(result)
    connection.close()


def make(task: Task, staging: Path, scratch: Path, tell: Tell) -> Result:
    """Run the notebook, write page and PDF into `staging` and check them.

    Raises
    ------
    ReportError
        If a cell fails or the page does not pass its gates. The executed copy lies in `scratch`.
    """
    executed = scratch / f"{task.name}.ipynb"

    def on_cell(done: int, total: int) -> None:
        tell(Step(done, total + PDF_STEPS))

    notebook = execute(task.notebook, executed, dict(task.parameters), task.minutes, on_cell)
    cells = len(notebook.cells)
    page = Page(task.name, make_page(notebook, task.edition), notebook)
    problems = check(page)
    if problems:
        raise ReportError(not_passed(problems))
    path = staging / f"{task.name}.html"
    path.write_text(page.source, encoding="utf-8", newline="\n")
    tell(Step(cells + 1, cells + PDF_STEPS))
    made = Made(task.name, _sha256(path), tiles_of(page.tree()))
    return _with_pdf(made, page.source, staging / f"{task.name}.pdf") if task.pdf else made


def not_passed(problems: tuple[Problem, ...]) -> str:
    """Say what the gates found, one line each."""
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    return f"the page did not pass its gates ({count}):\n" + "\n".join(f"  [{item.rule}] {item}" for item in problems)


def _with_pdf(made: Made, page: str, path: Path) -> Made:
    try:
        pdf = write_pdf(page, path)
    except PangoMissingError as missing:
        return Made(made.name, made.html_sha256, made.tiles, pdf_missing=str(missing))
    if pdf.complaints:
        raise ReportError(f"the PDF is not whole: {'; '.join(pdf.complaints)}; look at what the page shows there")
    if not path.read_bytes().startswith(b"%PDF") or pdf.pages == 0:
        raise ReportError("the PDF has no pages; look at the page in a browser for what is wrong with it")
    return Made(made.name, made.html_sha256, made.tiles, _sha256(path), pdf.pages)


def _environment(task: Task) -> dict[str, str]:
    """Return what makes a kernel run this code, and write the same bytes each time."""
    as_of = int(task.edition.as_of.replace(tzinfo=UTC).timestamp())
    found = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
        "SOURCE_DATE_EPOCH": str(as_of),
        "TZ": "UTC",
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def warm() -> None:
    """Load what every worker needs, once, before workers are forked from here."""
    fonts.prepare()
    try:
        load()
    except PangoMissingError:
        return
