"""Looks into the pictures of a page: is anything drawn, does anything point outside."""

import base64
import binascii
import re

from lxml import etree

NAMES = {"s": "http://www.w3.org/2000/svg", "re": "http://exslt.org/regular-expressions"}
SHAPES = ("use", "image", "line", "rect", "circle", "ellipse", "polyline", "polygon", "text")
DRAWN = (
    f"[self::s:path[normalize-space(@d)] or {' or '.join(f'self::s:{shape}' for shape in SHAPES)}]"
    "[not(ancestor::s:defs or ancestor::s:clipPath)]"
)
"""Of elements: those that are drawn, not only defined to be used elsewhere."""
AXES = r"//s:g[re:test(@id, '^axes_\d+$')]"
FRAME = r"re:test(@id, '^(patch|text|legend|matplotlib\.axis)_\d+$')"
# the frame of the axes is made of patches too; only data are cut off at its edge
DATA = (
    f"{AXES}/*[not({FRAME})]/descendant-or-self::*{DRAWN}"
    f" | {AXES}/*[starts-with(@id, 'patch_')]/descendant-or-self::*{DRAWN}[@clip-path]"
)
OUTSIDE = re.compile(r"(?:href|src)\s*=\s*[\"']\s*(?!#|data:)([^\"']+)|url\(\s*[\"']?(?!#|data:)([^\"')]+)|(@import)")


def empty_reason(src: str) -> str:
    """Return why a picture shows nothing, or an empty text if something is drawn.

    An SVG of matplotlib counts as drawn if one of its axes holds more than its own frame, ticks,
    grid and words: a line, a collection, a picture, or a clipped patch such as a bar.
    """
    content = _content(src)
    if not content:
        return "has no picture inside"
    if not _is_svg(src):
        return "" if len(content) > 200 else "is an empty picture"
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return "is an SVG that cannot be read"
    if root.xpath(AXES, namespaces=NAMES):
        return "" if root.xpath(DATA, namespaces=NAMES) else "has axes but nothing drawn in them"
    return "" if len(root.xpath(f"//*{DRAWN}", namespaces=NAMES)) > 1 else "has no paths"


def outside(text: str) -> list[str]:
    """Return what a style sheet or an SVG would load or link to outside of itself."""
    return [next(filter(None, match.groups())) for match in OUTSIDE.finditer(text)]


def external_references(src: str) -> list[str]:
    """Return what an SVG picture would load or link to outside of itself."""
    return outside(_content(src).decode("utf-8", "replace")) if _is_svg(src) else []


def _is_svg(src: str) -> bool:
    return "svg" in src.partition(",")[0]


def _content(src: str) -> bytes:
    """Return the bytes of a picture that lies inside the page; empty where there are none."""
    head, _, body = src.partition(",")
    if not head.startswith("data:image/"):
        return b""
    try:
        return base64.b64decode(body) if head.endswith(";base64") else body.encode()
    except (binascii.Error, ValueError):
        return b""
