"""What will be made: the reports of `reports.toml`, for a month that has ended, with their parameters checked."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator

from cxlib.coverage import coverage_of, last_covered_month
from cxlib.engine import Engine
from cxlib.errors import ConfigError, PeriodError
from cxlib.language import Language
from cxlib.nearest import did_you_mean
from cxlib.notebook import check_parameters
from cxlib.period import Month, local_time
from cxlib.report.manifest import Edition, Value
from cxlib.store import Snapshot
from cxlib.tables import EVENT_TIMES
from cxlib.toml import Strict, read_toml


class Report(Strict):
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
    """Parameters of the notebook; `plan` adds `month`, `sources`, `snapshot` and `language`."""
    after: tuple[str, ...] = ()
    """Reports that are made before, because this one reads what they said."""

    @property
    def entry(self) -> dict[str, Any]:
        """What the index says of it."""
        return self.model_dump(include={"name", "title", "about", "order"})

    @field_validator("formats")
    @classmethod
    def _html_always(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if "html" not in formats:
            raise ValueError('the page is always made: write ["html"] or ["html", "pdf"]')
        return formats


class _ReportsFile(Strict):
    report: tuple[Report, ...] = Field(min_length=1)


def plan(reports: Sequence[Report], edition: Edition, snapshot: Snapshot, sources: Path) -> tuple[Report, ...]:
    """Return the reports with all parameters that their notebooks are given, checked."""
    shared: dict[str, Value] = {
        "month": edition.month,
        "sources": str(sources.resolve()),
        "snapshot": str(snapshot.folder.resolve()),
        "language": edition.language,
    }
    planned = []
    for report in reports:
        said_before: dict[str, Value] = {"studies": ""} if report.after else {}
        parameters = dict(sorted({**report.parameters, **shared, **said_before}.items()))
        check_parameters(report.notebook, parameters)
        planned.append(report.model_copy(update={"parameters": parameters}))
    return tuple(planned)


def read_reports(path: Path) -> tuple[Report, ...]:
    """Read `reports.toml` in the order of publication; raises ConfigError if a key or a value is not right."""
    reports = read_toml(path, _ReportsFile, "run from the project's folder, or name the file", name=str(path)).report
    counts, placed = Counter(report.name for report in reports), []
    for report in reports:
        if (count := counts[report.name]) > 1:
            raise ConfigError(f'{path}: {count} reports are named "{report.name}"; give each its own name')
        notebook = path.parent / report.notebook
        if not notebook.is_file():
            raise ConfigError(
                f'{path}: report "{report.name}": there is no notebook {notebook}; '
                "the path counts from the folder of reports.toml"
            )
        for name in report.after:
            if name not in counts:
                raise ConfigError(f'{path}: report "{report.name}" comes after "{name}"{did_you_mean(name, counts)}')
        placed.append(report.model_copy(update={"notebook": notebook}))
    return tuple(sorted(placed, key=lambda report: report.order))


def select(reports: Sequence[Report], only: Sequence[str]) -> tuple[Report, ...]:
    """Return the reports named, or all if none is; a name that is not there is refused with the nearest one."""
    names = {report.name for report in reports}
    for name in only:
        if name not in names:
            raise ConfigError(f'there is no report "{name}" in reports.toml{did_you_mean(name, names)}')
    return tuple(report for report in reports if not only or report.name in only)


def choose_month(asked: str | None, snapshot: Snapshot, language: Language) -> Month:
    """Return the month to report: the one asked for, or the last that every table waited for covers.

    Raises PeriodError if it is not well formed, had not ended at `as_of`, or lies outside of the data.
    """
    with Engine(snapshot) as engine:
        spans = coverage_of(engine)
    events = [one for name, one in spans.items() if name in EVENT_TIMES]
    if not events:
        raise PeriodError(f"snapshot {snapshot.id} has no events at all; add exports to sources.toml")
    zone, whole = snapshot.time_zone, Month.last_complete(snapshot.as_of, snapshot.time_zone)
    last = last_covered_month(spans, snapshot.as_of, zone)
    month = Month.parse(asked) if asked else last
    if month > whole:
        until = language.moment(snapshot.as_of, zone)
        raise PeriodError(
            f"{month} has not ended in the data, which go until {until}. "
            f"Report {last} (MONTH={last}), or make the exports again after the end of {month}"
        )
    first = Month.of(local_time(min(one.first_at for one in events), zone))
    latest = min(whole, Month.last_complete(max(one.believed_until for one in events), zone))
    if not first <= month <= latest:
        raise PeriodError(
            f"there are no data of {month}; the data go from {first} to {latest} (set MONTH to one of these)"
        )
    return month
