"""What the studies compute: one module of pure functions per question; its notebook asks, says and judges."""

from pathlib import Path

STUDIES = tuple(sorted(path.stem for path in Path(__file__).parent.glob("[!_]*.py")))
"""Names of the questions, each with a notebook of that name."""
