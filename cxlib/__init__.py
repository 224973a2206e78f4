"""Measures, studies and reports on support, success and retention.

An analyst starts with `open_workbook`, asks it for measures, and shows them with `cxlib.exhibits`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxlib.estimate import Estimate
    from cxlib.finding import Finding
    from cxlib.metrics import METRICS
    from cxlib.period import Month
    from cxlib.workbook import Workbook, open_workbook

__version__ = "0.1.0"

__all__ = ["METRICS", "Estimate", "Finding", "Month", "Workbook", "open_workbook"]

# the public names are looked up when first used: a command that needs no statistics does not wait for them
_HOMES = {
    "METRICS": "cxlib.metrics",
    "Estimate": "cxlib.estimate",
    "Finding": "cxlib.finding",
    "Month": "cxlib.period",
    "Workbook": "cxlib.workbook",
    "open_workbook": "cxlib.workbook",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'cxlib' has no attribute '{name}'")
