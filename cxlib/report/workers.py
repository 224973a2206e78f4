"""Runs tasks in worker processes: one process per report, so that none can spoil another."""

from __future__ import annotations

import multiprocessing
import multiprocessing.context
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from pathlib import Path

from cxlib.report.plan import Task
from cxlib.report.work import Failed, Result, Step, worker

OnStep = Callable[[str, Step], None]
GRACE_SECONDS = 120.0
"""Time a worker gets beyond the limit of its cells before it is ended."""


@dataclass(frozen=True)
class _Running:
    task: Task
    process: BaseProcess
    connection: Connection
    deadline: float

    def end(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.connection.close()


def cpu_count() -> int:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task], staging: Path, scratch: Path, on_step: OnStep, at_once: int
) -> Iterator[tuple[Result, float]]:
    """Make every report, `at_once` at a time, and yield each result with its seconds as it comes."""
    context, waiting, running = _context(), list(tasks), list[_Running]()
    started: dict[str, float] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                task = waiting.pop(0)
                started[task.name] = time.perf_counter()
                running.append(_start(context, task, staging, scratch))
            for one in _ready(running):
                result = _heard(one, on_step)
                if result is not None:
                    one.end()
                    running.remove(one)
                    yield result, time.perf_counter() - started[one.task.name]
    finally:
        for one in running:
            one.end()


def warm_up() -> None:
    """Start the process that workers are forked from, so that it loads while others work."""
    if isinstance(_context(), multiprocessing.context.ForkServerContext):
        forkserver.ensure_running()


def _start(context: BaseContext, task: Task, staging: Path, scratch: Path) -> _Running:
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=worker, args=(there, task, staging, scratch), name=task.name)  # type: ignore[attr-defined]
    process.start()
    there.close()
    return _Running(task, process, here, time.perf_counter() + task.minutes * 60 + GRACE_SECONDS)


def _ready(running: Sequence[_Running]) -> list[_Running]:
    """Wait until a worker says something, ends, or is out of time."""
    rest = min(one.deadline for one in running) - time.perf_counter()
    heard = set(wait([one.connection for one in running], timeout=max(rest, 0.0)))
    return [one for one in running if one.connection in heard or time.perf_counter() > one.deadline]


def _heard(one: _Running, on_step: OnStep) -> Result | None:
    """Read one message; None while the report goes on."""
    if not one.connection.poll():
        reason = f"did not end within {one.task.minutes:g} minutes a cell; raise `minutes` in reports.toml"
        return Failed(one.task.name, reason)
    try:
        message = one.connection.recv()
    except EOFError:
        one.process.join()
        code = one.process.exitcode
        return Failed(one.task.name, f"its process ended without a word (exit code {code}); usually memory ran out")
    if isinstance(message, Step):
        on_step(one.task.name, message)
        return None
    result: Result = message
    return result


def _context() -> BaseContext:
    """Fork from a clean process that has loaded everything, where forking is safe."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cxlib.report.warm"])
    return context
