"""Run by the test of the snapshots: builds in children that die at the n-th change on disk.

Counts on until a child gets through. After each death the snapshot that stood before must open whole,
and nothing unfinished may go by the name of a snapshot. Prints how many deaths there were.
"""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from cxlib import store

DIED = 9


class Death:
    """Ends the process at the n-th step."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def comes(self) -> bool:
        self.left -= 1
        return self.left == 0

    def step(self) -> None:
        if self.comes():
            os._exit(DIED)


def watch_folder(death: Death, folder: str) -> None:
    """Make each file opened to write, and each change of a folder, a step; reading is none."""

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        changes = event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir")
        changes = changes or (event == "open" and "w" in str(arguments[1] or ""))
        if changes and str(arguments[0]).startswith(folder):
            death.step()

    sys.addaudithook(hook)


def die_while_flushing(death: Death) -> None:
    flush = os.fsync

    def fsync(handle: int) -> None:
        death.step()
        flush(handle)

    os.fsync = fsync  # type: ignore[assignment]


def die_inside_a_file(death: Death) -> None:
    """Let DuckDB, whose writing Python does not see, leave half a file."""
    whole = store.row

    def row(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
        written = whole(connection, query)
        if query.startswith("COPY") and death.comes():
            path = query.rpartition(" TO '")[2].partition("'")[0]
            os.truncate(path, os.path.getsize(path) // 2)
            os._exit(DIED)
        return written

    store.row = row


def in_child(work: Callable[[], None]) -> int:
    """Run in a forked child; return its exit code."""
    number = os.fork()
    if number == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])


def build(folder: Path, steps: int) -> None:
    death = Death(steps)
    watch_folder(death, str(folder / "snapshots"))
    die_while_flushing(death)
    die_inside_a_file(death)
    store.build_snapshot(folder / "sources.toml", folder / "snapshots")


def check(snapshots: Path, good: str) -> None:
    names = [path.name for path in snapshots.iterdir() if not path.name.startswith(".")]
    assert good in names
    for name in names:
        assert store.open_snapshot(snapshots / name).id == name


def main(folder: Path, kind: str, good: str) -> int:
    deaths = 0
    while True:
        code = in_child(partial(build, folder, deaths + 1))
        assert in_child(partial(check, folder / "snapshots", good)) == 0, f"after death {deaths + 1}"
        if code == 0:
            return deaths
        assert code == DIED, f"death {deaths + 1} ended with {code}"
        deaths += 1
        if kind == "fresh":  # else the leftovers of every death pile up for the next build
            for path in (folder / "snapshots").iterdir():
                if path.name != good:
                    shutil.rmtree(path)


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
