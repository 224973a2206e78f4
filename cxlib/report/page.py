"""An executed notebook as one HTML file that needs nothing else: no script, no request, no code."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html
from lxml.html import HtmlElement
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from cxlib.errors import ReportError
from cxlib.language import Language
from cxlib.report import fonts
from cxlib.report.plan import Edition
from cxlib.report.sanitise import sanitise
from cxlib.report.structure import Entry, contents, identify, prepare_tables

THEME = Path(__file__).parent / "theme"
CSP = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
PICTURES = ("image/svg+xml", "image/png", "image/jpeg")


@dataclass(frozen=True)
class Parts:
    """A notebook taken apart for the frame."""

    title: str
    heading: HtmlElement
    lead: tuple[HtmlElement, ...]
    main: HtmlElement
    contents: tuple[Entry, ...]


def make_page(notebook: NotebookNode, edition: Edition) -> str:
    """Return the page of an executed notebook.

    Raises
    ------
    ReportError
        If the first cell has no title.
    """
    language, parts = Language(edition.language), take_apart(notebook)
    frame = {
        "language": language,
        "edition": edition,
        "csp": CSP,
        "title": parts.title,
        "month": language.month(edition.month),
        "as_of": language.moment(edition.as_of, edition.time_zone),
        "heading": _markup(parts.heading),
        "lead": Markup("\n").join(_markup(element) for element in parts.lead),
        "contents": parts.contents,
        "main": _inner(parts.main),
        "hidden_tables": bool(parts.main.find_class("cx-data")),
    }
    return dress("page.html.j2", frame)


def dress(template: str, frame: dict[str, Any]) -> str:
    """Fill a template of the theme and put its style and fonts inside."""
    bare = html.document_fromstring(_theme().get_template(template).render(frame, style=""))
    style = "\n".join((fonts.css(_faces(bare)), _style(frame)))
    return _theme().get_template(template).render(frame, style=Markup(style)) + "\n"


def take_apart(notebook: NotebookNode) -> Parts:
    """Split the notebook's fragment into title, lead and the rest, with an id for every heading.

    Raises
    ------
    ReportError
        If the first cell has no title.
    """
    main = html.fragment_fromstring(_fragment(notebook), create_parent="div", parser=_parser())
    first = main.find("section")
    heading = first.find("h1") if first is not None else None
    if first is None or heading is None:
        raise ReportError("the first cell has no title; begin it with one line `# …` that asks the report's question")
    lead = [element for element in first if element is not heading]
    main.remove(first)
    identify(main, heading)
    prepare_tables(main)
    heading.tail = None
    title = " ".join(str(heading.text_content()).split())
    return Parts(title, heading, tuple(lead), main, contents(main))


def _fragment(notebook: NotebookNode) -> str:
    exporter = TemplateExporter(
        template_name="cx",
        extra_template_basedirs=[str(THEME)],
        template_file="index.html.j2",
        filters={"exhibit": _exhibit, "prose": _prose},
        optimistic_validation=True,
    )
    fragment, _ = exporter.from_notebook_node(notebook)
    return str(fragment)


def _prose(cell: NotebookNode) -> str:
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return _inner(sanitise(MarkdownWithMath(renderer=renderer).render(cell.source)))


def _exhibit(output: NotebookNode) -> str:
    """Return an output's richest form that a page can show, cleaned. stderr and errors never show."""
    if output.output_type == "stream":
        return "" if output.name == "stderr" else _plain(output.text)
    if output.output_type not in ("display_data", "execute_result"):
        return ""
    data = output.data
    if "text/html" in data:
        return _inner(sanitise(data["text/html"]))
    if "text/markdown" in data:
        return _prose(NotebookNode(source=data["text/markdown"]))
    for kind in PICTURES:
        if kind in data:
            return _picture(kind, data[kind], output.metadata.get(kind, {}).get("alt", ""))
    return _plain(data.get("text/plain", ""))


def _picture(kind: str, content: str, alt: str) -> str:
    encoded = base64.b64encode(content.encode()).decode() if kind == "image/svg+xml" else "".join(content.split())
    figure = f'<figure class="cx-figure"><img src="data:{kind};base64,{encoded}" alt="{escape(alt)}"></figure>'
    return _inner(sanitise(figure))


def _plain(text: str) -> str:
    return f'<pre class="cx-plain">{escape(text)}</pre>' if text.strip() else ""


def _inner(element: HtmlElement) -> Markup:
    children = "".join(_markup(child, tail=True) for child in element)
    return Markup(escape(element.text or "", quote=False) + children)


def _markup(element: HtmlElement, tail: bool = False) -> Markup:
    return Markup(html.tostring(element, encoding="unicode", with_tail=tail))


def _parser() -> html.HTMLParser:
    return html.HTMLParser(huge_tree=True)


def _faces(page: HtmlElement) -> tuple[fonts.Face, ...]:
    def said(path: str) -> str:
        return "".join(element.text_content() for element in page.xpath(path))

    return fonts.faces(
        said("//body"), said("//body//em | //body//i | //body//cite | //body//dfn"), said("//code | //pre")
    )


@cache
def _theme() -> Environment:
    return Environment(loader=FileSystemLoader(THEME), autoescape=True, undefined=StrictUndefined)


def _style(frame: dict[str, Any]) -> str:
    """Return the style sheets; the print one is a template because margin boxes know no reading direction."""
    screen = (THEME / "screen.css").read_text(encoding="utf-8")
    language: Language = frame["language"]
    near, far = ("right", "left") if language.direction == "rtl" else ("left", "right")
    before, between, after = re.split(r"[{]page[}]|[{]pages[}]", language.text("Page {page} of {pages}"))
    page_of = (
        _css_text(before),
        Markup("counter(page)"),
        _css_text(between),
        Markup("counter(pages)"),
        _css_text(after),
    )
    company = _css_text(str(frame["edition"].company) if "edition" in frame else "")
    paper = (
        _theme()
        .get_template("print.css.j2")
        .render(near=near, far=far, company=company, page_of=Markup(" ").join(page_of))
    )
    return re.sub(r"/\*.*?\*/", "", screen + "\n" + paper, flags=re.DOTALL).strip()


def _css_text(text: str) -> Markup:
    """Return a text as a CSS string."""
    return Markup('"' + re.sub(r'["\\<>&\n\r]', lambda match: f"\\{ord(match[0]):x} ", text) + '"')
