"""E-values against the published examples."""

from __future__ import annotations

import math

import pytest

from cxlib.errors import MeasureError
from cxlib.models.binary import e_value


def test_the_example_of_the_paper() -> None:
    """VanderWeele and Ding (2017): 3.9 (1.8 to 8.7), formula feeding and infant deaths, gives 7.26 and 3.0."""
    assert e_value(3.9, 1.8, 8.7) == pytest.approx((7.26, 3.0), abs=0.005)


def test_smoking_and_lung_cancer() -> None:
    """The EValue package's vignette: 10.73 (8.02 to 14.36) gives 20.94777 and 15.52336."""
    assert e_value(10.73, 8.02, 14.36) == pytest.approx((20.94777, 15.52336), abs=5e-6)


def test_a_protective_ratio_is_turned_round() -> None:
    assert e_value(0.8, 0.71, 0.91) == pytest.approx(e_value(1.25, 1 / 0.91, 1 / 0.71))


@pytest.mark.parametrize("limits", [(0.9, 1.4), (1.0, 1.4), (0.0, math.inf)])
def test_nothing_is_needed_where_the_interval_holds_no_effect(limits: tuple[float, float]) -> None:
    assert e_value(1.2, *limits)[1] == 1


def test_no_effect_needs_nothing() -> None:
    assert e_value(1.0, 0.9, 1.1)[0] == 1


def test_the_cause_it_names_is_just_strong_enough() -> None:
    """Ding and VanderWeele's (2016) bounding factor at the E-value equals the ratio itself."""
    for ratio in (1.1, 2.0, 7.5):
        strength, _ = e_value(ratio, 1.0, math.inf)
        assert strength * strength / (2 * strength - 1) == pytest.approx(ratio)


@pytest.mark.parametrize("wrong", [(0.0, 0.0, 1.0), (2.0, 2.5, 3.0), (math.nan, 1.0, 2.0), (-1.0, -2.0, 0.5)])
def test_what_is_no_risk_ratio_is_refused(wrong: tuple[float, float, float]) -> None:
    with pytest.raises(MeasureError, match="an E-value needs a positive risk ratio between its limits, not"):
        e_value(*wrong)
