"""Proportional odds on weighted cells, against published tables, statsmodels and plain formulas."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.miscmodels.ordinal_model import OrderedModel

from cxlib.models.clusters import sandwich
from cxlib.models.ordinal import Cells, average_effect, fit, parallel_test


def cells(level: np.ndarray, drivers: np.ndarray, cluster: np.ndarray | None = None) -> Cells:
    rows = len(level)
    return Cells.of(level, drivers, np.ones(rows), np.arange(rows) if cluster is None else cluster)


@pytest.fixture(scope="module")
def scores() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores on five levels, three drivers, and customers whose scores hang together."""
    rng = np.random.default_rng(5)
    customer = rng.integers(0, 80, 3_000)
    drivers = np.column_stack([rng.normal(size=3_000).round(1), rng.random(3_000) < 0.3, rng.integers(0, 4, 3_000)])
    place = drivers @ [0.8, -0.5, 0.2] + 0.6 * rng.normal(size=80)[customer] + rng.logistic(size=3_000)
    return np.digitize(place, [-1.5, -0.5, 0.7, 2.0]), drivers.astype(float), customer


def test_cheeses_of_mccullagh_and_nelder() -> None:
    """Generalized Linear Models (1989), section 5.6: four cheeses, nine levels of liking, counts."""
    counts = np.array(
        [
            [0, 0, 1, 7, 8, 8, 19, 8, 1],
            [6, 9, 12, 11, 7, 6, 1, 0, 0],
            [1, 1, 6, 8, 23, 7, 5, 1, 0],
            [0, 0, 0, 1, 3, 7, 14, 16, 11],
        ]
    )
    cheese, level = np.nonzero(counts)
    drivers = np.column_stack([cheese == place for place in range(3)]).astype(float)
    weight = counts[cheese, level]
    model = fit(Cells.of(level, drivers, weight, np.arange(len(level))), ridge=0)
    assert -model.coefficients == pytest.approx([1.613, 4.965, 3.323], abs=6e-4)
    errors = np.sqrt(np.diag(model.bread))[-3:]
    assert errors == pytest.approx([0.378, 0.474, 0.425], abs=4e-3)


