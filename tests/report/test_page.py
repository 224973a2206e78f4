from __future__ import annotations

import hashlib
import re

import pytest
from lxml import html
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from cxlib.errors import ReportError
from cxlib.report.gates import Page, check
from cxlib.report.manifest import Edition
from cxlib.report.page import make_page, slug
from cxlib.report.theme import CSP, THEME
from report.helpers import notebook_of, shown_html, table, title


@pytest.fixture
def page(executed: NotebookNode, edition: Edition) -> str:
    return make_page(executed, edition)


def test_a_page_of_exhibits_passes_every_gate(page: str, executed: NotebookNode) -> None:
    assert check(Page("demo", page, executed)) == ()


def test_the_page_is_the_same_to_the_byte(page: str, executed: NotebookNode, edition: Edition) -> None:
    again = make_page(executed, edition)
    assert hashlib.sha256(page.encode()).digest() == hashlib.sha256(again.encode()).digest()


def test_the_frame(page: str) -> None:
    tree = html.document_fromstring(page)
    assert page.startswith('<!doctype html>\n<html lang="en" dir="ltr">')
    assert tree.xpath("//meta[@http-equiv]/@content") == [CSP]
    assert tree.xpath("//title/text()") == ["Did customers wait? · October 2026 · Kuzey Cloud"]
    assert tree.xpath("//h1/text()") == ["Did customers wait?"]
    assert tree.xpath("//body/a[@class='cx-skip']/@href") == ["#cx-main"]
    assert tree.xpath("//header//time/@datetime") == ["2026-10", "2026-11-09T06:00:00Z"]
    assert "9 November 2026, 09:00 (Europe/Istanbul)" in tree.find(".//header").text_content()
    assert "It does not say why." in tree.find_class("cx-lead")[0].text_content()
    footer = tree.find(".//footer").text_content()
    assert "3f9a1c0b77de" in footer
    assert "cxlib 0.1.0, papermill 2.7.0" in footer


def test_the_contents_lead_to_stable_ids(page: str) -> None:
    tree = html.document_fromstring(page)
    links = tree.xpath("//nav//a")
    assert [(link.get("href"), link.text) for link in links] == [
        ("#the-answer", "The answer"),
        ("#ilk-yanit-suresi", "İlk yanıt süresi"),
    ]
    assert [leaf.get("data-target") for leaf in tree.find_class("cx-leaf")] == [link.get("href") for link in links]


def test_no_code_no_stderr_no_prompt_is_shown(edition: Edition) -> None:
    secret = new_code_cell(
        "password = 'open sesame'",
        execution_count=7,
        outputs=[new_output("stream", name="stderr", text="Beware of the dog")],
    )
    plain = new_code_cell("print(1)", outputs=[new_output("stream", name="stdout", text="2 < 3 & 4")])
    page = make_page(notebook_of(title(), secret, plain), edition)
    assert "sesame" not in page
    assert "Beware" not in page
    assert '<pre class="cx-plain">2 &lt; 3 &amp; 4</pre>' in page


def test_a_hostile_comment_stays_inside_its_cell(edition: Edition) -> None:
    hostile = "</section></main><script>alert(1)</script><img src=x onerror=alert(1)><p>after</p>"
    page = make_page(notebook_of(title(), shown_html(hostile), new_markdown_cell(f"## Next\n\n{hostile}")), edition)
    tree = html.document_fromstring(page)
    assert not list(tree.iter("script", "iframe"))
    assert not tree.xpath("//@onerror")
    assert "alert" not in page
    assert [main.get("id") for main in tree.iter("main")] == ["cx-main"]
    assert tree.xpath("//main//p/text()") == ["after", "after"]


def test_a_company_with_quotes_and_angles_is_text(executed: NotebookNode, edition: Edition) -> None:
    page = make_page(executed, edition.model_copy(update={"company": 'A "B" <C> \\ & Söhne</style>'}))
    tree = html.document_fromstring(page)
    assert tree.find_class("cx-company")[0].text == 'A "B" <C> \\ & Söhne</style>'
    assert page.count("</style>") == 1
    assert 'content: "A \\22 B\\22  \\3c C\\3e  \\5c  \\26  Söhne\\3c /style\\3e "' in page


