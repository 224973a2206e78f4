"""`index.html`: the months that were published, read from their records on disk."""

import re
from functools import partial
from pathlib import Path

from cxlib.errors import PublishError
from cxlib.files import replace_text
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.manifest import Manifest, read_manifest, restatements
from cxlib.report.theme import dress


def write_portal(out: Path, language: str = "en") -> None:
    """Write `<out>/index.html`; a reader finds the old one or the new one."""
    replace_text(out / "index.html", portal_page(out, language))


def portal_page(out: Path, language: str = "en") -> str:
    """Return the index page of everything published under `out`, the newest month first."""
    found = [path for path in out.iterdir() if path.is_dir() and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", path.name)]
    months = {Month.parse(path.name): _records(path) for path in sorted(found, reverse=True)}
    companies = sorted({record.company for records in months.values() for record in records.values() if record})
    return dress(
        "portal.html.j2",
        Language(language),
        companies=", ".join(companies),
        months=months,
        restatements=partial(restatements, out),
    )


def _records(folder: Path) -> dict[str, Manifest | None]:
    """Return the record of each language of a month; None where it cannot be read."""
    records: dict[str, Manifest | None] = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        try:
            records[place.name] = read_manifest(place)
        except PublishError:
            records[place.name] = None
    return records
