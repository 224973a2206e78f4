"""`make` finds what it needs, says what is missing, and passes on what it is told."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")

Run = Callable[..., subprocess.CompletedProcess[str]]


def run_make(
    folder: Path, *arguments: str, path: str = os.environ["PATH"], **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run make in a folder with a bare environment; a make around this test must not reach in."""
    environment = {"PATH": path, "HOME": str(folder), **variables}
    command = [str(MAKE), *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def program(path: Path, body: str) -> None:
    """Write a small shell program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder with the Makefile and what its first targets rest on."""
    folder = tmp_path / "clone"
    folder.mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "pyproject.toml").write_text("")
    (folder / "requirements.lock").write_text("a==1 \\\n    --hash=sha256:1\nsetuptools==2 \\\n    --hash=sha256:2\n")
    return folder


@pytest.fixture
def ready(clone: Path) -> Path:
    """Return such a folder with a virtual environment whose Python only says what it was asked."""
    program(clone / ".venv/bin/python", 'echo "python $*"')
    for stamp in (".locked", ".ready", ".pango"):
        (clone / ".venv" / stamp).touch()
    return clone


def test_make_alone_prints_every_target(clone: Path) -> None:
    result = run_make(clone)
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[0].split()
    listed = re.findall(r"^  make (\S+) +\S", result.stdout, re.MULTILINE)
    assert result.returncode == 0
    assert sorted(listed) == sorted(set(targets) - {"pango"})
    assert {"report", "test", "lab", "sample", "check", "lint", "types", "calibrate", "lock", "clean"} <= set(listed)
    assert not (clone / ".venv").exists()


def test_report_passes_on_what_the_command_line_gives(ready: Path) -> None:
    result = run_make(
        ready, "report", "MONTH=2026-09", "SOURCES=my data/sources.toml", "OUT=out", "LANGUAGE=tr", "ONLY=experience x"
    )
    wanted = "--month 2026-09 --sources my data/sources.toml --out out --language tr --only experience --only x"
    assert result.stdout.split() == f"python -m cxlib report {wanted}".split()


def test_an_argument_with_a_space_stays_one(ready: Path) -> None:
    result = run_make(ready, "-n", "report", "SOURCES=my data/sources.toml")
    assert "--sources 'my data/sources.toml'" in result.stdout


def test_report_without_options_takes_none_from_the_shell(ready: Path) -> None:
    result = run_make(ready, "report", LANGUAGE="en_US:en", LANG="tr_TR.UTF-8", MONTH="5", OUT="/", ONLY="x")
    assert result.stdout.split() == ["python", "-m", "cxlib", "report"]


def test_calibrate_passes_on_what_the_command_line_gives(ready: Path) -> None:
    result = run_make(ready, "calibrate", "WORLDS=50", "STUDY=switching word_of_mouth")
    assert result.stdout.split() == (
        ["python", "-m", "calibrate.run", "--worlds", "50", "--study", "switching", "--study", "word_of_mouth"]
    )
    assert run_make(ready, "calibrate", WORLDS="5").stdout.split() == ["python", "-m", "calibrate.run"]


def test_sample_finds_the_simulator_among_the_tests(ready: Path) -> None:
    program(ready / ".venv/bin/python", 'echo "PYTHONPATH=$PYTHONPATH python $*"')
    assert run_make(ready, "sample").stdout.split() == ["PYTHONPATH=tests", "python", "-m", "company"]


def test_a_dry_run_in_the_repository_shows_the_arguments() -> None:
    result = run_make(ROOT, "-n", "report", "MONTH=2026-09", "OUT=elsewhere")
    assert result.returncode == 0
    assert "cxlib report --month '2026-09'" in result.stdout
    assert "--out 'elsewhere'" in result.stdout


def test_nothing_is_done_twice(ready: Path) -> None:
    result = run_make(ready, "-q", ".venv/.ready")
    assert result.returncode == 0


def test_a_changed_pyproject_installs_the_package_alone(ready: Path) -> None:
    os.utime(ready / ".venv/.ready", (0, 0))
    result = run_make(ready, ".venv/.ready")
    assert result.stdout.count("python -m pip") == 1
    assert "--no-deps --no-build-isolation --editable ." in result.stdout


def test_a_lock_that_stays_the_same_remakes_nothing(ready: Path) -> None:
    lock = ready / "requirements.lock"
    os.utime(lock, (0, 0))
    program(ready / ".venv/bin/uv", "cp requirements.lock new && mv new requirements.lock")
    assert run_make(ready, "lock").returncode == 0
    assert lock.stat().st_mtime == 0
    program(ready / ".venv/bin/uv", 'echo "$*" > requirements.lock')
    assert run_make(ready, "lock", "UPGRADE=1").returncode == 0
    assert lock.read_text().split()[-1] == "--upgrade"
    assert run_make(ready, "-q", ".venv/.ready").returncode != 0


def test_arguments_reach_pytest(ready: Path) -> None:
    result = run_make(ready, "test", "ARGS=-k 'one or two'")
    assert result.stdout.split()[-4:] == ["-k", "one", "or", "two"]


FAKE_PYTHON = """
case "$1" in
  -c) exit 0 ;;
  -m) mkdir -p "$3/bin" && cp fake-pip "$3/bin/python" ;;
esac"""


