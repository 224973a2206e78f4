"""Files that last: hashed, written beside their place, brought to the disk before they count, whole at every moment."""

import ctypes
import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

RENAME_EXCHANGE = 2
"""Flag of Linux' renameat2; the same value is RENAME_SWAP of macOS' renamex_np."""
AT_FDCWD = -100
NOT_SUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, content: Mapping[str, object]) -> None:
    """Write data as JSON, the same bytes for the same content."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


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
    """Give an empty folder on the disk of `folder`, open to its owner only, that is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    ends = {"prefix": f".staging-{name}-", "suffix": f"-{os.getpid()}"}
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True, **ends) as path:
        yield Path(path)


def keep_private(folder: Path) -> None:
    """Let nobody but the owner read what lies in a folder."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)


def remove_leftovers(folder: Path) -> bool:
    """Remove what `staging` of processes that died has left; return whether there was any."""
    stale = [path for path in folder.glob(".staging-*") if not _is_running(path.name.rpartition("-")[2])]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True)
    return bool(stale)


def _is_running(number: str) -> bool:
    if not number.isdigit() or int(number) == os.getpid():
        return False
    try:
        os.kill(int(number), 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time put something in its place in a folder; others wait."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def put_in_place(new: Path, target: Path) -> None:
    """Make `new` the folder `target`; what was there before is removed afterwards.

    Where the system can, the two are exchanged in one step, so that a reader finds the old folder or the new one and
    never none. Else two renames do it, and after a crash between them `recover` brings the old one back.
    """
    tree_to_disk(new)
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(f".old-{target.name}")
    if not target.exists():
        os.rename(new, target)
    elif not exchange(new, target):
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
        os.rename(new, target)
    to_disk(target.parent)
    for left in (new, old):  # the exchanged folder; the one moved away, now or by a run that was cut off
        if left.exists():
            shutil.rmtree(left)


def exchange(one: Path, other: Path) -> bool:
    """Exchange two folders in one step; return False where the system cannot."""
    library = ctypes.CDLL(None, use_errno=True)
    first, second = os.fsencode(one), os.fsencode(other)
    if sys.platform == "linux" and hasattr(library, "renameat2"):
        failed = library.renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)
    elif sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(first, second, RENAME_EXCHANGE)
    else:
        return False
    if failed and (number := ctypes.get_errno()) not in NOT_SUPPORTED:
        raise OSError(number, os.strerror(number), str(one), None, str(other))
    return not failed


def recover(out: Path) -> bool:
    """Bring back folders that an interrupted `put_in_place` had moved away; return whether there was any."""
    left = sorted(out.glob("*/.old-*"))
    for old in left:
        target = old.with_name(old.name.removeprefix(".old-"))
        if target.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, target)
    return bool(left)


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one."""
    with staging(path.parent, path.name) as folder:
        written = folder / path.name
        written.write_text(text, encoding="utf-8", newline="\n")
        to_disk(written)
        os.replace(written, path)
    to_disk(path.parent)
