"""What `word_of_mouth` counts of referring: who brings new customers, by what they had said of the company."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, unless_it_may_matter, verdict_above
from cxlib.models.binary import share, share_difference
from cxlib.models.incidence import Durations, durations, incidence
from cxlib.studies.evidence import Content, Curves, Evidence, Sheet
from cxlib.studies.worth import FIVE_POINTS
from cxlib.workbook import Workbook

NEEDED = ("customers.referred_by", "customers.created_at", "survey_answers.customer_id", "survey_answers.score")
YEAR = 365
GROUPS = {"promoter": "Promoters (9 or 10)", "passive": "Passives (7 or 8)", "detractor": "Detractors (0 to 6)"}


@dataclass(frozen=True)
class Referring:
    """One row per answer to the recommendation question: customer_id, group, days, referred (at their end).

    `days` run from the answer to the first customer that this one brought, or to the cut.
    """

    rows: pd.DataFrame

    def cases(self, group: str) -> Durations:
        mine = self.rows[self.rows["group"] == group]
        return durations(mine["days"], mine["referred"].astype(int), mine["customer_id"])


def read_referring(book: Workbook) -> Referring:
    """Return the answers given while a customer, of the repeated survey where there is one."""
    repeated = book.engine.frame("SELECT count(*) AS n FROM survey_answers WHERE instrument = 'nps' AND wave <> ''")
    in_wave = "AND a.wave <> ''" if repeated["n"].iloc[0] else ""
    current = "" if book.lacks("subscriptions.started_at") else _while_customer(book)
    rows = book.engine.frame(f"""
        SELECT
            a.customer_id, a.score,
            min(r.created_at) IS NOT NULL AS referred,
            date_diff('second', a.completed_at, coalesce(min(r.created_at), {book.sql_cut})) / 86400.0 AS days
        FROM survey_answers AS a
        LEFT JOIN customers AS r
            ON r.referred_by = a.customer_id AND r.created_at > a.completed_at AND r.created_at < {book.sql_cut}
        WHERE a.instrument = 'nps' AND a.customer_id IS NOT NULL AND a.score IS NOT NULL
            AND a.completed_at < {book.sql_cut} AND coalesce(a.respondent, 'customer') = 'customer'
            {in_wave} {current}
        GROUP BY a.answer_id, a.customer_id, a.score, a.completed_at
        ORDER BY a.completed_at, a.answer_id
    """)
    group = np.select([rows["score"] >= 9, rows["score"] >= 7], ["promoter", "passive"], "detractor")
    return Referring(rows.assign(group=group))


def _while_customer(book: Workbook) -> str:
    return f"""AND EXISTS (
        SELECT 1 FROM {book.engine.fact("customer_spell")} AS s
        WHERE s.customer_id = a.customer_id AND s.started_at <= a.completed_at
            AND (s.ended_at IS NULL OR s.ended_at > a.completed_at)
    )"""


def in_a_year(referring: Referring, group: str) -> Estimate:
    """Return the share of a group that brought a customer within a year of the answer."""
    return incidence(referring.cases(group), [YEAR])[0]


def gap(referring: Referring) -> Estimate:
    """Return the share of promoters that brought a customer within a year less that of detractors."""
    return share_difference(in_a_year(referring, "promoter"), in_a_year(referring, "detractor"))


MORE_ANSWERS = "More answers, and a year for those who gave them to bring somebody, would tell."
REFERRED_NEEDED = "Which customer brought which would tell, together with answers to the recommendation question."


def referral_finding(referring: Referring) -> Finding:
    """Return whether those who would recommend the company bring more customers than those who would not."""
    name, apart = "referrals-by-satisfaction", gap(referring)
    verdict = verdict_above(apart)
    if verdict == "cannot-tell":
        sentence = "Whether satisfied customers bring others cannot be told."
        return Finding(name, sentence, {}, verdict, needed=REFERRED_NEEDED)
    promoters, detractors = (in_a_year(referring, group) for group in ("promoter", "detractor"))
    sentence = {
        "supported": "Those who say they would recommend the company do: {promoters} of them brought a customer "
        "within a year of saying so, against {detractors} of those who would not ({apart} apart, {apart_interval}).",
        "not-supported": "It does not show that those who say they would recommend the company bring more customers: "
        "{promoters} of them brought one within a year, against {detractors} of those who would not ({apart} apart, "
        "{apart_interval}).",
    }[verdict]
    values = {"promoters": promoters, "detractors": detractors, "apart": apart}
    return unless_it_may_matter(Finding(name, sentence, values, verdict, apart), FIVE_POINTS, MORE_ANSWERS)


def referring_evidence(book: Workbook, referring: Referring) -> Mapping[str, Evidence]:
    """Return the curves of referring by group, and how many new customers came by referral."""
    days = np.linspace(0.0, YEAR, 53)
    parts = []
    for group, label in GROUPS.items():
        cases = referring.cases(group)
        if len(cases.time) < 5:
            continue
        lines = [(e.value, e.low, e.high) for e in incidence(cases, days)]
        parts.append(pd.DataFrame(lines, columns=["value", "low", "high"]).assign(series=label, x=days))
    pieces: dict[str, Evidence] = {}
    if parts and pd.concat(parts)["value"].notna().any():
        pieces["referrals"] = Curves(
            caption="Share who brought at least one other customer, by days since they answered.",
            frame=pd.concat(parts, ignore_index=True)[["series", "x", "value", "low", "high"]],
            x_label="Days since the answer",
            x_unit="days",
            unit="share",
            steps=True,
        )
    return {**pieces, **_won_by_referral(book)}


def _won_by_referral(book: Workbook) -> Mapping[str, Evidence]:
    rows = book.engine.frame(f"""
        SELECT customer_id, referred_by IS NOT NULL AS named, lower(acquisition_channel) LIKE '%referral%' AS channel
        FROM customers
        WHERE created_at < {book.sql_cut}
            AND created_at >= (SELECT min(created_at) FROM customers WHERE referred_by IS NOT NULL)
    """)
    if len(rows) < 5:
        return {}
    lines: list[tuple[str, tuple[Content, ...]]] = [
        ("The customer who brought them is named", (share(rows["named"], rows["customer_id"]),))
    ]
    if rows["channel"].notna().any():
        by_channel = rows["channel"].fillna(False).astype(bool)
        lines.append(("The channel says referral", (share(by_channel, rows["customer_id"]),)))
    return {
        "won_by_referral": Sheet(
            caption="New customers since the first recorded referral.",
            headers=("How it is known", "Share of new customers"),
            rows=tuple(lines),
        )
    }
