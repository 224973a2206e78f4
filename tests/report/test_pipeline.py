from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lxml import html

from cxlib.errors import ConfigError, PeriodError, PublishError
from cxlib.report import work
from cxlib.report.pipeline import Outcome, publish_month
from report.helpers import Project, figure, line_chart, make_snapshot, runnable, show, svg_uri, tile, tiles

pytestmark = pytest.mark.slow
GOOD = show(tiles())
ROOT = Path(__file__).parents[2]


def publish(project: Project, month: str | None = None, **options: Any) -> Outcome:
    return publish_month(month, project.sources, project.out, reports_file=project.reports_file, **options)


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def record(outcome: Outcome) -> dict[str, Any]:
    assert outcome.folder is not None
    return dict(json.loads((outcome.folder / "manifest.json").read_text()))


def test_from_notebooks_to_pages(project: Project) -> None:
    project.add("monthly", runnable(GOOD, show(figure(svg_uri(line_chart))), heading="İyi mi?"), "order = 1")
    project.add("support", runnable("print(month, language)"), 'order = 2\nformats = ["html"]')
    outcome = publish(project)
    assert (outcome.exit_code, outcome.pdf_note, outcome.failed) == (0, "", ())
    assert outcome.made == ("monthly", "support")
    assert outcome.folder == project.out / "2026-10" / "en"
    first = files(outcome.folder)
    assert set(first) == {
        "manifest.json",
        "monthly.html",
        "monthly.json",
        "monthly.pdf",
        "support.html",
        "support.json",
    }
    assert "2026-10 en" in first["support.html"].decode()
    assert sorted(path.name for path in project.out.iterdir()) == ["2026-10", "index.html"]
    about = record(outcome)
    assert about["snapshot"] == "3f9a1c0b77de"
    assert about["versions"]["weasyprint"]
    monthly = about["reports"][0]
    assert monthly["numbers"]["tile Satisfaction: value"] == "87.3"
    assert monthly["parameters"] == {
        "month": "2026-10", "language": "en", "sources": "sources.toml", "snapshot": "3f9a1c0b77de"
    }  # fmt: skip
    assert monthly["pages"] >= 2
    assert str(project.root) not in "".join(name + text.decode("latin-1") for name, text in first.items())
    publish(project, "2026-10")
    assert files(outcome.folder) == first, "the same data, code and parameters give the same bytes"


def test_a_failing_notebook_leaves_its_earlier_page_and_the_others_go_on(project: Project) -> None:
    project.add("monthly", runnable(GOOD))
    project.add("support", runnable("print('October, first run')"))
    folder = publish(project).folder
    assert folder is not None
    before = files(folder)
    project.add("support", runnable("rate = 1 / 0"))
    project.add("monthly", runnable(GOOD, "print('second run')"))
    outcome = publish(project)
    assert (outcome.exit_code, outcome.made, outcome.kept) == (1, ("monthly",), ("support",))
    executed = project.out / "failed" / "2026-10" / "en" / "support.ipynb"
    assert str(outcome) == (
        f"2026-10 (en): 1 made, 1 failed\nPublished: {folder} (as before: support)\n"
        "support: cell In [3] (`rate = 1 / 0`) failed with ZeroDivisionError: division by zero\n"
        f"  Executed notebook: {executed}"
    )
    assert any("ZeroDivisionError" in str(cell.get("outputs")) for cell in nbformat.read(executed, 4).cells)
    after = files(folder)
    assert after["support.html"] == before["support.html"]
    assert b"second run" in after["monthly.html"]
    assert record(outcome)["failed"] == [{"name": "support", "title": "Report support", "order": 0, "kept": True}]
    assert "this is the version from the data as of" in (project.out / "index.html").read_text()
    project.add("support", runnable("print('mended')"))
    mended = publish(project, only=["support"])
    assert (mended.exit_code, mended.kept) == (0, ("monthly",))
    assert record(mended)["failed"] == []
    assert not executed.exists()


def test_where_all_fail_nothing_is_touched(project: Project) -> None:
    project.add("monthly", runnable(GOOD))
    folder = publish(project).folder
    assert folder is not None
    before, index = files(folder), (project.out / "index.html").read_bytes()
    project.add("monthly", runnable("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)"))
    outcome = publish(project)
    assert outcome.exit_code == 1
    assert outcome.failed[0].reason.startswith("its process ended without a word (exit code -9)")
    assert (files(folder), (project.out / "index.html").read_bytes()) == (before, index)
    assert outcome.folder == folder


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (
            "import warnings\nwarnings.warn('soon gone', FutureWarning)",
            "[stderr] monthly, cell In [3] (`import warnings`): it wrote to stderr:",
        ),
        (
            show("<table><tr><td>nan</td></tr></table>"),
            '[raw-text] monthly, cell In [3] (`from IPython.display import HTML, display`): "nan" is left over',
        ),
    ],
)
def test_a_page_that_does_not_pass_its_gates_is_not_published(project: Project, code: str, reason: str) -> None:
    project.add("monthly", runnable(code), 'formats = ["html"]')
    outcome = publish(project)
    assert (outcome.exit_code, outcome.made, outcome.folder) == (1, (), None)
    assert outcome.failed[0].reason.startswith("the page did not pass its gates (")
    assert reason in outcome.failed[0].reason
    assert outcome.failed[0].executed is not None
    assert outcome.failed[0].executed.exists()
    assert [path.name for path in project.out.iterdir()] == ["failed"]


