"""Whether work earns more than it costs: a lot tells most, a beginning (before against after) less, a choice least."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_effectsize

from cxlib.errors import UntoldError, untold
from cxlib.estimate import ALPHA, Estimate, Floats, difference
from cxlib.models import incidence as life
from cxlib.models.binary import e_value, share, share_difference
from cxlib.models.clusters import moved_variance, student
from cxlib.models.incidence import MONTH, Gain, durations
from cxlib.models.regression_to_mean import Movement, mean_of, movement
from cxlib.models.staggered import NEVER, Effects, Panel
from cxlib.models.weighting import Compared, compared
from cxlib.nearest import chosen
from cxlib.studies.retention_and_profit import keep_and_win, read
from cxlib.workbook import Workbook

DAY, A_MONTH = pd.Timedelta(days=1), pd.Timedelta(seconds=MONTH)
TIMES = ("started_at", "ended_at", "observed_from")
Told = Callable[[pd.DataFrame, datetime, int], Estimate]
FEWEST = 20  # customers with some work, and without it, that must be under watch in a month for it to be told
FOLLOWED, MOMENTS, LEFT_OUT = 3, 5, 10
"""Months of customers followed in full before an interval can be believed, moments of a history at which one is told,
and random groups of customers, each left out in turn."""
SPELLS = ("subscriptions.started_at", "subscriptions.ended_at", "subscriptions.monthly_amount")
WORK = ("interventions.customer_id", "interventions.kind", "interventions.assigned_at")
TICKETS = ("tickets.created_at", "tickets.customer_id")
GIVEN_TO_WHOM = (
    "A list of the success work given to each customer (what, to whom, when, and whether drawn by lot) and the "
    "subscriptions with their starts and ends would tell."
)
GIVEN_WHEN = (
    "Tickets with their customer and day, and the day on which each success manager was given to a customer who had "
    "been there for a year, would tell."
)
AGAIN = "A survey that asks the same customers again would tell."
LONGER = "Success work that is followed for longer would tell."
BOOKS = "What support, success and delivery cost month by month would tell."
SEGMENTS = "s.bucket, s.tier, s.region, s.sector, s.segment, s.channel, s.product"

GIVEN = """
SELECT customer_id, kind, assigned_at, trigger_score,
    row_number() OVER (PARTITION BY customer_id, kind ORDER BY assigned_at, intervention_id) AS place
FROM interventions WHERE assigned_at < $cut AND coalesce(arm, 'observational') <> 'control'
"""
FIRST = f"""
SELECT customer_id, min(assigned_at) AS worked_at,
    min(CASE WHEN kind = 'success_manager' THEN assigned_at END) AS manager_at,
    min(CASE WHEN kind = 'success_manager' AND place = 1 THEN trigger_score END) AS manager_score,
    min(CASE WHEN kind = 'onboarding' THEN assigned_at END) AS onboarded_at
FROM ({GIVEN}) AS given GROUP BY customer_id
"""
NEWCOMERS = f"""
SELECT s.customer_id, {SEGMENTS}, s.started_at, s.observed_from, s.first_mrr AS mrr, f.manager_at, f.manager_score,
    CASE WHEN s.ended_at < $cut THEN s.ended_at END AS ended_at,
    CASE WHEN s.ended_at < $cut THEN s.end_reason END AS end_reason,
    CASE WHEN f.onboarded_at <= s.started_at + INTERVAL $welcome DAY THEN f.onboarded_at END AS onboarded_at
FROM customer_spell AS s LEFT JOIN ({FIRST}) AS f ON f.customer_id = s.customer_id
WHERE s.spell = 1 AND s.started_at < $cut AND s.observed_from < $cut ORDER BY s.customer_id
"""
DRAWS = """
SELECT customer_id, arm, assigned_at AS since, assigned_at AS started_at, assigned_at AS observed_from,
    row_number() OVER (PARTITION BY customer_id ORDER BY assigned_at, intervention_id) AS place
