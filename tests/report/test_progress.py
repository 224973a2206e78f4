from __future__ import annotations

import io

from cxlib.report.progress import Bars, Lines, Silent, watcher


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_one_line_per_finished_report() -> None:
    stream = io.StringIO()
    with watcher(["monthly"], True, stream) as watching:
        assert isinstance(watching, Lines)
        watching.step("monthly", 1, 5)
        watching.finished("monthly", 12.34, "made")
    assert stream.getvalue() == "monthly: made in 12.3 s\n"


def test_a_terminal_gets_a_bar_per_report() -> None:
    stream = Terminal()
    with watcher(["monthly", "support"], True, stream) as watching:
        assert isinstance(watching, Bars)
        watching.step("monthly", 1, 5)
        watching.finished("monthly", 2.0, "failed")
    said = stream.getvalue()
    assert "monthly" in said
    assert "failed in 2.0 s" in said
    assert "waits" in said


def test_who_wants_no_progress_gets_none() -> None:
    stream = io.StringIO()
    with watcher(["monthly"], False, stream) as watching:
        assert type(watching) is Silent
        watching.step("monthly", 1, 5)
        watching.finished("monthly", 2.0, "made")
    assert stream.getvalue() == ""
