"""The package stays small, and no sentence for readers stands in its models and studies."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "cxlib"

MOST_LINES = 18054
"""Lines of Python and SQL in cxlib. It may only fall; a new capability raises it in its own commit, which says by how
much and why."""

SAYS_WHY = {"untold", "UntoldError"}
"""Calls whose text is the reason that a reader sees where data are missing."""


def lines_of(package: Path) -> int:
    return sum(
        len(path.read_text("utf-8").splitlines()) for kind in ("py", "sql") for path in package.rglob(f"*.{kind}")
    )


def test_the_package_does_not_grow() -> None:
    assert lines_of(PACKAGE) <= MOST_LINES


def test_the_mark_follows_what_was_won() -> None:
    assert lines_of(PACKAGE) >= MOST_LINES - 100, "it became smaller: lower MOST_LINES to what it is now"


def sentences(source: str) -> Iterator[tuple[int, str]]:
    """Return (line, text) of texts of four words and more, docstrings, SQL, errors and what would tell left out."""
    tree = ast.parse(source)
    excused: set[int] = set()
    named = {
        target.id: node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            excused.add(id(node.value))
        if isinstance(node, ast.Raise) and node.exc is not None:
            excused |= {id(part) for part in ast.walk(node.exc)}
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in SAYS_WHY:
            given = [named.get(one.id, one) if isinstance(one, ast.Name) else one for one in node.args]
            excused |= {id(part) for one in given for part in ast.walk(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in excused:
            text = node.value
            is_sql = re.search(r"\b(SELECT|FROM|WHERE|JOIN|CASE|OVER|INTERVAL|IS NOT NULL|AND|AS|GROUP BY)\b", text)
            if not is_sql and "would tell" not in text and re.search(r"[A-Za-z]+( [A-Za-z]+[,;:]?){3,}", text):
                yield node.lineno, text


METHOD = re.compile(r"^[A-Za-z0-9–\- ,;()']+$")
"""Names of methods, such as "delta method on the log scale": no sentence, for it does not end as one."""


@pytest.mark.parametrize("folder", ["studies", "models"])
def test_no_sentence_for_readers_is_in_it(folder: str) -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {text}"
        for path in sorted((PACKAGE / folder).rglob("*.py"))
        for line, text in sentences(path.read_text("utf-8"))
        if not METHOD.match(text) or (text[0].isupper() and text.endswith("."))
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('SAID = "Customers leave after a bad experience."', 1),
        ('"""A docstring of four words."""', 0),
        ('untold("An export of costs would tell.", x)', 0),
        ('NEEDED = "An export of costs would tell."\nuntold(NEEDED, x)', 0),
        ('raise ValueError(f"there are too few {x} rows")', 0),
        ('SQL = "SELECT a, b AS c FROM tickets WHERE d"', 0),
        ('f(method="delta method")', 0),
    ],
)
def test_the_check_itself(source: str, count: int) -> None:
    assert len(list(sentences(source))) == count