FROM interventions WHERE kind = 'follow_up' AND arm IN ('treated', 'control') AND assigned_at < $cut
"""
COMPLAINTS = """
SELECT t.customer_id, t.created_at AS since, t.severity,
    CASE WHEN k.has_two_weeks_of_follow_up THEN k.solved_and_held END AS held,
    row_number() OVER (PARTITION BY t.customer_id ORDER BY t.created_at, t.ticket_id) AS place
FROM tickets AS t LEFT JOIN ticket AS k ON k.ticket_id = t.ticket_id
WHERE t.is_complaint AND t.customer_id IS NOT NULL AND t.created_at < $cut
"""
STAYS = f"""
WITH stays AS (
    SELECT e.*, {SEGMENTS}, s.first_mrr AS mrr, CASE WHEN s.ended_at < $cut THEN s.ended_at END AS ended_at,
        row_number() OVER (PARTITION BY e.customer_id ORDER BY s.started_at) AS nearest
    FROM (%s) AS e INNER JOIN customer_spell AS s ON s.customer_id = e.customer_id
        AND s.started_at <= e.since + INTERVAL $before DAY AND (s.ended_at IS NULL OR s.ended_at > e.since)
    WHERE e.place = 1
)
SELECT * FROM stays WHERE nearest = 1 ORDER BY customer_id
"""
PAIRS = f"""
WITH answers AS (
    SELECT *, row_number() OVER (PARTITION BY customer_id, wave ORDER BY completed_at DESC, answer_id DESC) AS place
    FROM survey_answers
    WHERE instrument = 'nps' AND wave IS NOT NULL AND customer_id IS NOT NULL AND score IS NOT NULL
        AND completed_at < $cut
),
pairs AS (
    SELECT customer_id, completed_at AS answered_at, score AS first,
        lead(completed_at) OVER each_customer AS again_at, lead(score) OVER each_customer AS second
    FROM answers WHERE place = 1 WINDOW each_customer AS (PARTITION BY customer_id ORDER BY completed_at)
)
SELECT p.customer_id, p.answered_at, p.first, p.second, count(g.customer_id) > 0 AS worked
FROM pairs AS p LEFT JOIN ({GIVEN}) AS g ON g.customer_id = p.customer_id AND g.assigned_at < p.again_at
    AND (g.kind = 'success_manager' OR g.assigned_at >= p.answered_at)
WHERE p.again_at IS NOT NULL
GROUP BY p.customer_id, p.answered_at, p.first, p.second ORDER BY p.customer_id, p.answered_at
"""
TICKET_MONTHS = f"""
SELECT c.customer_id, date_diff('month', t.first_month, c.month) AS month, c.tickets,
    c.tickets - c.complaints AS questions, date_diff('month', t.first_month, local_month(f.manager_at)) AS start
FROM customer_month AS c CROSS JOIN (SELECT min(created_month) AS first_month FROM ticket) AS t
LEFT JOIN ({FIRST}) AS f ON f.customer_id = c.customer_id
WHERE c.is_observed AND NOT c.ended_in_month AND NOT c.began_in_month AND c.tenure_months >= $settled
    AND c.month > t.first_month AND c.month <= $month ORDER BY c.customer_id, c.month
