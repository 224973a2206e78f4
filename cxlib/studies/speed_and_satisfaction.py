"""Is speed what customers want most? Ratings, and the waits and other things before them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import ALPHA, Estimate, Floats, between_groups_variance, design_effect, proportion
from cxlib.facts import GROUPS
from cxlib.models.clusters import estimated
from cxlib.models.ordinal import Cells, Importance, average_effect, fit, parallel_test, relative_importance
from cxlib.models.within import Slope, within_slope
from cxlib.workbook import Workbook

TOPICS_KEPT, RARE, MOST_LEVELS = 11, 30, 10
"""Topics that stay apart, ratings below which a category is pooled, levels of a score beyond which it is not used."""
FEWEST, FEWEST_OF_A_KIND, FEWEST_ISSUES = 100, 10, 4
REPEATS = ("Who had to repeat anything, a mark on the ticket (had_to_repeat) would tell.", "tickets.had_to_repeat")
RESTS_ON = {
    "good": ("The export of tickets with the customer's rating of each would tell.", "tickets.satisfaction"),
    "halvings": (
        "How waiting pleases, the time of day of questions and first answers would tell; days do not.",
        "clock of tickets.created_at",
        "clock of tickets.first_public_reply_at",
    ),
    "friendly": ("What friendliness does, friendliness_score would tell.", "tickets.friendliness_score"),
    "repeated": REPEATS,
    "known": REPEATS,
    "everyday": ("How everyday channels fare, the channel of each ticket would tell.", "tickets.channel"),
}
COMPARED = "good IS NOT NULL AND halvings IS NOT NULL"


@dataclass(frozen=True)
class Contacts:
    """Contacts of a company up to the cut; every method brings counts or sums, never contacts."""

    book: Workbook
    sql: str

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a statement that reads `contact`."""
        return self.book.frame(f"WITH contact AS ({self.sql}) {sql}")

    def needs(self, *names: str) -> None:
        """Raise UntoldError where one of the columns rests on something that no export brings."""
        for name in names:
            reason, *columns = RESTS_ON.get(name, ("",))
            untold(reason, not self.book.lacks(*columns))

    def slope(self, y: str, x: str, strata: str = "") -> Slope:
        """Return by how much `y` moves per unit of `x` among contacts that are alike in the columns `strata`."""
        self.needs(y, x)
        over = f"OVER (PARTITION BY {strata})" if strata else "OVER ()"
        # the unknown are not one person
        named = [f"AND {name} IS NOT NULL" for name in ("agent", "customer_id") if name in strata.split(", ")]
        sums = self.frame(f"""
            SELECT bucket, count(*) AS n, sum(differs) AS compared, sum(1.0 / size) AS strata,
                sum(dx * dx) AS xx, sum(dx * dy) AS xy, sum(dy * dy) AS yy
            FROM (
                SELECT bucket, {x} - avg({x}) {over} AS dx, {y} - avg({y}) {over} AS dy, count(*) {over} AS size,
                    CASE WHEN max({x}) {over} > min({x}) {over} THEN 1 ELSE 0 END AS differs
                FROM contact WHERE {x} IS NOT NULL AND {y} IS NOT NULL {" ".join(named)}
            ) AS centred
            GROUP BY bucket ORDER BY bucket""")
        return within_slope(sums)

    def correlation(self, x: str, y: str) -> float:
        """Return the correlation of two expressions over the rated contacts with a wait."""
        self.needs("good", "halvings")
        of = f"SELECT {x} AS x, {y} AS y FROM contact WHERE {COMPARED}"
        return float(self.frame(f"SELECT corr(x, y) AS rho FROM ({of}) AS compared")["rho"].iloc[0])

    def shares(self, y: str, by: str) -> dict[str, Estimate]:
        """Return the share of `y` in each value of a column, the most frequent first: Wilson's interval, clustered."""
        counts = self.frame(f"""
            SELECT CAST({by} AS VARCHAR) AS cell, bucket, count(*) AS n, sum({y}) AS k
            FROM contact WHERE {y} IS NOT NULL AND {by} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""")
        names, cell = np.unique(counts["cell"].astype(str).to_numpy(), return_inverse=True)
        n, k = (counts[name].to_numpy(float) for name in ("n", "k"))
        trials, wins = (np.bincount(cell, column, len(names)) for column in (n, k))
        share: Floats = wins / trials
        robust = between_groups_variance(k - share[cell] * n, cell, len(names), GROUPS) / trials**2
        effect = design_effect(robust, share * (1 - share) / np.maximum(trials - 1, 1))
        found = {
            str(name).replace("_", " "): estimated(ends, int(size), "share", "Wilson, clustered")
            for name, ends, size in zip(names, zip(*proportion(wins, trials, effect), strict=True), trials, strict=True)
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1].n, item[0])))

    def share(self, y: str) -> Estimate:
        """Return the share of `y` over all contacts for which it is known."""
        self.needs(y)
        return self.shares(y, "'all'").get("all", Estimate.unknown(0, "share"))


