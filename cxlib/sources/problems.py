"""Problems of an export: the names of all checks, what `accept = [...]` answers, and the words of a message.

Three kinds of checks:

* a *warning* never stops the import; accepted, it becomes a note in the manifest;
* a *softenable* block is about a value that can be read and that a person can vouch for;
  accepted, it becomes a warning that the reports print;
* every other block stands: the value cannot be read, or the numbers built on it would be wrong.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from cxlib.errors import Problem
from cxlib.nearest import did_you_mean

WARNINGS = ("begins-later", "dst", "key-coverage", "merged-away", "row-count", "vendor-columns")
SOFTENABLE = (
    "address",
    "after-as-of",
    "discount-unknown",
    "epoch",
    "negative",
    "no-rows",
    "refund-sign",
    "status-without-end",
)
BLOCKS: dict[str, str] = {
    "currency": "not an ISO 4217 code, or no rate for it",
    "cut-file": "the file ends too early or is damaged",
    "database": "the database or its table cannot be read",
    "date-format": "text that is not a date in the stated format",
    "different-headers": "the files of one export have different columns",
    "duplicate-key": "one key, several different rows",
    "empty-file": "a file without anything in it",
    "encoding": "bytes that are not text in the stated encoding",
    "ends-before-starts": "an end before its start",
    "flag-format": "text that is not true or false",
    "index-positive": "a price index of zero or less",
    "malformed-line": "lines with too few or too many columns, or stray quotes",
    "merge-cycle": "customers merged in a circle",
    "minor-units": "cents or whole units: not stated",
    "missing-column": "a source column that the file does not have",
    "missing-file": "no such file",
    "nps-scale": "NPS on another scale than 0 to 10",
    "number-format": "text that is not a number in the stated format",
    "open-but-closed": "open and closed at once",
    "pseudonym-key": "no key for the hashes of addresses and names, or a short one",
    "required-empty": "an empty value where one is needed",
    "same-key": "two exports bring the same key",
    "score-off-scale": "a score outside its scale",
    "sheet": "no such sheet in the workbook",
    "sql": "an expression that DuckDB cannot run",
    "stray-cell": "a sheet with a cell far from all others",
    "time-zone": "times without offset and no time zone stated",
    "unknown-value": "a value outside a closed list",
    "zip": "an archive with no or several data files",
}


class UnreadableError(Exception):
    """Carries the `Problem` that stops one export; takes the same arguments; never leaves cxlib.sources."""

    def __init__(self, rule: str, where: str, what: str, fix: str, rows: int = 0, first: str = "") -> None:
        self.problem = Problem(rule, where, what, fix, rows=rows, first=first)
        super().__init__(str(self.problem))


def hint(name: str, names: Iterable[str]) -> str:
    """Return `Did you mean "x"? ` as the start of an advice, or the list of names where none is near."""
    said = did_you_mean(name, names).removeprefix("; ")
    return f"{said[0].upper()}{said[1:]}{'' if said.endswith('?') else '.'} " if said else ""


def counted(count: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def without_addresses(text: str) -> str:
    """Return the text with every e-mail address replaced by [address]."""
    return re.sub(r"[^\s@]+@[^\s@]+", "[address]", text)


def first_line(error: Exception) -> str:
    """Return the first line of an error of a database, without addresses."""
    return without_addresses(str(error).strip().splitlines()[0])


def settle(problems: Iterable[Problem], accept: Sequence[str], notes: list[str]) -> list[Problem]:
    """Return what stands of the problems of one export, softened blocks no longer blocking; note accepted warnings."""
    standing = list[Problem]()
    for problem in problems:
        if problem.rule in accept and not problem.blocks:
            notes.append(f"accepted {problem.rule}: {problem.where}: {problem.what}")
        elif problem.rule in accept and problem.rule in SOFTENABLE:
            standing.append(replace(problem, blocks=False, fix=f'Accepted by accept = ["{problem.rule}"].'))
        else:
            standing.append(problem)
    return standing