"""
SPENT = """
SELECT c.team, c.kind, c.month, c.amount * r.rate AS amount
FROM costs AS c INNER JOIN rates AS r ON r.currency = c.currency WHERE c.month <= $month
"""
YEAR = f"""
WITH paid AS (
    SELECT sum(c.mrr_end) AS revenue, count(*) / 12.0 AS customers,
        count(*) FILTER (WHERE local_month(f.manager_at) <= c.month) / 12.0 AS managed,
        sum(c.mrr_end) FILTER (WHERE local_month(f.manager_at) <= c.month) AS managed_revenue,
        sum(c.mrr_end) FILTER (WHERE local_month(f.worked_at) <= c.month) AS worked_revenue
    FROM subscription_month AS c LEFT JOIN ({FIRST}) AS f ON f.customer_id = c.customer_id
    WHERE c.mrr_end > 0 AND c.month > $month - INTERVAL 12 MONTH AND c.month <= $month
),
spent AS (
    SELECT sum(amount) FILTER (WHERE team = 'delivery') AS delivery,
        sum(amount) FILTER (WHERE team = 'support') AS support, sum(amount) FILTER (WHERE team = 'success') AS success,
        sum(amount) FILTER (WHERE team = 'success' AND kind NOT IN ('onboarding', 'follow_up', 'discount')) AS managers
    FROM ({SPENT}) AS c WHERE month > $month - INTERVAL 12 MONTH
),
asked AS (
    SELECT count(*) AS tickets, count(*) FILTER (WHERE solved_and_held) AS held
    FROM ticket WHERE is_request AND created_month > $month - INTERVAL 12 MONTH AND created_month <= $month
)
SELECT *, support / nullif(tickets, 0) AS per_ticket, support / nullif(held, 0) AS per_solution,
    revenue * greatest(margin, 0) / nullif(customers, 0) / nullif(support / nullif(held, 0), 0) AS solutions,
    nullif(managers, 0) / nullif(managed, 0) AS manager,
    nullif(managers, 0) / nullif(managed_revenue * greatest(margin, 0), 0) AS must_keep,
    worked_revenue * margin / nullif(success, 0) - 1 AS counted_as_saved,
    success / nullif(success - coalesce(managers, 0), 0) AS whole_team
FROM (SELECT *, 1 - delivery / nullif(revenue, 0) AS margin FROM paid CROSS JOIN spent CROSS JOIN asked) AS books
"""
COST_OF_EACH = f"""
SELECT sum(s.amount) / sum(d.pieces) AS cost
FROM (SELECT month, sum(amount) AS amount FROM ({SPENT}) AS c WHERE team = 'success' AND kind = '$kind' GROUP BY month)
    AS s
INNER JOIN (
    SELECT local_month(assigned_at) AS month, count(*) AS pieces FROM ({GIVEN}) AS given WHERE kind = '$kind'
    GROUP BY local_month(assigned_at)
) AS d ON d.month = s.month
"""


def newcomers(book: Workbook, welcome: int) -> pd.DataFrame:
    """Return one row per customer: the first stretch of paying (`ended_at` empty while it runs), and the work with it.

    `manager_at` and `onboarded_at` are when the first was assigned, onboarding within `welcome` days of the beginning.
    """
    rows = book.frame(NEWCOMERS, welcome=welcome)
    untold(GIVEN_TO_WHOM, not book.lacks(*SPELLS, *WORK), len(rows))
    return rows


def drawn(book: Workbook, before: int) -> pd.DataFrame:
    """Return the first draw (`since, arm`) of each who paid by `before` days after it, and how long each stayed."""
    rows = book.frame(STAYS % DRAWS, before=before)
    lacking = book.lacks(*SPELLS, *WORK, "interventions.arm") or rows["arm"].nunique() < 2
    untold("Drawing by lot who is called and who is not, and keeping the list, would tell.", not lacking)
    return rows


def complaints(book: Workbook) -> pd.DataFrame:
    """Return each customer's first complaint (`since`) that can be judged: whether its solution `held`, `severity`."""
    rows = book.frame(STAYS % COMPLAINTS, before=0).dropna(subset="held")
    lacking = book.lacks(*SPELLS, *TICKETS, "tickets.is_complaint", "tickets.first_solved_at")
    untold("Complaints with their customer, day and solution would tell.", not lacking, len(rows))
    return rows


