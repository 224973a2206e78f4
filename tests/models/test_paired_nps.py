"""The same customers in two waves: against published tables, a formula by hand and a simulated truth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cxlib.errors import UntoldError
from cxlib.language import Language
from cxlib.models.paired_nps import (
    answered_again,
    change_of_all,
    change_of_the_same,
    moves,
    p_values_of_moves,
    two_waves,
)
from cxlib.period import Month
from cxlib.workbook import Workbook
from desk import Desk

# Stuart (1955), Biometrika 42: unaided vision of 7,477 women, right eye by left eye
VISION = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]


def test_moves_against_stuart_1955() -> None:
    """Chi squares of 11.96 (3 degrees) and 19.11 (6), as textbooks print them since: Agresti (2013), section 11.4."""
    equal_shares, equal_flows = p_values_of_moves(VISION)
    assert equal_shares.value == pytest.approx(0.0075, abs=5e-5)
    assert equal_flows.value == pytest.approx(0.0040, abs=5e-5)


def test_two_classes_are_mcnemar() -> None:
    """5 against 15 that moved: chi square 10² / 20 = 5 with one degree."""
    values = [one.value for one in p_values_of_moves([[30, 5], [15, 20]])]
    assert values == pytest.approx([0.02535, 0.02535], abs=1e-5)
    with_nobody = [[30, 0, 5], [0, 0, 0], [15, 0, 20]]
    assert p_values_of_moves(with_nobody) == p_values_of_moves([[30, 5], [15, 20]])


def test_where_nobody_moved_there_is_no_test() -> None:
    with pytest.raises(UntoldError, match="not both in the same way"):
        p_values_of_moves([[5, 0, 0], [0, 3, 0], [0, 0, 9]])


def test_paired_shares_against_bonett_and_price_2012() -> None:
    """Of 30 two moved down and eight up: shares 3/32 and 9/32 with one added to each; Student's t of 29 for 1.96."""
    first = np.r_[np.zeros(8), np.ones(2), np.ones(20)]
    second = np.r_[np.ones(8), np.zeros(2), np.ones(20)]
    found = change_of_the_same(first, second)
    up, down = 9 / 32, 3 / 32
    half = 2.04523 * np.sqrt((up + down - (up - down) ** 2) / 32)
    assert found.value == pytest.approx(20)
    assert (found.low, found.high) == pytest.approx((100 * (up - down - half), 100 * (up - down + half)), abs=1e-3)


def test_nobody_who_moved_is_no_certainty() -> None:
    found = change_of_the_same(np.ones(40), np.ones(40))
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert 5 < found.high < 10


def test_few_are_hidden() -> None:
    four = pd.Series([1.0, 0, -1, 1])
    assert change_of_the_same(four, four).flags == ("suppressed",)
    assert np.isnan(change_of_all(four, four).value)
    assert np.isnan(answered_again(four, four)["Promoters"].value)
    assert change_of_the_same(pd.Series(dtype=float), pd.Series(dtype=float)).n == 0


def _company(rng: np.random.Generator, people: int = 300) -> tuple[pd.Series, pd.Series]:
    """Customers who do not change their mind on average; detractors answer again half as often as promoters."""
    mind = rng.choice([-1.0, 0, 1], people, p=[0.3, 0.3, 0.4])
    later = np.where(rng.random(people) < 0.8, mind, rng.choice([-1.0, 0, 1], people, p=[0.3, 0.3, 0.4]))
    again = rng.random(people) < np.array([0.3, 0.45, 0.6])[mind.astype(int) + 1]
    return pd.Series(mind), pd.Series(np.where(again, later, np.nan))


def test_attrition_moves_the_score_of_all_and_not_that_of_the_same() -> None:
    rng, same, everybody, apart = np.random.default_rng(7), 0, 0, []
    # of those who answer again P(D, passive, P) is as .3*.3, .3*.45, .4*.6; a fifth of them are drawn anew
    mean = (0.24 - 0.09) / (0.24 + 0.135 + 0.09)
    truth_same = 0.2 * (10 - 100 * mean)
    truth_all = 100 * (0.8 * mean + 0.2 * 0.1) - 10
    for _ in range(400):
        first, second = _company(rng)
        one, all_of_them = change_of_the_same(first, second), change_of_all(first, second)
        same += one.low <= truth_same <= one.high
        everybody += all_of_them.low <= truth_all <= all_of_them.high
        apart.append(all_of_them.value - one.value)
    assert same / 400 == pytest.approx(0.95, abs=0.03)
    assert everybody / 400 == pytest.approx(0.95, abs=0.03)
    assert np.mean(apart) == pytest.approx(truth_all - truth_same, abs=1)
    assert truth_all > 15 > 0 > truth_same


def test_paired_is_narrower_than_apart() -> None:
    first, second = _company(np.random.default_rng(1), 2000)
    both = second.notna()
    paired = change_of_the_same(first, second)
    values = [first[both].to_numpy(), second[both].to_numpy()]
    apart = 100 * 1.96 * np.sqrt(sum(one.var() / both.sum() for one in values))
    assert paired.high - paired.low < 0.8 * 2 * apart


def test_waves_are_read_from_the_answers(desk: Callable[..., Desk]) -> None:
    def answer(number: int, who: str, wave: str, score: float, when: str, **more: object) -> dict[str, object]:
        usual = {"instrument": "nps", "survey": "relationship", "question": "", "scale_min": 0, "scale_max": 10}
        given = {"answer_id": f"a{number}", "customer_id": who, "wave": wave, "score": score, "completed_at": when}
        return usual | given | more

    rows = [
        answer(1, "a", "1", 9, "2026-01-05"),
        answer(2, "a", "2", 3, "2026-03-05"),
        answer(3, "b", "1", 8, "2026-01-06"),
        answer(4, "c", "2", 10, "2026-03-06"),
        answer(5, "c", "2", 7, "2026-03-07"),  # twice: promoter and passive, the mean is rounded to promoter
        answer(6, "a", "3", 9, "2026-05-05"),  # after the report's month
        answer(7, "b", "2", 9, "2026-03-05", survey="touchpoints"),
        answer(8, "b", "2", 2, "2026-03-05", instrument="csat"),
    ]
    laid = desk("2026-06-01", survey_answers=rows, customers=[{"customer_id": name} for name in "abc"])
    book = Workbook(laid, Month.parse("2026-04"), Language("en"))
    first, second = two_waves(book, "relationship")
    assert (first.name, second.name) == ("1", "2")
    assert first.fillna(9).to_dict() == {"a": 1, "b": 0, "c": 9}
    assert second.fillna(9).to_dict() == {"a": -1, "b": 9, "c": 1}
    assert moves(first, second).to_numpy().tolist() == [[0, 0, 0], [0, 0, 0], [1, 0, 0]]
    assert {name: one.n for name, one in answered_again(first, second).items()} == {"Passives": 1, "Promoters": 1}
    with pytest.raises(UntoldError, match="two waves"):
        two_waves(book, "touchpoints")
