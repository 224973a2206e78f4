"""How support works: volume, waiting, the ladder of success, satisfaction with single tickets."""

from functools import partial

from cxlib.metrics.metric import Metric

CLOCK = (
    "Minutes run on the calendar clock, nights and weekends included. "
    "Tickets still waiting count as waiting until the export, never as missing."
)
LADDER_COHORT = (
    "Only tickets opened at least two weeks before the export are counted; younger ones have not had the time."
)

_opened = partial(Metric, fact="ticket", filed_under="created_month")
_solved = partial(Metric, fact="ticket", filed_under="solved_month")
_rated = partial(Metric, fact="ticket", filed_under="rated_month", needs=("tickets.satisfaction",))


def _waiting(quantile: str, share: float, what: str, label: str, until: str, need: str) -> Metric:
    return _opened(
        f"{what}_calendar_minutes_{quantile}",
        label,
        f"Time from a ticket's creation until {until}. {CLOCK}",
        needs=(need, "clock of tickets.created_at", f"clock of {need}"),
        kind="quantile",
        unit="minutes",
        quantile=share,
        population=f"{what}_minutes IS NOT NULL",
        numerator=f"{what}_minutes",
        observed=f"{what}_observed",
        good="down",
        clock="calendar",
    )


def _rung(name: str, label: str, share: str, numerator: str, *needs: str) -> Metric:
    return _opened(
        name,
        label,
        f"Share of the month's tickets that {share}. {LADDER_COHORT}",
        needs=needs,
        among=f"{numerator} IS NOT NULL",
        population="has_two_weeks_of_follow_up",
        follow_up_days=14,
        numerator=numerator,
        good="up",
    )


_median, _p90 = partial(_waiting, "median", 0.5), partial(_waiting, "p90", 0.9)
REPLIED, SOLVED = "tickets.first_public_reply_at", "tickets.first_solved_at"

SUPPORT = (
    _opened(
        "tickets_created",
        "Tickets created",
        "Tickets opened by customers in the month, on every channel; merged, spam and test tickets are left out.",
        kind="count",
        unit="tickets",
    ),
    _solved(
        "tickets_solved",
        "Tickets solved",
        "Tickets that were solved for the first time in the month, whenever they were opened.",
        needs=(SOLVED,),
        kind="count",
        unit="tickets",
        population="is_solved",
    ),
    _opened(
        "backlog",
        "Open tickets at the end of the month",
        "Tickets opened before the end of the month and not solved for the last time by then. A ticket that was "
        "reopened counts as open until its last solution; one of which no export says whether it was solved is left "
        "out.",
        needs=("tickets.last_solved_at",),
        kind="stock",
        unit="tickets",
        population="closing_is_known",
        leaves="closed_month",
        good="down",
    ),
    _median(
        "first_reply",
        "Median time to first reply",
        "half of the month's tickets had a first public answer by a person",
        REPLIED,
    ),
    _p90(
        "first_reply",
        "Time to first reply, slowest tenth",
        "nine in ten of the month's tickets had a first public answer by a person",
        REPLIED,
    ),
    _median(
        "first_resolution",
        "Median time to resolution",
        "half of the month's tickets had been solved for the first time",
        SOLVED,
    ),
    _p90(
        "first_resolution",
        "Time to resolution, slowest tenth",
        "nine in ten of the month's tickets had been solved for the first time",
        SOLVED,
    ),
    _rung(
        "answered_rate",
        "Answered within a week",
        "had a public answer by a person within seven days",
        "answered_in_a_week",
        REPLIED,
    ),
    _rung("solved_rate", "Solved within a week", "were solved within seven days", "solved_in_a_week", SOLVED),
    _rung(
        "verified_rate",
        "Solved within a week, and it held",
        "were solved within seven days, not reopened, not rated bad, and not asked again by the same customer on the "
        "same topic until seven days after the solution",
        "solved_and_held",
        SOLVED,
        "tickets.reopens",
        "tickets.customer_id",
        "tickets.topic",
        "tickets.satisfaction",
    ),
    _solved(
        "reopen_rate",
        "Reopened after being solved",
        "Share of the tickets first solved in the month that were opened again at least once before the export; "
        "older months have had more time to be reopened.",
        needs=("tickets.reopens", SOLVED),
        population="is_solved AND was_reopened IS NOT NULL",
        numerator="was_reopened",
        good="down",
    ),
    _rated(
        "csat",
        "Satisfaction with tickets (CSAT)",
        "Share of the month's ratings that were good (on five points: 4 or 5; 3 is not good). Filed under the month of "
        "the rating where the export has it, else of the last solution. Only customers who answered are counted.",
        population="is_rated",
        numerator="rated_good",
        good="up",
    ),
    _rated(
        "csat_response_rate",
        "Ratings given when asked",
        "Share of the tickets on which a rating was asked for that were rated; unknown where the export lists only "
        "tickets that were rated.",
        population="rating_offered",
        numerator="is_rated",
    ),
)
