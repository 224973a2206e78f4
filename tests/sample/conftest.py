"""One world and one written sample for all tests of the simulated company."""

from __future__ import annotations

from pathlib import Path

import pytest

from company import World, simulate, write_sample


@pytest.fixture(scope="session")
def world() -> World:
    return simulate()


@pytest.fixture(scope="session")
def worlds(world: World) -> list[World]:
    """Several worlds, to see a mechanism through the noise of one."""
    return [world, *(simulate(seed) for seed in range(1, 10))]


@pytest.fixture(scope="session")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(world, folder)
    return folder


@pytest.fixture(scope="session")
def committed() -> Path:
    return Path(__file__).parents[2] / "data" / "sample"
