"""Fixed effects against a regression with a dummy for every effect, growth against the same thing written plainly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cxlib.errors import MeasureError
from cxlib.models.within import paired_growth, two_way


def panel(units: int = 30, times: int = 8, slope: float = 0.6, seed: int = 1) -> pd.DataFrame:
    """Return an unbalanced panel whose x is confounded with unit and time, and whose errors hang together in a unit."""
    rng = np.random.default_rng(seed)
    unit, time = (part.ravel() for part in np.meshgrid(np.arange(units), np.arange(times), indexing="ij"))
    level, wave = rng.normal(0, 2, units), rng.normal(0, 2, times)
    x = level[unit] + wave[time] + rng.normal(size=len(unit))
    shock = np.cumsum(rng.normal(0, 0.3, (units, times)), axis=1).ravel()
    y = slope * x + 3 * level[unit] - 2 * wave[time] + shock + rng.normal(0, 0.5, len(unit))
    kept = rng.random(len(unit)) < 0.85
    return pd.DataFrame({"y": y, "x": x, "unit": unit, "time": time, "weight": rng.uniform(1, 5, len(unit))})[kept]


def test_slope_and_error_are_those_with_all_dummies() -> None:
    rows = panel()
    found = two_way(rows["y"], {"x": rows["x"]}, rows["unit"], rows["time"], rows["weight"])["x"]
    units, times = (pd.get_dummies(rows[name], drop_first=True, dtype=float) for name in ("unit", "time"))
    design = np.column_stack([rows["x"], np.ones(len(rows)), units, times])
    fit = sm.WLS(rows["y"].to_numpy(), design, rows["weight"]).fit(
        cov_type="cluster", cov_kwds={"groups": rows["unit"].to_numpy()}, use_t=True
    )
    assert found.value == pytest.approx(fit.params[0])
    # units nest in clusters, so their effects cost no degrees of freedom
    spent = (len(rows) - design.shape[1]) / (len(rows) - 1 - times.shape[1])
    half = (fit.conf_int()[0, 1] - fit.params[0]) * np.sqrt(spent)
    assert found.high - found.value == pytest.approx(half, rel=1e-9)
    assert found.n == len(rows)
    assert found.flags == ()


def test_errors_of_a_cluster_that_lies_across_units_hang_together() -> None:
    """Months as units, customers as clusters: the slope of statsmodels with a dummy a month, its errors by customer."""
    rows = panel()
    found = two_way(rows["y"], {"x": rows["x"]}, rows["time"], cluster=rows["unit"])["x"]
    months = pd.get_dummies(rows["time"], drop_first=True, dtype=float)
    design = np.column_stack([rows["x"], np.ones(len(rows)), months])
    fit = sm.OLS(rows["y"].to_numpy(), design).fit(
        cov_type="cluster", cov_kwds={"groups": rows["unit"].to_numpy()}, use_t=True
    )
    assert found.value == pytest.approx(fit.params[0])
    # the effects of the units are not counted as spent: nothing where a unit has many rows
    spent = (len(rows) - design.shape[1]) / (len(rows) - 1)
    half = (fit.conf_int()[0, 1] - fit.params[0]) * np.sqrt(spent)
    assert found.high - found.value == pytest.approx(half, rel=1e-9)


def test_a_plain_regression_would_be_wrong() -> None:
    rows = panel(units=200)
    plain = np.polyfit(rows["x"], rows["y"], 1)[0]
    found = two_way(rows["y"], {"x": rows["x"]}, rows["unit"], rows["time"])["x"]
    assert abs(plain - 0.6) > 0.15
    assert found.low < 0.6 < found.high


def test_the_interval_holds_the_truth() -> None:
    held = 0
    for seed in range(300):
        rows = panel(seed=seed)
        found = two_way(rows["y"], {"x": rows["x"]}, rows["unit"], rows["time"])["x"]
        held += found.low <= 0.6 <= found.high
    assert held >= 270  # 1 in 1,000 falls below with 95 %, and sandwich errors come out a little small


def test_several_regressors() -> None:
    rows = panel(units=60).assign(other=lambda frame: np.random.default_rng(2).normal(size=len(frame)))
    found = two_way(rows["y"] - 2 * rows["other"], {"x": rows["x"], "other": rows["other"]}, rows["unit"], rows["time"])
    assert found["other"].value == pytest.approx(-2, abs=0.2)
    assert found["x"].value == pytest.approx(0.6, abs=0.2)


def test_few_units_are_flagged_and_fewer_not_told() -> None:
    rows = panel(units=10)
    assert two_way(rows["y"], {"x": rows["x"]}, rows["unit"], rows["time"])["x"].flags == ("few-clusters",)
    rows = panel(units=2)
    none = two_way(rows["y"], {"x": rows["x"]}, rows["unit"], rows["time"])["x"]
    assert not none.is_known
    assert none.flags == ("no-data",)


def test_what_the_effects_take_up_is_not_told() -> None:
    rows = panel()
    assert not two_way(rows["y"], {"x": rows["unit"] * 2.0}, rows["unit"], rows["time"])["x"].is_known
    assert not two_way(rows["y"], {"x": rows["time"] * 2.0}, rows["unit"], rows["time"])["x"].is_known
    assert not two_way([], {"x": []}, [])["x"].is_known


def test_rows_without_a_number_are_refused() -> None:
    with pytest.raises(MeasureError, match="1 of 3 rows hold no number: leave them out, and say how many they are"):
        two_way([1, 2, np.nan], {"x": [1, 2, 3]}, ["a", "a", "b"])


def test_growth_by_hand() -> None:
    """A goes from 10 to 14 and 14 to 12; B from 5 to 6; C is seen once. 3 more of 29, over two customers."""
    found = paired_growth([10, 14, 12, 5, 6, 100], ["A", "A", "A", "B", "B", "C"], [0, 1, 2, 0, 1, 1], 1)
    assert found.value == pytest.approx(3 / 29)
    assert found.units == 2
    # without A the ratio is 1 of 5, without B 2 of 24: the jackknife spreads what leaving one out moves
    moved = [3 / 29 - 1 / 5, 3 / 29 - 2 / 24]
    assert found.error == pytest.approx(np.sqrt(np.square(moved).sum() / 2), rel=1e-9)
    estimate = found.estimate()
    assert estimate.n == 2
    assert estimate.low < found.value < estimate.high


def test_few_large_units_count_as_few() -> None:
    even = paired_growth([1, 2] * 50, np.repeat(np.arange(50), 2), [0, 1] * 50, 1)
    assert even.freedom == pytest.approx(49)
    one_large = paired_growth([100, 101] + [1, 2] * 49, np.repeat(np.arange(50), 2), [0, 1] * 50, 1)
    assert one_large.freedom == 1
    alone = paired_growth([5, 6, 0, 1], [0, 0, 1, 1], [0, 1, 0, 1], 1)
    assert not alone.estimate().is_known


def test_survivors_do_not_look_like_growth() -> None:
    """Small customers leave, none grows: the mean of those still there rises, the growth is nothing."""
    rows = [("small", t, 1.0) for t in range(3)] + [("big", t, 9.0) for t in range(9)]
    unit, time, y = zip(*rows, strict=True)
    assert paired_growth(y, unit, time, 1).value == pytest.approx(0)
    assert np.polyfit(time, y, 1)[0] > 0.5


def test_growth_interval_holds_the_truth() -> None:
    """Customers of very unequal size that grow by 10 % on average."""
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        size = rng.lognormal(0, 1, 150)
        rate = rng.normal(0.10, 0.3, 150)
        y = np.column_stack([size, size * (1 + rate)]).ravel()
        found = paired_growth(y, np.repeat(np.arange(150), 2), np.tile([0, 1], 150), 1).estimate()
        held += found.low <= 0.10 <= found.high
    assert held >= 177  # unequal sizes cost a little of the 95 %


@pytest.mark.parametrize(
    ("y", "unit", "time"),
    [
        ([], [], []),
        ([1.0, 2.0], ["A", "A"], [0, 1]),
        ([1.0, 2.0], ["A", "B"], [0, 1]),
        ([-1.0, 2, -1, 2], ["A", "A", "B", "B"], [0, 1, 0, 1]),
    ],
)
def test_growth_that_cannot_be_told(y: list[float], unit: list[str], time: list[int]) -> None:
    found = paired_growth(y, unit, time, 1)
    assert np.isnan(found.value)
    assert not found.estimate().is_known
