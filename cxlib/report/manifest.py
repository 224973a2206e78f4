"""The record of a publication, beside its pages: what was made, from what, and every number that readers see."""

import json
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from cxlib import __version__
from cxlib.errors import PublishError

NAME = "manifest.json"
FORMAT = 2
"""Of the record; the first froze the numbers in tiles alone."""
LIBRARIES = ("papermill", "nbconvert", "weasyprint", "pandas", "duckdb", "statsmodels", "seaborn", "matplotlib")

Value = bool | int | float | str
"""What a parameter of a notebook may be."""


class Record(BaseModel):
    """Part of `manifest.json`."""

    model_config = ConfigDict(frozen=True)


class Published(Record):
    """One report of a publication."""

    name: str
    title: str
    about: str
    order: int
    as_of: datetime
    snapshot: str
    definitions: str = ""
    notebook_sha256: str
    parameters: dict[str, Value]
    html_sha256: str
    json_sha256: str = ""
    """Of what it said and showed, as data."""
    pdf_sha256: str = ""
    pages: int = 0
    pdf_missing: bool = False
    """Whether a PDF was asked for and could not be made."""
    numbers: dict[str, str] = {}
    """What the page says and shows, by place: it is published, and so it is frozen."""

    @property
    def files(self) -> dict[str, str]:
        """Its files in the folder of the month, with their hashes."""
        made = {"html": self.html_sha256, "json": self.json_sha256, "pdf": self.pdf_sha256}
        return {f"{self.name}.{ending}": digest for ending, digest in made.items() if digest}


class Failed(Record):
    """A report that could not be made; an earlier version may stand in for it (`kept`)."""

    name: str
    title: str
    order: int
    kept: bool = False
    reason: str = Field("", exclude=True)
    executed: Path | None = Field(None, exclude=True)
    """Copy of the notebook as far as it ran, with the traceback; None if it never ran."""

    def __str__(self) -> str:
        copy = f"\n  Executed notebook: {self.executed}" if self.executed else ""
        return f"{self.name}: {self.reason}{copy}"


class Edition(Record):
    """What all pages of one publication have in common."""

    month: str
    language: str
    company: str
    time_zone: str
    as_of: datetime
    """When the exports were made, UTC without offset."""
    snapshot: str
    definitions: str = ""
    """Which words of `definitions.toml`; empty without the file."""
    versions: dict[str, str]
    """Of cxlib and the libraries that shape a page."""

    def folder(self, out: Path) -> Path:
        """Return where its pages lie, in the folder of publications or in that of failed notebooks."""
        return out / self.month / self.language


class Manifest(Edition):
    """All of `manifest.json`."""

    format: int = FORMAT
    reports: tuple[Published, ...]
    failed: tuple[Failed, ...] = ()
    restatements: tuple[str, ...] = ()
    """Reasons for moved numbers that stood in `CHANGES.md` by then: each allows for what moved once."""

    @property
    def partial(self) -> bool:
        """Whether a report failed or a PDF is missing."""
        return bool(self.failed) or any(report.pdf_missing for report in self.reports)


def read_manifest(folder: Path) -> Manifest | None:
    """Return the record of a published folder, None if there is no such folder; PublishError if it is damaged."""
    if not folder.exists():
        return None
    path = folder / NAME
    try:
        manifest = Manifest.model_validate({"format": 1} | json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError) as error:
        raise PublishError(
            f"{path} is missing or damaged ({str(error).splitlines()[0]}), so the numbers published there cannot be "
            f"compared with new ones. Restore the file, or remove the folder {folder} to publish the month anew"
        ) from error
    if manifest.format > FORMAT:
        raise PublishError(f"{path} is of format {manifest.format}, and this cxlib reads up to {FORMAT}; update cxlib")
    return manifest


def library_versions() -> dict[str, str]:
    """Return cxlib and the libraries that shape a page, with their versions."""
    return {"cxlib": __version__, **{name: version(name) for name in LIBRARIES}}
