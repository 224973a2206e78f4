"""What a contact centre's 17,182 ratings say of speed: the published table, and what its definition decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cxlib.estimate import Estimate
from cxlib.notebook import Study, run
from examples.conftest import ROOT, Example, Import

MONTH = "2023-08"


@pytest.fixture(scope="session")
def example(imported: Import) -> Example:
    return imported("shopzilla_csat")


@pytest.fixture(scope="session")
def found(example: Example) -> Study:
    book = example.book(MONTH)
    with book.engine:
        return run(ROOT / "notebooks" / "speed_and_satisfaction.ipynb", book)


def test_satisfaction_by_wait_is_the_published_table(found: Study) -> None:
    bands = found.exhibits["bands"].frame
    shown = (100 * bands.loc[bands["n"] >= 30, "value"]).round(1).tolist()
    assert shown == [89.5, 82.0, 75.5, 74.7, 73.1, 57.4]
    assert bands["n"].sum() == 16_481


def test_rank_correlation_is_the_published_one(found: Study) -> None:
    rho = found.finding("speed-bands").values["rank_correlation"]
    assert rho.value == pytest.approx(-0.19, abs=0.005)  # type: ignore[union-attr]


def test_plain_slope_is_that_of_the_file(example: Example, found: Study) -> None:
    rows = example.rows("tickets")
    minutes = (rows["first_public_reply_at"] - rows["created_at"]).dt.total_seconds() / 60
    known = minutes.notna()
    halvings = -np.log2(np.maximum(minutes[known], 1))
    good = (rows["satisfaction"][known] == "good").astype(float)
    plain = found.finding("speed-issue-mix").estimate
    assert plain is not None
    assert plain.value == pytest.approx(np.polyfit(halvings, good, 1)[0])
    assert plain.n == 16_481


def test_answer_is_the_slope_among_contacts_that_are_alike(example: Example, found: Study) -> None:
    rows = example.rows("tickets")
    minutes = (rows["first_public_reply_at"] - rows["created_at"]).dt.total_seconds() / 60
    asked = rows["created_at"]
    part = pd.Series(np.where(asked.dt.day_of_week < 5, "week", "end")) + (asked.dt.hour // 6).astype(str)
    frame = pd.DataFrame(
        {
            "x": -np.log2(np.maximum(minutes, 1)),
            "y": (rows["satisfaction"] == "good").astype(float),
            "alike": rows["topic"].astype(str) + "|" + rows["channel"].astype(str) + "|" + part,
        }
    )[minutes.notna()]
    dx, dy = (frame[name] - frame.groupby("alike")[name].transform("mean") for name in ("x", "y"))
    effect = found.finding("speed-matters")
    assert effect.estimate is not None
    assert effect.estimate.value == pytest.approx((dx * dy).sum() / (dx * dx).sum())
    assert effect.verdict == "supported"
    assert effect.estimate.low > 0.02


def test_first_place_is_not_given_while_rivals_are_not_in_the_file(found: Study) -> None:
    first = found.finding("speed-most-important")
    assert first.verdict == "cannot-tell"
    assert first.estimate is not None
    assert first.estimate.value > 0.6


def test_what_the_definition_decides_is_said(found: Study) -> None:
    top = found.finding("speed-definition").values["top"]
    assert isinstance(top, Estimate)
    assert top.low > 0.02
    assert found.finding("speed-proportional").values["outcome"] == "satisfied or not"
    assert found.finding("everyday-channels").values["channels"] == "none"
    assert any("takes more customers who rated two contacts" in reason for reason in found.untold)
    assert any("the tickets for which a rating was asked and not given" in reason for reason in found.untold)
    for name in ("friendliness-matters", "known-customer-matters", "known-customer-share"):
        assert found.finding(name).verdict == "cannot-tell"
