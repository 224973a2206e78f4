"""What a page must be before anyone sees it. Each gate returns the problems it found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import unquote, urlsplit

from lxml import html
from lxml.html import HtmlElement
from nbformat import NotebookNode

from cxlib.errors import Problem
from cxlib.report.figures import empty_reason, external_references
from cxlib.report.page import CSP
from cxlib.report.run import warnings_of
from cxlib.report.tiles import flat

PLACEHOLDER_ALT = re.compile(r"(no description|image|figure|chart|graph|plot|picture|alt|todo|none|untitled)\W*", re.I)
RAW_ANYWHERE = re.compile(r"<Figure size|<Axes|<pandas\.|\bobject at 0x[0-9a-f]+|Traceback \(most recent call last\)")
RAW_NUMBER = re.compile(r"(?<!\w)(nan|NaN|NaT|inf|<NA>)(?!\w)")
RAW_CELL = frozenset({"nan", "NaN", "NaT", "None", "<NA>", "inf", "-inf", "null"})
RESOURCES = {
    "img": ("src", "srcset"),
    "link": ("href",),
    "script": ("src",),
    "iframe": ("src",),
    "source": ("src",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "image": ("href",),
    "input": ("src",),
    "use": ("href",),
    "body": ("background",),
    "table": ("background",),
}


@dataclass(frozen=True)
class Page:
    """A finished page and the executed notebook it was made from."""

    name: str
    source: str
    notebook: NotebookNode

    def tree(self) -> HtmlElement:
        """Parse the page."""
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True)
        return html.document_fromstring(self.source.encode(), parser=parser)


Gate = Callable[[Page, HtmlElement], list[Problem]]


def check(page: Page) -> tuple[Problem, ...]:
    """Run all gates over a page."""
    tree = page.tree()
    return tuple(problem for gate in GATES for problem in gate(page, tree))


def no_error_output(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a cell that ended with an error."""
    found = [
        (cell.execution_count, output.ename)
        for cell in page.notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error"
    ]
    return [
        _problem(
            "error-output", page, f"cell In [{count}] ended with {name}", "Mend the cell; errors are not published"
        )
        for count, name in found
    ]