def score_pairs(book: Workbook) -> pd.DataFrame:
    """Return two answers in a row of one customer to a survey that is repeated: `customer_id, first, second, worked`.

    `worked` where there was success work: a manager at any time before the second, anything else between the two. Of
    several answers to one wave the last counts.
    """
    columns = (f"survey_answers.{name}" for name in ("customer_id", "score", "wave", "instrument"))
    untold(AGAIN, not book.lacks(*columns))
    return book.frame(PAIRS)


def ticket_months(book: Workbook, settled: int) -> tuple[Panel, Panel]:
    """Return all tickets by customer and month, and those that are no complaint, with the month a manager came.

    From `settled` months after the customer's start, as newcomers ask more, and the second month with tickets on.
    """
    rows = book.frame(TICKET_MONTHS, settled=settled)
    untold(GIVEN_WHEN, not book.lacks(*SPELLS, *WORK, *TICKETS), len(rows))
    first, last = int(rows["month"].min()), int(rows["month"].max())
    start = (rows.groupby("customer_id")["start"].first() - first).fillna(NEVER).to_numpy(np.intp)
    tickets, questions = (
        rows.pivot(index="customer_id", columns="month", values=name).reindex(columns=range(first, last + 1))
        for name in ("tickets", "questions")
    )
    return Panel(tickets.to_numpy(float), start), Panel(questions.to_numpy(float), start)


def year(book: Workbook) -> pd.Series:
    """Return the last twelve months in the books; NaN where no export brings a cost or there is nothing to divide by.

    `customers` on average, the part of them `managed`; `worked_revenue` of all who ever got success work; `managers` is
    success cost that bears the name of no other work; `held` tickets were solved within a week, and stayed so; `margin`
    is the share of revenue that delivery leaves. Of so many `solutions` one must keep a customer for a year to earn
    their cost; a `manager` costs so much a customer and year, and `must_keep` such a share of the revenue.
    `counted_as_saved`: if all who got work had left without it. `whole_team` is all success cost over what bears a
    name.
    """
    untold(BOOKS, not book.lacks(*SPELLS, "costs.team", "costs.kind", "costs.amount"))
    return book.frame(YEAR).astype(float).iloc[0]


def cost_of_each(book: Workbook, kind: str) -> float:
    """Return the success team's cost that bears a name for each such piece assigned in the same months; NaN if none."""
    return float(book.frame(COST_OF_EACH, kind=kind)["cost"].astype(float).iloc[0])


def cost_to_win(book: Workbook) -> Estimate:
    """Return what sales and marketing cost for each customer who came in the last year."""
    return keep_and_win(read(book, "tier", 0), book.currency)["win"]


def exact(value: float, like: Estimate) -> Estimate:
    """Return a number without an interval that stands beside an estimate."""
    return replace(like, value=value, low=np.nan, high=np.nan, method="full count, no interval")


def left_by(lots: pd.DataFrame, arm: str, cut: datetime, days: Sequence[int]) -> dict[float, Estimate]:
    """Return the share of an arm, called or not, that had left by days since the draw; the cut censors the rest."""
    rows = lots[(lots["arm"] == arm) & (lots["since"] < cut)]
    ended = rows["ended_at"] <= cut
    days_seen = (rows["ended_at"].where(ended, pd.Timestamp(cut)) - rows["since"]).dt.total_seconds() / 86_400
    cases = durations(days_seen, np.where(ended, life.WANTED, life.STILL), rows["customer_id"].to_numpy(object))
    return life.incidence(cases, days)


def effect(lots: pd.DataFrame, cut: datetime, days: int) -> Estimate:
    """Return the share of those drawn for a call that left within some days, less that of those drawn for none."""
    gap = share_difference(*(left_by(lots, arm, cut, [days])[days] for arm in ("treated", "control")))
    untold("More customers drawn by lot, and followed for longer, would tell.", gap.is_known)
    return replace(gap, method="difference of two Kaplan-Meier shares, limits put together from theirs")


