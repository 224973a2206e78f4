"""How pages look: one template environment for all of them, their style sheets, and the fonts put inside.

The fonts are open ones that come as packages, cut down to the characters of the page: one complete file per weight,
because a PDF engine that gets a weight in pieces mixes up letters between them.
"""

import base64
import io
import re
import string
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import fontpkg
import matplotlib as mpl
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib import instancer
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html
from markupsafe import Markup

from cxlib.language import Language

THEME = Path(__file__).parent
CSP = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"
ALWAYS = frozenset(string.printable.strip() + " \u00a0\u202f\u2009\u2013\u2014\u2026\u2022\u2019\u201c\u201d")
"""Characters of the frame: page numbers, dates, hyphens that the engine sets itself."""

COMMON = frozenset(map(chr, (*range(0x20, 0x250), *range(0x2000, 0x2070), *range(0x20A0, 0x20D0), 0x2122, 0x2212)))
"""Characters of the languages in Latin script, with their punctuation and currencies."""


def dress(template: str, language: Language, company: str = "", **frame: Any) -> str:
    """Fill a template of the theme and put its style and fonts inside."""
    filled = _environment().get_template(template)
    frame |= {"language": language, "company": company, "csp": CSP}
    bare = html.document_fromstring(filled.render(frame, style=""))
    text, italic, code = (
        "".join(element.text_content() for element in bare.xpath(path))
        for path in ("//body", "//body//em | //body//i | //body//cite | //body//dfn", "//code | //pre")
    )
    style = "\n".join([*(face.css for face in faces(text, italic, code)), _style(language, company)])
    return filled.render(frame, style=Markup(style)) + "\n"


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(THEME), autoescape=True, undefined=StrictUndefined)
    environment.filters["css"] = _css_text
    return environment


def _style(language: Language, company: str) -> str:
    """Return the style sheets; the print one is a template because margin boxes know no reading direction."""
    paper = _environment().get_template("print.css.j2").render(language=language, company=company)
    screen = (THEME / "screen.css").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", "", screen + "\n" + paper, flags=re.DOTALL).strip()


def _css_text(text: str) -> Markup:
    """Return a text as a CSS string."""
    return Markup('"' + re.sub(r'["\\<>&\n\r]', lambda match: f"\\{ord(match[0]):x} ", text) + '"')


class Face(NamedTuple):
    """One `@font-face`."""

    family: str
    weight: int
    style: str
    woff2: bytes

    @property
    def css(self) -> str:
        """The rule, with the font inside."""
        data = base64.b64encode(self.woff2).decode("ascii")
        return (
            f'@font-face{{font-family:"{self.family}";font-weight:{self.weight};font-style:{self.style};'
            f'font-display:block;src:url("data:font/woff2;base64,{data}") format("woff2")}}'
        )


def faces(text: str, italic: str = "", code: str = "") -> tuple[Face, ...]:
    """Return the faces that a page needs for all its text, and for what of it is set in italics and as code."""
    upright, needed = _noto("normal"), frozenset(text) | ALWAYS
    found = [Face("Cx Sans", weight, "normal", _cut(upright, needed, weight)) for weight in (400, 600)]
    if italic.strip():
        found.append(Face("Cx Sans", 400, "italic", _cut(_noto("italic"), frozenset(italic) | {" "}, 400)))
    covered = _covered(upright)
    missing = frozenset(mark for mark in needed if ord(mark) not in covered and mark.isprintable())
    # Noto Sans has no arrows, no mathematical signs and no Arabic script; the font of matplotlib has.
    for family, name, wanted in (("Symbols", "DejaVuSans", missing), ("Code", "DejaVuSansMono", frozenset(code))):
        if "".join(wanted).strip():
            font = Path(mpl.get_data_path(), "fonts", "ttf", f"{name}.ttf")
            found.append(Face(f"Cx {family}", 400, "normal", _cut(font, wanted | {" "}, None)))
    return tuple(found)


def prepare_fonts() -> None:
    """Read the fonts that most pages need, for the processes that are forked from this one."""
    for style in ("normal", "italic"):
        _common(_noto(style))


def _noto(style: str) -> Path:
    return Path(fontpkg.path("Noto Sans", style=style))


@cache
def _covered(font: Path) -> frozenset[int]:
    with TTFont(font, lazy=True) as opened:
        return frozenset(opened.getBestCmap())


@cache
def _cut(font: Path, characters: frozenset[str], weight: int | None) -> bytes:
    """Return the font with these characters only as woff2; a variable font at one weight and full width."""
    covered = frozenset(mark for mark in characters if ord(mark) in _covered(font))
    opened = _subset(io.BytesIO(_common(font)) if weight and covered <= COMMON else font, covered)
    if weight:
        opened = instancer.instantiateVariableFont(opened, {"wght": weight, "wdth": 100}, inplace=True)
    return _saved(opened, "woff2")


@cache
def _common(font: Path) -> bytes:
    """Return a variable font with the common characters only.

    Most of the time goes into reading a whole font; so it is read once for all weights and pages.
    """
    return _saved(_subset(font, COMMON), None)


def _subset(source: Path | io.BytesIO, characters: frozenset[str]) -> TTFont:
    options = Options(hinting=False, notdef_outline=True)
    options.drop_tables = [*options.drop_tables, "FFTM"]
    opened = TTFont(source, recalcTimestamp=False)
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=sorted(map(ord, characters)))
    subsetter.subset(opened)
    return opened


def _saved(font: TTFont, flavor: str | None) -> bytes:
    font.flavor = flavor
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()
