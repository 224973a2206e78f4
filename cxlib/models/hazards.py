"""How many times as likely something is at any moment, with what goes with it held equal."""

import warnings

import numpy as np
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

from cxlib.estimate import Array, Estimate, Z
from cxlib.models.clusters import hidden_if_few
from cxlib.models.incidence import WANTED, Durations

COX = "Cox, robust, clustered by customer"


def hazard_ratio(per: Array, held: pd.DataFrame, cases: Durations) -> Estimate:
    """Return by how much the chance of the wanted end at any moment is multiplied with each unit of something.

    Cox (1972), Journal of the Royal Statistical Society B 34, ties as in Breslow (1974); a cluster counts once (Lin
    and Wei 1989, JASA 84). Not known where the search finds no end.

    Parameters
    ----------
    per : array_like, shape (cases,)
        What the ratio is of: 1 and 0 for two groups, or a number such as a score.
    held : DataFrame
        Columns, one row a case, that are held equal; those that too few have, or that say nothing of their own, are
        left out.
    cases : Durations
        How long each was followed, from its own beginning.
    """
    unknown = Estimate.unknown(len(cases.time), "ratio", COX)
    ended = cases.end == WANTED
    if not ended.any():
        return unknown
    there = cases.time >= cases.time[ended].min()  # who was last seen before the first end compares with nobody
    ended, others = ended[there], held.to_numpy(float)[there]
    columns = [line for line in others.T if min(line[ended].sum(), line[~ended].sum()) >= 2]
    design = np.column_stack([np.asarray(per, float)[there], *columns])
    # a column that the ones before it give already adds nothing of its own
    own = np.abs(np.diag(np.linalg.qr(design - design.mean(axis=0), mode="r")))
    design = design[:, np.flatnonzero(own > 1e-8 * max(own.max(), 1.0))]
    # a step of the search that overflows is taken back by the search itself; the result is checked below
    with warnings.catch_warnings(action="ignore"):
        model = PHReg(cases.time[there], design, status=ended.astype(int), ties="breslow")
        fit = model.fit(groups=pd.factorize(cases.cluster[there])[0], disp=0)
        middle, error = float(fit.params[0]), float(fit.bse[0])
    if not abs(middle) <= 10 or not np.isfinite(error):
        return unknown
    low, value, high = np.exp(middle + Z * error * np.array([-1, 0, 1])).tolist()
    return hidden_if_few(Estimate(value, low, high, unknown.n, unknown.unit, COX))
