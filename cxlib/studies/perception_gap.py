"""How customers see the company beside how its managers do, on the same statement in the same words."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from statsmodels.stats.multitest import multipletests

from cxlib.errors import MeasureError, untold
from cxlib.estimate import Estimate, Floats, Ints, proportion, two_sided_p
from cxlib.finding import Quantity, Ruling, Value
from cxlib.metrics.measure import SMALL_BELOW
from cxlib.models.binary import share, share_difference, share_of_all
from cxlib.models.clusters import estimated
from cxlib.models.nonresponse import late_responders, rake, trimmed, weighted_share, worst_case
from cxlib.nearest import chosen
from cxlib.workbook import Workbook

FEWEST_IN_A_CLASS = 8  # a class of customers with fewer answers is weighted together with others
LONGEST_SCALE = 11  # of a scale with more points only those that were given are shown
SEGMENTS = ("tier", "region", "sector", "segment")

ANSWERS = """
SELECT a.customer_id, coalesce(c.account_id, a.customer_id, a.answer_id) AS account,
    coalesce(a.respondent, 'customer') AS respondent, a.question, a.survey, coalesce(a.wave, '') AS wave, a.invite_id,
    a.score, a.scale_min, a.scale_max, f.tier, f.region, f.sector, f.segment, a.completed_at, i.sent_at
FROM survey_answers AS a
JOIN survey_answer AS f ON f.answer_id = a.answer_id
LEFT JOIN customers AS c ON c.customer_id = a.customer_id
LEFT JOIN survey_invites AS i ON i.invite_id = a.invite_id AND coalesce(i.delivered, TRUE)
WHERE a.instrument = 'statement' AND a.question IS NOT NULL AND a.completed_at < $cut
    AND a.score IS NOT NULL AND a.scale_min IS NOT NULL AND a.scale_max IS NOT NULL
ORDER BY a.completed_at, a.answer_id
"""
# scored: the last recommendation score before the invitation
ASKED = """
WITH scored AS (
    SELECT i.invite_id, a.score,
        row_number() OVER (PARTITION BY i.invite_id ORDER BY a.completed_at DESC, a.answer_id) AS place
    FROM survey_invites AS i
    JOIN survey_answers AS a ON a.customer_id = i.customer_id AND a.completed_at < i.sent_at
        AND a.completed_at >= i.sent_at - INTERVAL $score_days DAY
    WHERE i.instrument = 'statement' AND a.instrument = 'nps' AND a.score IS NOT NULL
)
SELECT i.invite_id, i.customer_id, i.survey, coalesce(i.wave, '') AS wave,
    coalesce(i.answered_at < $cut, FALSE) AS answered,
    coalesce(c.tier, 'unknown') AS tier, coalesce(c.region, 'unknown') AS region,
    (
        SELECT count(*) FROM tickets AS t WHERE t.customer_id = i.customer_id AND t.created_at < i.sent_at
            AND t.created_at >= i.sent_at - INTERVAL $complaint_days DAY AND (t.is_complaint OR t.severity IS NOT NULL)
    ) > 0 AS complained,
    CASE WHEN n.score >= $happy THEN 'promoter' WHEN n.score > $unhappy THEN 'passive'
        WHEN n.score IS NOT NULL THEN 'detractor' ELSE 'none' END AS recommends,
    (
        SELECT sum(u.events) FROM usage_daily AS u WHERE u.customer_id = i.customer_id
            AND u.day < CAST(i.sent_at AS DATE) AND u.day >= CAST(i.sent_at AS DATE) - INTERVAL $use_days DAY
    ) AS events,
    (
        SELECT sum(s.quantity) FROM subscriptions AS s WHERE s.customer_id = i.customer_id
            AND s.started_at <= i.sent_at AND (s.ended_at IS NULL OR s.ended_at > i.sent_at)
    ) AS seats,
    least(greatest(coalesce(date_diff('second', c.created_at, i.sent_at) / 86400.0, $use_days), 1), $use_days) AS days
