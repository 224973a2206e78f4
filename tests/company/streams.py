"""One stream of random numbers per part, so that a new draw in one part changes no other part."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, part: str) -> np.random.Generator:
    """Return the generator of a part of the simulation.

    The name of the part is the spawn key of the seed sequence, so streams are independent of each other
    and of the order in which parts are added.
    """
    key = zlib.crc32(part.encode("utf-8"))
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(key,))))
