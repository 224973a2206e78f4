"""The canonical tables: what every export is brought to.

Identifiers are text, times are UTC, money has a currency beside it.
A column that no export brings stays empty and its metrics say so; it is never filled with a guess.
"""

from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["id", "text", "category", "pseudonym", "time", "date", "number", "integer", "money", "flag"]

SQL_TYPES: dict[ColumnType, str] = {
    **dict.fromkeys(("id", "text", "category", "pseudonym"), "VARCHAR"),
    **dict.fromkeys(("number", "money"), "DOUBLE"),
    **{"time": "TIMESTAMP", "date": "DATE", "integer": "BIGINT", "flag": "BOOLEAN"},
}


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    `allowed` closes a category: any other value blocks the import. A `pseudonym` is read from an
    address or a name and kept only as a keyed hash. A `text` was written by a person: it is kept without addresses,
    numbers and names (sources/free_text.py), beside the consent to quote it.
    """

    name: str
    type: ColumnType
    meaning: str
    required: bool = False
    allowed: tuple[str, ...] = ()

    @property
    def sql_type(self) -> str:
        return SQL_TYPES[self.type]


@dataclass(frozen=True)
class Check:
    """A SQL predicate that every row keeps (NULL passes), and what to do when one does not."""

    name: str
    must: str
    what: str
    fix: str


@dataclass(frozen=True)
class Table:
    """A canonical table: its grain in one sentence, its key, columns and checks."""

    name: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    checks: tuple[Check, ...]

    def column(self, name: str) -> Column:
        return {column.name: column for column in self.columns}[name]

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def references(self) -> dict[str, str]:
        """Return the tables whose rows a column names, by column: it is called like their key."""
        others = {table.key[0]: table.name for table in TABLES.values() if len(table.key) == 1 and table is not self}
        return {column: table for column, table in others.items() if column in self.column_names}


def _table(name: str, grain: str, *parts: Column | Check, key: int = 1) -> Table:
    """Return a table of these columns and checks; its key is the first column, or as many as `key` says."""
    columns = tuple(part for part in parts if isinstance(part, Column))
    checks = tuple(part for part in parts if isinstance(part, Check))
    return Table(name, grain, tuple(column.name for column in columns[:key]), columns, checks)


def choice(name: str, meaning: str, allowed: tuple[str, ...], required: bool = False) -> Column:
    """Return a category that is one of a few words."""
    return Column(name, "category", meaning, required=required, allowed=allowed)


def ends_after_starts(start: str, end: str) -> Check:
    """Return the check that `end` is not before `start`."""
    otherwise = "reject the rows with a reason ([[export.reject]]), or mark the time as unknown ([[export.unknown]])"
    fix = f"Fix the export, {otherwise}"
    return Check("ends-before-starts", f"{end} >= {start}", f"{end} lies before {start}", fix)


def never_negative(column: str) -> Check:
    """Return the check that `column` is zero or more."""
    fix = "Fix the export or reject the rows with a reason"
    return Check("negative", f"{column} >= 0", f"{column} is negative", fix)


def on_scale(score: str, lowest: str, highest: str) -> Check:
    """Return the check that a score lies on its scale."""
    fix = f"Map the code for “no answer” to an empty value, or correct {lowest} and {highest}"
    return Check("score-off-scale", f"{score} BETWEEN {lowest} AND {highest}", f"{score} lies outside its scale", fix)


SEGMENTS = (
    Column("region", "category", "part of the world or country the company reports by"),
    Column("tier", "category", "size or contract class of the customer"),
    Column("sector", "category", "trade of the customer"),
    Column("segment", "category", "a breakdown of the company's own"),
)

TOP_BOX = {2: 1, 3: 1, 4: 2, 5: 2, 6: 2, 7: 2, 10: 3, 11: 3}
"""How many of the upper points of a scale count as satisfied, by the number of its points.

