"""`index.html`: the months that were published, read from their records on disk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from babel import Locale

from cxlib.errors import PublishError
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.files import replace_text
from cxlib.report.manifest import Manifest, Missing, Published, read_manifest
from cxlib.report.page import CSP, dress
from cxlib.report.restated import restatements


@dataclass(frozen=True)
class Line:
    """One report of one publication in the index."""

    report: Published
    folder: str
    pages: str
    earlier: str
    """Says that an older version stands in, where it does."""


@dataclass(frozen=True)
class Publication:
    """One month in one language."""

    manifest: Manifest
    language: str
    as_of: str
    lines: tuple[Line, ...]
    missing: tuple[Missing, ...]
    restated: tuple[str, ...]
    pdf_missing: bool


@dataclass(frozen=True)
class MonthEntry:
    """One month in all its languages."""

    month: str
    name: str
    publications: tuple[Publication, ...]
    unreadable: tuple[str, ...]


def write_portal(out: Path, language: str = "en") -> None:
    """Write `<out>/index.html`; a reader finds the old one or the new one."""
    replace_text(out / "index.html", portal_page(out, language))


def portal_page(out: Path, language: str = "en") -> str:
    """Return the index page of everything published under `out`."""
    reader = Language(language)
    entries = tuple(_entry(out, folder, reader) for folder in _months(out))
    companies = sorted({item.manifest.company for entry in entries for item in entry.publications})
    frame = {"language": reader, "csp": CSP, "company": ", ".join(companies), "entries": entries}
    return dress("portal.html.j2", frame)


def _months(out: Path) -> list[Path]:
    """Return the folders of months, newest first."""
    found = [path for path in out.iterdir() if path.is_dir() and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", path.name)]
    return sorted(found, reverse=True)


def _entry(out: Path, folder: Path, language: Language) -> MonthEntry:
    publications, unreadable = [], []
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        try:
            manifest = read_manifest(place)
        except PublishError:
            unreadable.append(f"{folder.name}/{place.name}")
            continue
        if manifest is not None:
            publications.append(_publication(out, manifest, language))
    name = language.month(Month.parse(folder.name))
    return MonthEntry(folder.name, name, tuple(publications), tuple(unreadable))


def _publication(out: Path, manifest: Manifest, language: Language) -> Publication:
    failed = {item.name for item in manifest.failed}
    folder = f"{manifest.month}/{manifest.language}"
    lines = tuple(
        _line(report, folder, report.name in failed, manifest.time_zone, language) for report in manifest.reports
    )
    return Publication(
        manifest=manifest,
        language=str(Locale.parse(manifest.language).get_display_name(language.locale) or manifest.language),
        as_of=language.moment(manifest.as_of, manifest.time_zone),
        lines=lines,
        missing=tuple(item for item in manifest.failed if not item.kept),
        restated=restatements(out, manifest.month),
        pdf_missing=any(report.pdf_missing for report in manifest.reports),
    )


def _line(report: Published, folder: str, failed: bool, time_zone: str, language: Language) -> Line:
    pages = language.text("1 page") if report.pages == 1 else language.text("{count} pages", count=report.pages)
    as_of = language.moment(report.as_of, time_zone)
    earlier = language.text("The new run failed; this is the version from the data as of {as_of}.", as_of=as_of)
    return Line(report, folder, pages if report.pages else "", earlier if failed else "")
