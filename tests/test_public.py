"""The public names: each has a docstring with an example, and the example runs on the sample."""

from __future__ import annotations

import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import cxlib
from cxlib.store import Snapshot
from cxlib.workbook import Workbook

ROOT = Path(__file__).resolve().parents[1]
FUNCTIONS = [name for name in cxlib.__all__ if callable(getattr(cxlib, name)) and name[0].islower()]


@pytest.fixture(scope="module")
def book(sample: Snapshot) -> Workbook:
    return Workbook(sample, cxlib.Month(2026, 10), cxlib.exhibits.words.Language())


def test_every_public_name_is_there_and_explained() -> None:
    assert len(cxlib.__all__) == len(set(cxlib.__all__))
    for name in cxlib.__all__:
        assert getattr(cxlib, name).__doc__, name
    with pytest.raises(AttributeError, match="module 'cxlib' has no attribute 'trends'"):
        _ = cxlib.trends


@pytest.mark.slow
@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_example_runs(name: str, book: Workbook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    public = {one: getattr(cxlib, one) for one in cxlib.__all__}
    names = {**public, "book": book, "np": np, "pd": pd, "notebooks": ROOT / "notebooks"}
    [example] = doctest.DocTestFinder(recurse=False).find(getattr(cxlib, name), name, globs=names)
    assert example.examples, f"{name} has no example"
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=options, verbose=False)
    runner.run(example, out=report.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(report)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda book: cxlib.trend(book, "nps_touchpont"),
            '"nps_touchpont" does not exist; did you mean "nps_touchpoint"?',
        ),
        (lambda book: cxlib.tiles(book, ["csat"]), 'measures are asked for one by one, as texts: "csat", "backlog"'),
        (lambda book: cxlib.breakdown(book, "csat", "regoin"), 'csat cannot be broken down by "regoin"; did you mean'),
        (lambda book: book.only("sector", "Retial"), 'sector has no value "Retial"; did you mean "Retail"?'),
        (lambda book: book.without("teir", "Starter"), 'there is no segment "teir"; did you mean "tier"?'),
        (lambda book: cxlib.Month.parse("2026-13"), "2026-13 is not a month; write it as 2026-10"),
        (lambda book: cxlib.open_workbook("2026-10", "data/none.toml"), "data/none.toml is not in"),
    ],
)
def test_an_analysts_slip_is_one_line(ask: object, message: str, book: Workbook) -> None:
    with pytest.raises(cxlib.errors.CxError) as error:
        ask(book)  # type: ignore[operator]
    [line] = str(error.value).splitlines()
    assert message in line
    assert error.value._render_traceback_() == [line]
