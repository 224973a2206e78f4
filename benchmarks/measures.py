"""All support measures by month and channel on generated tickets: cxlib against plain pandas.

Each run is a process of its own, from the tickets table to the finished measures, so that its peak memory
is its own. Both answers are compared before any time is printed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import plain_pandas
from generate import AS_OF, write_tickets

from cxlib.engine import Engine
from cxlib.metrics import measure
from cxlib.metrics.support import SUPPORT
from cxlib.period import Month

MONTHS = 36
LIMIT_RATIO, LIMIT_MB = 5.0, 2048


@dataclass(frozen=True)
class Generated:
    """A snapshot that holds nothing but generated tickets."""

    folder: Path
    as_of: datetime
    time_zone: str = "Europe/Istanbul"
    currency: str = "EUR"
    rates: dict[str, float] = field(default_factory=dict)

    def parquet(self, table: str) -> Path | None:
        return self.folder / "tickets.parquet" if table == "tickets" else None


def run_cxlib(folder: Path, as_of: datetime) -> pd.DataFrame:
    """Return every measure by month (rows) and metric (columns), facts computed anew."""
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "tickets.parquet").symlink_to(folder / "tickets.parquet")
        with Engine(Generated(Path(scratch), as_of)) as engine:
            rows = measure(engine, SUPPORT, Month(2026, 10).trailing(MONTHS), ("channel",))
    return rows.pivot_table(index=["period", "channel"], columns="metric", values="value")


def run_pandas(folder: Path, as_of: datetime) -> pd.DataFrame:
    """Return the same frame by pandas alone."""
    rows = plain_pandas.measure(folder / "tickets.parquet", pd.Timestamp(as_of))
    rows.index = pd.MultiIndex.from_tuples(
        [(str(month), channel) for month, channel in rows.index], names=["period", "channel"]
    )
    return rows


def child(which: str, folder: Path, rows: int) -> None:
    """Run once, write the answer, and print seconds and peak memory.

    The tickets are generated in a child too: a process starts with the peak of the one that started it.
    """
    if which == "generate":
        write_tickets(rows, folder)
        return
    started = time.perf_counter()
    answer = {"cxlib": run_cxlib, "pandas": run_pandas}[which](folder, AS_OF)
    seconds = time.perf_counter() - started
    answer.to_parquet(folder / f"{which}.parquet")
    print(json.dumps({"seconds": seconds, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def in_child(which: str, folder: Path, rows: int = 0) -> str:
    """Run one of the jobs in a process of its own and return what it printed."""
    command = [sys.executable, __file__, "--child", which, "--folder", str(folder), "--rows", str(rows)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def timed(which: str, folder: Path, runs: int) -> tuple[float, float]:
    """Return the median seconds and the largest peak memory of several runs."""
    results = []
    for _ in range(runs):
        results.append(json.loads(in_child(which, folder)))
    return statistics.median(r["seconds"] for r in results), max(r["mb"] for r in results)


def agree(folder: Path) -> None:
    """Stop if the two answers differ: a fast wrong number is no benchmark."""
    ours, theirs = (pd.read_parquet(folder / f"{which}.parquet") for which in ("cxlib", "pandas"))
    theirs = theirs.reindex(ours.index)
    for name in ours:
        # durations lie in bins half a percent wide
        tolerance = 5e-3 if "minutes" in name else 1e-9
        np.testing.assert_allclose(ours[name], theirs[name], rtol=tolerance, err_msg=str(name))


def main() -> None:
    """Print the ratios; exit with an error where the promise does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--child")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.folder, options.rows[0])
        return
    seconds: dict[int, float] = {}
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            in_child("generate", folder, rows)
            ours, ours_mb = timed("cxlib", folder, options.runs)
            theirs, theirs_mb = timed("pandas", folder, 1 if rows > 2_000_000 else options.runs)
            agree(folder)
        seconds[rows] = ours
        print(
            f"{rows:>12,} tickets: cxlib {ours:6.1f} s, {ours_mb:6,.0f} MB; "
            f"pandas {theirs:6.1f} s, {theirs_mb:6,.0f} MB; {theirs / ours:.1f} times as fast",
            flush=True,
        )
        if rows >= 10_000_000 and (theirs / ours < LIMIT_RATIO or ours_mb > LIMIT_MB):
            raise SystemExit(f"below the promise of {LIMIT_RATIO:g} times as fast under {LIMIT_MB} MB")
    if len(seconds) > 1:
        first, last = min(seconds), max(seconds)
        growth = seconds[last] / seconds[first]
        print(f"{last / first:g} times the rows take {growth:.1f} times as long")


if __name__ == "__main__":
    main()
