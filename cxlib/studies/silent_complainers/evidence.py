"""What the study of silent complainers lays before the reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Value, unless_it_may_matter, verdict_above
from cxlib.models.nonresponse import effective_size
from cxlib.studies.evidence import Bars, Content, Curves, Evidence, Forest, Row, Sheet, Swing, Tornado
from cxlib.studies.silent_complainers.checks import own_word, with_the_forgotten
from cxlib.studies.silent_complainers.data import SEVERITIES
from cxlib.studies.silent_complainers.leaving import LANDMARKS, NONE, SILENT, TOLD
from cxlib.studies.silent_complainers.survey import planned, problems_needed
from cxlib.studies.silent_complainers.ways import RANKS, Ways
from cxlib.studies.worth import A_QUARTER_MORE

PLANNED = (100, 300, 1_000, 3_000, 10_000)
LABELS = {1: "Minor problems", 2: "Moderate problems", 3: "Severe problems"}
SAYING = "{claimed} to one, the saying"
PLACES = {"company": "told the company", "public": "in public only", "nobody": "told nobody"}


def evidence(ways: Ways, severities: Mapping[int, Finding], claimed: int) -> dict[str, Evidence]:
    """Return the evidence by name, in the order of the page.

    Parameters
    ----------
    ways : Ways
    severities : mapping of int to Finding
        What is said of minor (1), moderate (2) and severe (3) problems.
    claimed : int
        The ratio of the saying.
    """
    return {
        "severity": by_severity(ways, claimed),
        "where_told": where_told(ways),
        **{SEVERITIES[rank - 1]: by_way(ways, rank, claimed, severities[rank]) for rank in RANKS},
        "other_counts": other_counts(ways),
        "leaving": left_by_day(ways),
        "left": left(ways),
        "weights": by_weights(ways),
        "assumptions": assumptions(ways),
        "planning": planning(ways, claimed),
    }


def by_severity(ways: Ways, claimed: int) -> Forest:
    """Return the survey's ratio for all problems and for each severity."""
    rows = [Row("All problems", ways.asked), *(Row(LABELS[rank], ways.one(rank)) for rank in RANKS)]
    return Forest(
        caption="Silent customers for each one who told the company, by how bad the problem was, from the weighted "
        "survey.",
        rows=tuple(rows),
        reference=float(claimed),
        reference_label=SAYING,
        log=True,
        values={"claimed": claimed},
    )


def by_way(ways: Ways, rank: int, claimed: int, says: Finding) -> Forest:
    """Return the ways of counting at one severity side by side."""
    caption = {
        1: "Minor problems: silent customers for each one who told the company, counted in different ways.",
        2: "Moderate problems: silent customers for each one who told the company, counted in different ways.",
        3: "Severe problems: silent customers for each one who told the company, counted in different ways.",
    }[rank]
    return Forest(
        caption=caption,
        rows=tuple(Row(row.label, _drawable(row.estimate), row.note) for row in ways.by_severity[rank]),
        reference=float(claimed),
        reference_label=SAYING,
        log=True,
        values={"claimed": claimed},
        says=says,
    )


def _drawable(estimate: Estimate) -> Estimate:
    """Return a ratio as it can stand on a logarithmic axis, which has no zero."""
    if estimate.is_known and estimate.value > 0:
        return replace(estimate, low=max(estimate.low, estimate.value / 1_000))
    return replace(estimate, value=np.nan, low=np.nan, high=np.nan)


def where_told(ways: Ways) -> Bars:
    """Return where problems were taken, by severity: to the company, only to the public, to nobody."""
    rows = [
        {"group": label, "label": SEVERITIES[rank - 1], **_numbers(ways.survey.place(place, (rank,)))}
        for place, label in PLACES.items()
        for rank in RANKS
        if ways.survey.with_problem.any()
    ]
    columns = ["group", "label", "value", "low", "high", "n"]
    return Bars(
        caption="Where customers took their problem, by how bad it was. Who complained in public only is silent to the "
        "company, but not to others.",
        frame=pd.DataFrame(rows, columns=columns),
        unit="share",
        x_label="how bad the problem was",
    )


