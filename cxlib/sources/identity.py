"""Names of people and keys of things, brought to one spelling; people's kept only as a keyed hash."""

import hashlib
import unicodedata
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from cxlib.sources.sql import column_of

# blanks, line ends, no-break spaces, direction marks and the byte-order mark, as in values.sql
_BLANKS = " \t\n\r\u00a0\u202f\u200e\u200f\ufeff"
# Arabic yeh and kaf as Persian ones; both Turkish i's as one letter, for comparing only
_KEY_LETTERS = str.maketrans({"\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9"})
_TURKISH_I = str.maketrans({"\u0130": "i", "\u0131": "i"})


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
    secret = hashlib.blake2b(key.encode("utf-8"), digest_size=32).digest() if key else b""
    return hashlib.blake2b(same_person(text).encode("utf-8"), digest_size=8, key=secret).hexdigest()


def create_map(
    connection: duckdb.DuckDBPyConnection, rows: str, name: str, columns: Sequence[tuple[str, str]], key: str
) -> None:
    """Create the table `name` (kind, text, clean) for the texts of `rows` that are not clean as they are.

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
