"""How pages look: one template environment for all of them, their style sheets, and the fonts put inside."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from lxml import html
from markupsafe import Markup

from cxlib.language import Language
from cxlib.report.theme import fonts

THEME = Path(__file__).parent
CSP = "default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'"


def dress(template: str, language: Language, company: str = "", **frame: Any) -> str:
    """Fill a template of the theme and put its style and fonts inside."""
    filled = _environment().get_template(template)
    frame |= {"language": language, "company": company, "csp": CSP}
    bare = html.document_fromstring(filled.render(frame, style=""))
    text, italic, code = (
        "".join(element.text_content() for element in bare.xpath(path))
        for path in ("//body", "//body//em | //body//i | //body//cite | //body//dfn", "//code | //pre")
    )
    style = "\n".join([*(face.css for face in fonts.faces(text, italic, code)), _style(language, company)])
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
