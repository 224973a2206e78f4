"""Is speed what customers want most? Ratings, and the waits and other things before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from cxlib.errors import untold
from cxlib.estimate import Estimate, Floats, between_groups_variance, design_effect, proportion
from cxlib.facts import GROUPS
from cxlib.models.binary import hidden_if_few
from cxlib.models.ordinal import Cells, average_effect, fit, parallel_test
from cxlib.models.relative_importance import Importance, relative_importance
from cxlib.models.within import Slope, within_slope
from cxlib.workbook import Workbook

TOPICS_KEPT, RARE, MOST_LEVELS = 11, 30, 10
"""Topics that stay apart, ratings below which a category is pooled, levels of a score beyond which it is not used."""
FEWEST, FEWEST_OF_A_KIND, FEWEST_ISSUES = 100, 10, 4


@dataclass(frozen=True)
class Contacts:
    """All contacts of a company up to the cut; every method brings counts or sums, never contacts.

    Parameters
    ----------
    book : Workbook
    sql : str
        One row per contact; what belongs to a rating is empty where none was asked or given.
    """

    book: Workbook
    sql: str

    def frame(self, sql: str) -> pd.DataFrame:
        """Return the rows of a statement that reads `contact`."""
        return self.book.frame(f"WITH contact AS ({self.sql}) {sql}")

    def slope(self, y: str, x: str, strata: str = "") -> Slope:
        """Return by how much `y` moves per unit of `x` among contacts that are alike in the columns `strata`."""
        over = f"OVER (PARTITION BY {strata})" if strata else "OVER ()"
        # the unknown are not one person
        named = [f"AND {name} IS NOT NULL" for name in ("agent", "customer_id") if name in strata.split(", ")]
        return within_slope(
            self.frame(f"""
                SELECT bucket, count(*) AS n, sum(differs) AS compared, sum(1.0 / size) AS strata,
                    sum(dx * dx) AS xx, sum(dx * dy) AS xy, sum(dy * dy) AS yy
                FROM (
                    SELECT bucket, {x} - avg({x}) {over} AS dx, {y} - avg({y}) {over} AS dy, count(*) {over} AS size,
                        CASE WHEN max({x}) {over} > min({x}) {over} THEN 1 ELSE 0 END AS differs
                    FROM contact WHERE {x} IS NOT NULL AND {y} IS NOT NULL {" ".join(named)}
                ) AS centred
                GROUP BY bucket ORDER BY bucket""")
        )

    def shares(self, y: str, by: str) -> dict[str, Estimate]:
        """Return the share of `y` in each value of a column, the most frequent first: Wilson's interval, clustered."""
        counts = self.frame(f"""
            SELECT CAST({by} AS VARCHAR) AS cell, bucket, count(*) AS n, CAST(sum({y}) AS DOUBLE) AS k
            FROM contact WHERE {y} IS NOT NULL AND {by} IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2""")
        names, cell = np.unique(counts["cell"].astype(str).to_numpy(), return_inverse=True)
        n, k = (counts[name].to_numpy(float) for name in ("n", "k"))
        trials, wins = (np.bincount(cell, column, len(names)) for column in (n, k))
        share: Floats = wins / trials
        robust = between_groups_variance(k - share[cell] * n, cell, len(names), GROUPS) / trials**2
        effect = design_effect(robust, share * (1 - share) / np.maximum(trials - 1, 1))
        found = {
            str(names[at]).replace("_", " "): hidden_if_few(
                Estimate(value, low, high, int(trials[at]), "share", "Wilson, clustered")
            )
            for at, (value, low, high) in enumerate(np.transpose(proportion(wins, trials, effect)).tolist())
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1].n, item[0])))

    def share(self, y: str) -> Estimate:
        """Return the share of `y` over all contacts for which it is known."""
        return self.shares(y, "'all'").get("all", Estimate.unknown(0, "share"))


def read(book: Workbook, everyday: str, friendly: float, shortest: float) -> Contacts:
    """Return the contacts with how they were rated and what came before it, as flags and halvings of minutes.

    Parameters
    ----------
    book : Workbook
    everyday : str
        Words in the names of everyday channels.
    friendly : float
        Points from which the person was friendly.
    shortest : float
        Minutes; a shorter wait counts as so long.
    """

    def flag(condition: str) -> str:
        return f"CASE WHEN {condition} THEN 1.0 WHEN ({condition}) IS NOT NULL THEN 0.0 END"

    def halvings(minutes: str) -> str:
        # greatest() would pass over an empty value and make it the shortest wait
        return f"CASE WHEN {minutes} IS NOT NULL THEN -ln(greatest({minutes}, {shortest})) / ln(2.0) END"

    words = (word.replace("'", "''") for word in everyday.split(", "))
    good = flag("CASE WHEN r.is_rated THEN r.rated_good END")
    return Contacts(
        book,
        f"""
        SELECT f.*, r.agent, r.asked_in, r.score, r.friendliness_score, r.first_reply_minutes AS wait,
            {good} AS good,
            {flag("r.is_rated")} AS rated,
            {flag("r.score >= max(r.score) OVER ()")} AS top,
            {flag("r.previous_rated_good")} AS previous_good,
            CASE WHEN r.reply = 'unanswered' THEN {good} END AS unanswered_good,
            {halvings("r.first_reply_minutes")} AS halvings,
            {halvings("r.reply_to_solution_minutes")} AS solution_halvings,
            {flag("NOT r.was_reopened")} AS solved_at_once,
            {flag(f"r.friendliness_score >= {friendly}")} AS friendly,
            {flag("t.had_to_repeat")} AS repeated,
            {flag("NOT t.had_to_repeat")} AS known,
            {flag(" OR ".join(f"lower(f.channel) LIKE '%{word}%'" for word in words))} AS everyday
        FROM ticket AS f
        INNER JOIN tickets AS t ON t.ticket_id = f.ticket_id
        LEFT JOIN (SELECT * FROM rated_ticket WHERE settled_at < $cut) AS r ON r.ticket_id = f.ticket_id
        WHERE f.created_month <= $month""",
    )


