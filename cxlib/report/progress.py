"""Says what runs: a bar per report on a terminal, one line per finished report elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class Watcher(Protocol):
    """What the pipeline tells while it runs."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def step(self, name: str, done: int, total: int) -> None:
        """Hear that a report has done `done` of `total` steps."""

    def finished(self, name: str, seconds: float, outcome: str) -> None:
        """Hear that a report is made, or has failed."""


def watcher(names: Sequence[str], shown: bool, stream: TextIO | None = None) -> Watcher:
    """Return the watcher that fits: bars on a terminal, lines else, nothing if not wanted."""
    target = stream or sys.stderr
    if not shown:
        return Silent()
    return Bars(names, target) if target.isatty() else Lines(target)


class Silent:
    """Says nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def step(self, name: str, done: int, total: int) -> None:
        return None

    def finished(self, name: str, seconds: float, outcome: str) -> None:
        return None


class Lines(Silent):
    """One plain line per finished report, for logs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def finished(self, name: str, seconds: float, outcome: str) -> None:
        print(f"{name}: {outcome} in {seconds:.1f} s", file=self._stream, flush=True)


class Bars(Silent):
    """A bar per report, on a terminal."""

    def __init__(self, names: Sequence[str], stream: TextIO) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(file=stream))
        self._bars: dict[str, TaskID] = {
            name: self._progress.add_task(name, start=False, total=None, state="waits") for name in names
        }

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def step(self, name: str, done: int, total: int) -> None:
        bar = self._bars[name]
        self._progress.start_task(bar)
        self._progress.update(bar, completed=done, total=total, state=f"step {done} of {total}")

    def finished(self, name: str, seconds: float, outcome: str) -> None:
        bar = self._bars[name]
        total = self._progress.tasks[bar].total or 1
        self._progress.update(bar, completed=total, total=total, state=f"{outcome} in {seconds:.1f} s")
        self._progress.stop_task(bar)
