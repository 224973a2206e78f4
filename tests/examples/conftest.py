"""The real exports, imported with the mappings of `data/examples`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from cxlib.language import Language
from cxlib.period import Month
from cxlib.sources import LedgerEntry
from cxlib.store import Snapshot, build_snapshot
from cxlib.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "data" / "examples"
EXPORTS = ROOT.parent / "shared" / "data"
"""Where the public files lie on a machine that has them; they are not in the repository."""


@dataclass(frozen=True)
class Example:
    """One public data set, imported.

    Parameters
    ----------
    sources : Path
        The mapping, copied beside `raw/`, the folder of its files.
    snapshot : Snapshot
        What came of it.
    """

    sources: Path
    snapshot: Snapshot

    def book(self, month: str) -> Workbook:
        return Workbook(self.snapshot, Month.parse(month), Language())

    def value(self, metric: str, month: str, **segment: str) -> tuple[float, int]:
        """Return a measure and its denominator."""
        estimate = self.book(month).estimate(metric, segment=segment)
        return estimate.value, estimate.n

    def rows(self, table: str) -> pd.DataFrame:
        path = self.snapshot.parquet(table)
        assert path is not None
        return pd.read_parquet(path)

    def ledger(self, export: str) -> LedgerEntry:
        return next(entry for entry in self.snapshot.ledger if entry.export == export)

    def raw(self, name: str) -> pd.DataFrame:
        """Read a file as it was published, every value as text: the oracle knows nothing of the mapping."""
        return pd.read_csv(self.sources.parent / "raw" / name, dtype=str, keep_default_na=False)


Lay = Callable[..., Path]
Import = Callable[..., Example]


@pytest.fixture(scope="session")
def lay(tmp_path_factory: pytest.TempPathFactory) -> Lay:
    """Return a function that puts a mapping, with some of its text replaced, beside the files it reads."""

    def put(name: str, changes: Mapping[str, str] | None = None) -> Path:
        raw = EXPORTS / name
        if not raw.is_dir():
            pytest.skip("the real exports are not here: ../shared/data")
        text = (MAPPINGS / name / "sources.toml").read_text("utf-8")
        for old, new in (changes or {}).items():
            assert old in text, f"the mapping does not say {old}"
            text = text.replace(old, new)
        folder = tmp_path_factory.mktemp(name)
        (folder / "raw").symlink_to(raw, target_is_directory=True)
        (folder / "sources.toml").write_text(text, "utf-8")
        return folder / "sources.toml"

    return put


@pytest.fixture(scope="session")
def imported(lay: Lay) -> Import:
    """Return a function that imports a data set; each mapping once."""
    done: dict[tuple[str, str], Example] = {}

    def build(name: str, changes: Mapping[str, str] | None = None) -> Example:
        key = (name, repr(changes))
        if key not in done:
            sources = lay(name, changes)
            done[key] = Example(sources, build_snapshot(sources, sources.parent / "snapshots"))
        return done[key]

    return build
