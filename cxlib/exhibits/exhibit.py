"""What a notebook shows: one value that is right in JupyterLab, in HTML and in PDF."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape


@dataclass(frozen=True)
class Exhibit:
    """HTML for the page with the same in words.

    Parameters
    ----------
    html : str
        Markup whose texts from data are escaped.
    text : str
        Plain text for places that cannot show HTML.
    """

    html: str
    text: str

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, str]:
        return {"text/html": self.html, "text/plain": self.text}

    def __add__(self, other: Exhibit) -> Exhibit:
        if not (self.html and other.html):
            return self if self.html else other
        return Exhibit(f"{self.html}\n{other.html}", f"{self.text}\n{other.text}")


def element(tag: str, *content: str, **attributes: str | None) -> str:
    """Return an HTML element; attribute values are escaped, content is markup already.

    A trailing underscore is dropped (`class_`), other underscores become hyphens (`data_metric`).

    >>> element("p", "a &amp; b", class_="cx-note", data_metric=None)
    '<p class="cx-note">a &amp; b</p>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{written}>{''.join(content)}</{tag}>"


def paragraph(text: str, class_: str, **attributes: str | None) -> Exhibit:
    """Return a paragraph of plain text."""
    return Exhibit(element("p", escape(text), class_=class_, **attributes), text)
