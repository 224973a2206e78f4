"""The same measures as an analyst would write them in pandas, without intervals: the baseline of `measures.py`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

ZONE = "Europe/Istanbul"
COLUMNS = [
    "ticket_id",
    "customer_id",
    "channel",
    "topic",
    "created_at",
    "first_public_reply_at",
    "first_solved_at",
    "last_solved_at",
    "reopens",
    "satisfaction",
]


def measure(tickets: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """Return every measure by month and channel: one column a measure."""
    rows = _derive(pd.read_parquet(tickets, columns=COLUMNS), as_of)
    by_created, by_solved, by_rated = (
        rows.groupby([f"{kind}_month", "channel"], observed=True) for kind in ("created", "solved", "rated")
    )
    mature, solved, rated = rows[rows["mature"]], rows[rows["solved"]], rows[rows["satisfaction"].isin(["good", "bad"])]
    ladder = mature.groupby(["created_month", "channel"], observed=True)
    return pd.DataFrame(
        {
            "tickets_created": by_created.size(),
            "tickets_solved": by_solved.size(),
            "backlog": _backlog(rows),
            **_quantiles(by_created, "first_reply"),
            **_quantiles(by_created, "first_resolution"),
            "answered_rate": ladder["answered_in_a_week"].mean(),
            "solved_rate": ladder["solved_in_a_week"].mean(),
            "verified_rate": ladder["held"].mean(),
            "reopen_rate": solved.groupby(["solved_month", "channel"], observed=True)["reopened"].mean(),
            "csat": rated.groupby(["rated_month", "channel"], observed=True)["good"].mean(),
            "csat_response_rate": by_rated["is_rated"].mean(),
        }
    )


def _derive(rows: pd.DataFrame, as_of: pd.Timestamp) -> pd.DataFrame:
    week = pd.Timedelta(days=7)
    rows = rows.sort_values(["customer_id", "topic", "created_at", "ticket_id"])
    again = rows.groupby(["customer_id", "topic"], sort=False)["created_at"].shift(-1)
    created, replied, solved = rows["created_at"], rows["first_public_reply_at"], rows["first_solved_at"]
    return rows.assign(
        created_month=_month(created),
        solved_month=_month(solved),
        closed_month=_month(rows["last_solved_at"]),
        rated_month=_month(rows["last_solved_at"].fillna(created)),
        first_reply=_minutes(replied.fillna(solved).fillna(as_of) - created),
        first_reply_seen=replied.notna(),
        first_resolution=_minutes(solved.fillna(as_of) - created),
        first_resolution_seen=solved.notna(),
        mature=created + 2 * week <= as_of,
        solved=solved.notna(),
        reopened=rows["reopens"] > 0,
        answered_in_a_week=replied <= created + week,
        solved_in_a_week=solved <= created + week,
        held=(solved <= created + week)
        & (rows["reopens"] == 0)
        & (rows["satisfaction"] != "bad")
        & ~(again <= solved + week),
        good=rows["satisfaction"] == "good",
        is_rated=rows["satisfaction"].isin(["good", "bad"]),
    )


def _month(moments: pd.Series) -> pd.Series:
    return moments.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None).dt.to_period("M")


def _minutes(spans: pd.Series) -> pd.Series:
    return spans.dt.total_seconds() / 60


def _backlog(rows: pd.DataFrame) -> pd.Series:
    came = rows.groupby(["created_month", "channel"], observed=True).size().unstack(fill_value=0)
    went = rows.groupby(["closed_month", "channel"], observed=True).size().unstack(fill_value=0)
    went = went.reindex(came.index, fill_value=0)
    return (came.cumsum() - went.cumsum()).stack()


def _quantiles(groups: object, name: str) -> dict[str, pd.Series]:
    medians, tails = {}, {}
    for cell, group in groups:  # type: ignore[attr-defined]
        minutes, seen = group[name].to_numpy(), group[f"{name}_seen"].to_numpy()
        medians[cell], tails[cell] = _kaplan_meier(minutes, seen, (0.5, 0.9))
    return {f"{name}_calendar_minutes_median": pd.Series(medians), f"{name}_calendar_minutes_p90": pd.Series(tails)}


def _kaplan_meier(
    minutes: npt.NDArray[np.float64], seen: npt.NDArray[np.bool_], shares: tuple[float, ...]
) -> list[float]:
    order = np.lexsort((~seen, minutes))
    times, events = minutes[order], seen[order]
    survival = np.cumprod(1 - events / np.arange(len(times), 0, -1))
    places = [np.flatnonzero((survival <= 1 - share + 1e-12) & events) for share in shares]
    return [float(times[place[0]]) if len(place) else np.nan for place in places]
