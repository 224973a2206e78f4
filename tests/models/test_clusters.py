"""What the models share, against plain formulas and statsmodels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from cxlib.models.clusters import (
    cluster_variance,
    columns,
    half_width,
    moved_variance,
    ratio_limits,
    sandwich,
    share_effect,
    share_limits,
    student,
)


def test_the_variance_of_a_mean_is_that_of_a_regression_with_clusters() -> None:
    rng = np.random.default_rng(1)
    customer = rng.integers(0, 30, 200)
    y = rng.normal(size=200) + rng.normal(size=30)[customer]
    fit = sm.OLS(y, np.ones(200)).fit(cov_type="cluster", cov_kwds={"groups": customer, "use_correction": False})
    ours = cluster_variance((y - y.mean()) / 200, customer)
    assert ours == pytest.approx(fit.bse[0] ** 2 * 30 / 29)
    assert cluster_variance(y, np.zeros(200)) == 0


def test_a_sandwich_is_the_sum_of_squares_with_its_factor() -> None:
    influence = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.0]])
    assert sandwich(influence).tolist() == [[15.0, -1.5], [-1.5, 7.5]]
    assert sandwich(influence, 2).tolist() == [[20.0, -2.0], [-2.0, 10.0]]


def test_who_moves_nothing_does_not_count() -> None:
    assert moved_variance(np.array([1.0, -1.0, 0.0])) == pytest.approx(4.0)
    assert moved_variance(np.array([1.0, 0.0])) == np.inf


def test_twins_double_the_variance_of_a_share() -> None:
    yes = np.tile(np.arange(40) < 10, 2).astype(float)
    assert share_effect(yes, np.tile(np.arange(40), 2)) == pytest.approx(2 * 79 / 78)
    assert share_effect(yes, np.arange(80)) == pytest.approx(1)


def test_students_limits_become_normal_with_endless_freedom() -> None:
    assert half_width(4.0, 9) == pytest.approx(2 * stats.t.ppf(0.975, 9))
    assert half_width(4.0, np.inf) == pytest.approx(2 * stats.norm.ppf(0.975))
    found = student(1.0, 4.0, 9, 10, "points", "mean")
    assert (found.value - found.low, found.high - found.value) == pytest.approx((half_width(4.0, 9),) * 2)


def test_limits_of_a_share_stay_between_none_and_all() -> None:
    assert share_limits(0.5, 0.0, 10) == pytest.approx((0.5, 0.5))
    low, high = share_limits(0.02, 0.05, 40)
    assert 0 < low < 0.02 < high < 1
    assert share_limits(0.0, 0.0, 20) == pytest.approx((0.0, 0.161), abs=1e-3)  # Wilson, 0 of 20


def test_limits_of_a_ratio_by_hand() -> None:
    """From a share that is known exactly the ratio takes the other's limits over as they are."""
    assert ratio_limits((0.2, 0.1, 0.4), (0.5, 0.5, 0.5)) == pytest.approx((0.2, 0.8))
    low, high = ratio_limits((0.2, 0.1, 0.4), (0.2, 0.1, 0.4))
    assert (low, high) == pytest.approx((2 ** -(2**0.5), 2**2**0.5))


def test_covariates_are_numbers_or_text() -> None:
    frame = pd.DataFrame({"size": [1, None], "kind": ["a", None], "flag": [True, False]})
    found = {name: (list(column), is_category) for name, column, is_category in columns(frame)}
    assert found["kind"] == (["a", ""], True)
    assert found["flag"] == (["True", "False"], True)
    assert found["size"][0][0] == 1
    assert np.isnan(found["size"][0][1])
    assert not found["size"][1]
