"""Whether it is easier to sell to a customer than to somebody new, and by how much."""

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate
from cxlib.finding import Quantity
from cxlib.models.binary import Standardised, share, share_ratio, standardised
from cxlib.models.incidence import OTHER, STILL, WANTED, durations, incidence
from cxlib.workbook import Workbook

FEWEST = 5

DEALS = """
SELECT *, CASE WHEN outcome = 'open' THEN seen_days ELSE decided_days END AS days FROM (
    SELECT opportunity_id, customer_id, motion, lead_source, tier, amount, created_at, party, decided_days,
        date_diff('second', created_at, $cut) / 86400.0 AS seen_days,
        CASE WHEN buyer <> 'existing' THEN buyer WHEN motion IS NULL THEN 'unclear' WHEN motion = 'renewal'
            THEN 'renewal' ELSE 'existing' END AS kind,
        CASE WHEN closed_at >= $cut THEN 'open' ELSE outcome END AS outcome,
        CASE WHEN closed_at < $cut AND outcome <> 'open' THEN closed_at END AS decided_at
    FROM opportunity WHERE created_at < $cut
) ORDER BY created_at, opportunity_id
"""
DECIDED_ON = "The day each was decided would tell how long it takes; without it an outcome counts in every month."
SOURCE = "Where each opportunity came from would tell, of customers and of new buyers."
WHY_NOT = {
    "": "More opportunities of both kinds, with where they came from and their size, would tell.",
    "too few": "Too few opportunities were won or lost to compare only those that are alike; more would tell.",
    "separated": "What is recorded tells won from lost without an exception; more opportunities would tell.",
    "one group": "Nothing that is recorded is shared by customers and new buyers; source and amount would tell.",
    "not converged": "The comparison of opportunities that are alike did not come to an end; more of them would tell.",
}


def read_deals(book: Workbook) -> pd.DataFrame:
    """Return all opportunities opened before the cut, as they stood then, one row each.

    `kind` is "existing", "new", "returned", "renewal" or "unclear" (a customer's, of no recorded motion); `seen_days`
    run from opening to the cut, `days` to the decision or the cut (NaN without a date), `entry` to just before the
    first decision of the export, as all of that instant (or day, without a clock) was seen.
    """
    untold(
        "An export of opportunities would tell: the outcome of each, when it was opened, and what the buyer was then.",
        not book.lacks("opportunities.buyer", "opportunities.outcome", "opportunities.created_at"),
    )
    deals = book.frame(DEALS)
    before = ((deals["decided_at"].min() - deals["created_at"]).dt.total_seconds() - 1) / 86_400
    return deals.assign(entry=before.clip(lower=0).fillna(0.0))


def won(deals: pd.DataFrame, needed: str = "") -> Estimate:
    """Return the share won, clustered by buyer; where `needed` says what would tell, untold with too few."""
    found = share(deals["outcome"] == "won", deals["party"])
    untold(needed, found.is_known or not needed)
    return found


def times_as_often(first: pd.DataFrame, second: pd.DataFrame) -> Estimate:
    """Return how many times as often the first opportunities are won as the second."""
    return share_ratio(first["outcome"] == "won", second["outcome"] == "won", first["party"], second["party"])


def hidden(times: Estimate) -> Quantity:
    """Return how many losses without a record, for each recorded opportunity, would make up for a ratio of shares."""
    return Quantity(max(times.value, 1 / times.value if times.value else np.inf) - 1, "ratio")


def lies(one: Estimate, low: float, high: float) -> str:
    """Return how an interval lies to a range, in words."""
    if low <= one.low and one.high <= high:
        return "wholly inside"
    return "wholly below" if one.high < low else "wholly above" if one.low > high else "partly inside"


def dated(deals: pd.DataFrame) -> pd.DataFrame:
    """Return the opportunities that can be followed over time; untold where no decision has a date."""
    untold(DECIDED_ON, deals["decided_at"].notna().any())
    return deals[deals["days"].notna()]


def won_by(followed: pd.DataFrame, days: int) -> dict[float, Estimate]:
    """Return the share won by days since opening, up to so many; open ones count for as long as they were seen."""
    end, x = followed["outcome"].map({"won": WANTED, "lost": OTHER, "open": STILL}), np.linspace(0.0, days, 61)
    cases = durations(followed["days"], end, followed["party"], followed["entry"])
    return incidence(cases, x)


def watched(followed: pd.DataFrame, days: int) -> tuple[int, Estimate, int, int]:
    """Return how many could be watched for so many days from their opening, and were won, lost and open at the end."""
    mine = followed[(followed["entry"] == 0) & (followed["seen_days"] >= days)]
    mine = mine.assign(outcome=mine["outcome"].where(mine["days"] <= days, "open"))
    lost, still = (int((mine["outcome"] == end).sum()) for end in ("lost", "open"))
    return len(mine), won(mine), lost, still