def read(book: Workbook, everyday: str, friendly: float, shortest: float) -> tuple[Contacts, Contacts]:
    """Return the contacts for which a rating was asked or given, with what came before it, and all contacts.

    Flags are 1, 0 or empty; halvings are minus the binary logarithm of minutes, a shorter wait counts as the shortest.
    A channel is an everyday one if its name holds one of the words; a person was friendly from so many points on.
    """

    def flag(condition: str) -> str:
        return f"CAST({condition} AS DOUBLE)"

    def halvings(minutes: str) -> str:
        # greatest() would pass over an empty value and make it the shortest wait
        return f"CASE WHEN {minutes} IS NOT NULL THEN -ln(greatest({minutes}, {shortest})) / ln(2.0) END"

    words = (word.replace("'", "''") for word in everyday.split(", "))
    solving = "CAST(NULL AS DOUBLE)" if book.lacks("clock of tickets.first_solved_at") else "reply_to_solution_minutes"
    channel = flag(" OR ".join(f"lower(channel) LIKE '%{word}%'" for word in words))
    good = flag("CASE WHEN is_rated THEN rated_good END")
    asked = f"""
        SELECT *, {good} AS good, {flag("is_rated")} AS rated, {flag("score >= max(score) OVER ()")} AS top,
            {flag("previous_rated_good")} AS previous_good,
            CASE WHEN reply = 'unanswered' THEN {good} END AS unanswered_good,
            {halvings("first_reply_minutes")} AS halvings,
            {halvings(solving)} AS solution_halvings,
            {flag("NOT was_reopened")} AS solved_at_once,
            {flag(f"friendliness_score >= {friendly}")} AS friendly,
            {flag("NOT had_to_repeat")} AS known,
            {channel} AS everyday
        FROM rated_ticket WHERE settled_at < $cut"""
    every = f"""
        SELECT f.*, {channel} AS everyday, {flag("had_to_repeat")} AS repeated
        FROM ticket AS f INNER JOIN (SELECT ticket_id, had_to_repeat FROM tickets) AS t ON t.ticket_id = f.ticket_id
        WHERE f.is_request AND f.created_month <= $month"""
    return Contacts(book, asked), Contacts(book, every)


def by_wait(contacts: Contacts, bands: str) -> dict[str, Estimate]:
    """Return the share of satisfied customers by the wait for the first answer, in bands parted at some minutes."""
    contacts.needs("good", "halvings")
    edges, language = [float(edge) for edge in bands.split(",")], contacts.book.language
    cases = " ".join(f"WHEN first_reply_minutes <= {edge} THEN {place}" for place, edge in enumerate(edges))
    found = contacts.shares("good", f"CASE WHEN halvings IS NULL THEN NULL {cases} ELSE {len(edges)} END")
    labels = [language.interval(low, high, "minutes") for low, high in zip([0.0, *edges[:-1]], edges, strict=True)]
    labels.append(language.text("more than {low}", low=language.measure(edges[-1], "minutes")))
    return {label: found[str(place)] for place, label in enumerate(labels) if str(place) in found}


