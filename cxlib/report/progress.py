"""Says what runs: a bar per report on a terminal, one line per finished report elsewhere."""

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Watcher(Progress):
    """Hears how far the reports are, and shows it while it is entered; on stderr by default."""

    def __init__(self, names: Iterable[str], stream: TextIO | None = None) -> None:
        stream = stream or sys.stderr
        said = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[state]}"), TimeElapsedColumn()
        super().__init__(SpinnerColumn(), *said, console=Console(file=stream), disable=not stream.isatty())
        self.bars = {name: self.add_task(name, start=False, total=None, state="waits") for name in names}

    def step(self, name: str, done: int, total: int) -> None:
        """Hear that a report has done `done` of `total` steps."""
        self.start_task(self.bars[name])
        self.update(self.bars[name], completed=done, total=total, state=f"step {done} of {total}")

    def ended(self, name: str, seconds: float, outcome: str) -> None:
        """Hear that a report is made, or has failed."""
        bar, said = self.bars[name], f"{outcome} in {seconds:.1f} s"
        total = self.tasks[bar].total or 1
        self.update(bar, completed=total, total=total, state=said)
        self.stop_task(bar)
        if self.disable:
            print(f"{name}: {said}", file=self.console.file, flush=True)
