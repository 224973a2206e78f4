"""What makes a notebook a study: its parameters, cells that may not be able to tell, and a run in this process.

A cell that raises `UntoldError` becomes a box that says which data would tell; what it would have made becomes
`Untold`, and whatever is asked of that cannot tell either, for the same reason. So no notebook branches on what is
missing. The same cells run in a kernel, where IPython's hook for syntax trees guards each of them, and in `run`.
"""

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from cxlib.definitions import load_definitions
from cxlib.errors import ConfigError, MeasureError, UntoldError
from cxlib.exhibits.exhibit import MIME, NOTHING, Exhibit, Record, box
from cxlib.finding import Finding
from cxlib.language import Language
from cxlib.nearest import did_you_mean
from cxlib.period import Month
from cxlib.store import build_snapshot, open_snapshot
from cxlib.workbook import Workbook, find_upward

TYPES: Mapping[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}
BEGINNING = Path(__file__).parent / "new_notebook.ipynb"
TYPED = re.compile(r"#\s*type:\s*(\w+)\s*(.*)")


class Untold:
    """Stands for what a cell could not tell; whatever is asked of it raises the same UntoldError."""

    def __init__(self, reason: str) -> None:
        self.__dict__["reason"] = reason

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        error = UntoldError(self.__dict__["reason"])
        error.passed_on = True
        raise error

    __getattr__ = __call__ = __iter__ = __getitem__ = __len__ = __bool__ = __float__ = __int__ = __str__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __contains__ = __and__ = __or__ = __pow__ = __abs__ = __format__ = _refuse

    def __repr__(self) -> str:
        return f"Untold({self.__dict__['reason']!r})"


def not_told(
    error: UntoldError, namespace: dict[str, Any], made: Mapping[str, int], findings: Sequence[str], shows: bool
) -> Exhibit:
    """Return the box of a cell that could not tell, and put `Untold` in place of what it would have made.

    `made` are the names it assigns, with the line where the first statement that does ends: what stood above the
    failing line is kept. `findings` are the ids that it would have said; `shows` tells whether it would have shown
    something: a cell that only makes names says a reason once, where it arises.
    """
    line = error.__traceback__.tb_lineno if error.__traceback__ is not None else 0
    for name, at in made.items():
        if at >= line:
            namespace[name] = Untold(str(error))
    text = "This cannot be told either, for the reason given above." if error.passed_on else str(error)
    book = namespace.get("book")
    said = book.language.text(text) if isinstance(book, Workbook) else text
    shown = NOTHING if error.passed_on and not shows else box(said)
    return Exhibit(shown.html, shown.text, record=lambda: {"untold": str(error), "findings": list(findings)})


GUARD = """
_shown = None
try:
    pass
except __import__("cxlib.errors", fromlist=["errors"]).UntoldError as _error:
    _cx = __import__("cxlib.notebook", fromlist=["notebook"])
    _shown = _cx.not_told(_error, globals(), {made}, {findings}, {shows})
_shown
"""


def guarded(cell: ast.Module) -> ast.Module:
    """Return a cell that shows a box where it cannot tell; what its last line shows is shown as before."""
    if not cell.body:
        return cell
    made: dict[str, int] = {}
    for statement in cell.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                made.setdefault(node.id, statement.end_lineno or node.lineno)
    last = cell.body[-1]
    shows = isinstance(last, ast.Expr)
    guard = ast.parse(GUARD.format(made=made, findings=_findings_of(cell), shows=shows))
    attempt = guard.body[1]
    assert isinstance(attempt, ast.Try)
    if isinstance(last, ast.Expr):
        cell.body[-1] = ast.copy_location(ast.Assign([ast.Name("_shown", ast.Store())], last.value), last)
    attempt.body, cell.body = cell.body, guard.body
    return ast.fix_missing_locations(cell)


def _findings_of(cell: ast.Module) -> list[str]:
    """Return the ids that a cell's calls of `say` name."""
    calls = (node for node in ast.walk(cell) if isinstance(node, ast.Call) and ast.unparse(node.func) == "say")
    arguments = (call.args[1] for call in calls if len(call.args) > 1)
    return [str(one.value) for one in arguments if isinstance(one, ast.Constant)]


class _Guard(ast.NodeTransformer):
    """IPython's hook: every cell after this one is guarded."""

    def visit_Module(self, cell: ast.Module) -> ast.Module:
        return guarded(cell)


