"""Names as companies have them: of any script, with signs that mean something elsewhere, or called None."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import pytest
from lxml import html
from nbformat.v4 import new_code_cell, new_output

from cxlib import exhibits
from cxlib.exhibits import theme
from cxlib.language import Language
from cxlib.period import Month
from cxlib.report.gates import Page, check
from cxlib.report.manifest import Edition
from cxlib.report.page import make_page
from cxlib.workbook import Workbook
from report.helpers import notebook_of, title

SIGNS = ("$US$ & $CA$", "50% off", "<b>bold</b>", "a|b*c*_d_", r"\frac{1}{2}", "{{ x }}", "C#_and_C++")
SCRIPTS = ("تهران", "شیراز", "İstanbul", "東京", "Αθήνα", "🎉 club")
LEFTOVERS = ("NA", "None", "null", "nan", "NaT", "inf")


def book_of(desk: Callable[..., Any], names: Sequence[str]) -> Workbook:
    rows = [
        {"ticket_id": f"{month}{name}{k}", "customer_id": f"{name}{k}", "agent_group": name, "reopens": 0}
        | {
            f"{what}_at": f"{month}-10 09:00"
            for what in ("created", "first_public_reply", "first_solved", "last_solved")
        }
        | {"satisfaction": "good" if k % 3 else "bad"}
        for month in ("2026-09", "2026-10")
        for name in names
        for k in range(12)
    ]
    return Workbook(desk("2026-12-01", tickets=rows), Month(2026, 10), Language("en"))


@pytest.mark.parametrize("names", [SIGNS, SCRIPTS, LEFTOVERS])
def test_every_name_stands_on_the_page_letter_for_letter(
    desk: Callable[..., Any], edition: Edition, names: tuple[str, ...]
) -> None:
    book = book_of(desk, names)
    own = pd.DataFrame({"group": names, "cases": 12}, index=pd.Index(names, name="name"))
    shown = [
        exhibits.tiles(book, "csat", own={name: book.estimate("csat") for name in names}),
        exhibits.breakdown(book, "csat", "agent_group"),
        exhibits.by_segment(book, ("csat", "tickets_created"), "agent_group"),
        exhibits.sheet(book, "own", own, "Cases by group."),
        exhibits.doubts(book, ["csat"], by=["agent_group"]),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = [new_output("display_data", data={"text/html": one.html}) for one in shown]
    notebook = notebook_of(title(), new_code_cell("show()", execution_count=3, outputs=outputs))
    source = make_page(notebook, edition)
    assert check(Page("names", source, notebook)) == ()
    page = html.document_fromstring(source.encode(), parser=html.HTMLParser(encoding="utf-8"))
    heads = [cell.text_content() for cell in page.xpath("//table[@id='segments-agent_group-csat']/tbody//th")]
    assert sorted(heads) == sorted(names)
    (alt,) = page.xpath("//figure//img/@alt")
    assert all(f"{name} 66.7%" in alt for name in names)


def test_a_dollar_begins_no_formula_and_every_letter_is_drawn() -> None:
    for name in ("$US$ & $CA$", "a|b*c*_d_", r"\frac{1}{2}", "İstanbul", "東京", "Αθήνα"):
        with theme.theme(), warnings.catch_warnings():
            warnings.simplefilter("error")
            figure = theme.new_figure(1.0)
            figure.text(0.1, 0.5, name)
            svg = base64.b64decode(theme.data_uri(figure).partition(",")[2]).decode()
        assert len(re.findall(r"<use ", svg)) == len(name), name
