"""Silent complainers, counted from the survey: weights for who answered, shares, and what they could hide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import compress

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Bools, Estimate, Floats, Interval, proportion
from cxlib.models.binary import hidden_if_few, size_flags
from cxlib.models.nonresponse import (
    Lateness,
    late_responders,
    rake,
    response_chances,
    trimmed,
    weighted_share,
    with_different_silent,
    worst_case,
)
from cxlib.studies.silent_complainers.data import SEVERITIES

Codes = npt.NDArray[np.intp]

SILENT = "silent customers"
LEAST = 5
"""A category of the frame with fewer who answered, or did not, is merged with the most frequent one."""

ROUND_DAYS = 45
"""Invitations sent within so many days of the last one belong to the last round."""


def ratio_of(share: Interval, n: int, method: str, flags: tuple[str, ...] = ()) -> Estimate:
    """Return silent people per one who told, from the share that told: (1 - p) / p, which falls as p rises."""
    p, low, high = (float(line[0]) for line in share)
    if n == 0 or np.isnan(p):
        return Estimate.unknown(0, SILENT, method)
    value, least, most = ((1 - q) / q if q > 1e-12 else np.inf for q in (p, high, low))
    endless = () if np.isfinite(value) else ("not-reached",)
    return hidden_if_few(Estimate(value, least, most, n, SILENT, method, (*flags, *endless)))


@dataclass(frozen=True)
class Survey:
    """Everyone asked about problems; `weights` has one element per answer."""

    asked: pd.DataFrame

    @cached_property
    def answered(self) -> Bools:
        return np.asarray(~np.isnan(self.asked["severity"].to_numpy(float)), np.bool_)

    @cached_property
    def answers(self) -> pd.DataFrame:
        return self.asked[self.answered].reset_index(drop=True)

    @cached_property
    def severity(self) -> Floats:
        """What each answer says: 0 no problem, 1 minor, 2 moderate, 3 severe."""
        return self.answers["severity"].to_numpy(float)

    @cached_property
    def told(self) -> npt.NDArray[np.object_]:
        return self.answers["told"].astype(object).where(self.answers["told"].notna(), "").to_numpy(object)

    @cached_property
    def with_problem(self) -> Bools:
        """Answers that name a problem and say where it was taken."""
        return np.asarray((self.severity > 0) & (self.told != ""), np.bool_)

    @property
    def knows_who_was_asked(self) -> bool:
        return bool(len(self.asked)) and bool(self.asked["invited"].mean() > 0.5) and not self.answered.all()

    @cached_property
    def response(self) -> float:
        return float(self.answered.mean()) if len(self.asked) else float("nan")

    @cached_property
    def frame(self) -> Mapping[str, Codes]:
        """What is known of everyone asked, as categories that hold enough who answered and who did not."""
        asked = self.asked
        tenure = pd.cut(asked["tenure_days"].astype(float), [-1, 365, 1095, np.inf], labels=["1", "3", "more"])
        time = tenure.astype(object).where(asked["is_customer"], "former").where(lambda kind: kind.notna(), "unknown")
        score = pd.cut(asked["earlier_score"].astype(float), [-1, 6, 8, 10], labels=["low", "middle", "high"])
        values = {
            "time": time,
            "tier": asked["tier"],
            "region": asked["region"],
            "score": score.astype(object),
            "questions": np.minimum(asked["questions"].to_numpy(), 3),
        }
        return {name: merged(pd.Series(kind), self.answered) for name, kind in values.items()}

    @cached_property
    def known_severity(self) -> Codes:
        """Worst problem of the window that tickets or logged incidents show, 0 where they show none."""
        return self._worst("complaints", "incidents")

    def _worst(self, *sources: str) -> Codes:
        worst = np.zeros(len(self.asked), np.intp)
        for rank, name in enumerate(SEVERITIES, 1):
            for source in sources:
                worst = np.where(self.asked[f"{source}_{name}"].to_numpy() > 0, rank, worst)
        return worst

    @cached_property
    def plain(self) -> Floats:
        return np.ones(int(self.answered.sum()))

    @cached_property
    def raked(self) -> Floats:
        """Weights that bring tier, region and time as a customer to the shares of everyone asked."""
        return self._raked(self.plain)

    def _raked(self, start: Floats) -> Floats:
        if not self.knows_who_was_asked:
            return start
        margins = [(codes[self.answered], np.bincount(codes)) for name, codes in self.frame.items() if name in MARGINS]
        try:
            return rake(start, margins)
        except MeasureError:
            return start

    @cached_property
    def by_frame(self) -> Floats:
        """Weights of one over the chance of answering, given all that is known of everyone asked, tickets included."""
        worst = self._worst("complaints")
        return self._by_chance(worst, worst[self.answered], np.zeros(len(worst), bool), np.zeros(len(self.plain), bool))

    @cached_property
    def weights(self) -> Floats:
        """Weights of one over the chance of answering, given the frame and what became of the worst problem.

        How a problem changes the chance of answering, told and not, is learned from those whose problem tickets or
        logged incidents show, and then read off at what the answer itself reports: so an answer of somebody who told
        nobody is not taken for one of somebody who had no problem.
        """
        complained = (self.asked[[f"complaints_{name}" for name in SEVERITIES]].sum(axis=1) > 0).to_numpy()
        reported = np.maximum(self.severity.astype(np.intp), self.known_severity[self.answered])
        untold = (reported > 0) & (self.told != "company") & ~complained[self.answered]
        return self._by_chance(self.known_severity, reported, (self.known_severity > 0) & ~complained, untold)

    def _by_chance(self, known: Codes, reported: Codes, untold: Bools, reported_untold: Bools) -> Floats:
        if not self.knows_who_was_asked:
            return self.plain
        kinds = np.column_stack([dummies(codes) for codes in self.frame.values()])
        problems, mine = _fates(known, untold), _fates(reported, reported_untold)
        enough = [min(np.bincount(self.answered[them], minlength=2)) >= LEAST for them in problems]
        rare = [number for number, is_enough in enumerate(enough[3:], 1) if not is_enough]
        problems, mine = (
            [*compress(fates, enough), at_all & np.isin(rank, rare)]
            for fates, at_all, rank in ((problems, untold, known), (mine, reported_untold, reported))
        )
        everyone = np.column_stack([kinds, *problems])
        respondents = np.column_stack([kinds[self.answered], *mine])
        return self._raked(trimmed(1 / response_chances(everyone, self.answered, respondents)))

    def share_told(
        self, weights: Floats, ranks: tuple[int, ...] = (1, 2, 3), told: tuple[str, ...] = ("company",)
    ) -> tuple[Interval, int]:
        """Return the weighted share of problems taken to one of the places, and how many answers it rests on."""
        mine = self.with_problem & np.isin(self.severity, ranks)
        people = pd.factorize(self.answers["customer_id"], use_na_sentinel=False)[0]
        share = weighted_share(np.isin(self.told[mine], told), weights[mine], people[mine])
        return share, int(mine.sum())

    def ratio(self, weights: Floats, ranks: tuple[int, ...] = (1, 2, 3), method: str = "weighted, Wilson") -> Estimate:
        """Return silent customers per one who told the company."""
        return ratio_of(*self.share_told(weights, ranks), method)

    def place(self, told: str, ranks: tuple[int, ...]) -> Estimate:
        """Return the share of problems taken to one place."""
        (value, low, high), n = self.share_told(self.weights, ranks, (told,))
        return hidden_if_few(Estimate(float(value[0]), float(low[0]), float(high[0]), n, "share", "weighted, Wilson"))

    def hidden(self, weights: Floats) -> Estimate:
        """Return how many of the customers asked last had a problem and did not tell the company."""
        last = self.asked["sent_at"].max() - pd.Timedelta(days=ROUND_DAYS)
        mine = (self.answers["sent_at"] > last).to_numpy() & ((self.severity == 0) | self.with_problem)
        everyone = int(self.asked.loc[self.asked["sent_at"] > last, "customer_id"].nunique())
        silent = (self.severity > 0) & (self.told != "company")
        people = pd.factorize(self.answers["customer_id"], use_na_sentinel=False)[0]
        share = weighted_share(silent[mine], weights[mine], people[mine])
        value, low, high = (float(line[0]) * everyone for line in share)
        return hidden_if_few(
            Estimate(value, low, high, int(mine.sum()), "customers", "weighted share of all asked, Wilson")
        )

    def lateness(self) -> Lateness:
        """Return how telling goes with the delay of the answer, among those with a problem."""
        mine = self.with_problem
        delay = (self.answers["completed_at"] - self.answers["sent_at"]).dt.total_seconds().to_numpy(float)
        return late_responders(self.told[mine] == "company", delay[mine], self.weights[mine])

    def worst_case(self) -> tuple[float, float]:
        """Return the lowest and the highest ratio that any behaviour of those who did not answer would allow."""
        told = float((self.with_problem & (self.told == "company")).sum())
        bounds = worst_case(told, float(self.with_problem.sum()) - told, float((~self.answered).sum()))
        return odds_against(bounds.high), odds_against(bounds.low)

    def if_silent_differ(self, times: float) -> float:
        """Return the ratio if those who did not answer tell the company of a problem `times` as often."""
        share = float(self.share_told(self.weights)[0].value[0])
        return odds_against(float(with_different_silent(share, self.response, times)))


MARGINS = ("time", "tier", "region")


def _fates(rank: Codes, untold: Bools) -> list[Bools]:
    """Return who had a problem of each severity, and who did not tell of it."""
    at = [np.asarray(rank == number, np.bool_) for number in (1, 2, 3)]
    return [*at, *(untold & them for them in at)]


def odds_against(share: float) -> float:
    """Return silent people per one who told, from the share that told."""
    return (1 - share) / share if share > 0 else float("inf")


def merged(values: pd.Series, answered: Bools) -> Codes:
    """Return categories as codes from 0, those with too few answers or refusals merged with the most frequent."""
    codes, names = pd.factorize(values.astype(object).where(values.notna(), "unknown"), sort=False)
    if len(names) == 0:
        return codes.astype(np.intp)
    yes, no = (np.bincount(codes[side], minlength=len(names)) for side in (answered, ~answered))
    few = (yes < LEAST) | ((no < LEAST) & bool((~answered).any()))
    codes = np.where(few[codes], int(np.argmax(yes + no)), codes)
    return np.unique(codes, return_inverse=True)[1].astype(np.intp)


def dummies(codes: Codes) -> Floats:
    """Return one column per category but the first."""
    return np.asarray(codes[:, None] == np.arange(1, codes.max(initial=0) + 1), float)


def problems_needed(share: float, within: float = 1.25) -> int:
    """Return how many problems pin the ratio to a factor of `within` either way, if this share is told."""
    if not 0 < share < 1:
        return 0
    numbers = np.unique(np.geomspace(10, 1e6, 2_000).astype(int))
    _, low, high = proportion(share * numbers, numbers)
    least, most = (1 - high) / high, (1 - low) / low
    pinned = (most <= odds_against(share) * within) & (least >= odds_against(share) / within)
    return int(numbers[pinned][0]) if pinned.any() else 0


def planned(share: float, problems: int) -> Estimate:
    """Return the ratio and the limits to expect from so many problems, complaints rounded to whole ones."""
    told = max(round(share * problems), 0)
    limits = proportion(told, problems)
    value, low, high = (odds_against(float(p)) for p in (share, limits.high, limits.low))
    return Estimate(value, low, high, problems, SILENT, "Wilson, planned", size_flags(problems))
