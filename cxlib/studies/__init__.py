"""What the studies compute: one module of pure functions per question; its notebook asks, says and judges."""

from pathlib import Path

SECTIONS = ("repeat_purchase", "survey_silence")
"""Questions that a section of a monthly report asks; they have no notebook of their own."""

STUDIES = tuple(sorted({path.stem for path in Path(__file__).parent.glob("[!_]*.py")} - {*SECTIONS}))
"""Names of the questions that have a notebook of that name."""
