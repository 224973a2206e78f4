"""Raw exports to canonical tables and a ledger; a vendor's column names occur in `vendors/*.toml` alone."""

from pathlib import Path

from cxlib.sources.config import Sources
from cxlib.sources.files import InputFile
from cxlib.sources.ledger import LedgerEntry
from cxlib.sources.plan import VENDORS, Plan, plan
from cxlib.toml import read_toml


def load_sources(path: Path) -> tuple[Sources, tuple[Plan, ...]]:
    """Read `sources.toml` and lay each export over its vendor's mapping.

    Raises
    ------
    ConfigError
        If the file is missing or not TOML, or if a key, a vendor, a table or a column is not known; names the nearest.
    """
    sources = read_toml(path, Sources, "write it, as data/README.md explains")
    return sources, tuple(plan(export, path.name) for export in sources.export)


__all__ = ["VENDORS", "InputFile", "LedgerEntry", "Plan", "Sources", "load_sources"]
