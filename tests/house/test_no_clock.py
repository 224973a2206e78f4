"""The same data, code and parameters give the same page: no clock, no locale, no hidden chance."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime", "ctime", "fromtimestamp"}
CLOCK_OWNERS = {"datetime", "date", "time", "pd", "pandas", "Timestamp"}
PROGRESS = {"time.perf_counter", "time.monotonic", "time.sleep"}
BANNED_MODULES = {
    "getpass": "who runs it",
    "locale": "the locale",
    "random": "global random state",
    "secrets": "chance",
}
OWN_GENERATORS = {"default_rng", "Generator", "SeedSequence", "PCG64", "BitGenerator"}


def dotted(node: ast.expr) -> str:
    """Return "a.b.c" for a name with attributes, or nothing for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def clock_or_chance(name: str, has_arguments: bool) -> str:
    """Return what calling `name` would read besides its arguments, or nothing."""
    owner, _, last = name.rpartition(".")
    if last in CLOCKS and owner.rpartition(".")[2] in CLOCK_OWNERS:
        return "" if last in {"fromtimestamp", "gmtime"} and has_arguments else "the clock; take as_of as an argument"
    if last == "default_rng" and not has_arguments:
        return "chance without a seed; take a seed or a Generator as an argument"
    if ".random." in f".{name}" and last not in OWN_GENERATORS and owner in {"np.random", "numpy.random"}:
        return "numpy's global random state; take a Generator as an argument"
    if name in {"uuid.uuid1", "uuid.uuid4", "os.urandom"}:
        return "chance; make the identifier from the content"
    return ""


def violations(source: str, progress_allowed: bool = False) -> Iterator[str]:
    """Return one line for each place that reads the clock, the locale or chance."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            reason = clock_or_chance(dotted(node.func), bool(node.args or node.keywords))
            if reason:
                yield f"line {node.lineno}: {dotted(node.func)} reads {reason}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from banned_imports(node, progress_allowed)


def banned_imports(node: ast.Import | ast.ImportFrom, progress_allowed: bool) -> Iterator[str]:
    """Return one line for each module or name that should not be imported."""
    module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
    for alias in node.names:
        name = f"{module}.{alias.name}" if module else alias.name
        top = name.split(".")[0]
        if top in BANNED_MODULES:
            yield f"line {node.lineno}: {top} brings in {BANNED_MODULES[top]}"
        elif top == "time" and not progress_allowed:
            yield f"line {node.lineno}: time belongs only to the progress of report/"
        elif module == "time" and name not in PROGRESS:
            yield f"line {node.lineno}: {name} reads the clock; take as_of as an argument"


@pytest.mark.parametrize("folder", ["cxlib", "tests/company"])
def test_no_module_reads_the_clock_the_locale_or_chance(folder: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}: {violation}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for violation in violations(path.read_text("utf-8"), progress_allowed="report" in path.parts)
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "datetime.now()",
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "pd.Timestamp.now()",
        "pd.Timestamp.today()",
        "time.time()",
        "time.localtime()",
        "import locale",
        "import random",
        "from random import choice",
        "from time import time",
        "import time",
        "np.random.seed(1)",
        "np.random.normal(size=3)",
        "numpy.random.choice([1])",
        "np.random.default_rng()",
        "default_rng()",
        "uuid.uuid4()",
    ],
)
def test_what_depends_on_the_moment_is_found(source: str) -> None:
    assert len(list(violations(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        "np.random.default_rng(seed)",
        "rng.random(3)",
        "np.random.Generator(np.random.PCG64(seed))",
        "datetime.fromtimestamp(0, UTC)",
        "scipy.stats.norm.ppf(0.975)",
        "table.now",
        "f(time_zone)",
    ],
)
def test_what_does_not_is_let_pass(source: str) -> None:
    assert list(violations(source)) == []


def test_progress_may_measure_seconds_in_report_only() -> None:
    source = "import time\ntime.perf_counter()"
    assert list(violations(source, progress_allowed=True)) == []
    assert list(violations(source)) == ["line 1: time belongs only to the progress of report/"]
    assert list(violations("from time import time", progress_allowed=True)) == [
        "line 1: time.time reads the clock; take as_of as an argument"
    ]
