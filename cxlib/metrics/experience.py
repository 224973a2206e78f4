"""What customers say when asked."""

from functools import partial

from cxlib.metrics.metric import Metric

_answered = partial(Metric, fact="survey_answer", filed_under="answered_month", good="up")

EXPERIENCE = (
    _answered(
        "nps",
        "Net Promoter Score (NPS)",
        "Share of answers of 9 or 10 less share of answers of 0 to 6, times 100, on the question how likely one is to "
        "recommend the company (0 to 10); answers of 7 and 8 stay in the denominator, blank answers do not. Only "
        "customers who answered are counted.",
        needs=("survey_answers.score",),
        kind="nps",
        unit="points",
        among="instrument = 'nps'",
        population="score IS NOT NULL",
    ),
    _answered(
        "nps_weighted",
        "Net Promoter Score, weighted",
        "The Net Promoter Score with the sampling weights that came with the answers.",
        needs=("survey_answers.score", "survey_answers.weight"),
        kind="weighted_nps",
        unit="points",
        among="instrument = 'nps'",
        population="score IS NOT NULL AND weight IS NOT NULL",
        weight="weight",
    ),
    _answered(
        "survey_csat",
        "Satisfaction in surveys (CSAT)",
        "Share of answers on the upper two of five points. Only customers who answered are counted.",
        needs=("survey_answers.score",),
        among="instrument = 'csat'",
        population="score IS NOT NULL",
        numerator="is_satisfied",
    ),
    Metric(
        "nps_response_rate",
        "Answers to NPS invitations",
        "Share of the delivered invitations of the month that have been answered; the youngest may still be.",
        fact="survey_invite",
        filed_under="sent_month",
        needs=("survey_invites.sent_at",),
        among="instrument = 'nps'",
        numerator="is_answered",
        good="up",
    ),
)
