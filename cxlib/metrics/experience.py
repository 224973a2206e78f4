"""What customers say when asked."""

from functools import partial

from cxlib.metrics.metric import Metric

WEIGHTED = (
    "Only customers who answered are counted; of several answers of one person to one round of a survey the last. "
    "Sampling weights that came with the answers are used."
)
_answered = partial(
    Metric,
    fact="survey_answer",
    filed_under="answered_month",
    needs=("survey_answers.score",),
    weight="weight",
    good="up",
)


def _recommend(series: str, label: str, whose: str, filed: str, month: str) -> tuple[Metric, Metric]:
    """Return the score of one of the two series, which are never added up, and the share that answered."""
    score = _answered(
        f"nps_{series}",
        label,
        "Share of answers of 9 or 10 less share of answers of 0 to 6, times 100, on the question how likely one is to "
        f"recommend the company (0 to 10), {whose}. Answers of 7 and 8 stay in the denominator, blank answers do not. "
        f"{month} {WEIGHTED}",
        filed_under=filed,
        kind="nps",
        unit="points",
        among=f"series = '{series}'",
        population="score IS NOT NULL AND weight IS NOT NULL",
    )
    share = Metric(
        f"nps_{series}_response_rate",
        f"{label}, response rate",
        f"Share of the month's delivered invitations to recommend, {whose}, that have been answered; the youngest may "
        "still be.",
        fact="survey_invite",
        filed_under="sent_month",
        needs=("survey_invites.sent_at",),
        among=f"series = '{series}'",
        population="is_answered IS NOT NULL",
        numerator="is_answered",
        good="up",
    )
    return score, share


EXPERIENCE = (
    *_recommend(
        "relationship",
        "Relationship NPS",
        "in surveys tied to no event",
        "asked_month",
        "Filed under the month of the invitation where it is known, else of the answer, so that a round of the survey "
        "is one number; a month in which nobody was asked has none.",
    ),
    *_recommend(
        "touchpoint",
        "Touchpoint NPS",
        "in surveys after a contact such as a purchase or a service call",
        "answered_month",
        "Filed under the month of the answer.",
    ),
    _answered(
        "survey_csat",
        "Satisfaction in surveys (CSAT)",
        "Share of answers in the usual top box of their scale; answers on a scale that has no usual one, or whose ends "
        f"no export tells, are left out. {WEIGHTED}",
        needs=("survey_answers.score", "survey_answers.scale_min", "survey_answers.scale_max"),
        among="instrument = 'csat' AND is_customer",
        population="score IS NOT NULL AND is_satisfied IS NOT NULL AND weight IS NOT NULL",
        numerator="is_satisfied",
        has_scale=True,
    ),
)
