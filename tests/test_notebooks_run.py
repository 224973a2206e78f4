"""Each notebook runs top to bottom as an analyst opens it: with its defaults, from its own folder, on the sample."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from cxlib.exhibits import Exhibit
from cxlib.notebook import guarded

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def desk_of_an_analyst(tmp_path_factory: pytest.TempPathFactory, sample_snapshots: Path) -> Path:
    """Return a folder with the sample and a place for notebooks, so that nothing is written into the repository."""
    folder = tmp_path_factory.mktemp("analyst")
    (folder / "data").mkdir()
    (folder / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    (folder / "data" / "snapshots").symlink_to(sample_snapshots)
    for name in ("sources.toml", "definitions.toml"):
        (folder / "data" / name).write_text((ROOT / "data" / name).read_text("utf-8"), "utf-8")
    (folder / "notebooks").mkdir()
    return folder


def run_cell(source: str, names: dict[str, object]) -> object:
    """Run a cell and return what a notebook shows of it."""
    exec(compile(guarded(ast.parse(source)), "cell", "exec"), names)
    return names.pop("_shown", None)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_with_its_defaults(path: Path, desk_of_an_analyst: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk_of_an_analyst / "notebooks")
    # the ledger would run the studies once more; `cx claims` does so in its own test
    monkeypatch.setattr("cxlib.notebook.said", lambda *_: [])
    names: dict[str, object] = {}
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    shown = [(source, value) for source in cells if (value := run_cell(source, names)) is not None]
    exhibits = [value for _, value in shown]
    assert len(exhibits) >= 5
    assert all(isinstance(value, Exhibit) for value in exhibits)
    # on the sample every exhibit has something to show; a stack of cautions may hold none
    exhibits = [value for source, value in shown if "stack(" not in source]
    told = [value for value in exhibits if isinstance(value, Exhibit) and "untold" not in str(value.records)]
    assert len(told) >= 5
    assert all(value.html and value.text for value in told)
