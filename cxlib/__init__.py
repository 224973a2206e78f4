"""Measures, studies and reports on support, success and retention.

An analyst starts with `open_workbook`, asks it for measures and frames, and shows and says what they hold.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cxlib.errors import UntoldError as UntoldError
    from cxlib.errors import untold as untold
    from cxlib.estimate import Estimate as Estimate
    from cxlib.estimate import difference as difference
    from cxlib.exhibits import *  # noqa: F403 -- its __all__ names them
    from cxlib.finding import Finding as Finding
    from cxlib.finding import Quantity as Quantity
    from cxlib.finding import verdict as verdict
    from cxlib.metrics import METRICS as METRICS
    from cxlib.notebook import open_workbook as open_workbook
    from cxlib.notebook import run as run
    from cxlib.period import Month as Month
    from cxlib.studies.survey_silence import left_open as left_open
    from cxlib.workbook import Workbook as Workbook

__version__ = "0.1.0"

_HOMES = {
    "errors": ("UntoldError", "untold"),
    "period": ("Month",),
    "estimate": ("Estimate", "difference"),
    "finding": ("Finding", "Quantity", "verdict"),
    "metrics": ("METRICS",),
    "workbook": ("Workbook",),
    "notebook": ("open_workbook", "run"),
    "studies.survey_silence": ("left_open",),
}
"""Modules that public names come from; all others are exhibits."""


def __getattr__(name: str) -> object:
    # looked up when first used: a command that needs no statistics does not wait for them
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"cxlib.{home}"), name)
    if find_spec(f"cxlib.{name}"):
        return import_module(f"cxlib.{name}")
    exhibits = import_module("cxlib.exhibits")
    if name == "__all__":
        return sorted([*exhibits.__all__, *(one for names in _HOMES.values() for one in names)])
    if name in exhibits.__all__:
        return getattr(exhibits, name)
    raise AttributeError(f"module 'cxlib' has no attribute '{name}'")
