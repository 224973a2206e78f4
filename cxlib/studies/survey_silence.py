"""What those who were invited to recommend and did not answer leave open of the score of those who did."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cxlib.errors import untold
from cxlib.estimate import Estimate, wilson
from cxlib.finding import Quantity, Value
from cxlib.models import nonresponse
from cxlib.models.clusters import hidden_if_few
from cxlib.period import Month
from cxlib.workbook import Workbook

NEEDED = "The list of everyone invited to recommend, with the invitation that each answer came upon, would tell."
LEAST = 5
"""Who answered, and who did not, in a category that is looked at for itself."""

KINDS = ["touchpoint", "region", "tier", "sector", "requests", "earlier"]
# everyone invited in the last month of the year in which anybody was, with what is known of them without an answer
INVITED = """
WITH invited AS (
    SELECT * FROM survey_invite WHERE $among AND sent_month <= $month AND sent_month > $month - INTERVAL 12 MONTH
    QUALIFY sent_month = max(sent_month) OVER ()
)
SELECT i.*, coalesce(i.customer_id, i.invite_id) AS who, a.score, a.weight,
    CASE WHEN e.score >= 9 THEN 'promoter' WHEN e.score > 6 THEN 'passive' WHEN e.score >= 0 THEN 'detractor' END
        AS earlier,
    least((
        SELECT count(*) FROM tickets AS t WHERE t.customer_id = i.customer_id
            AND t.created_at < i.sent_at AND t.created_at > i.sent_at - INTERVAL 90 DAY
    ), 3) AS requests
FROM invited AS i
LEFT JOIN survey_answer AS a ON a.invite_id = i.invite_id AND a.$among AND a.score IS NOT NULL AND a.weight IS NOT NULL
LEFT JOIN survey_answers AS e ON e.customer_id = i.customer_id AND e.instrument = 'nps' AND e.score IS NOT NULL
    AND e.completed_at < i.sent_at AND e.completed_at > i.sent_at - INTERVAL 400 DAY
QUALIFY row_number() OVER (PARTITION BY i.invite_id ORDER BY e.completed_at DESC, e.answer_id) = 1
ORDER BY i.invite_id
"""


def left_open(book: Workbook, name: str) -> Mapping[str, Value]:
    """Return what the silence of some of those invited leaves open of a series of NPS, in its last round of the year.

    Of everyone invited in `month` the share `answered` did, with the score `said`. `weighted` lets each answer stand
    for one over its chance, given all that is known of everyone invited: it takes away what goes with that and nothing
    else. `lowest` and `highest` are the score if all others were detractors, or promoters; were they ten points below
    those who answered, the whole would be `per_ten` points lower.

    Raises
    ------
    UntoldError
        If nobody was invited in the year, or no answer names its invitation.

    >>> silence = left_open(book, "nps_relationship")
    >>> silence["lowest"].value < silence["weighted"].value < silence["highest"].value
    True
    """
    untold(NEEDED, not book.missing(name))
    rows = book.frame(INVITED, among=book.metric(name).among)
    answered = rows["score"].notna().to_numpy()
    untold(NEEDED, answered.any())
    kinds = pd.get_dummies(rows[KINDS].astype(object).fillna("unknown").astype(str))
    kinds = kinds.loc[:, (kinds[answered].sum() >= LEAST) & (kinds[~answered].sum() >= LEAST)]
    chances = nonresponse.response_chances(kinds.to_numpy(float), answered, kinds[answered].to_numpy(float))
    said, weighted = (_score(rows[answered], weights) for weights in (1.0, nonresponse.trimmed(1 / chances)))
    share, silent = float(answered.mean()), float(1 - answered.mean())
    ends = {"lowest": share * said.value - 100 * silent, "highest": share * said.value + 100 * silent}
    return {
        "month": Month.parse(f"{rows['sent_month'].iloc[0]:%Y-%m}"),
        "answered": wilson(answered.sum(), len(rows)),
        "said": said,
        "weighted": weighted,
        **{name: Quantity(points, "points") for name, points in {**ends, "per_ten": 10 * silent}.items()},
    }


def _score(answers: pd.DataFrame, times: float | np.typing.NDArray[np.float64]) -> Estimate:
    line = nonresponse.weighted_score(answers["score"], answers["weight"] * times, answers["who"])
    value, low, high = np.ravel(line).tolist()
    return hidden_if_few(Estimate(value, low, high, len(answers), "points", "adjusted Wald, clustered by customer"))
