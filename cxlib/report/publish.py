"""Puts checked pages in place of the earlier ones, all at once or not at all, and lists all months in `index.html`."""

import os
import re
import shutil
from collections.abc import Collection
from functools import partial
from pathlib import Path

from cxlib.errors import PublishError
from cxlib.files import locked, put_in_place, recover, replace_text, write_json
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.manifest import NAME, Edition, Manifest, read_manifest
from cxlib.report.theme import dress

CHANGES = "CHANGES.md"


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
            _refuse_unexplained(earlier, manifest, out)
            manifest = _with_kept(earlier, manifest, keep, target, staged)
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


def _refuse_unexplained(earlier: Manifest, new: Manifest, out: Path) -> None:
    """Refuse to move a published number until `CHANGES.md` says why, in a heading that names the snapshot."""
    before = _numbers(earlier)
    moved = [
        f'  {name}: {metric} {period}: "{before[name, metric, period, nth]}" -> "{text}"'
        for (name, metric, period, nth), text in _numbers(new).items()
        if before.get((name, metric, period, nth), text) != text
    ]
    if not moved or any(new.snapshot in heading for heading in restatements(out, new.month)):
        return
    count = "1 published number" if len(moved) == 1 else f"{len(moved)} published numbers"
    listed = "\n".join(moved)
    raise PublishError(
        f"{count} of {new.month} ({new.language}) would move; nothing was published:\n{listed}\n"
        f"Readers have seen the old ones. If the new ones are right, add this line to {out / CHANGES}, "
        f"end it with the reason, and run again:\n## {new.month} restated with snapshot {new.snapshot}: …"
    )


def _numbers(manifest: Manifest) -> dict[tuple[str, str, str, int], str]:
    """Return the tiles by report, metric, period, and place among those of the same three (one per segment)."""
    tiles = [((one.name, tile.metric, tile.period), tile.shown) for one in manifest.reports for tile in one.tiles]
    keys = [key for key, _ in tiles]
    return {(*key, keys[:place].count(key)): shown for place, (key, shown) in enumerate(tiles)}


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
    for folder in sorted(out.glob("*/[!.]*/")):
        if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", folder.parent.name):
            months.setdefault(Month.parse(folder.parent.name), {})[folder.name] = _record(folder)
    companies = sorted({record.company for records in months.values() for record in records.values() if record})
    page = dress(
        "portal.html.j2",
        Language(),
        companies=", ".join(companies),
        months=dict(sorted(months.items(), reverse=True)),
        restatements=partial(restatements, out),
    )
    replace_text(out / "index.html", page)


def _record(folder: Path) -> Manifest | None:
    """Return the record of a published folder, None where it cannot be read."""
    try:
        return read_manifest(folder)
    except PublishError:
        return None


def restatements(out: Path, month: str) -> tuple[str, ...]:
    """Return why numbers of a month were allowed to move: what follows `## <month> ` in headings of `CHANGES.md`."""
    path, mark = out / CHANGES, f"## {month} "
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return tuple(line.removeprefix(mark).strip() for line in lines if line.startswith(mark))
