"""Compares those to whom something happens with others who were there at the same moment and to whom it had not.

Each case is set beside those at risk at its moment who are exactly like it in some strata (risk-set matching: Li,
Propert and Rosenbaum 2001, JASA 96). Together they count as much as the case, so nothing is drawn by lot and the error
has a derivative; that of nearest neighbours has none (Abadie and Imbens 2008, Econometrica 76).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.estimate import Array, Floats, Ints
from cxlib.models.incidence import Durations, influences

BLOCK = 10_000_000  # cells that are held in memory at once


def match_risk_sets(
    cases: pd.DataFrame, stretches: pd.DataFrame, strata: Sequence[str], fewest: int = 5, most: int = 50, near: str = ""
) -> tuple[pd.DataFrame, Ints]:
    """Set each case beside all others at risk at its moment in the same strata.

    Returned are pairs, those of a case together: rows of the cases (`case`) and of the stretches (`other`), and a
    `weight` that adds up to 1 for each matched case; and for each case how many of the first strata its others share,
    -1 where it has none.

    Where fewer than `fewest` others share all strata, the last stratum is let go, then the one before it, but never the
    first; a case that never finds so many keeps those who share the most. Of more than `most` the nearest in `near`, a
    number on both sides, are kept, with all who are as near as the last of them.

    `cases` has one row per case: `customer`, `at`, and the `strata` (the most important first); `stretches` one per
    stretch of time in which somebody could serve: `customer`, `begins`, `ends` (not part of it), and the strata.
    """
    exact_on = np.full(len(cases), -1)
    found: dict[int, Ints] = {}
    for level in range(len(strata), min(len(strata), 1) - 1, -1):
        open_cases = np.array([row for row in range(len(cases)) if len(found.get(row, ())) < fewest], np.intp)
        for row, others in _at_risk(cases, stretches, list(strata[:level]), open_cases):
            if len(others) >= fewest or (len(others) and row not in found):
                found[row], exact_on[row] = others, level
    if near:
        mine, theirs = (frame[near].to_numpy(float) for frame in (cases, stretches))
        for row, others in found.items():
            if len(others) > most:
                distance = np.abs(theirs[others] - mine[row])
                found[row] = others[distance <= np.partition(distance, most - 1)[most - 1]]
    rows = np.array(sorted(found), np.intp)
    sizes = np.array([len(found[row]) for row in rows], np.intp)
    others = np.concatenate([np.zeros(0, np.intp), *(found[row] for row in rows)])
    pairs = {"case": np.repeat(rows, sizes), "other": others, "weight": np.repeat(1 / sizes, sizes)}
    return pd.DataFrame(pairs), exact_on


def _at_risk(cases: pd.DataFrame, stretches: pd.DataFrame, strata: list[str], rows: Ints) -> Iterator[tuple[int, Ints]]:
    """Give for each of some cases the stretches of others that hold its moment and share the strata."""
    both = pd.concat([cases[strata], stretches[strata]], ignore_index=True).assign(everybody=0)
    # an empty value is a value of its own
    codes = both.groupby([*strata, "everybody"], dropna=False, observed=True, sort=False).ngroup().to_numpy()
    mine, theirs = codes[: len(cases)], codes[len(cases) :]
    at, customer = cases["at"].to_numpy(float), cases["customer"].to_numpy()
    begins, ends, other = (stretches[name].to_numpy() for name in ("begins", "ends", "customer"))
    for code in np.unique(mine[rows]):
        mates, there = rows[mine[rows] == code], np.flatnonzero(theirs == code)
        for here in np.array_split(mates, 1 + len(mates) * len(there) // BLOCK):
            moment = at[here][:, None]
            holds = (begins[there] <= moment) & (moment < ends[there]) & (other[there] != customer[here][:, None])
            yield from ((int(row), there[line]) for row, line in zip(here, holds, strict=True))


@dataclass(frozen=True)
class Compared:
    """Shares by each time of cases and others, NaN if not followed so far; influences have shape (customers, times)."""

    times: Floats
    cases: Floats
    others: Floats
    influence_of_cases: Floats
    influence_of_others: Floats

    @property
    def difference(self) -> Floats:
        return self.cases - self.others

    @property
    def influence(self) -> Floats:
        return self.influence_of_cases - self.influence_of_others


def compare(cases: Durations, others: Durations, pairs: pd.DataFrame, times: Array) -> Compared:
    """Compare the matched cases with those they are matched to: the share that has come to an end by each time.

    `cases` has one row per case, `others` one per pair (`case`, `weight`), both followed from the moment of the case. A
    customer is drawn with all its roles: as a case it brings its set along, within a set it takes its share of it. Sums
    of squares over customers so respect those who come several times, and the likeness of a case and its set.
    """
    moments = np.asarray(times, float)
    parts = np.array_split(moments, 1 + len(moments) * len(pairs) // BLOCK)
    found = [_compare(cases, others, pairs, part) for part in parts if len(part)]
    return Compared(moments, *(np.concatenate(lines, axis=-1) for lines in zip(*found, strict=True)))


def _compare(
    cases: Durations, others: Durations, pairs: pd.DataFrame, times: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return what `Compared` holds beside the times."""
    case, weight = pairs["case"].to_numpy(np.intp), pairs["weight"].to_numpy(float)
    own, of_own = influences(cases, times)
    set_, of_pair = influences(replace(others, weight=weight), times)
    nothing = np.where(np.isfinite(own + set_), 0.0, np.nan)
    of_set = np.zeros(of_own.shape)
    np.add.at(of_set, case, of_pair)
    within = of_pair - weight[:, None] * of_set[case]
    place = np.unique(np.concatenate([cases.cluster, others.cluster]), return_inverse=True)[1]
    of_cases, of_others = np.zeros((2, int(place.max(initial=-1)) + 1, len(times)))
    np.add.at(of_cases, place[: len(of_own)], of_own)
    np.add.at(of_others, place, np.concatenate([of_set, within]))
    return own + nothing, set_ + nothing, of_cases, of_others
