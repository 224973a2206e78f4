"""What those who answer say, beside what all customers would have said."""

from __future__ import annotations

import pytest

from company.world import World
from cxlib.language import Language
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.studies.survey_silence import left_open
from cxlib.workbook import Workbook


@pytest.mark.parametrize("month", ["2025-04", "2025-10", "2026-04", "2026-10"])
def test_in_the_sample_weights_go_towards_all_customers_and_the_bounds_hold_them(
    sample: Snapshot, world: World, month: str
) -> None:
    """Contented customers answer more readily than others who look alike, so weights go only a part of the way."""
    waves = world.surveys[(world.surveys["survey"] == "relationship") & world.surveys["delivered"]]
    scores = waves.loc[waves["wave"].astype(str) == month, "potential_score"]
    truth = 100 * float((scores >= 9).mean() - (scores <= 6).mean())
    found = left_open(Workbook(sample, Month.parse(month), Language()), "nps_relationship")
    assert truth < found["weighted"].value < found["said"].value
    assert found["lowest"].value < truth < found["highest"].value
    assert (found["month"], found["answered"].n) == (Month.parse(month), len(scores))
