"""What `word_of_mouth` shows of telling: how many told how many, by severity, in the tail and over the waves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.models import counts
from cxlib.models.binary import share
from cxlib.studies.evidence import Bars, Content, Evidence, Forest, Row, Sheet
from cxlib.studies.word_of_mouth.telling import (
    PUBLISHED,
    Telling,
    good_finding,
    mean_of,
    median_of,
    none_against_chance,
)
from cxlib.tables import SEVERITIES

STEPS = (("0", 0, 0), ("1–2", 1, 2), ("3–5", 3, 5), ("6–10", 6, 10), ("11–15", 11, 15), ("16+", 16, np.inf))
AFTER = {
    "minor": "After a minor problem",
    "moderate": "After a moderate problem",
    "severe": "After a severe problem",
}


def telling_evidence(telling: Telling) -> Mapping[str, Evidence]:
    """Return the pieces that the answers can bring, in the order of the page."""
    pieces: dict[str, Evidence | None] = {
        "distribution": _distribution(telling),
        "severity": _severity(telling),
        "tail": _tail(telling),
        "waves": _waves(telling),
    }
    return {name: piece for name, piece in pieces.items() if piece is not None}


def _groups(telling: Telling) -> list[tuple[str, pd.DataFrame]]:
    bad = telling.bad
    found = [(AFTER[severity], bad[bad["severity"] == severity]) for severity in SEVERITIES]
    kept = [(label, rows) for label, rows in found if len(rows) >= 5]
    return kept or [("After a bad experience", bad)]


def _distribution(telling: Telling) -> Evidence | None:
    lines = []
    for label, rows in _groups(telling):
        for step, low, high in STEPS:
            one = share(rows["told"].between(low, high), rows["who"])
            lines.append((label, step, one.value, one.low, one.high, one.n))
    frame = pd.DataFrame(lines, columns=["group", "label", "value", "low", "high", "n"])
    if not frame["value"].notna().any():
        return None
    return Bars(
        caption="How many people customers told about their problem, by how bad it was.",
        frame=frame,
        unit="share",
        x_label="People told",
        says=none_against_chance(telling),
    )


def _severity(telling: Telling) -> Evidence | None:
    bad, good = telling.bad, telling.good
    rows = [Row(label, mean_of(found)) for label, found in _groups(telling) if label in AFTER.values()]
    rows += [
        Row("After a bad experience, all", mean_of(bad)),
        Row("After a bad experience, those who told anybody", mean_of(bad[bad["told"] > 0])),
    ]
    if len(good):
        rows.append(Row("After a good experience, all", mean_of(good)))
    if not any(row.estimate.is_known for row in rows):
        return None
    return Forest(
        caption="People told on average.",
        rows=tuple(rows),
        reference=float(PUBLISHED),
        reference_label="the average that is repeated",
        says=good_finding(telling),
    )


def _tail(telling: Telling) -> Evidence | None:
    bad = telling.bad
    found = [(severity, bad[bad["severity"] == severity]) for severity in SEVERITIES]
    lines: list[tuple[str, tuple[Content, ...]]] = []
    for label, rows in [*found, ("all", bad)]:
        if len(rows) < 5:
            continue
        told, who = rows["told"], rows["who"]
        many = share(told >= PUBLISHED, who)
        lines.append((label, (len(rows), mean_of(rows), median_of(rows), many, counts.share_of_top(told, who))))
    if not lines:
        return None
    return Sheet(
        caption="The average, the middle and the tail of the number of people told.",
        headers=(
            "Problem",
            "Answers",
            "Average",
            "Middle",
            "Told at least the repeated number",
            "Part of all telling by the tenth who told most",
        ),
        rows=tuple(lines),
    )


def _waves(telling: Telling) -> Evidence | None:
    bad = telling.bad
    rows = [Row(str(wave), mean_of(found)) for wave, found in bad.groupby("wave", sort=True)]
    if len(rows) < 2:
        return None
    return Forest(caption="People told on average after a bad experience, by round of the survey.", rows=tuple(rows))
