"""A notebook's cells: what they say, what they cannot tell, what is changed by a parameter."""

from __future__ import annotations

import json
from collections.abc import Callable
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from cxlib import Finding, Quantity, UntoldError, say, verdict
from cxlib.errors import ConfigError, MeasureError
from cxlib.estimate import Estimate
from cxlib.exhibits import methods
from cxlib.exhibits.exhibit import MIME
from cxlib.language import Language
from cxlib.notebook import Untold, _Guard, check_parameters, parameters_of, read_parameter, records_in, run, said
from cxlib.period import Month
from cxlib.workbook import Workbook

PARAMETERS = """month = "2026-10"  # type: str month of the report
sources = "data/sources.toml"  # type: str file that lists the exports
snapshot = ""  # type: str folder of a snapshot
language = "en"  # type: str language of the reader
rate = 0.1  # type: float discount rate a year
years = 5  # type: int how far ahead
real = True  # type: bool whether in prices of today"""
SET_UP = "from cxlib import *\n\nbook = open_workbook(month, sources, snapshot, language)"


def share(value: float, low: float, high: float, n: int = 400, unit: str = "share", *flags: str) -> Estimate:
    return Estimate(value, low, high, n, unit, "Wilson", flags)


@pytest.fixture
def book(desk: Callable[..., Any]) -> Workbook:
    return Workbook(desk("2026-11-09"), Month(2026, 10), Language("en"))


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    def write(*cells: str, parameters: str = PARAMETERS) -> Path:
        path = tmp_path / "mine.ipynb"
        code = [{"cell_type": "code", "metadata": {}, "source": cell} for cell in (parameters, SET_UP, *cells)]
        code[0]["metadata"] = {"tags": ["parameters"]}
        text = {"cell_type": "markdown", "metadata": {}, "source": "# Mine?"}
        path.write_text(json.dumps({"cells": [text, *code], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return write


SAY = """kept = Estimate(0.8, 0.75, 0.85, 400, "share", "Wilson")
say(book, "kept", "{k} stay at {r}.", kept, k=kept, r=Quantity(rate, "share"))"""


def test_a_changed_parameter_moves_what_is_said(notebook: Callable[..., Path], book: Workbook) -> None:
    path = notebook(SAY)
    assert run(path, book).records[0]["text"] == "80.0% stay at 10.0%."
    assert run(path, book, rate=0.08).records[0]["text"] == "80.0% stay at 8.0%."


def test_a_cell_that_cannot_tell_is_a_box_and_so_is_whatever_rests_on_it(
    notebook: Callable[..., Path], book: Workbook
) -> None:
    path = notebook(
        'before = 1\nuntold("An export of costs would tell.", rate > 0.5)\n'
        'costs = 3\nsay(book, "cost", "{c}.", c=costs)',
        'say(book, "twice", "{c}.", c=2 * costs)',
        'say(book, "before", "{b}.", b=before)',
    )
    study = run(path, book)
    assert list(study.findings) == ["before"]  # what stood above the line that could not tell is kept
    assert study.untold == ("An export of costs would tell.",)
    assert isinstance(study.names["costs"], Untold)
    for id in ("cost", "twice"):
        finding = study.finding(id)
        assert (finding.verdict, finding.needed) == ("cannot-tell", "An export of costs would tell.")
    assert list(run(path, book, rate=0.6).findings) == ["cost", "twice", "before"]
    with pytest.raises(MeasureError, match='mine has no finding "befor"; did you mean "before"'):
        study.finding("befor")


def test_a_name_whose_statement_cannot_tell_in_a_later_line_is_not_told_either(
    notebook: Callable[..., Path], book: Workbook
) -> None:
    path = notebook('costs = (\n    1,\n    untold("An export of costs would tell.", rate > 0.5),\n)')
    assert isinstance(run(path, book).names["costs"], Untold)


def test_a_kernel_shows_the_same_as_a_run(book: Workbook) -> None:
    shell = InteractiveShell.instance()
    shell.ast_transformers.append(_Guard())
    try:
        shell.user_ns |= {"book": book}
        boxed = shell.run_cell("from cxlib import untold\nuntold('An export of costs would tell.', False)\ncosts = 3")
        assert boxed.success
        assert boxed.result._repr_mimebundle_()[MIME]["shown"] == [
            {"untold": "An export of costs would tell.", "findings": []}
        ]
        again = shell.run_cell("costs + 1")
        assert str(again.result) == "This cannot be told either, for the reason given above."
        assert again.result.records == [{"untold": "An export of costs would tell.", "findings": []}]
        assert shell.run_cell("1 + 1").result == 2
        # run again with the data there, the cell makes what it should
        assert shell.run_cell("untold('An export of costs would tell.', True)\ncosts = 3\ncosts").result == 3
    finally:
        shell.ast_transformers.pop()
        InteractiveShell.clear_instance()


@pytest.mark.parametrize(
    "ask",
    [
        lambda x: x.value,
        lambda x: x + 1,
        lambda x: 1 - x,
        lambda x: x[0],
        lambda x: list(x),
        lambda x: float(x),
        lambda x: bool(x),
        lambda x: x < 1,
        lambda x: f"{x}",
        lambda x: x(),
        lambda x: len(x),
    ],
)
def test_what_could_not_be_told_answers_nothing(ask: Callable[[Any], object]) -> None:
    with pytest.raises(UntoldError, match="More would tell"):
        ask(Untold("More would tell."))
    assert repr(Untold("More would tell.")) == "Untold('More would tell.')"


def test_parameters_are_read_with_their_types(notebook: Callable[..., Path]) -> None:
    found = parameters_of(notebook())
    assert found["rate"] == ("float", 0.1, "discount rate a year")
    assert found["real"] == ("bool", True, "whether in prices of today")
    assert read_parameter(notebook(), "rate=0.08") == ("rate", 0.08)
    assert read_parameter(notebook(), "real=false") == ("real", False)
    assert read_parameter(notebook(), "language=tr") == ("language", "tr")


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("rat=0.08", 'mine.ipynb: there is no parameter "rat"; did you mean "rate"?'),
        ("rate=much", 'mine.ipynb: parameter "rate" must be float, but it is "much"'),
        ("years=1.5", 'mine.ipynb: parameter "years" must be int, but it is "1.5"'),
        ("real=perhaps", 'mine.ipynb: parameter "real" must be bool, but it is "perhaps"'),
        ("rate", '"rate" is not name=value, such as discount=0.08'),
    ],
)
def test_a_wrong_parameter_is_refused(notebook: Callable[..., Path], written: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        read_parameter(notebook(), written)
    assert str(error.value) == message


def test_what_is_given_must_be_known_and_of_its_type(notebook: Callable[..., Path], book: Workbook) -> None:
    with pytest.raises(ConfigError, match=r'there is no parameter "discount"'):
        run(notebook(), book, discount=0.1)
    with pytest.raises(ConfigError, match=r'parameter "years" must be int, but 2.5 is float'):
        check_parameters(notebook(), {"years": 2.5})
    with pytest.raises(ConfigError, match=r'parameter "rate" has no type; write `rate = 0.1  # type: str …`'):
        parameters_of(notebook(parameters="rate = 0.1"))
    with pytest.raises(ConfigError, match=r"mine.ipynb cannot be read as a notebook"):
        parameters_of(notebook().with_name("none") / "mine.ipynb")


def test_what_was_published_is_read_and_not_computed(tmp_path: Path, book: Workbook) -> None:
    published = {"month": "2026-10", "snapshot": book.snapshot.id, "shown": [{"finding": "kept"}]}
    (tmp_path / "a.json").write_text(json.dumps(published))
    (tmp_path / "b.json").write_text(json.dumps({**published, "month": "2026-09"}))
    (tmp_path / "c.json").write_text(json.dumps({**published, "snapshot": "other"}))
    assert said(book, ("a", "b", "c", "d"), str(tmp_path)) == [{"finding": "kept"}]
    cell = {"outputs": [{"data": {MIME: {"shown": [{"finding": "x"}]}}}, {"output_type": "stream"}]}
    assert records_in({"cells": [cell, {"source": "# text"}]}) == [{"finding": "x"}]


# ---- what is said ----------------------------------------------------------------------------------------------------
def test_a_sentence_is_filled_and_keeps_its_address(book: Workbook) -> None:
    stays = share(0.123, 0.101, 0.149, 1204)
    shown = say(
        book,
        "stays",
        "{s} | {s_limits} | {s_full} | {c} | {n} | {w}",
        s=stays,
        c=Quantity(1234.4, "EUR"),
        n=12000,
        w="x",
    )
    assert shown.text.replace("\N{NO-BREAK SPACE}", " ").split(" | ") == [
        "12.3%",
        "10.1% to 14.9%",
        "12.3% (95% interval 10.1% to 14.9%; n = 1,204)",
        "€1,234",
        "12,000",
        "x",
    ]
    assert 'id="finding-stays"' in shown.html
    assert 'data-verdict="described"' in shown.html


def test_the_sentence_follows_the_interval_and_the_verdict_what_matters(book: Workbook) -> None:
    def said(low: float, value: float, high: float, n: int = 300, **of_all: int) -> tuple[str, str, str]:
        gap = Estimate(value, low, high, n, "share difference", "test", **of_all)
        ruling = verdict(gap, matters=0.05)
        shown = say(book, "gap", "More: {g}.", gap, ruling, otherwise="Not more: {g}.", reverse="Less: {g}.", g=gap)
        assert shown.finding is not None
        sentence, _, rest = shown.text.partition(". ")
        return shown.finding.verdict, sentence, rest

    assert said(0.06, 0.09, 0.12) == ("supported", "More: +9.0 points.", "")
    assert said(0.01, 0.02, 0.03) == (
        "not-supported",
        "More: +2.0 points",
        "It is less than would matter, which begins at +5.0 points.",
    )
    # the limit is four times as far from the value as 5 points are: 100 x 4 squared
    assert said(0.02, 0.06, 0.10, 100) == (
        "cannot-tell",
        "More: +6.0 points",
        "Whether it is as much as would matter, from +5.0 points on, cannot be told. "
        "About 1,600 cases instead of 100 would tell, should the figure stay as it is.",
    )
    assert said(-0.01, 0.03, 0.07) == (
        "cannot-tell",
        "Not more: +3.0 points",
        "About 1,200 cases instead of 300 would tell, should the figure stay as it is.",
    )
    # of 52, with 1 / cases - 1 / 52 a fourth of what it was with 40: 52 / (1 + 12 / 160) = 48.4
    assert said(-0.01, 0.03, 0.07, 40, population=52)[2] == (
        "About 49 of the 52 there are would tell, should the figure stay as it is."
    )
    assert said(0.0, 0.049, 0.1)[2] == (
        "Even 20 times as many cases would not tell, should the figure stay as it is: it lies too near the limit."
    )
    assert said(-0.03, -0.02, -0.01)[:2] == ("not-supported", "Less: −2.0 points.")
    assert said(-0.03, 0.0, 0.03)[:2] == ("not-supported", "Not more: 0.0 points.")


def test_a_claim_decides_by_its_region_and_stands_under_the_sentence(book: Workbook) -> None:
    ratio = Estimate(2.1, 1.8, 2.5, 500, "silent customers", "bootstrap")
    shown = say(book, "silent-per-complainer", "{r} stay silent.", ratio, assumption="If {r} were not so.", r=ratio)
    assert shown.finding is not None
    assert shown.finding.verdict == "not-supported"
    assert "26 stay silent" in shown.text
    assert "Not supported. The whole interval of your own figure lies below the region" in shown.text
    assert shown.text.endswith("If 2.1 were not so.")
    [record] = shown.records
    assert record["claims"][0]["id"] == "000.2"
    assert record["estimate"]["value"] == 2.1
    with pytest.raises(ConfigError, match="its claim gives the region that decides; leave the verdict out"):
        say(book, "silent-per-complainer", "{r}.", ratio, "supported", r=ratio)


@pytest.mark.parametrize(
    "values", [{"x": share(nan, nan, nan)}, {"x": Untold("Too few cases to tell; more of them would.")}]
)
def test_what_is_not_known_is_not_said(book: Workbook, values: dict[str, Any]) -> None:
    with pytest.raises(UntoldError, match="Too few cases to tell"):
        say(book, "x", "{x}.", **values)


def test_methods_name_the_assumptions(book: Workbook) -> None:
    shown = methods(book, {"Value": "Discounted at {rate}."}, rate=Quantity(0.08, "share"))
    assert shown.text == "Value: Discounted at 8.0%."
    assert shown.records == [{"methods": {"Value": "Discounted at 8.0%."}}]


def test_a_workbook_shows_itself(book: Workbook) -> None:
    assert repr(book).startswith("Desk, October 2026; snapshot 0123456789ab, exported 9 November 2026")
    assert "measures that can be given (0 of" in repr(book)
    assert list(book.metrics.columns) == ["label", "unit", "missing"]
    assert book.metrics.loc["nps_relationship", "missing"] == "survey_answers"
    assert book.tables.loc["tickets", "rows"] == 0
    assert isinstance(book.tables, pd.DataFrame)


def test_a_finding_is_plain() -> None:
    assert Finding("a", "b").verdict == "described"
