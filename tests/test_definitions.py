"""What `definitions.toml` may say, and what it is told when it says something else."""

from __future__ import annotations

import re
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from cxlib.definitions import Definitions, load_definitions
from cxlib.errors import ConfigError
from cxlib.notebook import open_workbook

ROOT = Path(__file__).resolve().parents[1]
OFFICE = '[[calendar]]\nname = "office"\nzone = "Europe/Istanbul"\n'
HOURS = '[[calendar.hours]]\nweekly = { monday-friday = "09:00-18:00" }\n'


def load(folder: Path, text: str) -> Definitions:
    (folder / "definitions.toml").write_text(text, "utf-8")
    return load_definitions(folder / "sources.toml")


def test_without_a_file_nothing_is_defined(tmp_path: Path) -> None:
    assert load_definitions(tmp_path / "sources.toml") == Definitions()


def test_a_snapshot_opened_from_a_notebook_has_the_words_beside_the_sources(
    tmp_path: Path, sample_snapshots: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data" / "sources.toml").touch()
    load(tmp_path / "data", "[targets]\ncsat = 0.8\n")
    monkeypatch.chdir(tmp_path / "notebooks")
    snapshot = str(next(path for path in sample_snapshots.iterdir() if path.is_dir()))
    assert open_workbook("2026-10", snapshot=snapshot).snapshot.definitions.targets == {"csat": 0.8}
    for nowhere in ("", "data/none.toml"):
        assert open_workbook("2026-10", nowhere, snapshot).snapshot.definitions == Definitions()


def test_the_sample_has_its_own() -> None:
    definitions = load_definitions(ROOT / "data" / "sources.toml")
    assert len(definitions.calendar) == 5
    assert definitions.service_level


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[calender]]\nname = "x"', 'top level: unknown key "calender"; did you mean "calendar"?'),
        (OFFICE, 'calendar "office": the key "hours" is missing'),
        (
            OFFICE + HOURS.replace("monday-friday", "monday-fryday"),
            'calendar "office", hours, number 1, weekly: "fryday" is not a day of the week; did you mean "friday"?',
        ),
        (
            OFFICE + HOURS.replace("09:00-18:00", "9-18"),
            '"9-18" is not from when to when on one day; write it as "09:00-18:00"',
        ),
        (OFFICE + HOURS.replace("09:00-18:00", "18:00-09:00"), '"18:00-09:00" is not from when to when on one day'),
        (OFFICE + HOURS.replace("09:00-18:00", "09:00-12:00, 11:00-18:00"), "overlaps or is out of order"),
        (OFFICE.replace("Istanbul", "Stambul") + HOURS, 'time zone "Europe/Stambul" is not known'),
        (OFFICE + 'holidays = "TURKEY"\n' + HOURS, 'no holidays of "TURKEY" are known'),
        (OFFICE + HOURS + HOURS, "the hours stand in the order of valid_from, each once"),
        (OFFICE + HOURS + OFFICE.replace("office", "other") + HOURS, "group with a calendar without groups stands in"),
        ("[[service_level]]\nfirst_reply_minutes = 60", "a service level on the business clock needs a [[calendar]]"),
        ('[[service_level]]\npriority = "high"', "write first_reply_minutes, resolution_minutes or both"),
    ],
)
def test_what_is_wrong_is_said(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    assert str(raised.value).startswith("definitions.toml: ")
    assert message in str(raised.value)


def test_the_same_meaning_has_the_same_id(tmp_path: Path) -> None:
    short = load(tmp_path, OFFICE + HOURS)
    days = ", ".join(f'{day} = "09:00-18:00"' for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
    assert load(tmp_path, f"{OFFICE}[[calendar.hours]]\nweekly = {{ {days} }}\n").id == short.id
    assert load(tmp_path, OFFICE + HOURS.replace("18:00", "17:00")).id != short.id


def test_stretches_leave_no_time_out(tmp_path: Path) -> None:
    """A year of them joins without a gap, and its minutes are the working days of that year, counted plainly."""
    [office] = load(tmp_path, OFFICE + HOURS).calendar
    first, last = date(2025, 12, 31), date(2026, 12, 31)
    stretches = office.stretches(first, last)
    assert all(one.until == other.begins for one, other in pairwise(stretches))
    assert (stretches[0].begins.date(), stretches[-1].until.date()) == (first, last + timedelta(days=1))
    days = sum((first + timedelta(days=n)).weekday() < 5 for n in range((last - first).days + 1))
    assert stretches[-1].minutes_before - stretches[0].minutes_before == days * 540


def test_what_the_guide_shows_is_read(tmp_path: Path) -> None:
    guide = (ROOT / "data" / "README.md").read_text("utf-8")
    section = guide[guide.index("## What you mean by your words") : guide.index("## People")]
    definitions = load(tmp_path, "\n".join(re.findall(r"```toml\n(.*?)```", section, re.DOTALL)))
    [calendar] = definitions.calendar
    opens = {day: calendar.open_on(date.fromisoformat(day)) for day in ("2026-06-06", "2026-07-04", "2026-12-31")}
    assert opens == {"2026-06-06": ((600, 840),), "2026-07-04": (), "2026-12-31": ((540, 780),)}
    assert calendar.open_on(date(2026, 10, 28)) == ((540, 780),)
    assert [one.first_reply_minutes for one in definitions.service_level] == [60]
