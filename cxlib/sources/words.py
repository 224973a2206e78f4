"""Words of the messages: advice, counts, texts without addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cxlib.nearest import did_you_mean

_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")


def hint(name: str, names: Iterable[str]) -> str:
    """Return `Did you mean "x"? ` as the start of an advice, or the list of names where none is near."""
    said = did_you_mean(name, names).removeprefix("; ")
    if not said:
        return ""
    return f"{said[0].upper()}{said[1:]}{'' if said.endswith('?') else '.'} "


def counted(count: int, one: str, many: str = "") -> str:
    """Return `1 row`, `2,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def without_addresses(text: str) -> str:
    """Return the text with every e-mail address replaced by [address]."""
    return _ADDRESS.sub("[address]", text)
