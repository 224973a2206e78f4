"""One papermill run: parameters in, executed notebook out."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError
from traitlets.config import Config

from cxlib.errors import ReportError
from cxlib.report.settings import Value

OnCell = Callable[[int, int], None]
"""Called with the number of cells done and of all cells."""


def execute(
    notebook: Path, output: Path, parameters: Mapping[str, Value], minutes: float, on_cell: OnCell
) -> NotebookNode:
    """Run a notebook in a kernel of its own and write the executed copy to `output`.

    The kernel works in the notebook's folder, as in JupyterLab. `output` is written in every case,
    with the traceback if a cell fails.

    Raises
    ------
    ReportError
        If a cell fails, takes longer than `minutes`, or the kernel dies.
    """
    running = _Running(on_cell)
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
                on_notebook_start=running.start,
                on_cell_executed=running.cell,
            )
            return executed
        except PapermillExecutionError as error:
            raise ReportError(_cell_failed(error)) from None
        except CellTimeoutError:
            reason = f"took longer than {minutes:g} minutes; raise `minutes` in reports.toml or make the cell lighter"
            raise ReportError(f"{running.place()} {reason}") from None
        except DeadKernelError:
            raise ReportError(f"the kernel died in {running.place()}; usually the memory was not enough") from None
        finally:
            running.save(output)


def warnings_of(notebook: NotebookNode) -> tuple[str, ...]:
    """Return what the cells wrote to stderr, one entry per stream."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "stream" and output.name == "stderr" and output.text.strip():
                found.append(f"In [{cell.execution_count}]: {output.text.strip().splitlines()[-1]}")
    return tuple(found)


class _Running:
    """Keeps hold of the notebook while it runs, for progress and for what a dead kernel leaves."""

    def __init__(self, on_cell: OnCell) -> None:
        self._on_cell = on_cell
        self._notebook: NotebookNode | None = None
        self._done = 0

    def start(self, notebook: NotebookNode) -> None:
        self._notebook = notebook
        self._on_cell(0, len(notebook.cells))

    def cell(self, cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        self._done = cell_index + 1
        if self._notebook is not None:
            self._on_cell(self._done, len(self._notebook.cells))

    def place(self) -> str:
        cells = self._notebook.cells[self._done :] if self._notebook is not None else []
        source = next((cell.source for cell in cells if cell.cell_type == "code"), "")
        return f"the cell {_first_line(source)}"

    def save(self, output: Path) -> None:
        if self._notebook is not None and not output.exists():
            nbformat.write(self._notebook, output)


def _transport(folder: Path) -> Config:
    """Talk to the kernel through files where there are Unix sockets: no port can be taken by another run."""
    if not hasattr(socket, "AF_UNIX") or len(str(folder)) > 80:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "connection_file": str(folder / "kernel.json")}})


def _cell_failed(error: PapermillExecutionError) -> str:
    last = f"{error.ename}: {error.evalue}".strip().splitlines()[-1]
    named = last if last.startswith(str(error.ename)) else f"{error.ename}: {last}"
    return f"cell In [{error.exec_count}] ({_first_line(error.source)}) failed with {named}"


def _first_line(source: str) -> str:
    lines = [line for line in source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return f"`{lines[0].strip()}`" if lines else "without code"
