"""What holds for every test: no network name, no screen, no folder of the person who runs them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from cxlib.store import Snapshot

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sources.toml"

pytest_plugins = ["desk"]

for _library in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(_library, "1")  # the test processes share the cores already; read when numpy is loaded
os.environ["CX_PSEUDONYM_KEY"] = "a key of many letters"
os.environ["MPLBACKEND"] = "agg"
os.environ["JUPYTER_PLATFORM_DIRS"] = "1"  # else jupyter_core warns that its folders will move

settings.register_profile("house", deadline=None, derandomize=True, database=None)
settings.load_profile("house")


@pytest.fixture(autouse=True, scope="session")
def _folders_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "MPLCONFIGDIR"):
            patch.setenv(variable, str(home / variable.lower()))
        yield


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Return a folder that is filled once, by the first of the processes of a run that asks for it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def sample_snapshots(once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """Return a folder with the snapshot of the sample."""
    from cxlib.store import build_snapshot

    return once("sample-snapshots", lambda folder: build_snapshot(SAMPLE, folder))


@pytest.fixture(scope="session")
def sample(sample_snapshots: Path) -> Snapshot:
    """Return the imported sample."""
    from cxlib.store import build_snapshot

    return build_snapshot(SAMPLE, sample_snapshots)
