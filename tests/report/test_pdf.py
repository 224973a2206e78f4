from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pikepdf
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from cxlib.errors import ReportError
from cxlib.report.manifest import Edition
from cxlib.report.page import make_page
from cxlib.report.pdf import PANGO_MISSING, write_pdf
from report.helpers import notebook_of, shown_html, table, title

pytestmark = pytest.mark.filterwarnings("ignore:HarfBuzz-Subset:DeprecationWarning")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, int]]:
    return {}


@pytest.fixture
def pdf(
    made: dict[str, tuple[Path, int]],
    executed: NotebookNode,
    edition: Edition,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The PDF of a page with a table that is longer than a sheet; made once."""
    if "pdf" not in made:
        executed.cells.insert(3, new_markdown_cell("## Long\n\n[A source](https://doi.org/10.1000/x), → ≥ `code`"))
        executed.cells.insert(4, shown_html(table("long", rows=70)))
        path = tmp_path_factory.mktemp("pdf") / "page.pdf"
        made["pdf"] = (path, write_pdf(make_page(executed, edition), path))
    return made["pdf"][0]


def test_it_is_tagged_and_says_what_it_is(pdf: Path, made: dict[str, tuple[Path, int]]) -> None:
    with pikepdf.open(pdf) as opened:
        assert len(opened.pages) == made["pdf"][1] > 2
        assert opened.Root.MarkInfo.Marked
        assert opened.Root.StructTreeRoot.K
        assert str(opened.Root.Lang) == "en"
        assert opened.Root.ViewerPreferences.DisplayDocTitle
        assert str(opened.docinfo["/Title"]) == "Did customers wait? · October 2026 · Kuzey Cloud"
        assert str(opened.docinfo["/Author"]) == "Kuzey Cloud"
        metadata = opened.open_metadata()
        assert metadata["pdfuaid:part"] == "1"
        sizes = {tuple(round(float(side)) for side in page.mediabox[2:]) for page in opened.pages}
        assert sizes == {(595, 842)}


def test_the_outline_holds_the_headings(pdf: Path) -> None:
    with pikepdf.open(pdf) as opened, opened.open_outline() as outline:
        (top,) = outline.root
        assert top.title == "Did customers wait?"
        titles = [item.title for item in top.children]
        assert titles == ["Contents", "The answer", "Long", "İlk yanıt süresi", "Where the numbers come from"]
        assert [item.title for item in top.children[3].children] == ["By region"]


def test_every_font_is_inside_and_is_ours(pdf: Path) -> None:
    names = set()
    with pikepdf.open(pdf) as opened:
        for thing in opened.objects:
            if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
                assert "/FontFile2" in thing or "/FontFile3" in thing
                names.add(str(thing.FontName).partition("+")[2])
    assert len(names) >= 3
    assert all(re.match(r"Cx-(Sans|Symbols|Code)", name) for name in names), names


def test_pictures_have_alt_texts_and_charts_are_vectors(pdf: Path) -> None:
    with pikepdf.open(pdf) as opened:
        figures = [t for t in opened.objects if isinstance(t, pikepdf.Dictionary) and t.get("/S") == "/Figure"]
        assert [str(figure.Alt) for figure in figures] == ["Line of three months: 2.0, 1.0, then 3.0 hours."]
        images = [t for t in opened.objects if isinstance(t, pikepdf.Stream) and t.get("/Subtype") == "/Image"]
        assert images == []


def test_links_print_and_stay(pdf: Path) -> None:
    with pikepdf.open(pdf) as opened:
        links = [link for page in opened.pages for link in page.get("/Annots", []) if link.Subtype == "/Link"]
        assert all(int(link.F) == 4 for link in links)
        targets = [str(link.A.URI) for link in links if "/A" in link and "/URI" in link.A]
        assert targets == ["https://doi.org/10.1000/x"]
        assert len(links) > len(targets)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: install poppler-utils")
def test_what_the_reader_of_the_paper_sees(pdf: Path) -> None:
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, text=True, check=True).stdout
    sheets = text.split("\f")[:-1]
    assert "Kuzey Cloud" in sheets[0]
    assert "October 2026" in sheets[0]
    contents = dict(re.findall(r"^\s*(The answer|Long|İlk yanıt süresi)\s+(\d+)$", sheets[0], re.MULTILINE))
    for heading, number in contents.items():
        assert re.search(rf"^\s*{heading}\s*$", sheets[int(number) - 1], re.MULTILINE), heading
    assert list(contents) == ["The answer", "Long", "İlk yanıt süresi"]
    assert int(contents["İlk yanıt süresi"]) > int(contents["Long"])
    for number, sheet in enumerate(sheets, 1):
        assert f"Page {number} of {len(sheets)}" in sheet
    for sheet in sheets[1:]:
        first = next(line for line in sheet.splitlines() if line.strip())
        assert re.fullmatch(r"\s*Did customers wait\?\s+October 2026\s*", first)
    long = [sheet for sheet in sheets if re.search(r"Region \d+\s+\d+", sheet)]
    assert len(long) > 1
    assert all(re.search(r"Region\s+Tickets", sheet) for sheet in long), "the table's head is repeated"
    assert "The numbers in this chart" not in text
    assert "The numbers behind the charts are in tables of the web page" in text


def test_the_same_page_gives_the_same_bytes(executed: NotebookNode, edition: Edition, tmp_path: Path) -> None:
    page = make_page(executed, edition)
    write_pdf(page, tmp_path / "one.pdf")
    write_pdf(page, tmp_path / "two.pdf")
    assert (tmp_path / "one.pdf").read_bytes() == (tmp_path / "two.pdf").read_bytes()


def test_nothing_is_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text('<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/></svg>')
    head = '<!doctype html><html lang="en"><title>a</title>'
    hostile = f'{head}<p>a</p><img src="{secret.as_uri()}" alt="a"><img src="http://localhost:9/x.png" alt="b">'
    with pytest.raises(ReportError, match="the PDF is not whole") as error:
        write_pdf(hostile, tmp_path / "page.pdf")
    assert str(error.value).count("disallowed protocol") == 2


def test_what_runs_off_the_paper_is_said(tmp_path: Path) -> None:
    head = '<!doctype html><html lang="en"><title>a</title><style>@page{margin:2cm}td{white-space:nowrap}</style>'
    cell = f"<table><caption>c</caption><tr><th scope=col>{{}}</th></tr><tr><td>{'word ' * 60}</td></tr></table>"
    with pytest.raises(ReportError, match="the PDF is not whole: a table runs off page 1; look at"):
        write_pdf(head + cell, tmp_path / "a.pdf")
    assert write_pdf(head + cell.replace("word ", "."), tmp_path / "b.pdf") == 1


def test_a_table_of_long_numbers_stays_on_the_paper(edition: Edition, tmp_path: Path) -> None:
    cell = '<td class="cx-number">€12,761 (€1,339 to €24,183), n = 12</td>'
    head = "".join(f'<th scope="col">Column {number}</th>' for number in range(7))
    body = f'<tr><th scope="row">October 2026</th>{cell * 6}</tr>' * 9
    wide = f"<table><caption>Wide</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    page = make_page(notebook_of(title(), shown_html(wide)), edition)
    assert write_pdf(page, tmp_path / "a.pdf") > 0


def test_a_table_that_would_run_off_the_paper_is_set_tighter(edition: Edition, tmp_path: Path) -> None:
    names = "".join(f"<td>a_long_name_without_any_space_{number}</td>" for number in range(6))
    head = "".join(f'<th scope="col">Column {number}</th>' for number in range(6))
    wide = f"<table><caption>Wide</caption><thead><tr>{head}</tr></thead><tbody><tr>{names}</tr></tbody></table>"
    page = make_page(notebook_of(title(), shown_html(wide)), edition)
    assert write_pdf(page, tmp_path / "a.pdf") > 0
    loose = page.replace(".cx-tight", ".cx-never")
    with pytest.raises(ReportError, match="a table runs off page 1"):
        write_pdf(loose, tmp_path / "b.pdf")


def test_without_pango_the_line_to_run_is_named(tmp_path: Path) -> None:
    (tmp_path / "weasyprint").mkdir()
    (tmp_path / "weasyprint" / "__init__.py").write_text("raise OSError(\"cannot load library 'libgobject-2.0-0'\")")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from cxlib.report.pdf import write_pdf\n"
        "print(write_pdf('<p>a</p>', Path(sys.argv[1], 'a.pdf')))"
    )
    said = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "0"
    assert not (tmp_path / "a.pdf").exists()
    assert PANGO_MISSING.startswith("PDF not made: the library pango is missing.")
    assert all(f": {tool} install" in PANGO_MISSING for tool in ("apt-get", "dnf", "brew", "conda"))


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="no pdftotext: install poppler-utils")
@pytest.mark.parametrize("count", [9, 15])
def test_the_contents_stand_on_the_cover_with_all_that_belongs_to_them(
    count: int, executed: NotebookNode, edition: Edition, tmp_path: Path
) -> None:
    hidden = shown_html(
        '<details class="cx-data"><summary>The numbers</summary><table><tr><td>1</td></tr></table></details>'
    )
    executed.cells[3:3] = [*(new_markdown_cell(f"## Section {place}\n\nText.") for place in range(count)), hidden]
    path = tmp_path / "page.pdf"
    write_pdf(make_page(executed, edition), path)
    cover, second = (
        subprocess.run(
            ["pdftotext", "-f", sheet, "-l", sheet, path, "-"], capture_output=True, text=True, check=True
        ).stdout
        for sheet in ("1", "2")
    )
    assert f"Section {count - 1}" in cover
    assert "The numbers behind the charts are in tables of the web page" in cover
    assert "The answer" in second
