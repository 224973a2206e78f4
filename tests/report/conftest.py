"""What the tests of the pages share."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from cxlib.report.manifest import Edition
from report.helpers import Project, figure, line_chart, notebook_of, shown_html, svg_uri, table, tiles, title


@pytest.fixture(scope="session")
def chart() -> str:
    return svg_uri(line_chart)


@pytest.fixture
def edition() -> Edition:
    return Edition(
        month="2026-10",
        language="en",
        company="Kuzey Cloud",
        time_zone="Europe/Istanbul",
        as_of=datetime(2026, 11, 9, 6),
        snapshot="3f9a1c0b77de",
        versions={"cxlib": "0.1.0", "papermill": "2.7.0"},
    )


@pytest.fixture
def executed(chart: str) -> NotebookNode:
    """A notebook after its run, with one of everything an exhibit can be."""
    return notebook_of(
        title(),
        new_markdown_cell("## The answer"),
        shown_html(tiles()),
        shown_html('<p class="cx-finding" id="finding-csat" data-metric="csat">Satisfaction rose to 87.3 %.</p>'),
        new_markdown_cell("## İlk yanıt süresi\n\nThe clock runs from the message. See [the answer](#the-answer)."),
        shown_html(figure(chart)),
        new_markdown_cell("### By region"),
        shown_html(table()),
        shown_html('<div class="cx-missing"><p>This section needs the table usage_daily.</p></div>'),
    )


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path)
    monkeypatch.setattr("cxlib.report.pipeline.build_snapshot", lambda sources: made.snapshot)
    return made
