"""Where the arithmetic is held against what happened: mix, a year foretold, segments by quarter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Estimate, Floats, proportion
from cxlib.models.panel import two_way
from cxlib.models.retention_curve import fit_sbg
from cxlib.studies.retention_and_profit.data import Company, grouped, whole_years
from cxlib.studies.retention_and_profit.value import DRAWS, FEWEST, FEWEST_LOST, SEED

FEWEST_OPENING = 5
"""Customers of a segment at the start of a quarter; smaller cells are left out."""


@dataclass(frozen=True)
class Mix:
    """How yearly retention moved from the year before to the last one.

    Attributes
    ----------
    before, after : Estimate
        Share of the customers of a year's first day who were still there on its last.
    change, by_mix, by_rate : Estimate
        The difference, and its two parts: other customers, and the same customers staying more or less.
    against : tuple of str
        Segments whose own retention moved the other way than the whole.
    """

    before: Estimate
    after: Estimate
    change: Estimate
    by_mix: Estimate
    by_rate: Estimate
    against: tuple[str, ...]


def mix_effect(company: Company) -> Mix | None:
    """Split the change of yearly retention into mix and rate; None where two years were not seen, or nothing splits.

    Kitagawa (1955), JASA 50: shares of the segments moved at mean retention, retention moved at mean shares.
    """
    cells = [_stayed(company, back) for back in (2.0, 1.0)]
    if not company.segment or any(cell is None for cell in cells):
        return None
    tables = [cell for cell in cells if cell is not None]
    names = sorted(set(tables[0].index) & set(tables[1].index))
    began = np.array([table.loc[names, "began"] for table in tables], dtype=float)
    stayed = np.array([table.loc[names, "stayed"] for table in tables], dtype=float)
    if len(names) < 2 or began.min() < FEWEST_OPENING or began.sum(axis=1).min() < FEWEST:
        return None
    rng = np.random.default_rng(SEED + 3)
    shares = np.stack([rng.dirichlet(row, DRAWS) for row in began], axis=1)
    rates = rng.beta(stayed + 0.5, began - stayed + 0.5, (DRAWS, *began.shape))
    drawn = _kitagawa(shares, rates)
    value = _kitagawa(began / began.sum(axis=1, keepdims=True), stayed / began)
    n = int(began.sum(axis=1).min())
    parts = [_drawn(float(one), many, n) for one, many in zip(value, drawn, strict=True)]
    whole = [_share(int(stayed[turn].sum()), int(began[turn].sum())) for turn in (0, 1)]
    moved = (stayed[1] / began[1] - stayed[0] / began[0]) * np.sign(float(value[2]))
    against = tuple(str(name) for name, by in zip(names, moved, strict=True) if by < 0)
    return Mix(whole[0], whole[1], parts[2], parts[0], parts[1], against)


def _kitagawa(shares: Floats, rates: Floats) -> tuple[Floats, Floats, Floats]:
    """Return mix, rate and whole from arrays of shape (..., 2, segments)."""
    mix = ((shares[..., 1, :] - shares[..., 0, :]) * rates.mean(axis=-2)).sum(axis=-1)
    rate = ((rates[..., 1, :] - rates[..., 0, :]) * shares.mean(axis=-2)).sum(axis=-1)
    return mix, rate, mix + rate


def _drawn(value: float, drawn: Floats, n: int) -> Estimate:
    low, high = np.quantile(drawn, [0.025, 0.975])
    method = "draws of shares and rates"
    return Estimate(value, min(float(low), value), max(float(high), value), n, "share difference", method)


def _share(part: int, whole: int) -> Estimate:
    value, low, high = (float(end[0]) for end in proportion([part], [whole]))
    return Estimate(value, low, high, whole, "share", "Wilson")


def _stayed(company: Company, back: float) -> pd.DataFrame | None:
    """Return by segment who was there so many years before the cut, seen from then on, and who stayed a year."""
    spells = company.spells
    then = spells["seen"] - back
    here = spells[(then >= 0) & (spells["years"] > then) & (spells["entry"] <= then)]
    if not company.segment or here.empty:
        return None
    gone = here["ended"] & (here["years"] <= here["seen"] - back + 1)
    return (
        pd.DataFrame({"name": here[company.segment], "stayed": ~gone})
        .groupby("name")
        .agg(began=("stayed", "size"), stayed=("stayed", "sum"))
    )


@dataclass(frozen=True)
class Foretold:
    """A year that was foretold from what was known at its beginning.

    Attributes
    ----------
    foretold : Estimate
        Share of the customers of its first day that should have stayed, with the error of curve and of chance.
    came : Estimate
        Share that did.
    """

    foretold: Estimate
    came: Estimate


def foretell(company: Company) -> Foretold | None:
    """Fit the curve to what was known a year before the cut and hold it against the year since."""
    spells = company.spells
    then = spells[spells["seen"] > 1]
    seen = then["seen"] - 1
    past = then.assign(seen=seen, ended=then["ended"] & (then["years"] < seen), years=np.minimum(then["years"], seen))
    known = grouped(whole_years(past[past["entry"] < past["seen"]]))
    here = then[(then["years"] > seen) & (then["entry"] <= seen)]
    lost = float(known.count[np.isfinite(known.by)].sum())
    if known.count.sum() < FEWEST or lost < FEWEST_LOST or len(here) < FEWEST:
        return None
    try:
        curve = fit_sbg(known)
    except MeasureError:
        return None
    age = (here["seen"] - 1).to_numpy(float)
    rng = np.random.default_rng(SEED + 4)
    alpha, beta, _ = curve.draws(rng, DRAWS)
    stay = 1 - alpha[:, None] / (alpha[:, None] + beta[:, None] + age)
    low, high = np.quantile((rng.random(stay.shape) < stay).mean(axis=1), [0.025, 0.975])
    value = float((1 - curve.alpha / (curve.alpha + curve.beta + age)).mean())
    foretold = Estimate(
        value, min(float(low), value), max(float(high), value), len(here), "share", "prediction interval"
    )
    gone = (here["ended"] & (here["years"] <= here["seen"] - 1 + 1)).sum()
    return Foretold(foretold, _share(len(here) - int(gone), len(here)))


@dataclass(frozen=True)
class Quarters:
    """Segments by quarter: whether more revenue stays where more customers stay.

    Attributes
    ----------
    same : Estimate
        Points of revenue kept per point of customers kept, in the same quarter.
    ahead : Estimate
        The same for the customers kept in the next quarter, which cannot have made this quarter's revenue.
    units, quarters : int
    """

    same: Estimate
    ahead: Estimate
    units: int
    quarters: int


def by_quarter(company: Company) -> Quarters | None:
    """Compare segments with themselves over quarters; None where there are too few of either."""
    cells = _cells(company)
    if cells.empty:
        return None
    cells = cells.sort_values(["unit", "quarter"])
    following = cells.groupby("unit")[["kept", "quarter"]].shift(-1)
    next_one = (following["quarter"] - cells["quarter"]) == 1
    both = cells.assign(ahead=following["kept"])[next_one]
    if cells["unit"].nunique() < 3 or both["quarter"].nunique() < 3 or cells["kept"].nunique() < 3:
        return None
    same = two_way(cells["brought"], {"kept": cells["kept"]}, cells["unit"], cells["quarter"], cells["opening"])["kept"]
    regressors = {"kept": both["kept"], "ahead": both["ahead"]}
    ahead = two_way(both["brought"], regressors, both["unit"], both["quarter"], both["opening"])["ahead"]
    if not (same.is_known and ahead.is_known):
        return None
    return Quarters(same, ahead, int(cells["unit"].nunique()), int(cells["quarter"].nunique()))


def _cells(company: Company) -> pd.DataFrame:
    """Return one row per segment and quarter: opening customers, share of them kept, and share of their revenue kept.

    A quarter is three months counted back from the report's; what its opening customers pay in its first month is
    held against what they pay in the first month after it, those who left paying nothing.
    """
    months = company.months
    empty = pd.DataFrame(columns=["unit", "quarter", "opening", "kept", "brought"])
    units = [name for name in ("region", "tier") if months[name].nunique() > 1]
    if months.empty or not units:
        return empty
    last = months["month"].max()
    back = (last.year - months["month"].dt.year) * 12 + last.month - months["month"].dt.month
    unit = months[units[0]].astype(str) + (" " + months[units[1]].astype(str) if len(units) > 1 else "")
    rows = months.assign(quarter=-(back // 3), unit=unit)[back % 3 == 0]
    rows = rows[["customer_id", "quarter", "unit", "revenue"]].drop_duplicates(["customer_id", "quarter"])
    later = rows[["customer_id", "quarter", "revenue"]].assign(quarter=rows["quarter"] - 1)
    pairs = rows.merge(later, on=["customer_id", "quarter"], how="left", suffixes=("", "_later"))
    pairs = pairs[pairs["quarter"] < 0]
    pairs = pairs.assign(stayed=pairs["revenue_later"].notna(), later=pairs["revenue_later"].fillna(0.0))
    sums = pairs.groupby(["unit", "quarter"], as_index=False).agg(
        opening=("stayed", "size"), kept=("stayed", "mean"), first=("revenue", "sum"), then=("later", "sum")
    )
    sums = pd.DataFrame(sums[(sums["opening"] >= FEWEST_OPENING) & (sums["first"] > 0)])
    return sums.assign(brought=sums["then"] / sums["first"]).reset_index(drop=True)


def present_ages(company: Company) -> Floats:
    """Return the years behind each customer that is there at the cut."""
    spells = company.spells
    return np.asarray(spells.loc[~spells["ended"], "years"], float)
