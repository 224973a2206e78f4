"""Small notebooks that print exhibits, and a publication around them."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import matplotlib as mpl
import nbformat
import pyarrow as pa
import pyarrow.parquet as pq
import seaborn as sns
from matplotlib.figure import Figure
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlib.store import Snapshot
from cxlib.tables import TABLES

ARROW = {
    "VARCHAR": pa.string(),
    "TIMESTAMP": pa.timestamp("us"),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
}
PARAMETERS = """month = "2026-10"  # type: str month of the report
sources = ""  # type: str file that lists the exports
snapshot = ""  # type: str folder of the snapshot
language = "en"  # type: str language of the reader"""


def svg_uri(draw: Callable[[Figure], None]) -> str:
    """Return a drawn figure as the data URI that an exhibit holds."""
    with mpl.rc_context({"svg.hashsalt": "cx", "svg.fonttype": "path"}):
        figure = Figure(figsize=(5, 2.4))
        draw(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def line_chart(figure: Figure) -> None:
    sns.lineplot(x=[1, 2, 3], y=[2.0, 1.0, 3.0], ax=figure.subplots(), estimator=None)


def tile(shown: str = "87.3 %") -> str:
    return (
        '<li class="cx-tile" data-metric="csat">'
        f'<span class="cx-tile-label">Satisfaction</span><span class="cx-tile-value">{shown}</span>'
        '<span class="cx-tile-interval">95 % interval 84.9 to 89.4 %</span><span class="cx-tile-n">n = 1,204</span>'
        '<span class="cx-tile-change" data-direction="up" data-good="good">Up 2.1 points</span></li>'
    )


def tiles(*items: str) -> str:
    return f'<ul class="cx-tiles">{"".join(items or (tile(),))}</ul>'


def table(name: str = "by-region", rows: int = 2) -> str:
    body = "".join(f'<tr><th scope="row">Region {n}</th><td class="cx-number">{n}</td></tr>' for n in range(rows))
    return (
        f'<table class="cx-table" id="{name}"><caption>Tickets by region</caption><thead><tr>'
        '<th scope="col">Region</th>'
        f'<th scope="col">Tickets</th></tr></thead><tbody>{body}</tbody></table>'
    )


def figure(src: str, alt: str = "Line of three months: 2.0, 1.0, then 3.0 hours.", name: str = "first-reply") -> str:
    return (
        f'<figure class="cx-figure" id="{name}"><img src="{src}" alt="{alt}">'
        "<figcaption>Median first reply</figcaption>"
        f'<details class="cx-data"><summary>The numbers in this chart</summary>{table("numbers-" + name)}</details>'
        "</figure>"
    )


def shown_html(html: str) -> NotebookNode:
    """Return a code cell that has shown a piece of HTML."""
    output = new_output("display_data", data={"text/html": html, "text/plain": "exhibit"})
    return new_code_cell("show()", execution_count=3, outputs=[output])


def with_ids(cells: Sequence[NotebookNode]) -> list[NotebookNode]:
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return list(cells)


def notebook_of(*cells: NotebookNode) -> NotebookNode:
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    return new_notebook(cells=with_ids(cells), metadata=metadata)


def title(text: str = "Did customers wait?") -> NotebookNode:
    return new_markdown_cell(f"# {text}\n\nFor those who lead support.\n\nIt does not say *why*.")


def parameters_cell(source: str = PARAMETERS) -> NotebookNode:
    cell = new_code_cell(source)
    cell.metadata["tags"] = ["parameters"]
    return cell


def runnable(*sources: str, heading: str = "Did customers wait?", parameters: str = PARAMETERS) -> NotebookNode:
    """Return a notebook as an analyst writes it: title, parameters, a section, code cells."""
    cells = [
        title(heading),
        parameters_cell(parameters),
        new_markdown_cell("## The answer"),
        *map(new_code_cell, sources),
    ]
    return notebook_of(*cells)


def show(html: str) -> str:
    """Return code that shows a piece of HTML."""
    return f"from IPython.display import HTML, display\ndisplay(HTML({html!r}))"


def make_snapshot(folder: Path, identifier: str = "3f9a1c0b77de") -> Snapshot:
    """Write a snapshot with tickets of March to October 2026 and open it."""
    tables = folder / identifier / "tables"
    tables.mkdir(parents=True)
    created = [datetime(2026, 3, 1, 8), datetime(2026, 6, 30, 21, 30), datetime(2026, 10, 31, 20, 59)]
    columns = {"ticket_id": ["a", "b", "c"], "created_at": created}
    schema = pa.schema([(column.name, ARROW[column.sql_type]) for column in TABLES["tickets"].columns])
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    pq.write_table(pa.Table.from_pylist(rows, schema), tables / "tickets.parquet")
    return Snapshot(
        folder=folder / identifier,
        id=identifier,
        company="Kuzey Cloud",
        as_of=datetime(2026, 11, 9, 6),
        time_zone="Europe/Istanbul",
        currency="EUR",
        rates={},
        columns={"tickets": ("ticket_id", "created_at")},
        ledger=(),
        warnings=(),
        inputs=(),
    )


class Project:
    """A folder with notebooks, `reports.toml` and a snapshot, to publish from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.out = root / "reports"
        self.sources = root / "data" / "sources.toml"
        self.reports_file = root / "reports.toml"
        self.snapshot = make_snapshot(root / "data" / "snapshots")
        self.sources.write_text('[workbook]\ncompany = "Kuzey Cloud"\n')
        (root / "notebooks").mkdir()
        self._reports: dict[str, str] = {}

    def add(self, name: str, notebook: NotebookNode, extra: str = "") -> None:
        """Write a notebook and name it in `reports.toml`; again with the same name replaces it."""
        nbformat.write(notebook, self.root / "notebooks" / f"{name}.ipynb")
        entry = f'[[report]]\nname = "{name}"\nnotebook = "notebooks/{name}.ipynb"\ntitle = "Report {name}"\n{extra}\n'
        self._reports[name] = entry
        self.reports_file.write_text("\n".join(self._reports.values()))


def axes_only_uri() -> str:
    """Return a chart in which nothing is drawn."""

    def draw(figure: Figure) -> None:
        figure.subplots().grid(True)

    return svg_uri(draw)
