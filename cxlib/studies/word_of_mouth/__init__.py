"""How many people hear of a bad experience, who brings new customers, and whether feedback is acted upon."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cxlib.finding import Finding
from cxlib.models.binary import share
from cxlib.studies.evidence import Evidence
from cxlib.studies.study import Method, Study
from cxlib.studies.word_of_mouth import closing_the_loop, referring, telling
from cxlib.studies.word_of_mouth.closing_the_loop import (
    Loop,
    by_chance_finding,
    loop_evidence,
    loop_finding,
    untold_loop,
)
from cxlib.studies.word_of_mouth.referring import Referring, read_referring, referral_finding, referring_evidence
from cxlib.studies.word_of_mouth.telling import (
    PUBLISHED,
    Telling,
    mean_finding,
    mean_of,
    median_finding,
    read_telling,
    worse_finding,
)
from cxlib.studies.word_of_mouth.telling_evidence import telling_evidence
from cxlib.workbook import Workbook

FEW_ANSWER = 0.5
MOVES = 0.05
"""Part of the average by which one answer must move it to be told of."""

APART = 0.05
"""Gap in staying, as a share, from which on it is told of."""

METHODS = (
    Method(
        "People told",
        "What customers answer to how many people they told about their experience, up to the end of the month; those "
        "who told nobody count as none. The number is their own estimate, and round numbers and a few very large ones "
        "are common. An answer with question = good_experience is about a good experience, every other about a bad "
        "one.",
    ),
    Method(
        "Average",
        "Mean with a bootstrap interval in which customers are drawn with all of their answers, each draw taken in "
        "units of its own error (bootstrap-t: Efron 1982, Hesterberg 2015). Differences of means in the same way.",
    ),
    Method(
        "Middle",
        "Median, with the interval between two order statistics (Hahn and Meeker 1991), set further apart by the "
        "design effect of customers who answered more than once (Woodruff 1952).",
    ),
    Method(
        "The tenth who told most",
        "The part of all telling done by the largest tenth of the answers, with a bootstrap interval that draws "
        "customers.",
    ),
    Method(
        "People who never tell",
        "A negative binomial (people differ in how much they tell) against a zero-inflated one (some never tell), "
        "Lambert (1992), by Akaike's criterion. Where the larger does not converge, the smaller stands.",
    ),
    Method(
        "Brought a customer",
        "Kaplan and Meier's share of answers to the recommendation question (of the repeated survey where there is "
        "one), given while a customer, after which a new customer names the one who answered within 365 days. Those "
        "seen for less are censored at the end of the month; those who leave stay in the count. Customers with "
        "several answers are clusters. The difference from both intervals (Zou and Donner 2008).",
    ),
    Method(
        "Followed up",
        "A piece of work of kind follow_up, assigned to the customer after an answer of 0 to 6; work of the control "
        "group of a programme is none. Answers less than two days old at the end of the month do not count. Wilson's "
        "interval, clustered by customer.",
    ),
    Method(
        "Change of the score",
        "The next score of the same customer in the same survey less the first. Whoever is chosen for a low score goes "
        "up without any work (regression to the mean), and whoever for a high one goes down: both are shown beside.",
    ),
    Method(
        "What is repeated",
        "15 people after a bad experience, 11 after a good one: American Express Customer Service Barometer 2017. The "
        "same survey found 24 and 15 in 2012, and 16 and 9 in 2011.",
    ),
)
NEEDS = {
    "told": telling.NEEDED,
    "referred": referring.NEEDED,
    "followed up": closing_the_loop.NEEDED,
}
MISSING = {
    "told": telling.QUESTION,
    "referred": referring.REFERRED_NEEDED,
    "followed up": "A list of follow-ups with customer and time would tell how feedback is acted upon.",
}


def study(book: Workbook) -> Study:
    """Count people told, customers referred and answers followed up.

    Parameters
    ----------
    book : Workbook
        The month; answers after it are not used.
    """
    told = None if book.lacks(*telling.NEEDED) else read_telling(book)
    if told is not None and told.rows.empty:
        told = None
    referred = None if book.lacks(*referring.NEEDED) else read_referring(book)
    loop = None if book.lacks(*closing_the_loop.NEEDED) else _loop(book)
    missing = [name for name, part in zip(NEEDS, (told, referred, loop), strict=True) if part is None]
    return Study(
        "word_of_mouth",
        (
            *_said_of_telling(told),
            referral_finding(referred) if referred is not None else _untold_referrals(),
            loop_finding(loop) if loop is not None else untold_loop(),
        ),
        _evidence(book, told, referred, loop),
        tuple(_doubts(book, told, referred, loop)),
        METHODS,
        tuple(MISSING[name] for name in missing),
    )


def _loop(book: Workbook) -> Loop:
    return closing_the_loop.read_loop(book)


def _said_of_telling(told: Telling | None) -> tuple[Finding, ...]:
    if told is not None:
        return mean_finding(told), median_finding(told), worse_finding(told)
    sentences = {
        "told-people-mean": "How many people an unhappy customer tells cannot be told.",
        "told-people-median": "What the customer in the middle tells after a bad experience cannot be told.",
        "told-more-when-worse": "Whether more people hear of a worse problem cannot be told.",
    }
    return tuple(
        Finding(name, sentence, {}, "cannot-tell", needed=telling.QUESTION) for name, sentence in sentences.items()
    )


def _untold_referrals() -> Finding:
    return Finding(
        "referrals-by-satisfaction",
        "Whether satisfied customers bring others cannot be told.",
        {},
        "cannot-tell",
        needed=referring.REFERRED_NEEDED,
    )


def _evidence(
    book: Workbook, told: Telling | None, referred: Referring | None, loop: Loop | None
) -> Mapping[str, Evidence]:
    return {
        **(telling_evidence(told) if told is not None else {}),
        **(referring_evidence(book, referred) if referred is not None else {}),
        **(loop_evidence(loop) if loop is not None else {}),
    }


def _doubts(book: Workbook, told: Telling | None, referred: Referring | None, loop: Loop | None) -> Iterator[Finding]:
    if told is not None:
        yield from _who_answered(book, told)
        yield from _one_answer(told)
        yield from _who_was_hit(told)
    if referred is not None:
        yield from _who_stayed(book, referred)
    if loop is not None and (chance := by_chance_finding(loop)) is not None:
        yield chance


def _who_answered(book: Workbook, told: Telling) -> Iterator[Finding]:
    bad = told.bad
    yield Finding(
        "told-doubt-who",
        "{answers} answers by {customers} customers who remembered a bad experience and answered. Who stayed silent, "
        "or was never asked because they had left, is not among them.",
        {"answers": len(bad), "customers": int(bad["who"].nunique())},
    )
    if book.lacks("survey_invites.survey", "survey_invites.sent_at"):
        yield Finding(
            "told-doubt-response",
            "The exports do not say how many were asked, so whom the answers speak for is not known.",
        )
        return
    names = ", ".join(f"'{name}'" for name in _quoted(bad["survey"].dropna().unique()))
    if not names:
        return
    asked = book.engine.frame(f"""
        SELECT
            coalesce(i.customer_id, i.invite_id) AS who,
            coalesce(i.answered_at < {book.sql_cut}, FALSE) OR a.invite_id IS NOT NULL AS is_answered
        FROM survey_invites AS i
        LEFT JOIN (
            SELECT DISTINCT invite_id FROM survey_answers WHERE completed_at < {book.sql_cut}
        ) AS a ON a.invite_id = i.invite_id
        WHERE i.survey IN ({names}) AND i.sent_at < {book.sql_cut} AND coalesce(i.delivered, TRUE)
    """)
    response = share(asked["is_answered"].astype(bool), asked["who"])
    if response.is_known and response.value < FEW_ANSWER:
        yield Finding(
            "told-doubt-response",
            "Of those invited to this survey {response} answered; what the others would have said is not known.",
            {"response": response},
        )


def _quoted(names: object) -> list[str]:
    return [str(name).replace("'", "''") for name in names]  # type: ignore[attr-defined]


def _one_answer(told: Telling) -> Iterator[Finding]:
    """Leave out the largest answer: an average that moves with one person is not the company's."""
    bad = told.bad
    if len(bad) < 5 or not bad["told"].sum():
        return
    largest = bad["told"].idxmax()
    mean, without = mean_of(bad), mean_of(bad.drop(index=largest))
    if not without.is_known or abs(mean.value - without.value) < MOVES * mean.value:
        return
    yield Finding(
        "told-doubt-one-answer",
        "One person told {largest}. Without that answer alone the average is {without} instead of {mean}.",
        {"largest": int(bad["told"].max()), "without": without, "mean": mean},
    )


