"""The Net Promoter Score in two waves: of customers who answered both, of all who answered, and who fell silent.

Of customers in one order, `first` and `second` are 1 for a promoter, 0 for a passive, -1 for a detractor, else NaN.
"""

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import SquareTable

from cxlib.errors import untold
from cxlib.estimate import ALPHA, Array, Estimate, wilson
from cxlib.finding import Quantity
from cxlib.models.clusters import estimated, hidden_if_few, sandwich, student
from cxlib.workbook import Workbook

CLASSES = {-1: "Detractors", 0: "Passives", 1: "Promoters"}
UNIT = "points difference"

# of several answers of one customer in a wave, the class nearest to their mean
ANSWERS = """
SELECT customer_id, wave,
    round(avg(CASE WHEN is_promoter THEN 1.0 WHEN is_detractor THEN -1.0 ELSE 0.0 END)) AS class
FROM survey_answer
WHERE instrument = 'nps' AND survey = $survey AND score IS NOT NULL AND answered_month <= $month
    AND customer_id IS NOT NULL AND wave IS NOT NULL
GROUP BY customer_id, wave ORDER BY ALL
"""


def two_waves(book: Workbook, survey: str) -> tuple[pd.Series, pd.Series]:
    """Return the last two waves of a survey, each under its name; an UntoldError where there are not two."""
    rows = book.frame(ANSWERS, survey="'" + survey.replace("'", "''") + "'")
    waves = rows.pivot(index="customer_id", columns="wave", values="class").astype(float)
    untold("A survey that asks the same question in two waves, with customers' ids, would tell.", waves.shape[1] > 1)
    return waves.iloc[:, -2], waves.iloc[:, -1]


def change_of_the_same(first: Array, second: Array) -> Estimate:
    """Return how the score of those who answered both waves moved.

    Adjusted as in Bonett and Price (2012), Journal of Educational and Behavioral Statistics 37, for paired shares: one
    customer who rose a class and one who fell a class are added. Student's t with one degree less than customers.
    """
    moved = np.asarray(second, float) - np.asarray(first, float)
    moved = moved[np.isfinite(moved)]
    n, value = len(moved), 100 * float(np.sum(moved)) / max(len(moved), 1)
    centre = np.sum(moved) / (n + 2)
    spread = np.sqrt(((moved @ moved + 2) / (n + 2) - centre**2) / (n + 2))
    half = stats.t.ppf(1 - ALPHA / 2, max(n - 1, 1)) * spread
    ends = value, min(100 * (centre - half), value), max(100 * (centre + half), value)
    return estimated(ends, n, UNIT, "paired, adjusted Wald")


def change_of_all(first: Array, second: Array) -> Estimate:
    """Return how the score of all who answered moved; whoever answered both waves counts in both and once as a case."""
    before, after = np.asarray(first, float), np.asarray(second, float)
    n = int(min(np.isfinite(before).sum(), np.isfinite(after).sum()))
    adds = [np.nan_to_num(one - np.nanmean(one)) / np.isfinite(one).sum() for one in (before, after)]
    value, variance = 100 * float(np.nanmean(after) - np.nanmean(before)), 1e4 * float(sandwich(adds[1] - adds[0]))
    return hidden_if_few(student(value, variance, max(n - 1, 1), n, UNIT, "linearised, clustered by customer"))


def answered_again(first: pd.Series, second: pd.Series) -> dict[str, Estimate]:
    """Return for each class of the first wave the share that answered the second."""
    groups = second.notna().groupby(first.map(CLASSES))
    return {str(name): hidden_if_few(wilson(float(again.sum()), len(again))) for name, again in groups}


def moves(first: pd.Series, second: pd.Series) -> pd.DataFrame:
    """Return those who answered both waves, counted by class in the first (rows) and in the second (columns)."""
    names = list(CLASSES.values())
    counted = pd.crosstab(first.map(CLASSES), second.map(CLASSES))
    return counted.reindex(index=names, columns=names, fill_value=0)


def p_values_of_moves(counted: Array) -> tuple[Quantity, Quantity]:
    """Return p-values of equal shares (Stuart 1955, Maxwell 1970) and equal flows (Bowker 1948) between classes."""
    table = np.asarray(counted, float)
    moved = (table + table.T).sum(axis=0) > 2 * table.diagonal()
    untold("Customers who answered both rounds, and not both in the same way, would tell.", moved.sum() > 1)
    flows = SquareTable(table[np.ix_(moved, moved)], shift_zeros=False)
    return Quantity(float(flows.homogeneity().pvalue), "share"), Quantity(float(flows.symmetry().pvalue), "share")
