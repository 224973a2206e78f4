"""Leaving after a bad experience, beside like customers at the same moment. Times are days since 1970 (UTC)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate, Floats, Ints, difference
from cxlib.finding import Ruling, Value, verdict
from cxlib.models.binary import e_value, share
from cxlib.models.clusters import estimated, half_width, sandwich, share_limits
from cxlib.models.incidence import OTHER, STILL, WANTED, Durations, durations
from cxlib.models.matching import Compared, compare, match_risk_sets
from cxlib.nearest import chosen
from cxlib.workbook import Workbook

OF_TICKETS = {
    "complaint": "tickets.is_complaint",
    "severe": "tickets.severity",
    "reopened": "tickets.reopens",
    "unanswered": "tickets.first_public_reply_at",
    "rated_bad": "tickets.satisfaction",
}
"""Kinds of bad experience that tickets show, and the column without which none is seen."""

TERMS = "It needs the terms of the billing system with their ends."
TICKETS = "It needs tickets of paying customers, with complaints, severity, reopenings, replies or ratings."

STRATA = ("tier", "tenure", "product", "region", "sector", "segment", "channel")
LEFT, UNPAID = 1, 2
YEAR = 365.25
_FAR = 1e9

SPELLS = f"""
SELECT customer_id AS customer, tier, product, region, sector, segment, channel, spell, started_at AS started,
    observed_from AS begins, end_reason, CASE WHEN ended_at <= $cut THEN ended_at ELSE $cut END AS ends,
    CASE WHEN ended_at <= $cut THEN CASE WHEN end_reason = 'payment' THEN {UNPAID} ELSE {LEFT} END ELSE 0 END AS event
FROM customer_spell WHERE observed_from < $cut ORDER BY customer_id, spell
"""
# beside what is bad: the first question of a month that was answered well, when that was known; harmless answers to
# surveys; the first request of all, where a complaint without a severity is unlike a question, which has none
EXPERIENCES = """
SELECT customer_id AS customer, kind, occurred_at AS at, judged_at AS judged,
    CAST(max(CASE severity WHEN 'minor' THEN 1 WHEN 'moderate' THEN 2 WHEN 'severe' THEN 3 WHEN 'question' THEN 0
        WHEN 'complaint' THEN -1 END) AS DOUBLE) AS severity,
    CAST(min(CASE WHEN handled_well THEN 1 WHEN NOT handled_well THEN 0 END) AS DOUBLE) AS handled_well
FROM (
    SELECT customer_id, kind, severity, occurred_at, judged_at, handled_well FROM bad_experience
    UNION ALL
    SELECT customer_id, 'good', NULL, min(judged_at), NULL, NULL FROM ticket_handling
    WHERE handled_well AND NOT is_complaint AND severity IS NULL
    GROUP BY customer_id, date_trunc('month', judged_at)
    UNION ALL
    SELECT customer_id, CASE instrument WHEN 'nps' THEN 'no detractor' ELSE 'no survey_problem' END, NULL,
        completed_at, NULL, NULL FROM survey_answers
    WHERE customer_id IS NOT NULL AND coalesce(respondent, 'customer') = 'customer'
        AND ((instrument = 'nps' AND score > 6) OR (instrument = 'problem' AND score = 0))
    UNION ALL
    SELECT customer_id, 'first', coalesce(severity, CASE WHEN is_complaint THEN 'complaint' ELSE 'question' END),
        created_at, judged_at, handled_well
    FROM (
        SELECT *, row_number() OVER (PARTITION BY customer_id ORDER BY created_at, ticket_id) AS place
        FROM ticket_handling
    ) AS in_order WHERE place = 1
) AS seen
WHERE occurred_at < $cut
GROUP BY customer_id, kind, occurred_at, judged_at
ORDER BY customer_id, occurred_at, CASE kind WHEN 'good' THEN 1 ELSE 0 END, kind
"""
BEGINNINGS = """
SELECT (SELECT min(created_at) FROM tickets) AS tickets,
    (SELECT min(completed_at) FROM survey_answers WHERE instrument = 'nps') AS detractor,
    (SELECT min(completed_at) FROM survey_answers WHERE instrument = 'problem') AS survey_problem,
    (SELECT min(occurred_at) FROM incidents) AS incident
"""
MONTHS = """
SELECT customer_id AS customer, date_diff('month', DATE '1970-01-01', month) AS month,
    CAST(mrr_end AS DOUBLE) AS mrr, CAST(tickets AS DOUBLE) AS tickets
