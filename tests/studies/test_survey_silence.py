"""What silence leaves open of a score, against companies whose silent customers are known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cxlib.errors import UntoldError
from cxlib.language import Language
from cxlib.period import Month
from cxlib.studies.survey_silence import left_open
from cxlib.workbook import Workbook

Lay = Callable[..., Any]
OCTOBER = Month(2026, 10)


def survey(seed: int, asked: int, says: Callable[[np.random.Generator, str], int], answers: dict[str, float]) -> Any:
    """Return tables of a round in which customers of two tiers answer with a chance each, and what all would say."""
    rng = np.random.default_rng(seed)
    tier = rng.choice(["big", "small"], asked)
    score = [says(rng, one) for one in tier]
    given = rng.random(asked) < [answers[one] for one in tier]
    base = {"survey": "s", "instrument": "nps"}
    tables = {
        "customers": [{"customer_id": f"c{k}", "tier": one} for k, one in enumerate(tier)],
        "survey_invites": [
            {"invite_id": f"i{k}", "customer_id": f"c{k}", "sent_at": "2026-10-05", **base} for k in range(asked)
        ],
        "survey_answers": [
            {
                "answer_id": f"a{k}",
                "invite_id": f"i{k}",
                "customer_id": f"c{k}",
                "score": score[k],
                "scale_min": 0,
                "scale_max": 10,
                "completed_at": "2026-10-08",
                **base,
            }
            for k in np.flatnonzero(given)
        ],
    }
    return tables, 100 * float(np.mean([(one >= 9) - (one <= 6) for one in score])), given


def by_tier(rng: np.random.Generator, tier: str) -> int:
    return int(rng.choice([10, 8, 3], p=[0.7, 0.2, 0.1] if tier == "big" else [0.2, 0.3, 0.5]))


def test_weights_take_away_what_goes_with_what_is_known(desk: Lay) -> None:
    said, weighted, truths, held = [], [], [], []
    for seed in range(6):
        tables, truth, given = survey(seed, 600, by_tier, {"big": 0.6, "small": 0.2})
        found = left_open(
            Workbook(desk("2026-11-09", folder=str(seed), **tables), OCTOBER, Language()), "nps_relationship"
        )
        assert found["answered"].value == pytest.approx(given.mean())
        said.append(found["said"].value - truth)
        weighted.append(found["weighted"].value - truth)
        truths.append(found["lowest"].value <= truth <= found["highest"].value)
        held.append(found["weighted"].low <= truth <= found["weighted"].high)
    assert np.mean(said) > 15  # those who answered look that much better than all
    assert abs(np.mean(weighted)) < 4  # a sixth company's standard error is about five
    assert all(truths)
    assert sum(held) >= 5


def test_bounds_are_those_of_all_who_were_silent(desk: Lay) -> None:
    # 4 promoters, 1 passive and 3 detractors of 20 invited: between (4 - 3 - 12) and (4 - 3 + 12) of 20
    tables, _, _ = survey(1, 20, by_tier, {"big": 0, "small": 0})
    scores = [10, 10, 9, 9, 8, 0, 3, 6]
    answer = {"survey": "s", "instrument": "nps", "scale_min": 0, "scale_max": 10, "completed_at": "2026-10-08"}
    tables["survey_answers"] = [
        {"answer_id": f"a{k}", "invite_id": f"i{k}", "customer_id": f"c{k}", "score": score, **answer}
        for k, score in enumerate(scores)
    ]
    found = left_open(Workbook(desk("2026-11-09", **tables), OCTOBER, Language()), "nps_relationship")
    assert (found["lowest"].value, found["highest"].value) == pytest.approx((-55, 65))
    assert (found["answered"].value, found["answered"].n) == (0.4, 20)
    assert found["said"].value == pytest.approx(12.5)
    assert found["per_ten"].value == pytest.approx(6)  # ten points off twelve of twenty


def test_it_speaks_of_the_last_round_of_the_year(desk: Lay) -> None:
    tables, _, _ = survey(2, 60, by_tier, {"big": 0.5, "small": 0.5})
    snapshot = desk("2027-12-09", **tables)
    assert left_open(Workbook(snapshot, Month(2027, 3), Language()), "nps_relationship")["month"] == OCTOBER
    with pytest.raises(UntoldError, match="everyone invited to recommend"):
        left_open(Workbook(snapshot, Month(2027, 10), Language()), "nps_relationship")


@pytest.mark.parametrize("missing", ["survey_invites", "survey_answers"])
def test_without_invitations_or_answers_it_says_what_would_tell(desk: Lay, missing: str) -> None:
    tables, _, _ = survey(3, 60, by_tier, {"big": 0.5, "small": 0.5})
    del tables[missing]
    with pytest.raises(UntoldError, match="everyone invited to recommend, with the invitation that each answer came"):
        left_open(Workbook(desk("2026-11-09", **tables), OCTOBER, Language()), "nps_relationship")
