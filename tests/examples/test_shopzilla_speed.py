"""What a contact centre's 17,182 ratings say of speed: the published table, and what its definition decides."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from cxlib.exhibits.said import sentence

from cxlib.language import Language
from cxlib.studies import Study, run_study
from cxlib.studies.evidence import Forest
from examples.conftest import Example, Import

MONTH = "2023-08"


@pytest.fixture(scope="session")
def example(imported: Import) -> Example:
    return imported("shopzilla_csat")


@pytest.fixture(scope="session")
def found(example: Example) -> Study:
    book = example.book(MONTH)
    with book.engine:
        return run_study(book, "speed_and_satisfaction")


def said(study: Study, name: str) -> str:
    return sentence(Language(), study.finding(name))


def test_satisfaction_by_wait_is_the_published_table(found: Study) -> None:
    bands = found.evidence["bands"]
    assert isinstance(bands, Forest)
    shown = [(round(100 * row.estimate.value, 1)) for row in bands.rows if row.estimate.n >= 30]
    assert shown == [89.5, 82.0, 75.5, 74.7, 73.1, 57.4]
    lost = {"reply time not known"}
    assert sum(row.estimate.n for row in bands.rows if row.label not in lost) == 16_481


def test_rank_correlation_is_the_published_one(found: Study) -> None:
    assert "have a rank correlation of −0.19" in said(found, "speed-bands")


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
    assert "so speed cannot be called the first" in said(found, "speed-most-important")
    assert first.estimate is not None
    assert first.estimate.value > 0.6


def test_what_the_definition_decides_is_said(found: Study) -> None:
    assert "Only contacts that were rated are in the export" in said(found, "speed-who-rates")
    assert "Were only the highest score to count as satisfied" in said(found, "speed-definition")
    assert "do not move all steps of the score alike" in said(found, "speed-proportional")
    assert said(found, "everyday-channels").startswith("None of the contacts came through an everyday channel")
    assert "Too few customers rated two contacts" in said(found, "speed-earlier-rating")
    for name in ("friendliness-matters", "known-customer-matters", "known-customer-share"):
        assert found.finding(name).verdict == "cannot-tell"
