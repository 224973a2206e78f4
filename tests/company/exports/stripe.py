"""Subscriptions as the CSV export of the billing system: times in UTC, amounts in major units for one seat."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from company import clock
from company.exports.accounts import Register
from company.exports.files import Format, base62, csv_bytes, frame_rows, local_text
from company.kinds import Ints
from company.streams import stream
from company.world import World

FORM = Format(line_end="\n")
TIME = "%Y-%m-%d %H:%M:%S"
REASONS = {"": "", "migration": "plan_change", "voluntary": "cancellation_requested", "payment": "payment_failed"}


def _minute(times: pd.Series, otherwise: int) -> Ints:
    moments = times.to_numpy().astype("datetime64[m]")
    known = ~np.isnat(moments)
    minutes = (np.where(known, moments, clock.EPOCH) - clock.EPOCH) // np.timedelta64(1, "m")
    return np.where(known, minutes.astype(np.int64), otherwise)


def _periods(terms: pd.DataFrame) -> tuple[Ints, Ints]:
    """Return the paid period each subscription is in, or was in when it ended."""
    start, last = _minute(terms["started_at"], 0), _minute(terms["ended_at"], clock.AS_OF)
    length = np.where(terms["interval"] == "year", clock.BILLING_YEAR, clock.BILLING_MONTH)
    begun = start + (last - start) // length * length
    return begun, begun + length


def _status(rng: np.random.Generator, terms: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
    as_of = clock.times(np.array([clock.AS_OF]))[0]
    trial = terms["ended_at"].isna() & (terms["trial_ends_at"] > as_of)
    late = rng.random(len(terms)) < 0.012
    return np.select([terms["ended_at"].notna(), trial, late], ["canceled", "trialing", "past_due"], "active")


def _rows(world: World, people: Register, rng: np.random.Generator, terms: pd.DataFrame) -> pd.DataFrame:
    account = terms["customer_id"].cat.codes.to_numpy()
    customer = np.array(base62(rng, "cus_", 14, len(world.customers)), dtype=object)
    begun, ends = _periods(terms)

    def at(times: pd.Series) -> pd.Series:
        return local_text(times, "UTC", TIME)

    trial_starts = terms["started_at"].where(terms["trial_ends_at"].notna())
    return pd.DataFrame(
        {
            "id": base62(rng, "sub_", 20, len(terms)),
            "Customer ID": customer[account],
            "Customer Email": np.array(people.emails, dtype=object)[account],
            "Customer Name": world.customers["name"].to_numpy()[account],
            "Plan": terms["product"].astype(str) + " " + terms["plan"],
            "Product": terms["product"].astype(str),
            "Quantity": terms["seats"].astype(str),
            "Currency": terms["currency"].astype(str).str.lower(),
            "Interval": terms["interval"],
            "Amount": terms["unit_amount"].map("{:.2f}".format),
            "Status": _status(rng, terms),
            "Cancellation Reason": terms["end_reason"].map(REASONS),
            "Created (UTC)": at(terms["started_at"]),
            "Start (UTC)": at(pd.Series(clock.times(begun))),
            "Start Date (UTC)": at(terms["started_at"]),
            "Current Period Start (UTC)": at(pd.Series(clock.times(begun))),
            "Current Period End (UTC)": at(pd.Series(clock.times(ends))),
            "Trial Start (UTC)": at(trial_starts),
            "Trial End (UTC)": at(terms["trial_ends_at"]),
            "Canceled At (UTC)": at(terms["canceled_at"]),
            "Ended At (UTC)": at(terms["ended_at"]),
            "livemode": "true",
            "account_id (metadata)": terms["customer_id"].astype(str),
        }
    )


def _beside(world: World, people: Register, rng: np.random.Generator, rows: pd.DataFrame) -> pd.DataFrame:
    """Return subscriptions of test accounts, of the test mode, and some whose first payment never came."""
    dirt = world.parameters.dirt
    running = rows[rows["Status"] == "active"]
    copies = []
    for count, change in (
        (dirt.test_mode, {"livemode": "false"}),
        (dirt.never_started, {"Status": "incomplete_expired"}),
        (len(people.test), {}),
    ):
        part = running.iloc[rng.choice(len(running), count, replace=False)].assign(**change)
        copies.append(part.assign(id=base62(rng, "sub_", 20, count)))
    never, tested = copies[1], copies[2]
    never["Ended At (UTC)"] = never["Canceled At (UTC)"] = never["Start Date (UTC)"]
    tested["account_id (metadata)"] = list(people.test)
    return pd.concat(copies)


def write(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write `stripe_subscriptions.csv`; return how many rows of each kind of dirt are in it."""
    rng = stream(world.seed, "stripe")
    terms = world.subscriptions.sort_values(["started_at", "line"], kind="stable", ignore_index=True)
    rows = _rows(world, people, rng, terms)
    everything = pd.concat([rows, _beside(world, people, rng, rows)])
    newest_first = everything.sort_values(["Created (UTC)", "id"], ascending=False, kind="stable")
    (folder / "stripe_subscriptions.csv").write_bytes(csv_bytes(frame_rows(newest_first), FORM))
    dirt = world.parameters.dirt
    return {
        "rows": len(everything),
        "test_mode": dirt.test_mode,
        "never_started": dirt.never_started,
        "of_test_accounts": len(people.test),
    }
