"""The page as tagged PDF. WeasyPrint needs the library pango, which no Python package brings."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from cxlib.errors import ReportError

PANGO_MISSING = """\
PDF not made: the library pango is missing. Install it with the line of your system:
  Debian, Ubuntu: apt-get install -y libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0
  Fedora, RHEL: dnf install -y pango
  macOS: brew install pango
  conda: conda install -c conda-forge pango"""


def load() -> ModuleType | None:
    """Return WeasyPrint, None where pango is missing."""
    try:
        return import_module("weasyprint")
    except OSError:
        return None


def write_pdf(page: str, path: Path) -> int:
    """Set an HTML page as PDF/UA-1, write it, and return its sheets; 0 where pango is missing.

    Nothing is fetched from anywhere. Where a table would run off the paper, all tables are set tighter. Raises
    ReportError if something is cut off, could not be read or was not allowed to load, or if there is nothing in it.
    """
    weasyprint = load()
    if weasyprint is None:
        return 0
    fetcher = weasyprint.urls.URLFetcher(allowed_protocols=["data"])
    with _complaints() as complaints:
        document = weasyprint.HTML(string=page, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        if any(_off_the_paper(document)):
            tight = page.replace('<body class="', '<body class="cx-tight ', 1)
            document = weasyprint.HTML(string=tight, url_fetcher=fetcher).render(pdf_variant="pdf/ua-1")
        document.write_pdf(path, pdf_variant="pdf/ua-1", finisher=_print_links)
    complaints += _off_the_paper(document)
    if complaints:
        raise ReportError(f"the PDF is not whole: {'; '.join(complaints)}; look at what the page shows there")
    if not path.read_bytes().startswith(b"%PDF") or not document.pages:
        raise ReportError("the PDF has no pages; look at the page in a browser for what is wrong with it")
    return len(document.pages)


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
    logger, found = logging.getLogger("weasyprint"), list[str]()

    def hear(record: logging.LogRecord) -> bool:
        if record.levelno >= logging.ERROR:
            found.append(record.getMessage())
        return False

    logger.addFilter(hear)
    try:
        yield found
    finally:
        logger.removeFilter(hear)
