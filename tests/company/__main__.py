"""Writes the sample: `python -m company`, or `make sample`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from company import simulate, write_sample
from company.world import SEED


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the exports of a simulated company, with the truth they were made from."""
    parser = argparse.ArgumentParser(prog="python -m company", description=main.__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path("data/sample"), help="folder to write into")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed gives another company")
    chosen = parser.parse_args(arguments)
    write_sample(simulate(chosen.seed), chosen.out)
    print(f"Wrote the simulated company to {chosen.out}.")


if __name__ == "__main__":
    main()
