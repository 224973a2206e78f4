"""pyproject.toml, requirements.lock and environment.yml say the same."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
PLACE = re.compile(
    r"https?:|git\+|file:|^\s*-e\b|\s@\s|--(extra-)?index-url|--find-links|--trusted-host|(^|\s)\.{0,2}/"
)


class Locked(NamedTuple):
    """One package of the lock, at one version, for the machines its marker names."""

    name: str
    version: Version
    marker: Marker | None
    hashes: int


def read_lock(text: str) -> list[Locked]:
    """Return what a lock pins."""
    entries = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith("#"):
            requirement = Requirement(HASH.sub("", line).strip())
            (pin,) = requirement.specifier
            assert pin.operator == "==", line
            version = Version(pin.version)
            hashes = len(HASH.findall(line))
            entries.append(Locked(canonicalize_name(requirement.name), version, requirement.marker, hashes))
    return entries


def project_requirements(project: dict[str, Any]) -> list[Requirement]:
    """Return every requirement of pyproject.toml, with those of its extras."""
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for group in groups for text in group]


def out_of_step(requirements: list[Requirement], locked: list[Locked]) -> list[str]:
    """Return one line for each requirement that the lock does not keep."""
    found = []
    for requirement in requirements:
        versions = [entry.version for entry in locked if entry.name == canonicalize_name(requirement.name)]
        if not versions:
            found.append(f"{requirement.name} is not in requirements.lock; run `make lock`")
        found += [
            f"requirements.lock has {requirement.name} {version}, pyproject.toml wants {requirement.specifier}; "
            "run `make lock`"
            for version in versions
            if version not in requirement.specifier
        ]
    return found


def needed_here(requirements: list[Requirement]) -> set[str]:
    """Return the names of all packages that the requirements need on this machine, by what is installed."""
    names: set[str] = set()
    todo = [(requirement.name, frozenset(requirement.extras)) for requirement in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while todo:
        name, extras = todo.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        names.add(canonicalize_name(name))
        for requirement in map(Requirement, metadata.requires(name) or ()):
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": e}) for e in {"", *extras}):
                todo.append((requirement.name, frozenset(requirement.extras)))
    return names


@pytest.fixture(scope="module")
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


@pytest.fixture(scope="module")
def lock_text() -> str:
    return (ROOT / "requirements.lock").read_text("utf-8")


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))


def test_the_lock_keeps_every_requirement(project: dict[str, Any], lock_text: str) -> None:
    assert out_of_step(project_requirements(project), read_lock(lock_text)) == []


def test_the_lock_holds_all_that_is_needed_and_nothing_else(project: dict[str, Any], lock_text: str) -> None:
    needed = needed_here(project_requirements(project))
    locked = read_lock(lock_text)
    here = {entry.name for entry in locked if entry.marker is None or entry.marker.evaluate()}
    assert needed - here == set(), "run `make lock`"
    assert here - needed == set(), "nothing needs these any more; run `make lock`"


def test_every_package_of_the_lock_has_hashes(lock_text: str) -> None:
    entries = read_lock(lock_text)
    assert len(entries) > 100
    assert [entry.name for entry in entries if not entry.hashes] == []


@pytest.mark.parametrize("name", ["duckdb", "lxml", "numpy", "pandas", "pyarrow", "pydantic-core", "scipy"])
def test_compiled_packages_are_locked_for_every_platform(name: str, lock_text: str) -> None:
    hashes = [entry.hashes for entry in read_lock(lock_text) if entry.name == name]
    assert hashes
    assert min(hashes) >= 10, "a wheel for each system, processor and Python was expected"


def test_the_build_backend_is_locked(lock_text: str) -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert out_of_step([Requirement(text) for text in build], read_lock(lock_text)) == []


def test_the_lock_names_no_place(lock_text: str) -> None:
    assert [line for line in lock_text.splitlines() if PLACE.search(line)] == []


def test_conda_users_get_the_lock_and_pango_from_conda_forge(environment: dict[str, Any]) -> None:
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--requirement requirements.lock"], "the lock is the one place where versions stand"
    conda = {str(entry).split()[0] for entry in environment["dependencies"] if isinstance(entry, str)}
    assert conda == {"python", "pip", "pango"}, "what pip can install belongs into pyproject.toml and the lock"


def test_all_three_want_the_same_python(project: dict[str, Any], environment: dict[str, Any]) -> None:
    wanted = project["requires-python"]
    assert f"python {wanted}" in environment["dependencies"]
    oldest = wanted.removeprefix(">=")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"--python-version {oldest}" in makefile
    major_minor = f"({oldest.replace('.', ', ')})"
    assert makefile.count(f"sys.version_info < {major_minor}") == makefile.count("sys.version_info <") == 2


LOCK = "\n".join(
    [
        "a==1.5 \\",
        f"    --hash=sha256:{'0' * 64}",
        "b==2.0 ; sys_platform == 'win32' \\",
        f"    --hash=sha256:{'1' * 64}",
    ]
)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("a>=1.5", ""),
        ("A>=1,<2", ""),
        ("a>=1.6", "requirements.lock has a 1.5, pyproject.toml wants >=1.6; run `make lock`"),
        ("c", "c is not in requirements.lock; run `make lock`"),
    ],
)
def test_the_check_itself(wanted: str, message: str) -> None:
    assert "".join(out_of_step([Requirement(wanted)], read_lock(LOCK))) == message


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url https://example.org/simple",
        "a @ file:///tmp/a.whl",
        "--find-links /opt/wheels",
        "-e .",
        "./wheels/a.whl",
        "a @ git+ssh://example.org/a",
    ],
)
def test_a_place_in_the_lock_is_found(line: str) -> None:
    assert PLACE.search(line)
    assert not PLACE.search("numpy==2.4.6 ; python_full_version < '3.12' \\")
