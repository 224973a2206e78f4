from __future__ import annotations

from pathlib import Path

from lxml import html

from cxlib.report.gates import Page, check
from cxlib.report.manifest import Failed
from cxlib.report.publish import write_portal
from report.helpers import notebook_of
from report.test_publish import manifest, published, report


def words(element: html.HtmlElement) -> str:
    return " ".join(str(element.text_content()).split())


def portal(out: Path) -> html.HtmlElement:
    return html.document_fromstring((out / "index.html").read_text())


def test_months_come_newest_first_with_their_files(tmp_path: Path) -> None:
    for month in ("2026-09", "2026-10", "2025-12"):
        published(tmp_path, manifest(report("monthly"), report("support", pdf=False), month=month))
    (tmp_path / "failed" / "2026-10" / "en").mkdir(parents=True)
    tree = portal(tmp_path)
    assert tree.xpath("//h2//time/@datetime") == ["2026-10", "2026-09", "2025-12"]
    assert tree.xpath("//h1/text()") == ["Monthly reports"]
    newest = tree.get_element_by_id("month-2026-10")
    assert newest.xpath(".//a/@href") == [
        "2026-10/en/monthly.html", "2026-10/en/monthly.pdf", "2026-10/en/support.html"
    ]  # fmt: skip
    said = words(newest)
    assert "October 2026 Data as of 9 November 2026, 09:00 (Europe/Istanbul) · Snapshot aaaaaaaaaaaa" in said
    assert "Title monthly Web page PDF, 3 pages About monthly" in said
    assert "About monthly" in said
    assert "Partial" not in said
    assert all((tmp_path / link).is_file() for link in tree.xpath("//li//a/@href"))


def test_what_is_partial_says_why(tmp_path: Path) -> None:
    no_pdf = report("monthly", pdf=False).model_copy(update={"pdf_missing": True})
    published(tmp_path, manifest(no_pdf))
    said = words(portal(tmp_path))
    assert "Partial: PDF not made" in said
    assert "Title monthly Web page PDF not made" in said
    published(tmp_path, manifest(report("monthly"), failed=(Failed(name="x", title="Broken", order=3, kept=False),)))
    said = words(portal(tmp_path))
    assert "Partial Title monthly" in said
    assert "Broken This report could not be made for this month." in said
    published(tmp_path, manifest(report("monthly"), report("support")))
    failed = (Failed(name="support", title="Title support", order=3, kept=False),)
    published(tmp_path, manifest(report("monthly"), failed=failed), keep=["support"])
    said = words(portal(tmp_path))
    assert "The new run failed; this is the version from the data as of 9 November 2026, 09:00" in said


def test_the_index_is_one_clean_file_and_the_same_each_time(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly").model_copy(update={"title": "A <b> & 'c'"})))
    page = (tmp_path / "index.html").read_text()
    write_portal(tmp_path)
    assert page == (tmp_path / "index.html").read_text()
    assert "A &lt;b&gt; &amp; &#39;c&#39;" in page
    links = {"links"}  # the index alone leads to other files
    assert {problem.rule for problem in check(Page("index", page, notebook_of()))} <= links
