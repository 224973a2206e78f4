from __future__ import annotations

import io

from cxlib.report.pipeline import Watcher


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_line_per_finished_report() -> None:
    stream = io.StringIO()
    with Watcher(["monthly"], stream) as watcher:
        watcher.step("monthly", 1, 5)
        watcher.ended("monthly", 12.34, "made")
    assert stream.getvalue() == "monthly: made in 12.3 s\n"


def test_a_terminal_gets_a_bar_per_report() -> None:
    stream = Terminal()
    with Watcher(["monthly", "support"], stream) as watcher:
        watcher.step("monthly", 1, 5)
        watcher.ended("monthly", 2.0, "failed")
    said = stream.getvalue()
    assert "monthly" in said
    assert "failed in 2.0 s" in said
    assert "waits" in said
