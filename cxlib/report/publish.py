"""Puts checked pages in place of the earlier ones, all at once or not at all."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from cxlib.errors import PublishError
from cxlib.report.files import locked, put_in_place, recover
from cxlib.report.manifest import Manifest, read_manifest
from cxlib.report.portal import write_portal
from cxlib.report.restated import NAME, heading, is_explained
from cxlib.report.tiles import Tile


def publish(staged: Path, manifest: Manifest, out: Path, keep: Sequence[str]) -> tuple[Path, Manifest]:
    """Publish a staged folder as `<out>/<month>/<language>` and renew the index.

    Parameters
    ----------
    staged : Path
        Folder with the new pages, on the same disk as `out`; it becomes the published one.
    manifest : Manifest
        The reports in `staged`.
    out : Path
        Folder of all publications.
    keep : sequence of str
        Reports that stay as they were published before, if they were.

    Returns
    -------
    folder : Path
        The published folder.
    manifest : Manifest
        What it holds, with the kept reports.

    Raises
    ------
    PublishError
        If a number that readers have seen would move without an explanation in `CHANGES.md`.
    """
    target = out / manifest.month / manifest.language
    with locked(out):
        recover(out)
        earlier = read_manifest(target)
        if earlier is not None:
            refuse_unexplained(earlier, manifest, out)
            manifest = _with_kept(earlier, manifest, keep, target, staged)
        manifest.write(staged)
        put_in_place(staged, target)
        write_portal(out)
    return target, manifest


def refuse_unexplained(earlier: Manifest, new: Manifest, out: Path) -> None:
    """Refuse to move a published number until `CHANGES.md` says why.

    Raises
    ------
    PublishError
        Listing report, metric, old and new text, and the line to add.
    """
    moved = [line for report in new.reports for line in _moved(earlier, report.name, report.tiles)]
    if not moved or is_explained(out, new.month, new.snapshot):
        return
    count = "1 published number" if len(moved) == 1 else f"{len(moved)} published numbers"
    listed = "\n".join(f"  {line}" for line in moved)
    raise PublishError(
        f"{count} of {new.month} ({new.language}) would move; nothing was published:\n{listed}\n"
        f"Readers have seen the old ones. If the new ones are right, add this line to {out / NAME}, "
        f"end it with the reason, and run again:\n{heading(new.month, new.snapshot)}…"
    )


def _moved(earlier: Manifest, report: str, tiles: Sequence[Tile]) -> list[str]:
    before = earlier.report(report)
    if before is None:
        return []
    shown = dict(_numbered(before.tiles))
    return [
        f'{report}: {metric} {period}: "{shown[metric, period, nth]}" -> "{text}"'
        for (metric, period, nth), text in _numbered(tiles)
        if shown.get((metric, period, nth), text) != text
    ]


def _numbered(tiles: Iterable[Tile]) -> list[tuple[tuple[str, str, int], str]]:
    """Tell tiles of the same metric and period (one per segment) apart by their place."""
    seen: Counter[tuple[str, str]] = Counter()
    found = []
    for tile in tiles:
        key = (tile.metric, tile.period)
        found.append(((*key, seen[key]), tile.shown))
        seen[key] += 1
    return found


def _with_kept(earlier: Manifest, new: Manifest, keep: Sequence[str], target: Path, staged: Path) -> Manifest:
    """Copy the files of kept reports into staging and take them over into the record."""
    kept = [report for report in earlier.reports if report.name in keep]
    for report in kept:
        for name in report.files:
            shutil.copyfile(target / name, staged / name)
    names = {report.name for report in kept}
    failed_before = [item for item in earlier.failed if item.name in keep]
    failed_now = {item.name for item in new.failed}
    failed = [item.model_copy(update={"kept": item.name in names}) for item in new.failed]
    failed += [item for item in failed_before if item.name not in failed_now]
    reports = sorted([*new.reports, *kept], key=lambda report: (report.order, report.name))
    return new.model_copy(update={"reports": tuple(reports), "failed": tuple(failed)})


def keep_failed(executed: Path, out: Path, month: str, language: str) -> Path:
    """Move the executed copy of a failed notebook to where the analyst finds it."""
    folder = out / "failed" / month / language
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / executed.name
    os.replace(executed, target)
    return target


def forget_failed(names: Iterable[str], out: Path, month: str, language: str) -> None:
    """Remove the executed copies of reports that have succeeded since."""
    for name in names:
        (out / "failed" / month / language / f"{name}.ipynb").unlink(missing_ok=True)
