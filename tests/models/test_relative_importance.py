"""Who explains how much, against plain permutations, copies, noise and bootstraps that fit again."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import statsmodels.api as sm

from cxlib.models.ordinal import Cells, Importance, relative_importance

NAMES = ("strong", "weak", "pair")
GROUPS = {"strong": [0], "weak": [1], "pair": [2, 3]}


def data(rows: int = 3_000, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=rows)
    drivers = np.column_stack(
        [
            rng.normal(size=rows) + shared,
            rng.random(rows) < 0.4,
            rng.normal(size=rows) + shared,
            rng.integers(0, 2, rows),
        ]
    ).round(1)
    good = (drivers @ [0.6, 0.5, 0.3, 0.2] + rng.logistic(size=rows) > 0.5).astype(int)
    return good, drivers, rng.integers(0, 64, rows)


def counted(good: np.ndarray, drivers: np.ndarray, cluster: np.ndarray) -> Cells:
    return Cells.of(good, drivers, np.ones(len(good)), cluster)


def shares_of(found: Importance) -> list[float]:
    return [share.value for share in found.shares.values()]


def test_shares_are_the_average_gains_over_all_orders() -> None:
    """Lindeman, Merenda and Gold written plainly: every order, every step, statsmodels' log likelihood."""
    good, drivers, cluster = data()
    found = relative_importance(counted(good, drivers, cluster), GROUPS)

    def worth(names: tuple[str, ...]) -> float:
        columns = [column for name in names for column in GROUPS[name]]
        design = np.column_stack([np.ones(len(good)), drivers[:, columns]])
        return float(sm.GLM(good, design, family=sm.families.Binomial()).fit().llf)

    orders = list(permutations(NAMES))
    gains = dict.fromkeys(NAMES, 0.0)
    for order in orders:
        for place, name in enumerate(order):
            gains[name] += (worth(order[: place + 1]) - worth(order[:place])) / len(orders)
    total = sum(gains.values())
    # the correction for chance takes about half a unit of log likelihood a column
    assert shares_of(found) == pytest.approx([gains[name] / total for name in NAMES], abs=0.004)
    assert found.explained.value == pytest.approx(total / -worth(()), abs=0.002)
    assert sum(shares_of(found)) == pytest.approx(1.0)


def test_a_copy_shares_evenly_with_its_original() -> None:
    good, drivers, cluster = data()
    twice = np.column_stack([drivers[:, 0], drivers[:, 0]])
    found = relative_importance(counted(good, twice, cluster), {"one": [0], "other": [1]})
    assert shares_of(found) == pytest.approx([0.5, 0.5], abs=1e-6)


def test_the_names_of_clusters_and_the_order_of_groups_do_not_matter() -> None:
    good, drivers, cluster = data()
    found = relative_importance(counted(good, drivers, cluster), GROUPS)
    turned = relative_importance(counted(good, drivers, cluster), dict(reversed(GROUPS.items())))
    assert shares_of(turned)[::-1] == pytest.approx(shares_of(found), abs=1e-9)


def test_noise_is_not_given_a_share_on_average() -> None:
    shares, lows = [], []
    for seed in range(16):
        good, drivers, cluster = data(800, seed)
        noise = np.random.default_rng(100 + seed).normal(size=800).round(1)
        found = relative_importance(
            counted(good, np.column_stack([drivers[:, 0], noise]), cluster), {"strong": [0], "noise": [1]}
        )
        shares.append(found.shares["noise"].value)
        lows.append(found.shares["noise"].low)
    assert np.mean(shares) < 0.015
    assert np.mean(np.array(lows) <= 0.001) > 0.9


def test_nothing_to_explain_is_said() -> None:
    measurable = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        nothing = counted(rng.integers(0, 2, 600), rng.normal(size=(600, 2)).round(1), rng.integers(0, 64, 600))
        found = relative_importance(nothing, {"one": [0], "other": [1]})
        measurable.append(bool(found.shares))
        assert measurable[-1] == (found.explained.low > 0)
    assert np.mean(measurable) <= 0.15


@pytest.mark.slow
def test_draws_move_as_a_bootstrap_does_that_fits_every_time_again() -> None:
    good, drivers, cluster = data(2_000, 9)
    cells = counted(good, drivers[:, :2], cluster)
    groups = {"strong": [0], "weak": [1]}
    found = relative_importance(cells, groups)
    rng = np.random.default_rng(0)
    again = []
    for _ in range(120):
        drawn = cells.counts[:, rng.integers(0, cells.clusters, cells.clusters)]
        again.append(relative_importance(Cells(cells.level, cells.drivers, drawn), groups).shares["weak"].value)
    assert found.shares["weak"].high - found.shares["weak"].low == pytest.approx(
        np.quantile(again, 0.975) - np.quantile(again, 0.025), rel=0.3
    )


def test_intervals_hold_the_truth_of_a_large_population() -> None:
    good, drivers, cluster = data(150_000, 77)
    truth = relative_importance(counted(good, drivers[:, [0, 1]].round(0), cluster), {"strong": [0], "weak": [1]})
    held = 0
    for seed in range(60):
        good, drivers, cluster = data(1_500, seed)
        cells = counted(good, drivers[:, [0, 1]].round(0), cluster)
        found = relative_importance(cells, {"strong": [0], "weak": [1]}).shares["weak"]
        held += found.low <= truth.shares["weak"].value <= found.high
    assert held >= 52  # 57 expected; fewer than 52 of 60 has a chance of one in a hundred


def test_who_comes_first_can_be_asked_among_some() -> None:
    good, drivers, cluster = data()
    found = relative_importance(counted(good, drivers, cluster), GROUPS)
    assert found.first_among("strong", NAMES) > 0.9
    assert found.first_among("weak", ("weak", "pair")) < 0.2
    assert found.first_among("weak", ("weak",)) == 1.0


def test_the_same_data_give_the_same_numbers() -> None:
    cells = counted(*data())
    one, other = (relative_importance(cells, GROUPS) for _ in range(2))
    assert one.shares == other.shares
