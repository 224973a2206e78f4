"""Derived tables that measures are counted from: one `.sql` file each, its grain in the first comment.

The SQL keeps to what every engine has and reads the canonical tables by name. Beside them it may use

- `$as_of`, the moment the data were exported, as a UTC timestamp;
- `($months)`, the whole months from the first subscription to the export, with the instants at which they begin and
  end: `month, starts_at, ends_at`;
- `local_month(t)`, first day of the month of a UTC time in the reporting zone;
- `local_day(t)`, the day of a UTC time in the reporting zone;
- `month_end(m)`, the UTC instant at which month `m` ends in the reporting zone;
- `good_from(lowest, highest)`, the least score of a scale that counts as satisfied, empty where none usually does;
- `series(touchpoint)`, whether a survey asks of the relationship as a whole or after a contact;
- `bucket(id)`, the random group (0 to 63) that all rows of one customer share;
- `rates(currency, rate)`, one unit of a currency in the reporting currency;
- `stated(name, complete_from, complete_until)`, the tables whose span the owner states;
- `$segments(c)`, the segments of row `c`, `$segments(t, c)` those of `t`, else of `c`;
- `open_hours(calendar, begins, until, is_open, minutes_before)`, `works(agent_group, calendar)` and `promised(priority,
  agent_group, first_reply_minutes, resolution_minutes, clock)`, what `definitions.toml` says (cxlib/definitions.py);
- `($events)`, the moment by which each row of any table is filed, and until when it speaks: `name, occurred_at,
  holds_until`;
- `fact_<name>`, another fact.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import resources
from string import Template

from cxlib.tables import EVENT_TIMES, SEGMENTS

GROUPS = 64
"""How many random groups customers are dealt into, for variances that respect clustering."""


MONTHS = """
    SELECT
        CAST(first_day AS DATE) AS month,
        month_end(CAST(first_day - INTERVAL 1 MONTH AS DATE)) AS starts_at,
        month_end(CAST(first_day AS DATE)) AS ends_at
    FROM (
        SELECT unnest(generate_series(min(local_month(started_at)), local_month($as_of), INTERVAL 1 MONTH)) AS first_day
        FROM subscriptions
    ) AS every_month
    WHERE month_end(CAST(first_day AS DATE)) <= $as_of
"""

# a day that is counted, and a month that is accounted for, speak until their end
_HOLDS_UNTIL = {"month": "month_end(CAST({} AS DATE))", "day": "CAST({} AS TIMESTAMP) + INTERVAL 1 DAY"}
EVENTS = " UNION ALL ".join(
    f"SELECT '{table}' AS name, CAST({column} AS TIMESTAMP) AS occurred_at, "
    f"{_HOLDS_UNTIL.get(column, '{}').format(column)} AS holds_until FROM {table}"
    for table, column in EVENT_TIMES.items()
)


def _segments(rows: Sequence[str]) -> str:
    """Return SQL of the segment columns of the first row that has them."""
    return ", ".join(f"coalesce({', '.join(f'{row}.{name}' for row in rows)}) AS {name}" for name in CUSTOMER)


@dataclass(frozen=True)
class Fact:
    """One derived table, and the file of the same name that makes it."""

    name: str
    needs: tuple[str, ...]  # canonical tables without which it has no rows
    segments: tuple[str, ...]  # columns that a breakdown may use
    # what is taken to be so where no export brings a column
    assumes: Mapping[str, str] = field(default_factory=dict, hash=False)

    @cached_property
    def template(self) -> str:
        text = resources.files(__name__).joinpath(f"{self.name}.sql").read_text(encoding="utf-8")
        text = re.sub(r"\$segments\((.+)\)", lambda found: _segments(found[1].split(", ")), text)
        return text.replace("$months", MONTHS).replace("$events", EVENTS)

    @property
    def uses(self) -> list[Fact]:
        """Return the other facts that the SQL reads, as `fact_<name>`."""
        return [FACTS[name] for name in dict.fromkeys(re.findall(r"\bfact_(\w+)", self.template))]

    @property
    def all_used(self) -> list[Fact]:
        """Return the facts that it reads, and those that they read."""
        return [fact for used in self.uses for fact in (used, *used.all_used)]

    def sql(self, as_of: str) -> str:
        """Return the statement for an `as_of` such as "2026-11-09 06:00:00" (UTC)."""
        return Template(self.template).substitute(as_of=f"TIMESTAMP '{as_of}'")


CUSTOMER = tuple(column.name for column in SEGMENTS)
TICKET = ("channel", *CUSTOMER, "product", "agent_group", "topic", "priority", "severity")
SURVEY = ("touchpoint", "channel", *CUSTOMER, "survey", "wave")

TICKET_ASSUMES = {
    "tickets.is_bot_only": "every ticket is taken to have reached a person",
    "tickets.is_outbound": "every ticket is taken to come from a customer",
    "tickets.first_solved_at": "a ticket without an answer is taken to wait until the export",
    "tickets.rated_at": "a rating is filed under the month of the last solution",
    "tickets.last_solved_at": "a rating without a time of its own is filed under the month of the request",
}
ANSWER_ASSUMES = {
    "survey_answers.touchpoint": "every survey is taken to be tied to no contact",
    "survey_answers.respondent": "every answer is taken to be a customer's",
    "survey_answers.invite_id": "an answer is filed under the month in which it came",
    "survey_answers.weight": "every answer counts the same",
    "survey_answers.wave": "weights are taken to be of one round",
}
INVITE_ASSUMES = {
    "survey_answers.invite_id": "who answered is what the list of invitations says, nothing where it does not",
    "survey_invites.delivered": "every invitation is taken to have arrived",
    "survey_invites.touchpoint": "every survey is taken to be tied to no contact",
}

FACTS: dict[str, Fact] = {
    fact.name: fact
    for fact in (
        Fact("coverage", (), ()),
        Fact("ticket", ("tickets",), TICKET, TICKET_ASSUMES),
        Fact("ticket_clock", ("tickets",), ()),
        Fact("subscription_month", ("subscriptions",), (*CUSTOMER, "product", "channel")),
        Fact("paid_term", ("subscriptions",), ()),
        Fact("survey_answer", ("survey_answers",), (*SURVEY, "language"), ANSWER_ASSUMES),
        Fact("survey_invite", ("survey_invites",), SURVEY, INVITE_ASSUMES),
        Fact("customer_spell", ("subscriptions",), (*CUSTOMER, "product", "channel")),
        Fact("customer_month", ("subscriptions",), (*CUSTOMER, "product", "channel")),
        Fact("order_month", ("transactions",), (*CUSTOMER, "channel")),
        Fact("first_order", ("transactions",), (*CUSTOMER, "channel")),
        Fact("ticket_handling", ("tickets",), ()),
        Fact("bad_experience", (), ()),
        Fact("opportunity", ("opportunities",), (*CUSTOMER, "buyer", "motion", "lead_source")),
        Fact("rated_ticket", ("tickets",), TICKET),
    )
}
