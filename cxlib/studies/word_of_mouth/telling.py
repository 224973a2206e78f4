"""What `word_of_mouth` counts of telling: how many people a customer told about an experience."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict, unless_it_may_matter, verdict_above
from cxlib.models import counts
from cxlib.models.binary import share
from cxlib.studies.worth import ONE_PERSON
from cxlib.tables import SEVERITIES
from cxlib.workbook import Workbook

NEEDED = ("survey_answers.instrument", "survey_answers.score", "survey_answers.completed_at")
GOOD = "good_experience"
"""Value of `question` that marks an answer about a good experience; every other is about a bad one."""

PUBLISHED = 15
CLOSE = 0.2
"""An interval that holds the published number supports it only where it is narrower than this on either side."""

QUESTION = (
    "A survey question would tell: after a bad experience, how many people did you tell? It is mapped as instrument "
    "word_of_mouth, with the number as score."
)


@dataclass(frozen=True)
class Telling:
    """Answers to “how many people did you tell?”, one row each: who, told, severity, score, wave, is_good.

    `score` is the recommendation score given with the same invitation, where there is one.
    """

    rows: pd.DataFrame

    @property
    def bad(self) -> pd.DataFrame:
        return self.rows[~self.rows["is_good"]]

    @property
    def good(self) -> pd.DataFrame:
        return self.rows[self.rows["is_good"]]


def read_telling(book: Workbook) -> Telling:
    """Return the answers given by the cut."""
    rows = book.engine.frame(f"""
        SELECT
            coalesce(a.customer_id, a.answer_id) AS who, a.score AS told, a.severity, a.wave, a.survey, n.score,
            coalesce(a.question = '{GOOD}', FALSE) AS is_good
        FROM survey_answers AS a
        LEFT JOIN (
            SELECT invite_id, min(score) AS score FROM survey_answers
            WHERE instrument = 'nps' AND invite_id IS NOT NULL AND completed_at < {book.sql_cut}
            GROUP BY invite_id
        ) AS n ON n.invite_id = a.invite_id
        WHERE a.instrument = 'word_of_mouth' AND a.score IS NOT NULL AND a.completed_at < {book.sql_cut}
            AND coalesce(a.respondent, 'customer') = 'customer'
        ORDER BY a.completed_at, a.answer_id
    """)
    return Telling(rows.astype({"told": float, "is_good": bool}))


def mean_of(rows: pd.DataFrame) -> Estimate:
    """Return how many people were told on average."""
    return counts.mean(rows["told"], rows["who"])


def median_of(rows: pd.DataFrame) -> Estimate:
    """Return how many people the one in the middle told; a whole number."""
    return counts.median(rows["told"], rows["who"], unit="")


def mean_finding(telling: Telling) -> Finding:
    """Return the average, held against the published one."""
    name, bad = "told-people-mean", telling.bad
    mean = mean_of(bad)
    if not mean.is_known:
        sentence = "How many people an unhappy customer tells cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=QUESTION)
    values: dict[str, Value] = {"mean": mean, "published": PUBLISHED}
    tellers = mean_of(bad[bad["told"] > 0])
    assumption = ""
    if tellers.is_known:
        values["tellers"] = tellers
        assumption = (
            "All who had a bad experience count, also those who told nobody. Counted over those alone who told "
            "anybody it is {tellers} ({tellers_interval})."
        )
    verdict = _against_published(mean)
    sentence = {
        "supported": "After a bad experience customers told {mean} people on average ({mean_interval}; {mean_n}): "
        "about the {published} that is often repeated.",
        "not-supported": "After a bad experience customers told {mean} people on average ({mean_interval}; {mean_n}): "
        "fewer than the {published} that is often repeated."
        if mean.value < PUBLISHED
        else "After a bad experience customers told {mean} people on average ({mean_interval}; {mean_n}): more than "
        "the {published} that is often repeated.",
        "cannot-tell": "After a bad experience customers told {mean} people on average ({mean_interval}; {mean_n}). "
        "The interval is too wide to say whether that is the {published} that is often repeated.",
    }[verdict]
    return Finding(name, sentence, values, verdict, mean, assumption, needed="More answers would narrow it.")


def _against_published(mean: Estimate) -> Verdict:
    if not np.isfinite([mean.low, mean.high]).all():
        return "cannot-tell"
    if not mean.low <= PUBLISHED <= mean.high:
        return "not-supported"
    return "supported" if max(PUBLISHED - mean.low, mean.high - PUBLISHED) <= CLOSE * PUBLISHED else "cannot-tell"


def median_finding(telling: Telling) -> Finding:
    """Return what the middle customer does, and who does most of the telling."""
    name, bad = "told-people-median", telling.bad
    median = median_of(bad)
    nobody = share(bad["told"] == 0, bad["who"])
    if not median.is_known:
        sentence = "What the customer in the middle tells after a bad experience cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=QUESTION)
    top = counts.share_of_top(bad["told"], bad["who"])
    values: dict[str, Value] = {"median": median, "nobody": nobody}
    if not top.is_known:
        sentence = "Half of them told no more than {median}, and {nobody} told nobody."
        return Finding(name, sentence, values, estimate=median)
    return Finding(
        name,
        "Half of them told no more than {median} ({median_interval}), and {nobody} told nobody. The average hides "
        "it: the tenth who told most did {top} of all the telling ({top_interval}).",
        {**values, "top": top},
        estimate=median,
    )


def worse_finding(telling: Telling) -> Finding:
    """Return whether more people are told the worse the experience was; by the score where severity is not asked."""
    name, bad = "told-more-when-worse", telling.bad
    found = [severity for severity in SEVERITIES if (bad["severity"] == severity).sum() >= 5]
    if len(found) >= 2:
        least, most = bad[bad["severity"] == found[0]], bad[bad["severity"] == found[-1]]
        values: dict[str, Value] = {"least": found[0], "most": found[-1]}
        texts = {
            "supported": "The worse it was, the more people hear of it: {more} more people after a {most} problem than "
            "after a {least} one ({more_interval}).",
            "not-supported": "That more people hear of a worse problem does not show: {more} more after a {most} "
            "problem than after a {least} one ({more_interval}).",
        }
    else:
        least, most, values = bad[bad["score"] > 6], bad[bad["score"] <= 6], {}
        texts = {
            "supported": "Those who would not recommend the company told {more} more people than the others did "
            "({more_interval}).",
            "not-supported": "That those who would not recommend the company told more people than the others does not "
            "show: {more} more ({more_interval}).",
        }
    more = counts.mean_difference(most["told"], least["told"], most["who"], least["who"], "people")
    verdict = verdict_above(more)
    if verdict == "cannot-tell":
        return Finding(
            name,
            "Whether more people hear of a worse problem cannot be told.",
            {},
            verdict,
            needed="It would take how bad the problem was, asked together with how many people were told.",
        )
    told = Finding(name, texts[verdict], {**values, "more": more}, verdict, more)
    return unless_it_may_matter(told, ONE_PERSON)


def good_finding(telling: Telling) -> Finding:
    """Return whether bad experiences are told to more people than good ones, if good ones were asked about."""
    name, bad, good = "told-bad-against-good", telling.bad, telling.good
    more = counts.mean_difference(bad["told"], good["told"], bad["who"], good["who"], "people")
    verdict = verdict_above(more)
    if verdict == "cannot-tell":
        return Finding(
            name,
            "Whether bad experiences are told to more people than good ones cannot be told: nobody was asked about a "
            "good one."
            if good.empty
            else "Whether bad experiences are told to more people than good ones cannot be told: too few were asked "
            "about either.",
            {},
            verdict,
            needed="The same question after a good experience would tell, mapped with question = good_experience.",
        )
    sentence = {
        "supported": "Bad experiences are told to more people than good ones: {bad} against {good} on average, {more} "
        "more ({more_interval}).",
        "not-supported": "Bad experiences are not measurably told to more people than good ones: {bad} against {good} "
        "on average ({more_interval} for the difference).",
    }[verdict]
    return Finding(name, sentence, {"bad": mean_of(bad), "good": mean_of(good), "more": more}, verdict, more)


def none_against_chance(telling: Telling) -> Finding:
    """Return whether there are people who never tell, beside those who happened to tell nobody."""
    bad = telling.bad
    nobody, found = share(bad["told"] == 0, bad["who"]), counts.zeros(np.rint(bad["told"]))
    name = "told-nobody"
    if found.model == "none" or not nobody.is_known:
        return Finding(
            name,
            "Whether there are people who never tell anybody cannot be told.",
            {},
            "cannot-tell",
            needed="More answers would tell, some of them larger than one.",
        )
    values: dict[str, Value] = {"nobody": nobody, "expected": Quantity(found.expected_zeros, "share")}
    if found.model == "zero-inflated":
        return Finding(
            name,
            "{nobody} told nobody ({nobody_interval}). That is more than among people who merely differ in how much "
            "they tell ({expected}); {never} ({never_interval}) seem to be people who never tell.",
            {**values, "never": found.never},
            estimate=nobody,
        )
    return Finding(
        name,
        "{nobody} told nobody ({nobody_interval}), as many as among people who merely differ in how much they tell "
        "({expected}): there is no sign of a group that never tells.",
        values,
        estimate=nobody,
    )
