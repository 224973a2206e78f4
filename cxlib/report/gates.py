"""What a page must be before anyone sees it: rules about the rendered page, and about what its cells wrote.

A gate finds what breaks its rule: the element of the page, or the index of the cell, and what is wrong with it.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from lxml.html import HtmlElement
from nbformat import NotebookNode

from cxlib.errors import Problem
from cxlib.report.page import HEADINGS, cell_name, flat, parsed
from cxlib.report.pictures import empty_reason, external_references, outside
from cxlib.report.theme import CSP

RAW_ANYWHERE = re.compile(r"<Figure size|<Axes|<pandas\.|\bobject at 0x[0-9a-f]+|Traceback \(most recent call last\)")
RAW_NUMBER = re.compile(r"(?<!\w)(nan|NaN|NaT|inf|<NA>)(?!\w)")
RAW_CELL = frozenset({"nan", "NaN", "NaT", "None", "<NA>", "inf", "-inf", "null"})
MOST_PRINTED = 200
FETCHED = "//@src | //@srcset | //@poster | //@background | //link/@href | //image/@href | //use/@href | //object/@data"
"""Attributes whose target a browser loads by itself."""


@dataclass(frozen=True)
class Page:
    """A finished page and the executed notebook it was made from."""

    name: str
    source: str
    notebook: NotebookNode

    @cached_property
    def tree(self) -> HtmlElement:
        """The page, parsed."""
        return parsed(self.source.encode())

    def place(self, found: HtmlElement | int | None) -> str:
        """Return the page, with the cell that an element or an index is of."""
        if found is None:
            return self.name
        if not isinstance(found, int):
            marks = found.xpath("self::*[ancestor::main]/preceding::comment()[starts-with(., 'cell ')][1]")
            if not marks:
                return self.name
            found = int(str(marks[0].text).removeprefix("cell "))
        return f"{self.name}, {cell_name(self.notebook, found)}"


Found = Iterator[tuple[HtmlElement | int | None, str]]


class Gate(NamedTuple):
    """A rule that a page must keep."""

    rule: str
    find: Callable[[Page], Found]
    fix: str
    """What to do where the rule is broken."""


def check(page: Page) -> tuple[Problem, ...]:
    """Run all gates over a page."""
    return tuple(
        Problem(gate.rule, page.place(found), what, gate.fix) for gate in GATES for found, what in gate.find(page)
    )


def not_passed(problems: Sequence[Problem]) -> str:
    """Say what the gates found, one line each."""
    count = f"{len(problems)} problems" if len(problems) > 1 else "1 problem"
    return f"the page did not pass its gates ({count}):\n" + "\n".join(f"  [{item.rule}] {item}" for item in problems)


def _each(path: str, what: str) -> Callable[[Page], Found]:
    """Return what finds every element of an XPath; in `what`, `{it}` names the element, `{x}` is its attribute x."""
    return lambda page: (
        (element, what.format_map(defaultdict(str, element.attrib, it=_named(element))))
        for element in page.tree.xpath(path, namespaces={"re": "http://exslt.org/regular-expressions"})
    )


def _errors(page: Page) -> Found:
    for index, output in _outputs(page, "error"):
        yield index, f"it ended with {output.ename}"


def _warnings(page: Page) -> Found:
    for index, output in _outputs(page, "stream"):
        if output.name == "stderr" and (lines := output.text.strip().splitlines()):
            # Python shows the line of code under a warning, and the file of this machine before it
            said = next((line for line in lines if "Warning: " in line), lines[-1])
            yield index, f"it wrote to stderr: {re.sub(r'^.*?:[0-9]+: (?=[A-Za-z]*Warning: )', '', said)}"


def _printed(page: Page) -> Found:
    lines = Counter[int]()
    for index, output in _outputs(page, "stream"):
        lines[index] += output.text.count("\n")
    yield from ((index, f"it printed {count:,} lines") for index, count in lines.items() if count > MOST_PRINTED)


def _empty_pictures(page: Page) -> Found:
    for image in page.tree.iter("img"):
        if reason := empty_reason(image.get("src", "")):
            yield image, f"{_named(image)} {reason}"


def _titles(page: Page) -> Found:
    texts = [flat(title) for title in page.tree.iter("h1")]
    if len(texts) != 1:
        yield None, f"it has {len(texts)} titles (h1): {', '.join(texts)}"


def _skipped_levels(page: Page) -> Found:
    for before, heading in pairwise(page.tree.iter(*HEADINGS)):
        above, level = int(before.tag[1]), int(heading.tag[1])
        if level > above + 1:
            wanted = "#" * (above + 1)
            yield heading, f"{_named(heading)} is of level {level} after one of level {above}; write it with {wanted}"


def _header_cells(page: Page) -> Found:
    """Find the tables without header cells, or whose header cells do not say what they head."""
    for table in page.tree.iter("table"):
        scopes = [cell.get("scope") for cell in table.iter("th")]
        loose = [scope for scope in scopes if scope not in ("col", "row", "colgroup", "rowgroup")]
        if loose or not scopes:
            what = f"{len(loose)} header cells have no scope" if loose else "no cell is a header (th)"
            yield table, f"{_named(table)}: {what}"


def _repeated_ids(page: Page) -> Found:
    for name, count in sorted(Counter(map(str, page.tree.xpath("//@id"))).items()):
        if count > 1:
            yield page.tree.xpath("//*[@id=$name]", name=name)[-1], f'{count} elements have the id "{name}"'


def _dead_links(page: Page) -> Found:
    ids = {str(name) for name in page.tree.xpath("//@id")}
    for link in page.tree.xpath("//a[starts-with(@href, '#')]"):
        if unquote(link.get("href")[1:]) not in ids:
            yield link, f'{_named(link)} to "{link.get("href")}" leads nowhere'


def _requests(page: Page) -> Found:
    """Find what a browser would load."""
    targets = [(target.getparent(), str(target)) for target in page.tree.xpath(FETCHED)]
    for sheet in page.tree.xpath("//style/text() | //@style"):
        targets += [(sheet.getparent(), target) for target in outside(sheet)]
    for image in page.tree.iter("img"):
        targets += [(image, target) for target in external_references(image.get("src", ""))]
    for element, target in targets:
        if not target.startswith("data:"):
            yield element, f'the page would load "{_short(target)}"'


def _handlers(page: Page) -> Found:
    """Find the attributes that run something."""
    for attribute in page.tree.xpath("//@*"):
        target = re.sub(r"\s", "", attribute).lower()
        if attribute.attrname.lower().startswith("on") or target.startswith(("javascript:", "vbscript:")):
            element = attribute.getparent()
            yield element, f"the page holds {attribute.attrname} of <{element.tag}>"


def _raw_text(page: Page) -> Found:
    """Find leftovers of the computation: "nan", "NaT", "None", the repr of an object."""
    left = "is left over from the computation"
    for match in RAW_ANYWHERE.finditer(page.tree.find("body").text_content()):
        holders = page.tree.xpath("//body//*[contains(., $text)]", text=match[0])
        yield (holders[-1] if holders else None), f'"{match[0]}" {left}'
    for cell in page.tree.iter("td", "th"):
        text, is_ours = flat(cell), any("cx-table" in table.classes for table in cell.iterancestors("table"))
        # what a table of ours sets as words is a name, and somebody may be called "None"
        is_name = is_ours and (cell.tag == "th" or "cx-words" in cell.classes)
        if (text in RAW_CELL and not is_name) or ("cx-number" in cell.classes and RAW_NUMBER.search(text)):
            yield cell, f'"{text}" {left}'
    for part in page.tree.xpath("//*[contains(@class, 'cx-tile-') and not(contains(@class, 'cx-tile-label'))]"):
        if (text := flat(part)) in RAW_CELL or RAW_NUMBER.search(text):
            yield part, f'"{text}" {left}'


POLICY = "//head/meta[@http-equiv='Content-Security-Policy']"
KEEP_POLICY = "Keep the meta element of the page template"
PLACEHOLDER = (
    "re:test(@alt, '^\\s*(No description has been provided|"
    "(no description|image|figure|chart|graph|plot|picture|alt|todo|none|untitled)\\W*$)', 'i')"
)
WHOLE = "re:test(@href, '^(#|https?:|mailto:)', 'i')"
A_SCREEN_READER = "Say the shape and the two numbers that a reader who cannot see it needs"
RUNS_NOTHING = "Take it out; a page for readers runs nothing"
HEADING = " | ".join(f"//{name}[not(normalize-space())]" for name in HEADINGS)
UNCAPTIONED = "//table[not(normalize-space(caption) or normalize-space(ancestor::figure[1]/figcaption))]"

GATES = (
    Gate("error-output", _errors, "Mend the cell; errors are not published"),
    Gate("stderr", _warnings, "Mend what it warns of; a warning that stays is read by nobody"),
    Gate("stdout", _printed, f"Show a table or a sentence instead; up to {MOST_PRINTED} printed lines are published"),
    Gate("empty-figure", _empty_pictures, "Look at the data behind it; without data show a cx-missing box instead"),
    Gate("alt", _each("//img[not(normalize-space(@alt))]", "{it} has no alt text"), A_SCREEN_READER),
    Gate("alt", _each(f"//img[{PLACEHOLDER}]", '{it} has the placeholder alt text "{alt}"'), A_SCREEN_READER),
    Gate("headings", _titles, "Keep `#` for the title cell and begin sections with `##`"),
    Gate("headings", _skipped_levels, "Leave no level out"),
    Gate("headings", _each(HEADING, "it has an empty heading"), "Give it words"),
    Gate(
        "tables",
        _each(UNCAPTIONED, "{it} has no caption"),
        "Show it as an exhibit with a caption that says what the rows are",
    ),
    Gate("tables", _header_cells, 'Write <th scope="col"> and <th scope="row">; exhibits do it'),
    Gate("links", _repeated_ids, "Give each exhibit its own id"),
    Gate("links", _dead_links, "Link to the id of a heading"),
    Gate(
        "links",
        _each(f"//a[not({WHOLE})]", '{it} leads to "{href}"'),
        "Pages are passed on alone: link inside the page or to a full https address",
    ),
    Gate("request", _requests, "Put pictures and fonts inside the page as data"),
    Gate("csp", _each(f"/html[not({POLICY})]", "the content-security policy is missing"), KEEP_POLICY),
    Gate(
        "csp", _each(f'{POLICY}[@content != "{CSP}"]', "the content-security policy is not the strict one"), KEEP_POLICY
    ),
    Gate("script", _each("//script|//iframe|//object|//embed|//form|//base", "the page holds {it}"), RUNS_NOTHING),
    Gate("script", _handlers, RUNS_NOTHING),
    Gate("raw-text", _raw_text, "Show it through an exhibit, which says what is missing and why"),
)
"""In the order of their messages."""


def _outputs(page: Page, kind: str) -> Iterator[tuple[int, NotebookNode]]:
    for index, cell in enumerate(page.notebook.cells):
        yield from ((index, output) for output in cell.get("outputs", []) if output.output_type == kind)


def _named(element: HtmlElement) -> str:
    """Return how a message calls an element."""
    tag, figure = element.tag, next(element.iterancestors("figure"), None)
    if tag == "img":
        return f'figure "{figure.get("id")}"' if figure is not None and figure.get("id") else "a picture"
    kind = "heading" if tag in HEADINGS else {"table": "the table that begins", "a": "link"}.get(tag)
    return f'{kind} "{_short(flat(element))}"' if kind else f"<{tag}>"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
