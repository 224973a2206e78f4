"""What `word_of_mouth` counts of acting on feedback: unhappy answers followed up in two days, and the score after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, unless_it_may_matter, verdict_above
from cxlib.models import counts
from cxlib.models.binary import share, share_difference
from cxlib.studies.evidence import Content, Evidence, Sheet
from cxlib.studies.worth import ONE_SCORE_POINT
from cxlib.workbook import Workbook

NEEDED = (
    "interventions.assigned_at",
    "interventions.customer_id",
    "interventions.kind",
    "survey_answers.customer_id",
    "survey_answers.score",
)
HOURS = 48
WEEKS_DAYS = 14


@dataclass(frozen=True)
class Loop:
    """Answers to the recommendation question, one row each.

    Columns: customer_id, score, is_due (unhappy, and two days are over), in_time (a follow-up was assigned within
    them), done_in_time (and done), soon, held_out (assigned or held out by lot within two weeks), before (assigned in
    the two days before), later (the same customer's next score in the same survey; NaN without one).
    """

    rows: pd.DataFrame

    @property
    def due(self) -> pd.DataFrame:
        return self.rows[self.rows["is_due"]]


def read_loop(book: Workbook) -> Loop:
    """Return the answers given by the cut with the follow-ups around them; the hold-out of a programme is none."""
    cut = book.sql_cut
    rows = book.engine.frame(f"""
        WITH answers AS (
            SELECT
                a.answer_id, a.customer_id, a.score, a.completed_at, a.may_contact,
                lead(a.score) OVER (
                    PARTITION BY a.customer_id, a.survey ORDER BY a.completed_at, a.answer_id
                ) AS later
            FROM survey_answers AS a
            WHERE a.instrument = 'nps' AND a.customer_id IS NOT NULL AND a.score IS NOT NULL
                AND a.completed_at < {cut} AND coalesce(a.respondent, 'customer') = 'customer'
        ),

        work AS (
            SELECT
                customer_id, assigned_at, arm = 'control' AS is_held_out,
                CASE WHEN delivered_at < {cut} THEN delivered_at END AS delivered_at
            FROM interventions
            WHERE kind = 'follow_up' AND assigned_at < {cut}
        )

        SELECT
            a.answer_id, a.customer_id, a.score, a.later, a.may_contact,
            a.completed_at + INTERVAL {HOURS} HOUR <= {cut} AND a.score <= 6 AS is_due,
            count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at
                AND w.assigned_at <= a.completed_at + INTERVAL {HOURS} HOUR THEN 1 END) > 0 AS in_time,
            count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at
                AND w.delivered_at <= a.completed_at + INTERVAL {HOURS} HOUR THEN 1 END) > 0 AS done_in_time,
            count(CASE WHEN NOT w.is_held_out AND w.assigned_at > a.completed_at THEN 1 END) > 0 AS soon,
            count(CASE WHEN w.is_held_out AND w.assigned_at > a.completed_at THEN 1 END) > 0 AS held_out,
            count(CASE WHEN NOT w.is_held_out AND w.assigned_at <= a.completed_at
                AND w.assigned_at > a.completed_at - INTERVAL {HOURS} HOUR THEN 1 END) > 0 AS before
        FROM answers AS a
        LEFT JOIN work AS w
            ON w.customer_id = a.customer_id AND w.assigned_at > a.completed_at - INTERVAL {HOURS} HOUR
            AND w.assigned_at <= a.completed_at + INTERVAL {WEEKS_DAYS} DAY
        GROUP BY a.answer_id, a.customer_id, a.score, a.later, a.may_contact, a.completed_at
        ORDER BY a.customer_id, a.completed_at, a.answer_id
    """)
    return Loop(rows)


def loop_finding(loop: Loop) -> Finding:
    """Return the share of unhappy answers that somebody was assigned to within two days."""
    name, due = "loop-closed-in-two-days", loop.due
    closed = share(due["in_time"], due["customer_id"])
    if not closed.is_known:
        return untold_loop()
    done = share(due["done_in_time"], due["customer_id"])
    values: dict[str, Value] = {"closed": closed, "done": done, "hours": Quantity(HOURS / 24, "days")}
    return Finding(
        name,
        "Of the answers by unhappy customers, {closed} led to a follow-up within {hours} ({closed_interval}; "
        "{closed_n}); for {done} it was done by then.",
        values,
        estimate=closed,
    )


def untold_loop() -> Finding:
    """Return the finding where no list of follow-ups, or hardly an unhappy answer, is there."""
    return Finding(
        "loop-closed-in-two-days",
        "How many unhappy answers are followed up cannot be told.",
        {},
        "cannot-tell",
        needed="A list of follow-ups with customer and time would tell, together with answers that name the customer.",
    )


def by_chance_finding(loop: Loop) -> Finding | None:
    """Return the check that follow-ups come after the answer because of it: those of the two days before."""
    due = loop.due
    after, before = (share(due[column], due["customer_id"]) for column in ("in_time", "before"))
    if not after.is_known or not after.value:
        return None
    values: dict[str, Value] = {"after": after, "before": before}
    # two shares of rare events: their intervals put together hold also where one of them is nothing
    if verdict_above(share_difference(after, before)) == "supported":
        return Finding(
            "loop-doubt-chance",
            "In the two days before such an answer {before} had a follow-up assigned, after it {after}: answers do set "
            "off follow-ups.",
            values,
            "supported",
        )
    return Finding(
        "loop-doubt-chance",
        "In the two days before such an answer {before} had a follow-up assigned, after it {after}: the answer does "
        "not measurably set it off, so the share may be chance.",
        values,
        "not-supported",
    )


def loop_evidence(loop: Loop) -> Mapping[str, Evidence]:
    """Return the rates of following up, and the next score of those followed up beside that of the others."""
    pieces: dict[str, Evidence] = {}
    due = loop.due
    if len(due) >= 5:
        allowed = due[due["may_contact"].fillna(False).astype(bool)]
        lines: list[tuple[str, tuple[Content, ...]]] = [("All unhappy answers", _rates(due))]
        if len(allowed) >= 5:
            lines.append(("Those who allow to be contacted", _rates(allowed)))
        pieces["loop"] = Sheet(
            caption="Answers of 0 to 6 to the recommendation question, and the follow-up to them.",
            headers=("Who", "Answers", "Assigned within two days", "Done within two days", "Assigned within two weeks"),
            rows=tuple(lines),
        )
    changes = _changes(loop)
    if len(changes) >= 2:
        pieces["after_loop"] = Sheet(
            caption="The same customers' next score, less the first.",
            headers=("First answer", "Answered again", "Change of the score"),
            rows=tuple((label, (change.n, change)) for label, change in changes.items()),
            says=_change_finding(loop, changes),
        )
    return pieces


def _rates(rows: pd.DataFrame) -> tuple[Content, ...]:
    return (len(rows), *(share(rows[column], rows["customer_id"]) for column in ("in_time", "done_in_time", "soon")))


def _again(loop: Loop) -> dict[str, pd.DataFrame]:
    """Return who answered again, by what the first answer was and what followed."""
    again = loop.rows[loop.rows["later"].notna()]
    again = again.assign(change=again["later"] - again["score"])
    unhappy = again[again["score"] <= 6]
    plain = unhappy[~unhappy["held_out"]]
    return {
        "Unhappy, followed up within two weeks": plain[plain["soon"]],
        "Unhappy, held out of the follow-up by lot": unhappy[unhappy["held_out"] & ~unhappy["soon"]],
        "Unhappy, not followed up": plain[~plain["soon"]],
        "Would recommend (9 or 10)": again[again["score"] >= 9],
    }


def _changes(loop: Loop) -> dict[str, Estimate]:
    return {
        label: counts.mean(rows["change"], rows["customer_id"], "score points difference")
        for label, rows in _again(loop).items()
        if len(rows) >= 5
    }


def _change_finding(loop: Loop, changes: Mapping[str, Estimate]) -> Finding:
    groups = _again(loop)
    followed, left = (groups[label] for label in ("Unhappy, followed up within two weeks", "Unhappy, not followed up"))
    name, by_itself = "loop-score-after", changes.get("Unhappy, not followed up")
    more = counts.mean_difference(
        followed["change"], left["change"], followed["customer_id"], left["customer_id"], "score points difference"
    )
    needed = "More follow-ups after unhappy answers would tell, best given by lot, and later answers of those people."
    if by_itself is None:
        sentence = "How the score of unhappy customers goes on cannot be told: too few of them answered again."
        return Finding(name, sentence, {}, "cannot-tell", needed=needed)
    verdict = verdict_above(more)
    if verdict == "cannot-tell":
        return Finding(
            name,
            "Unhappy customers whom nobody followed up change by {by_itself} points of the scale "
            "({by_itself_interval}) by themselves: whoever is at the bottom mostly goes up. Too few were followed up "
            "to say whether it adds to that.",
            {"by_itself": by_itself},
            verdict,
            needed=needed,
        )
    sentence = {
        "supported": "Unhappy customers whom nobody followed up change by {by_itself} points of the scale by "
        "themselves: whoever is at the bottom mostly goes up. Those followed up changed by {more} more "
        "({more_interval}); whether the follow-up did it is not said by that, because somebody chose them.",
        "not-supported": "Unhappy customers whom nobody followed up change by {by_itself} points of the scale by "
        "themselves: whoever is at the bottom mostly goes up. Those followed up did not measurably change more "
        "({more}, {more_interval}).",
    }[verdict]
    found = Finding(name, sentence, {"by_itself": by_itself, "more": more}, verdict, more)
    return unless_it_may_matter(found, ONE_SCORE_POINT, needed)
