"""The one rule of a verdict: it asks the same of a claim and of its opposite, and says how many cases would tell."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from scipy import stats

from cxlib.estimate import Estimate
from cxlib.finding import cases_that_would_tell, verdict

MIRRORED = {"supported": "not-supported", "not-supported": "supported", "cannot-tell": "cannot-tell"}


def found(value: float, low: float, high: float, n: int = 100, unit: str = "share", **of_all: int) -> Estimate:
    return Estimate(value, low, high, n, unit, "test", **of_all)


@pytest.mark.parametrize(
    ("low", "high", "region", "expected"),
    [
        (0.1, 0.3, {}, "supported"),
        (-0.1, 0.5, {}, "cannot-tell"),
        (-0.3, -0.1, {}, "not-supported"),
        (-0.1, 0.04, {"matters": 0.05}, "not-supported"),
        (-0.1, 0.06, {"matters": 0.05}, "cannot-tell"),
        (0.01, 0.04, {"matters": 0.05}, "not-supported"),  # there is an effect, and none that matters
        (0.01, 0.06, {"matters": 0.05}, "cannot-tell"),
        (0.051, 0.06, {"matters": 0.05}, "supported"),
        (0.06, inf, {"matters": 0.05}, "supported"),
        # what matters lies outside the region: what is between them cannot be told
        (0.3, 0.4, {"low": 0.95, "matters": 0.05}, "cannot-tell"),
        (0.01, 0.04, {"low": 0.95, "matters": 0.05}, "not-supported"),
        (0.96, 0.99, {"low": 0.95, "matters": 0.05}, "supported"),
        (0.6, 0.7, {"low": 0.6, "high": 0.7}, "supported"),
        (0.71, 0.8, {"low": 0.6, "high": 0.7}, "not-supported"),
        (0.4, 0.5, {"low": -inf, "high": 1.0}, "supported"),
        (0.9, 1.3, {"low": -inf, "high": 1.0, "matters": 0.8}, "not-supported"),
        (0.7, 1.3, {"low": -inf, "high": 1.0, "matters": 0.8}, "cannot-tell"),
        (0.7, 0.9, {"low": -inf, "high": 1.0, "matters": 0.8}, "cannot-tell"),
        (0.0, 0.3, {}, "cannot-tell"),
        (-0.3, 0.0, {"low": -inf, "high": 0.0}, "cannot-tell"),
        (nan, 0.3, {}, "cannot-tell"),
    ],
)
def test_a_verdict_is_of_the_whole_interval(low: float, high: float, region: dict[str, float], expected: str) -> None:
    assert verdict(found(0.2, low, high), **region) == expected


def test_no_verdict_without_a_figure() -> None:
    assert verdict(None) == "cannot-tell"
    few = Estimate(0.2, 0.1, 0.3, 3, "share", "test", ("suppressed",))
    assert verdict(few) == "cannot-tell"


def test_what_supports_a_claim_refutes_its_opposite() -> None:
    draw = np.random.default_rng(1)
    seen = set()
    for _ in range(500):
        low, value, high = np.sort(draw.normal(0, 1, 3)).tolist()
        matters = float(draw.uniform(0.05, 1))
        given = verdict(found(value, low, high), matters=matters)
        seen.add(str(given))
        # "more by what matters" against "not more by what matters", and the same of everything below zero
        assert verdict(found(value, low, high), -inf, matters) == MIRRORED[given]
        assert verdict(found(-value, -high, -low), -inf, 0.0, -matters) == given
        assert verdict(found(-value, -high, -low), -matters, inf) == MIRRORED[given]
        if given == "cannot-tell":
            assert given.cases == verdict(found(value, low, high), -inf, matters).cases
    assert seen == set(MIRRORED)


def test_both_verdicts_are_wrong_as_seldom() -> None:
    """At the least that matters itself either verdict comes by chance, in one of forty samples each."""
    draw, matters, error = np.random.default_rng(2), 0.05, 0.02
    values = draw.normal(matters, error, 20_000)
    half = stats.norm.ppf(0.975) * error
    given = [verdict(found(value, value - half, value + half), matters=matters) for value in values]
    assert given.count("supported") / len(given) == pytest.approx(0.025, abs=0.004)
    assert given.count("not-supported") / len(given) == pytest.approx(0.025, abs=0.004)


@pytest.mark.parametrize(
    ("value", "half", "region", "cases"),
    [
        (0.04, 0.06, {}, 225),  # the interval must be two thirds as wide: 100 x 1.5 squared
        (0.02, 0.06, {"matters": 0.05}, 400),  # twice as near as 0.05 is
        (0.06, 0.04, {"matters": 0.05}, 1600),
        (-0.01, 0.07, {"matters": 0.05}, 137),  # to end below 0.05 it must be 6/7 as wide
        (0.65, 0.1, {"low": 0.6, "high": 0.7}, 400),
        (0.0, 0.1, {}, None),
        (0.05, 0.1, {"matters": 0.05}, None),
    ],
)
def test_how_many_cases_would_tell(value: float, half: float, region: dict[str, float], cases: int | None) -> None:
    assert cases_that_would_tell(found(value, value - half, value + half), **region) == cases


def test_a_ratio_narrows_on_its_own_scale() -> None:
    # twice, from half to eight times: the log of the distance to 1 is half that to the limit
    assert cases_that_would_tell(found(2.0, 0.5, 8.0, unit="ratio"), 1.0) == 400


def test_so_many_cases_do_tell() -> None:
    """The share stays, so do the cases that were asked for: Wald's interval, of all or of few there are."""
    for everybody in (None, 400):

        def interval(cases: float, everybody: int | None = everybody) -> float:
            left_out = 1.0 if everybody is None else 1 - cases / everybody
            return float(stats.norm.ppf(0.975) * np.sqrt(0.6 * 0.4 / cases * left_out))

        half, of_all = interval(50), {} if everybody is None else {"population": everybody}
        cases = cases_that_would_tell(found(0.6, 0.6 - half, 0.6 + half, 50, **of_all), 0.53)
        assert cases is not None
        assert interval(cases) <= 0.07 <= interval(cases - 1)
        assert cases < (everybody or inf)
