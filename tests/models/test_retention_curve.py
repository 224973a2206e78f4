"""Retention curves against the published fits, the plain likelihood, numerical integrals and simulated truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, optimize, stats

from cxlib.errors import MeasureError
from cxlib.models.retention_curve import Drawn, RetentionCurve, fit_sbg, survival

# Share of two segments still there after 0, 1, … 12 years: Fader and Hardie (2007), from Berry and Linoff (2004).
REGULAR = (100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3)
HIGH_END = (100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4)


def spells_of(*columns: np.typing.ArrayLike) -> pd.DataFrame:
    return pd.DataFrame(dict(zip(("entry", "after", "by", "count"), map(np.asarray, columns), strict=True)))


def cohort(survivors: np.typing.ArrayLike) -> pd.DataFrame:
    """Return a cohort of which so many are left after 0, 1, 2, … years."""
    left = np.asarray(survivors, float)
    after = np.append(np.arange(len(left) - 1.0), len(left) - 1.0)
    by = np.append(np.arange(1.0, len(left)), np.inf)
    return spells_of(np.zeros(len(left)), after, by, np.append(-np.diff(left), left[-1]))


def polarization(curve: RetentionCurve) -> float:
    return 1 / (curve.alpha + curve.beta + 1)


def published(segment: tuple[float, ...]) -> RetentionCurve:
    """Fit as the paper does: years 0 to 7 of 1,000 customers."""
    return fit_sbg(cohort(10 * np.array(segment[:8])))


@pytest.mark.parametrize(
    ("segment", "alpha", "beta", "log_likelihood"),
    [(REGULAR, 0.7041, 1.1820, -1680.27), (HIGH_END, 0.6681, 3.8061, -1611.16)],
)
def test_the_published_fit(segment: tuple[float, ...], alpha: float, beta: float, log_likelihood: float) -> None:
    """Fader and Hardie (2007), table 3: 0.704 and 1.182 for Regular, 0.668 and 3.806 for High End."""
    curve = published(segment)
    assert curve.alpha == pytest.approx(alpha, abs=5e-5)
    assert curve.beta == pytest.approx(beta, abs=5e-5)
    assert curve.log_likelihood == pytest.approx(log_likelihood, abs=0.005)
    assert curve.n == 1000


@pytest.mark.parametrize(("segment", "within"), [(REGULAR, 0.006), (HIGH_END, 0.017)])
def test_the_published_projection_of_years_8_to_12(segment: tuple[float, ...], within: float) -> None:
    projected = published(segment).survival(np.arange(8, 13))
    assert projected == pytest.approx(np.array(segment[8:]) / 100, abs=within)


def test_retention_by_year_rises() -> None:
    """Of the High End segment 85.1 %, 87.8 %, 89.7 % and in year 7 93.6 % stay."""
    assert published(HIGH_END).retention([1, 2, 3, 7]) == pytest.approx([0.8507, 0.8780, 0.8968, 0.9362], abs=5e-5)


def test_survival_is_that_of_a_mixture_of_constant_risks() -> None:
    alpha, beta = 0.7, 2.3
    for time in (0.4, 1.0, 5.5):
        mixed = integrate.quad(lambda theta, t=time: (1 - theta) ** t * stats.beta.pdf(theta, alpha, beta), 0, 1)[0]
        assert survival(alpha, beta, time) == pytest.approx(mixed, rel=1e-6)


def test_shape_bends_each_customers_own_risk() -> None:
    alpha, beta, shape = 2.0, 5.0, 1.6
    for time in (1.0, 3.0):
        mixed = integrate.quad(
            lambda theta, t=time: (1 - theta) ** (t**shape) * stats.beta.pdf(theta, alpha, beta), 0, 1
        )[0]
        assert survival(alpha, beta, time, shape) == pytest.approx(mixed, rel=1e-6)


def simulated(alpha: float, beta: float, count: int, seed: int, shape: float = 1.0) -> pd.DataFrame:
    """Return spells seen for a few years each, some from a later year on, from a beta mixture."""
    rng = np.random.default_rng(seed)
    churn = rng.beta(alpha, beta, 4 * count)
    with np.errstate(divide="ignore"):
        life = np.maximum(np.ceil((np.log(rng.random(4 * count)) / np.log1p(-churn)) ** (1 / shape)), 1)
    entry = np.where(rng.random(4 * count) < 0.6, 0, rng.integers(1, 5, 4 * count)).astype(float)
    seen = entry + rng.integers(1, 6, 4 * count)
    here = np.flatnonzero(life > entry)[:count]
    lost = life <= seen
    after, by = np.where(lost, life - 1, seen), np.where(lost, life, np.inf)
    return spells_of(entry[here], after[here], by[here], np.ones(len(here)))


def plain_log_likelihood(logs: np.ndarray, spells: pd.DataFrame) -> float:
    """Return the likelihood row by row, by the recursion of the paper: P(t) = P(t-1) (b+t-2)/(a+b+t-1)."""
    a, b = np.exp(logs)
    chance, left = [a / (a + b)], [1.0, b / (a + b)]
    for t in range(2, 40):
        chance.append(chance[-1] * (b + t - 2) / (a + b + t - 1))
        left.append(left[-1] - chance[-1])
    total = 0.0
    for entry, after, by, count in zip(spells.entry, spells.after, spells.by, spells["count"], strict=True):
        ended = chance[int(by) - 1] if np.isfinite(by) else left[int(after)]
        total += count * (np.log(ended) - np.log(left[int(entry)]))
    return total


def test_fit_with_censoring_and_delayed_entry_is_the_maximum_of_the_plain_likelihood() -> None:
    spells = simulated(0.9, 3.0, 600, 1)
    curve = fit_sbg(spells)
    found = optimize.minimize(
        lambda logs: -plain_log_likelihood(logs, spells), [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-7}
    )
    assert np.log([curve.alpha, curve.beta]) == pytest.approx(found.x, abs=1e-4)
    assert curve.log_likelihood == pytest.approx(-found.fun, abs=1e-6)


def test_counted_rows_are_single_rows() -> None:
    spells = simulated(0.9, 3.0, 500, 3)
    rows, count = np.unique(np.stack([spells.entry, spells.after, spells.by]), axis=1, return_counts=True)
    one, many = fit_sbg(spells), fit_sbg(spells_of(*rows, count.astype(float)))
    assert (many.alpha, many.beta) == pytest.approx((one.alpha, one.beta), rel=1e-5)


def held_by(drawn: Drawn, churn: float, unlike: float) -> list[bool]:
    """Return whether the middle 95 % of draws hold a mean churn and a polarization."""
    alpha, beta = drawn.alpha[1:], drawn.beta[1:]
    pairs = ((alpha / (alpha + beta), churn), (1 / (alpha + beta + 1), unlike))
    ends = [(np.quantile(of, [0.025, 0.975]), truth) for of, truth in pairs]
    return [bool(low - 1e-9 <= truth <= high + 1e-9) for (low, high), truth in ends]


def test_the_interval_holds_the_truth() -> None:
    """Mean churn and polarization of 100 simulated companies."""
    drawn = [Drawn.of(simulated(1.2, 3.6, 400, seed), seed, 300) for seed in range(100)]
    held = np.sum([held_by(one, 0.25, 1 / 5.8) for one in drawn], axis=0)
    assert (held >= 87).all(), held  # 1 in 1,000 falls below with 95 %


def test_the_interval_holds_the_truth_of_money_that_stays_longer() -> None:
    """One in ten brings twenty times as much and leaves half as often: what is held is the money's churn."""
    held, share = 0, np.array([0.9, 2.0])
    truth = float(share @ [0.3, 0.15] / share.sum())
    for seed in range(100):
        small, large = simulated(3.0, 7.0, 540, seed), simulated(1.5, 8.5, 60, seed + 1000)
        columns = [np.append(getattr(small, name), getattr(large, name)) for name in ("entry", "after", "by")]
        money = spells_of(*columns, np.repeat([1.0, 20.0], [540, 60]))
        drawn = Drawn.of(spells_of(*(part[money.entry == 0] for part in (*columns, money["count"]))), seed, 300)
        held += held_by(drawn, truth, 0.0)[0]
    assert held >= 87, held


