"""Makes the reports: each from notebook to checked files, in a process of its own, so that none can spoil another."""

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from nbformat import NotebookNode

from cxlib.errors import CxError, ReportError
from cxlib.files import sha256
from cxlib.notebook import records_in
from cxlib.report.gates import Page, check, not_passed, tiles_of
from cxlib.report.manifest import Published, Value
from cxlib.report.page import make_page
from cxlib.report.pdf import PangoMissingError, write_pdf
from cxlib.report.plan import Job, Report
from cxlib.report.run import execute

PDF_STEPS = 2
"""Steps of a report after its last cell: the page and the PDF."""
GRACE_SECONDS = 120.0
"""Time a report gets beyond the limit of its cells before its process is ended."""


@dataclass(frozen=True)
class Failed:
    """A report that could not be made."""

    report: Report
    reason: str
    executed: Path | None = None
    """Copy of the notebook as far as it ran, with the traceback; None if it never ran."""

    @property
    def name(self) -> str:
        """Name of the report."""
        return self.report.name

    def __str__(self) -> str:
        copy = f"\n  Executed notebook: {self.executed}" if self.executed else ""
        return f"{self.name}: {self.reason}{copy}"


def make(job: Job, pages: Path, executed: Path, on_step: Callable[[int, int], None]) -> Published:
    """Run the notebook, check its page, and write page and PDF into `pages`.

    `on_step` hears how many steps are done, and of how many.

    Raises
    ------
    ReportError
        If a cell fails or the page does not pass its gates. The notebook as far as it ran lies at `executed`.
    """
    report, edition = job.report, job.edition

    def on_cell(done: int, cells: int) -> None:
        on_step(done, cells + PDF_STEPS)

    parameters = {**job.parameters, "studies": str(pages)} if report.after else job.parameters
    notebook = execute(report.notebook.resolve(), executed, parameters, report.minutes, on_cell)
    page = Page(job.name, make_page(notebook, edition), notebook)
    if problems := check(page):
        raise ReportError(not_passed(problems))
    html, said, pdf = (pages / f"{job.name}.{ending}" for ending in ("html", "json", "pdf"))
    html.write_text(page.source, encoding="utf-8", newline="\n")
    _write_said(notebook, job, said)
    on_cell(len(notebook.cells) + 1, len(notebook.cells))
    sheets, lacks_pango = 0, False
    if "pdf" in report.formats:
        try:
            sheets = write_pdf(page.source, pdf)
        except PangoMissingError:
            lacks_pango = True
    return Published(
        **report.model_dump(include={"name", "title", "about", "order"}),
        **edition.model_dump(include={"as_of", "snapshot"}),
        notebook_sha256=job.notebook_sha256,
        parameters=_without_folders(job),
        html_sha256=sha256(html),
        json_sha256=sha256(said),
        pdf_sha256=sha256(pdf) if sheets else "",
        pages=sheets,
        pdf_missing=lacks_pango,
        tiles=tiles_of(page.tree),
    )


def _without_folders(job: Job) -> dict[str, Value]:
    """Return the parameters without where the files lay on the machine that ran."""
    return {**job.parameters, **{name: Path(str(job.parameters[name])).name for name in ("sources", "snapshot")}}


def _write_said(notebook: NotebookNode, job: Job, path: Path) -> None:
    """Write what the notebook said and showed as data, the same bytes for the same content."""
    content = {
        "report": job.name,
        **job.edition.model_dump(mode="json", include={"month", "language", "as_of", "snapshot"}),
        "parameters": _without_folders(job),
        "shown": records_in(notebook),
    }
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def make_all(
    jobs: Sequence[Job], staging: Path, on_step: Callable[[str, int, int], None], at_once: int
) -> Iterator[tuple[Published | Failed, float]]:
    """Make every report, `at_once` at a time, and yield each result with its seconds as it comes.

    The pages lie in `staging/pages` then, the executed notebooks in `staging`.
    """
    context, waiting, running = _context(), list(jobs), list[_Running]()
    try:
        while waiting or running:
            unfinished = {job.name for job in waiting} | {one.job.name for one in running}
            ready = [job for job in waiting if not unfinished & set(job.report.after)]
            for job in ready[: at_once - len(running)]:
                waiting.remove(job)
                running.append(_Running(context, job, staging))
            rest = min(one.deadline for one in running) - time.perf_counter()
            heard = wait([one.connection for one in running], timeout=max(rest, 0.0))
            for one in list(running):
                if one.connection in heard or time.perf_counter() > one.deadline:
                    message = one.hear()
                    if isinstance(message, tuple):
                        on_step(one.job.name, *message)
                        continue
                    running.remove(one)
                    yield message, one.end()
    finally:
        for one in running:
            one.end()


def warm_up() -> None:
    """Start the process that workers are forked from, so that it loads while others work."""
    if _context().get_start_method() == "forkserver":
        forkserver.ensure_running()


def _context() -> BaseContext:
    """Fork from a clean process that has loaded everything, where forking is safe."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cxlib.report.warm"])
    return context


class _Running:
    """A report that is being made."""

    def __init__(self, context: BaseContext, job: Job, staging: Path) -> None:
        self.job, self.started = job, time.perf_counter()
        self.deadline = self.started + job.report.minutes * 60 + GRACE_SECONDS
        self.connection, there = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_worker, args=(there, job, staging), name=job.name)  # type: ignore[attr-defined]
        self.process.start()
        there.close()

    def hear(self) -> tuple[int, int] | Published | Failed:
        """Return one message, or what is wrong with a process that has none."""
        try:
            if self.connection.poll():
                message: tuple[int, int] | Published | Failed = self.connection.recv()
                return message
            reason = f"did not end within {self.job.report.minutes:g} minutes a cell; raise `minutes` in reports.toml"
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            reason = f"its process ended without a word (exit code {code}); usually memory ran out"
        return Failed(self.job.report, reason)

    def end(self) -> float:
        """End the process and return how many seconds it had."""
        self.process.kill()
        self.process.join()
        self.connection.close()
        return time.perf_counter() - self.started


def _worker(connection: Connection, job: Job, staging: Path) -> None:
    """Make one report and send its steps and its result."""
    os.environ.update(_environment(job))
    result: Published | Failed
    try:
        result = make(job, staging / "pages", staging / f"{job.name}.ipynb", lambda *step: connection.send(step))
    except CxError as error:
        result = Failed(job.report, str(error))
    except Exception as error:  # a bug in one report must not take the others with it
        result = Failed(job.report, f"{type(error).__name__}: {error}")
    connection.send(result)
    connection.close()


def _environment(job: Job) -> dict[str, str]:
    """Return what makes a kernel run this code, and write the same bytes each time."""
    found = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
        "SOURCE_DATE_EPOCH": str(int(job.edition.as_of.replace(tzinfo=UTC).timestamp())),
        "TZ": "UTC",
    }
