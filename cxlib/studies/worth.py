"""The least that would make a difference to anybody: a difference below it counts as none.

Where the interval of a difference reaches beyond it, "there is none" cannot be told. They are conventions, chosen
before any data were seen and the same for every company; an analyst who knows better changes them here.
"""

from __future__ import annotations

from cxlib.studies.study import Method

FIVE_POINTS = 0.05
"""Of a share, such as of customers who leave."""

TWO_POINTS = 0.02
"""Of the share of satisfied customers, for half the wait."""

A_QUARTER_MORE = 1.25
"""Of a ratio of rates."""

ONE_PERSON = 1.0
"""Of the mean number of people told."""

ONE_SCORE_POINT = 1.0
"""Of a score from 0 to 10."""

TWO_PER_CENT_A_YEAR = 0.02
"""Of growth."""

VERDICTS = Method(
    "Supported, not supported, cannot be told",
    "Supported: the whole 95% interval says so. Not supported: the whole interval lies below what would make a "
    "difference to anybody (5 points of a share of customers; 2 points of the share satisfied, for half the wait; a "
    "quarter more of a rate; one person told; one point of a score; 2% growth a year; where a finding names another "
    "amount, that). Everything else cannot be told. Schuirmann (1987), Journal of Pharmacokinetics and "
    "Biopharmaceutics 15, 657-680.",
)
"""How the verdicts of all studies are reached, for their last page."""
