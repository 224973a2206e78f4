"""The simulated company: a world made from known mechanisms, and its raw exports."""

from company.exports import write_sample
from company.parameters import Parameters
from company.world import World, simulate

__all__ = ["Parameters", "World", "simulate", "write_sample"]
