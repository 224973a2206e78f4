"""Raw exports to canonical tables and a ledger; the only place where a vendor's column names occur."""

from __future__ import annotations

from pathlib import Path

from cxlib.sources import qualtrics, salesforce, stripe, zendesk
from cxlib.sources.config import Sources, load
from cxlib.sources.files import InputFile
from cxlib.sources.layout import Layout, Plan, plan
from cxlib.sources.ledger import LedgerEntry

# every ready mapping, by vendor and canonical table
VENDORS: dict[str, dict[str, Layout]] = {
    "zendesk": {layout.table: layout for layout in zendesk.LAYOUTS},
    "stripe": {layout.table: layout for layout in stripe.LAYOUTS},
    "qualtrics": {layout.table: layout for layout in qualtrics.LAYOUTS},
    "salesforce": {layout.table: layout for layout in salesforce.LAYOUTS},
}


def load_sources(path: Path) -> tuple[Sources, tuple[Plan, ...]]:
    """Read `sources.toml` and lay each export over its vendor's layout.

    Raises
    ------
    ConfigError
        If a key, a vendor, a table or a column is not known; names the nearest right one.
    """
    sources = load(path)
    return sources, tuple(plan(export, VENDORS, path.name) for export in sources.export)


__all__ = ["VENDORS", "InputFile", "Layout", "LedgerEntry", "Plan", "Sources", "load_sources"]
