"""From exports to published pages: snapshot, plan, run, page, PDF, gates, publish, index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.files import locked, recover, staging
from cxlib.report.manifest import Manifest, Missing, Published, library_versions
from cxlib.report.measured import Measured, from_workbook
from cxlib.report.month import choose_month
from cxlib.report.outcome import Failure, Outcome
from cxlib.report.plan import Edition, Task, plan
from cxlib.report.portal import write_portal
from cxlib.report.progress import watcher
from cxlib.report.publish import forget_failed, keep_failed, publish
from cxlib.report.settings import ReportSettings, Value, read_reports, select
from cxlib.report.tiles import Shown, tiles_differ
from cxlib.report.work import Failed, Made, Result, Step, not_passed
from cxlib.report.workers import cpu_count, run_all, warm_up
from cxlib.store import Snapshot, build_snapshot


def publish_month(
    month: str | None,
    sources: Path,
    out: Path,
    only: Sequence[str] = (),
    language: str = "en",
    progress: bool = True,
    *,
    reports_file: Path = Path("reports/reports.toml"),
    snapshots: Path | None = None,
    measured: Measured = from_workbook,
    at_once: int | None = None,
) -> Outcome:
    """Make the reports of a month and publish them under `<out>/<month>/<language>`.

    Parameters
    ----------
    month : str or None
        As 2026-10; None means the last month that had ended when the exports were made.
    sources : Path
        `sources.toml`.
    out : Path
        Folder of all publications; `index.html` is written there.
    only : sequence of str
        Names of the reports to make; the others stay as published. Empty means all.
    language : str
        Language of the pages.
    progress : bool
        Whether to say on stderr what runs.
    reports_file : Path
        `reports.toml`.
    snapshots : Path, optional
        Folder of snapshots; beside `sources` by default.
    measured : callable
        Gives what each tile must show; measured anew by default.
    at_once : int, optional
        Reports made at the same time; the number of processors by default.

    Returns
    -------
    Outcome
        Its `exit_code` is 1 if a report failed; the others are published all the same.

    Raises
    ------
    ConfigError, SourceError, SnapshotError, PeriodError
        Before anything runs, if a file, a parameter, the data or the month is not right.
    PublishError
        If a published number would move without an explanation. Nothing is published then.
    """
    reader, reports = Language(language), read_reports(reports_file)
    chosen = select(reports, only)
    warm_up()
    snapshot = build_snapshot(sources, snapshots)
    edition = _edition(choose_month(month, snapshot, reader), language, snapshot)
    tasks = plan(chosen, edition, snapshot, sources)
    shown = measured(snapshot, edition.month, reader)
    _tidy(out)
    with staging(out, f"{edition.month}-{language}") as folder:
        pages, scratch = folder / "pages", folder / "scratch"
        pages.mkdir()
        scratch.mkdir()
        results = [_gated(result, shown) for result in _run(tasks, pages, scratch, progress, at_once or cpu_count())]
        failures = _failures(results, pages, scratch, out, edition)
        return _publish(results, failures, reports, tasks, pages, out)


def _tidy(out: Path) -> None:
    """Make the folder of publications, and mend what a killed run left there."""
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        if recover(out):
            write_portal(out)


def _edition(month: Month, language: str, snapshot: Snapshot) -> Edition:
    return Edition(
        month=month,
        language=language,
        company=snapshot.company,
        time_zone=snapshot.time_zone,
        as_of=snapshot.as_of,
        snapshot=snapshot.id,
        versions=library_versions(),
    )


def _run(tasks: Sequence[Task], pages: Path, scratch: Path, progress: bool, at_once: int) -> list[Result]:
    """Make all reports and return the results in the order of the tasks."""
    results: dict[str, Result] = {}
    with watcher([task.name for task in tasks], progress) as watching:

        def on_step(name: str, step: Step) -> None:
            watching.step(name, step.done, step.total)

        for result, seconds in run_all(tasks, pages, scratch, on_step, at_once):
            results[result.name] = result
            watching.finished(result.name, seconds, "failed" if isinstance(result, Failed) else "made")
    return [results[task.name] for task in tasks]


def _gated(result: Result, shown: Shown) -> Result:
    """Compare the tiles of a page with their measures."""
    if isinstance(result, Failed):
        return result
    problems = tiles_differ(result.name, result.tiles, shown)
    return Failed(result.name, not_passed(problems)) if problems else result


def _failures(
    results: Sequence[Result], pages: Path, scratch: Path, out: Path, edition: Edition
) -> tuple[Failure, ...]:
    """Take what failed out of the staged pages, and keep the executed notebooks."""
    failures = []
    for result in results:
        if not isinstance(result, Failed):
            continue
        for ending in ("html", "pdf"):
            (pages / f"{result.name}.{ending}").unlink(missing_ok=True)
        executed = scratch / f"{result.name}.ipynb"
        kept = keep_failed(executed, out, str(edition.month), edition.language) if executed.exists() else None
        failures.append(Failure(result.name, result.reason, kept))
    return tuple(failures)


def _publish(
    results: Sequence[Result],
    failures: tuple[Failure, ...],
    reports: Sequence[ReportSettings],
    tasks: Sequence[Task],
    pages: Path,
    out: Path,
) -> Outcome:
    edition = tasks[0].edition
    made = [result for result in results if isinstance(result, Made)]
    names = tuple(result.name for result in made)
    folder: Path | None = out / str(edition.month) / edition.language
    kept: tuple[str, ...] = ()
    if made:
        settings = {report.name: report for report in reports}
        planned = {task.name: task for task in tasks}
        published = tuple(_published(item, planned[item.name], settings[item.name]) for item in made)
        missing = tuple(_missing(settings[failure.name]) for failure in failures)
        staged = _manifest(edition, published, missing)
        folder, manifest = publish(pages, staged, out, [name for name in settings if name not in names])
        kept = tuple(report.name for report in manifest.reports if report.name not in names)
        forget_failed(names, out, str(edition.month), edition.language)
    note = next((result.pdf_missing for result in made if result.pdf_missing), "")
    return Outcome(
        month=edition.month,
        language=edition.language,
        folder=folder if folder is not None and folder.exists() else None,
        made=names,
        kept=kept,
        failed=failures,
        pdf_made=not note,
        pdf_note=note,
    )


def _manifest(edition: Edition, reports: tuple[Published, ...], failed: tuple[Missing, ...]) -> Manifest:
    return Manifest(
        month=str(edition.month),
        language=edition.language,
        company=edition.company,
        time_zone=edition.time_zone,
        as_of=edition.as_of,
        snapshot=edition.snapshot,
        versions=dict(edition.versions),
        reports=reports,
        failed=failed,
    )


def _published(made: Made, task: Task, settings: ReportSettings) -> Published:
    return Published(
        name=made.name,
        title=settings.title,
        about=settings.about,
        order=settings.order,
        as_of=task.edition.as_of,
        snapshot=task.edition.snapshot,
        notebook_sha256=task.notebook_sha256,
        parameters={name: _without_folder(name, value) for name, value in task.parameters},
        html_sha256=made.html_sha256,
        pdf_sha256=made.pdf_sha256,
        pages=made.pages,
        pdf_missing=bool(made.pdf_missing),
        tiles=made.tiles,
    )


def _missing(settings: ReportSettings) -> Missing:
    return Missing(name=settings.name, title=settings.title, order=settings.order, kept=False)


def _without_folder(name: str, value: Value) -> Value:
    """Leave out of the record where the files lay on the machine that ran."""
    return Path(str(value)).name if name in ("sources", "snapshot") else value
