"""Puts checked pages in place of the earlier ones, all at once or not at all; lists all months and verifies them."""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from cxlib.errors import PublishError
from cxlib.files import locked, put_in_place, recover, replace_text, sha256, write_json
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.manifest import NAME, Edition, Manifest, Published, read_manifest
from cxlib.report.numbers import moved, numbers_in
from cxlib.report.theme import dress

CHANGES = "CHANGES.md"
MOST_LISTED = 20
"""Moved numbers that a message lists."""


def publish(staged: Path, manifest: Manifest, out: Path, keep: Collection[str]) -> Manifest:
    """Publish a staged folder as `<out>/<month>/<language>` and renew the index.

    The staged folder, on the same disk as `out`, becomes the published one. Of the reports to keep, those that were
    published before stay as they were. Returns what it holds, with the kept reports. Raises PublishError if a number
    that readers have seen would move without an explanation in `CHANGES.md`.
    """
    target = manifest.folder(out)
    with locked(out):
        recover(out)
        earlier = read_manifest(target)
        if earlier is not None:
            _refuse_unexplained(earlier, manifest, out, keep)
            manifest = _with_kept(earlier, manifest, keep, target, staged)
        manifest = manifest.model_copy(update={"restatements": restatements(out, manifest.month)})
        write_json(staged / NAME, manifest.model_dump(mode="json"))
        put_in_place(staged, target)
        write_portal(out)
    for report in manifest.reports:
        if report.name not in keep:
            _executed(report.name, manifest, out).unlink(missing_ok=True)
    return manifest


def set_aside(name: str, staged: Path, edition: Edition, out: Path) -> Path | None:
    """Take a report that failed out of the staged pages; return where its executed notebook lies until it succeeds."""
    for path in (staged / "pages").glob(f"{name}.*"):
        path.unlink()
    executed, target = staged / f"{name}.ipynb", _executed(name, edition, out)
    if not executed.exists():
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(executed, target)
    return target


def _executed(name: str, edition: Edition, out: Path) -> Path:
    return edition.folder(out / "failed") / f"{name}.ipynb"


