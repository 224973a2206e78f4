"""The page as tagged PDF. WeasyPrint needs the library pango, which no Python package brings."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

PANGO_MISSING = """\
PDF not made: the library pango is missing. Install it with the line of your system:
  Debian, Ubuntu: apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
  Fedora, RHEL: dnf install -y pango
  macOS: brew install pango
  conda: conda install -c conda-forge pango"""


@dataclass(frozen=True)
class Pdf:
    """A PDF that was written."""

    pages: int
    complaints: tuple[str, ...]
    """What the engine could not do, such as a picture that it could not read or was not allowed to load."""


class PangoMissingError(Exception):
    """WeasyPrint cannot load pango."""


def load() -> ModuleType:
    """Return WeasyPrint.

    Raises
    ------
    PangoMissingError
        If its library is not there; says which line installs it.
    """
    try:
        return import_module("weasyprint")
    except OSError:
        raise PangoMissingError(PANGO_MISSING) from None


def write_pdf(page: str, path: Path) -> Pdf:
    """Set an HTML page as PDF/UA-1 and write it. Nothing is fetched from anywhere.

    Where a table would run off the paper, all tables are set tighter.

    Raises
    ------
    PangoMissingError
        If WeasyPrint cannot be loaded.
    """
    weasyprint = load()
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
    with _complaints() as complaints:
        document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        if any(_off_the_paper(document)):
            tight = page.replace('<body class="', '<body class="cx-tight ', 1)
            document = weasyprint.HTML(string=tight, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        document.write_pdf(path, pdf_variant="pdf/ua-1", finisher=_print_links)
    return Pdf(len(document.pages), (*complaints, *_off_the_paper(document)))


def _off_the_paper(document: Any) -> Iterator[str]:
    """Say which tables and pictures are cut off at the edge of their page."""
    for number, page in enumerate(document.pages, 1):
        sheet = page._page_box  # the only place where WeasyPrint tells where things came to lie
        for box in sheet.descendants():
            wide = type(box).__name__ in ("TableBox", "BlockReplacedBox", "InlineReplacedBox")
            if wide and not -1 <= box.position_x <= box.position_x + box.width <= page.width + 1 - sheet.margin_right:
                yield f"a {'table' if 'Table' in type(box).__name__ else 'picture'} runs off page {number}"


def _print_links(document: Any, pdf: Any) -> None:
    """Set the print flag of links, which PDF/UA-1 asks for and WeasyPrint leaves out."""
    for item in pdf.objects:
        if isinstance(item, dict) and item.get("Subtype") == "/Link":
            item["F"] = 4


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """Collect the errors of WeasyPrint; its warnings are about screen rules that paper does not know."""
    logger, found = logging.getLogger("weasyprint"), []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    kept, spread, collector = logger.handlers[:], logger.propagate, Collect(logging.ERROR)
    logger.handlers, logger.propagate = [collector], False
    try:
        yield found
    finally:
        logger.handlers, logger.propagate = kept, spread