def _numbers(estimate: Estimate) -> dict[str, float]:
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high, "n": estimate.n}


def by_weights(ways: Ways) -> Sheet:
    """Return the ratio under each set of weights."""
    survey = ways.survey
    rows: list[tuple[str, tuple[Content, ...]]] = []
    if survey.with_problem.any():
        weights = {
            "No weights: every answer counts once": survey.plain,
            "Raked to tier, region and time as a customer": survey.raked,
            "Chance of answering, from what is known of all": survey.by_frame,
            "Chance of answering, the problem included (used here)": survey.weights,
        }
        rows = [
            (
                label,
                (
                    round(effective_size(each[survey.with_problem])),
                    survey.ratio(each),
                    *(survey.ratio(each, (rank,)) for rank in RANKS),
                ),
            )
            for label, each in weights.items()
        ]
    return Sheet(
        caption="Silent customers for each one who told, by how answers are weighted for those who did not answer.",
        headers=("Weights", "Answers they are worth", "All", "Minor", "Moderate", "Severe"),
        rows=tuple(rows),
    )


def assumptions(ways: Ways) -> Tornado | Forest:
    """Return how far the ratio of all problems moves when what cannot be known is assumed otherwise."""
    caption = "How many stay silent for each one who tells, if what the survey cannot show were otherwise."
    swings = [swing for swing in _swings(ways) if np.isfinite(swing.low + swing.high)] if ways.asked.is_known else []
    if not swings:
        return Forest(caption=caption, rows=())
    return Tornado(caption=caption, base=ways.asked.value, unit=ways.asked.unit, rows=tuple(swings))


def _swings(ways: Ways) -> list[Swing]:
    survey, found = ways.survey, []
    if survey.knows_who_was_asked:
        variants = [survey.ratio(each).value for each in (survey.plain, survey.raked, survey.by_frame, survey.weights)]
        low, high = survey.worst_case()
        found = [
            Swing("Anything at all about those who did not answer", low, high, "all told", "all silent"),
            Swing(
                "How often those who did not answer tell",
                survey.if_silent_differ(2.0),
                survey.if_silent_differ(0.5),
                "twice as often",
                "half as often",
            ),
            Swing("How answers are weighted", min(variants), max(variants), "lowest", "highest"),
        ]
    linked = own_word(survey).by_tickets
    if np.isfinite(linked):
        ends = sorted(((ways.asked.value, "their word"), (linked, "the tickets")))
        found.append(Swing("Whose word counts on what was told", ends[0][0], ends[1][0], ends[0][1], ends[1][1]))
    forgotten = with_the_forgotten(survey)
    if np.isfinite(forgotten):
        ends = sorted(((ways.asked.value, "left out"), (forgotten, "counted in")))
        found.append(Swing("Problems forgotten by the survey", ends[0][0], ends[1][0], ends[0][1], ends[1][1]))
    return found


def other_counts(ways: Ways) -> Sheet:
    """Return the counts that answer a neighbouring question, with what they count."""
    survey = ways.survey
    rows: tuple[tuple[str, tuple[Content, ...]], ...] = (
        ("Asked in a survey", (ways.asked, "customers with a problem in the last three months")),
        (
            "Detractors without a complaint in three months, per one with",
            (ways.of_detractors, "only those who answered, and were dissatisfied for whatever reason"),
        ),
        (
            "Customers who would complain but never did in a year, per one who did",
            (ways.floor, "a floor; counts also those to whom nothing happened"),
        ),
    )
    return Sheet(
        caption="All problems: the survey's ratio beside two counts that every company can make, and what each counts.",
        headers=("Way", "Silent for each who told", "Whom it counts"),
        rows=rows if survey.with_problem.any() or ways.of_detractors.is_known or ways.floor.is_known else (),
    )


def left_by_day(ways: Ways) -> Curves:
    """Return the share that has left by day after the answer."""
    return Curves(
        caption="Customers who have left, by days since they answered the survey. The clock starts at the answer, so "
        "that nobody counts as staying before it.",
        frame=ways.leaving.curves(),
        x_label="days since the answer",
        x_unit="days",
        unit="share",
        steps=True,
    )


