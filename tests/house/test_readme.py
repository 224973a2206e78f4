"""What the README says is there, is there."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cxlib.cli import app
from cxlib.sources import VENDORS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [
    line.split("#")[0].strip() for block in re.findall(r"```\n(.*?)```", README, re.S) for line in block.splitlines()
]


def test_it_is_one_screen() -> None:
    assert len(README.splitlines()) <= 75


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"\]\(([^)]+)\)", README)) | set(re.findall(r"`([\w./]+/)`", README)))
)
def test_every_path_is_there(path: str) -> None:
    places = [ROOT / path, ROOT / "cxlib" / path, ROOT / "data" / path, ROOT / "reports" / path]
    assert any(place.exists() for place in places)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.startswith("make ")])
def test_every_make_command_is_a_target_with_its_options(command: str) -> None:
    words = shlex.split(command)
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{words[1]}:.*## ", makefile, re.M)
    assert all(f"option,{word.split('=')[0]}," in makefile for word in words[2:])


@pytest.mark.parametrize("command", [c for c in COMMANDS if "/cx " in c])
def test_every_cx_command_takes_its_options(command: str) -> None:
    words = shlex.split(command)
    shown = CliRunner().invoke(app, [words[1], "--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    assert all(word in shown for word in words[2:] if word.startswith("--"))


def test_the_vendors_it_names_are_those_there_are() -> None:
    named = re.search(r"([\w, \n]+) exports have a ready mapping", README)
    assert named
    names = {word.lower() for word in re.findall(r"[A-Z]\w+", named[1])}
    assert names == set(VENDORS)


def test_the_oldest_python_it_names_is_the_one_that_is_asked_for() -> None:
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["requires-python"]
    assert asked == ">=" + re.search(r"Python\s+(\d\.\d+) or newer", README)[1]  # type: ignore[index]
