"""`reports.toml`: what is published."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean

Value = bool | int | float | str


class ReportSettings(BaseModel):
    """One `[[report]]` of `reports.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=False)

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Name of the files and of `--only`."""
    notebook: Path
    """Notebook, relative to the folder of `reports.toml`."""
    title: str = Field(min_length=1)
    """Title in the index."""
    about: str = ""
    """One sentence for the index: what the report answers, for whom."""
    order: int = 0
    """Place in the index; reports of the same order stay as written."""
    formats: tuple[Literal["html", "pdf"], ...] = ("html", "pdf")
    minutes: float = Field(default=30.0, gt=0)
    """Longest time one cell may take, in minutes."""
    parameters: dict[str, Value] = {}
    """Parameters of the notebook beside `month`, `sources`, `snapshot` and `language`."""

    @field_validator("formats")
    @classmethod
    def _html_always(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if "html" not in formats:
            raise ValueError('the page is always made: write ["html"] or ["html", "pdf"]')
        return formats


class ReportsFile(BaseModel):
    """The whole of `reports.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    report: tuple[ReportSettings, ...] = Field(min_length=1)


def read_reports(path: Path) -> tuple[ReportSettings, ...]:
    """Read and check `reports.toml`, in the order of publication.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML, or a key or a value is not right.
    """
    reports = _validated(path, _toml(path)).report
    names = [report.name for report in reports]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f'{path}: {names.count(name)} reports are named "{name}"; give each its own name')
    folder = path.parent
    placed = [report.model_copy(update={"notebook": folder / report.notebook}) for report in reports]
    for report in placed:
        if not report.notebook.is_file():
            raise ConfigError(
                f'{path}: report "{report.name}": there is no notebook {report.notebook}; '
                "the path counts from the folder of reports.toml"
            )
    return tuple(sorted(placed, key=lambda report: report.order))


def select(reports: Sequence[ReportSettings], only: Sequence[str]) -> tuple[ReportSettings, ...]:
    """Return the reports named, or all if none is.

    Raises
    ------
    ConfigError
        If a name is not in `reports.toml`.
    """
    names = {report.name for report in reports}
    for name in only:
        if name not in names:
            raise ConfigError(f'there is no report "{name}" in reports.toml{did_you_mean(name, names)}')
    return tuple(report for report in reports if not only or report.name in only)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; run from the project's folder, or name the file") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from error


def _validated(path: Path, content: dict[str, Any]) -> ReportsFile:
    try:
        return ReportsFile.model_validate(content)
    except ValidationError as error:
        lines = [_line(content, dict(item)) for item in error.errors()]
        raise ConfigError(f"{path}: " + "\n".join(lines)) from error


def _line(content: dict[str, Any], error: dict[str, Any]) -> str:
    """Say one finding of pydantic in the words of the file."""
    location = error["loc"]
    where, key = _where(content, location), str(location[-1])
    if error["type"] == "extra_forbidden":
        fields = ReportSettings.model_fields if len(location) > 1 else ReportsFile.model_fields
        return f'{where}there is no key "{key}"{did_you_mean(key, fields)}'
    if error["type"] == "missing":
        return f'{where}the key "{key}" is missing'
    named = next((str(part) for part in reversed(location[1:]) if isinstance(part, str)), key)
    return f'{where}"{named}": {error["msg"].removeprefix("Value error, ")} (it is {error["input"]!r})'


def _where(content: dict[str, Any], location: Sequence[Any]) -> str:
    if len(location) < 2 or location[0] != "report":
        return ""
    entry = content["report"][location[1]] if isinstance(location[1], int) else {}
    name = entry.get("name") if isinstance(entry, dict) else None
    return f'report "{name}": ' if name else f"report {location[1] + 1}: "
