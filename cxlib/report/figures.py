"""Looks into the pictures of a page: is anything drawn, does anything point outside."""

from __future__ import annotations

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
    head, _, _ = src.partition(",")
    content = _content(src)
    if content is None:
        return "has no picture inside"
    if "svg" not in head:
        return "" if len(content) > 200 else "is an empty picture"
    root = _parsed(content)
    if root is None:
        return "is an SVG that cannot be read"
    axes = [group for group in root.iter(f"{SVG}g") if AXES.fullmatch(group.get("id", ""))]
    if axes:
        return "" if any(map(_drawn, axes)) else "has axes but nothing drawn in them"
    return "" if len(_marks(root)) > 1 else "has no paths"


def external_references(src: str) -> list[str]:
    """Return what an SVG picture would load or link to outside of itself."""
    content = _content(src)
    if content is None or "svg" not in src.partition(",")[0]:
        return []
    text = content.decode("utf-8", "replace")
    return [next(part for part in match.groups() if part) for match in OUTSIDE.finditer(text)]


def _drawn(axes: etree._Element) -> bool:
    for group in axes:
        name = group.get("id", "")
        if not FRAME.fullmatch(name) and _marks(group):
            return True
        # The frame of the axes is made of patches too; only data are cut off at its edge.
        if name.startswith("patch_") and any(mark.get("clip-path") for mark in _marks(group)):
            return True
    return False


def _marks(group: etree._Element) -> list[etree._Element]:
    marks = [mark for shape in SHAPES for mark in group.iter(SVG + shape) if not _defined(mark)]
    return [mark for mark in marks if mark.tag != f"{SVG}path" or (mark.get("d") or "").strip()]


def _defined(mark: etree._Element) -> bool:
    return next(mark.iterancestors(f"{SVG}defs", f"{SVG}clipPath"), None) is not None


def _content(src: str) -> bytes | None:
    head, comma, body = src.partition(",")
    if not head.startswith("data:image/") or not comma:
        return None
    try:
        content = base64.b64decode(body) if head.endswith(";base64") else body.encode()
    except (binascii.Error, ValueError):
        return None
    return content or None


def _parsed(content: bytes) -> etree._Element | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError:
        return None