def by_wait(contacts: Contacts, bands: str) -> dict[str, Estimate]:
    """Return the share of satisfied customers by the wait for the first answer, in bands parted at some minutes."""
    edges, language = [float(edge) for edge in bands.split(",")], contacts.book.language
    cases = " ".join(f"WHEN wait <= {edge} THEN {place}" for place, edge in enumerate(edges))
    found = contacts.shares("good", f"CASE WHEN wait IS NULL THEN NULL {cases} ELSE {len(edges)} END")
    untold("Tickets with the customer's rating, and when each was asked and first answered, would tell.", found)
    labels = [language.interval(low, high, "minutes") for low, high in pairwise((0.0, *edges))]
    labels.append(language.text("more than {low}", low=language.measure(edges[-1], "minutes")))
    return {label: found[str(place)] for place, label in enumerate(labels) if str(place) in found}


def large(shares: Mapping[str, Estimate]) -> dict[str, Estimate]:
    """Return the groups that are large enough to be compared, two at least."""
    enough = {name: one for name, one in shares.items() if one.is_known and not one.flags}
    untold("Two groups with more cases in each would tell how far they lie apart.", len(enough) > 1)
    return enough


def rank_correlation(contacts: Contacts) -> float:
    """Return Spearman's correlation of the wait and the rating (the score where there is one)."""
    frame = contacts.frame("""
        SELECT corr(wait_rank, rating_rank) AS rho
        FROM (
            SELECT rank() OVER (ORDER BY wait) + count(*) OVER (PARTITION BY wait) / 2.0 AS wait_rank,
                rank() OVER (ORDER BY rating) + count(*) OVER (PARTITION BY rating) / 2.0 AS rating_rank
            FROM (SELECT wait, coalesce(score, good) AS rating FROM contact WHERE good IS NOT NULL AND wait IS NOT NULL)
        ) AS ranks""")
    return float(frame["rho"].fillna(np.nan).iloc[0])


def hard_issues(contacts: Contacts, issue: str) -> tuple[float, int]:
    """Return the correlation of an issue's usual wait with its share satisfied within channels, and of how many issues.

    Of the means of each issue and channel, taken from those of the channel and weighted by rated contacts.
    """
    cell, channel = f"OVER (PARTITION BY {issue}, channel)", "OVER (PARTITION BY channel)"
    found = contacts.frame(f"""
        SELECT corr(avg_wait, avg_good) AS rho, sum(1.0 / size) AS issues
        FROM (
            SELECT avg(halvings) {channel} - avg(halvings) {cell} AS avg_wait,
                avg(good) {cell} - avg(good) {channel} AS avg_good, count(*) {cell} AS size
            FROM contact WHERE good IS NOT NULL AND halvings IS NOT NULL
        ) AS issue""")
    rho, issues = found.fillna(np.nan).iloc[0].astype(float)
    told = np.isfinite(rho) and round(issues) >= FEWEST_ISSUES
    untold("More kinds of issue would tell whether the hard ones wait longer.", told)
    return float(rho), round(issues)


def measurable(one: Estimate) -> str:
    """Return whether an interval excludes zero, in words."""
    return "measurable" if one.low > 0 or one.high < 0 else "not measurable"


@dataclass(frozen=True)
class Drivers:
    """All drivers of a rating in one model.

    Parameters
    ----------
    effects : mapping of column to Estimate
        Share of satisfied customers that a step of it adds, the others held.
    shares : mapping of driver to Estimate
        What it explains of all that is explained, the most first; empty where nothing measurably is.
    explained : Estimate
        What all explain of how ratings differ.
    importance : Importance
    tested : tuple of (str, float)
        What the effects are of, and the p-value of the test of proportional odds; empty where ratings have two levels.
    """

    effects: Mapping[str, Estimate]
    shares: Mapping[str, Estimate]
    explained: Estimate
    importance: Importance
    tested: Sequence[tuple[str, float]]

    def first(self, name: str, aside: str, rivals: Sequence[str]) -> tuple[Estimate, str]:
        """Return in what share of redrawn samples a driver explains most, and which other explains most.

        One that is set `aside` does not compete. Where a rival is not known the share may be as low as zero: a driver
        can be beaten among the rest, but it cannot win.
        """
        nothing = "Nothing that the exports know of a contact, its speed included, measurably explains how it was rated"
        untold(f"{nothing}; more ratings may.", self.shares)
        competing = [other for other in self.shares if other != aside]
        untold("A rating of the person (friendliness_score) would tell whether speed comes first.", len(competing) > 1)
        share = self.importance.first_among(name, competing)
        low = share if set(rivals) <= set(competing) else 0.0
        certainty = Estimate(share, low, share, self.explained.n, "share", "whole clusters drawn again")
        return certainty, next(other for other in competing if other != name)


