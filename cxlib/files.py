"""Files that last: hashed, written beside their place, brought to the disk before they count."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def to_disk(path: Path) -> None:
    """Make a file's content, or a folder's entries, last through a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def tree_to_disk(folder: Path) -> None:
    """Make a folder with all files and folders in it last through a power cut."""
    for path in (*sorted(folder.rglob("*")), folder):
        to_disk(path)


@contextmanager
def staging(folder: Path, name: str) -> Iterator[Path]:
    """Give an empty folder on the disk of `folder` that is gone afterwards."""
    path = folder / f".staging-{name}-{os.getpid()}"
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def remove_leftovers(folder: Path, *patterns: str) -> bool:
    """Remove what processes that died left under names that end in their number; return whether there was any.

    What a running process is still writing stays.
    """
    stale = [path for pattern in patterns for path in sorted(folder.glob(pattern)) if not _is_running(path.name)]
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return bool(stale)


def _is_running(name: str) -> bool:
    """Return whether the process whose number ends a name, behind "-" or ".", is another one and runs."""
    number = name.replace(".", "-").rpartition("-")[2]
    if not number.isdigit() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
