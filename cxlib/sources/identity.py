"""Names of people and keys of things, brought to one spelling; people's kept only as a keyed hash."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

import duckdb
import pyarrow as pa

from cxlib.sources.sql import BLANKS, quoted, trim

# Arabic yeh and kaf as Persian ones; both Turkish i's as one letter, for comparing only
_KEY_LETTERS = str.maketrans({"\u064a": "\u06cc", "\u0649": "\u06cc", "\u0643": "\u06a9"})
_TURKISH_I = str.maketrans({"\u0130": "i", "\u0131": "i"})


def same_key(text: str) -> str:
    """Return an identifier in one spelling: NFKC, no outer blanks, Persian yeh and kaf.

    Letter case stays: some systems tell ids apart by it.
    """
    return unicodedata.normalize("NFKC", text).strip(BLANKS).translate(_KEY_LETTERS)


def same_person(text: str) -> str:
    """Return an address or a name in one spelling, letter case folded as well.

    Examples
    --------
    >>> same_person(" Info@KUZEY.example ") == same_person("info@kuzey.example")
    True
    """
    return " ".join(same_key(text).translate(_TURKISH_I).casefold().split())


def pseudonym(text: str, key: str) -> str:
    """Return 16 hexadecimal digits for an address or a name: keyed BLAKE2b of its one spelling."""
    secret = hashlib.blake2b(key.encode("utf-8"), digest_size=32).digest() if key else b""
    return hashlib.blake2b(same_person(text).encode("utf-8"), digest_size=8, key=secret).hexdigest()


def create_map(
    connection: duckdb.DuckDBPyConnection, staged: str, name: str, columns: Sequence[tuple[str, str]], key: str
) -> None:
    """Create the table `name` (kind, text, clean) for the texts that need more than trimming.

    Works on the distinct texts. An identifier that is an e-mail address becomes its pseudonym, so
    that no address reaches a snapshot and keys still match across exports.
    """
    kinds: list[str] = []
    texts: list[str] = []
    for kind in ("id", "pseudonym"):
        wanted = [column for column, its_kind in columns if its_kind == kind]
        if not wanted:
            continue
        unusual = " WHERE regexp_matches(text, '[^ -?A-~]')" if kind == "id" else ""
        union = " UNION ALL ".join(
            f"SELECT CAST({quoted(f'cx_v_{column}')} AS VARCHAR) AS text FROM {staged}" for column in wanted
        )
        found = connection.execute(
            f"SELECT DISTINCT {trim('text')} AS clean FROM (SELECT DISTINCT text FROM ({union}){unusual}) "
            "WHERE clean <> '' ORDER BY clean"
        ).fetchall()
        texts += [str(text) for (text,) in found]
        kinds += [kind] * len(found)
    clean = [
        pseudonym(text, key) if kind == "pseudonym" or "@" in text else same_key(text)
        for kind, text in zip(kinds, texts, strict=True)
    ]
    frame = pa.table(
        {
            "kind": pa.array(kinds, pa.string()),
            "text": pa.array(texts, pa.string()),
            "clean": pa.array(clean, pa.string()),
        }
    )
    connection.register(f"{name}_arrow", frame)
    connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {name}_arrow")
    connection.unregister(f"{name}_arrow")
