"""The top level holds only what the design names."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

TOP = {
    "Makefile",
    "README.md",
    "benchmarks",
    "cxlib",
    "data",
    "environment.yml",
    "notebooks",
    "pyproject.toml",
    "reports",
    "requirements.lock",
    "tests",
}
MADE_BY_TOOLS = {"__pycache__", "build", "cxlib.egg-info"}


def unexpected(names: set[str]) -> set[str]:
    """Return the names that have no business at the top level; dotfiles have."""
    return {name for name in names - TOP - MADE_BY_TOOLS if not name.startswith(".")}


def test_the_top_level_holds_only_what_the_design_names() -> None:
    assert unexpected({path.name for path in ROOT.iterdir()}) == set(), "move it into one of the folders there are"


def test_what_a_newcomer_needs_is_there() -> None:
    needed = {"Makefile", "README.md", "environment.yml", "pyproject.toml", "requirements.lock", "cxlib", "tests"}
    assert needed - {path.name for path in ROOT.iterdir()} == set()


def test_what_tools_make_is_ignored() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"__pycache__/", "/build/", "*.egg-info/", "/.venv/", "/data/snapshots/"} <= set(ignored)


def test_the_check_itself() -> None:
    assert unexpected({"cxlib", "scripts", "notes.txt", ".ci", "cxlib.egg-info"}) == {"scripts", "notes.txt"}