The usual top boxes: 4 and 5 of five points in Zendesk and Front; on 3 to 7 and on 10 points as Formbricks counts them
(its pull requests 6834 and 7128), 0 to 10 as ten points; the better of two. As many at the lower end are dissatisfied,
what lies between is neither. A scale with another number of points has no usual top box, and none is guessed.
"""


def good_from(lowest: str, highest: str) -> str:
    """Return SQL of the least score that counts as satisfied; empty where the scale has no usual top box."""
    boxes = " ".join(f"WHEN {points} THEN {box}" for points, box in TOP_BOX.items())
    return f"{highest} + 1 - CASE {highest} - {lowest} + 1 {boxes} END"


INSTRUMENTS = ("nps", "csat", "ces1", "ces2", "problem", "word_of_mouth", "statement")
EVENT_KINDS = ("status", "reply_public", "reply_internal", "assign", "priority", "schedule")
TOLD = ("company", "public", "nobody")
BUYERS = ("new", "existing", "returned")
SEVERITIES = ("minor", "moderate", "severe")

# In the words of Stripe, Chargebee, Paddle, Recurly, Maxio and Razorpay, letters only. A term that is past due, or that
# will not be renewed, pays; what is only "pending" means different things to them.
NOT_PAYING = (
    "canceled", "cancelled", "churned", "completed", "deleted", "draft", "ended", "expired", "failedtocreate", "future",
    "halted", "inactive", "incomplete", "incompleteexpired", "intrial", "onhold", "paused", "stopped", "suspended",
    "terminated", "transferred", "trial", "trialended", "trialing", "unpaid",
)  # fmt: skip

SURVEY = (
    Column("survey", "category", "name of the survey", required=True),
    choice("instrument", "what is asked", INSTRUMENTS, required=True),
    Column("wave", "category", "round of a survey that is repeated"),
    Column("touchpoint", "category", "where in the journey it was asked"),
)

_ALL = (
    _table(
        "customers",
        "One row per customer (in business with companies: per account).",
        Column("customer_id", "id", "the customer, the same in every export", required=True),
        Column("account_id", "id", "parent company, where several customers share one"),
        Column("email_key", "pseudonym", "e-mail address, for matching only"),
        Column("created_at", "time", "when the customer first bought or signed up"),
        *SEGMENTS,
        Column("acquisition_channel", "category", "how the customer was won"),
        Column("referred_by", "id", "the customer who brought this one"),
        Column("is_test", "flag", "test account"),
        Column("is_internal", "flag", "the company's own account"),
        Column("deleted_at", "time", "when the record was erased"),
        Column("merged_into", "id", "the customer this one was merged into"),
    ),
    _table(
        "subscriptions",
        "One row per term of a subscription: a stretch of time at one price.",
        Column("term_id", "id", "the term (invoice line, or the subscription where it has one price)", required=True),
        Column("subscription_id", "id", "the subscription the term belongs to", required=True),
        Column("customer_id", "id", "who pays", required=True),
        Column("product", "category", "what is subscribed to"),
        Column("started_at", "time", "first instant of the term", required=True),
        Column("ended_at", "time", "first instant after the term; empty while it runs"),
        Column("status", "category", "state in the billing system when exported"),
        Column("quantity", "number", "seats or units"),
        Column("monthly_amount", "money", "recurring price of the term per month, after discount", required=True),
        Column("currency", "category", "ISO 4217 code of monthly_amount", required=True),
        Column("discount", "category", "name of a discount that monthly_amount does not take off yet"),
        choice("end_reason", "why it ended", ("voluntary", "payment", "migration", "merge")),
        ends_after_starts("started_at", "ended_at"),
        never_negative("monthly_amount"),
        Check(
            "status-without-end",
            "ended_at IS NOT NULL OR monthly_amount <= 0 "
            f"OR regexp_replace(lower(status), '[^a-z]', '', 'g') NOT IN {NOT_PAYING}",
            "its status says that it does not pay, but it has no end, so it would count as paying for ever",
            "Map ended_at to the moment since when it has not paid, or leave such rows out with a reason "
            "([[export.reject]])",
        ),
        Check(
            "discount-unknown",
            "discount IS NULL OR monthly_amount <= 0",
            "it carries a discount whose amount the export does not tell, and monthly_amount is the price after it",
            "Write columns.monthly_amount as an expression that names the column of the discount, such as "
            """number("Amount") * CASE WHEN "Coupon" IS NULL THEN 1 WHEN "Coupon" = 'HALF' THEN 0.5 END, """
            "with 1 for one that is off the first invoices only; a name that it does not know stops the import",
        ),
    ),
    _table(
        "transactions",
        "One row per order, invoice, refund or credit.",
        Column("transaction_id", "id", "the transaction", required=True),
        Column("customer_id", "id", "who paid"),
        Column("occurred_at", "time", "when it was booked", required=True),
        choice("kind", "what it is", ("order", "invoice", "refund", "credit"), required=True),
        Column("product", "category", "product family"),
        Column("net", "money", "amount without tax; refunds and credits negative", required=True),
        Column("tax", "money", "tax on top of net"),
        Column("cost", "money", "direct cost of what was sold"),
        Column("currency", "category", "ISO 4217 code", required=True),
        choice("motion", "how the sale came about", ("new", "renewal", "upsell", "cross_sell", "reactivation")),
        Check(
            "refund-sign",
            "kind NOT IN ('refund', 'credit') OR net <= 0",
            "a refund or credit is positive",
            "Map net with a minus sign for refunds and credits",
        ),
    ),
    _table(
        "tickets",
        "One row per request for help that a customer made (merged, spam and test requests are in the ledger).",
        Column("ticket_id", "id", "the ticket", required=True),
        Column("customer_id", "id", "who asked; empty where the person was erased or is not known"),
        Column("email_key", "pseudonym", "requester's address, for matching to customers only"),
        Column("channel", "category", "e-mail, phone, chat, …"),
        *SEGMENTS,
        Column("product", "category", "what it is about"),
        Column("agent_group", "category", "team that handled it last"),
        Column("agent", "pseudonym", "person who handled it last"),
        Column("topic", "category", "what was asked"),
        Column("priority", "category", "priority, at creation where the export has it"),
        choice("severity", "how bad the problem was", SEVERITIES),
        Column("is_complaint", "flag", "the customer complains"),
        Column("is_outbound", "flag", "the company wrote first: no reply time"),
        Column("is_bot_only", "flag", "no person took part"),
        choice("status", "state when exported", ("open", "pending", "solved")),
        Column("created_at", "time", "when the customer asked", required=True),
        Column("first_public_reply_at", "time", "first public answer by a person; empty while there is none"),
        Column("first_reply_unknown", "flag", "the export does not say when, or whether, a person answered"),
        Column("first_solved_at", "time", "first time it was solved; empty while it never was"),
        Column("last_solved_at", "time", "last time it was solved; empty while it is open"),
        Column("solve_unknown", "flag", "the export does not say when, or whether, it was solved"),
        Column("replies", "integer", "public answers by people"),
        Column("reopens", "integer", "times it went from solved back to open"),
        choice("satisfaction", "how the customer rated it", ("not_offered", "offered", "good", "neutral", "bad")),
        Column("satisfaction_score", "number", "the rating on its own scale, where there is one"),
        Column("satisfaction_scale_min", "number", "lowest point of that scale"),
        Column("satisfaction_scale_max", "number", "highest point of that scale"),
        Column("friendliness_score", "number", "how the customer rated the person, from 1 to 5"),
        Column("had_to_repeat", "flag", "the customer had to say again who they are or what happened"),
        Column("rated_at", "time", "when the customer rated"),
        Column("comment", "text", "what the customer wrote with the rating"),
        Column("may_quote", "flag", "the person allows to be quoted"),
        ends_after_starts("created_at", "first_public_reply_at"),
        ends_after_starts("created_at", "first_solved_at"),
        ends_after_starts("created_at", "last_solved_at"),
        ends_after_starts("first_solved_at", "last_solved_at"),
        never_negative("replies"),
        never_negative("reopens"),
        on_scale("satisfaction_score", "satisfaction_scale_min", "satisfaction_scale_max"),
    ),
    _table(
        "ticket_events",
        "One row per thing that happened to a ticket.",
        Column("event_id", "id", "the event", required=True),
        Column("ticket_id", "id", "the ticket", required=True),
        Column("occurred_at", "time", "when", required=True),
        choice("kind", "what changed", EVENT_KINDS, required=True),
        Column("value_before", "category", "value before; empty for an assignment, which names people"),
        Column("value_after", "category", "value after; empty for an assignment"),
        choice("actor_role", "who did it", ("agent", "customer", "bot", "system")),
    ),
    _table(
        "survey_invites",
        "One row per invitation to a survey: the denominator of every response rate.",
        Column("invite_id", "id", "the invitation", required=True),
        *SURVEY,
        Column("customer_id", "id", "who was asked"),
        Column("email_key", "pseudonym", "address it went to, for matching only"),
        Column("channel", "category", "how it was sent"),
        Column("sent_at", "time", "when it was sent", required=True),
        Column("delivered", "flag", "it arrived (did not bounce)"),
        Column("answered_at", "time", "when an answer was completed, where the invitation list says so"),
        ends_after_starts("sent_at", "answered_at"),
    ),
    _table(
        "survey_answers",
        "One row per complete answer to one survey question; of several of one person to one round the last.",
        Column("answer_id", "id", "the answer", required=True),
        Column("invite_id", "id", "the invitation it answers"),
        *SURVEY,
        Column("customer_id", "id", "who answered"),
        Column("email_key", "pseudonym", "respondent's address, for matching only"),
        Column("channel", "category", "how it was answered"),
        *SEGMENTS,
        choice("respondent", "who answered; empty is a customer", ("customer", "owner")),
        Column("question", "category", "which statement was put; the same name is the same wording"),
        Column("score", "number", "the answer on its scale; empty where the question was left blank"),
        Column("scale_min", "number", "lowest point of the scale"),
        Column("scale_max", "number", "highest point of the scale"),
        choice("severity", "how bad the problem was that the answer is about", SEVERITIES),
        choice("told", "where the person took the problem: to the company, only to the public, to nobody", TOLD),
        Column("weight", "number", "sampling weight that came with the data"),
        Column("comment", "text", "answer to the open question"),
        Column("language", "category", "language of the answer"),
        Column("started_at", "time", "when the answer was begun"),
        Column("completed_at", "time", "when it was sent", required=True),
        Column("may_contact", "flag", "the person allows to be contacted"),
        Column("may_quote", "flag", "the person allows to be quoted"),
        ends_after_starts("started_at", "completed_at"),
        on_scale("score", "scale_min", "scale_max"),
        Check(
            "nps-scale",
            "instrument <> 'nps' OR (scale_min = 0 AND scale_max = 10)",
            "NPS needs the scale 0 to 10",
            "Answers on another scale (1 to 10, 1 to 5) are not NPS: map them as another instrument",
        ),
        never_negative("weight"),
    ),
    _table(
        "usage_daily",
        "One row per customer, user and day with any use of the product.",
        Column("customer_id", "id", "the customer", required=True),
        Column("user_id", "id", "the person; the customer itself where people are not told apart", required=True),
        Column("day", "date", "day in the reporting time zone", required=True),
        Column("events", "integer", "things done"),
        Column("features", "integer", "different features used"),
        Column("errors", "integer", "errors the person ran into"),
        never_negative("events"),
        never_negative("errors"),
        key=3,
    ),
    _table(
        "opportunities",
        "One row per sales opportunity.",
        Column("opportunity_id", "id", "the opportunity", required=True),
        Column("customer_id", "id", "the account; empty for someone who is not one yet"),
        choice("buyer", "what the account was when the opportunity was opened", BUYERS, required=True),
        choice("motion", "what is being sold", ("new", "renewal", "upsell", "cross_sell")),
        Column("lead_source", "category", "where it came from"),
        Column("created_at", "time", "when it was opened", required=True),
        Column("closed_at", "time", "when it was decided; empty while open"),
        choice("outcome", "how it ended", ("won", "lost", "open"), required=True),
        Column("amount", "money", "value if won"),
        Column("currency", "category", "ISO 4217 code"),
        ends_after_starts("created_at", "closed_at"),
        Check(
            "open-but-closed",
            "outcome <> 'open' OR closed_at IS NULL",
            "it is open and has a close date",
            "Map closed_at only for decided opportunities",
        ),
    ),
    _table(
        "interventions",
        "One row per piece of success work assigned to a customer.",
        Column("intervention_id", "id", "the piece of work", required=True),
        Column("customer_id", "id", "for whom", required=True),
        choice("kind", "what it is", ("success_manager", "onboarding", "discount", "follow_up"), required=True),
        Column("assigned_at", "time", "when it was decided", required=True),
        Column("delivered_at", "time", "when it was done; empty if it was not"),
        choice("arm", "how it was decided", ("treated", "control", "observational"), required=True),
        Column("trigger_score", "number", "score that led to it"),
        ends_after_starts("assigned_at", "delivered_at"),
    ),
    _table(
        "costs",
        "One row per team, kind and month of cost.",
        choice(
            "team",
            "who spends it; delivery is the variable cost of what is sold (hosting, payment fees), general the rest",
            ("support", "success", "sales", "marketing", "delivery", "general"),
            required=True,
        ),
        Column("kind", "category", "salaries, tools, …", required=True),
        Column("month", "date", "first day of the month", required=True),
        Column("amount", "money", "cost of the month", required=True),
        Column("currency", "category", "ISO 4217 code", required=True),
        never_negative("amount"),
        key=3,
    ),
    _table(
        "incidents",
        "One row per customer hit by something that the company's own systems logged.",
        Column("incident_id", "id", "the incident; one may hit many customers", required=True),
        Column("customer_id", "id", "who was hit", required=True),
        Column("occurred_at", "time", "when it hit the customer", required=True),
        choice("kind", "what it was", ("outage", "failed_payment", "late_delivery", "error")),
        choice("severity", "how bad it was for the customer", SEVERITIES),
        Column("noticed", "flag", "the customer was seen to run into it (retried, gave up); empty where not known"),
        key=2,
    ),
    _table(
        "price_index",
        "One row per currency and month: consumer prices, on any base.",
        Column("currency", "category", "ISO 4217 code", required=True),
        Column("month", "date", "first day of the month", required=True),
        Column("index_value", "number", "consumer price index", required=True),
        Check(
            "index-positive",
            "index_value > 0",
            "a price index is not above zero",
            "Map index_value to the level of the index, not to its change",
        ),
        key=2,
    ),
)

TABLES = {table.name: table for table in _ALL}

EVENT_TIMES = {
    table.name: column.name
    for table in _ALL
    for column in table.columns
    if column.required and column.type in ("time", "date")
}
"""The time by which each canonical table counts as having data in a month: the one that every row has."""
