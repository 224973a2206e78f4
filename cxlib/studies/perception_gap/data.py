"""What `perception_gap` reads: answers to statements, who was asked, and what is known of everyone asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from cxlib.errors import MeasureError
from cxlib.estimate import Estimate, Floats, proportion
from cxlib.models.binary import hidden_if_few, share
from cxlib.models.nonresponse import rake, trimmed, weighted_share
from cxlib.workbook import Workbook

CUSTOMER, OWNER = "customer", "owner"
NEEDED = ("survey_answers.score", "survey_answers.question", "survey_answers.scale_min", "survey_answers.scale_max")
RECENT_USE = 90
"""Days before an invitation whose use of the product is compared."""
RECENT_COMPLAINT = 180
"""Days before an invitation in which a complaint counts."""
FEWEST_IN_A_CLASS = 8
"""A class of customers with fewer answers is weighted together with others."""

ANSWERS = """
SELECT a.answer_id, a.customer_id, coalesce(c.account_id, a.customer_id, a.answer_id) AS account,
    coalesce(a.respondent, 'customer') AS respondent, a.question, a.survey, a.wave, a.invite_id, a.score,
    a.scale_min, a.scale_max, f.is_satisfied AS agrees, f.tier, f.region, a.completed_at
FROM survey_answers AS a
JOIN {fact} AS f ON f.answer_id = a.answer_id
LEFT JOIN customers AS c ON c.customer_id = a.customer_id
WHERE a.instrument = 'statement' AND a.question IS NOT NULL AND f.is_satisfied IS NOT NULL AND a.completed_at < {cut}
ORDER BY a.completed_at, a.answer_id
"""

ASKED = """
WITH asked AS (
    SELECT invite_id, customer_id, survey, wave, sent_at,
        CASE WHEN answered_at < {cut} THEN answered_at END AS answered_at
    FROM survey_invites
    WHERE instrument = 'statement' AND coalesce(delivered, TRUE) AND sent_at < {cut}
), complained AS (
    SELECT i.invite_id, count(*) AS complaints
    FROM asked AS i
    JOIN tickets AS t ON t.customer_id = i.customer_id AND t.created_at < i.sent_at
        AND t.created_at >= i.sent_at - INTERVAL {complaint_days} DAY
    WHERE t.is_complaint OR t.severity IS NOT NULL
    GROUP BY i.invite_id
), used AS (
    SELECT i.invite_id, sum(u.events) AS events
    FROM asked AS i
    JOIN usage_daily AS u ON u.customer_id = i.customer_id AND u.day < CAST(i.sent_at AS DATE)
        AND u.day >= CAST(i.sent_at AS DATE) - INTERVAL {use_days} DAY
    GROUP BY i.invite_id
), paid AS (
    SELECT i.invite_id, sum(s.quantity) AS seats
    FROM asked AS i
    JOIN subscriptions AS s ON s.customer_id = i.customer_id AND s.started_at <= i.sent_at
        AND (s.ended_at IS NULL OR s.ended_at > i.sent_at)
    GROUP BY i.invite_id
), scored AS (
    SELECT i.invite_id, a.score,
        row_number() OVER (PARTITION BY i.invite_id ORDER BY a.completed_at DESC, a.answer_id) AS place
    FROM asked AS i
    JOIN survey_answers AS a ON a.customer_id = i.customer_id AND a.instrument = 'nps' AND a.score IS NOT NULL
        AND a.completed_at < i.sent_at AND a.completed_at >= i.sent_at - INTERVAL 365 DAY
)
SELECT i.invite_id, i.customer_id, i.survey, i.wave, i.sent_at, i.answered_at, c.tier, c.region, c.created_at,
    coalesce(k.complaints, 0) AS complaints, u.events, p.seats, n.score AS nps
