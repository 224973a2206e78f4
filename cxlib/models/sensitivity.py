"""How strong something unmeasured would have to be to explain an association away."""

from dataclasses import dataclass

import numpy as np

from cxlib.errors import MeasureError


@dataclass(frozen=True)
class EValue:
    """Risk ratios, 1 or more, that an unmeasured cause must reach with both sides to explain something away.

    `point` explains the estimate away, `limit` the interval's limit nearest to no effect; 1 where it holds that.
    """

    point: float
    limit: float


def e_value(risk_ratio: float, low: float, high: float) -> EValue:
    """Return the E-value of a risk ratio and of its interval, whose upper limit may be infinite.

    VanderWeele and Ding (2017), Annals of Internal Medicine 167(4): RR + sqrt(RR (RR - 1)), with 1 / RR in the place
    of a ratio below 1. Raises MeasureError if they are not positive numbers in the order low, ratio, high.
    """
    if not 0 <= low <= risk_ratio <= high or not 0 < risk_ratio < np.inf:
        raise MeasureError(
            f"an E-value needs a positive risk ratio between its limits, not {risk_ratio} in {low} to {high}; "
            "give the ratio of two risks that are both above zero"
        )
    limit = 1.0 if low <= 1 <= high else low if risk_ratio >= 1 else high
    return EValue(_explains(risk_ratio), _explains(limit))


def _explains(ratio: float) -> float:
    above = max(ratio, 1 / ratio)
    return float(above + np.sqrt(above * (above - 1)))