def test_one_seed_draws_the_same_spells_whatever_they_count() -> None:
    spells = simulated(0.9, 3.0, 600, 4)
    plain, heavy = (
        Drawn.of(spells_of(spells.entry, spells.after, spells.by, by * spells["count"]), 1, 50) for by in (1.0, 1000.0)
    )
    assert heavy.alpha[1:] == pytest.approx(plain.alpha[1:])
    assert (plain.alpha[0], plain.beta[0]) == (plain.curve.alpha, plain.curve.beta)


def test_draws_lie_where_each_resample_is_fitted() -> None:
    """The grid is fine enough: its draws are those of fitting every resample by itself."""
    spells = simulated(0.9, 3.0, 600, 2)
    drawn = Drawn.of(spells, 7, 20)
    weight = np.random.default_rng(7).exponential(size=(20, 600))
    by_itself = [fit_sbg(spells_of(spells.entry, spells.after, spells.by, row)).mean_churn for row in weight]
    off = (drawn.alpha / (drawn.alpha + drawn.beta))[1:] - by_itself
    assert np.abs(off).mean() < 0.003  # of a standard error of 0.02


def test_unequal_weights_widen() -> None:
    spells = simulated(0.9, 3.0, 600, 5)
    weight = np.random.default_rng(5).lognormal(0, 1.2, 600)
    plain, weighted = (
        Drawn.of(spells_of(spells.entry, spells.after, spells.by, by), 1, 400) for by in (spells["count"], weight)
    )
    churn = [float(np.std(of.alpha / (of.alpha + of.beta))) for of in (plain, weighted)]
    assert churn[1] > 1.4 * churn[0]


