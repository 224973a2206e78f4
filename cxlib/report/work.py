"""Makes the reports: each from notebook to checked files, in a process of its own, so that none can spoil another."""

import multiprocessing
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from cxlib.errors import CxError, ReportError
from cxlib.files import sha256, write_json
from cxlib.notebook import records_in
from cxlib.report.gates import Page, check, not_passed
from cxlib.report.manifest import Edition, Failed, Published, Value
from cxlib.report.numbers import numbers_of
from cxlib.report.page import first_line, make_page
from cxlib.report.pdf import write_pdf
from cxlib.report.plan import Report

PDF_STEPS = 2
"""Steps of a report after its last cell: the page and the PDF."""
GRACE_SECONDS = 120.0
"""Time a report gets beyond the limit of a cell before its process is ended."""
LONGEST_REASON = 500
"""Characters of an error that a message repeats."""
KERNEL_SECONDS = 5.0
"""Time a process that is told to end has for ending its kernel."""


def make(
    report: Report, edition: Edition, pages: Path, executed: Path, on_step: Callable[[int, int], None]
) -> Published:
    """Run the notebook, check its page, and write page, data and PDF into `pages`.

    `on_step` hears how many steps are done, and of how many. Raises ReportError if a cell fails or the page does not
    pass its gates; the notebook as far as it ran lies at `executed`.
    """
    digest, given = sha256(report.notebook), report.parameters
    parameters = {**given, "studies": str(pages)} if report.after else given
    notebook = execute(report.notebook.resolve(), executed, parameters, report.minutes, on_step)
    steps = len(notebook.cells) + PDF_STEPS
    on_step(steps - 2, steps)
    page = Page(report.name, make_page(notebook, edition), notebook)
    if problems := check(page):
        raise ReportError(not_passed(problems))
    html, said, pdf = (pages / f"{report.name}.{ending}" for ending in ("html", "json", "pdf"))
    html.write_text(page.source, encoding="utf-8", newline="\n")
    # where the files lay on the machine that ran is not published
    parameters = {**given, **{name: Path(str(given[name])).name for name in ("sources", "snapshot")}}
    of_edition = edition.model_dump(mode="json", include={"month", "language", "as_of", "snapshot", "definitions"})
    shown = {"parameters": parameters, "shown": records_in(notebook)}
    write_json(said, {"report": report.name, **of_edition, **shown})
    on_step(steps - 1, steps)
    sheets = write_pdf(page.source, pdf) if "pdf" in report.formats else 0
    return Published(
        **report.entry,
        **edition.model_dump(include={"as_of", "snapshot", "definitions"}),
        notebook_sha256=digest,
        parameters=parameters,
        html_sha256=sha256(html),
        json_sha256=sha256(said),
        pdf_sha256=sha256(pdf) if sheets else "",
        pages=sheets,
        pdf_missing="pdf" in report.formats and not sheets,
        numbers=numbers_of(page.tree),
    )


def execute(
    notebook: Path, output: Path, parameters: Mapping[str, Value], minutes: float, on_step: Callable[[int, int], None]
) -> NotebookNode:
    """Run a notebook in a kernel of its own and write the executed copy to `output`.

    The kernel works in the notebook's folder, as in JupyterLab. `output` is written in every case, with the traceback
    if a cell fails. Raises ReportError if a cell fails, takes longer than `minutes`, or the kernel dies.
    """
    running = {"cell": NotebookNode(source="")}
    """The `notebook` as far as it ran, and its last `cell`, as papermill tells of them."""

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        running["cell"] = cell
        on_step(cell_index, len(running["notebook"].cells) + PDF_STEPS)

    with tempfile.TemporaryDirectory(prefix="cx-") as folder:
        try:
            executed: NotebookNode = papermill.execute_notebook(
                str(notebook),
                str(output),
                parameters=dict(parameters),
                kernel_name="python3",
                progress_bar=False,
                request_save_on_cell_execute=False,
                execution_timeout=max(1, round(minutes * 60)),
                shutdown_kernel="immediate",
                config=_transport(Path(folder)),
                resources={"metadata": {"path": str(notebook.parent)}},
                on_notebook_start=running.update,
                on_cell_start=on_cell_start,
            )
            return executed
        except PapermillExecutionError as error:
            where, last = first_line(error.source), str(error.evalue).strip().rpartition("\n")[2][:LONGEST_REASON]
            raise ReportError(f"cell In [{error.exec_count}] ({where}) failed with {error.ename}: {last}") from None
        except CellTimeoutError:
            reason = f"took longer than {minutes:g} minutes; raise `minutes` in reports.toml or make the cell lighter"
            raise ReportError(f"the cell {first_line(running['cell'].source)} {reason}") from None
        except DeadKernelError:
            where = first_line(running["cell"].source)
            raise ReportError(f"the kernel died in the cell {where}; usually the memory was not enough") from None
        finally:
            if "notebook" in running and not output.exists():
                nbformat.write(running["notebook"], output)


