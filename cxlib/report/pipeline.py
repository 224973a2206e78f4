"""From exports to published pages: snapshot, plan, run, page, PDF, gates, publish, index."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cxlib.errors import ReportError
from cxlib.files import locked, recover, remove_leftovers, staging
from cxlib.language import Language
from cxlib.report.manifest import Edition, Failed, Manifest, Published, library_versions
from cxlib.report.pdf import PANGO_MISSING
from cxlib.report.plan import Report, choose_month, plan, read_reports, select
from cxlib.report.publish import publish, refuse_two_snapshots, set_aside, write_portal
from cxlib.report.work import make_all, warm_up
from cxlib.store import build_snapshot


@dataclass(frozen=True)
class Outcome:
    """What came out of a publication, in values and in words."""

    edition: Edition
    folder: Path | None
    """The published folder; None if nothing was published now or before."""
    made: tuple[str, ...]
    kept: tuple[str, ...]
    """Reports that stay as they were published before."""
    failed: tuple[Failed, ...]
    pdf_note: str
    """What to run where a PDF that was asked for could not be made."""

    @property
    def exit_code(self) -> int:
        """0, or 1 if a report failed."""
        return ReportError.exit_code if self.failed else 0

    def __str__(self) -> str:
        month, language = self.edition.month, self.edition.language
        lines = [f"{month} ({language}): {len(self.made)} made, {len(self.failed)} failed"]
        if self.folder is not None:
            lines.append(f"Published: {self.folder}" + (f" (as before: {', '.join(self.kept)})" if self.kept else ""))
        return "\n".join([*lines, *map(str, self.failed), *filter(None, [self.pdf_note])])


def publish_month(
    month: str | None,
    sources: Path,
    out: Path,
    only: Sequence[str] = (),
    language: str = "en",
    *,
    reports_file: Path = Path("reports/reports.toml"),
) -> Outcome:
    """Make the reports of a month and publish them under `<out>/<month>/<language>`, with an index in `out`.

    Without a month, it is the last that had ended when the exports were made. Reports that `only` does not name stay
    as published; where it is empty, all are made. If a report fails, the others are published all the same.

    Raises ConfigError, SourceError, SnapshotError or PeriodError before anything runs, if a file, a parameter, the data
    or the month is not right, and PublishError if a published number would move without an explanation, or pages of two
    snapshots would stand side by side; nothing is published then.
    """
    reader, reports = Language(language), read_reports(reports_file)
    chosen = select(reports, only)
    warm_up()
    snapshot = build_snapshot(sources)
    asked = choose_month(month, snapshot, reader)
    edition = Edition(
        month=str(asked),
        language=language,
        company=snapshot.company,
        time_zone=snapshot.time_zone,
        as_of=snapshot.as_of,
        snapshot=snapshot.id,
        definitions=snapshot.definitions.id,
        versions=library_versions(),
    )
    if only:
        refuse_two_snapshots([report.name for report in chosen], edition, out)
    planned = plan(chosen, edition, snapshot, sources)
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        gone = remove_leftovers(out)
        if recover(out) or gone:
            write_portal(out)
    with staging(out, f"{asked}-{language}") as folder:
        pages = folder / "pages"
        pages.mkdir()
        for report in reports:  # those that are made now may read what the others said in the same edition
            said = edition.folder(out) / f"{report.name}.json"
            if report not in chosen and said.is_file():
                shutil.copyfile(said, pages / said.name)
        results = _make(planned, edition, folder)
        made = tuple(result for result in results if isinstance(result, Published))
        failed = tuple(
            result.model_copy(update={"executed": set_aside(result.name, folder, edition, out)})
            for result in results
            if isinstance(result, Failed)
        )
        kept: tuple[str, ...] = ()
        if made:
            keep = {report.name for report in reports} - {report.name for report in made}
            manifest = publish(pages, Manifest(**edition.model_dump(), reports=made, failed=failed), out, keep)
            kept = tuple(report.name for report in manifest.reports if report.name in keep)
    target = edition.folder(out)
    return Outcome(
        edition=edition,
        folder=target if target.exists() else None,
        made=tuple(report.name for report in made),
        kept=kept,
        failed=failed,
        pdf_note=PANGO_MISSING if any(report.pdf_missing for report in made) else "",
    )


def _make(reports: Sequence[Report], edition: Edition, folder: Path) -> list[Published | Failed]:
    """Make all reports and return the results in their order."""
    results = dict[str, Published | Failed]()
    with Watcher([report.name for report in reports]) as watcher:
        for result, seconds in make_all(reports, edition, folder, watcher.step):
            watcher.ended(result.name, seconds, "failed" if isinstance(result, Failed) else "made")
            results[result.name] = result
    return [results[report.name] for report in reports]


class Watcher(Progress):
    """Shows how far the reports are: a bar per report on a terminal, elsewhere a line per finished report."""

    def __init__(self, names: Iterable[str], stream: TextIO | None = None) -> None:
        stream = stream or sys.stderr
        said = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn()
        super().__init__(SpinnerColumn(), *said, console=Console(file=stream), disable=not stream.isatty())
        self.bars = {name: self.add_task(name, start=False, total=None, state="waits") for name in names}

    def step(self, name: str, done: int, total: int) -> None:
        """Hear that a report has done `done` of `total` steps."""
        self.start_task(self.bars[name])
        self.update(self.bars[name], completed=done, total=total, state=f"step {done} of {total}")

    def ended(self, name: str, seconds: float, outcome: str) -> None:
        """Hear that a report is made, or has failed."""
        bar, said = self.bars[name], f"{outcome} in {seconds:.1f} s"
        total = self.tasks[bar].total or 1
        self.update(bar, completed=total, total=total, state=said)
        self.stop_task(bar)
        if self.disable:
            print(f"{name}: {said}", file=self.console.file, flush=True)
