"""Names of people and keys of things, brought to one spelling; people's kept only as a keyed hash."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from cxlib.errors import ConfigError, Problem
from cxlib.sources.config import HOW_TO_KEY, KEY_VARIABLE
from cxlib.sources.sql import Connection, column_of

SHORTEST_KEY = 16
"""Characters. An address can be guessed; only the key keeps a guess from being tried."""

# blanks, line ends, no-break spaces, direction marks and the byte-order mark, as in values.sql
_BLANKS = " \t\n\r\u00a0\u202f\u200e\u200f\ufeff"
# Arabic yeh and kaf as Persian ones; both Turkish i's as one letter, for comparing only
_KEY_LETTERS = str.maketrans({"\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9"})
_TURKISH_I = str.maketrans({"\u0130": "i", "\u0131": "i"})


def read_key(file: str, folder: Path) -> str:
    """Return the key of a workbook: from the file that it names, else from the environment; "" where there is none."""
    try:
        return ((folder / file).read_text(encoding="utf-8") if file else os.environ.get(KEY_VARIABLE, "")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f'pseudonym_key_file: "{file}" cannot be read; put a long random text there') from error


def weak_key(key: str) -> Iterator[Problem]:
    """Yield the problem of a key that is missing or can be guessed; it does not say the key."""
    if len(key) < SHORTEST_KEY or len(set(key)) < SHORTEST_KEY / 2:
        why = f"has {len(key)} characters; it needs {SHORTEST_KEY}, not always the same" if key else "is missing"
        what = f"addresses and names are kept as keyed hashes, but the key {why}"
        yield Problem("pseudonym-key", "workbook", what, f"{HOW_TO_KEY}.")


def same_key(text: str) -> str:
    """Return an identifier in one spelling: NFKC, no outer blanks, Persian yeh and kaf.

    Letter case stays: some systems tell ids apart by it.
    """
    return unicodedata.normalize("NFKC", text).strip(_BLANKS).translate(_KEY_LETTERS)


def same_person(text: str) -> str:
    """Return an address or a name in one spelling, letter case folded as well."""
    return " ".join(same_key(text).translate(_TURKISH_I).casefold().split())


def pseudonym(text: str, key: str) -> str:
    """Return 16 hexadecimal digits for an address or a name: keyed BLAKE2b of its one spelling."""
    secret = hashlib.blake2b(key.encode("utf-8"), digest_size=32).digest()
    return hashlib.blake2b(same_person(text).encode("utf-8"), digest_size=8, key=secret).hexdigest()


def create_map(connection: Connection, rows: str, name: str, columns: Sequence[tuple[str, str]], key: str) -> bool:
    """Create the table `name` (kind, text, clean) for the texts of `rows` that are not clean; return if any is hashed.

    Works on the distinct texts; `columns` are SQL names with "id" or "pseudonym". An identifier that is an
    e-mail address becomes its pseudonym, so that no address reaches a snapshot and keys still match across exports.
    """
    found = []
    for kind, unusual in (("id", "WHERE regexp_matches(text, '[^ -?A-~]')"), ("pseudonym", "WHERE text IS NOT NULL")):
        texts = " UNION ALL ".join(f"SELECT {column} AS text FROM {rows}" for column, its in columns if its == kind)
        for text in column_of(connection, f"SELECT DISTINCT text FROM ({texts}) {unusual} ORDER BY 1") if texts else ():
            hashed = kind == "pseudonym" or "@" in text
            found.append({"kind": kind, "text": text, "clean": pseudonym(text, key) if hashed else same_key(text)})
    schema = pa.schema(dict.fromkeys(("kind", "text", "clean"), pa.string()))
    connection.from_arrow(pa.Table.from_pylist(found, schema)).create(name)
    return any(kind == "pseudonym" for _, kind in columns) or any("@" in one["text"] for one in found)