def _transport(folder: Path) -> Config:
    """Talk to the kernel through files where there are Unix sockets: no port can be taken by another run."""
    # what a kernel warns of (a connection without a cipher, a parent that has gone) is nothing to act on
    quiet = Config({"NotebookClient": {"extra_arguments": ["--log-level=ERROR"]}})
    if hasattr(socket, "AF_UNIX") and len(str(folder)) <= 80:
        quiet.KernelManager = Config({"transport": "ipc", "connection_file": str(folder / "kernel.json")})
    return quiet


def make_all(
    reports: Sequence[Report], edition: Edition, staging: Path, on_step: Callable[[str, int, int], None]
) -> Iterator[tuple[Published | Failed, float]]:
    """Make every report, one per processor at a time, and yield each result with its seconds as it comes.

    The pages lie in `staging/pages` then, the executed notebooks in `staging`.
    """
    context, waiting, running = _context(), list(reports), list[_Running]()
    at_once = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # what workers and kernels leave for a while goes with this run, however they end
    scratch = tempfile.TemporaryDirectory(prefix="cx-", ignore_cleanup_errors=True)
    try:
        while waiting or running:
            unfinished = {report.name for report in (*waiting, *(one.report for one in running))}
            ready = [report for report in waiting if not unfinished & set(report.after)]
            for report in ready[: at_once - len(running)]:
                waiting.remove(report)
                running.append(_Running(context, report, edition, staging, scratch.name))
            rest = min(one.deadline for one in running) - time.perf_counter()
            heard = wait([one.connection for one in running], timeout=max(rest, 0.0))
            for one in list(running):
                if one.connection in heard or time.perf_counter() > one.deadline:
                    message = one.hear()
                    if isinstance(message, tuple):
                        one.wait_on()
                        on_step(one.report.name, *message)
                        continue
                    running.remove(one)
                    yield message, one.end()
    finally:
        for one in running:
            one.end()
        scratch.cleanup()


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

    def __init__(self, context: BaseContext, report: Report, edition: Edition, staging: Path, scratch: str) -> None:
        self.report, self.started = report, time.perf_counter()
        self.wait_on()
        self.connection, there = context.Pipe(duplex=False)
        self.process: BaseProcess = context.Process(target=_worker, args=(there, report, edition, staging, scratch))  # type: ignore[attr-defined]
        self.process.start()
        there.close()

    def wait_on(self) -> None:
        """Give the next cell its time."""
        self.deadline = time.perf_counter() + self.report.minutes * 60 + GRACE_SECONDS

    def hear(self) -> tuple[int, int] | Published | Failed:
        """Return one message, or what is wrong with a process that has none."""
        try:
            if self.connection.poll():
                message: tuple[int, int] | Published | Failed = self.connection.recv()
                return message
            reason = f"did not end within {self.report.minutes:g} minutes a cell; raise `minutes` in reports.toml"
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            reason = f"its process ended without a word (exit code {code}); usually memory ran out"
        return Failed(**self.report.entry, reason=reason)

    def end(self) -> float:
        """End the process and return how many seconds it had; it may end its kernel first."""
        self.process.terminate()
        self.process.join(KERNEL_SECONDS)
        self.process.kill()
        self.process.join()
        self.connection.close()
        return time.perf_counter() - self.started


def _worker(connection: Connection, report: Report, edition: Edition, staging: Path, scratch: str) -> None:
    """Make one report and send its steps and its result."""
    found = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    # so a kernel runs this code, and writes the same bytes each time
    os.environ |= {
        "JUPYTER_PREFER_ENV_PATH": "1",
        "LC_ALL": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(filter(None, found)),
        "TMPDIR": scratch,
        "SOURCE_DATE_EPOCH": str(int(edition.as_of.replace(tzinfo=UTC).timestamp())),
        "TZ": "UTC",
    }
    tempfile.tempdir = scratch
    executed = staging / f"{report.name}.ipynb"
    result: Published | Failed
    try:
        result = make(report, edition, staging / "pages", executed, lambda *step: connection.send(step))
    except CxError as error:
        result = Failed(**report.entry, reason=str(error))
    except Exception as error:  # a bug in one report must not take the others with it
        result = Failed(**report.entry, reason=f"{type(error).__name__}: {error}")
    connection.send(result)
    connection.close()
