"""The rules of a notebook. Each takes one and says what breaks it, and where that should go."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from nbformat import NotebookNode

LONGEST_CELL = 12
LONGEST_SET_UP = 5
PARAMETERS = {"month", "sources", "snapshot", "language"}
TYPED = re.compile(r"#\s*type:\s*[A-Za-z]\S*\s+\S+")
SQL = re.compile(r"\bSELECT\s.*\bFROM\b", re.DOTALL)
HEADING = re.compile(r"^(#{1,6})\s", re.MULTILINE)
NOT_PROSE = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|<[^>]*>", re.DOTALL)
UNITS = (
    "%|‰|€|\\$|£|₺|percent(age)?|per cent|points?|EUR|USD|TRY|GBP|thousand|million|"
    "seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|"
    "tickets?|customers?|accounts?|users?|people|agents?|answers?|responses?|replies|surveys?|subscriptions?|orders?"
)
NUMBER_WITH_UNIT = re.compile(rf"(?:[€$£₺]\s?\d|\b\d[\d.,\u00a0\u202f ]*[- ]?(?:{UNITS})(?!\w))", re.IGNORECASE)

Rule = Callable[[NotebookNode], Iterator[str]]


def code_cells(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode]]:
    """Return (place, cell) of the code cells, counted from 1 over all cells."""
    return ((place, cell) for place, cell in enumerate(notebook.cells, 1) if cell.cell_type == "code")


def lines_of(cell: NotebookNode) -> list[str]:
    return [line for line in cell.source.splitlines() if line.strip()]


def is_parameters(cell: NotebookNode) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def parsed(cell: NotebookNode) -> ast.Module:
    """Return the syntax tree of a cell; an empty one where it is not plain Python, which `plain_python` reports."""
    try:
        return ast.parse(cell.source)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])


def plain_python(notebook: NotebookNode) -> Iterator[str]:
    for place, cell in code_cells(notebook):
        try:
            ast.parse(cell.source)
        except SyntaxError as error:
            yield f"cell {place} is not plain Python ({error.msg}): a shell command or magic belongs in the Makefile"


def short_cells(notebook: NotebookNode) -> Iterator[str]:
    for place, cell in code_cells(notebook):
        if len(lines_of(cell)) > LONGEST_CELL and not is_parameters(cell):
            yield (
                f"cell {place} has {len(lines_of(cell))} lines, more than {LONGEST_CELL}: "
                "move the work into a function of cxlib/studies or cxlib/exhibits, with a test"
            )


def no_definitions(notebook: NotebookNode) -> Iterator[str]:
    kinds = {ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def", ast.ClassDef: "class", ast.Lambda: "lambda"}
    for place, cell in code_cells(notebook):
        for node in ast.walk(parsed(cell)):
            if type(node) in kinds:
                kind = kinds[type(node)]
                yield f"cell {place} has a {kind}: it belongs in cxlib/studies or cxlib/exhibits, with a test"


def no_branches(notebook: NotebookNode) -> Iterator[str]:
    """A notebook chooses by its parameters; what depends on the data is decided by a function."""
    kinds = {ast.If: "if", ast.For: "for", ast.While: "while", ast.Try: "try", ast.With: "with", ast.Match: "match"}
    for place, cell in code_cells(notebook):
        for node in ast.walk(parsed(cell)):
            if type(node) in kinds:
                yield (
                    f"cell {place} has a `{kinds[type(node)]}`: a function in cxlib/studies decides it, and says "
                    "untold(…) where data are missing; comprehensions are welcome"
                )


def texts(cell: NotebookNode) -> Iterator[str]:
    """Return the literal texts in a code cell."""
    for node in ast.walk(parsed(cell)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def no_sql(notebook: NotebookNode) -> Iterator[str]:
    for place, cell in code_cells(notebook):
        if any(SQL.search(text) for text in texts(cell)):
            yield f"cell {place} has SQL: it belongs in cxlib/facts, or in the module of the study"


def blocks(cell: NotebookNode) -> Iterator[str]:
    """Return what counts as lines that can be used twice: neighbouring statements, or one of several lines."""
    body = parsed(cell).body
    for first, second in pairwise(body):
        yield f"{ast.unparse(first)}\n{ast.unparse(second)}"
    for node in body:
        if node.end_lineno and node.end_lineno > node.lineno:
            yield ast.unparse(node)


def no_second_use(notebook: NotebookNode) -> Iterator[str]:
    seen: dict[str, int] = {}
    for place, cell in code_cells(notebook):
        for block in set(blocks(cell)):
            if block in seen and seen[block] != place:
                start = block.splitlines()[0]
                yield f"cell {place} repeats lines of cell {seen[block]} (“{start}…”): make them one function of cxlib"
            seen.setdefault(block, place)


def no_typed_numbers(notebook: NotebookNode) -> Iterator[str]:
    for place, cell in enumerate(notebook.cells, 1):
        prose = [cell.source] if cell.cell_type == "markdown" else [] if is_parameters(cell) else texts(cell)
        for match in (match for text in prose for match in NUMBER_WITH_UNIT.finditer(NOT_PROSE.sub(" ", text))):
            yield (
                f"cell {place} has “{match[0].strip()}” typed in prose: "
                "say it with a placeholder, from an Estimate or a parameter"
            )


def one_parameters_cell(notebook: NotebookNode) -> Iterator[str]:
    cells = [(place, cell) for place, cell in code_cells(notebook) if is_parameters(cell)]
    if [place for place, _ in cells] != [2]:
        yield "the second cell, and no other, carries the tag parameters: title, parameters, set-up, then the answer"
        return
    cell = cells[0][1]
    names = set()
    for line in lines_of(cell):
        statement = ast.parse(line).body
        if len(statement) != 1 or not isinstance(statement[0], ast.Assign) or not is_default(statement[0]):
            yield f"parameters: “{line}” is not `name = default`: other work belongs in the set-up cell"
            continue
        names.add(ast.unparse(statement[0].targets[0]))
        if not TYPED.search(line):
            yield f"parameters: “{line}” lacks its comment: name = default  # type: str what it means"
    if PARAMETERS - names:
        yield f"parameters: {', '.join(sorted(PARAMETERS - names))} missing; every report is given them"


def is_default(node: ast.Assign) -> bool:
    """Return whether the assignment gives one name a plain value."""
    try:
        ast.literal_eval(node.value)
    except ValueError:
        return False
    return len(node.targets) == 1 and isinstance(node.targets[0], ast.Name)


def short_set_up(notebook: NotebookNode) -> Iterator[str]:
    if len(notebook.cells) < 3 or notebook.cells[2].cell_type != "code":
        yield "the third cell is the set-up: imports from cxlib, and open_workbook"
    elif len(lines_of(notebook.cells[2])) > LONGEST_SET_UP:
        yield f"the set-up has more than {LONGEST_SET_UP} lines: what it does beyond open_workbook belongs in cxlib"
    for place, cell in list(code_cells(notebook)):
        imports = [node for node in ast.walk(parsed(cell)) if isinstance(node, ast.Import | ast.ImportFrom)]
        if imports and place != 3:
            yield f"cell {place} imports: put it in the set-up, the third cell"


def no_outputs(notebook: NotebookNode) -> Iterator[str]:
    for place, cell in code_cells(notebook):
        if cell.outputs or cell.execution_count is not None:
            yield f"cell {place} has outputs: clear them before committing (Edit, Clear Outputs of All Cells)"
    if "papermill" in notebook.metadata:
        yield "the notebook is an executed copy: commit the one in notebooks/ that it was made from"


def one_title(notebook: NotebookNode) -> Iterator[str]:
    first, *others = notebook.cells
    if first.cell_type != "markdown" or not first.source.startswith("# ") or headings(first).count("#") != 1:
        yield "the first cell opens with the title, a question, as the one level-one heading (# …)"
    for place, cell in enumerate(others, 2):
        if cell.cell_type == "markdown" and "#" in headings(cell):
            yield f"cell {place} has a second level-one heading: use ## for a section"


def headings(cell: NotebookNode) -> list[str]:
    """Return the marks of a cell's headings, such as ["#", "##"]; a # inside code is none."""
    return HEADING.findall(re.sub(r"```.*?```", "", cell.source, flags=re.DOTALL))


RULES: tuple[Rule, ...] = (
    plain_python,
    short_cells,
    no_definitions,
    no_branches,
    no_sql,
    no_second_use,
    no_typed_numbers,
    one_parameters_cell,
    short_set_up,
    no_outputs,
    one_title,
)


def violations(notebook: NotebookNode) -> list[str]:
    return [found for rule in RULES for found in rule(notebook)]