def counted(contacts: Contacts) -> pd.DataFrame:
    """Return the rated contacts counted by group of customers, rating and everything that may have driven it.

    Waits are cut into half halvings, and topics beyond the most frequent are one, so that the number of rows is
    bounded however many contacts there are.
    """
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
        WHERE good IS NOT NULL AND halvings IS NOT NULL
        GROUP BY ALL ORDER BY ALL""")


def drivers(counted: pd.DataFrame, groups: Mapping[str, Sequence[str]], known: float) -> Drivers:
    """Fit the model of all drivers.

    Parameters
    ----------
    counted : DataFrame
    groups : mapping of driver to columns
        Numbers and categories of `counted`.
    known : float
        Share of the ratings that a number must be known for to take part; the model rests on the ratings for which all
        that take part are known.
    """
    n, columns = counted["n"], [name for names in groups.values() for name in names]
    numeric = [name for name in columns if is_numeric_dtype(counted[name]) and counted[name].nunique() > 1]
    numeric = [name for name in numeric if n[counted[name].notna()].sum() >= known * n.sum()]
    rows = counted.dropna(subset=numeric).reset_index(drop=True)
    kinds, numbers = rows.groupby("good")["n"].sum(), [name for name in numeric if rows[name].nunique() > 1]
    untold(
        "More ratings, good and bad, after longer and shorter waits, would tell what explains them.",
        "wait_steps" in numbers and rows["bucket"].nunique() > 1,
        kinds.sum() >= FEWEST and len(kinds) > 1 and kinds.min() >= FEWEST_OF_A_KIND,
    )
    categories = [name for name in columns if not is_numeric_dtype(counted[name])]
    design = pd.concat(
        {
            name: rows[[name]] if name in numbers else _dummies(rows[name], rows["n"])
            for name in [*numbers, *categories]
        },
        axis=1,
    )
    of = design.columns.get_level_values(0)
    level, good_from = _levels(rows)
    cells = Cells.of(level, design.to_numpy(float), rows["n"], rows["bucket"])
    test = parallel_test(cells, np.flatnonzero(of.isin(numbers))) if cells.levels > 2 else None
    # where steps of the score differ, only the step from bad to good tells of satisfied customers
    of_good, good = (cells, good_from) if test is None or test.holds else (cells.split(good_from), 1)
    model, effects = fit(of_good), {}
    for name in numbers:
        before, after, place = of_good.drivers.copy(), of_good.drivers.copy(), of == name
        yes_or_no = rows[name].isin((0, 1)).all()
        before[:, place], after[:, place] = (0.0, 1.0) if yes_or_no else (before[:, place], after[:, place] + 1)
        effects[name] = average_effect(of_good, model, good, before, after)
    places = {group: np.flatnonzero(of.isin(names)) for group, names in groups.items()}
    found = relative_importance(cells, {group: place for group, place in places.items() if len(place)})

    def share(value: float, low: float, high: float) -> Estimate:
        return Estimate(value, low, high, cells.answers, "share", "Lindeman-Merenda-Gold, whole clusters drawn again")

    lines = zip(found.names, found.share.tolist(), found.low.tolist(), found.high.tolist(), strict=True)
    shares = {name: share(*ends) for name, *ends in sorted(lines, key=lambda line: -line[1]) if found.is_measurable}
    explained = share(found.explained, found.explained_low, found.explained_high)
    outcome = "satisfied or not" if test is not None and not test.holds else "the whole score"
    tested = [(outcome, test.p_value)] if test is not None and np.isfinite(test.p_value) else []
    return Drivers(effects, shares, explained, found, tested)


def _levels(rows: pd.DataFrame) -> tuple[pd.Series, int]:
    """Return the rating as levels, and the lowest that is good: the score where it agrees with good and bad."""
    good, score = rows["good"], rows["score"]
    bad_top, good_bottom = score[good == 0].max(), score[good == 1].min()
    if score.notna().all() and bad_top < good_bottom and score.nunique() <= MOST_LEVELS:
        return score, int(score[good == 0].nunique())
    return good, 1


def _dummies(categories: pd.Series, n: pd.Series) -> pd.DataFrame:
    """Return a column for each category but the most frequent; what is not known is a category."""
    text = categories.astype(object).where(categories.notna(), "").astype(str)
    text = text.where(text.map(n.groupby(text).sum()) >= RARE, "other")
    order = n.groupby(text).sum().sort_values(ascending=False, kind="stable").index
    return pd.get_dummies(text, dtype=float)[order[1:]]
