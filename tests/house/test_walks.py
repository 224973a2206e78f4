"""The walks of CONTRIBUTING, step by step, in a copy of the project."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")
WALKS = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##)", GUIDE[GUIDE.index("## Four walks") :], re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLACE = re.compile(
    r"# (?P<file>[\w/.]+), (?:a cell )?(?:in the (?P<cell>set-up)|after: (?P<after>.+)|at the (?P<end>end))"
)


def test_there_are_four_of_at_most_ten_lines() -> None:
    assert len(WALKS) == 4
    for name, text in WALKS.items():
        written = [line for _, block in BLOCK.findall(text) for line in block.splitlines() if not PLACE.match(line)]
        assert len(written) <= 13, name
        assert len([line for line in written if not line.startswith("cx ")]) <= 10, name


@pytest.fixture
def project(tmp_path: Path, sample_snapshots: Path) -> Path:
    """Return a copy of what a newcomer has, with the sample imported; pages are wanted as HTML alone."""
    for name in ("cxlib", "notebooks", "reports"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "20*", "failed"))
    (tmp_path / "data").mkdir()
    for name in ("sources.toml", "definitions.toml"):
        shutil.copy(ROOT / "data" / name, tmp_path / "data")
    (tmp_path / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    shutil.copytree(sample_snapshots, tmp_path / "data" / "snapshots")
    plan = tmp_path / "reports" / "reports.toml"
    plan.write_text(plan.read_text("utf-8").replace('formats = ["html", "pdf"]', 'formats = ["html"]'), "utf-8")
    return tmp_path


def write(project: Path, text: str) -> None:
    """Put a block where its first line says."""
    first, _, body = text.partition("\n")
    place = PLACE.match(first)
    assert place, first
    path = project / place["file"]
    if path.suffix != ".ipynb":
        content = path.read_text("utf-8")
        after = place["after"]
        path.write_text(
            content.replace(after, f"{after}\n{body.rstrip()}", 1) if after else f"{content}\n{body}", "utf-8"
        )
        return
    notebook = nbformat.read(path, as_version=4)
    if place["cell"]:
        notebook.cells[2].source = body + notebook.cells[2].source
    else:
        [at] = [n for n, cell in enumerate(notebook.cells) if cell.source.startswith(place["after"])]
        notebook.cells.insert(at + 1, new_code_cell(body.rstrip()))
    nbformat.write(notebook, path)


def cx(project: Path, line: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(project)}
    command = [sys.executable, "-m", "cxlib", *shlex.split(line)[1:]]
    done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_newcomer_walks_them(project: Path) -> None:
    """One after the other in one copy; the pages that the walks ask for are published together, at the end."""
    shows = {
        "Add a chart to a page": ("experience", "Answers to the question after a ticket, by month."),
        "Change an assumption": ("retention_and_profit", "8.0%"),
        "Add a metric": ("experience", "Promoters by month"),
        "Add a small study": ("who_answers", "Of the large customers"),
    }
    assert WALKS.keys() == shows.keys()
    steps = [step for walk in WALKS.values() for step in BLOCK.findall(walk)]
    reports = {block.strip() for language, block in steps if block.startswith("cx report --only ") and not language}
    assert reports == {f"cx report --only {page}" for page, _ in shows.values()}
    for language, block in steps:
        if language:
            write(project, block)
        elif block.strip() not in reports:
            cx(project, block)
    cx(project, "cx report " + " ".join(f"--only {page}" for page in sorted({page for page, _ in shows.values()})))
    for walk, (page, text) in shows.items():
        assert text in (project / "reports" / "2026-10" / "en" / f"{page}.html").read_text("utf-8"), walk
