"""`cx report` on the sample against the same notebooks through papermill, nbconvert and weasyprint by themselves.

Both start from the raw exports in a folder of their own; the order is turned each round, and the medians count.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent


def desk(scratch: Path) -> Path:
    """Copy what a report needs into an empty folder: exports, notebooks, settings."""
    folder = Path(tempfile.mkdtemp(dir=scratch))
    shutil.copytree(ROOT / "data", folder / "data", ignore=shutil.ignore_patterns("snapshots"))
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".*"))
    (folder / "reports").mkdir()
    shutil.copy(ROOT / "reports" / "reports.toml", folder / "reports")
    return folder


def run(command: list[str | Path], folder: Path) -> None:
    """Run a command quietly; its messages come out only if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")


def ours(folder: Path, month: str) -> None:
    """Publish the month as `make report` does."""
    run([sys.executable, "-m", "cxlib", "report", "--month", month], folder)


def plain(folder: Path, month: str) -> None:
    """Execute, convert and print each notebook with the tools' own commands."""
    out = folder / "out"
    out.mkdir()
    for report in tomllib.loads((folder / "reports" / "reports.toml").read_text("utf-8"))["report"]:
        name = Path(report["notebook"]).stem
        executed, page = out / f"{name}.ipynb", out / f"{name}.html"
        run([BIN / "papermill", f"notebooks/{name}.ipynb", executed, "-p", "month", month], folder)
        run([BIN / "jupyter", "nbconvert", "--to", "html", "--no-input", executed], folder)
        run([BIN / "weasyprint", "--quiet", page, out / f"{name}.pdf"], folder)


def main() -> None:
    """Print seconds, ratio and peak memory; exit with an error where ours is slower."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--month", default="2026-10")
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {"cx report": [], "plain commands": []}
    ways = [("cx report", ours), ("plain commands", plain)]
    with tempfile.TemporaryDirectory() as scratch:
        for turn in range(options.rounds):
            for name, way in ways if turn % 2 == 0 else reversed(ways):
                folder = desk(Path(scratch))
                started = time.perf_counter()
                way(folder, options.month)
                seconds[name].append(time.perf_counter() - started)
                shutil.rmtree(folder)
    fast, slow = (statistics.median(seconds[name]) for name, _ in ways)
    # the largest single process of all that ran, of either way
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"cx report {fast:.1f} s, plain commands {slow:.1f} s: {slow / fast:.1f} times as fast")
    print(f"largest process {peak:,.0f} MB")
    if fast > slow:
        raise SystemExit("slower than the plain commands")


if __name__ == "__main__":
    main()
