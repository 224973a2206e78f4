"""What will be run: one task per report, with its parameters checked before anything starts."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from papermill.inspection import inspect_notebook

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean
from cxlib.period import Month
from cxlib.report.settings import ReportSettings, Value

if TYPE_CHECKING:  # workers do without what a snapshot loads
    from cxlib.store import Snapshot

TYPES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (float, int), "bool": (bool,)}


@dataclass(frozen=True)
class Edition:
    """What all pages of one publication have in common."""

    month: Month
    language: str
    company: str
    time_zone: str
    as_of: datetime
    """When the exports were made, UTC without offset."""
    snapshot: str
    versions: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Task:
    """One report to make."""

    name: str
    title: str
    notebook: Path
    notebook_sha256: str
    parameters: tuple[tuple[str, Value], ...]
    pdf: bool
    minutes: float
    edition: Edition


def plan(reports: Sequence[ReportSettings], edition: Edition, snapshot: Snapshot, sources: Path) -> tuple[Task, ...]:
    """Return one task per report, in order.

    Raises
    ------
    ConfigError
        If a notebook does not know a parameter, or its type is another.
    """
    shared: dict[str, Value] = {
        "month": str(edition.month),
        "sources": str(sources.resolve()),
        "snapshot": str(snapshot.folder.resolve()),
        "language": edition.language,
    }
    return tuple(_task(report, {**report.parameters, **shared}, edition) for report in reports)


def _task(report: ReportSettings, parameters: Mapping[str, Value], edition: Edition) -> Task:
    check_parameters(report.notebook, parameters)
    return Task(
        name=report.name,
        title=report.title,
        notebook=report.notebook.resolve(),
        notebook_sha256=hashlib.sha256(report.notebook.read_bytes()).hexdigest(),
        parameters=tuple(sorted(parameters.items())),
        pdf="pdf" in report.formats,
        minutes=report.minutes,
        edition=edition,
    )


def check_parameters(notebook: Path, parameters: Mapping[str, Value]) -> None:
    """Refuse a parameter that the notebook does not have or that is of another type.

    Raises
    ------
    ConfigError
        Naming the notebook, the parameter and the nearest right name or the type.
    """
    known = _inspected(notebook)
    for name in parameters:
        if name not in known:
            raise ConfigError(f'{notebook.name}: there is no parameter "{name}"{did_you_mean(name, known)}')
    for name, (kind, default) in known.items():
        if kind not in TYPES:
            raise ConfigError(
                f'{notebook.name}: parameter "{name}" has no type; write `{name} = {default}  # type: str …` '
                f"with one of {', '.join(TYPES)}"
            )
        value: object = parameters[name] if name in parameters else _literal(default)
        if not _fits(value, kind):
            raise ConfigError(
                f'{notebook.name}: parameter "{name}" must be {kind}, but {value!r} is {type(value).__name__}'
            )


def _fits(value: object, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))


def _literal(source: str) -> object:
    try:
        return ast.literal_eval(source)
    except (ValueError, SyntaxError):
        return source


def _inspected(notebook: Path) -> dict[str, tuple[str, str]]:
    """Return name -> (type, default as written) of the parameters cell."""
    try:
        found = inspect_notebook(str(notebook))
    except ValueError as error:  # also JSON that does not parse
        raise ConfigError(f"{notebook.name} cannot be read as a notebook: {error}") from error
    if not found:
        raise ConfigError(
            f"{notebook.name} has no parameters; tag one cell `parameters` and write in it "
            '`month = "2026-10"  # type: str the month reported`'
        )
    return {name: (str(item["inferred_type_name"]), str(item["default"])) for name, item in found.items()}
