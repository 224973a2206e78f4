"""How support works: volume, waiting, the ladder of success, satisfaction with single tickets."""

from dataclasses import replace

from cxlib.metrics.metric import Metric

CLOCK = "Minutes run on the calendar clock, nights and weekends included. "
CENSORED = "Tickets still waiting count as waiting until the export, never as missing."

TICKETS_CREATED = Metric(
    "tickets_created",
    "Tickets created",
    "Tickets opened by customers in the month, on every channel; merged, spam and test tickets are left out.",
    fact="ticket",
    filed_under="created_month",
    kind="count",
    unit="tickets",
)

TICKETS_SOLVED = Metric(
    "tickets_solved",
    "Tickets solved",
    "Tickets that were solved for the first time in the month, whenever they were opened.",
    fact="ticket",
    filed_under="solved_month",
    kind="count",
    unit="tickets",
    population="is_solved",
    needs=("tickets.first_solved_at",),
)

BACKLOG = Metric(
    "backlog",
    "Open tickets at the end of the month",
    "Tickets opened before the end of the month and not solved for the last time by then. A ticket that was "
    "reopened counts as open until its last solution; one of which no export says whether it was solved is left out.",
    fact="ticket",
    filed_under="created_month",
    leaves="closed_month",
    population="closing_is_known",
    kind="stock",
    unit="tickets",
    good="down",
    needs=("tickets.last_solved_at",),
)

FIRST_REPLY_MEDIAN = Metric(
    "first_reply_calendar_minutes_median",
    "Median time to first reply",
    "Time from a ticket's creation until half of the month's tickets had a first public answer by a person. "
    + CLOCK
    + CENSORED,
    fact="ticket",
    filed_under="created_month",
    kind="quantile",
    unit="minutes",
    quantile=0.5,
    population="first_reply_minutes IS NOT NULL",
    numerator="first_reply_minutes",
    observed="first_reply_observed",
    good="down",
    clock="calendar",
    needs=("tickets.first_public_reply_at",),
)

FIRST_REPLY_P90 = replace(
    FIRST_REPLY_MEDIAN,
    id="first_reply_calendar_minutes_p90",
    label="Time to first reply, slowest tenth",
    definition="Time from a ticket's creation until nine in ten of the month's tickets had a first public answer by a "
    "person. " + CLOCK + CENSORED,
    quantile=0.9,
)

FIRST_RESOLUTION_MEDIAN = Metric(
    "first_resolution_calendar_minutes_median",
    "Median time to resolution",
    "Time from a ticket's creation until half of the month's tickets had been solved for the first time. "
    + CLOCK
    + CENSORED,
    fact="ticket",
    filed_under="created_month",
    kind="quantile",
    unit="minutes",
    quantile=0.5,
    population="first_resolution_minutes IS NOT NULL",
    numerator="first_resolution_minutes",
    observed="first_resolution_observed",
    good="down",
    clock="calendar",
    needs=("tickets.first_solved_at",),
)

FIRST_RESOLUTION_P90 = replace(
    FIRST_RESOLUTION_MEDIAN,
    id="first_resolution_calendar_minutes_p90",
    label="Time to resolution, slowest tenth",
    definition="Time from a ticket's creation until nine in ten of the month's tickets had been solved for the first "
    "time. " + CLOCK + CENSORED,
    quantile=0.9,
)

LADDER_COHORT = (
    " Only tickets opened at least two weeks before the export are counted; younger ones have not had the time."
)

ANSWERED_RATE = Metric(
    "answered_rate",
    "Answered within a week",
    "Share of the month's tickets that had a public answer by a person within seven days." + LADDER_COHORT,
    fact="ticket",
    filed_under="created_month",
    kind="proportion",
    unit="share",
    among="answered_in_a_week IS NOT NULL",
    population="has_two_weeks_of_follow_up AND answered_in_a_week IS NOT NULL",
    follow_up_days=14,
    numerator="answered_in_a_week",
    good="up",
    needs=("tickets.first_public_reply_at",),
)

SOLVED_RATE = Metric(
    "solved_rate",
    "Solved within a week",
    "Share of the month's tickets that were solved within seven days." + LADDER_COHORT,
    fact="ticket",
    filed_under="created_month",
    kind="proportion",
    unit="share",
    among="solved_in_a_week IS NOT NULL",
    population="has_two_weeks_of_follow_up AND solved_in_a_week IS NOT NULL",
    follow_up_days=14,
    numerator="solved_in_a_week",
    good="up",
    needs=("tickets.first_solved_at",),
)

VERIFIED_RATE = Metric(
    "verified_rate",
    "Solved within a week, and it held",
    "Share of the month's tickets that were solved within seven days, not reopened, not rated bad, and not asked "
    "again by the same customer on the same topic until seven days after the solution." + LADDER_COHORT,
    fact="ticket",
    filed_under="created_month",
    kind="proportion",
    unit="share",
    among="solved_and_held IS NOT NULL",
    population="has_two_weeks_of_follow_up AND solved_and_held IS NOT NULL",
    follow_up_days=14,
    numerator="solved_and_held",
    good="up",
    needs=("tickets.first_solved_at", "tickets.reopens"),
)

REOPEN_RATE = Metric(
    "reopen_rate",
    "Reopened after being solved",
    "Share of the tickets first solved in the month that were opened again at least once before the export; "
    "older months have had more time to be reopened.",
    fact="ticket",
    filed_under="solved_month",
    kind="proportion",
    unit="share",
    population="is_solved AND was_reopened IS NOT NULL",
    numerator="was_reopened",
    good="down",
    needs=("tickets.reopens", "tickets.first_solved_at"),
)

CSAT = Metric(
    "csat",
    "Satisfaction with tickets (CSAT)",
    "Share of the month's ratings that were good (on five points: 4 or 5; 3 is not good). Filed under the month of "
    "the rating where the export has it, else of the last solution. Only customers who answered are counted.",
    fact="ticket",
    filed_under="rated_month",
    kind="proportion",
    unit="share",
    population="is_rated",
    numerator="rated_good",
    good="up",
    needs=("tickets.satisfaction",),
)

CSAT_RESPONSE_RATE = Metric(
    "csat_response_rate",
    "Ratings given when asked",
    "Share of the tickets on which a rating was asked for that were rated; unknown where the export lists only "
    "tickets that were rated.",
    fact="ticket",
    filed_under="rated_month",
    kind="proportion",
    unit="share",
    population="rating_offered",
    numerator="is_rated",
    needs=("tickets.satisfaction",),
)

SUPPORT = (
    TICKETS_CREATED,
    TICKETS_SOLVED,
    BACKLOG,
    FIRST_REPLY_MEDIAN,
    FIRST_REPLY_P90,
    FIRST_RESOLUTION_MEDIAN,
    FIRST_RESOLUTION_P90,
    ANSWERED_RATE,
    SOLVED_RATE,
    VERIFIED_RATE,
    REOPEN_RATE,
    CSAT,
    CSAT_RESPONSE_RATE,
)
