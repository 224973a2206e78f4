"""The names of all checks, and which of them `accept = [...]` may answer.

Three kinds:

* a *warning* never stops the import; accepted, it becomes a note in the manifest;
* a *softenable* block is about a value that can be read and that a person can vouch for;
  accepted, it becomes a warning that the reports print;
* every other block stands: the value cannot be read, or the numbers built on it would be wrong.
"""

from collections.abc import Sequence
from dataclasses import replace

from cxlib.errors import Problem

WARNINGS: dict[str, str] = {
    "row-count": "the number of rows is one at which tools stop exporting",
    "key-coverage": "less than 90 % of a key is found in the table it points to",
    "dst": "local times that summer time skips or repeats",
    "vendor-columns": "a ready rule is left out because the file lacks its column",
    "merged-away": "customers were merged into one that no export has",
}

SOFTENABLE: dict[str, str] = {
    "after-as-of": "events later than the export was made",
    "epoch": "epoch times outside 1990 to 2050",
    "negative": "negative amounts or counts",
    "no-rows": "a file with a header and no rows",
    "refund-sign": "positive refunds",
}

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
    "required-empty": "an empty value where one is needed",
    "same-key": "two exports bring the same key",
    "score-off-scale": "a score outside its scale",
    "sheet": "no such sheet in the workbook",
    "sql": "an expression that DuckDB cannot run",
    "time-zone": "times without offset and no time zone stated",
    "unknown-value": "a value outside a closed list",
    "zip": "an archive with no or several data files",
}


def settle(problems: Sequence[Problem], accept: Sequence[str]) -> tuple[list[Problem], list[str]]:
    """Apply `accept` to what the checks of one export found.

    Returns
    -------
    problems : list of Problem
        What stands; softened blocks no longer block.
    notes : list of str
        Accepted warnings, for the manifest.
    """
    standing: list[Problem] = []
    notes: list[str] = []
    for problem in problems:
        if problem.rule not in accept:
            standing.append(problem)
        elif not problem.blocks:
            notes.append(f"accepted {problem.rule}: {problem.where}: {problem.what}")
        elif problem.rule in SOFTENABLE:
            standing.append(replace(problem, blocks=False, fix=f'Accepted by accept = ["{problem.rule}"].'))
        else:
            standing.append(problem)
    return standing, notes