def test_an_interrupted_install_is_begun_anew(clone: Path) -> None:
    program(clone / "fake-python", FAKE_PYTHON)
    program(clone / "fake-pip", 'echo "pip $*" >> log; test ! -e broken')
    (clone / "broken").touch()
    first = run_make(clone, ".venv/.ready", "PYTHON=./fake-python")
    (clone / ".venv/half-made").touch()
    (clone / "broken").unlink()
    (clone / "log").unlink()
    second = run_make(clone, ".venv/.ready", "PYTHON=./fake-python")
    assert first.returncode != 0
    assert second.returncode == 0
    assert not (clone / ".venv/half-made").exists()
    installs = (clone / "log").read_text().splitlines()
    assert [line.split(" install ")[1] for line in installs] == [
        "--require-hashes -r .venv/setuptools.lock",
        "--require-hashes --no-build-isolation --use-pep517 -r requirements.lock",
        "--no-deps --no-build-isolation --editable .",
    ]
    assert (clone / ".venv/setuptools.lock").read_text() == "setuptools==2 \\\n    --hash=sha256:2\n"
    assert run_make(clone, "-q", ".venv/.ready").returncode == 0


def test_without_a_new_enough_python_it_says_so(clone: Path) -> None:
    program(clone / "old-python", "exit 1")
    result = run_make(clone, "report", "PYTHON=./old-python")
    assert result.returncode != 0
    assert (
        "./old-python is not Python 3.11 or newer. Say where one is: make PYTHON=/path/to/python3.12" in result.stdout
    )


def test_without_any_python_it_says_so(clone: Path) -> None:
    result = run_make(clone, "report", "PYTHON=")
    assert result.returncode != 0
    assert "No Python 3.11 or newer found. Install one, or say where it is" in result.stdout


def test_the_first_python_that_is_new_enough_is_taken(clone: Path, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    program(tools / "python3", "exit 1")
    program(tools / "python3.12", f'exec {sys.executable} "$@"')
    result = run_make(clone, "-n", ".venv/.locked", path=f"{tools}:/usr/bin:/bin")
    assert "python3.12 -m venv .venv" in result.stdout


def test_without_ensurepip_it_names_the_package(clone: Path) -> None:
    program(clone / "bare-python", 'case "$2" in *ensurepip*) exit 1 ;; esac')
    result = run_make(clone, "report", "PYTHON=./bare-python")
    assert result.returncode != 0
    assert "On Debian and Ubuntu: apt-get install python3-venv" in result.stdout


@pytest.fixture
def pango(ready: Path, tmp_path: Path) -> Run:
    """Return a way to run `make pango` where only the given programs exist and the library only if installed."""
    (ready / ".venv/.pango").unlink()
    program(ready / ".venv/bin/python", "test -e installed")
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("env", "touch"):
        (tools / name).symlink_to(str(shutil.which(name)))

    def run(programs: dict[str, str], **variables: str) -> subprocess.CompletedProcess[str]:
        for name, body in programs.items():
            program(tools / name, body)
        return run_make(ready, "pango", path=str(tools), **variables)

    return run


APT = 'echo "apt-get $*" >> log; case "$*" in *install*) touch installed ;; esac'
APT_WITHOUT_LISTS = """echo "apt-get $*" >> log
case "$*" in
  *update*) touch lists ;;
  *install*) test -e lists && touch installed ;;
esac"""
INSTALL = f"apt-get -qq install -y --no-install-recommends {DEBIAN}"


def test_root_installs_pango_once(pango: Run, ready: Path) -> None:
    first = pango({"id": "echo 0", "apt-get": APT})
    assert (first.returncode, first.stdout) == (0, "Installing pango, which draws the text of the PDF.\n")
    assert pango({}).stdout == ""
    assert (ready / "log").read_text().splitlines() == [INSTALL]


def test_package_lists_are_fetched_where_there_are_none(pango: Run, ready: Path) -> None:
    pango({"id": "echo 0", "apt-get": APT_WITHOUT_LISTS})
    assert (ready / "log").read_text().splitlines() == [INSTALL, "apt-get -qq update", INSTALL]
    assert (ready / ".venv/.pango").exists()


def test_a_user_with_passwordless_sudo_installs_it_too(pango: Run, ready: Path) -> None:
    sudo = 'echo "sudo $*" >> log; test "$1" != -n || shift; exec "$@"'
    pango({"id": "echo 1000", "true": "exit 0", "sudo": sudo, "apt-get": APT})
    lines = (ready / "log").read_text().splitlines()
    assert lines[0] == "sudo -n true"
    assert lines[-1] == INSTALL


@pytest.mark.parametrize(
    ("programs", "variables", "line"),
    [
        ({"apt-get": APT}, {}, f"sudo apt-get install -y --no-install-recommends {DEBIAN}"),
        ({"apt-get": APT, "sudo": "exit 1"}, {}, f"sudo apt-get install -y --no-install-recommends {DEBIAN}"),
        ({"dnf": ""}, {}, "sudo dnf install -y pango"),
        ({"brew": ""}, {}, "brew install pango"),
        ({"apt-get": APT}, {"CONDA_PREFIX": "/conda"}, "conda install -c conda-forge pango"),
    ],
)
def test_a_user_who_may_not_install_is_told_the_line(
    pango: Run, ready: Path, programs: dict[str, str], variables: dict[str, str], line: str
) -> None:
    result = pango({"id": "echo 1000", **programs}, **variables)
    assert result.returncode == 0, "the HTML is made all the same"
    assert "Pango is missing, so no PDF can be made; the HTML is complete" in result.stdout
    assert result.stdout.splitlines()[-1].strip() == line
    assert not (ready / "log").exists()
    assert not (ready / ".venv/.pango").exists()


def test_a_failed_installation_does_not_stop_the_report(pango: Run) -> None:
    result = pango({"id": "echo 0", "apt-get": "exit 100"})
    assert result.returncode == 0
    assert "sudo apt-get install" in result.stdout


def test_an_installed_pango_is_left_alone(pango: Run, ready: Path) -> None:
    (ready / "installed").touch()
    assert pango({"id": "echo 0", "apt-get": APT}).stdout == ""
    assert not (ready / "log").exists()
