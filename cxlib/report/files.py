"""File-system steps that leave a folder whole at every moment."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RENAME_EXCHANGE = 2
"""Flag of Linux' renameat2; the same value is RENAME_SWAP of macOS' renamex_np."""
AT_FDCWD = -100
NOT_SUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def put_in_place(new: Path, target: Path) -> None:
    """Make `new` the folder `target`; what was there before is removed afterwards.

    Where the system can, the two are exchanged in one step, so that a reader finds the old folder or
    the new one and never none. Else two renames do it, and `recover` finishes them after a crash.
    """
    for path in (*sorted(new.rglob("*")), new):
        to_disk(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    old = new
    if not target.exists():
        os.rename(new, target)
    elif not exchange(new, target):
        ready, old = (target.with_name(f".{mark}-{target.name}") for mark in ("new", "old"))
        os.rename(new, ready)
        os.rename(target, old)
        os.rename(ready, target)
    to_disk(target.parent)
    if old.exists():
        shutil.rmtree(old)


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
    if not failed:
        return True
    number = ctypes.get_errno()
    if number in NOT_SUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


def recover(out: Path) -> bool:
    """Finish what interrupted runs left, and return whether there was anything.

    The names say what was going on: `.new-<name>` is complete and was on its way in, `.old-<name>`
    was on its way out. What a process that is gone was staging is removed.
    """
    left = [*sorted(out.glob("*/.new-*")), *sorted(out.glob("*/.old-*"))]
    for folder in left:
        target = folder.with_name(folder.name.partition("-")[2])
        if target.exists():
            shutil.rmtree(folder)
        else:
            os.rename(folder, target)
    stale = [path for path in sorted(out.glob(".staging-*")) if not _alive(path.name.rsplit("-", 1)[-1])]
    stale += [path for path in sorted(out.glob(".index.html.*")) if not _alive(path.suffix[1:])]
    for path in stale:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return bool(left or stale)


def to_disk(path: Path) -> None:
    """Bring the content of a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    to_disk(path.parent)


@contextmanager
def staging(out: Path, name: str) -> Iterator[Path]:
    """Give a folder for a run, on the disk of `out`, that is gone afterwards."""
    folder = out / f".staging-{name}-{os.getpid()}"
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def locked(out: Path) -> Iterator[None]:
    """Let one run at a time change what is published; others wait."""
    import fcntl

    descriptor = os.open(out, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _alive(pid: str) -> bool:
    if not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
