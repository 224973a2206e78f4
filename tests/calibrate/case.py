"""What is held to the truth: a number that is known, a world without the effect, one with it, a trap."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path

from company import Parameters, World, simulate
from cxlib.estimate import Estimate, estimates
from cxlib.finding import Direction, Verdict
from cxlib.notebook import Study

TESTS = Path(__file__).parents[1]
DEFAULT = Parameters()
NOMINAL = 0.95
POWER = 0.8
"""How often an effect is to be found: the usual least of a trial's planning."""


@dataclass(frozen=True, kw_only=True)
class _Declared:
    """What is run: one study on companies of one kind.

    Parameters
    ----------
    name : str
        What the table calls it; no two cases share one.
    study : str
        Name of the study.
    parameters : Parameters
        The company to simulate.
    month : str
        The report's month.
    """

    name: str
    study: str
    parameters: Parameters = DEFAULT
    month: str = "2026-10"


@dataclass(frozen=True, kw_only=True)
class Case(_Declared):
    """A number of a study whose 95 % interval must hold the truth in 95 % of companies.

    Parameters
    ----------
    estimate : callable
        Finds the number in the study; None or a value that is not known counts as "could not be told".
    truth : callable
        The true value in a world. It comes from parameters, latent columns, experiments or a twin, never from an
        estimator.
    expected : bool
        The truth is the mean of what `truth` gives in all other companies: what is to be expected of such a company.
    wide : str
        Why the interval may hold the truth more often than it says; empty where that would be a fault.
    """

    estimate: Callable[[Study], Estimate | None]
    truth: Callable[[World], float]
    expected: bool = False
    wide: str = ""


@dataclass(frozen=True, kw_only=True)
class Confounded(Case):
    """A number that a plain comparison gets wrong.

    Parameters
    ----------
    naive : callable
        Finds the plain comparison's answer, which the study shows beside the right one.
    """

    naive: Callable[[Study], Estimate | None]


@dataclass(frozen=True, kw_only=True)
class Null(_Declared):
    """Companies without the effect: the verdict of a finding must say so in 95 % of them.

    Parameters
    ----------
    finding : str
        Id of the finding.
    says : tuple of Verdict or Direction
        The verdicts that are right.
    """

    finding: str
    says: tuple[Verdict | Direction, ...] = ("not-supported", "cannot-tell")
    least = NOMINAL


@dataclass(frozen=True, kw_only=True)
class Effect(Null):
    """Companies with an effect: the finding must say so in 80 % of them.

    Parameters
    ----------
    size : str
        The true effect, in words.
    """

    size: str
    says: tuple[Verdict | Direction, ...] = ("supported",)
    least = POWER


Declared = Case | Null


@lru_cache(maxsize=2)
def twin(seed: int, parameters: Parameters) -> World:
    """Return the same company with something switched: every part of it keeps its own random numbers."""
    return simulate(seed, parameters)


def of_finding(name: str) -> Callable[[Study], Estimate | None]:
    """Return what finds the number of a finding."""
    return lambda study: study.finding(name).estimate


def of_row(exhibit: str, label: str) -> Callable[[Study], Estimate | None]:
    """Return what finds a row of an exhibit by its label; None where it was not shown."""

    def found(study: Study) -> Estimate | None:
        if exhibit not in study.exhibits:
            return None
        frame = study.exhibits[exhibit].frame
        rows = frame[frame["label"] == label]
        return estimates(rows)[0] if len(rows) else None

    return found


def declared(studies: Sequence[str] = ()) -> tuple[Declared, ...]:
    """Return the cases in the files `cases_<study>.py` beside this one, of all studies or of some.

    Raises
    ------
    ModuleNotFoundError
        If a study asked for has no such file.
    ValueError
        If two cases bear one name, or a case stands in another study's file.
    """
    there = sorted(path.stem.removeprefix("cases_") for path in Path(__file__).parent.glob("cases_*.py"))
    if str(TESTS) not in sys.path:
        sys.path.insert(0, str(TESTS))
    found: list[Declared] = []
    for study in studies or there:
        module = import_module(f"calibrate.cases_{study}")
        for kind in ("CASES", "NULLS", "CONFOUNDED", "EFFECTS"):
            mine = getattr(module, kind, ())
            if strangers := [case.name for case in mine if case.study != study]:
                raise ValueError(f"cases_{study}.py declares cases of another study: {', '.join(strangers)}")
            found += mine
    names = Counter(case.name for case in found)
    if twice := [name for name, count in names.items() if count > 1]:
        raise ValueError(f"cases that share a name: {', '.join(twice)}")
    return tuple(found)
