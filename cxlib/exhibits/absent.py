"""What stands where a measure cannot be given: which export would bring it."""

from collections.abc import Sequence

from cxlib.exhibits.exhibit import Exhibit, box
from cxlib.workbook import HISTORY, Workbook


def reason(book: Workbook, name: str) -> str:
    """Return why a measure cannot be given, or an empty text where it can."""
    language = book.language
    label = language.text(book.metric(name).label)
    if lacking := book.missing(name):
        return language.text(
            "{label} cannot be given: no export brings {columns}.", label=label, columns=", ".join(lacking)
        )
    if not book.measure(name, months=HISTORY)["value"].notna().any():
        return language.text("{label} cannot be given: the exports hold no cases of it, or too few.", label=label)
    return ""


def given(book: Workbook, names: Sequence[str]) -> list[str]:
    """Return those of the measures that can be given."""
    return [name for name in names if not reason(book, name)]


def missing(book: Workbook, *names: str) -> Exhibit:
    """Return the box that says which measures cannot be given, and which export would bring them.

    Examples
    --------
    >>> print(missing(book, "csat", "nps_weighted"))
    Net Promoter Score, weighted cannot be given: no export brings survey_answers.weight.
    """
    return box([text for name in names if (text := reason(book, name))])