def needed(share: float, worth: float, power: float) -> int:
    """Return how many customers each arm needs to see a share fall by a part of it: Cohen (1988), chapter 6."""
    untold("More customers drawn by lot would tell.", 0 < share < 1)
    size = abs(float(proportion_effectsize(share * (1 - worth), share)))
    return int(np.ceil(NormalIndPower().solve_power(effect_size=size, power=power, alpha=ALPHA)))


def began(customers: pd.DataFrame) -> datetime:
    """Return when onboarding began: with the first customer who got it, be it the start or the onboarding."""
    got = customers[customers["onboarded_at"].notna()]
    untold("A kind of success work with a beginning would tell.", len(got))
    return pd.Timestamp(got[["started_at", "onboarded_at"]].min().min()).to_pydatetime()


def kept_by(
    work: pd.DataFrame, none: pd.DataFrame, cut: datetime, months: int, weight: str = "", got: str = ""
) -> Gain:
    """Return what some work kept for each who got it, month by month: customers who could get it against others.

    Customers count once, or by the column `weight`; of the first those got it whose column `got` is filled, or all.
    """
    one, other = (_in_months(rows, cut, weight) for rows in (work, none))
    horizon = life.horizon_of((one, other), FEWEST, months)
    untold("At least twenty customers with the work and twenty without, followed for months, would tell.", horizon > 1)
    return life.gain(one, other, horizon, work[got].notna().to_numpy(bool) if got else None)


def _in_months(rows: pd.DataFrame, cut: datetime, weight: str) -> life.Durations:
    start, end, entry = (
        rows[name].fillna(pd.Timestamp("2200-01-01")).astype("datetime64[s]").to_numpy(np.int64) for name in TIMES
    )
    each = rows[weight].to_numpy(float) if weight else np.ones(len(rows))
    return life.in_months(start, end, entry, int(pd.Timestamp(cut).timestamp()), each)


def lost_by(kept: Gain, days: int) -> Estimate:
    """Return a gain by the month that ends so many days after the start as a difference in the share lost."""
    month = round(days * DAY.total_seconds() / MONTH)
    if not 0 < month <= len(kept.share):
        return Estimate.unknown(0, "share difference")
    return _scaled(kept.share[month - 1], -1.0)


def _scaled(one: Estimate, times: float, plus: float = 0.0, unit: str = "") -> Estimate:
    low, high = sorted((one.low * times + plus, one.high * times + plus))
    return replace(one, value=one.value * times + plus, low=low, high=high, unit=unit or one.unit)


def older(customers: pd.DataFrame, since: datetime, cut: datetime) -> Estimate:
    """Return the change in the yearly loss of customers older than a year, whom onboarding cannot have touched."""
    turns_one = customers["started_at"] + pd.Timedelta(seconds=12 * MONTH)
    entry, ended = customers[["observed_from"]].assign(turns_one=turns_one).max(axis=1), customers["ended_at"]
    lost = []
    for first, last in ((entry.min(), pd.Timestamp(since)), (pd.Timestamp(since), pd.Timestamp(cut))):
        begins, ends = entry.where(entry > first, first), ended.where(ended <= last, last)
        years = float((ends - begins).dt.total_seconds().clip(lower=0).sum()) / (12 * MONTH)
        count = int(((ended > begins) & (ended <= last)).sum())
        untold("Customers older than a year who left, before the programme began and after, would tell.", count)
        stay = float(np.exp(-count / years))
        lost.append(student(1 - stay, (stay / years) ** 2 * count, np.inf, count, "share", "rate"))
    return replace(difference(*reversed(lost)), method="difference of rates")