def _who_was_hit(told: Telling) -> Iterator[Finding]:
    """Give the average by severity its mix: it moves with how bad the problems of the time were."""
    bad = told.bad
    severe = share(bad["severity"] == "severe", bad["who"])
    worst = mean_of(bad[bad["severity"] == "severe"])
    if not (severe.is_known and worst.is_known and bad["severity"].nunique() > 1):
        return
    yield Finding(
        "told-doubt-mix",
        "The average depends on how bad the problems were: {severe} of the answers are about severe ones, and after "
        "those alone it is {worst} ({worst_interval}). A survey that asks about the worst experience ever gets a "
        "larger number than one that asks about the last months.",
        {"severe": severe, "worst": worst},
        "described",
    )


def _who_stayed(book: Workbook, referred: Referring) -> Iterator[Finding]:
    """Say how much of a gap in referrals may be that the unhappy leave."""
    if book.lacks("subscriptions.started_at"):
        return
    rows = book.engine.frame(f"""
        SELECT customer_id, max(coalesce(ended_at, TIMESTAMP '9999-01-01')) > {book.sql_cut} AS is_customer
        FROM {book.engine.fact("customer_spell")} WHERE started_at < {book.sql_cut} GROUP BY customer_id
    """)
    last = referred.rows.drop_duplicates("customer_id", keep="last")
    both = last.merge(rows, on="customer_id")
    happy, unhappy = (both[both["group"] == group] for group in ("promoter", "detractor"))
    stay, gone = (share(group["is_customer"], group["customer_id"]) for group in (happy, unhappy))
    if stay.is_known and gone.is_known and stay.value - gone.value > APART:
        yield Finding(
            "told-doubt-stayed",
            "Part of the gap in referrals is that the unhappy leave: {gone} of them are customers at the end of the "
            "month, against {stay} of those who would recommend. Who has left recommends nobody.",
            {"gone": gone, "stay": stay},
        )


__all__ = ["PUBLISHED", "study"]