FROM survey_invites AS i
LEFT JOIN customers AS c ON c.customer_id = i.customer_id
LEFT JOIN scored AS n ON n.invite_id = i.invite_id AND n.place = 1
WHERE i.instrument = 'statement' AND coalesce(i.delivered, TRUE) AND i.sent_at < $cut
ORDER BY i.sent_at, i.invite_id
"""
SPELLS = "SELECT customer_id, started_at, ended_at FROM customer_spell WHERE started_at < $cut"

STATEMENTS = "Answers to statements (agree or disagree) would tell, with the name of each statement and its scale."
BOTH = "The same statement would tell, put to managers and customers word for word and on one scale."
DIFFERENT = (
    "Managers and customers were asked different questions, whose shares must not be subtracted; the same statement, "
    "put to both sides word for word, would tell."
)
NOT_ASKED = {
    "customer": "The customers were not asked; this very statement would tell, put to them word for word and on the "
    "same scale, with a list of whom was asked.",
    "owner": "The managers were not asked, or the column respondent does not say who answered; this very statement "
    "would tell, put to them word for word and on the same scale, with a list of whom was asked.",
}
UNWEIGHTED = (
    "The customers who answered could not be weighted to those who were asked, so if the satisfied answer more, as is "
    "usual, their share is too high; a list of those who were asked, and more answers, would tell."
)
SILENT = "A list of those who were asked would tell how many stayed silent."
LATE = "More answers that can be traced to their invitations would tell whether the late ones differ."
MORE = "More answers to this statement would tell."
STAYED = "Answers given long enough ago, together with subscriptions and their ends, would tell."


@dataclass(frozen=True)
class Answers:
    """The answers of one side ("customer" or "owner") to one statement in one wave, the last of each customer.

    `rows`, none where the side was not asked, have score, agrees, customer_id, account, the segments, completed_at,
    sent_at (of the invitation, where known) and weight (NaN where they cannot be weighted to those who were asked).
    `asked` counts the delivered invitations, 0 where no export lists them, `responded` those answered. `hidden` is the
    hidden difference that limits allow for, as a multiple of the one that the weights took away.
    """

    side: str
    rows: pd.DataFrame
    asked: int
    responded: int
    hidden: float

    def of(self, yes: pd.Series) -> Estimate:
        """Return the share of some answers, weighted where that can be; managers who were asked are all there are."""
        if self.side == "owner" and self.asked >= len(self.rows):
            return share_of_all(yes, self.asked)
        plain = share(yes, self.rows["account"])
        if self.rows["weight"].isna().any():
            return plain
        found = weighted_share(yes.to_numpy(float), self.rows["weight"], self.rows["account"])
        value, low, high = (float(line[0]) for line in found)
        again = self.hidden * (value - plain.value)
        ends = value, max(min(low, low + again), 0.0), min(max(high, high + again), 1.0)
        return estimated(ends, len(self.rows), "share", "Wilson, raked, hidden difference")

    @cached_property
    def plain(self) -> Estimate:
        """Share that agrees, every answer counting the same."""
        return share(self.rows["agrees"], self.rows["account"])

    @cached_property
    def agree(self) -> Estimate:
        """Share that agrees, weighted where that is possible; untold where the side was not asked."""
        untold(NOT_ASKED[self.side], len(self.rows))
        return self.of(self.rows["agrees"])

    @cached_property
    def rate(self) -> Estimate:
        """Share of the delivered invitations that were answered."""
        return estimated(proportion(self.responded, self.asked), self.asked, "share", "Wilson")

    def answered(self, unknown: str) -> Estimate | str:
        """Return the response rate, or words where it is not known."""
        return self.rate if self.rate.is_known else unknown

    @property
    def month(self) -> str:
        """Month of the last answer."""
        return f"{self.rows['completed_at'].max():%Y-%m}"


@dataclass(frozen=True)
class Views:
    """All answers to statements before the cut, and all invitations to them."""

    answers: pd.DataFrame
    asked: pd.DataFrame
    largest_weight: float
    hidden: float

    def given(self, side: str, question: str) -> pd.DataFrame:
        """Return the answers of a side to a statement in all waves, the oldest first."""
        return self.answers[(self.answers["respondent"] == side) & (self.answers["question"] == question)]

    def waves(self, side: str, question: str, last: int = 0) -> list[Answers]:
        """Return the answers wave by wave, the one with the youngest answer last; of so many waves, or of all."""
        mine = self.given(side, question)
        found = mine.groupby(["survey", "wave"])["completed_at"].max().sort_values(kind="stable")
        return [self._wave(side, mine, survey, wave) for survey, wave in found.index[-last:]]

    def latest(self, side: str, question: str) -> Answers:
        """Return the answers of the last wave; without rows where the side was never asked."""
        nobody = Answers(side, self.answers.iloc[:0].assign(weight=np.nan), 0, 0, self.hidden)
        return [nobody, *self.waves(side, question, 1)][-1]

    def both(self, question: str, other: str) -> tuple[Answers, Answers]:
        """Return what both sides last answered; untold where one was not asked, or was asked the `other` statement."""
        managers, customers = self.latest("owner", question), self.latest("customer", question)
        untold(BOTH, len(managers.rows) or len(customers.rows))
        for mine in (customers, managers):
            untold(DIFFERENT, len(mine.rows) or not len(self.given(mine.side, other)))
            untold(NOT_ASKED[mine.side], len(mine.rows))
        return managers, customers

    def _wave(self, side: str, mine: pd.DataFrame, survey: str, wave: str) -> Answers:
        rows, asked, everybody = (_of_wave(frame, survey, wave) for frame in (mine, self.asked, self.answers))
        rows = rows[rows["customer_id"].isna() | ~rows.duplicated("customer_id", keep="last")]
        traced = [asked[name].isin(everybody[name].dropna()) for name in ("invite_id", "customer_id")]
        # answers that cannot be traced to invitations: as many as were given to one statement
        most = everybody.groupby(["respondent", "question"]).size().max()
        responded = min(max((asked["answered"] | traced[0] | traced[1]).sum(), most), len(asked))
        rows = rows.assign(weight=_weights(asked, rows, self.largest_weight))
        return Answers(side, rows, len(asked), int(responded), self.hidden)


def _of_wave(frame: pd.DataFrame, survey: str, wave: str) -> pd.DataFrame:
    """Return the rows of one wave; all of the survey where no row of it names one."""
    mine = frame[frame["survey"] == survey]
    return mine[(mine["wave"] == wave) | bool((mine["wave"] == "").all())]


def _weights(asked: pd.DataFrame, rows: pd.DataFrame, largest: float) -> Floats | float:
    """Return weights that bring those who answered to those who were asked; NaN where they cannot be compared."""
    people = asked[asked["customer_id"].notna()].drop_duplicates("customer_id", keep="last")
    mine = pd.Index(people["customer_id"]).get_indexer(pd.Index(rows["customer_id"]))
    if (mine < 0).any() or len(mine) < 2 * FEWEST_IN_A_CLASS:
        return np.nan
    known = (people[name] for name in ("tier", "region", "complained", "recommends"))
    codes = [merged(classes, mine) for classes in (*known, use_classes(people))]
    margins = [(code[mine], np.bincount(code) * len(mine) / len(people)) for code in codes if code.any()]
    with suppress(MeasureError):
        return trimmed(rake(np.ones(len(mine)), margins), largest) if margins else np.nan
    return np.nan


def read_views(book: Workbook, agreement: float, largest_weight: float, hidden: float, **classes: int) -> Views:
    """Return the answers and invitations up to the cut; untold without statements.

    `agreement` is the upper part of the scale that counts as agreement; weights are cut at `largest_weight` medians.
    The `classes` tell customers apart: days before an invitation in which complaints, use and the last score count
    (`complaint_days, use_days, score_days`), the highest score of the `unhappy`, the lowest of the `happy`.
    """
    answers = book.frame(ANSWERS)
    untold(STATEMENTS, len(answers))
    answers["agrees"] = agreeing(answers, agreement)
    return Views(answers, book.frame(ASKED, **classes), largest_weight, hidden)


def agreeing(rows: pd.DataFrame, upper: float) -> pd.Series:
    """Return whether answers lie in the upper part of their scale: 0.4 is the upper two of five points."""
    return rows["score"] > rows["scale_max"] - upper * (rows["scale_max"] - rows["scale_min"] + 1)


def use_classes(people: pd.DataFrame) -> pd.Series:
    """Return the fourth of use that each customer is in: things done a day against others with as many seats."""
    known = people["events"].notna()
    if known.sum() < 4 * FEWEST_IN_A_CLASS:
        return known
    use = np.log(people["events"].astype(float) / people["days"])
    seats = np.log(people["seats"].fillna(people["seats"].median()).fillna(1.0).clip(lower=1))
    if np.ptp(seats[known]) > 0:
        use = use - np.cov(seats[known], use[known])[0, 1] / seats[known].var() * seats
    fourth = np.searchsorted(np.quantile(use[known], [0.25, 0.5, 0.75]), use)
    return pd.Series(fourth.astype(str), people.index).where(known, "not used")


def merged(classes: pd.Series, mine: Ints) -> Ints:
    """Return codes of classes, those with too few answers (`mine`: whose each is) joined, or put to the largest."""
    names = classes.astype(str).to_numpy()
    answers = pd.Series(names[mine]).value_counts().reindex(np.unique(names), fill_value=0)
    few = answers.index[answers < FEWEST_IN_A_CLASS]
    joined = str(few[0] if answers[few].sum() >= FEWEST_IN_A_CLASS else answers.idxmax())
    return pd.factorize(np.where(np.isin(names, few), joined, names), sort=True)[0]


def apart(managers: Answers, customers: Answers, upper: float) -> Estimate:
    """Return the share of managers less that of customers whose answer lies in the upper part of the scale."""
    return share_difference(*(side.of(agreeing(side.rows, upper)) for side in (managers, customers)))


def alike(*gaps: Estimate) -> Ruling:
    """Return whether all of some differences say the same: above none, below, or neither."""
    untold(MORE, *(gap.is_known for gap in gaps))
    return Ruling("supported" if len({(gap.low > 0, gap.high < 0) for gap in gaps}) == 1 else "not-supported")


def turning(managers: Answers, customers: Answers, gap: Estimate) -> tuple[str, Quantity]:
    """Return the share of the silent that must agree to close the gap: "some", "not all" (above 1) or "none"."""
    silent = customers.asked - customers.responded
    if silent <= 0 or not customers.rate.is_known or not gap.low > 0:
        return "none", Quantity(np.nan, "share")
    answered = customers.responded / customers.asked
    turn = (managers.agree.value - answered * customers.plain.value) / (1 - answered)
    return "not all" if turn > 1 else "some", Quantity(turn, "share")


def _bars(rows: Iterable[tuple[str, str, Estimate]]) -> pd.DataFrame:
    lines = [{"group": group, "label": label, **vars(one)} for group, label, one in rows if one.is_known]
    return pd.DataFrame(lines, columns=["group", "label", "value", "low", "high", "n"])


def by_wave(views: Views, sides: Mapping[str, str], question: str) -> pd.DataFrame:
    """Return the share that agrees of each side in each wave: `group, label, value, low, high, n`."""
    waves = ((label, wave) for label, side in sides.items() for wave in views.waves(side, question))
    return _bars((label, wave.month, wave.agree) for label, wave in waves)


def by_point(sides: Mapping[str, Answers]) -> pd.DataFrame:
    """Return the share of each side that gave each point of the scale: `group, label, value, low, high, n`."""
    asked = {label: side for label, side in sides.items() if len(side.rows)}
    untold(NOT_ASKED[next(iter(sides.values())).side], asked)
    points = ((label, side, point) for label, side in asked.items() for point in _scale(side.rows))
    return _bars((label, f"{point:g}", side.of(side.rows["score"] == point)) for label, side, point in points)


def _scale(rows: pd.DataFrame) -> Floats:
    points = np.arange(rows["scale_min"].min(), rows["scale_max"].max() + 0.5)
    return points if len(points) <= LONGEST_SCALE else np.unique(rows["score"])


def weighted(customers: Answers) -> Estimate:
    """Return the share that agrees, weighted; untold where it could not be weighted."""
    untold(MORE, customers.plain.is_known)
    untold(UNWEIGHTED, customers.rows["weight"].notna().all())
    return customers.agree


def silent(customers: Answers) -> dict[str, Value]:
    """Return how many of those asked did not answer, and the share if none or all of them agreed."""
    untold(SILENT, customers.rate.is_known, customers.plain.is_known)
    asked, responded, agree = customers.asked, customers.responded, customers.plain.value * customers.responded
    low, high = worst_case(agree, responded - agree, asked - responded)
    ends = {"low": Quantity(low, "share"), "high": Quantity(high, "share")}
    return {"silent": asked - responded, "asked": asked, **ends}


def late(customers: Answers) -> Estimate:
    """Return how much more the last to answer agree than the first."""
    rows = customers.rows[customers.rows["sent_at"].notna()]
    untold(LATE, len(rows) >= SMALL_BELOW)
    delay = (rows["completed_at"] - rows["sent_at"]).dt.total_seconds()
    slope = late_responders(rows["agrees"].to_numpy(bool), delay, rows["weight"].fillna(1.0))
    untold(LATE, *np.isfinite(slope))
    return Estimate(*slope, len(rows), "share difference", "sandwich")


def differing(customers: Answers, by: str) -> tuple[Ruling, dict[str, Value]]:
    """Return whether some segment of `by` agrees more or less than the rest, corrected for many, and which most."""
    rows, tested = customers.rows, []
    for column in chosen(by, SEGMENTS, "segment"):
        for value, mine in rows.groupby(column):
            halves = mine, rows.drop(mine.index)
            if min(map(len, halves)) >= SMALL_BELOW:
                ours, others = (share(half["agrees"], half["account"]) for half in halves)
                tested.append((str(value), ours, share_difference(ours, others)))
    untold("More answers of customers whose region or contract class is known would tell.", tested)
    rejected = multipletests([two_sided_p(gap) for _, _, gap in tested], method="fdr_bh")[0]
    hits = [line for line, hit in zip(tested, rejected, strict=True) if hit]
    if not hits:
        return Ruling("not-supported"), {"count": len(tested)}
    name, ours, gap = max(hits, key=lambda line: abs(line[2].value))
    return Ruling("supported"), {"segment": name, "share": ours, "gap": gap}


def shared_accounts(customers: Answers) -> tuple[Ruling, int]:
    """Return whether, and how many, parent companies answered through more than one customer."""
    untold(MORE, customers.plain.is_known)
    many = int((customers.rows["account"].value_counts() > 1).sum())
    return Ruling("supported" if many else "not-supported"), many


def left_after(book: Workbook, views: Views, question: str, days: int) -> tuple[Estimate, Estimate, Estimate]:
    """Return the shares that stopped paying within so many days of a first answer: disagreed, agreed, the gap."""
    untold(STAYED, not book.lacks("subscriptions.started_at", "subscriptions.ended_at"))
    mine, after = views.given("customer", question), pd.Timedelta(days=days)
    old = mine["customer_id"].notna() & (mine["completed_at"] <= pd.Timestamp(book.cut) - after)
    both = mine[old].drop_duplicates("customer_id").merge(book.frame(SPELLS), on="customer_id")
    both = both[(both["started_at"] <= both["completed_at"]) & ~(both["ended_at"] <= both["completed_at"])]
    left = both["ended_at"] <= both["completed_at"] + after
    others, agree = (share(left[rows], both.loc[rows, "account"]) for rows in (~both["agrees"], both["agrees"]))
    gap = share_difference(others, agree)
    untold(STAYED, others.is_known, agree.is_known, gap.is_known)
    return others, agree, gap
