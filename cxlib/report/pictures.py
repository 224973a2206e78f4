"""Looks into the pictures of a page: is anything drawn, does anything point outside."""

import base64
import binascii
import re

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
SHAPES = ("path", "use", "image", "line", "rect", "circle", "ellipse", "polyline", "polygon", "text")
FRAME = re.compile(r"(patch|text|legend|matplotlib\.axis)_\d+")
AXES = re.compile(r"axes_\d+")
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
    axes = [group for group in root.iter(f"{SVG}g") if AXES.fullmatch(group.get("id", ""))]
    if axes:
        return "" if any(map(_drawn, axes)) else "has axes but nothing drawn in them"
    return "" if len(_marks(root)) > 1 else "has no paths"


def external_references(src: str) -> list[str]:
    """Return what an SVG picture would load or link to outside of itself."""
    text = _content(src).decode("utf-8", "replace") if _is_svg(src) else ""
    return [next(filter(None, match.groups())) for match in OUTSIDE.finditer(text)]


def _drawn(axes: etree._Element) -> bool:
    for group in axes:
        name, marks = group.get("id", ""), _marks(group)
        if marks and not FRAME.fullmatch(name):
            return True
        # The frame of the axes is made of patches too; only data are cut off at its edge.
        if name.startswith("patch_") and any(mark.get("clip-path") for mark in marks):
            return True
    return False


def _marks(group: etree._Element) -> list[etree._Element]:
    """Return the shapes that are drawn, not only defined to be used elsewhere."""
    return [
        mark
        for mark in group.iter(*(SVG + shape for shape in SHAPES))
        if next(mark.iterancestors(f"{SVG}defs", f"{SVG}clipPath"), None) is None
        and (mark.tag != f"{SVG}path" or (mark.get("d") or "").strip())
    ]


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
