"""Says what runs: a bar per report on a terminal, one line per finished report elsewhere."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


@dataclass(frozen=True)
class Watcher:
    """Hears how far the reports are."""

    bars: Progress
    names: dict[str, TaskID]
    lines: TextIO | None
    """Where one plain line per finished report goes; None if none is wanted."""

    def step(self, name: str, done: int, total: int) -> None:
        """Hear that a report has done `done` of `total` steps."""
        self.bars.start_task(self.names[name])
        self.bars.update(self.names[name], completed=done, total=total, state=f"step {done} of {total}")

    def finished(self, name: str, seconds: float, outcome: str) -> None:
        """Hear that a report is made, or has failed."""
        bar, said = self.names[name], f"{outcome} in {seconds:.1f} s"
        total = self.bars.tasks[bar].total or 1
        self.bars.update(bar, completed=total, total=total, state=said)
        self.bars.stop_task(bar)
        if self.lines is not None:
            print(f"{name}: {said}", file=self.lines, flush=True)


@contextmanager
def watching(names: Sequence[str], shown: bool, stream: TextIO | None = None) -> Iterator[Watcher]:
    """Show bars on a terminal, lines elsewhere, nothing if not wanted; on stderr by default."""
    target = stream or sys.stderr
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"))
    has_bars = shown and target.isatty()
    with Progress(*columns, TimeElapsedColumn(), console=Console(file=target), disable=not has_bars) as bars:
        tasks = {name: bars.add_task(name, start=False, total=None, state="waits") for name in names}
        yield Watcher(bars, tasks, target if shown and not has_bars else None)
