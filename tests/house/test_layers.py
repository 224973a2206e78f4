"""The flow has one direction: a module imports only from modules above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ORDER = (
    "errors",
    "nearest",
    "toml",
    "files",
    "period",
    "tables",
    "definitions",
    "sources",
    "store",
    "facts",
    "engine",
    "language",
    "coverage",
    "estimate",
    "finding",
    "change",
    "metrics",
    "workbook",
    "models",
    "studies",
    "claims",
    "actions",
    "exhibits",
    "notebook",
    "report",
    "cli",
    "__main__",
)
TESTS = {path.stem for path in (ROOT / "tests").iterdir() if path.is_dir() or path.suffix == ".py"}
MAY_IMPORT_DUCKDB = {"sources", "store", "engine"}
NAMES_OF_THE_PACKAGE = {"__version__"}


def imports(source: str) -> Iterator[tuple[int, str]]:
    """Return (line, dotted name) of every import, also those inside functions and `if TYPE_CHECKING`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{module}.{name.name}") for name in node.names)


def layer_of(path: str) -> str:
    """Return the layer of a file, given relative to the package; empty for `__init__.py` at its top."""
    top = path.split("/")[0].removesuffix(".py")
    return "" if top == "__init__" else top


def wrong_import(layer: str, name: str) -> str:
    """Return what is wrong with importing `name` (such as "cxlib.store.Snapshot") in a layer, or nothing."""
    head, _, rest = name.partition(".")
    if not head:
        return f"imports {name} relatively; write the whole name, from cxlib on"
    if head == "duckdb" and layer not in MAY_IMPORT_DUCKDB:
        return f"imports duckdb, which only {', '.join(sorted(MAY_IMPORT_DUCKDB))} may; ask the engine instead"
    if head in TESTS:
        return f"imports {head}, which lies in tests/; the package must run without them"
    if head != "cxlib" or not layer or rest in NAMES_OF_THE_PACKAGE:
        return ""
    wanted = rest.split(".")[0]
    if wanted not in ORDER:
        return f"imports {name}; import the module that defines it, not the package's front door (__version__ apart)"
    if wanted != layer and ORDER.index(wanted) >= ORDER.index(layer):
        return f"imports {wanted}, which lies below {layer}; move what both need up, or pass it in as an argument"
    return ""


def violations(files: dict[str, str]) -> list[str]:
    """Return one line for each wrong import in files given as {path in the package: source}."""
    found = []
    for path, source in sorted(files.items()):
        layer = layer_of(path)
        if layer and layer not in ORDER:
            found.append(f"cxlib/{path}: no place in ORDER yet; add {layer} to it where it belongs in the flow")
            continue
        reasons = ((line, wrong_import(layer, name)) for line, name in imports(source))
        found += [f"cxlib/{path}:{line} {reason}" for line, reason in reasons if reason]
    return found


def test_every_import_follows_the_flow() -> None:
    package = ROOT / "cxlib"
    files = {path.relative_to(package).as_posix(): path.read_text("utf-8") for path in package.rglob("*.py")}
    assert files
    assert violations(files) == []


@pytest.mark.parametrize(
    ("path", "source", "message"),
    [
        ("estimate.py", "from cxlib.store import Snapshot", ""),
        ("metrics/a.py", "from cxlib.metrics.b import B", ""),
        ("__init__.py", "from cxlib.report.run import run", ""),
        ("store.py", "from cxlib import __version__", ""),
        ("engine.py", "import duckdb", ""),
        ("store.py", "from cxlib.report.run import run", "imports report, which lies below store"),
        ("store.py", "def f():\n    from cxlib import metrics", "store.py:2 imports metrics, which lies below store"),
        ("store.py", "import cxlib.cli", "imports cli, which lies below store"),
        ("store.py", "from cxlib import open_workbook", "not the package's front door"),
        ("store.py", "from . import period", "imports ..period relatively"),
        ("metrics/a.py", "import duckdb", "imports duckdb, which only engine, sources, store may"),
        ("metrics/a.py", "from duckdb import connect", "imports duckdb"),
        ("store.py", "from company.world import World", "imports company, which lies in tests/"),
        ("cli.py", "import calibrate.run", "imports calibrate, which lies in tests/"),
        ("helpers.py", "", "add helpers to it"),
    ],
)
def test_the_check_itself(path: str, source: str, message: str) -> None:
    found = violations({path: source})
    assert len(found) == bool(message)
    assert message in "".join(found)
