"""Only an allow-list of tags and attributes leaves a notebook.

Text from data is escaped where it is drawn; this is the second door. What is not on the list is
dropped, so a comment of a customer cannot bring a script, a style, a frame or a remote picture.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import html
from lxml.html import HtmlElement

TEXT = {"a", "abbr", "b", "bdi", "bdo", "br", "cite", "code", "del", "dfn", "em", "i", "ins", "kbd", "mark", "q", "s"}
TEXT |= {"samp", "small", "span", "strong", "sub", "sup", "time", "var", "wbr"}
BLOCKS = {"blockquote", "dd", "details", "div", "dl", "dt", "hr", "li", "ol", "p", "pre", "section", "summary", "ul"}
HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
TAGS = frozenset(TEXT | BLOCKS | HEADINGS | TABLES | {"figure", "figcaption", "img"})
KEEP_THE_WORDS = frozenset({"address", "article", "aside", "big", "center", "font", "footer", "header", "main"})
KEEP_THE_WORDS |= {"nav", "nobr", "strike", "tt", "u"}
"""Tags that go while their content stays; all others go with it."""
GLOBAL_ATTRIBUTES = frozenset({"class", "id", "lang", "dir", "title", "aria-label", "aria-hidden", "aria-describedby"})
ATTRIBUTES = {
    "a": frozenset({"href"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "img": frozenset({"src", "alt", "width", "height"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan", "headers"}),
    "th": frozenset({"colspan", "rowspan", "headers", "scope", "abbr"}),
    "time": frozenset({"datetime"}),
}
NUMERIC = frozenset({"colspan", "rowspan", "span", "start", "width", "height"})
DATA_ATTRIBUTE = re.compile(r"data-[a-z][a-z-]*")
PICTURE = re.compile(r"data:image/(svg\+xml|png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")
LINK_SCHEMES = frozenset({"", "http", "https", "mailto"})


def sanitise(fragment: str) -> HtmlElement:
    """Parse a piece of HTML and return a `<div>` that holds only what is allowed."""
    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
    document = html.document_fromstring(f"<html><body>{_printable(fragment)}".encode(), parser=parser)
    root = html.Element("div")
    for body in document.iter("body", "head"):
        root.text = (root.text or "") + (body.text or "")
        root.extend(list(body))
    for element in list(root.iterdescendants()):
        _clean(element)
    return root


def _printable(text: str) -> str:
    """Leave out the control characters that no page may hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)


def _clean(element: HtmlElement) -> None:
    tag = element.tag if isinstance(element.tag, str) else ""
    if tag in KEEP_THE_WORDS - TAGS:
        element.drop_tag()
        return
    if tag not in TAGS:
        element.drop_tree()
        return
    for name, value in list(element.attrib.items()):
        if not _allowed(tag, str(name), str(value)):
            del element.attrib[name]


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "src":
        return tag == "img" and PICTURE.fullmatch(value) is not None
    if name == "href":
        return tag == "a" and _harmless(value)
    if name in GLOBAL_ATTRIBUTES or DATA_ATTRIBUTE.fullmatch(name):
        return True
    if name in NUMERIC and not re.fullmatch(r"[1-9][0-9]{0,3}", value):
        return False
    return name in ATTRIBUTES.get(tag, frozenset())


def _harmless(link: str) -> bool:
    # Browsers ignore these characters inside a scheme, so "java\nscript:" is one.
    visible = re.sub(r"[\s\x00-\x20]", "", link)
    try:
        return urlsplit(visible).scheme.lower() in LINK_SCHEMES
    except ValueError:
        return False
