"""`reports.toml`: what is published."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean
from cxlib.toml import Strict, read_toml

Value = bool | int | float | str


class ReportSettings(Strict):
    """One `[[report]]` of `reports.toml`."""

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
    parameters: dict[str, Value] = Field(default={})
    """Parameters of the notebook beside `month`, `sources`, `snapshot` and `language`."""

    @field_validator("formats")
    @classmethod
    def _html_always(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if "html" not in formats:
            raise ValueError('the page is always made: write ["html"] or ["html", "pdf"]')
        return formats


class ReportsFile(Strict):
    """The whole of `reports.toml`."""

    report: tuple[ReportSettings, ...] = Field(min_length=1)


def read_reports(path: Path) -> tuple[ReportSettings, ...]:
    """Read and check `reports.toml`, in the order of publication.

    Raises
    ------
    ConfigError
        If the file is missing, is not TOML, or a key or a value is not right.
    """
    advice = "run from the project's folder, or name the file"
    reports = read_toml(path, ReportsFile, advice, name=str(path)).report
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
