"""What the code imports, pyproject.toml names: nothing is borrowed from another package's dependencies."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
TESTS = {path.stem for path in (ROOT / "tests").iterdir() if path.is_dir() or path.suffix == ".py"}
OWN = {"cxlib", "__future__", *TESTS, *sys.stdlib_module_names}


def imported(source: str) -> set[str]:
    """Return the top-level modules that a source imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def unnamed(source: str, named: set[str], distributions: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the third-party modules of a source that no named package brings."""
    return sorted(
        module
        for module in imported(source) - OWN
        if not named & {canonicalize_name(name) for name in distributions.get(module, ())}
    )


@pytest.fixture(scope="module")
def groups() -> dict[str, set[str]]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    run = {canonicalize_name(Requirement(text).name) for text in project["dependencies"]}
    dev = {canonicalize_name(Requirement(text).name) for text in project["optional-dependencies"]["dev"]}
    return {"cxlib": run, "tests": run | dev}


@pytest.mark.parametrize("folder", ["cxlib", "tests"])
def test_every_import_is_named_in_pyproject(folder: str, groups: dict[str, set[str]]) -> None:
    distributions = packages_distributions()
    found = [
        f"{path.relative_to(ROOT)} imports {module}: add it to pyproject.toml, then `make lock`"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for module in unnamed(path.read_text("utf-8"), groups[folder], distributions)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import os, json\nfrom cxlib.period import Month", []),
        ("import a.b", []),
        ("from B import c", []),
        ("def f():\n    import stranger", ["stranger"]),
        ("from d import e", ["d"]),
    ],
)
def test_the_check_itself(source: str, expected: list[str]) -> None:
    distributions = {"a": ["pkg-a"], "B": ["Pkg.B"], "d": ["pkg-d"]}
    assert unnamed(source, {"pkg-a", "pkg-b"}, distributions) == expected
