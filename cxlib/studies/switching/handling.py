"""Whether it matters how a complaint, and how the very first request, was handled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.studies.switching.compare import Comparison, compared_with, plainly
from cxlib.studies.switching.data import FIRST_CONTACTS, SEVERITIES, Data, Episodes, tenure_band

SAME_PROBLEM = ("severity", "tier", "tenure")
"""What a complaint handled badly and one handled well must share to be compared."""


@dataclass(frozen=True)
class Recovery:
    """Complaints two weeks on, of customers who were still there.

    Attributes
    ----------
    well, badly : Comparison
        Complaints handled well or badly beside like customers without a complaint.
    badly_against_well, plainly : Comparison
        Complaints handled badly beside those handled well: within severity, class and length of stay, and as they are.
    """

    well: Comparison
    badly: Comparison
    badly_against_well: Comparison
    plainly: Comparison


def recovery(told: Episodes) -> Recovery:
    """Compare complaints by how they stood two weeks on, from that moment on."""
    cases = _from_judgement(told.cases)
    well, badly = cases[cases["handled_well"] == 1], cases[cases["handled_well"] == 0]
    return Recovery(
        compared_with(well, told.stretches),
        compared_with(badly, told.stretches),
        _beside(badly, well),
        plainly(badly, well),
    )


@dataclass(frozen=True)
class FirstContact:
    """First requests handled badly beside those handled well: like ones, and all of them."""

    adjusted: Comparison
    plainly: Comparison


def first_contact(data: Data) -> FirstContact:
    """Compare customers by how their first request was handled.

    Only customers whose beginning lies after the first ticket of all count: of others the first request is not known.
    A customer who asked while trying the product is followed from the first payment.
    """
    contacts = data.frame(FIRST_CONTACTS, handling=data.book.engine.fact("ticket_handling"))
    spells = data.spells[(data.spells["spell"] == 1) & (data.spells["started"] >= data.seen_from["tickets"])]
    cases = contacts.merge(spells, on="customer").assign(followed_until=lambda frame: frame["ends"])
    cases["judged"] = np.maximum(cases["judged"], cases["started"])
    rank = cases["severity"].map({name: place for place, name in enumerate(SEVERITIES, 1)}).astype(float)
    complains = cases["is_complaint"].to_numpy(bool)
    cases["severity"] = np.where(complains & rank.isna(), -1.0, rank.fillna(0.0))
    cases = _from_judgement(cases.assign(handled_well=cases["handled_well"].astype(float)))
    well, badly = cases[cases["handled_well"] == 1], cases[cases["handled_well"] == 0]
    return FirstContact(_beside(badly, well), plainly(badly, well))


def _from_judgement(cases: pd.DataFrame) -> pd.DataFrame:
    """Follow cases from when they are judged; who has left by then is not asked about."""
    here = cases[cases["handled_well"].notna() & (cases["judged"] < cases["followed_until"])]
    here = here[here["begins"] <= here["judged"]]
    return here.assign(at=here["judged"], tenure=tenure_band(here["judged"] - here["started"]))


def _beside(cases: pd.DataFrame, others: pd.DataFrame) -> Comparison:
    """Compare two groups within the same problem whatever the date, each followed on its own clock."""
    mine, theirs = (
        frame.assign(at=0.0, followed_until=frame["followed_until"] - frame["at"]) for frame in (cases, others)
    )
    return compared_with(mine, theirs.assign(begins=-np.inf, ends=np.inf, next=np.inf), strata=SAME_PROBLEM)
