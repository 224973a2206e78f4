from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from cxlib.errors import ConfigError
from cxlib.report.plan import check_parameters
from report.helpers import notebook_of, parameters_cell, runnable, title


def written(folder: Path, notebook: NotebookNode) -> Path:
    path = folder / "monthly.ipynb"
    nbformat.write(notebook, path)
    return path


def with_parameters(folder: Path, source: str) -> Path:
    return written(folder, notebook_of(title(), parameters_cell(source)))


def test_right_parameters_pass(tmp_path: Path) -> None:
    path = with_parameters(
        tmp_path, 'month = "2026-10"  # type: str m\nshare = 0.5  # type: float s\nraw = True  # type: bool r'
    )
    check_parameters(path, {"month": "2026-09", "share": 1})
    check_parameters(path, {"raw": False})


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"mont": "2026-10"}, 'monthly.ipynb: there is no parameter "mont"; did you mean "month"?'),
        ({"month": 202610}, 'monthly.ipynb: parameter "month" must be str, but 202610 is int'),
        ({"count": True}, 'monthly.ipynb: parameter "count" must be int, but True is bool'),
        ({"count": 2.0}, 'monthly.ipynb: parameter "count" must be int, but 2.0 is float'),
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, parameters: dict[str, object], message: str) -> None:
    path = with_parameters(tmp_path, 'month = "2026-10"  # type: str m\ncount = 3  # type: int c')
    with pytest.raises(ConfigError) as error:
        check_parameters(path, parameters)  # type: ignore[arg-type]
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("month = '2026-10'", "parameter \"month\" has no type; write `month = '2026-10'  # type: str …`"),
        ("month = '2026-10'  # type: date m", "with one of str, int, float, bool"),
        ("month = 3  # type: str m", 'parameter "month" must be str, but 3 is int'),
    ],
)
def test_a_parameters_cell_without_types_is_refused(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_parameters(with_parameters(tmp_path, source), {})
    assert message in str(error.value)


def test_a_notebook_without_parameters_says_how_to_write_them(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"monthly\.ipynb has no parameters; tag one cell `parameters`"):
        check_parameters(written(tmp_path, notebook_of(title())), {})


def test_a_broken_notebook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "monthly.ipynb"
    path.write_text("{ no")
    with pytest.raises(ConfigError, match=r"monthly\.ipynb cannot be read as a notebook"):
        check_parameters(path, {})


def test_the_house_form_takes_the_four(tmp_path: Path) -> None:
    four = dict.fromkeys(("month", "sources", "snapshot", "language"), "x")
    check_parameters(written(tmp_path, runnable()), four)
