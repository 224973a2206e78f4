"""From matched cases to shares that left, differences and ratios with their intervals."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from cxlib.estimate import ALPHA, Estimate, Floats, difference, proportion
from cxlib.models.binary import hidden_if_few
from cxlib.models.matching import Compared, Followed, Matches, compare, match_risk_sets, reached
from cxlib.studies.switching.data import LEFT, STRATA

HORIZONS = (30, 90, 365)
A_MONTH, A_QUARTER, A_YEAR = HORIZONS
GRID = np.unique([*np.arange(0.0, 366.0, 7.0), *HORIZONS])

SHARE = "Aalen-Johansen, clustered by customer"
DIFFERENCE = "risk sets, clustered by customer"


@dataclass(frozen=True)
class Comparison:
    """Cases and those like them, followed from the moment of the case.

    Attributes
    ----------
    cases, pairs : DataFrame
        One row per matched case, and one per pair: `customer`, `duration` (days), `event`; of a pair also `case`,
        `weight` and the columns of the stretch.
    unmatched : int
        Cases without anybody to be compared with.
    exact_on : ndarray of int
        How many strata each matched case shares with its others.
    """

    cases: pd.DataFrame
    pairs: pd.DataFrame
    compared: Compared
    unmatched: int
    exact_on: npt.NDArray[np.intp]

    @property
    def n(self) -> int:
        return len(self.cases)

    def share(self, days: float) -> Estimate:
        """Return the share of the cases that left within so many days."""
        place = self._place(days)
        return self._share(self.compared.cases[place], self.compared.influence_of_cases[:, place])

    def others(self, days: float) -> Estimate:
        """Return the share of those like the cases that left within so many days."""
        place = self._place(days)
        return self._share(self.compared.others[place], self.compared.influence_of_others[:, place])

    def more(self, days: float) -> Estimate:
        """Return how much larger the share is among the cases."""
        place = self._place(days)
        value, error = self.compared.difference[place], self._error(self.compared.influence[:, place])
        if not np.isfinite(value):
            return Estimate.unknown(self.n, "share difference", DIFFERENCE)
        first, second = self.share(days), self.others(days)
        if error == 0 or min(first.value, second.value) <= 0 or max(first.value, second.value) >= 1:
            # where one side shows none, or all, its error cannot be read off the data
            return hidden_if_few(replace(difference(first, second), unit="share difference", n=self.n))
        half = self._t * error
        low, high = float(max(value - half, -1.0)), float(min(value + half, 1.0))
        return hidden_if_few(Estimate(float(value), low, high, self.n, "share difference", DIFFERENCE))

    def ratio(self, days: float) -> Estimate:
        """Return how many times as large the share is among the cases."""
        place, name = self._place(days), "delta method on the log ratio, clustered by customer"
        above, below = self.compared.cases[place], self.compared.others[place]
        if not (np.isfinite(above + below) and above > 0 and below > 0):
            return Estimate.unknown(self.n, "ratio", name)
        sides = self.compared.influence_of_cases[:, place] / above, self.compared.influence_of_others[:, place] / below
        half = self._t * self._error(sides[0] - sides[1])
        value = above / below
        low, high = value * np.exp(-half), value * np.exp(half)
        return hidden_if_few(Estimate(float(value), float(low), float(high), self.n, "ratio", name))

    def _place(self, days: float) -> int:
        return int(np.flatnonzero(self.compared.times == days)[0])

    @property
    def _t(self) -> float:
        return float(stats.t.ppf(1 - ALPHA / 2, max(self.cases["customer"].nunique() - 1, 1)))

    def _error(self, influence: Floats) -> float:
        customers = self.cases["customer"].nunique()
        return float(np.sqrt((influence**2).sum() * customers / max(customers - 1, 1)))

    def _share(self, value: float, influence: Floats) -> Estimate:
        """Return a share with limits on the scale of log(-log(1 - share)); Wilson's where it is none or all."""
        if not np.isfinite(value):
            return Estimate.unknown(self.n, "share", SHARE)
        if not 1e-12 < value < 1 - 1e-12:
            low, high = (float(end) for end in proportion(round(value) * self.n, self.n)[1:])
        else:
            turn, half = np.log(-np.log1p(-value)), self._t * self._error(influence) / ((1 - value) * -np.log1p(-value))
            low, high = (float(-np.expm1(-np.exp(turn + side))) for side in (-half, half))
        return hidden_if_few(Estimate(float(value), low, high, self.n, "share", SHARE))


