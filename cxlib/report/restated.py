"""`CHANGES.md`: why a published number was allowed to move."""

from __future__ import annotations

from pathlib import Path

NAME = "CHANGES.md"


def restatements(out: Path, month: str) -> tuple[str, ...]:
    """Return what follows `## <month> ` in the headings of `CHANGES.md`, as written."""
    path, mark = out / NAME, f"## {month} "
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return tuple(line.removeprefix(mark).strip() for line in lines if line.startswith(mark))


def is_explained(out: Path, month: str, snapshot: str) -> bool:
    """Return whether a restatement of the month names the snapshot."""
    return any(snapshot in heading for heading in restatements(out, month))


def heading(month: str, snapshot: str) -> str:
    """Return the line that explains a restatement, to be completed by hand."""
    return f"## {month} restated with snapshot {snapshot}: "
