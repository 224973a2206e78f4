"""Hazard ratios: those of lifelines, and those that simulated lives were made with."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from cxlib.models.incidence import Durations, durations, hazard_ratio


def lives(seed: int, per_point: float, above: float = 1.0, count: int = 600) -> tuple[pd.DataFrame, Durations]:
    """Return scores, a group and a constant, and lives of people who come twice and are alike in something unseen."""
    rng = np.random.default_rng(seed)
    score = rng.integers(0, 11, count).astype(float)
    person = np.arange(count) // 2
    unseen = rng.normal(0, 0.2, count)[person]
    group = (rng.random(count) < 0.4).astype(float)
    log_rate = np.log(per_point) * score + np.log(above) * np.clip(score - 6, 0, None) + 1.0 * group + unseen
    time = rng.exponential(3_000 / np.exp(log_rate))
    frame = pd.DataFrame({"score": score, "group": group, "same": 1.0, "twice": group})
    return frame, durations(np.minimum(time, 365), (time <= 365).astype(int), person)


def test_the_ratio_is_that_of_lifelines_with_robust_errors() -> None:
    frame, cases = lives(1, 1.24)
    found = hazard_ratio(frame["score"], frame[["group", "same", "twice"]], cases)
    table = frame[["score", "group"]].assign(time=cases.time, ended=cases.end, who=cases.cluster)
    fit = CoxPHFitter().fit(table, "time", "ended", cluster_col="who", robust=True)
    low, high = np.exp(fit.confidence_intervals_.loc["score"])
    assert found.value == pytest.approx(float(np.exp(fit.params_["score"])), rel=1e-3)
    assert (found.low, found.high) == (pytest.approx(low, rel=0.01), pytest.approx(high, rel=0.01))
    assert (found.n, found.unit) == (600, "ratio")


def test_the_line_and_its_bend_are_found() -> None:
    straight, bent = [], []
    for seed in range(10):
        for kept, above in ((straight, 1.0), (bent, 1.4)):
            frame, cases = lives(seed, 1.15, above)
            beyond = (frame["score"] - 6).clip(lower=0)
            held = frame[["score", "group"]]
            bend = hazard_ratio(beyond, held, cases)
            slope = hazard_ratio(frame["score"], frame[["group"]], cases)
            kept.append((slope.low < 1.15 < slope.high, bend.low < above < bend.high, bend.low > 1))
    assert np.sum(straight, axis=0)[:2].min() >= 8
    assert np.sum(straight, axis=0)[2] <= 2
    assert np.sum(bent, axis=0)[1:].min() >= 8


def test_what_cannot_be_fitted_is_not_known() -> None:
    frame, cases = lives(2, 1.2, count=40)
    nobody = durations(cases.time, np.zeros(len(cases.time), int), cases.cluster)
    assert not hazard_ratio(frame["score"], frame[[]], nobody).is_known
    apart = durations(np.where(frame["group"] > 0, 1.0, 9.0), (frame["group"] > 0).astype(int), cases.cluster)
    assert not hazard_ratio(frame["group"], frame[[]], apart).is_known
