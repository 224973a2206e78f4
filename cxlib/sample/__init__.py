"""The simulated company: a world made from known mechanisms, and its raw exports."""

from cxlib.sample.exports import write_sample
from cxlib.sample.parameters import Parameters
from cxlib.sample.world import World, simulate

__all__ = ["Parameters", "World", "simulate", "write_sample"]
