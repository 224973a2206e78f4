"""Suggest what a mistyped name may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str:
    """Return '; did you mean "…"?', or the list of what there is where nothing comes near.

    >>> nearest("cast", ["csat", "nps"])
    '; did you mean "csat"?'
    """
    names = list(known)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else f"; there are: {', '.join(names)}"