def test_customers_who_cost_more_than_they_bring_count_less_than_nothing() -> None:
    """Of money of 100, 10 leaves, and of 20 that is lost on others, 5 stops: of 80 in all, 75 is left after a year."""
    after, by = np.array([0.0, 1.0, 0.0, 1.0]), np.array([1.0, np.inf, 1.0, np.inf])
    curve = fit_sbg(spells_of(np.zeros(4), after, by, np.array([10.0, 90.0, -5.0, -15.0])))
    assert curve.mean_churn == pytest.approx(5 / 80, abs=1e-6)


def test_own_risk_that_changes_is_found() -> None:
    spells = simulated(1.2, 3.6, 20_000, 7, shape=1.5)
    plain, bent = fit_sbg(spells), fit_sbg(spells, size=3)
    assert bent.shape == pytest.approx(1.5, abs=0.15)
    assert bent.log_likelihood > plain.log_likelihood + 20


def test_without_change_both_models_agree() -> None:
    spells = simulated(1.2, 3.6, 20_000, 8)
    plain, bent = fit_sbg(spells), fit_sbg(spells, size=3)
    assert bent.shape == pytest.approx(1.0, abs=0.15)
    assert 0 <= bent.log_likelihood - plain.log_likelihood < 6


def test_customers_all_alike_are_the_edge_of_the_model() -> None:
    """A constant risk of 20 %: no polarization, nothing uncertain about it, survival 0.8 to the power of t."""
    curve = fit_sbg(cohort(1e6 * 0.8 ** np.arange(8)))
    assert polarization(curve) < 2e-4
    assert curve.survival([1, 5]) == pytest.approx([0.8, 0.8**5], rel=1e-3)


def test_one_year_alone_says_little_of_how_customers_differ() -> None:
    """Whatever the polarization, the fit is as good: the likelihood is flat along it."""
    spells = cohort([1000, 700])
    curve = fit_sbg(spells)
    assert curve.mean_churn == pytest.approx(0.3, abs=1e-5)
    assert curve.log_likelihood == pytest.approx(300 * np.log(0.3) + 700 * np.log(0.7))


def test_spells_that_say_nothing_are_refused() -> None:
    with pytest.raises(MeasureError, match="0 of 5 spells ended in 10 periods under observation: a retention curve"):
        fit_sbg(spells_of(np.zeros(5), np.full(5, 2.0), np.full(5, np.inf), np.ones(5)))
    with pytest.raises(MeasureError, match="5 of 5 spells ended in 5 periods"):
        fit_sbg(cohort([5, 0]))
    with pytest.raises(MeasureError, match="1 of 2 spells were not under observation from entry to end: count"):
        fit_sbg(spells_of([0.0, 3.0], [1.0, 2.0], [2.0, np.inf], [1, 1]))


def test_a_cohort_is_counted_by_year() -> None:
    spells = cohort([10, 7, 6])
    assert spells["count"].tolist() == [3, 1, 6]
    assert spells.by.tolist() == [1, 2, np.inf]
    assert spells.after.tolist() == [0, 1, 2]
