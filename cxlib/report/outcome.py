"""What came out of a publication, in values and in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import ReportError
from cxlib.period import Month


@dataclass(frozen=True)
class Failure:
    """A report that could not be made."""

    name: str
    reason: str
    executed: Path | None
    """Copy of the notebook as far as it ran, with the traceback; None if it never ran."""

    def __str__(self) -> str:
        copy = f"\n  Executed notebook: {self.executed}" if self.executed else ""
        return f"{self.name}: {self.reason}{copy}"


@dataclass(frozen=True)
class Outcome:
    """Result of `publish_month`."""

    month: Month
    language: str
    folder: Path | None
    """The published folder; None if nothing was published now or before."""
    made: tuple[str, ...]
    kept: tuple[str, ...]
    """Reports that stay as they were published before."""
    failed: tuple[Failure, ...]
    pdf_made: bool
    """Whether every PDF that was asked for was made."""
    pdf_note: str
    """What to run where it was not."""

    @property
    def exit_code(self) -> int:
        """0, or 1 if a report failed."""
        return ReportError.exit_code if self.failed else 0

    def __str__(self) -> str:
        lines = [f"{self.month} ({self.language}): {len(self.made)} made, {len(self.failed)} failed"]
        if self.folder is not None:
            lines.append(f"Published: {self.folder}" + (f" (as before: {', '.join(self.kept)})" if self.kept else ""))
        lines.extend(str(failure) for failure in self.failed)
        if not self.pdf_made and self.pdf_note:
            lines.append(self.pdf_note)
        return "\n".join(lines)
