"""An executed notebook as one HTML file that needs nothing else: no script, no request, no code.

Only an allow-list of tags and attributes leaves a notebook. Text from data is escaped where it is drawn; this is the
second door. What is not on the list is dropped, so a comment of a customer cannot bring a script, a style, a frame or
a remote picture.
"""

import base64
import re
import unicodedata
from collections.abc import Mapping
from html import escape
from itertools import chain, count, zip_longest

import nh3
from lxml import html
from lxml.html import HtmlElement
from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from cxlib.engine import Part
from cxlib.errors import ReportError
from cxlib.exhibits.words import narrowed
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.manifest import Edition
from cxlib.report.theme import dress

PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
WIDE, VERY_WIDE = 8, 12
"""Columns from which a table is set smaller on paper, and from which it gets a page across."""
LONG_LINE, LONG_CELL = 85, 40
"""Characters from which a line of a table is set smaller on paper; longer cells are broken and count so much."""
SHORT_ROWS, SHORT_TEXT = 14, 1200
"""Rows and characters up to which a table is not split between pages."""

TEXT = "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q s samp small span strong sub sup time var wbr"
BLOCKS = "blockquote dd details div dl dt figcaption figure h1 h2 h3 h4 h5 h6 hr img li ol p pre section summary ul"
TABLES = "caption col colgroup table tbody td tfoot th thead tr"
MEDIA = "audio canvas math object svg video"
SCRIPTS = "form iframe noscript script select style template textarea title"
ARIA = "aria-label aria-hidden aria-describedby"

TAGS = set(f"{TEXT} {BLOCKS} {TABLES}".split())
GONE_WITH_THEIR_CONTENT = set(f"{MEDIA} {SCRIPTS}".split())
"""Of all other tags that are not allowed the words stay."""
GLOBAL_ATTRIBUTES = set(f"class id lang dir title {ARIA}".split())
ATTRIBUTES = {
    "a": {"href"},
    "col": {"span"},
    "colgroup": {"span"},
    "img": {"src", "alt", "width", "height"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "headers", "scope", "abbr"},
    "time": {"datetime"},
}
VALUES = {
    "href": re.compile(r"(https?|mailto):.*|[^:]*([/?#].*)?", re.IGNORECASE | re.DOTALL),
    "src": re.compile(r"data:image/(svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*"),
    **dict.fromkeys(("colspan", "rowspan", "span", "start", "width", "height"), re.compile("[1-9][0-9]{0,3}")),
}
"""What an attribute may say, where it may not say everything."""
CLEANER = nh3.Cleaner(
    tags=TAGS,
    clean_content_tags=GONE_WITH_THEIR_CONTENT,
    attributes={"*": GLOBAL_ATTRIBUTES, **ATTRIBUTES},
    generic_attribute_prefixes={"data-"},
    attribute_filter=lambda tag, name, value: value if name not in VALUES or VALUES[name].fullmatch(value) else None,
    url_schemes={"http", "https", "mailto", "data"},
    link_rel=None,
)


def parsed(page: bytes) -> HtmlElement:
    """Return the tree of a page."""
    return html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))


def make_page(notebook: NotebookNode, edition: Edition) -> str:
    """Return the page of an executed notebook.

    The comment `cell 3` stands before what the fourth cell has brought, so that a check can name the cell.
    Raises ReportError if the first cell has no title.
    """
    parser = html.HTMLParser(huge_tree=True)
    main = html.fragment_fromstring(_fragment(notebook), create_parent="div", parser=parser)
    heading = main.find("section[1]/h1")
    if heading is None:
        raise ReportError("the first cell has no title; begin it with one line `# …` that asks the report's question")
    first = heading.getparent()
    main.remove(first)
    first.remove(heading)
    heading.tail = None
    _identify(main, heading)
    _prepare_tables(main)
    language = Language(edition.language)
    return dress(
        "page.html.j2",
        language,
        edition.company,
        edition=edition,
        title=flat(heading),
        month=language.month(Month.parse(edition.month)),
        part=_part(language, notebook.metadata.get("papermill", {}).get("parameters", {})),
        as_of=language.moment(edition.as_of, edition.time_zone),
        heading=_markup(heading),
        lead=Markup("\n").join(map(_markup, first)),
        contents=[(section.get("id"), flat(section)) for section in main.iter("h2")],
        main=Markup(escape(main.text or "", quote=False)) + Markup("").join(_markup(part, tail=True) for part in main),
        hidden_tables=bool(main.find_class("cx-data")),
    )


def _part(language: Language, parameters: Mapping[str, object]) -> str:
    """Return which part of the customers the page is about; empty for all of them."""
    segment, value, left_out = (str(parameters.get(name, "")) for name in ("segment", "value", "left_out"))
    parts = [Part(segment, (value,))] if value else []
    parts += [Part("tier", (left_out,), out=True)] if left_out else []
    return narrowed(language, parts)


def flat(element: HtmlElement) -> str:
    """Return the text of an element as a reader sees it: each run of white space is one space."""
    return " ".join(str(element.text_content()).split())


def _fragment(notebook: NotebookNode) -> str:
    """Return what the cells show, cleaned, without the frame; code and what is raw do not show."""
    parts = []
    for index, cell in enumerate(notebook.cells):
        parts.append(f"<!--cell {index}-->")
        if cell.cell_type == "markdown":
            parts.append(f'<section class="cx-cell">{_prose(cell.source)}</section>\n')
        parts += [f"{_exhibit(output)}\n" for output in cell.get("outputs", [])]
    return "".join(parts)