def open_workbook(month: str, sources: str = "data/sources.toml", snapshot: str = "", language: str = "en") -> Workbook:
    """Open one month of a company's exports; in a notebook, cells from here on may say that they cannot tell.

    A relative path of `sources` is looked for here and in the folders above; `snapshot` is the folder of one that is
    already there, instead of importing again. Raises ConfigError, SourceError, SnapshotError or PeriodError, as the
    stages before say.

    >>> open_workbook("2026-10").month
    Month(year=2026, month=10)
    """
    try:
        shell = get_ipython()  # type: ignore[name-defined]
    except NameError:
        shell = None
    if shell is not None and not any(isinstance(one, _Guard) for one in shell.ast_transformers):
        shell.ast_transformers.append(_Guard())
    if snapshot:
        path = Path(sources)
        with suppress(ConfigError):  # the sources need not be there, the snapshot is
            path = find_upward(sources)
        opened = replace(open_snapshot(Path(snapshot)), definitions=load_definitions(path))
    else:
        opened = build_snapshot(find_upward(sources))
    return Workbook(opened, Month.parse(month), Language(language))


class Parameter(NamedTuple):
    """One parameter of a notebook: its type by name, its default, what it means."""

    type: str
    default: Any
    meaning: str


def parameters_of(notebook: Path) -> dict[str, Parameter]:
    """Return the parameters of a notebook: the lines `name = default  # type: float what it means`.

    Raises ConfigError if the file is no notebook, no cell is tagged `parameters`, or a line has no type that is known.
    """
    tagged = [cell for cell in _code_cells(notebook) if "parameters" in cell["metadata"].get("tags", [])]
    if not tagged:
        raise ConfigError(
            f"{notebook.name} has no parameters; tag one cell `parameters` and write in it "
            '`month = "2026-10"  # type: str the month reported`'
        )
    found: dict[str, Parameter] = {}
    for line in "".join(tagged[0]["source"]).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, _, rest = line.partition("=")
        default, typed = rest.partition("  #")[0].strip(), TYPED.search(line)
        if typed is None or typed[1] not in TYPES:
            raise ConfigError(
                f'{notebook.name}: parameter "{name.strip()}" has no type; write `{name.strip()} = {default}  '
                f"# type: str …` with one of {', '.join(TYPES)}"
            )
        found[name.strip()] = Parameter(typed[1], ast.literal_eval(default), typed[2].strip())
    return found


def check_parameters(notebook: Path, given: Mapping[str, object]) -> None:
    """Raise ConfigError for a parameter that the notebook does not have, or that is of another type."""
    known = parameters_of(notebook)
    for name in given:
        _known(notebook, known, name)
    for name, parameter in known.items():
        value = given.get(name, parameter.default)
        fits = isinstance(value, TYPES[parameter.type]) and (parameter.type == "bool" or not isinstance(value, bool))
        if not fits:
            raise ConfigError(
                f'{notebook.name}: parameter "{name}" must be {parameter.type}, but {value!r} is {type(value).__name__}'
            )


def read_parameter(notebook: Path, written: str) -> tuple[str, object]:
    """Return name and value of a parameter as a command line gives it: "discount=0.08".

    Raises ConfigError if it is not `name=value`, there is no such parameter, or the value is not of its type.
    """
    name, sign, value = written.partition("=")
    if not sign:
        raise ConfigError(f'"{written}" is not name=value, such as discount=0.08')
    kind = _known(notebook, parameters_of(notebook), name).type
    try:
        return name, value if kind == "str" else READ[kind](value)
    except (ValueError, KeyError):
        raise ConfigError(f'{notebook.name}: parameter "{name}" must be {kind}, but it is "{value}"') from None


def _known(notebook: Path, known: Mapping[str, Parameter], name: str) -> Parameter:
    if name not in known:
        raise ConfigError(f'{notebook.name}: there is no parameter "{name}"{did_you_mean(name, known)}')
    return known[name]


READ: Mapping[str, Any] = {"int": int, "float": float, "bool": {"true": True, "false": False}.__getitem__}