def compared_with(
    cases: pd.DataFrame,
    stretches: pd.DataFrame,
    times: npt.ArrayLike = HORIZONS,
    strata: tuple[str, ...] = STRATA,
    cause: int = LEFT,
    censor_others: bool = False,
) -> Comparison:
    """Compare cases with all others at risk at the same moment and like them.

    Parameters
    ----------
    cases, stretches : DataFrame
        As in `Episodes`.
    times : array_like
        Days after the case.
    strata : tuple of str
        What the others must share with the case.
    cause : int
        What is counted: customers who left, or those whose payment failed.
    censor_others : bool
        Whether the others are followed only until their own next bad experience.
    """
    cases = cases.reset_index(drop=True)
    matches = match_risk_sets(cases, stretches, strata, near="started")
    cases = cases.assign(duration=(cases["followed_until"] - cases["at"]).astype(float))
    pairs = stretches.iloc[matches.other].reset_index(drop=True)
    at = cases["at"].to_numpy(float)[matches.case]
    pairs = pairs.assign(case=matches.case, weight=matches.weight, duration=pairs["followed_until"] - at)
    if censor_others:
        until_next = pairs["next"] - at
        pairs["event"] = pairs["event"].where(pairs["duration"] <= until_next, 0)
        pairs["duration"] = np.minimum(pairs["duration"], until_next)
    found = compare(_followed(cases), _followed(pairs), matches, times, cause)
    rows = matches.matched
    return Comparison(cases.iloc[rows], pairs, found, len(cases) - len(rows), matches.exact_on[rows])


def plainly(cases: pd.DataFrame, others: pd.DataFrame, times: npt.ArrayLike = HORIZONS) -> Comparison:
    """Compare two groups as they are, each row followed from its own `at`."""
    sides = [
        frame.assign(duration=(frame["followed_until"] - frame["at"]).astype(float)).reset_index(drop=True)
        for frame in (cases, others)
    ]
    customers = np.unique(np.concatenate([side["customer"].to_numpy(object) for side in sides]).astype(str))
    found = []
    for side in sides:
        share, of_row = reached(_followed(side), times)
        influence = np.zeros((len(customers), of_row.shape[1]))
        np.add.at(influence, np.searchsorted(customers, side["customer"].to_numpy(object).astype(str)), of_row)
        found.append((share, influence))
    nothing = np.where(np.isfinite(found[0][0] + found[1][0]), 0.0, np.nan)
    (first, of_first), (second, of_second) = found
    compared = Compared(np.asarray(times, float), first + nothing, second + nothing, of_first, of_second)
    return Comparison(sides[0], sides[1], compared, 0, np.zeros(len(sides[0]), np.intp))


def again(comparison: Comparison, of_cases: Floats, of_pairs: Floats) -> Comparison:
    """Compare the same cases and others in a yes or no (1, 0; NaN where not known) that was settled before.

    A case that is not known is left out, and so is one of whose others none is; the rest of a set counts as the set.
    """
    known = np.isfinite(of_pairs) & np.isin(comparison.pairs["case"], comparison.cases.index[np.isfinite(of_cases)])
    pairs = comparison.pairs[known].assign(event=of_pairs[known].astype(int))
    weight = pairs["weight"] / pairs.groupby("case")["weight"].transform("sum")
    cases = comparison.cases.assign(event=np.nan_to_num(of_cases).astype(int)).loc[pairs["case"].unique()]
    place = pd.Series(np.arange(len(cases)), index=cases.index)
    rows = place.loc[pairs["case"]].to_numpy().astype(np.intp)
    matches = Matches(rows, rows, weight.to_numpy(float), np.zeros(len(cases), np.intp))
    # a yes is an event before the time asked about, a no is followed beyond it
    cases = cases.assign(duration=np.where(cases["event"] == 1, 0.0, 2.0))
    pairs = pairs.assign(duration=np.where(pairs["event"] == 1, 0.0, 2.0))
    found = compare(_followed(cases), _followed(pairs), matches, [1.0])
    return Comparison(cases, pairs, found, 0, matches.exact_on)


def _followed(frame: pd.DataFrame) -> Followed:
    event = frame["event"].to_numpy().astype(np.intp)
    return Followed(frame["duration"].to_numpy(float), event, frame["customer"].to_numpy())
