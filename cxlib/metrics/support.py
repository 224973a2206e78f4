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
REQUESTS = "Tickets that the company opened and those that a bot answered alone are left out."

BUSINESS_CLOCK = (
    "Minutes run in the hours that the ticket's team works, as the calendars in definitions.toml say, holidays left "
    "out; a wait across a change of hours is measured against those in force on each day, one across a change of "
    "calendar against each for its part. The team is the one that had the ticket last. Tickets still waiting count as "
    "waiting until the export, never as missing."
)
PROMISED = (
    "Of the month's tickets for which definitions.toml promises one, by the priority and the team that the export "
    "names. Kept, or broken by now: a ticket that still waits within its time, or was solved in it without a reply, is "
    "neither and is left out, so a young month still moves."
)

_of_ticket = partial(Metric, fact="ticket")
_opened = partial(_of_ticket, filed_under="created_month")
_solved = partial(Metric, fact="ticket", filed_under="solved_month")
_rated = partial(Metric, fact="ticket", filed_under="rated_month", needs=("tickets.satisfaction",))


def _waiting(what: str, end: str, had: str, need: str, clock: str = "calendar") -> list[Metric]:
    """Return the median of a wait and where its slowest tenth begins."""
    runs, time, column, more = {
        "calendar": (CLOCK, "time", f"{what}_minutes", ()),
        "business": (BUSINESS_CLOCK, "working time", f"{what}_business_minutes", ("[[calendar]] in definitions.toml",)),
    }[clock]
    return [
        _opened(
            f"{what}_{clock}_minutes_{quantile}",
            label,
            f"Time from a ticket's creation until {part} of the month's tickets had {had}. {runs} {REQUESTS}",
            needs=(need, "clock of tickets.created_at", f"clock of {need}", *more),
            kind="quantile",
            unit="minutes",
            quantile=share,
            population=f"is_request AND {column} IS NOT NULL",
            numerator=column,
            observed=f"{what}_observed",
            good="down",
            clock=clock,
        )
        for quantile, share, part, label in (
            ("median", 0.5, "half", f"Median {time} to {end}"),
            ("p90", 0.9, "nine in ten", f"{time.capitalize()} to {end}, slowest tenth"),
        )
    ]


def _promise(name: str, label: str, what: str, promised: str, need: str) -> Metric:
    return _opened(
        name,
        label,
        f"Share {what} that came within the time promised. {PROMISED} {REQUESTS}",
        needs=(need, "clock of tickets.created_at", f"clock of {need}", "[[service_level]] in definitions.toml"),
        among=f"is_request AND {promised}",
        population=f"{name} IS NOT NULL",
        numerator=name,
        good="up",
    )


def _rung(name: str, label: str, share: str, numerator: str, *needs: str) -> Metric:
    return _opened(
        name,
        label,
        f"Share of the month's tickets that {share}. {LADDER_COHORT} {REQUESTS}",
        needs=needs,
        among=f"is_request AND {numerator} IS NOT NULL",
        population="has_two_weeks_of_follow_up",
        follow_up_days=14,
        numerator=numerator,
        good="up",
    )


REPLIED, SOLVED = "tickets.first_public_reply_at", "tickets.first_solved_at"

SUPPORT = (
    _opened(
        "tickets_created",
        "Tickets created",
        "Tickets that customers opened in the month and that reached people, on every channel. Merged, spam and test "
        f"tickets are not counted. {REQUESTS}",
        kind="count",
        unit="tickets",
        population="is_request",
    ),
    _opened(
        "bot_only_share",
        "Answered by a bot alone",
        "Share of the tickets that customers opened in the month in which no person took part. Whether that helped is "
        "not known: a customer who gave up looks the same. No other measure counts them.",
        needs=("tickets.is_bot_only",),
        among="NOT is_outbound",
        numerator="is_bot_only",
    ),
    _solved(
        "tickets_solved",
        "Tickets solved",
        f"Tickets that were solved for the first time in the month, whenever they were opened. {REQUESTS}",
        needs=(SOLVED,),
        kind="count",
        unit="tickets",
        population="is_request AND is_solved",
    ),
    *(
        _of_ticket(
            name,
            label,
            f"Tickets opened {before} the end of the month and not solved for the last time by then. A ticket that was "
            "reopened counts as open until its last solution; one of which no export says whether it was solved is "
            f"left out. {REQUESTS}",
            filed_under=month,
            needs=("tickets.last_solved_at",),
            kind="stock",
            unit="tickets",
            population="is_request AND closing_is_known",
            leaves="closed_month",
            good="down",
        )
        for name, label, before, month in (
            ("backlog", "Open tickets at the end of the month", "before", "created_month"),
            ("backlog_week_old", "Open for more than a week", "more than seven days before", "week_old_month"),
            ("backlog_month_old", "Open for more than thirty days", "more than thirty days before", "month_old_month"),
        )
    ),
    *_waiting("first_reply", "first reply", "a first public answer by a person", REPLIED),
    *_waiting("first_resolution", "resolution", "been solved for the first time", SOLVED),
    *_waiting("first_reply", "first reply", "a first public answer by a person", REPLIED, "business"),
    *_waiting("first_resolution", "resolution", "been solved for the first time", SOLVED, "business"),
    _promise("first_reply_in_time", "First replies in time", "of first replies", "reply_is_promised", REPLIED),
    _promise("resolved_in_time", "Solutions in time", "of solutions", "resolution_is_promised", SOLVED),
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
        "were solved within seven days and in the seven days after the solution neither reopened, nor rated bad, nor "
        "followed by another request of the same customer on the same topic; a reopening or a rating of which the "
        "export has no time counts as one of these days",
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
        f"older months have had more time to be reopened. {REQUESTS}",
        needs=("tickets.reopens", SOLVED),
        population="is_request AND is_solved AND was_reopened IS NOT NULL",
        numerator="was_reopened",
        good="down",
    ),
    _rated(
        "csat",
        "Satisfaction with tickets (CSAT)",
        "Share of the month's ratings that were good; of scores, those in the usual top box of their scale. A rating "
        "that is neither good nor bad stays in the denominator. Filed under the month of the rating where the export "
        "has it, else of the last solution. Only customers who answered are counted, and only for tickets in which a "
        "person took part.",
        population="is_rated AND NOT is_bot_only",
        numerator="rated_good",
        has_scale=True,
        good="up",
    ),
    _rated(
        "csat_response_rate",
        "Ratings given when asked",
        "Share of the tickets on which a rating was asked for that were rated; unknown where the export lists only "
        "tickets that were rated.",
        population="rating_offered AND NOT is_bot_only",
        numerator="is_rated",
    ),
)
