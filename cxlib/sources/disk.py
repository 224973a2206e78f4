"""Files that last: hashed, brought to disk before they count, and the leftovers of dead builds removed."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

import duckdb

from cxlib.sources.sql import literal, row


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy(connection: duckdb.DuckDBPyConnection, query: str, path: Path) -> dict[str, Any]:
    """Write a query's rows as Parquet and return what the manifest says of the file."""
    try:
        (rows,) = row(connection, f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.IOException as error:
        raise OSError(str(error).splitlines()[0]) from error
    to_disk(path)
    return {"rows": int(rows), "sha256": sha256(path), "bytes": path.stat().st_size}


def write_text(path: Path, text: str) -> None:
    """Write a text file with line feeds, through to the disk."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def to_disk(path: Path) -> None:
    """Make a file's content, or a folder's entries, last through a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def clean(folder: Path) -> None:
    """Remove what builds that died left behind; a build that is running is left alone."""
    for path in folder.glob(".damaged-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(".staging-*"):
        process = path.name.rpartition("-")[2]
        if not process.isdigit() or int(process) == os.getpid() or not _alive(int(process)):
            shutil.rmtree(path, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