def _prose(markdown: str) -> Markup:
    renderer = IPythonRenderer(escape=False, exclude_anchor_links=True)
    return sanitise(MarkdownWithMath(renderer=renderer).render(markdown))


def _exhibit(output: NotebookNode) -> Markup:
    """Return an output's richest form that a page can show, cleaned. stderr and errors never show."""
    if output.output_type == "stream":
        return _plain(output.text if output.name != "stderr" else "")
    data = output.get("data", {})
    if "text/html" in data:
        return sanitise(data["text/html"])
    if "text/markdown" in data:
        return _prose(data["text/markdown"])
    for kind in PICTURES:
        if kind in data:
            return _picture(kind, data[kind], output.metadata.get(kind, {}).get("alt", ""))
    return _plain(data.get("text/plain", ""))


def _picture(kind: str, content: str, alt: str) -> Markup:
    encoded = base64.b64encode(content.encode()).decode() if kind == "image/svg+xml" else "".join(content.split())
    image = f'<img src="data:{kind};base64,{encoded}" alt="{escape(alt)}">'
    return sanitise(f'<figure class="cx-figure">{image}</figure>')


def _plain(text: str) -> Markup:
    return Markup(f'<pre class="cx-plain">{escape(text)}</pre>' if text.strip() else "")


def sanitise(fragment: str) -> Markup:
    """Return of a piece of HTML what is allowed, well formed, without the control characters no page may hold."""
    printable = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", fragment)
    return Markup(CLEANER.clean(printable))


def _markup(element: HtmlElement, tail: bool = False) -> Markup:
    return Markup(html.tostring(element, encoding="unicode", with_tail=tail))


def _identify(main: HtmlElement, title: HtmlElement) -> None:
    """Give every heading an id made from its text, the same at every run, and unique in the page."""
    headings = [title, *main.iter(*HEADINGS)]
    taken = {str(element.get("id")) for element in main.xpath(".//*[@id]") if element not in headings}
    for heading in headings:
        base = slug(heading.text_content()) or "section"
        names = chain(filter(None, (heading.get("id"), base)), (f"{base}-{number}" for number in count(2)))
        heading.set("id", next(name for name in names if name not in taken))
        taken.add(heading.get("id"))


def slug(text: str) -> str:
    """Return a text as an ASCII id: `İlk yanıt süresi` becomes `ilk-yanit-suresi`.

    Ids that begin with `cx-` belong to the frame of the page.
    """
    plain = unicodedata.normalize("NFKD", text.replace("ı", "i").replace("ß", "ss"))
    ascii_only = plain.encode("ascii", "ignore").decode().lower()
    joined = "-".join(re.findall(r"[a-z0-9]+", ascii_only))
    return f"section-{joined}" if joined[:3] == "cx-" or joined[:1].isdigit() else joined


def _prepare_tables(main: HtmlElement) -> None:
    """Let each table scroll by itself on a narrow screen, and fit it to paper."""
    for table in list(main.iter("table")):
        rows = [[cell for cell in row for _ in range(int(cell.get("colspan") or 1))] for row in table.iter("tr")]
        columns = max(map(len, rows), default=0)
        if columns >= WIDE or _line_length(rows) >= LONG_LINE:
            table.classes.add("cx-wide")
        _align_headers(table)
        box = html.Element("div", {"class": "cx-scroll", "tabindex": "0", "role": "group"})
        captions = (*table.xpath("caption"), *table.xpath("ancestor::figure[1]/figcaption"))
        box.set("aria-label", next(filter(None, map(flat, captions)), "Table"))
        if columns >= VERY_WIDE:
            box.classes.add("cx-across")
        elif len(rows) <= SHORT_ROWS and len(table.text_content()) <= SHORT_TEXT:
            box.classes.add("cx-short")
        box.tail, table.tail = table.tail, None
        table.getparent().replace(table, box)
        box.append(table)


def _line_length(rows: list[list[HtmlElement]]) -> int:
    """Return the characters of the longest cells of all columns together."""
    columns = zip_longest(*([min(len(cell.text_content()), LONG_CELL) for cell in row] for row in rows), fillvalue=0)
    return sum(max(column) for column in columns)


def _align_headers(table: HtmlElement) -> None:
    """Set the header of a column of numbers over its numbers."""
    if table.xpath(".//*[@colspan or @rowspan]"):
        return
    rows = table.xpath("./tbody/tr")
    for place, header in enumerate(table.xpath("./thead/tr[last()]/*")):
        cells = [row[place] for row in rows if len(row) > place]
        if cells and all("cx-number" in cell.classes for cell in cells):
            header.classes.add("cx-number")


def cell_name(notebook: NotebookNode, index: int) -> str:
    """Return how an analyst finds a cell: by what Jupyter numbers it with and its first line."""
    cell = notebook.cells[index]
    if cell.cell_type != "code":
        return f"cell {first_line(cell.source, comment=None)}"
    return f"cell In [{cell.execution_count}] ({first_line(cell.source)})"


def first_line(source: str, comment: str | None = "#") -> str:
    """Return the first line of a cell that is not empty and no comment, as messages quote it."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    said = [line for line in lines if comment is None or not line.startswith(comment)]
    return f"`{said[0]}`" if said else "without code"
