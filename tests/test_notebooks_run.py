"""Each notebook runs top to bottom as an analyst opens it: with its defaults, from its own folder, on the sample."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest

from cxlib.exhibits import Exhibit

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def desk_of_an_analyst(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sample and a place for notebooks, so that nothing is written into the repository."""
    folder = tmp_path_factory.mktemp("analyst")
    (folder / "data").mkdir()
    (folder / "data" / "sample").symlink_to(ROOT / "data" / "sample")
    (folder / "data" / "sources.toml").write_text((ROOT / "data" / "sources.toml").read_text("utf-8"), "utf-8")
    (folder / "notebooks").mkdir()
    return folder


def run_cell(source: str, names: dict[str, object]) -> object:
    """Run the lines of a cell and return the value of the last one, as a notebook shows it."""
    *before, last = ast.parse(source).body
    exec(compile(ast.Module(before, []), "cell", "exec"), names)
    if isinstance(last, ast.Expr):
        return eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_with_its_defaults(path: Path, desk_of_an_analyst: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk_of_an_analyst / "notebooks")
    names: dict[str, object] = {}
    shown = [run_cell(cell.source, names) for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    exhibits = [value for value in shown if value is not None]
    assert len(exhibits) >= 5
    assert all(isinstance(value, Exhibit) for value in exhibits)
    # on the sample every exhibit has something to show, in HTML and in words
    assert all(value.html and value.text for value in exhibits if isinstance(value, Exhibit))
