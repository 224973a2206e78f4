"""A folder with exports and their `sources.toml`, for the tests of the import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from cxlib.store import Snapshot, build_snapshot

HEAD = """[workbook]
company = "Kuzey Cloud"
reporting_time_zone = "Europe/Istanbul"
reporting_currency = "EUR"
as_of = 2026-11-09T06:00:00Z
[rates]
USD = 0.92
TRY = 0.024
JPY = 0.006
KWD = 3.0
"""

TICKETS = """
[[export]]
name = "desk"
path = "desk.csv"
table = "tickets"
{keys}
[export.columns]
ticket_id = "Id"
created_at = "Created"
{columns}
{more}
"""


@dataclass(frozen=True)
class Drop:
    """A folder to which a test adds files."""

    folder: Path

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        return path

    def toml(self, exports: str, head: str = HEAD) -> Path:
        return self.file("sources.toml", head + exports)

    def tickets(self, keys: str = "", columns: str = "", more: str = "", head: str = HEAD) -> Path:
        """Write a `sources.toml` with one export of tickets from `desk.csv`."""
        return self.toml(TICKETS.format(keys=keys, columns=columns, more=more), head)

    def build(self) -> Snapshot:
        return build_snapshot(self.folder / "sources.toml", self.folder / "snapshots")

    def table(self, name: str = "tickets", snapshot: Snapshot | None = None) -> pd.DataFrame:
        path = (snapshot or self.build()).parquet(name)
        assert path is not None
        return pd.read_parquet(path)

    def written(self) -> list[str]:
        """Return what lies in the folder of snapshots."""
        folder = self.folder / "snapshots"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
