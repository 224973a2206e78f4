"""Puts checked pages in place of the earlier ones, all at once or not at all."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cxlib.errors import PublishError
from cxlib.files import locked, put_in_place, recover
from cxlib.report.manifest import CHANGES, Edition, Manifest, Tile, read_manifest, restatements
from cxlib.report.portal import write_portal


def publish(staged: Path, manifest: Manifest, out: Path, keep: Sequence[str]) -> Manifest:
    """Publish a staged folder as `<out>/<month>/<language>` and renew the index.

    The staged folder, on the same disk as `out`, becomes the published one. Of the reports to keep, those that were
    published before stay as they were. Returns what it holds, with the kept reports.

    Raises
    ------
    PublishError
        If a number that readers have seen would move without an explanation in `CHANGES.md`.
    """
    target = manifest.folder(out)
    with locked(out):
        recover(out)
        earlier = read_manifest(target)
        if earlier is not None:
            _refuse_unexplained(earlier, manifest, out)
            manifest = _with_kept(earlier, manifest, keep, target, staged)
        manifest.write(staged)
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
    shown = {report.name: _numbered(report.tiles) for report in earlier.reports}
    moved = [
        f'  {report.name}: {metric} {period}: "{before}" -> "{text}"'
        for report in new.reports
        for (metric, period, nth), text in _numbered(report.tiles).items()
        if (before := shown.get(report.name, {}).get((metric, period, nth), text)) != text
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


def _numbered(tiles: Sequence[Tile]) -> dict[tuple[str, str, int], str]:
    """Tell tiles of the same metric and period (one per segment) apart by their place."""
    seen: Counter[tuple[str, str]] = Counter()
    found = {}
    for tile in tiles:
        key = (tile.metric, tile.period)
        found[*key, seen[key]] = tile.shown
        seen[key] += 1
    return found


def _with_kept(earlier: Manifest, new: Manifest, keep: Sequence[str], target: Path, staged: Path) -> Manifest:
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
