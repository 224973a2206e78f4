"""The follow-up drawn by lot: who was to be called, who was not, and who left."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from cxlib.estimate import ALPHA, Estimate, difference
from cxlib.models.binary import hidden_if_few
from cxlib.models.incidence import STILL, WANTED, Durations, durations, incidence
from cxlib.models.kept import Gain, Kept, gain, kept
from cxlib.studies.return_on_investment.data import seconds

HORIZON = 180
"""Days after the draw."""
HORIZON_MONTHS = 6
WORTH = 0.25
"""A fall of leaving by less than this part is taken as not worth looking for."""
POWER = 0.8
DAY = 86_400
FEWEST = 5


@dataclass(frozen=True)
class Trial:
    """What came of the draw.

    Attributes
    ----------
    treated, control : Estimate
        Shares that left within the horizon.
    effect : Estimate
        Treated less control; NaN where either cannot be told.
    needed : int
        Customers in each arm with which a fall by `WORTH` would be seen in four of five trials; 0 if not known.
    pace : float
        Customers drawn a month, both arms together.
    gain : Gain or None
        Months of revenue kept by a draw for the call, over `HORIZON_MONTHS`.
    mean_mrr : float
        Mean monthly revenue of those drawn for the call.
    curves : DataFrame
        `series, x, value, low, high`: share that had left by days since the draw, for either arm.
    """

    treated: Estimate
    control: Estimate
    effect: Estimate
    needed: int
    pace: float
    gain: Gain | None
    mean_mrr: float
    curves: pd.DataFrame


def arms(rows: pd.DataFrame, cut: int) -> dict[str, Durations]:
    """Return days from the draw to the end, censored at the cut, by arm; draws after the cut did not happen yet."""
    drawn = seconds(rows["assigned_at"])
    ended = seconds(rows["ended_at"])
    days = (np.minimum(ended, cut) - drawn) / DAY
    end = np.where(ended <= cut, WANTED, STILL)
    who = rows["customer_id"].to_numpy(object)
    return {
        arm: durations(days[here], end[here], who[here])
        for arm in ("treated", "control")
        if (here := (rows["arm"] == arm).to_numpy(bool) & (drawn < cut)).any()
    }


def effect(by_arm: dict[str, Durations]) -> tuple[Estimate, Estimate, Estimate]:
    """Return the shares that left within the horizon, treated and control, and their difference.

    All who were drawn for the call count as treated, reached or not.
    """
    nobody = Estimate.unknown(0, "share")
    treated, control = (
        incidence(by_arm[arm], [HORIZON])[0] if arm in by_arm else nobody for arm in ("treated", "control")
    )
    gap = difference(treated, control)
    method = "difference of two Kaplan-Meier shares, limits put together from theirs"
    return treated, control, hidden_if_few(replace(gap, unit="share difference", method=method))


def run_trial(rows: pd.DataFrame, cut: int) -> Trial | None:
    """Return what came of the draw; None where nobody was drawn for one of the arms."""
    by_arm = arms(rows, cut)
    if len(by_arm) < 2:
        return None
    treated, control, gap = effect(by_arm)
    drawn = seconds(rows["assigned_at"])
    months = max((cut - int(drawn.min())) / (DAY * 30.4375), 1.0)
    return Trial(
        treated,
        control,
        gap,
        needed(control.value),
        len(rows) / months,
        _gain(rows, cut),
        float(rows.loc[rows["arm"] == "treated", "mrr"].mean()),
        _curves(by_arm),
    )


def _curves(by_arm: dict[str, Durations]) -> pd.DataFrame:
    days = np.arange(0, HORIZON + 1, 15)
    lines = [
        (series, int(day), found.value, found.low, found.high)
        for arm, series in (("treated", "Drawn for a call"), ("control", "Drawn for none"))
        for day, found in zip(days, incidence(by_arm[arm], days), strict=True)
        if found.is_known
    ]
    return pd.DataFrame(lines, columns=["series", "x", "value", "low", "high"])


def needed(share: float, worth: float = WORTH) -> int:
    """Return how many customers each arm needs to see a share fall by a part of it; 0 where there is no share.

    Two-sided at 5 %, power 80 %: Cohen (1988), *Statistical Power Analysis*, chapter 6, as in statsmodels.
    """
    if not 0 < share < 1:
        return 0
    size = abs(float(proportion_effectsize(share * (1 - worth), share)))
    return int(np.ceil(NormalIndPower().solve_power(effect_size=size, power=POWER, alpha=ALPHA)))


def _gain(rows: pd.DataFrame, cut: int) -> Gain | None:
    def of(arm: str) -> Kept:
        here = rows[rows["arm"] == arm]
        drawn = seconds(here["assigned_at"])
        return kept(drawn, seconds(here["ended_at"]), drawn, cut, here["mrr"].to_numpy(float), HORIZON_MONTHS)

    tables = of("treated"), of("control")
    if min(table.at_risk.min() for table in tables) < FEWEST:
        return None
    return gain(*tables, HORIZON_MONTHS)


def narrowing(rows: pd.DataFrame, cut: int) -> pd.DataFrame:
    """Return how the interval of the effect narrowed with each month of the trial: `months, half`."""
    first = int(seconds(rows["assigned_at"]).min())
    month = DAY * 30.4375
    found = []
    for months in range(HORIZON_MONTHS + 1, int((cut - first) / month) + 1):
        gap = effect(arms(rows, round(first + months * month)))[2]
        if gap.is_known and np.isfinite(gap.high - gap.low):
            found.append((months, (gap.high - gap.low) / 2))
    return pd.DataFrame(found, columns=["months", "half"], dtype=float)