def landmarked(rows: pd.DataFrame, since: str, wait: int, within: int, cut: datetime) -> pd.DataFrame:
    """Return those still customers so many days after a moment, so that nobody counts as kept for having lived on.

    Only with `within` days behind that landmark. `lost` where the customer ended in them, `unpaid` if by a failed
    payment; `managed` where a manager came before the landmark; `onboarded` at all; `revenue` is a logarithm.
    """
    landmark = rows[since] + wait * DAY
    end = landmark + within * DAY
    here = ~(rows["ended_at"] <= landmark) & (end <= cut)
    found = rows.assign(lost=rows["ended_at"] <= end, revenue=np.log(rows["mrr"].to_numpy(float)))
    if "manager_at" in rows:
        unpaid = found["lost"] & (rows["end_reason"] == "payment")
        found = found.assign(
            unpaid=unpaid, managed=rows["manager_at"] <= landmark, onboarded=rows["onboarded_at"].notna()
        )
    return found[here].reset_index(drop=True)


def plain(rows: pd.DataFrame, work: str) -> Estimate:
    """Return the difference in the share lost as it is, of those with some work less those without."""
    got = rows[work].astype(bool)
    return share_difference(*(share(side["lost"], side["customer_id"]) for side in (rows[got], rows[~got])))


def plain_by(rows: pd.DataFrame, work: str, segment: str) -> dict[str, Estimate]:
    """Return the same in each segment ("tier"), or combination of some ("tier, region"), in which it is known."""
    by = [*chosen(segment, [*rows], "column")]
    parts = {", ".join(map(str, level)): plain(part, work) for level, part in rows.groupby(by)}
    return {level: gap for level, gap in parts.items() if gap.is_known}


def other_way(whole: Estimate, parts: Mapping[str, Estimate]) -> tuple[int, Estimate]:
    """Return how many parts do not point where the whole does, and the part furthest from there."""
    against = sorted(parts.values(), key=lambda gap: -np.sign(whole.value) * gap.value)
    return sum(gap.value * whole.value <= 0 for gap in against), against[-1] if against else whole


def alike(rows: pd.DataFrame, outcome: str, work: str, by: str) -> Compared:
    """Compare the share with an outcome, with some work and without, made alike in columns ("tier, revenue")."""
    covariates = rows[[*chosen(by, [*rows], "column")]]
    found = compared(rows[outcome].to_numpy(bool), rows[work].to_numpy(bool), covariates)
    enough = found.difference.is_known
    untold("Too few customers are alike with it and without it; drawing by lot who gets it would tell.", enough)
    return found


def strength(ratio: Estimate) -> tuple[float, float]:
    """Return how strong an unknown cause would have to be."""
    untold("More customers who left, with it and without it, would tell.", ratio.is_known)
    return e_value(ratio.value, ratio.low, ratio.high)


def mean(scores: pd.Series) -> Estimate:
    """Return a mean of scores, one a customer."""
    known = scores.dropna()
    return mean_of(known.to_numpy(float), known.index, "points")


def by_month(found: Effects) -> dict[int, Estimate]:
    """Return the effects by month since the manager came."""
    return {
        int(month): student(value, moved_variance(influence), np.inf, treated, "ratio difference", "")
        for month, value, treated, influence in found.by_event.itertuples()
    }


def margin_kept(months: Estimate, mrr: float, margin: float, currency: str) -> Estimate:
    """Return the margin that one piece of work kept, from the months of revenue that it did."""
    untold(BOOKS, np.isfinite(margin))
    return _scaled(months, mrr * margin, unit=currency)


def returned(margin: Estimate, cost: float) -> Estimate:
    """Return (margin kept - cost) / cost for one piece of work; not known where no export tells the cost."""
    return _scaled(margin, 1 / cost, -1.0, "ratio") if cost > 0 else Estimate.unknown(margin.n, "ratio")


