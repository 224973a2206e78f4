"""A notebook chooses, orders and explains; the library computes, formats and draws."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlib.studies import STUDIES
from house.notebook_rules import blocks, violations

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_keeps_the_rules(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert violations(notebook) == []


def test_no_lines_are_used_in_two_notebooks() -> None:
    seen: dict[str, str] = {}
    found = []
    for path in NOTEBOOKS:
        for cell in nbformat.read(path, as_version=4).cells[3:]:
            for block in blocks(cell) if cell.cell_type == "code" else ():
                if seen.setdefault(block, path.name) != path.name:
                    found.append(f"{path.name} and {seen[block]} share “{block}”: make it one function of cxlib")
    assert found == []


def test_a_finding_has_one_address_over_all_studies() -> None:
    homes: dict[str, str] = {}
    for path in (path for path in NOTEBOOKS if path.stem in STUDIES):
        source = "\n".join(cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code")
        ids = re.findall(r'\bsay\(\s*book,\s*f?"([^"]+)"', source)
        assert len(ids) == source.count("say(") > 3, path.stem
        for id in ids:
            assert homes.setdefault(id, path.stem) == path.stem, f"{id} is said by {homes[id]} and {path.stem}"
        assert len(ids) == len(set(ids)), path.stem


GOOD_PARAMETERS = """month = ""  # type: str month of the report, as 2026-10
sources = "data/sources.toml"  # type: str where the exports are described
snapshot = ""  # type: str folder of a snapshot
language = "en"  # type: str language of the report"""
SET_UP = "from cxlib import open_workbook\n\nbook = open_workbook(month, sources, snapshot, language)"


def good_notebook() -> NotebookNode:
    """Return a small notebook that keeps every rule."""
    parameters = new_code_cell(GOOD_PARAMETERS, metadata={"tags": ["parameters"]})
    return new_notebook(
        cells=[
            new_markdown_cell("# Did customers wait longer?\n\nFor the head of support."),
            parameters,
            new_code_cell(SET_UP),
            new_markdown_cell("## The answer\n\nAnswered on a scale from 0 to 10; `n = 5 days` is code."),
            new_code_cell('book.say("csat")\nbook.tile("csat")'),
        ]
    )


def with_code(*sources: str) -> NotebookNode:
    notebook = good_notebook()
    notebook.cells += [new_code_cell(source) for source in sources]
    return notebook


def with_prose(source: str) -> NotebookNode:
    notebook = good_notebook()
    notebook.cells.append(new_markdown_cell(source))
    return notebook


def with_parameters(source: str) -> NotebookNode:
    notebook = good_notebook()
    notebook.cells[1].source = source
    return notebook


def test_a_good_notebook_passes() -> None:
    assert violations(good_notebook()) == []


def test_looking_at_groups_is_what_an_analyst_does() -> None:
    assert violations(with_code('t.groupby("region").mean()', "[f(one) for one in t if one > 1]")) == []


@pytest.mark.parametrize(
    ("notebook", "message"),
    [
        (with_code("\n".join(f"a{i} = {i}" for i in range(13))), "cell 6 has 13 lines, more than 12: move the work"),
        (with_code("def f():\n    return 1"), "cell 6 has a def: it belongs in cxlib/studies or cxlib/exhibits"),
        (with_code("f = lambda x: x"), "cell 6 has a lambda"),
        (with_code("if missing:\n    f()"), "cell 6 has a `if`: a function in cxlib/studies decides it"),
        (with_code("for a in b:\n    f(a)"), "cell 6 has a `for`"),
        (with_code('book.frame("SELECT 1 AS one FROM tickets")'), "cell 6 has SQL"),
        (with_code('say(book, "x", "It takes 5 days to answer.")'), "“5 days” typed in prose"),
        (with_code("%matplotlib inline"), "cell 6 is not plain Python"),
        (with_code("!ls"), "belongs in the Makefile"),
        (with_code("import pandas as pd"), "cell 6 imports: put it in the set-up"),
        (with_code("a = f(1)\nb = g(a)", "a=f( 1 )\nb = g(a)"), "cell 7 repeats lines of cell 6 (“a = f(1)…”)"),
        (with_code("f(\n    1,\n)", "f(1,\n)"), "cell 7 repeats lines of cell 6"),
        (with_prose("It rose by 3 % since May."), "cell 6 has “3 %” typed in prose: say it with a placeholder"),
        (with_prose("Replies took 12.5 hours."), "“12.5 hours”"),
        (with_prose("It cost €1,200."), "“€1” typed in prose"),
        (with_prose("A 30-day window."), "“30-day”"),
        (with_prose("# Another title"), "cell 6 has a second level-one heading: use ## for a section"),
        (with_parameters('month = ""  # type: str month'), "language, snapshot, sources missing"),
        (with_parameters(GOOD_PARAMETERS + "\nx = 1"), "“x = 1” lacks its comment: name = default  # type: str"),
        (with_parameters(GOOD_PARAMETERS + "\nx = 1  # type: int"), "“x = 1  # type: int” lacks its comment"),
        (with_parameters(GOOD_PARAMETERS + "\nprint(1)"), "“print(1)” is not `name = default`"),
        (with_parameters(GOOD_PARAMETERS + "\nx = f()  # type: int a number"), "is not `name = default`"),
    ],
)
def test_a_bad_cell_is_found_and_told_where_to_go(notebook: NotebookNode, message: str) -> None:
    found = violations(notebook)
    assert len(found) == 1, found
    assert message in found[0]


def test_parameters_stand_second_and_alone() -> None:
    notebook = good_notebook()
    notebook.cells[2], notebook.cells[1] = notebook.cells[1], notebook.cells[2]
    assert "the second cell, and no other, carries the tag parameters" in "\n".join(violations(notebook))
    notebook = good_notebook()
    notebook.cells[4].metadata["tags"] = ["parameters"]
    assert violations(notebook)[0].startswith("the second cell, and no other")


def test_a_long_set_up_is_found() -> None:
    notebook = good_notebook()
    notebook.cells[2].source = "\n".join(f"a{i} = {i}" for i in range(6))
    assert violations(notebook) == [
        "the set-up has more than 5 lines: what it does beyond open_workbook belongs in cxlib"
    ]


def test_outputs_are_found() -> None:
    notebook = good_notebook()
    notebook.cells[4].outputs = [new_output("stream", text="1")]
    notebook.cells[2].execution_count = 3
    notebook.metadata["papermill"] = {}
    assert [found[:22] for found in violations(notebook)] == [
        "cell 3 has outputs: cl",
        "cell 5 has outputs: cl",
        "the notebook is an exe",
    ]


@pytest.mark.parametrize("source", ["No heading.", "## Too low", "# One\n\n# Two", "Text first\n\n# Title"])
def test_a_missing_title_is_found(source: str) -> None:
    notebook = good_notebook()
    notebook.cells[0].source = source
    assert violations(notebook) == [
        "the first cell opens with the title, a question, as the one level-one heading (# …)"
    ]


def test_a_hash_inside_code_is_no_heading() -> None:
    assert violations(with_prose("## Install\n\n```\n# a comment\nwait 5 days\n```")) == []