def middle_days(followed: pd.DataFrame) -> Quantity:
    """Return in how many days the middle one of those decided was decided."""
    days = followed["days"][followed["outcome"] != "open"]
    untold(DECIDED_ON, len(days) >= FEWEST)
    return Quantity(float(days.median()), "days")


def by_source(existing: pd.DataFrame, new: pd.DataFrame, most: int) -> dict[str, Estimate]:
    """Return how many times as often a sale to a customer succeeds, by source, the most frequent first."""
    sources = pd.concat([existing, new])["lead_source"].value_counts().index[:most]
    pairs = {str(one): [rows[rows["lead_source"] == one] for rows in (existing, new)] for one in sources}
    known = {one: times for one, pair in pairs.items() if (times := times_as_often(*pair)).is_known}
    untold(SOURCE, len(known) >= 2)
    return known


def most_unlike_source(existing: pd.DataFrame, new: pd.DataFrame) -> tuple[str, Quantity, Quantity]:
    """Return the source whose part of the two kinds of opportunities differs most, and both parts."""
    mix = pd.DataFrame([rows["lead_source"].value_counts(normalize=True) for rows in (existing, new)]).fillna(0.0)
    untold(SOURCE, min(len(existing), len(new)) >= FEWEST, mix.size)
    source = str(mix.diff().iloc[1].abs().idxmax())
    ours, theirs = (Quantity(float(part), "share") for part in mix[source])
    return source, ours, theirs


def if_unrecorded(of_recorded: Estimate, most: float) -> pd.DataFrame:
    """Return a share won by how many others were lost without a record for each recorded one: `x, value, low, high`."""
    x = np.linspace(0.0, most, 17)
    return pd.DataFrame({"x": x, **{end: getattr(of_recorded, end) / (1 + x) for end in ("value", "low", "high")}})


def without_opportunity(book: Workbook, deals: pd.DataFrame) -> Estimate:
    """Return the share of customers won since the first recorded decision whom no won opportunity led to."""
    led = deals["customer_id"][(deals["kind"] == "new") & (deals["outcome"] == "won")]
    columns = ("customers.created_at", "opportunities.customer_id", "opportunities.closed_at")
    untold("When each customer came, and which opportunity led there, would tell.", not book.lacks(*columns))
    customers = book.frame("SELECT customer_id, created_at FROM customers WHERE created_at < $cut")
    came = customers["customer_id"][customers["created_at"] >= deals["decided_at"].min()]
    return share(~came.isin(led), came)


def alike(both: pd.DataFrame, uneven: float, shared: float) -> dict[str, Standardised]:
    """Return shares won of customers and new buyers alike in "source", "size", "tier", "motion", "time", or "all".

    A characteristic recorded more often of the won than of the lost by over `uneven`, or shared by no more than the
    part `shared` of either kind, is not used; opportunities without a counterpart in all that is used are left out.
    """
    kind, size = both["kind"], np.log(both["amount"].where(both["amount"] > 0)).to_frame("size")
    untold(WHY_NOT["too few"], kind.nunique() == 2, kind.value_counts().min() >= FEWEST)
    offered = {"source": both[["lead_source"]], "size": size, "tier": both[["tier"]], "motion": both[["motion"]]}
    offered["time"] = _time(both)
    known = pd.DataFrame({name: one.notna().all(axis=1) for name, one in offered.items()})
    of_kind = known.groupby([kind, both["outcome"]]).mean().groupby("kind")
    common = pd.DataFrame({name: _has_counterpart(one, kind) for name, one in offered.items()}).groupby(kind).mean()
    fits = known.any() & ((of_kind.max() - of_kind.min()).max() <= uneven) & (common.min() > shared)
    usable = {name: one for name, one in offered.items() if fits[name]} or {"time": both[["seen_days"]]}
    usable["all"] = pd.concat([*usable.values()], axis=1)
    rows = both[_has_counterpart(usable["all"], kind)]
    yes, exposed = rows["outcome"] == "won", rows["kind"] == "existing"
    return {name: standardised(yes, exposed, one.loc[rows.index], rows["party"]) for name, one in usable.items()}


def _time(both: pd.DataFrame) -> pd.DataFrame:
    """Return the month of opening, or the quarter, where each has enough won and lost; else the day and its square."""
    for length in ("M", "Q"):
        period = pd.DataFrame({"opened_in": both["created_at"].dt.to_period(length).astype(str)})
        compared = both[_has_counterpart(period, both["kind"])]
        counts = pd.crosstab(period["opened_in"][compared.index], compared["outcome"])
        if counts.shape[1] == 2 and counts.to_numpy().min() >= FEWEST:
            return period
    return both[["seen_days"]].assign(squared=both["seen_days"] ** 2)


def _has_counterpart(columns: pd.DataFrame, kind: pd.Series) -> pd.Series:
    """Return which rows have categories that occur with both kinds of buyers; numbers always do."""
    categories = columns.select_dtypes(exclude="number")
    kinds = {name: kind.groupby(categories[name], dropna=False).transform("nunique") for name in categories}
    return pd.DataFrame(kinds, index=columns.index).gt(1).all(axis=1)
