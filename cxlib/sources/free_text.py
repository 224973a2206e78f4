"""What people wrote themselves: it leaves the import without addresses, numbers and names.

Names are those of people and customers that the exports themselves hold, and what follows a greeting or a title, goes
before one, or ends a text after a closing. A name that stands in no export and in no such place is not found, nor is
a nickname, a misspelling or a first name in a script without capitals.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from cxlib.sources.identity import same_person
from cxlib.sources.problems import without_addresses
from cxlib.sources.sql import Connection, column_of, quoted
from cxlib.sources.stage import Staged

LEAST_DIGITS = 7
"""A number this long can be that of a phone, a card or a contract; a price or a year is shorter."""
LONGEST_NAME = 5
Name = tuple[str, ...]
"""A name word by word, each folded as `same_person` does."""

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_DIGITS = re.compile(r"\+?\d(?:[ \u00a0()./-]*\d)+")
_SAID = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
# a word that does not begin with a small Latin letter, as scripts without capitals never do
_CAPITAL = r"(?-i:[^\W\d_a-zß-öø-ÿğışœ])[\w’'.-]*"
_PLACES = [
    re.compile(place.replace("NAME", f"{_CAPITAL}(?: {_CAPITAL}){{0,2}}"), re.IGNORECASE | re.MULTILINE)
    for place in _SAID["places"]
]


def scrub(connection: Connection, exports: Sequence[Staged]) -> None:
    """Clean the free texts of all canonical tables, in place."""
    brought = {(one.plan.table.name, name) for one in exports for name in one.of_type("text")}
    # of the names that begin with a word, the longest that fits is taken
    known = sorted({*_known(connection, exports)}, key=lambda name: (name[0], -len(name))) if brought else []
    names = {first: list(same) for first, same in groupby(known, key=itemgetter(0))}
    for table, column in sorted(brought):
        texts = column_of(connection, f"SELECT DISTINCT {column} FROM t_{table} WHERE {column} IS NOT NULL ORDER BY 1")
        pairs = [{"raw": text, "clean": clean} for text in texts if (clean := scrubbed(text, names)) != text]
        schema = pa.schema({"raw": pa.string(), "clean": pa.string()})
        connection.from_arrow(pa.Table.from_pylist(pairs, schema)).create(f"clean_{table}")
        connection.execute(f"UPDATE t_{table} SET {column} = c.clean FROM clean_{table} AS c WHERE {column} = c.raw")


def scrubbed(text: str, names: Mapping[str, Sequence[Name]] = MappingProxyType({})) -> str:
    """Return a text with [address], [number] and [name] in the place of each; `names` are given by their first word.

    >>> scrubbed("Hi Anna, call +49 30 1234567 or write to a@b.example. 3 of 12 exports failed. Regards, J. Doe")
    'Hi [name], call [number] or write to [address] 3 of 12 exports failed. Regards, [name]'
    """
    text = without_addresses(text)
    text = _DIGITS.sub(lambda run: "[number]" if sum(map(str.isdigit, run[0])) >= LEAST_DIGITS else run[0], text)
    text = _without_known(text, names) if names else text
    for place in _PLACES:
        text = place.sub(r"\g<before>[name]", text)
    return text


def _without_known(text: str, names: Mapping[str, Sequence[Name]]) -> str:
    words, end, parts = list(_WORD.finditer(text)), 0, list[str]()
    for at, word in enumerate(words):
        for name in names.get(_folded(word[0]), ()) if word.start() >= end else ():
            here = words[at : at + len(name)]
            # a single word is a name only where it begins with a capital: Rose, not rose
            if tuple(_folded(one[0]) for one in here) == name and (len(name) > 1 or word[0][0].isupper()):
                parts += [text[end : word.start()], "[name]"]
                end = here[-1].end()
                break
    return "".join([*parts, text[end:]])


_folded = lru_cache(1 << 16)(same_person)


def _known(connection: Connection, exports: Iterable[Staged]) -> Iterator[Name]:
    """Yield the names in all exports, folded, word by word: whole ones, and each long part of a person's."""
    for staged in exports:
        columns = {f"cx_text_{name}": (staged.staged, True) for name in staged.of_type("pseudonym")}
        for name in staged.raw.columns:
            header = " ".join(re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))).lower()
            of_people = re.fullmatch(_SAID["headers_of_people"], header) is not None
            if of_people or re.fullmatch(_SAID["headers_of_customers"], header):
                columns[quoted(name)] = (staged.raw.view, of_people)
        for column, (rows, of_people) in columns.items():
            for text in column_of(connection, f"SELECT DISTINCT CAST({column} AS VARCHAR) FROM {rows}"):
                if text and not re.search(r"[\d@_/:]", text):
                    words = tuple(same_person(word) for word in _WORD.findall(text))
                    if 1 < len(words) <= LONGEST_NAME:
                        yield words
                    if of_people and len(words) < LONGEST_NAME:
                        yield from ((word,) for word in words if len(word) > 2)