def one_more(cost: float, lost: Estimate, currency: str) -> Estimate:
    """Return what one more customer kept costs: a piece of work over how much rarer customers with it are lost.

    The limits are those of the share, turned over (Fieller 1954, Journal of the Royal Statistical Society B 16, with
    a cost that is known): there is no upper one where the work may keep nobody, and no value where it seems to.
    """
    if not (cost > 0 and lost.is_known):
        return Estimate.unknown(lost.n, currency)
    low, value, high = (cost / -end if end < 0 else np.inf for end in (lost.low, lost.value, lost.high))
    flags = (*lost.flags, "not-reached") if np.isinf(value) else lost.flags
    return Estimate(value, low, high, lost.n, currency, lost.method, flags)


def net_of_times(lost: Estimate, older: Estimate, took: float) -> Estimate:
    """Return a difference in the share lost less the change that older customers saw, per customer who got the work."""
    return replace(difference(lost, _scaled(older, 1 / took)), method="difference in differences")


def first_known(*works: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the first kind of work whose return, which stands first, is known; the best evidence is given first."""
    reason = UntoldError("A cost of its own for each kind of success work would tell.")
    for one in works:
        try:
            if one[0].is_known:
                return one
        except UntoldError as error:
            reason = error
    raise reason


def lowest_again(pairs: pd.DataFrame, lowest: float) -> Movement:
    """Return how the customers with the lowest scores moved who got no success work."""
    alone = pairs[~pairs["worked"].astype(bool)]
    found = movement(alone["first"], alone["second"], alone["customer_id"], lowest, "ratio")
    if found is None or not found.observed.is_known:
        raise UntoldError(AGAIN)
    return found


def effect_of_onboarding(customers: pd.DataFrame, cut: datetime, days: int) -> Estimate:
    """Return what onboarding does to the share lost within some days, as it can be told at a cut."""
    known = customers[customers["started_at"] < cut]
    late = known["started_at"] >= began(known)
    kept = kept_by(known[late], known[~late], cut, round(days * DAY / A_MONTH), got="onboarded_at")
    return lost_by(kept, days)


def narrowing(
    told: Told, rows: pd.DataFrame, since: datetime, cut: datetime, days: int
) -> tuple[pd.DataFrame, Estimate]:
    """Return half the width of the interval of an effect that is `told` so many months after work began: `x, value`.

    And by which part it changes in twice the time, from its slope on the log scale (the law of the square root: -29 %),
    with the delete-a-group jackknife: Wolter (2007), *Introduction to Variance Estimation*, 2nd ed., 4.2.
    """
    first, last = int(np.ceil(days * DAY / A_MONTH)) + FOLLOWED, (pd.Timestamp(cut) - pd.Timestamp(since)) / A_MONTH
    untold(LONGER, last >= first + 2)
    months = np.unique(np.geomspace(first, int(last), MOMENTS).round())
    rows = rows.filter(["bucket", "customer_id", "arm", "since", "onboarded_at", *TIMES])

    def half_widths(part: pd.DataFrame) -> Floats:
        half = np.full(len(months), np.nan)
        for place, month in enumerate(months):
            with suppress(UntoldError):
                gap = told(part, since + month * A_MONTH, days)
                half[place] = (gap.high - gap.low) / 2
        return half

    groups = rows["bucket"] % LEFT_OUT
    half = np.stack([half_widths(rows), *(half_widths(rows[groups != group]) for group in range(LEFT_OUT))])
    known = np.isfinite(half).all(axis=0)
    untold(LONGER, known.sum() >= 3)
    x = np.log(months[known]) - np.log(months[known]).mean()
    slope, *without = np.log(half[:, known]) @ x / (x @ x)
    error = np.sqrt((LEFT_OUT - 1) / LEFT_OUT * ((without - np.mean(without)) ** 2).sum())
    found = student(float(slope), float(error**2), LEFT_OUT - 1, len(rows), "share", "jackknife by group")
    twice = replace(found, **{end: 2.0 ** getattr(found, end) - 1 for end in ("value", "low", "high")})
    return pd.DataFrame({"x": months[known], "value": half[0, known]}), twice