FROM customer_month ORDER BY customer_id, month
"""
SILENT = """
SELECT customer_id AS customer, max(CASE WHEN score > 0 AND told IN ('public', 'nobody') THEN 1 ELSE 0 END) AS silent
FROM survey_answers
WHERE instrument = 'problem' AND score IS NOT NULL AND completed_at < $cut
    AND (score = 0 OR told IS NOT NULL) AND coalesce(respondent, 'customer') = 'customer'
GROUP BY customer_id, survey, wave
"""
UNLINKED = """
SELECT count(*) AS complaints, count(*) FILTER (WHERE customer_id IS NULL) AS without
FROM tickets WHERE (is_complaint OR severity = 'severe') AND created_at < $cut
"""


@dataclass(frozen=True)
class Comparison:
    """Cases and those like them, followed from the moment `at` of the case.

    `cases` and `pairs` have customer, at, followed_until, event; a pair also the index of its `case` and its `weight`.
    `share` (of the cases) and `others` left within so many days (else by the last of the times), `more` is their
    difference.
    """

    cases: pd.DataFrame
    pairs: pd.DataFrame
    compared: Compared

    def share(self, days: float | None = None) -> Estimate:
        return self._share(self.compared.cases, self.compared.influence_of_cases, self._place(days))

    def others(self, days: float | None = None) -> Estimate:
        return self._share(self.compared.others, self.compared.influence_of_others, self._place(days))

    def more(self, days: float | None = None) -> Estimate:
        first, second, place = self.share(days), self.others(days), self._place(days)
        value, half = float(self.compared.difference[place]), self._half(self.compared.influence[:, place])
        low, high, method = max(value - half, -1.0), min(value + half, 1.0), "risk sets, clustered by customer"
        if half == 0 or min(first.value, second.value) <= 0 or max(first.value, second.value) >= 1:
            # where one side shows none, or all, its error cannot be read off the data
            apart = difference(first, second)
            low, high, method = apart.low, apart.high, apart.method
        return estimated((value, low, high), len(self.cases), "share difference", method)

    def ratio(self) -> tuple[Estimate, tuple[float, float]]:
        """Return how many times as large the share is among the cases, and what unseen cause explains it (E-value)."""
        above, below = self.compared.cases[-1], self.compared.others[-1]
        untold("It needs more bad experiences, or more time after them.", above > 0, below > 0, self.more().is_known)
        sides = self.compared.influence_of_cases[:, -1] / above, self.compared.influence_of_others[:, -1] / below
        ends = above / below * np.exp(self._half(sides[0] - sides[1]) * np.array([0, -1, 1]))
        ratio = estimated(ends, len(self.cases), "ratio", "delta method on the log ratio, clustered by customer")
        return ratio, e_value(ratio.value, ratio.low, ratio.high)

    def _place(self, days: float | None) -> int:
        return -1 if days is None else int(np.flatnonzero(self.compared.times == days)[0])

    def _half(self, influence: Floats) -> float:
        """Return half the width of an interval: Student's t, customers drawn whole."""
        customers = self.cases["customer"].nunique()
        return half_width(float(sandwich(influence, customers)), max(customers - 1, 1))

    def _share(self, shares: Floats, influence: Floats, place: int) -> Estimate:
        value, n = float(shares[place]), len(self.cases)
        ends = value, *share_limits(value, self._half(influence[:, place]), n)
        return estimated(ends, n, "share", "Aalen-Johansen, clustered by customer")


def _compared(cases: pd.DataFrame, pairs: pd.DataFrame, times: Sequence[float], cause: int = LEFT) -> Comparison:
    rows = pairs.assign(case=cases.index.get_indexer(pd.Index(pairs["case"])))
    return Comparison(cases, pairs, compare(_followed(cases, cause), _followed(pairs, cause), rows, times))


def _followed(side: pd.DataFrame, cause: int) -> Durations:
    """Return how long rows were followed, and whether `cause` or something else ended it."""
    end = np.select([side["event"] == cause, side["event"] == 0], [WANTED, STILL], OTHER)
    return durations(side["followed_until"] - side["at"], end, side["customer"].to_numpy(object))