def large(shares: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the groups that are large enough to be compared, two at least."""
    enough = {name: one for name, one in shares.items() if one.is_known and not one.flags}
    untold("Two groups with more cases in each would tell how far they lie apart.", len(enough) > 1)
    return enough


def rank_correlation(contacts: Contacts) -> float:
    """Return Spearman's correlation of the wait and the rating (the score where there is one)."""
    columns = ("first_reply_minutes", "coalesce(score, good)")
    wait, rating = (f"rank() OVER (ORDER BY {one}) + count(*) OVER (PARTITION BY {one}) / 2.0" for one in columns)
    return contacts.correlation(wait, rating)


def hard_issues(contacts: Contacts, issue: str) -> tuple[float, int]:
    """Return the correlation of an issue's usual wait and share satisfied within channels, and over how many issues."""
    cell, channel = f"OVER (PARTITION BY {issue}, channel)", "OVER (PARTITION BY channel)"
    waits, ratings = (f"avg({name}) {cell} - avg({name}) {channel}" for name in ("halvings", "good"))
    rho = contacts.correlation(f"-({waits})", ratings)
    issues = len(contacts.frame(f"SELECT DISTINCT {issue}, channel FROM contact WHERE {COMPARED}"))
    untold("More kinds of issue would tell if the hard ones wait.", np.isfinite(rho), issues >= FEWEST_ISSUES)
    return rho, issues


def measurable(one: Estimate) -> str:
    """Return whether an interval excludes zero, in words."""
    return "measurable" if one.low > 0 or one.high < 0 else "not measurable"


def first_place(importance: Importance, name: str, aside: str, rivals: Sequence[str]) -> Estimate:
    """Return how often a driver explains most, one set `aside`; it may be never where a rival is not known."""
    untold("Nothing that the exports know of a contact measurably explains how it was rated.", importance.shares)
    competing = [other for other in importance.shares if other != aside]
    untold("Whether speed comes first, more of what customers met would tell.", len(competing) > 1)
    share = importance.first_among(name, competing)
    low = share if set(rivals) <= set(competing) else 0.0
    return Estimate(share, low, share, importance.explained.n, "share", "whole clusters drawn again")


def counted(contacts: Contacts) -> pd.DataFrame:
    """Return the rated contacts counted by group of customers, rating and everything that may have driven it."""
    # waits in half halvings, and all but the most frequent topics as one: however many contacts, so many rows at most
    contacts.needs("good", "halvings")
    return contacts.frame(f"""
        , ranked AS (
            SELECT topic AS ranked_topic, row_number() OVER (ORDER BY count(*) DESC, topic) AS place
            FROM contact WHERE good IS NOT NULL AND topic IS NOT NULL GROUP BY topic
        )
        SELECT bucket, good, score, channel, severity, asked_in,
            CASE WHEN place <= {TOPICS_KEPT} THEN topic WHEN place IS NOT NULL THEN 'other' END AS topic,
            floor(2 * halvings) / 2 + 0.25 AS wait_steps, floor(2 * solution_halvings) / 2 + 0.25 AS solution_steps,
            solved_at_once, known, round(friendliness_score) AS friendliness, count(*) AS n
        FROM contact LEFT JOIN ranked ON ranked_topic = topic
        WHERE {COMPARED}
        GROUP BY ALL ORDER BY ALL""")


def drivers(
    counted: pd.DataFrame, groups: Mapping[str, Sequence[str]], known: float
) -> tuple[dict[str, Estimate], Importance, list[tuple[str, float]]]:
    """Fit one model of all drivers, each one or more columns of `counted`: numbers and categories.

    A number takes part if it differs and is known for so large a share of the ratings; the model rests on ratings for
    which all of these are known. Returned are the shares of satisfied customers that a step of each number adds; what
    each driver explains, the most first; and what the effects are of, with the p-value of proportional odds if there
    are levels.
    """
    n, columns = counted["n"], [name for names in groups.values() for name in names]
    categories = [name for name in columns if counted[name].dtype.kind != "f"]
    numbers = [name for name in columns if name not in categories and counted[name].nunique() > 1]
    numbers = [name for name in numbers if n[counted[name].notna()].sum() >= known * n.sum()]
    rows = counted.dropna(subset=numbers)
    numbers = [name for name in numbers if rows[name].nunique() > 1]
    kinds = rows.groupby("good")["n"].sum()
    enough = kinds.sum() >= FEWEST and len(kinds) > 1 and kinds.min() >= FEWEST_OF_A_KIND
    differ = "wait_steps" in numbers and rows["bucket"].nunique() > 1
    untold("More ratings, good and bad, after longer and shorter waits, would tell what explains them.", enough, differ)
    design = pd.concat({name: _columns(rows[name], rows["n"]) for name in [*numbers, *categories]}, axis=1)
    of = design.columns.get_level_values(0)
    # the score where it agrees with good and bad
    good, score = rows["good"], rows["score"]
    agrees = score.notna().all() and score[good == 0].max() < score[good == 1].min()
    level, good_from = (score, score[good == 0].nunique()) if agrees and score.nunique() <= MOST_LEVELS else (good, 1)
    cells = Cells.of(level, design.to_numpy(float), rows["n"], rows["bucket"])
    p_value = parallel_test(cells, np.flatnonzero(of.isin(numbers)))
    # where steps of the score differ, only the step from bad to good tells of satisfied customers
    holds = not p_value < ALPHA
    of_good, good_from = (cells, good_from) if holds else (cells.split(good_from), 1)
    model, effects = fit(of_good), {}
    for name in numbers:
        step, yes_or_no = np.where(of == name, 1.0, 0.0), rows[name].isin((0, 1)).all()
        before = of_good.drivers * (1 - step) if yes_or_no else of_good.drivers
        effects[name] = average_effect(of_good, model, good_from, before, before + step)
    places = {group: np.flatnonzero(of.isin(names)) for group, names in groups.items()}
    found = relative_importance(cells, {group: place for group, place in places.items() if len(place)})
    shares = dict(sorted(found.shares.items(), key=lambda item: -item[1].value))
    outcome = "the whole score" if holds else "satisfied or not"
    return effects, replace(found, shares=shares), [(outcome, p_value)] if np.isfinite(p_value) else []


def _columns(driver: pd.Series, n: pd.Series) -> pd.DataFrame:
    """Return a number as it is, and a column for each category but the most frequent; the unknown are a category."""
    if driver.dtype.kind == "f":
        return driver.to_frame()
    text = driver.astype(object).where(driver.notna(), "").astype(str)
    text = text.where(text.map(n.groupby(text).sum()) >= RARE, "other")
    order = n.groupby(text).sum().sort_values(ascending=False, kind="stable").index
    return pd.get_dummies(text, dtype=float)[order[1:]]
