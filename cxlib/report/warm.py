"""Imported by the process that workers are forked from, so that each starts with everything loaded."""

from __future__ import annotations

from cxlib.report.work import warm

warm()
