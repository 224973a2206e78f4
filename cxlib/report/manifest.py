"""The record of a publication, beside its pages: what was made, from what, and every number in a tile."""

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from cxlib import __version__
from cxlib.errors import PublishError

NAME = "manifest.json"
LIBRARIES = ("papermill", "nbconvert", "weasyprint", "pandas", "duckdb", "statsmodels", "seaborn", "matplotlib")

Value = bool | int | float | str
"""What a parameter of a notebook may be."""


class Record(BaseModel):
    """Part of `manifest.json`."""

    model_config = ConfigDict(frozen=True)


class Tile(Record):
    """One number of one tile, as the reader sees it: it is published, and so it is frozen."""

    metric: str
    period: str
    shown: str


class Published(Record):
    """One report of a publication."""

    name: str
    title: str
    about: str
    order: int
    as_of: datetime
    snapshot: str
    notebook_sha256: str
    parameters: dict[str, Value]
    html_sha256: str
    json_sha256: str = ""
    """Of what it said and showed, as data."""
    pdf_sha256: str = ""
    pages: int = 0
    pdf_missing: bool = False
    """Whether a PDF was asked for and could not be made."""
    tiles: tuple[Tile, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """Its files in the folder of the month."""
        made = {"html": self.html_sha256, "json": self.json_sha256, "pdf": self.pdf_sha256}
        return tuple(f"{self.name}.{ending}" for ending, digest in made.items() if digest)


class Missing(Record):
    """A report that could not be made; an earlier version may stand in for it."""

    name: str
    title: str
    order: int
    kept: bool = False


class Edition(Record):
    """What all pages of one publication have in common."""

    month: str
    language: str
    company: str
    time_zone: str
    as_of: datetime
    """When the exports were made, UTC without offset."""
    snapshot: str
    versions: dict[str, str]
    """Of cxlib and the libraries that shape a page."""

    def folder(self, out: Path) -> Path:
        """Return where its pages lie, in the folder of publications or in that of failed notebooks."""
        return out / self.month / self.language


class Manifest(Edition):
    """All of `manifest.json`."""

    reports: tuple[Published, ...]
    failed: tuple[Missing, ...] = ()

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
        return Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise PublishError(
            f"{path} is missing or damaged ({str(error).splitlines()[0]}), so the numbers published there cannot be "
            f"compared with new ones. Restore the file, or remove the folder {folder} to publish the month anew"
        ) from error


def library_versions() -> dict[str, str]:
    """Return cxlib and the libraries that shape a page, with their versions."""
    return {"cxlib": __version__, **{name: version(name) for name in LIBRARIES}}