def _refuse_unexplained(earlier: Manifest, new: Manifest, out: Path, keep: Collection[str]) -> None:
    """Refuse to move a published number until `CHANGES.md` says why, in a new heading that names the snapshot."""
    made, lines = {report.name: report for report in new.reports}, []
    for report in earlier.reports:
        if report.name in made:
            # a record of the first format did not hold the numbers, but its page does
            page = earlier.folder(out) / f"{report.name}.html"
            before = report.numbers if earlier.format > 1 else numbers_in(page)
            lines += [f"  {report.name}: {line}" for line in moved(before, made[report.name].numbers)]
        elif report.name not in keep:
            lines.append(f"  {report.name}: the page is no longer published")
    reasons = [heading for heading in restatements(out, new.month) if heading not in earlier.restatements]
    if not lines or any(new.snapshot in heading for heading in reasons):
        return
    count = "1 published number" if len(lines) == 1 else f"{len(lines)} published numbers"
    more = [f"  … and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
    listed = "\n".join([*lines[:MOST_LISTED], *more])
    raise PublishError(
        f"{count} of {new.month} ({new.language}) would move or go; nothing was published:\n{listed}\n"
        f"Readers have seen the old ones. If the new ones are right, add this line to {out / CHANGES}, "
        f"end it with the reason, and run again:\n## {new.month} restated with snapshot {new.snapshot}: …"
    )


def refuse_two_snapshots(chosen: Collection[str], edition: Edition, out: Path) -> None:
    """Refuse to put pages of one snapshot, or of one set of definitions, beside published ones of another."""
    earlier = read_manifest(edition.folder(out))
    others = [one for one in earlier.reports if one.name not in chosen] if earlier else []
    if apart := [one.name for one in others if one.snapshot != edition.snapshot]:
        raise PublishError(
            f"{len(apart)} published pages of {edition.month} are of another snapshot than {edition.snapshot}, which "
            f"the exports give now ({', '.join(apart)}). A month is of one snapshot: make all its pages, without --only"
        )
    if apart := [one.name for one in others if one.definitions != edition.definitions]:
        raise PublishError(
            f"{len(apart)} published pages of {edition.month} were made with other words in definitions.toml than "
            f"stand there now ({', '.join(apart)}). A month is of one meaning: make all its pages, without --only"
        )


def _with_kept(earlier: Manifest, new: Manifest, keep: Collection[str], target: Path, staged: Path) -> Manifest:
    """Copy the files of kept reports into staging and take them over into the record."""
    kept = {report.name: report for report in earlier.reports if report.name in keep}
    for report in kept.values():
        for name in report.files:
            shutil.copyfile(target / name, staged / name)
    failed_now = {item.name for item in new.failed}
    failed = [item.model_copy(update={"kept": item.name in kept}) for item in new.failed]
    failed += [item for item in earlier.failed if item.name in keep and item.name not in failed_now]
    reports = sorted([*new.reports, *kept.values()], key=lambda report: (report.order, report.name))
    return new.model_copy(update={"reports": tuple(reports), "failed": tuple(failed)})


def write_portal(out: Path) -> None:
    """Write `<out>/index.html`, which lists all that is published, the newest month first."""
    months: dict[Month, dict[str, Manifest | None]] = {}
    for folder in published_folders(out):
        editions = months.setdefault(Month.parse(folder.parent.name), {})
        editions[folder.name] = None
        with suppress(PublishError):  # a record that cannot be read is none
            editions[folder.name] = read_manifest(folder)
    companies = sorted({record.company for records in months.values() for record in records.values() if record})
    page = dress(
        "portal.html.j2",
        Language(),
        companies=", ".join(companies),
        months=dict(sorted(months.items(), reverse=True)),
        restatements=partial(restatements, out),
    )
    replace_text(out / "index.html", page)


def published_folders(out: Path) -> list[Path]:
    """Return the folders of all editions, by month and language."""
    is_month = re.compile(r"\d{4}-(0[1-9]|1[0-2])").fullmatch
    return [folder for folder in sorted(out.glob("*/[!.]*/")) if is_month(folder.parent.name)]


def restatements(out: Path, month: str) -> tuple[str, ...]:
    """Return why numbers of a month were allowed to move: what follows `## <month> ` in headings of `CHANGES.md`."""
    path, mark = out / CHANGES, f"## {month} "
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return tuple(line.removeprefix(mark).strip() for line in lines if line.startswith(mark))


def verify(out: Path, month: str | None = None) -> tuple[tuple[str, ...], str]:
    """Return the faults of all that is published, or of one month, and what was looked at, in a sentence.

    Raises PublishError if nothing of the month is published.
    """
    folders = [folder for folder in published_folders(out) if month in (None, folder.parent.name)]
    if not folders:
        raise PublishError(f"nothing is published in {out}{f' of {month}' if month else ''}")
    faults: list[str] = []
    files = numbers = 0
    for folder in folders:
        try:
            manifest = read_manifest(folder)
        except PublishError as error:
            faults.append(str(error))
            continue
        assert manifest is not None
        recorded = {name for report in manifest.reports for name in report.files}
        strangers = {path.name for path in folder.iterdir()} - recorded - {NAME}
        faults += [f"{folder / name}: it was not published" for name in sorted(strangers)]
        for report in manifest.reports:
            faults += _faults(folder, report, is_frozen=manifest.format > 1)
            numbers += len(report.numbers)
        files += len(recorded)
    return tuple(faults), f"files looked at: {files}, places of numbers: {numbers}, editions: {len(folders)}"


def _faults(folder: Path, report: Published, is_frozen: bool) -> Iterator[str]:
    for name, digest in report.files.items():
        path = folder / name
        if not path.is_file():
            yield f"{path}: it is missing"
        elif sha256(path) != digest:
            yield f"{path}: it is not the file that was published (its hash differs)"
    page = folder / f"{report.name}.html"
    if is_frozen and page.is_file():
        yield from (f"{page}: {line}" for line in moved(report.numbers, numbers_in(page)))
