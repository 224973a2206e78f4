"""Raw exports to canonical tables and a ledger; a vendor's column names occur in `vendors/*.toml` alone."""

from pathlib import Path

from cxlib.sources.config import Sources
from cxlib.sources.files import InputFile
from cxlib.sources.identity import read_key
from cxlib.sources.ledger import LedgerEntry
from cxlib.sources.plan import VENDORS, Plan, plan
from cxlib.toml import read_toml


def load_sources(path: Path) -> tuple[Sources, tuple[Plan, ...]]:
    """Read `sources.toml` and its key, and lay each export over its vendor's mapping.

    ConfigError if it is missing or no TOML, or if a key, a vendor, a table or a column is not known; names the nearest.
    """
    sources = read_toml(path, Sources, "write it, as data/README.md explains")
    key = read_key(sources.workbook.pseudonym_key_file, path.parent)
    sources = sources.model_copy(update={"workbook": sources.workbook.model_copy(update={"pseudonym_key": key})})
    return sources, tuple(plan(export, path.name) for export in sources.export)


__all__ = ["VENDORS", "InputFile", "LedgerEntry", "Plan", "Sources", "load_sources"]
