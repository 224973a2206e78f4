from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat import NotebookNode

from cxlib.errors import ReportError
from cxlib.report import work
from cxlib.report.work import execute
from report.helpers import runnable

ROOT = Path(__file__).parents[2]


def run(folder: Path, notebook: NotebookNode, minutes: float = 1.0) -> tuple[NotebookNode, list[tuple[int, int]]]:
    path = folder / "monthly.ipynb"
    nbformat.write(notebook, path)
    steps: list[tuple[int, int]] = []
    done = execute(path, folder / "done.ipynb", {"month": "2026-09"}, minutes, lambda n, of: steps.append((n, of)))
    return done, steps


def texts(notebook: NotebookNode) -> list[str]:
    return [output.text for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output]


def test_a_run_takes_the_parameters_works_beside_the_notebook_and_tells_its_steps(tmp_path: Path) -> None:
    code = "from pathlib import Path\nimport sys\nprint(month, Path.cwd().name)\nprint('careful', file=sys.stderr)"
    done, steps = run(tmp_path, runnable(code))
    assert texts(done) == [f"2026-09 {tmp_path.name}\n", "careful\n"]
    assert steps == [(n, 7) for n in range(5)], "five cells, the page and the PDF"
    assert (tmp_path / "done.ipynb").exists()


def test_a_failing_cell_is_named_and_its_copy_kept(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        run(tmp_path, runnable("# a comment\nshare = 1 / 0", "print('never')"))
    assert str(error.value) == "cell In [3] (`share = 1 / 0`) failed with ZeroDivisionError: division by zero"
    kept = nbformat.read(tmp_path / "done.ipynb", 4)
    assert any(
        "ZeroDivisionError" in line for cell in kept.cells for o in cell.get("outputs", []) for line in o.traceback
    )
    assert "never" not in "".join(texts(kept))


def test_an_error_as_long_as_a_book_is_cut(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        run(tmp_path, runnable("raise ValueError('y' * 100_000)"))
    assert len(str(error.value)) < 700


def test_a_process_that_outlives_its_cell_holds_nothing_up(tmp_path: Path) -> None:
    code = "import subprocess\nprocess = subprocess.Popen(['sleep', '20'], start_new_session=True)\nprint(process.pid)"
    begun = time.monotonic()
    done, _ = run(tmp_path, runnable(code))
    os.kill(int(texts(done)[0]), signal.SIGKILL)
    assert time.monotonic() - begun < 20


def test_each_cell_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work._Running, "__init__", lambda self: setattr(self, "report", SimpleNamespace(minutes=0.5)))
    running = work._Running()  # type: ignore[call-arg]
    for now in (0.0, 140.0, 280.0):  # many cells of half a minute: the report as a whole may take longer
        monkeypatch.setattr(work.time, "perf_counter", lambda now=now: now)
        running.wait_on()
        assert running.deadline == now + 30 + work.GRACE_SECONDS


def test_a_dead_kernel_is_said_and_its_copy_kept(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        run(tmp_path, runnable("import os\nos._exit(9)"))
    assert str(error.value) == "the kernel died in the cell `import os`; usually the memory was not enough"
    assert (tmp_path / "done.ipynb").exists()


def test_a_cell_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ReportError) as error:
        run(tmp_path, runnable("import time; time.sleep(60)"), minutes=0.02)
    assert str(error.value).startswith(
        "the cell `import time; time.sleep(60)` took longer than 0.02 minutes; raise `minutes`"
    )
    assert (tmp_path / "done.ipynb").exists()


@pytest.mark.slow
def test_a_signal_while_cells_run_ends_everything_and_leaves_nothing(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    data, begun = tmp_path / "data", tmp_path / "begun"
    scratch = Path(tempfile.mkdtemp(prefix="t-"))  # a short name: sockets lie in it
    request.addfinalizer(lambda: shutil.rmtree(scratch))
    for folder in (data, tmp_path / "reports", tmp_path / "notebooks"):
        folder.mkdir()
    (data / "desk.csv").write_text("Id,Created\n1,2026-09-30T10:00:00Z\n2,2026-10-30T10:00:00Z\n")
    (data / "sources.toml").write_text(
        '[workbook]\ncompany = "Desk"\nreporting_time_zone = "UTC"\nreporting_currency = "EUR"\n'
        "as_of = 2026-11-09T06:00:00Z\n"
        '[[export]]\nname = "desk"\npath = "desk.csv"\ntable = "tickets"\nencoding = "utf-8"\ntime_zone = "UTC"\n'
        '[export.columns]\nticket_id = "Id"\ncreated_at = { column = "Created", format = "iso" }\n'
    )
    waits = f"import os, pathlib, time\npathlib.Path({str(begun)!r}).write_text(str(os.getpid()))\ntime.sleep(60)"
    nbformat.write(runnable(waits), tmp_path / "notebooks" / "waits.ipynb")
    report = '[[report]]\nname = "waits"\nnotebook = "../notebooks/waits.ipynb"\ntitle = "Waits"\n'
    (tmp_path / "reports" / "reports.toml").write_text(report)
    run = subprocess.Popen(
        [sys.executable, "-m", "cxlib", "report", "--month", "2026-10"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while not begun.exists() or not begun.read_text():
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    run.send_signal(signal.SIGTERM)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (128 + signal.SIGTERM, "")
    assert err == "stopped by SIGTERM; what was published and imported before is whole\n"
    assert sorted(path.name for path in (tmp_path / "reports").iterdir()) == ["reports.toml"]
    assert list(scratch.iterdir()) == []
    ends = time.monotonic() + 10  # the kernel looks once a second whether it is still wanted
    while is_there(int(begun.read_text())):
        assert time.monotonic() < ends
        time.sleep(0.1)


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