def left(ways: Ways) -> Sheet:
    """Return the shares that left, and the hazards compared."""
    followed, after = ways.leaving, ways.leaving_after_incidents
    shares: list[tuple[str, tuple[Content, ...]]] = [
        ("No problem", tuple(followed.share(NONE, days) for days in LANDMARKS)),
        ("Problem, told the company", tuple(followed.share(TOLD, days) for days in LANDMARKS)),
        ("Problem, silent", tuple(followed.share(SILENT, days) for days in LANDMARKS)),
        (
            "Silent less no problem",
            tuple(followed.difference(SILENT, NONE, days) for days in LANDMARKS),
        ),
        ("After a logged incident, complained", tuple(after.share(TOLD, days) for days in LANDMARKS)),
        ("After a logged incident, silent", tuple(after.share(SILENT, days) for days in LANDMARKS)),
    ]
    known = any(isinstance(cell, Estimate) and cell.is_known for _, cells in shares for cell in cells)
    return Sheet(
        caption="Share of customers who had left by then; those lost through a failed payment do not count as leaving.",
        headers=("Group", "Half a year", "A year"),
        rows=tuple(shares) if known else (),
        says=than_told(ways),
    )


def than_told(ways: Ways) -> Finding:
    """Return whether silent customers leave more often than those who complained of a like problem."""
    name, hazard = "silent-leave-more-than-told", ways.leaving_after_incidents.hazard_ratio(SILENT, TOLD, True)
    where = "after incidents that systems logged"
    if not hazard.is_known:
        hazard, where = ways.leaving.hazard_ratio(SILENT, TOLD, True), "after the survey"
    verdict = verdict_above(hazard, 1.0)
    if verdict == "cannot-tell":
        sentence = (
            "Whether silent customers leave more often than those who complained of a like problem cannot be told."
        )
        needed = "It needs logged incidents or survey answers on problems, and subscriptions with their ends."
        return Finding(name, sentence, {}, verdict, needed=needed)
    sentence = (
        "After a problem as bad, silent customers were {hazard} times as likely to leave at any moment as those who "
        "complained ({hazard_interval}; {where})."
        if verdict == "supported"
        else "After a problem as bad, silent customers did not leave measurably more often than those who complained "
        "({hazard} times as likely at any moment, {hazard_interval}; {where})."
    )
    found = Finding(name, sentence, {"hazard": hazard, "where": where}, verdict, hazard)
    return unless_it_may_matter(found, A_QUARTER_MORE, "More logged incidents, followed for longer, would tell.")


def planning(ways: Ways, claimed: int) -> Sheet:
    """Return how exactly so many problems would pin the ratio."""
    own = 1 / (1 + ways.asked.value) if ways.asked.is_known and ways.asked.value > 0 else None
    rows = []
    for problems in PLANNED:
        cells: list[Content] = [planned(1 / (1 + claimed), problems)]
        cells.append(planned(own, problems) if own is not None else "")
        rows.append((f"{problems:,}", tuple(cells)))
    return Sheet(
        caption="How exactly a survey pins the ratio, by the number of problems it asks about.",
        headers=("Problems", "If the saying were true", "At the ratio found here"),
        rows=tuple(rows),
        says=needed(ways, claimed),
    )


def needed(ways: Ways, claimed: int) -> Finding:
    """Return how many problems would pin the ratio to a quarter either way."""
    values: dict[str, Value] = {
        "claimed": claimed,
        "for_claim": problems_needed(1 / (1 + claimed)),
    }
    if not ways.asked.is_known or not 0 < ways.asked.value < 1e6:
        sentence = (
            "To know the ratio within a quarter either way if it were {claimed}, a survey has to ask about {for_claim} "
            "problems."
        )
        return Finding("silent-problems-needed", sentence, values)
    share = 1 / (1 + ways.asked.value)
    values |= {"own": ways.asked, "for_own": problems_needed(share), "so_far": ways.asked.n}
    sentence = (
        "To know the ratio within a quarter either way, a survey has to ask about {for_own} problems if it is {own}, "
        "and about {for_claim} if it were {claimed}. So far {so_far} have been asked about."
    )
    return Finding("silent-problems-needed", sentence, values)
