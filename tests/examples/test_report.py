"""From a public data set to pages: what its tables allow, and the rest said to be missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import html

from cxlib.notebook import run
from cxlib.report.pipeline import publish_month
from examples.conftest import ROOT, Import, Lay

REPORTS = ("experience", "support_operations", "data_quality", "switching")


@pytest.mark.slow
def test_no_notebook_needs_more_than_a_survey(imported: Import) -> None:
    with (book := imported("sfo_customer_survey").book("2018-05")).engine:
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            study = run(path, book)
            assert "book" in study.names, path.stem


@pytest.mark.slow
def test_a_survey_alone_makes_reports(lay: Lay, tmp_path: Path) -> None:
    sources = lay("sfo_customer_survey")
    outcome = publish_month("2018-05", sources, tmp_path, REPORTS, reports_file=ROOT / "reports" / "reports.toml")
    assert (outcome.exit_code, outcome.failed) == (0, ())
    assert outcome.folder is not None
    pages = {path.stem: html.parse(path).getroot() for path in outcome.folder.glob("*.html")}
    assert set(pages) == set(outcome.made)
    tiles = {tile.get("data-metric"): tile for tile in pages["experience"].find_class("cx-tile")}
    assert tiles["nps_touchpoint"].get("data-shown") == "35"
    assert "n = 2,650" in tiles["nps_touchpoint"].text_content().replace("\xa0", " ")
    missing = " ".join(part.text_content() for part in pages["support_operations"].find_class("cx-missing"))
    assert "no export brings tickets" in missing
    ledger = " ".join(pages["data_quality"].text_content().split())
    assert "score: blank (code 11) 84" in ledger
    assert "score: blank (code 11) 159" in ledger
