"""One world and one written sample for all tests of the simulated company."""

from __future__ import annotations

from collections.abc import Callable
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
def written(world: World, once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    return once("written-sample", lambda folder: write_sample(world, folder))


@pytest.fixture(scope="session")
def committed() -> Path:
    return Path(__file__).parents[2] / "data" / "sample"