def no_stderr(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a warning that a cell wrote to stderr."""
    fix = "Mend what it warns of; a warning that stays is read by nobody"
    return [_problem("stderr", page, f"a cell wrote to stderr: {text}", fix) for text in warnings_of(page.notebook)]


def no_empty_figure(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a picture in which nothing is drawn."""
    fix = "Look at the data behind it; without data show a cx-missing box instead"
    reasons = [(image, empty_reason(image.get("src", ""))) for image in tree.iter("img")]
    return [_problem("empty-figure", page, f"{_figure(image)} {reason}", fix) for image, reason in reasons if reason]


def alt_texts(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a picture without alt text, or with a placeholder."""
    fix = "Say the shape and the two numbers that a reader who cannot see it needs"
    found = []
    for image in tree.iter("img"):
        alt = flat(image.get("alt") or "")
        if not alt:
            found.append(_problem("alt", page, f"{_figure(image)} has no alt text", fix))
        elif PLACEHOLDER_ALT.fullmatch(alt) or alt.startswith("No description has been provided"):
            found.append(_problem("alt", page, f'{_figure(image)} has the placeholder alt text "{alt}"', fix))
    return found


def headings(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a page without exactly one title, or with a skipped or empty heading."""
    levels = [(int(item.tag[1]), _short(item.text_content())) for item in tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    titles = [text for level, text in levels if level == 1]
    found = []
    if len(titles) != 1:
        fix = "Keep `#` for the title cell and begin sections with `##`"
        found.append(_problem("headings", page, f"it has {len(titles)} titles (h1): {', '.join(titles)}", fix))
    for (before, _), (level, text) in pairwise(levels):
        if level > before + 1:
            what = f'heading "{text}" is of level {level} after one of level {before}'
            found.append(_problem("headings", page, what, f"Write it with {'#' * (before + 1)}"))
    found.extend(
        _problem("headings", page, "it has an empty heading", "Give it words") for _, text in levels if not text
    )
    return found


def tables(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a table without caption, header cells or their scope."""
    found = []
    for table in tree.iter("table"):
        name = _short(table.text_content())
        if not _captioned(table):
            fix = "Show it as an exhibit with a caption that says what the rows are"
            found.append(_problem("tables", page, f'the table that begins "{name}" has no caption', fix))
        loose = [cell for cell in table.iter("th") if cell.get("scope") not in ("col", "row", "colgroup", "rowgroup")]
        if loose or table.find(".//th") is None:
            what = f"{len(loose)} header cells have no scope" if loose else "no cell is a header (th)"
            fix = 'Write <th scope="col"> and <th scope="row">; exhibits do it'
            found.append(_problem("tables", page, f'the table that begins "{name}": {what}', fix))
    return found


def links(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a link that leads nowhere and an id that is there twice."""
    found = []
    ids = [str(element.get("id")) for element in tree.xpath("//*[@id]")]
    for name in sorted({name for name in ids if ids.count(name) > 1}):
        what = f'{ids.count(name)} elements have the id "{name}"'
        found.append(_problem("links", page, what, "Give each exhibit its own id"))
    for link in tree.iter("a"):
        href = str(link.get("href") or "")
        if href.startswith("#") and unquote(href[1:]) not in ids:
            found.append(_problem("links", page, f'link to "{href}" leads nowhere', "Link to the id of a heading"))
        elif not href.startswith("#") and urlsplit(href).scheme not in ("http", "https", "mailto"):
            fix = "Pages are passed on alone: link inside the page or to a full https address"
            found.append(_problem("links", page, f'link "{_short(link.text_content())}" leads to "{href}"', fix))
    return found


def no_request(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse anything that a browser would fetch."""
    asked = [
        str(element.get(attribute))
        for tag, attributes in RESOURCES.items()
        for element in tree.iter(tag)
        for attribute in attributes
        if element.get(attribute) is not None and not str(element.get(attribute)).startswith("data:")
    ]
    sheets = [style.text or "" for style in tree.iter("style")] + [str(s) for s in tree.xpath("//@style")]
    for sheet in sheets:
        asked += [target for target in re.findall(r"url\(\s*[\"']?([^\"')]*)", sheet) if not target.startswith("data:")]
        asked += ["@import"] if "@import" in sheet else []
    for image in tree.iter("img"):
        asked += external_references(str(image.get("src") or ""))
    fix = "Put pictures and fonts inside the page as data"
    return [_problem("request", page, f'the page would load "{_short(target)}"', fix) for target in asked]


def content_security(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a page without the strict content-security policy."""
    policies = tree.xpath("//head/meta[@http-equiv='Content-Security-Policy']/@content")
    if list(policies) == [CSP]:
        return []
    what = f"the content-security policy is {'not the strict one' if policies else 'missing'}"
    return [_problem("csp", page, what, "Keep the meta element of the page template")]


def no_script(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse anything that runs."""
    found = [f"<{element.tag}>" for element in tree.iter("script", "iframe", "object", "embed", "form", "base")]
    for element in tree.iter("*"):
        for name, value in element.attrib.items():
            target = re.sub(r"\s", "", str(value)).lower()
            if str(name).lower().startswith("on") or target.startswith(("javascript:", "vbscript:")):
                found.append(f"{name} of <{element.tag}>")
    fix = "Take it out; a page for readers runs nothing"
    return [_problem("script", page, f"the page holds {what}", fix) for what in found]


def no_raw_text(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse leftovers of the computation: "nan", "NaT", "None", the repr of an object."""
    found = [match[0] for match in RAW_ANYWHERE.finditer(str(tree.find("body").text_content()))]
    for cell in tree.iter("td", "th"):
        text = flat(cell.text_content())
        if text in RAW_CELL or ("cx-number" in cell.classes and RAW_NUMBER.search(text)):
            found.append(text)
    for tile in tree.find_class("cx-tile"):
        parts = [str(part) for part in tile.itertext()]
        found += [part for part in parts if part.strip() in RAW_CELL or RAW_NUMBER.search(part)]
    fix = "Show it through an exhibit, which says what is missing and why"
    return [_problem("raw-text", page, f'"{text}" is left over from the computation', fix) for text in found]


def tiles_say_what_they_show(page: Page, tree: HtmlElement) -> list[Problem]:
    """Refuse a tile whose record is not the text that it shows."""
    found = []
    for tile in tree.find_class("cx-tile"):
        values = [flat(value.text_content()) for value in tile.find_class("cx-tile-value")]
        name = f"tile {tile.get('data-metric')} {tile.get('data-period')}"
        if not tile.get("data-metric") or not tile.get("data-period"):
            found.append(_problem("tiles", page, f"{name} does not say its metric and period", "Draw it as an exhibit"))
        elif values != [flat(tile.get("data-shown"))]:
            what = f'{name} shows {values} but records "{tile.get("data-shown")}"'
            found.append(_problem("tiles", page, what, "Draw it as an exhibit"))
    return found


GATES: tuple[Gate, ...] = (
    no_error_output,
    no_stderr,
    no_empty_figure,
    alt_texts,
    headings,
    tables,
    links,
    no_request,
    content_security,
    no_script,
    no_raw_text,
    tiles_say_what_they_show,
)


def _problem(rule: str, page: Page, what: str, fix: str) -> Problem:
    return Problem(rule, page.name, what, fix)


def _short(text: object) -> str:
    whole = flat(text)
    return whole if len(whole) <= 60 else whole[:57] + "…"


def _figure(image: HtmlElement) -> str:
    figure = next(image.iterancestors("figure"), None)
    return f'figure "{figure.get("id")}"' if figure is not None and figure.get("id") else "a picture"


def _captioned(table: HtmlElement) -> bool:
    own = table.find("caption")
    figure = next(table.iterancestors("figure"), None)
    shared = figure.find("figcaption") if figure is not None else None
    return any(item is not None and str(item.text_content()).strip() for item in (own, shared))
