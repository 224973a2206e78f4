"""Runs studies and headline measures on many simulated companies: `python -m calibrate.run`, or `make calibrate`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

from calibrate.case import Confounded, Declared, Null, declared
from calibrate.harness import workbook_of
from calibrate.measured import measured
from calibrate.mutations import survivors
from calibrate.table import Seen, complaint, is_blind, table
from company import Parameters, World, simulate
from cxlib.nearest import did_you_mean
from cxlib.notebook import Study, run
from cxlib.studies import STUDIES
from cxlib.workbook import Workbook

Observed = dict[Declared, list[Seen]]

ENOUGH = 100
"""Companies from which on a case must tell an interval from half of it."""
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""The processes share the cores already; threads inside each would only wait for one another."""


NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


def run_study(book: Workbook, name: str) -> Study:
    """Run a study's notebook in this process; what is no study are the headline measures."""
    return run(NOTEBOOKS / f"{name}.ipynb", book) if name in STUDIES else measured(book)


@dataclass(frozen=True)
class Machine:
    """How a company is made, laid out and studied."""

    make: Callable[[int, Parameters], World] = simulate
    lay: Callable[[World, Path, str], Workbook] = workbook_of
    run: Callable[[Workbook, str], Study] = run_study


REAL = Machine()


def observe(cases: Sequence[Declared], seed: int, parameters: Parameters, machine: Machine = REAL) -> Iterator[Seen]:
    """Simulate one company, lay it out once a month asked for, run each study once and look at every case.

    A study that fails is told as seen, with the error; so is a warning.
    """
    world = machine.make(seed, parameters)
    with tempfile.TemporaryDirectory(prefix="cx-") as folder, warnings.catch_warnings():
        warnings.simplefilter("error")
        for month in sorted({case.month for case in cases}):
            book = machine.lay(world, Path(folder), month)
            mine = [case for case in cases if case.month == month]
            with book.engine:
                for name in dict.fromkeys(case.study for case in mine):
                    yield from _look(world, book, [case for case in mine if case.study == name], machine)


def _look(world: World, book: Workbook, cases: Sequence[Declared], machine: Machine) -> Iterator[Seen]:
    """Run one study on one company and look at its cases."""
    try:
        study = machine.run(book, cases[0].study)
    except Exception:
        yield from (Seen(case.name, world.seed, error=_last_lines()) for case in cases)
        return
    for case in cases:
        try:
            yield _seen(case, study, world)
        except Exception:
            yield Seen(case.name, world.seed, error=_last_lines())


def _seen(case: Declared, study: Study, world: World) -> Seen:
    if isinstance(case, Null):
        return Seen(case.name, world.seed, right=study.finding(case.finding).verdict in case.says)
    naive = case.naive(study) if isinstance(case, Confounded) else None
    return Seen(case.name, world.seed, truth=float(case.truth(world)), estimate=case.estimate(study), naive=naive)


def _last_lines() -> str:
    """Return the error that is being handled: where it was raised, and what it says."""
    return " | ".join(line.strip() for line in traceback.format_exc().strip().splitlines()[-3:])


def calibrate(cases: Sequence[Declared], worlds: int, machine: Machine = REAL, first: int = 1) -> Observed:
    """Return what each case shows on so many companies, in this process; `first` numbers the first of them."""
    seen: Observed = {case: [] for case in cases}
    for parameters in dict.fromkeys(case.parameters for case in cases):
        mine = [case for case in cases if case.parameters == parameters]
        by_name = {case.name: case for case in mine}
        for seed in range(first, first + worlds):
            for one in observe(mine, seed, parameters, machine):
                seen[by_name[one.case]].append(one)
    return seen


def calibrate_declared(cases: Sequence[Declared], worlds: int, first: int = 1, processes: int = 2) -> Observed:
    """Do the same in several processes, which find the cases by the names of their files."""
    seen: Observed = {case: [] for case in cases}
    studies = tuple(dict.fromkeys(case.study for case in cases))
    by_name = {case.name: case for case in cases}
    asked = [
        (studies, tuple(case.name for case in cases if case.parameters == parameters), seed)
        for parameters in dict.fromkeys(case.parameters for case in cases)
        for seed in range(first, first + worlds)
    ]
    with patch.dict(os.environ, ONE_THREAD), ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for part in pool.map(_observe_named, asked):
            for one in part:
                seen[by_name[one.case]].append(one)
    return seen


def _observe_named(asked: tuple[tuple[str, ...], tuple[str, ...], int]) -> list[Seen]:
    studies, names, seed = asked
    cases = [case for case in _declared(studies) if case.name in names]
    return list(observe(cases, seed, cases[0].parameters))


_declared = cache(declared)


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200, help="simulated companies per kind (default 200)")
    parser.add_argument("--study", action="append", default=[], help="only this study; may be repeated")
    said = parser.parse_args(words)
    if said.worlds < 1:
        parser.error("--worlds must be 1 or more")
    studies = sorted({case.study for case in declared()})
    for name in said.study:
        if name not in studies:
            parser.error(f'study "{name}" does not exist{did_you_mean(name, studies)}')
    return said


def main(words: Sequence[str] | None = None) -> int:
    """Print a table per study; return 1 where a case is measurably off or a mutation survives, else 0.

    Of a hundred cases that are right one looks off by chance alone. So a case that does is looked at again, on as
    many other companies, and is off if it is there as well.
    """
    said = arguments(words)
    cases = declared(said.study)
    seen: Observed = {}
    for study in dict.fromkeys(case.study for case in cases):
        mine = [case for case in cases if case.study == study]
        seen |= calibrate_declared(mine, said.worlds)
        _print(f"{study}, {said.worlds} companies", mine, seen)
    suspected = [case for case in cases if complaint(case, seen[case])]
    open_to_chance = [case for case in suspected if not any(one.error for one in seen[case])]
    if open_to_chance:
        again = calibrate_declared(open_to_chance, said.worlds, said.worlds + 1)
        _print(f"looked at again, on {said.worlds} other companies", open_to_chance, again)
        seen |= again
    off = [words for case in suspected if (words := complaint(case, seen[case]))]
    if said.worlds >= ENOUGH:
        off += [f"{case.name}: half the interval would pass as well" for case in cases if is_blind(case, seen[case])]
    if not said.study:
        off += survivors()
    print("\n".join(off) if off else "No case is measurably off.")
    return 1 if off else 0


def _print(title: str, cases: Sequence[Declared], seen: Observed) -> None:
    print(table(title, [(case, seen[case]) for case in cases]), end="\n\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