def test_a_picture_output_without_alt_is_caught(edition: Edition, chart: str) -> None:
    import base64

    svg = base64.b64decode(chart.partition(",")[2]).decode()
    cell = new_code_cell("plot()", outputs=[new_output("display_data", data={"image/svg+xml": svg})])
    notebook = notebook_of(title(), cell)
    assert [problem.rule for problem in check(Page("x", make_page(notebook, edition), notebook))] == ["alt"]
    cell.outputs[0].metadata["image/svg+xml"] = {"alt": "Line of three months, from 2 to 3 hours."}
    assert check(Page("x", make_page(notebook, edition), notebook)) == ()


def test_a_first_cell_without_title_is_refused(edition: Edition) -> None:
    with pytest.raises(ReportError, match=r"the first cell has no title; begin it with one line `# …`"):
        make_page(notebook_of(new_markdown_cell("Hello"), title()), edition)
    with pytest.raises(ReportError, match="the first cell has no title"):
        make_page(notebook_of(), edition)


def test_a_page_in_a_right_to_left_language(
    executed: NotebookNode, edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cxlib.language.AVAILABLE", ("en", "fa"))
    page = make_page(executed, edition.model_copy(update={"language": "fa"}))
    assert '<html lang="fa" dir="rtl">' in page
    assert "@top-right { content: string(title)" in page
    assert "اکتبر" in page


def test_sides_are_logical_in_the_style() -> None:
    for name in ("screen.css", "print.css.j2"):
        style = (THEME / name).read_text(encoding="utf-8")
        physical = (
            r"(?:margin|padding|border)-(?:left|right)|text-align: *(?:left|right)|float:|\b(?:left|right): *[\d.]"
        )
        assert re.findall(physical, style) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer", "the-answer"),
        ("İlk yanıt süresi & ğ ş ç", "ilk-yanit-suresi-g-s-c"),
        ("cx things", "section-cx-things"),
        ("12 months", "section-12-months"),
        ("پاسخ", ""),
    ],
)
def test_slugs(text: str, expected: str) -> None:
    assert slug(text) == expected


def test_the_same_heading_twice_and_a_heading_without_letters(edition: Edition) -> None:
    page = make_page(notebook_of(title(), new_markdown_cell("## Late\n\n## Late\n\n## پاسخ\n\n## Contents")), edition)
    ids = html.document_fromstring(page).xpath("//main//h2/@id")
    assert ids == ["late", "late-2", "section", "contents"]
    assert check(Page("x", page, notebook_of())) == ()


def test_an_exhibit_keeps_its_id_when_a_heading_would_take_it(edition: Edition) -> None:
    page = make_page(notebook_of(title(), new_markdown_cell("## By region"), shown_html(table("by-region"))), edition)
    tree = html.document_fromstring(page)
    assert tree.xpath("//table/@id") == ["by-region"]
    assert tree.xpath("//main//h2/@id") == ["by-region-2"]


def test_tables_scroll_by_themselves_and_wide_ones_are_marked(edition: Edition) -> None:
    head = "".join(f'<th scope="col">c{n}</th>' for n in range(13))
    wide = f"<table><caption>Wide</caption><tr>{head}</tr></table>"
    tree = html.document_fromstring(
        make_page(notebook_of(title(), shown_html(wide), shown_html(table()), shown_html(table("b", 20))), edition)
    )
    boxes = tree.find_class("cx-scroll")
    assert [(box.get("aria-label"), box.get("tabindex")) for box in boxes] == [
        ("Wide", "0"),
        ("Tickets by region", "0"),
        ("Tickets by region", "0"),
    ]
    assert [box.get("class") for box in boxes] == ["cx-scroll cx-across", "cx-scroll cx-short", "cx-scroll"]
    assert [box[0].get("class") for box in boxes] == ["cx-wide", "cx-table", "cx-table"]


def test_a_header_stands_over_its_numbers(edition: Edition) -> None:
    tree = html.document_fromstring(make_page(notebook_of(title(), shown_html(table())), edition))
    assert [header.get("class") for header in tree.xpath("//thead//th")] == [None, "cx-number"]
