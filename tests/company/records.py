"""What the loop over months keeps: records of arrays, one entry per thing that happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal, TypeVar

import numpy as np

from company.customers import Population
from company.experience import Problems
from company.kinds import NEVER, Bools, Floats, Ints
from company.support import Contacts, Desk

MANAGER, ONBOARDING, FOLLOW_UP = range(3)
OBSERVATIONAL = -1


@dataclass(frozen=True)
class Spells:
    """One entry per stretch of time in which an account was a customer."""

    account: Ints
    since: Ints
    until: Ints  # NEVER while it runs
    decided: Ints  # when the customer asked to leave; NEVER if it did not
    reason: Ints


@dataclass(frozen=True)
class Work:
    """One entry per piece of success work assigned."""

    account: Ints
    kind: Ints
    assigned: Ints
    delivered: Ints  # NONE if it was not
    arm: Ints  # OBSERVATIONAL, hold-out or treated
    score: Floats


@dataclass(frozen=True)
class Panel:
    """Latent state at the start of each exported month, shape (months, accounts)."""

    active: Bools
    satisfaction: Floats
    hurt: Floats
    hazard: Floats
    managed: Bools
    onboarded: Bools


@dataclass(frozen=True)
class Lives:
    """Everything the loop brings forth."""

    people: Population
    desk: Desk
    problems: Problems
    contacts: Contacts
    spells: Spells
    work: Work
    panel: Panel


@dataclass(frozen=True)
class Experiment:
    """What no company can do: decide by lot what happens to every account. Serves to compute true effects.

    `arm` has one row per landmark month. For "problem" an arm of 0 means no problem in that month and 1, 2, 3 exactly
    one, minor to severe; for "manager" and "onboarding" 0 means without and 1 with.
    """

    kind: Literal["problem", "manager", "onboarding"]
    landmarks: tuple[int, ...]
    arm: Ints


@dataclass
class State:
    """Where every account stands; changed in place by the loop and by nothing else."""

    since: Ints
    until: Ints
    decided: Ints
    reason: Ints
    ended: Ints
    arm: Ints
    active: Bools
    managed: Bools
    onboarded: Bools
    satisfaction: Floats
    hurt: Floats

    @classmethod
    def empty(cls, people: Population) -> State:
        count = len(people)
        never, no = np.full(count, NEVER), np.zeros(count, dtype=bool)
        return cls(
            never.copy(),
            never.copy(),
            never.copy(),
            np.zeros(count, dtype=np.int64),
            never.copy(),
            np.full(count, OBSERVATIONAL),
            no.copy(),
            no.copy(),
            no.copy(),
            people.level.copy(),
            np.zeros(count),
        )


Record = TypeVar("Record")


def joined(kind: type[Record], parts: Sequence[Record]) -> Record:
    """Return one record with the entries of several."""
    names = [column.name for column in fields(kind)]  # type: ignore[arg-type]
    columns = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return kind(*columns)


def select(record: Record, which: Ints | Bools) -> Record:
    """Return some entries of a record of arrays."""
    columns = (getattr(record, column.name)[which] for column in fields(record))  # type: ignore[arg-type]
    return type(record)(*columns)
