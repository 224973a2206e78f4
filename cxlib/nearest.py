"""Suggest what a mistyped name may have meant."""

import difflib
from collections.abc import Collection, Iterable, Sequence

from cxlib.errors import MeasureError


def nearest(name: str, names: Iterable[str]) -> str:
    """Return the name most like `name`, letter case aside, or "" where none is near."""
    by_key = {known.casefold(): known for known in names}
    close = difflib.get_close_matches(name.casefold(), by_key, n=1, cutoff=0.6)
    return by_key[close[0]] if close else ""


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return `; did you mean "x"?`, or the list of names where none is near.

    >>> did_you_mean("vendr", ["vendor", "table"])
    '; did you mean "vendor"?'
    """
    known = sorted(names)
    near = nearest(name, known)
    if near:
        return f'; did you mean "{near}"?'
    return f"; known: {listed(known)}" if known else ""


def one_of(name: str, known: Collection[str], what: str) -> str:
    """Return a name; MeasureError with the nearest where it is not known."""
    if name not in known:
        raise MeasureError(f'there is no {what} "{name}"{did_you_mean(name, known)}')
    return name


def chosen(named: str, known: Collection[str], what: str) -> tuple[str, ...]:
    """Return the names in a text, separated by commas; MeasureError at one that is not known."""
    return tuple(one_of(name.strip(), known, what) for name in named.split(","))


def listed(names: Sequence[object], most: int = 12) -> str:
    """Return names as `"a", "b" and 3 more`."""
    shown = ", ".join(f'"{name}"' for name in names[:most])
    rest = len(names) - most
    return f"{shown} and {rest:,} more" if rest > 0 else shown