@dataclass(frozen=True)
class Study:
    """What a notebook said and showed on one company."""

    name: str
    findings: Mapping[str, Finding]
    """By id, in order."""
    exhibits: Mapping[str, Exhibit]
    """By name, each with its numbers at `.frame`; nothing is drawn yet."""
    records: tuple[Record, ...]
    """The same as plain values, as the published run records them."""
    names: Mapping[str, Any]
    """The notebook's names at its end."""

    @property
    def untold(self) -> tuple[str, ...]:
        """Why cells could not tell, once each."""
        return tuple(dict.fromkeys(str(one["untold"]) for one in self.records if "untold" in one))

    def finding(self, id: str) -> Finding:
        """Return what was said; of a finding whose cell could not tell, a verdict that says so.

        MeasureError names the nearest where the notebook says nothing of that id.
        """
        if id in self.findings:
            return self.findings[id]
        for record in self.records:
            if id in record.get("findings", ()):
                return Finding(id, "", verdict="cannot-tell", needed=str(record["untold"]))
        raise MeasureError(f'{self.name} has no finding "{id}"{did_you_mean(id, self.findings)}')


def run(notebook: Path | str, book: Workbook, **parameters: object) -> Study:
    """Run the cells of a notebook in this process on a workbook that is open already; nothing is drawn.

    `book` stands for what `open_workbook` would open, the parameters for the defaults of the parameters cell;
    ConfigError if the notebook does not have one, or it is of another type.

    >>> run(notebooks / "word_of_mouth.ipynb", book).finding("told-people-mean").verdict
    'not-supported'
    """
    path = Path(notebook)
    check_parameters(path, parameters)
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[Exhibit] = []
    for cell in _code_cells(path):
        tree = guarded(_OnBook().visit(ast.parse("".join(cell["source"]), path.name)))
        exec(compile(tree, path.name, "exec"), names)
        if "parameters" in cell["metadata"].get("tags", []):
            names |= {"month": str(book.month), "language": book.language.code, **parameters, "_book": book}
        if isinstance(last := names.pop("_shown", None), Exhibit):
            shown += last.parts
    return Study(
        path.stem,
        {one.finding.id: one.finding for one in shown if one.finding is not None},
        {one.name: one for one in shown if one.name},
        tuple(record for one in shown for record in one.records),
        names,
    )


def records_in(executed: Mapping[str, Any]) -> list[Record]:
    """Return what an executed notebook recorded of what it said and showed, in order."""
    outputs = (output for cell in executed["cells"] for output in cell.get("outputs", ()))
    return [record for output in outputs for record in output.get("data", {}).get(MIME, {}).get("shown", ())]


def said(book: Workbook, names: Iterable[str], folder: str = "") -> list[Record]:
    """Return what notebooks recorded: from the pages in a publication's folder, or by running them now."""
    if not folder:
        return [record for name in names for record in run(notebook_named(name), book).records]
    return [record for name in names for record in published(book, name, Path(folder)) or ()]


def published(book: Workbook, name: str, folder: Path) -> list[Record] | None:
    """Return what a page in a publication's folder says of the book's month; None if it is not of its snapshot."""
    path = folder / f"{name}.json"
    page = json.loads(path.read_text("utf-8")) if path.exists() else {}
    same = (page.get("month"), page.get("snapshot")) == (str(book.month), book.snapshot.id)
    return page["shown"] if same else None


def notebook_named(name: str) -> Path:
    """Return a notebook of the project by its name; ConfigError names the nearest where there is none."""
    here = Path.cwd()
    folders = [folder / "notebooks" for folder in (here, *here.parents) if (folder / "notebooks").is_dir()]
    if not folders:
        raise ConfigError(f"there is no folder notebooks in {here.name} nor above; run from the project's folder")
    path = folders[0] / f"{name}.ipynb"
    if not path.is_file():
        known = [other.stem for other in folders[0].glob("*.ipynb")]
        raise ConfigError(f'there is no notebook "{name}"{did_you_mean(name, known)}')
    return path


def new_notebook(path: Path, title: str) -> None:
    """Write the beginning of a notebook: title, parameters, set-up, the answer, how it was made.

    Raises ConfigError if the file is there already.
    """
    if path.exists():
        raise ConfigError(f"{path} is there already; choose another name")
    begun = json.loads(BEGINNING.read_text("utf-8"))
    begun["cells"][0]["source"][0] = f"# {title}\n"
    # written here and not with nbformat, whose import every kernel would wait for
    path.write_text(json.dumps(begun, indent=1, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")


class _OnBook(ast.NodeTransformer):
    """Puts the workbook that is open already in place of opening one."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "open_workbook":
            return ast.copy_location(ast.Name("_book", ast.Load()), node)
        return self.generic_visit(node)


def _code_cells(notebook: Path) -> list[dict[str, Any]]:
    try:
        cells = json.loads(notebook.read_text("utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{notebook.name} cannot be read as a notebook: {error}") from error
    return [cell for cell in cells if cell["cell_type"] == "code"]
