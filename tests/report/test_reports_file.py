from __future__ import annotations

from pathlib import Path

import pytest

from cxlib.errors import ConfigError
from cxlib.report.plan import read_reports, select

ENTRY = '[[report]]\nname = "{name}"\nnotebook = "{name}.ipynb"\ntitle = "Title"\n'


def write(folder: Path, text: str) -> Path:
    for name in ("one", "two"):
        (folder / f"{name}.ipynb").write_text("{}")
    path = folder / "reports.toml"
    path.write_text(text)
    return path


def test_reports_are_sorted_by_order_and_paths_count_from_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, ENTRY.format(name="one") + "order = 2\n" + ENTRY.format(name="two") + 'formats = ["html"]\n')
    two, one = read_reports(path)
    assert (two.name, one.name) == ("two", "one")
    assert one.notebook == tmp_path / "one.ipynb"
    assert one.formats == ("html", "pdf")
    assert two.formats == ("html",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (ENTRY.format(name="one") + 'titel = "x"\n', 'report "one": unknown key "titel"; did you mean "title"?'),
        ("[[reports]]\n", 'unknown key "reports"; did you mean "report"?'),
        ('[[report]]\nname = "one"\n', 'report "one": the key "notebook" is missing'),
        ("[[report]]\nname = 3\n", 'report "3", name: input should be a valid string (it is 3)'),
        (
            ENTRY.format(name="one") + 'formats = ["pdf"]\n',
            'the page is always made: write ["html"] or ["html", "pdf"]',
        ),
        (
            ENTRY.format(name="one") + 'formats = ["docx"]\n',
            "report \"one\", formats, number 1: input should be 'html' or 'pdf' (it is 'docx')",
        ),
        (ENTRY.format(name="one") + "minutes = 0\n", 'report "one", minutes: input should be greater than 0 (it is 0)'),
        (ENTRY.format(name="one") * 2, '2 reports are named "one"; give each its own name'),
        (ENTRY.format(name="three"), 'report "three": there is no notebook'),
        (ENTRY.format(name="One").replace("One.ipynb", "one.ipynb"), 'report "One", name: string should match pattern'),
        ("report = 3 4", "is not TOML"),
        ("", 'the key "report" is missing'),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as error:
        read_reports(path)
    assert str(path) in str(error.value)
    assert message in str(error.value)


def test_a_missing_file_says_where_to_run(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"reports\.toml does not exist; run from the project's folder, or name the file"
    ):
        read_reports(tmp_path / "reports.toml")


def test_select_names_the_nearest_report(tmp_path: Path) -> None:
    reports = read_reports(write(tmp_path, ENTRY.format(name="one") + ENTRY.format(name="two")))
    assert [report.name for report in select(reports, ["two"])] == ["two"]
    assert len(select(reports, ())) == 2
    with pytest.raises(ConfigError, match=r'there is no report "tow" in reports\.toml; did you mean "two"\?'):
        select(reports, ["tow"])


def test_the_committed_file_is_right() -> None:
    reports = read_reports(Path(__file__).parents[2] / "reports" / "reports.toml")
    assert reports[0].name == "monthly_review"
    assert all(report.about for report in reports)