FROM asked AS i
LEFT JOIN customers AS c ON c.customer_id = i.customer_id
LEFT JOIN complained AS k ON k.invite_id = i.invite_id
LEFT JOIN used AS u ON u.invite_id = i.invite_id
LEFT JOIN paid AS p ON p.invite_id = i.invite_id
LEFT JOIN scored AS n ON n.invite_id = i.invite_id AND n.place = 1
ORDER BY i.sent_at, i.invite_id
"""


@dataclass(frozen=True)
class Answers:
    """The answers of one side to one statement in one wave, the last of each customer.

    Parameters
    ----------
    rows : DataFrame
        One row per answer: score, agrees, customer_id, account, tier, region, completed_at, weight (1 where nobody
        is weighted), delay (days since the invitation; NaN where it is not known).
    asked : DataFrame
        One row per delivered invitation of that survey and wave; empty where no export lists them.
    responded : int
        How many of those asked answered.
    is_weighted : bool
        Whether the weights bring the answers to those who were asked.
    """

    rows: pd.DataFrame
    asked: pd.DataFrame
    responded: int
    is_weighted: bool

    @cached_property
    def plain(self) -> Estimate:
        """Share that agrees, every answer counting the same."""
        return share(self.rows["agrees"], self.rows["account"])

    @cached_property
    def agree(self) -> Estimate:
        """Share that agrees, weighted to those who were asked where that is possible."""
        return self.of(self.rows["agrees"])

    def of(self, yes: pd.Series) -> Estimate:
        """Return the share of some answers, weighted where that is possible.

        The limits hold every value between no hidden difference and one as large again as the weights took away.
        """
        plain = share(yes, self.rows["account"])
        if not self.is_weighted:
            return plain
        found = weighted_share(yes.to_numpy(float), self.rows["weight"], self.rows["account"])
        value, low, high = (float(line[0]) for line in found)
        again = value - plain.value
        limits = max(min(low, low + again), 0.0), min(max(high, high + again), 1.0)
        return hidden_if_few(Estimate(value, *limits, len(self.rows), "share", "Wilson, raked, hidden difference"))

    @cached_property
    def rate(self) -> Estimate:
        """Share of the delivered invitations that were answered."""
        value, low, high = (float(line) for line in proportion(self.responded, len(self.asked)))
        flags = () if len(self.asked) else ("no-data",)
        return hidden_if_few(Estimate(value, low, high, len(self.asked), "share", "Wilson", flags))

    @property
    def when(self) -> pd.Timestamp:
        return pd.Timestamp(self.rows["completed_at"].max())


@dataclass(frozen=True)
class Views:
    """All answers to statements before the cut, and all invitations to them."""

    answers: pd.DataFrame
    asked: pd.DataFrame
    _read: dict[tuple[object, ...], Answers] = field(default_factory=dict, repr=False, compare=False)

    def questions(self, respondent: str) -> set[str]:
        """Return the statements that a side was asked."""
        return set(self.answers.loc[self.answers["respondent"] == respondent, "question"])

    def waves(self, respondent: str, question: str) -> list[Answers]:
        """Return the answers of one side to a statement, wave by wave, the oldest first."""
        mine = self.answers[(self.answers["respondent"] == respondent) & (self.answers["question"] == question)]
        return [self._once(mine, respondent, question, *wave) for wave in _order(mine)]

    def latest(self, respondent: str, question: str) -> Answers | None:
        """Return the answers of the last wave; None where the side was never asked."""
        mine = self.answers[(self.answers["respondent"] == respondent) & (self.answers["question"] == question)]
        waves = _order(mine)
        return self._once(mine, respondent, question, *waves[-1]) if waves else None

    def _once(self, mine: pd.DataFrame, respondent: str, question: str, survey: object, wave: object) -> Answers:
        # weighting takes time, and a page asks for the same answers more than once
        key = respondent, question, survey, None if pd.isna(wave) else wave  # type: ignore[call-overload]
        if key not in self._read:
            self._read[key] = self._wave(mine, survey, wave)
        return self._read[key]

    def _wave(self, mine: pd.DataFrame, survey: object, wave: object) -> Answers:
        rows = _of_wave(mine, survey, wave)
        named = rows["customer_id"].notna()
        rows = pd.concat([rows[~named], rows[named].drop_duplicates("customer_id", keep="last")]).sort_index()
        asked = _of_wave(self.asked, survey, wave)
        everybody = _of_wave(self.answers, survey, wave)
        most = int(everybody.groupby(["respondent", "question"]).size().max())
        responded = min(max(int(_has_answered(asked, everybody).sum()), min(most, len(asked))), len(asked))
        sent = asked.drop_duplicates("invite_id").set_index("invite_id")["sent_at"]
        sent_at = pd.Series(sent.reindex(rows["invite_id"]).to_numpy(), index=rows.index)
        delay = (rows["completed_at"] - sent_at).dt.total_seconds() / 86_400
        weight = _weights(asked, rows)
        rows = rows.assign(delay=delay, weight=1.0 if weight is None else weight).reset_index(drop=True)
        return Answers(rows, asked, responded, weight is not None)


def _order(mine: pd.DataFrame) -> list[tuple[object, object]]:
    """Return survey and wave of some answers, the one with the youngest answer last."""
    last = mine.groupby(["survey", "wave"], dropna=False)["completed_at"].max().sort_values(kind="stable")
    return [(survey, wave) for survey, wave in last.index]


def _of_wave(frame: pd.DataFrame, survey: object, wave: object) -> pd.DataFrame:
    """Return the rows of one wave; rows without a wave are one."""
    mine = frame[frame["survey"] == survey]
    if mine["wave"].isna().all():
        return mine
    return mine[mine["wave"].isna()] if pd.isna(wave) else mine[mine["wave"] == wave]  # type: ignore[call-overload]


def _has_answered(asked: pd.DataFrame, answers: pd.DataFrame) -> pd.Series:
    known = asked["answered_at"].notna() | asked["invite_id"].isin(answers["invite_id"].dropna())
    return known | asked["customer_id"].isin(answers["customer_id"].dropna())


def _weights(asked: pd.DataFrame, rows: pd.DataFrame) -> Floats | None:
    """Return weights that bring those who answered to those who were asked; None where they cannot be compared."""
    people = asked[asked["customer_id"].notna()].drop_duplicates("customer_id", keep="last").reset_index(drop=True)
    place = pd.Series(people.index, index=people["customer_id"]).reindex(rows["customer_id"])
    if place.isna().any() or len(rows) < 2 * FEWEST_IN_A_CLASS:
        return None
    mine = place.to_numpy().astype(np.intp)
    margins = [
        (codes[mine], np.bincount(codes) * len(rows) / len(people))
        for classes in known_classes(people)
        if (codes := merged(classes, mine)).max(initial=0) > 0
    ]
    if not margins:
        return None
    try:
        return trimmed(rake(np.ones(len(rows)), margins))
    except MeasureError:
        return None


def known_classes(people: pd.DataFrame) -> list[npt.NDArray[np.object_]]:
    """Return what is known of everyone asked before the answer: a class per customer, one array per characteristic."""
    score = people["nps"].to_numpy(float)
    last = np.select([np.isnan(score), score >= 9, score >= 7], ["none", "promoter", "passive"], "detractor")
    columns = [
        people["tier"].fillna("unknown").to_numpy(object),
        people["region"].fillna("unknown").to_numpy(object),
        np.where(people["complaints"].to_numpy() > 0, "complained", "did not"),
        last,
        use_classes(people),
    ]
    return [column.astype(object) for column in columns]


def use_classes(people: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Return the fourth of use that each customer is in: things done a day against others with as many seats."""
    age = ((people["sent_at"] - people["created_at"]).dt.total_seconds() / 86_400).fillna(RECENT_USE)
    days = np.clip(age.to_numpy(float), 1, RECENT_USE)
    known = people["events"].notna().to_numpy()
    use = np.log(np.where(known, people["events"].to_numpy(float), 1.0) / days)
    seats = np.log(people["seats"].fillna(people["seats"].median()).fillna(1.0).clip(lower=1).to_numpy(float))
    if known.sum() < 4 * FEWEST_IN_A_CLASS:
        return np.where(known, "used", "not used").astype(object)
    if np.ptp(seats[known]) > 0:
        slope = np.cov(seats[known], use[known])[0, 1] / seats[known].var(ddof=1)
        use = use - slope * seats
    fourth = np.searchsorted(np.quantile(use[known], [0.25, 0.5, 0.75]), use)
    return np.where(known, fourth.astype(str), "not used").astype(object)


def merged(classes: npt.NDArray[np.object_], mine: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Return codes of classes in which those with too few answers are one, joined to the largest if still too few.

    Parameters
    ----------
    classes : ndarray, shape (people asked,)
    mine : ndarray of int, shape (answers,)
        Which of the people asked gave each answer.
    """
    names, codes = np.unique(classes.astype(str), return_inverse=True)
    answers = np.bincount(codes[mine], minlength=len(names))
    few = answers < FEWEST_IN_A_CLASS
    largest = int(np.argmax(answers))
    target = np.arange(len(names))
    if few.any():
        together = int(np.flatnonzero(few)[0]) if answers[few].sum() >= FEWEST_IN_A_CLASS else largest
        target[few] = together
    return np.unique(target[codes], return_inverse=True)[1].astype(np.intp)


def read_views(book: Workbook) -> Views:
    """Return the answers and invitations up to the cut."""
    answers = book.engine.frame(ANSWERS.format(fact=book.engine.fact("survey_answer"), cut=book.sql_cut))
    asked = book.engine.frame(ASKED.format(cut=book.sql_cut, complaint_days=RECENT_COMPLAINT, use_days=RECENT_USE))
    return Views(answers, asked)
