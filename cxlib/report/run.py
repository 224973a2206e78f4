"""One papermill run: parameters in, executed notebook out."""

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
from cxlib.report.manifest import Value


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Value],
    minutes: float,
    on_cell: Callable[[int, int], None],
) -> NotebookNode:
    """Run a notebook in a kernel of its own and write the executed copy to `output`.

    The kernel works in the notebook's folder, as in JupyterLab. `output` is written in every case, with the traceback
    if a cell fails. `on_cell` hears how many cells are done, and of how many.

    Raises
    ------
    ReportError
        If a cell fails, takes longer than `minutes`, or the kernel dies.
    """
    running, done = NotebookNode(cells=[]), 0

    def on_start(notebook: NotebookNode) -> None:
        nonlocal running
        running = notebook
        on_cell(0, len(running.cells))

    def on_executed(cell: NotebookNode, cell_index: int, execute_reply: Any) -> None:
        nonlocal done
        done = cell_index + 1
        on_cell(done, len(running.cells))

    def place() -> str:
        cell = next((cell for cell in running.cells[done:] if cell.cell_type == "code"), NotebookNode(source=""))
        return f"the cell {_first_line(cell.source)}"

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
                on_notebook_start=on_start,
                on_cell_executed=on_executed,
            )
            return executed
        except PapermillExecutionError as error:
            last = f"{error.ename}: {error.evalue}".strip().splitlines()[-1]
            named = last if last.startswith(str(error.ename)) else f"{error.ename}: {last}"
            raise ReportError(
                f"cell In [{error.exec_count}] ({_first_line(error.source)}) failed with {named}"
            ) from None
        except CellTimeoutError:
            reason = f"took longer than {minutes:g} minutes; raise `minutes` in reports.toml or make the cell lighter"
            raise ReportError(f"{place()} {reason}") from None
        except DeadKernelError:
            raise ReportError(f"the kernel died in {place()}; usually the memory was not enough") from None
        finally:
            if running.cells and not output.exists():
                nbformat.write(running, output)


def cell_name(notebook: NotebookNode, index: int) -> str:
    """Return how an analyst finds a cell: by what Jupyter numbers it with and its first line."""
    cell = notebook.cells[index]
    if cell.cell_type != "code":
        return f"cell {_first_line(cell.source, comment=None)}"
    return f"cell In [{cell.execution_count}] ({_first_line(cell.source)})"


def _transport(folder: Path) -> Config:
    """Talk to the kernel through files where there are Unix sockets: no port can be taken by another run."""
    if not hasattr(socket, "AF_UNIX") or len(str(folder)) > 80:
        return Config()
    return Config({"KernelManager": {"transport": "ipc", "connection_file": str(folder / "kernel.json")}})


def _first_line(source: str, comment: str | None = "#") -> str:
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    said = [line for line in lines if comment is None or not line.startswith(comment)]
    return f"`{said[0]}`" if said else "without code"
