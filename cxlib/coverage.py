"""From when to when the data can be believed: asked by measures, pages, the default month and `cx check`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from cxlib.engine import Engine
from cxlib.language import Language
from cxlib.period import Month, local_time
from cxlib.tables import EVENT_TIMES

LONG_AGO = timedelta(days=92)
"""A table that ended so long before the export is not waited for: it has ended."""

EDGES = {
    "": "",
    "stated-begin": "The {name} are said to be whole from {begins} on.",
    "ramp-begin": "The {name} are not whole before {begins}: their number rises there in one step, as in a log that "
    "was cut by the date of closing.",
    "survivors": "Nobody is seen leaving before {begins}, so customers and revenue of earlier months are those of the "
    "ones who stayed.",
    "nobody-leaves": "Nobody is seen leaving at all, so the exports may leave out who is gone.",
    "stated-end": "The {name} are said to be whole until {ends}.",
    "ramp-end": "The {name} are not whole after {ends}: their number falls there in one step, as in a log that was cut "
    "by the date of closing.",
    "pause": "The {name} are cut after {last}: nothing follows until the export, longer than any pause before.",
    "all-end": "The {name} are cut at {ends}: all that ran then end by the export, so it was the file that ended.",
}
"""Why the data can be believed from or until a moment; empty where that is the first row or the export."""

WHAT_TO_WRITE = {
    "survivors": "If the exports hold everybody who left since an earlier day, write complete_from.",
    "nobody-leaves": "If nobody has left, write complete_from.",
    "ramp-begin": "If they are whole, write complete_from.",
    "ramp-end": "If they are whole, write complete_until.",
    "pause": "If nothing happened since, write complete_until.",
    "all-end": "If all have left, write complete_until.",
}
"""What the owner of sources.toml can do about an edge."""


@dataclass(frozen=True)
class Coverage:
    """From when to when one table, or one column such as "subscriptions.ended_at", can be believed; naive UTC."""

    name: str
    first_at: datetime
    last_at: datetime
    believed_from: datetime
    believed_until: datetime
    begins: str
    """Why it begins there, a key of `EDGES`."""
    ends: str

    def holds(self, month: Month, time_zone: str) -> bool:
        """Return whether some of a month lies inside, to its end."""
        return self.believed_from < month.end(time_zone) <= self.believed_until

    def begins_inside(self, month: Month, time_zone: str) -> bool:
        """Return whether it may begin after the first instant of a month and before its end."""
        begins = month.start(time_zone)
        # that the first row is of the first instant does not prove that none is missing before it
        is_proved = self.begins and self.believed_from == begins
        return begins <= self.believed_from < month.end(time_zone) and not is_proved

    def sentences(self, language: Language, time_zone: str) -> list[str]:
        """Return in words why it begins and ends where it does."""
        local = {
            "first": self.first_at,
            "last": self.last_at,
            "begins": self.believed_from,
            # the last day that lies inside
            "ends": self.believed_until - timedelta(seconds=1),
        }
        days = {key: language.day(local_time(one, time_zone)) for key, one in local.items()}
        name = self.name.replace("_", " ")
        texts = (EDGES[self.begins], EDGES[self.ends])
        return [language.text(text, name=name, **days) for text in texts if text]

    @property
    def what_to_write(self) -> str:
        """What the owner can write in sources.toml where the judgement is wrong."""
        return " ".join(WHAT_TO_WRITE[edge] for edge in (self.begins, self.ends) if edge in WHAT_TO_WRITE)


def coverage_of(engine: Engine) -> dict[str, Coverage]:
    """Return the coverage of all tables that hold rows, and of columns that reach less far, by name."""
    rows = engine.frame(f"SELECT * FROM {engine.fact('coverage')} ORDER BY name")
    # a frame has timestamps of its own kind, which are datetimes too
    spans = (Coverage(*values) for values in rows[list(Coverage.__annotations__)].itertuples(index=False))
    return {span.name: span for span in spans}


def waited_for(spans: Iterable[Coverage], as_of: datetime) -> list[Coverage]:
    """Return the tables of events that a month must be covered by: not those that ended long ago.

    Accounts of a month (costs, prices) come late as a rule and hold nobody back.
    """
    of_events = [one for one in spans if EVENT_TIMES.get(one.name) not in (None, "month")]
    return [one for one in of_events if one.believed_until + LONG_AGO > as_of]


def last_covered_month(spans: Mapping[str, Coverage], as_of: datetime, time_zone: str) -> Month:
    """Return the last month that had ended when the exports were made and that every table waited for covers."""
    waited = [one.believed_until for one in waited_for(spans.values(), as_of)]
    latest = max((one.believed_until for one in spans.values() if one.name in EVENT_TIMES), default=as_of)
    return Month.last_complete(min(waited, default=latest), time_zone)