def test_a_published_number_does_not_move_in_silence(project: Project) -> None:
    project.add("monthly", runnable(show(tiles(tile("31")))), 'formats = ["html"]')
    folder = publish(project).folder
    assert folder is not None
    before = files(folder)
    project.snapshot = make_snapshot(project.root / "data" / "snapshots", "bbbbbbbbbbbb")
    project.add("monthly", runnable(show(tiles(tile("33")))), 'formats = ["html"]')
    with pytest.raises(PublishError, match='monthly: tile Satisfaction: value: "31" -> "33"'):
        publish(project)
    assert files(folder) == before
    assert sorted(path.name for path in project.out.iterdir()) == ["2026-10", "index.html"]
    (project.out / "CHANGES.md").write_text("## 2026-10 restated with snapshot bbbbbbbbbbbb: late answers.\n")
    assert publish(project).exit_code == 0


def test_what_is_wrong_is_said_before_anything_runs(project: Project) -> None:
    project.add("monthly", runnable("raise SystemExit(3)"), "[report.parameters]\nfrom_month = 3")
    with pytest.raises(ConfigError, match=r'monthly\.ipynb: there is no parameter "from_month"'):
        publish(project)
    project.add("monthly", runnable("raise SystemExit(3)"))
    with pytest.raises(ConfigError, match=r'there is no report "montly" in reports\.toml; did you mean "monthly"\?'):
        publish(project, only=["montly"])
    with pytest.raises(ConfigError, match='language "xx" is not available'):
        publish(project, language="xx")
    with pytest.raises(PeriodError, match="2026-11 has not ended in the data, which go until 9 November 2026"):
        publish(project, "2026-11")
    with pytest.raises(PeriodError, match="there are no data of 2026-01; the data go from 2026-03 to 2026-10"):
        publish(project, "2026-01")
    assert not project.out.exists()


def test_a_worker_out_of_time_is_ended(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "GRACE_SECONDS", -1799.0)
    project.add("monthly", runnable("import time\ntime.sleep(30)"))
    outcome = publish(project)
    reason = "did not end within 30 minutes a cell; raise `minutes` in reports.toml"
    assert [failure.reason for failure in outcome.failed] == [reason]


WITHOUT_PANGO = """
import sys
from pathlib import Path
from report.helpers import Project, runnable
from cxlib.report import pipeline

project = Project(Path(sys.argv[1]))
project.add("monthly", runnable("print('hello')"))
pipeline.build_snapshot = lambda sources: project.snapshot
pipeline.library_versions = lambda: {}
outcome = pipeline.publish_month(None, project.sources, project.out, reports_file=project.reports_file)
print(outcome)
sys.exit(outcome.exit_code)
"""


def test_without_pango_the_page_is_published_all_the_same(tmp_path: Path) -> None:
    fake = tmp_path / "fake" / "weasyprint"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")")
    root = tmp_path / "project"
    root.mkdir()
    path = os.pathsep.join([str(fake.parent), str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PANGO, root],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "PDF not made: the library pango is missing." in done.stdout
    assert "apt-get install -y libpango-1.0-0" in done.stdout
    assert done.stderr.startswith("monthly: made in ")
    folder = root / "reports" / "2026-10" / "en"
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "monthly.html", "monthly.json"]
    report = json.loads((folder / "manifest.json").read_text())["reports"][0]
    assert (report["pdf_missing"], report["pdf_sha256"]) == (True, "")
    assert "PDF not made" in html.document_fromstring((root / "reports" / "index.html").read_text()).text_content()


def test_after_a_changed_export_a_month_is_made_anew_or_not_at_all(project: Project) -> None:
    project.add("monthly", runnable(GOOD))
    project.add("support", runnable(show('<p id="finding-a">Of 42 claims 10 hold.</p>')))
    outcome = publish(project)
    assert record(outcome)["reports"][1]["numbers"] == {"finding-a": "42 10"}
    project.snapshot = make_snapshot(project.root / "data" / "snapshots", "bbbbbbbbbbbb")
    with pytest.raises(PublishError, match=r"1 published pages of 2026-10 are of another snapshot than bbbbbbbbbbbb"):
        publish(project, only=["support"])
    project.add("support", runnable(show('<p id="finding-a">Of 42 claims 11 hold.</p>')))
    with pytest.raises(PublishError, match='  support: finding-a: "10" -> "11"'):
        publish(project)
    (project.out / "CHANGES.md").write_text("## 2026-10 restated with snapshot bbbbbbbbbbbb: answers came late\n")
    assert {report["snapshot"] for report in record(publish(project))["reports"]} == {"bbbbbbbbbbbb"}
