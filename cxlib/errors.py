"""Every error a person can meet, one class per stage.

A message says what is wrong, where, in how many rows, and what to do next.
"""

from collections.abc import Sequence
from dataclasses import dataclass


class CxError(Exception):
    """Base of all errors that are the input's, not the program's. Exit code 2."""

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows of it: the message, without the library's inside."""
        return str(self).splitlines()


class ConfigError(CxError, ValueError):
    """`sources.toml`, `reports.toml` or a parameter is not right."""


class PeriodError(CxError):
    """A month is not well formed, not complete or has no data."""


class TableError(CxError):
    """A canonical table does not hold what it promises."""


class SnapshotError(CxError):
    """A snapshot is missing, half written or not the one asked for."""


class MeasureError(CxError):
    """A metric or a breakdown that does not exist, or that the data cannot give."""


class UntoldError(CxError):
    """The exports at hand cannot tell; the message says what would."""

    passed_on = False
    """Whether it was raised before, and here only because this rests on what could not be told there."""


def untold(needed: str, *unless: object) -> None:
    """Raise UntoldError unless all conditions hold; `needed` is one sentence: which data would tell.

    >>> untold("More customers would tell.", 12 >= 5)
    """
    if not all(unless):
        raise UntoldError(needed)


class ReportError(CxError):
    """A notebook failed or a page did not pass its gates. Exit code 1."""

    exit_code = 1


class PublishError(CxError):
    """The finished pages could not be put in place."""


@dataclass(frozen=True)
class Problem:
    """One thing a check found in one export."""

    rule: str  # name of the check, as in `accept = ["…"]` of `sources.toml`
    where: str  # file, and column where there is one
    what: str  # what is wrong, with counts, in one sentence
    fix: str  # what to do next, in one sentence
    blocks: bool = True  # whether the import stops; else it is a warning that the report prints
    rows: int = 0  # how many rows are affected; 0 where that has no meaning
    first: str = ""  # first example with its row number (the header is row 1), or empty

    def __str__(self) -> str:
        first = f" (first: {self.first})" if self.first else ""
        return f"{self.where}: {self.what}{first}. {self.fix}"


class SourceError(CxError):
    """One or more exports cannot be imported; carries every `Problem` found."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        head = "" if count == 1 else f"{count} problems; nothing was written.\n"
        super().__init__(head + "\n".join(str(problem) for problem in self.problems))
