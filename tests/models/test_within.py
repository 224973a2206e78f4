"""Slopes within strata from sums, against statsmodels with a constant per stratum."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib.models.within import gap, within_slope


def sums(x: np.ndarray, y: np.ndarray, stratum: np.ndarray, bucket: np.ndarray) -> pd.DataFrame:
    """Return what the SQL of a study brings, counted in pandas."""
    rows = pd.DataFrame({"x": x, "y": y, "stratum": stratum, "bucket": bucket})
    of = rows.groupby("stratum")
    dx, dy = rows["x"] - of["x"].transform("mean"), rows["y"] - of["y"].transform("mean")
    differs = of["x"].transform("max") > of["x"].transform("min")
    parts = pd.DataFrame(
        {
            "bucket": bucket,
            "n": 1,
            "compared": differs.astype(int),
            "strata": 1 / of["x"].transform("size"),
            "xx": dx * dx,
            "xy": dx * dy,
            "yy": dy * dy,
        }
    )
    return parts.groupby("bucket", as_index=False).sum()


@pytest.fixture(scope="module")
def rows() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    stratum, bucket = rng.integers(0, 12, 2_000), rng.integers(0, 64, 2_000)
    # slopes that differ between groups make clustering count
    x = rng.normal(size=2_000) + 0.8 * stratum
    own = 0.25 * rng.normal(size=64)[bucket]
    y = (0.3 + own) * x - 0.5 * stratum + rng.normal(size=2_000)
    return {"x": x, "y": y, "stratum": stratum, "bucket": bucket}


def test_slope_and_error_are_those_of_a_constant_per_stratum(rows: dict[str, np.ndarray]) -> None:
    slope = within_slope(sums(**rows)).estimate
    design = np.column_stack([rows["x"], pd.get_dummies(rows["stratum"]).to_numpy(float)])
    oracle = sm.OLS(rows["y"], design).fit(
        cov_type="cluster", cov_kwds={"groups": rows["bucket"], "use_correction": False}, use_t=True
    )
    assert slope.value == pytest.approx(oracle.params[0])
    error = oracle.bse[0] * np.sqrt(64 / 63)
    assert slope.high - slope.value == pytest.approx(1.9983 * error, rel=1e-3)
    assert slope.n == 2_000


def test_independent_cases_are_not_made_narrower_than_they_are() -> None:
    rng = np.random.default_rng(6)
    x, bucket = rng.normal(size=500), np.arange(500) % 64
    y = rng.normal(size=500)
    slope = within_slope(sums(x, y, np.zeros(500), bucket)).estimate
    plain = sm.OLS(y, sm.add_constant(x)).fit()
    assert slope.high - slope.value >= 1.99 * plain.bse[1] * 0.999


def test_strata_in_which_nothing_differs_say_nothing(rows: dict[str, np.ndarray]) -> None:
    more = {
        name: np.concatenate([rows[name], extra])
        for name, extra in (
            ("x", np.ones(50)),
            ("y", np.arange(50.0)),
            ("stratum", np.full(50, 99)),
            ("bucket", np.arange(50)),
        )
    }
    with_more, without = within_slope(sums(**more)).estimate, within_slope(sums(**rows)).estimate
    assert with_more.value == pytest.approx(without.value)
    assert with_more.n == without.n == 2_000


def test_difference_of_two_slopes_knows_that_the_customers_are_the_same(rows: dict[str, np.ndarray]) -> None:
    raw = within_slope(sums(rows["x"], rows["y"], np.zeros(2_000), rows["bucket"]))
    held = within_slope(sums(**rows))
    apart = gap(raw, held)
    assert apart.value == pytest.approx(raw.estimate.value - held.estimate.value)
    assert apart.high < 0  # strata with a high x have a low y
    same = gap(held, held)
    assert (same.value, same.low, same.high) == (0, 0, 0)
    assert apart.high - apart.low < (raw.estimate.high - raw.estimate.low) + (held.estimate.high - held.estimate.low)


@pytest.mark.parametrize(
    ("x", "y", "bucket"),
    [
        (np.ones(60), np.arange(60.0), np.arange(60)),  # x the same everywhere
        (np.arange(60.0), np.ones(60), np.arange(60)),  # y the same everywhere
        (np.arange(60.0), np.arange(60.0), np.arange(60)),  # y follows x to the last digit
        (np.arange(60.0), np.arange(60.0) % 7, np.arange(60) % 4),  # four groups of customers
        (np.arange(2.0), np.arange(2.0), np.arange(2)),
    ],
)
def test_where_nothing_can_be_told_there_is_no_number(x: np.ndarray, y: np.ndarray, bucket: np.ndarray) -> None:
    slope = within_slope(sums(x, y, np.zeros(len(x)), bucket))
    assert not slope.estimate.is_known
    assert slope.estimate.flags[0] == "no-data"
    assert not gap(slope, slope).is_known


def test_no_cases_at_all() -> None:
    nothing = pd.DataFrame(columns=["bucket", "n", "compared", "strata", "xx", "xy", "yy"], dtype=float)
    assert not within_slope(nothing).estimate.is_known


def test_few_cases_are_flagged() -> None:
    rng = np.random.default_rng(0)
    slope = within_slope(sums(rng.normal(size=20), rng.normal(size=20), np.zeros(20), np.arange(20))).estimate
    assert slope.flags == ("small",)
