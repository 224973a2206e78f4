"""What a notebook shows: one value that is right in JupyterLab, in HTML and in PDF, and is drawn only when shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from html import escape
from typing import Any

import pandas as pd

from cxlib.exhibits.frames import record_of
from cxlib.finding import Finding
from cxlib.workbook import HISTORY, Workbook

MIME = "application/vnd.cx+json"
"""Under which an executed notebook keeps what was said and shown, as data beside the text."""

Record = Mapping[str, Any]


class Exhibit:
    """Something to be shown on a page.

    `html` and `text`, markup and the same in plain words, are there already, or `draw` makes both when the exhibit is
    shown. `frame` holds the numbers that are shown, `finding` what a sentence says; `record` makes the same as plain
    values for the executed notebook, from the frame if not given. `parts` are exhibits shown one under the other.
    """

    def __init__(
        self,
        html: str = "",
        text: str = "",
        *,
        draw: Callable[[], Exhibit] | None = None,
        name: str = "",
        frame: pd.DataFrame | None = None,
        finding: Finding | None = None,
        record: Callable[[], Record] | None = None,
        parts: tuple[Exhibit, ...] = (),
    ) -> None:
        self._given, self._draw, self._record, self._parts = (html, text), draw, record, parts
        self.name = name
        self.frame = pd.DataFrame() if frame is None else frame
        self.finding = finding
        if record is None and frame is not None:
            self._record = lambda: {"exhibit": name, "frame": record_of(frame)}

    @cached_property
    def _drawn(self) -> tuple[str, str]:
        made = self._draw() if self._draw else None
        return (made.html, made.text) if made else self._given

    @property
    def html(self) -> str:
        return self._drawn[0]

    @property
    def text(self) -> str:
        return self._drawn[1]

    @property
    def parts(self) -> tuple[Exhibit, ...]:
        """The exhibits in this one, itself if it is one."""
        return self._parts or (self,)

    @property
    def records(self) -> list[Record]:
        return [part._record() for part in self.parts if part._record is not None]

    def __add__(self, other: Exhibit) -> Exhibit:
        return stack(self, other)

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Mapping[str, Any]:
        bundle: dict[str, Any] = {"text/html": self.html, "text/plain": self.text}
        if records := self.records:
            bundle[MIME] = json.loads(json.dumps({"shown": records}))
        return bundle


def stack(*exhibits: Exhibit | Iterable[Exhibit]) -> Exhibit:
    """Return exhibits one under the other, as one.

    >>> stack(trend(book, name) for name in ("csat", "nps_relationship")).html.count("<figure")
    2
    """
    given = [part for one in exhibits for part in ([one] if isinstance(one, Exhibit) else one)]
    parts = tuple(part for one in given for part in one.parts if part._draw is not None or part.html)

    def drawn() -> Exhibit:
        shown = [part for part in parts if part.html]
        return Exhibit("\n".join(part.html for part in shown), "\n".join(part.text for part in shown))

    return parts[0] if len(parts) == 1 else Exhibit(draw=drawn, parts=parts) if parts else Exhibit()


def element(tag: str, *content: str, **attributes: str) -> str:
    """Return an HTML element; attribute values are escaped, content is markup already.

    A trailing underscore is dropped (`class_`), other underscores become hyphens (`data_metric`).

    >>> element("p", "a &amp; b", class_="cx-note")
    '<p class="cx-note">a &amp; b</p>'
    """
    written = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return f"<{tag}{written}>{''.join(content)}</{tag}>"


def paragraph(text: str, class_: str, record: Record | None = None, **attributes: str) -> Exhibit:
    """Return a paragraph of plain text; what is recorded of it makes it an exhibit that is named by its id."""
    markup = element("p", escape(text), class_=class_, **attributes)
    return Exhibit(markup, text, name=attributes["id"], record=lambda: record) if record else Exhibit(markup, text)


def bullets(lines: Sequence[str], class_: str) -> Exhibit:
    """Return a list of plain texts."""
    return Exhibit(element("ul", *(element("li", escape(line)) for line in lines), class_=class_), "\n".join(lines))


NOTHING = Exhibit()


def box(*texts: str) -> Exhibit:
    """Return sentences about what is not there, set apart from what is; nothing where there are none."""
    if not texts:
        return NOTHING
    markup = "".join(element("p", escape(line)) for line in texts)
    return Exhibit(element("div", markup, class_="cx-missing"), "\n".join(texts))


def reason(book: Workbook, name: str, *alike: str) -> str:
    """Return why a measure, and those that lack the same, cannot be given, or an empty text where it can."""
    language = book.language
    label = "; ".join(language.text(book.metric(one).label) for one in (name, *alike))
    if lacking := book.missing(name):
        brought = [one for one in lacking if not one.endswith("definitions.toml")]
        said = "{label} cannot be given: no export brings {columns}." if brought else "{label} needs {columns}."
        return language.text(said, label=label, columns=", ".join(brought or lacking))
    if "not-covered" in book.estimate(name).flags:
        month, why = language.month(book.month), " ".join(book.edges(book.spans(name)))
        return language.text("{label} cannot be given for {month}. {why}", label=label, month=month, why=why).strip()
    if not book.measure(name, months=HISTORY)["value"].notna().any():
        return language.text("{label} cannot be given: the exports hold no cases of it, or too few.", label=label)
    return ""


def given(book: Workbook, names: Sequence[str]) -> list[str]:
    """Return those of the measures that can be given."""
    return [name for name in names if not reason(book, name)]


def missing(book: Workbook, *names: str) -> Exhibit:
    """Return the box that says which measures cannot be given, and which export would bring them.

    >>> print(missing(book.only("language", "tr"), "nps_touchpoint", "csat"))  # tickets are in no language
    Satisfaction with tickets (CSAT) cannot be given: no export brings tickets.
    """
    lacking: dict[tuple[str, ...], list[str]] = {}
    for name in names:
        lacking.setdefault(book.missing(name) or (name,), []).append(name)
    return box(*filter(None, (reason(book, *alike) for alike in lacking.values())))