@dataclass(frozen=True)
class Customers:
    """Everything up to the cut, and what the notebook assumes.

    `spells`: customer, the segments, started, begins (from when on leaving could be seen), ends (also as
    followed_until), event (0 still a customer, 1 left, 2 payment failed). `experiences`: customer, kind, severity (1 to
    3, or NaN), at, judged, handled_well (1, 0, NaN). `seen_from`: the first of the tickets, incidents and answers.
    `counted`: kinds that count as bad. `quiet`: days without one, after which the next begins an episode. `stays`: days
    at which lengths of stay are parted, from 0 on. `alike`: what others share with a case, the most important first.
    `within`: days in which leaving is counted.
    """

    book: Workbook
    spells: pd.DataFrame
    experiences: pd.DataFrame
    seen_from: Mapping[str, float]
    counted: tuple[str, ...]
    quiet: float
    stays: tuple[float, ...]
    alike: tuple[str, ...]
    within: float

    def of(self, *kinds: str) -> pd.DataFrame:
        return self.experiences[self.experiences["kind"].isin(kinds)]

    def tenure(self, days: pd.Series) -> Ints:
        """Return how long somebody has been a customer, as a place among the lengths of stay."""
        return np.searchsorted(self.stays, days.to_numpy(float), side="right") - 1

    def episodes(self, *kinds: str, base: pd.DataFrame | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the bad experiences that begin an episode, and who else could have had one at the same moment.

        Of some kinds, those that count if none is given; among all spells, or a `base` of parts of them. The first
        frame has one row per episode of somebody who was paying, the second one per stretch (`begins`, `ends`) that is
        free of one and of one length of stay: customer, started, followed_until, event, the strata, `at` or the `next`.
        """
        kinds, spells = kinds or self.counted, self.spells if base is None else base
        seen_from = self.seen_from.get(kinds[0], self.seen_from["tickets"])
        late = np.maximum(spells["begins"], seen_from + self.quiet)
        spells = spells.assign(begins=spells["begins"].where(spells["started"] >= seen_from, late))
        never = pd.DataFrame({"customer": spells["customer"].unique(), "at": _FAR})
        times = pd.concat([self.of(*kinds), never], ignore_index=True)
        times = times.sort_values(["customer", "at", "severity"], kind="stable").drop_duplicates(["customer", "at"])
        times["free"] = times.groupby("customer")["at"].shift().fillna(-_FAR) + self.quiet
        cases = times[times["free"] <= times["at"]].drop(columns="free").merge(spells, on="customer")
        cases = cases.query("begins <= at < ends").reset_index(drop=True)
        gaps = times[["customer", "free", "at"]].rename(columns={"at": "next"})
        bands = pd.DataFrame({"tenure": range(len(self.stays)), "low": self.stays, "high": (*self.stays[1:], _FAR)})
        parts = spells.merge(gaps, on="customer").merge(bands, "cross")
        starts = np.maximum.reduce([parts["begins"], parts["free"], parts["started"] + parts["low"]])
        stops = np.minimum.reduce([parts["ends"], parts["next"], parts["started"] + parts["high"]])
        stretches = parts.assign(begins=starts, ends=stops).query("begins < ends").reset_index(drop=True)
        return cases.assign(tenure=self.tenure(cases["at"] - cases["started"])), stretches

    def compared(
        self, cases: pd.DataFrame, others: pd.DataFrame, times: Sequence[float] = (), cause: int = LEFT
    ) -> Comparison:
        """Compare cases with all others at risk at the same moment and like them, in `exact_on` of the strata."""
        cases = cases.reset_index(drop=True)
        found, exact_on = match_risk_sets(cases, others, self.alike, near="started")
        pairs = others.iloc[found["other"]].reset_index(drop=True).assign(case=found["case"], weight=found["weight"])
        pairs["at"] = cases["at"].to_numpy(float)[found["case"]]
        return _compared(cases.assign(exact_on=exact_on)[exact_on >= 0], pairs, [*times, self.within], cause)

    def plainly(self, cases: pd.DataFrame, others: pd.DataFrame) -> Comparison:
        """Compare two groups as they are, each row followed from its own `at`."""
        pairs = others if len(cases) else others.iloc[:0]
        return _compared(cases, pairs.assign(case=cases.index.min(), weight=1 / max(len(pairs), 1)), [self.within])

    def after(self, kind: str) -> Comparison:
        """Compare after one kind of experience, where it came first, with those free of any of its family."""
        family = (kind,) if kind == "incident" else dict.fromkeys([*OF_TICKETS, kind])
        cases, stretches = self.episodes(*family)
        return self.compared(cases[cases["kind"] == kind], stretches)

    def after_an_answer(self, kind: str, counts_for: float) -> Comparison:
        """Compare after a bad answer with those who gave a good one to the same question, so many days ago at most."""
        good = self.of(f"no {kind}")[["customer", "at"]].rename(columns={"at": "asked"})
        until = np.minimum(good.groupby("customer")["asked"].shift(-1).fillna(np.inf), good["asked"] + counts_for)
        base = self.spells.merge(good.assign(until=until), on="customer").query("begins <= asked < ends")
        base = base.assign(begins=base["asked"], ends=np.minimum(base["until"], base["ends"]))
        return self.compared(self.episodes(kind)[0], self.episodes(kind, base=base)[1])

    def ever_against_never(self) -> Comparison:
        """Compare plainly who ever had one with who never had: misleading, by immortal time (Suissa 2008)."""
        spells = self.spells.assign(at=self.spells["begins"])
        bad = self.of(*self.counted)[["customer", "at"]].rename(columns={"at": "bad"})
        had = spells.reset_index().merge(bad, on="customer").query("begins <= bad < ends")["index"]
        ever = spells.index.isin(had)
        return self.plainly(spells[ever], spells[~ever])

    def first_contacts(self) -> pd.DataFrame:
        """Return the first request of customers who began after the first ticket of all; of others it is not known."""
        spells = self.spells[(self.spells["spell"] == 1) & (self.spells["started"] >= self.seen_from["tickets"])]
        cases = self.of("first").merge(spells, on="customer")
        # who asked while trying the product is followed from the first payment
        return cases.assign(judged=np.maximum(cases["judged"], cases["started"]))

    def judged(self, cases: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return cases handled well and badly, followed from when that is judged; who has left by then is left out."""
        here = cases[cases["handled_well"].notna()].query("begins <= judged < followed_until")
        untold("It needs complaints of known customers, and tickets that say when they were solved.", len(here))
        here = here.assign(at=here["judged"], tenure=self.tenure(here["judged"] - here["started"]))
        return here[here["handled_well"] == 1], here[here["handled_well"] == 0]

    def same_problem(self, cases: pd.DataFrame, others: pd.DataFrame) -> Comparison:
        """Compare two groups within severity, tier and length of stay, whatever the date: each on its own clock."""
        sides = [one.assign(at=0.0, followed_until=one["followed_until"] - one["at"]) for one in (cases, others)]
        like = replace(self, alike=("severity", "tier", "tenure"))
        return like.compared(sides[0], sides[1].assign(begins=-np.inf, ends=np.inf))

    def before(self, comparison: Comparison, back: int, less: float) -> tuple[pd.DataFrame, Comparison]:
        """Return how like both were (`cases, others`, standardised `gap`), and who had cut spending by `less`."""
        months, weight = self.book.frame(MONTHS), comparison.pairs["weight"]
        mine, theirs = (earlier(months, side, back, less) for side in (comparison.cases, comparison.pairs))
        known = theirs.notna().mul(weight, axis=0).sum()
        mean = theirs.mul(weight, axis=0).sum() / known
        spread = np.sqrt((mine.var(ddof=0) + (theirs - mean).pow(2).mul(weight, axis=0).sum() / known) / 2)
        gap = ((mine.mean() - mean) / spread).where(spread != 0, 0.0)
        like = pd.DataFrame({"cases": mine.mean(), "others": mean, "gap": gap}).drop(index="spent_less").dropna()
        return like, again(comparison, mine["spent_less"], theirs["spent_less"])

    def anniversaries(self, days: float) -> Estimate:
        """Return the share of those who left that did so within so many days of an anniversary of their start."""
        left = self.spells[self.spells["event"] == LEFT]
        stay = (left["ends"] - left["started"]).to_numpy(float)
        off = np.abs(stay - YEAR * np.round(stay / YEAR))
        return share((off <= days) & (stay > YEAR / 2), left["customer"].to_numpy())

    def silent(self) -> Estimate:
        """Return the share of answers that tell of a problem of which the company was not told."""
        lacking = self.book.lacks("survey_answers.told", "survey_answers.score")
        untold("It needs a survey that asks for problems, and whom customers told of them.", not lacking)
        answers = self.book.frame(SILENT)
        return share(answers["silent"].to_numpy(float), answers["customer"].astype(str).to_numpy())

    def unlinked(self) -> dict[str, int]:
        """Count complaints, those without a known customer, ends of customers, and those without a reason."""
        ends = self.spells.loc[self.spells["event"] != 0, "end_reason"]
        complaints, without = (int(count) for count in self.book.frame(UNLINKED).iloc[0])
        return dict(complaints=complaints, without=without, ends=len(ends), unexplained=int(ends.isna().sum()))


def read(book: Workbook, bad: str, otherwise: str, quiet: float, stays: str, alike: str, within: float) -> Customers:
    """Read spells and experiences; where no export can show what counts as bad, what is named `otherwise` counts."""
    counted, like = chosen(bad, OF_TICKETS, "kind of bad experience"), chosen(alike, STRATA, "column")
    if len(book.lacks(*(OF_TICKETS[kind] for kind in counted))) == len(counted):
        counted = chosen(otherwise, OF_TICKETS, "kind of bad experience")
    spells, seen = _rows(book, SPELLS), _rows(book, EXPERIENCES)
    untold(TERMS, not book.lacks("subscriptions.ended_at"), len(spells))
    untold(TICKETS, seen["kind"].isin(OF_TICKETS).any())
    spells = spells.assign(followed_until=spells["ends"])
    seen_from = {str(name): float(when) for name, when in _rows(book, BEGINNINGS).iloc[0].items()}
    parted = (0.0, *map(float, stays.split(",")))
    return Customers(book, spells, seen, seen_from, counted, quiet, parted, like, within)


def _rows(book: Workbook, sql: str) -> pd.DataFrame:
    """Return the rows of a statement with times as days since 1970; an empty time is NaN."""
    rows = book.frame(sql)
    times = rows.select_dtypes("datetime").apply(lambda time: (time - pd.Timestamp(0)) / pd.Timedelta(days=1))
    return rows.assign(**{str(name): time for name, time in times.items()})


def earlier(months: pd.DataFrame, rows: pd.DataFrame, back: int, less: float) -> pd.DataFrame:
    """Return what is known of rows in the months (from January 1970, UTC) before their moment; NaN where no customers.

    `stay` (months as a customer), `mrr` (at the end of the month before), `tickets` (in `back` months), `spent_less`
    (1 where the amount a month fell in that time by a share of `less` or more).
    """
    customer, day = rows["customer"].to_numpy(object), np.floor(rows["at"]).to_numpy("datetime64[D]")
    month, table = day.astype("datetime64[M]").astype(np.intp), months.set_index(["customer", "month"])
    then = [table.reindex(pd.MultiIndex.from_arrays([customer, month - k])) for k in range(1, back + 2)]
    mrr, before = (then[k]["mrr"].to_numpy(float) for k in (0, back))
    spent_less = np.where((mrr > 0) & (before > 0), mrr < (1 - less) * before, np.nan)
    tickets = np.sum([line["tickets"].fillna(0).to_numpy(float) for line in then[:back]], axis=0)
    stay = (rows["at"] - rows["started"]) / (YEAR / 12)
    return pd.DataFrame({"stay": stay, "mrr": mrr, "tickets": tickets, "spent_less": spent_less}, rows.index)


def again(comparison: Comparison, of_cases: pd.Series, of_pairs: pd.Series) -> Comparison:
    """Compare the same sides in a yes or no (1, 0; NaN: left out) settled before; the rest counts as the set."""
    cases = comparison.cases.assign(event=of_cases)[of_cases.notna()]
    pairs = comparison.pairs.assign(event=of_pairs)[of_pairs.notna() & comparison.pairs["case"].isin(cases.index)]
    cases = cases.loc[pairs["case"].unique()]
    pairs = pairs.assign(weight=pairs["weight"] / pairs.groupby("case")["weight"].transform("sum"))
    # a yes is an event before the time asked about, a no is followed beyond it
    cases, pairs = (side.assign(at=0.0, followed_until=2.0 * (1 - side["event"])) for side in (cases, pairs))
    return _compared(cases, pairs, [1.0])


def furthest(rows: Mapping[str, Estimate]) -> dict[str, Value]:
    """Return `most, most_more, least, least_more`: where the number is largest and smallest, of rows that tell."""
    told = {name: one.value for name, one in rows.items() if np.isfinite(one.value + one.low + one.high)}
    untold("It needs bad experiences in more than one class of customers.", len(told) > 1)
    most, least = max(told, key=told.__getitem__), min(told, key=told.__getitem__)
    return {"most": most, "most_more": rows[most], "least": least, "least_more": rows[least]}


def differs(estimate: Estimate, matters: float, none: float = 0.0) -> Ruling:
    """Return whether a number lies by what matters to either side of no difference, and if one side is measurable."""
    sides = verdict(estimate, none, np.inf, none + matters), verdict(estimate, -np.inf, none, none - matters)
    order = ["supported", "cannot-tell", "not-supported"]
    return min(sides, key=lambda ruling: (order.index(ruling), ruling.side != "for"))
