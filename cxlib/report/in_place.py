"""Puts a folder or a file in the place of an earlier one; what readers find is whole at every moment."""

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cxlib.files import to_disk, tree_to_disk

RENAME_EXCHANGE = 2
"""Flag of Linux' renameat2; the same value is RENAME_SWAP of macOS' renamex_np."""
AT_FDCWD = -100
NOT_SUPPORTED = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM})


def put_in_place(new: Path, target: Path) -> None:
    """Make `new` the folder `target`; what was there before is removed afterwards.

    Where the system can, the two are exchanged in one step, so that a reader finds the old folder or
    the new one and never none. Else two renames do it, and `recover` finishes them after a crash.
    """
    tree_to_disk(new)
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
    was on its way out.
    """
    left = [*sorted(out.glob("*/.new-*")), *sorted(out.glob("*/.old-*"))]
    for folder in left:
        target = folder.with_name(folder.name.partition("-")[2])
        if target.exists():
            shutil.rmtree(folder)
        else:
            os.rename(folder, target)
    return bool(left)


def replace_text(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old text or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", newline="\n")
        to_disk(temporary)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    to_disk(path.parent)


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