def test_agrees_with_statsmodels_row_by_row(scores: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    level, drivers, customer = scores
    model = fit(cells(level, drivers, customer), ridge=0)
    oracle = OrderedModel(level, drivers, distr="logit").fit(method="bfgs", disp=0, gtol=1e-7, maxiter=300)
    thresholds = oracle.model.transform_threshold_params(oracle.params)[1:-1]
    assert model.coefficients == pytest.approx(oracle.params[:3], abs=1e-4)
    assert model.thresholds == pytest.approx(thresholds, abs=1e-4)
    assert model.log_likelihood.sum() == pytest.approx(oracle.llf, abs=1e-5)


def test_counted_rows_and_rows_are_the_same(scores: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    level, drivers, customer = scores
    counted = cells(level, drivers, customer)
    assert len(counted.level) < len(level)
    assert counted.answers == len(level)
    twice = Cells.of(
        np.r_[level, level], np.r_[drivers, drivers], np.full(2 * len(level), 0.5), np.r_[customer, customer]
    )
    assert fit(twice).coefficients == pytest.approx(fit(counted).coefficients, abs=1e-9)


def test_clusters_as_statsmodels_has_them(scores: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    level, drivers, customer = scores
    good = (level >= 3).astype(float)
    model = fit(cells(good, drivers, customer), ridge=0)
    oracle = sm.GLM(good, sm.add_constant(drivers), family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": customer, "use_correction": False}
    )
    assert model.coefficients == pytest.approx(oracle.params[1:], abs=1e-6)
    factor = 80 / 79
    assert np.diag(sandwich(model.influence))[1:] == pytest.approx(oracle.bse[1:] ** 2 * factor, rel=1e-6)
    plain = sm.GLM(good, sm.add_constant(drivers), family=sm.families.Binomial()).fit()
    assert np.diag(model.bread)[1:] == pytest.approx(plain.bse[1:] ** 2, rel=1e-6)


def test_average_effect_is_that_of_predicting_every_row_twice(
    scores: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    level, drivers, customer = scores
    counted = cells(level, drivers, customer)
    model = fit(counted, ridge=0)
    before, after = counted.drivers.copy(), counted.drivers.copy()
    before[:, 1], after[:, 1] = 0.0, 1.0
    effect = average_effect(counted, model, 3, before, after)
    oracle = OrderedModel(level, drivers, distr="logit").fit(method="bfgs", disp=0, gtol=1e-7, maxiter=300)
    rows = [np.column_stack([drivers[:, 0], np.full(len(level), value), drivers[:, 2]]) for value in (1.0, 0.0)]
    with_it, without = (oracle.model.predict(oracle.params, row)[:, 3:].sum(axis=1) for row in rows)
    assert effect.value == pytest.approx((with_it - without).mean(), abs=1e-4)
    assert effect.n == len(level)
    assert effect.unit == "share difference"


def test_interval_of_an_effect_is_that_of_drawing_customers_again(
    scores: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    level, drivers, customer = scores
    rng = np.random.default_rng(0)
    counted = cells(level, drivers, customer)
    step = np.array([1.0, 0.0, 0.0])
    after = counted.drivers + step
    effect = average_effect(counted, fit(counted), 3, counted.drivers, after)
    again = []
    for _ in range(200):
        drawn = counted.counts[:, rng.integers(0, counted.clusters, counted.clusters)]
        sample = Cells(counted.level, counted.drivers, drawn)
        model = fit(sample)
        again.append(average_effect(sample, model, 3, sample.drivers, sample.drivers + step).value)
    half = (effect.high - effect.low) / 2
    assert half == pytest.approx(1.99 * np.std(again), rel=0.2)


def test_a_driver_that_parts_the_answers_does_not_run_away() -> None:
    level = np.array([0] * 40 + [1] * 40)
    model = fit(cells(level, level[:, None].astype(float), np.arange(80) % 10))
    assert 5 < model.coefficients[0] < 50
    assert np.isfinite(model.log_likelihood).all()


def test_answers_all_the_same_are_refused() -> None:
    with pytest.raises(ValueError, match="needs two levels that occur; all answers are the same"):
        fit(cells(np.zeros(20), np.ones((20, 1))))


def test_overfit_is_half_a_parameter_each_where_rows_are_independent() -> None:
    rng = np.random.default_rng(2)
    drivers = rng.normal(size=(4_000, 3))
    model = fit(cells(rng.integers(0, 2, 4_000), drivers, np.arange(4_000)))
    assert model.overfit == pytest.approx(2.0, rel=0.05)  # a threshold and three coefficients


def steps(rng: np.random.Generator, same: bool) -> Cells:
    """Draw scores whose driver moves all thresholds alike, or the last one three times as much."""
    rows = 3_000
    x = rng.normal(size=rows)
    noise = rng.logistic(size=rows)
    tops = [0.8, 0.8, 0.8] if same else [0.4, 0.4, 1.2]
    thresholds = [-1.0, 0.5, 1.5]
    level = sum((effect * x + noise > edge).astype(int) for effect, edge in zip(tops, thresholds, strict=True))
    return cells(np.asarray(level), np.column_stack([x, rng.normal(size=rows)]), rng.integers(0, 60, rows))


def test_parallel_test_holds_its_level_and_finds_steps_that_differ() -> None:
    rng = np.random.default_rng(8)
    p_values = [parallel_test(steps(rng, same=True), [0, 1]) for _ in range(40)]
    assert np.mean(np.array(p_values) < 0.05) <= 0.175
    assert 0.35 < np.mean(p_values) < 0.65
    assert parallel_test(steps(rng, same=False), [0, 1]) < 0.001


def test_parallel_test_rests_on_one_logistic_regression_per_threshold(
    scores: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    level, drivers, customer = scores
    counted = cells(level, drivers, customer)
    for edge in (1, 2, 3, 4):
        oracle = sm.Logit((level >= edge).astype(float), sm.add_constant(drivers)).fit(disp=0)
        assert fit(counted.split(edge)).coefficients == pytest.approx(oracle.params[1:], abs=2e-4)


def test_parallel_test_needs_more_clusters_than_contrasts() -> None:
    rng = np.random.default_rng(1)
    few = cells(rng.integers(0, 5, 200), rng.normal(size=(200, 2)), rng.integers(0, 8, 200))
    assert np.isnan(parallel_test(few, [0, 1]))
    two = cells(rng.integers(0, 2, 200), rng.normal(size=(200, 2)))
    assert np.isnan(parallel_test(two, [0, 1]))  # nor anything to compare of two levels
