"""The statements that `perception_gap` knows, and what is said of the share that agrees with each."""

from __future__ import annotations

from dataclasses import dataclass

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, Value, Verdict
from cxlib.studies.perception_gap.data import CUSTOMER, OWNER, Answers, Views

PUTS_CUSTOMERS_FIRST = "puts_customers_first"
PROFIT_BEFORE_CUSTOMERS = "profit_before_customers"

STATEMENTS = {
    PUTS_CUSTOMERS_FIRST: "The company puts its customers first.",
    PROFIT_BEFORE_CUSTOMERS: "The company cares more for its profit than for its customers.",
    "experience_is_first_priority": "Customer experience is our first priority.",
    "expects_to_be_known": "When I contact support, I expect them to know who I am.",
    "expects_action_on_feedback": "I expect companies to act on the feedback I give.",
    "speed_matters_most": "A fast answer is the most important part of good service.",
    "wants_empathy": "I want the person who helps me to be friendly and to feel with me.",
    "prefers_everyday_channels": "I prefer the channels I use every day, such as WhatsApp or Messenger.",
}
WHOM = {CUSTOMER: "customers", OWNER: "managers"}


@dataclass(frozen=True)
class Item:
    """A statement put to one side, and the published share it is held against.

    Parameters
    ----------
    finding, question, respondent : str
    published : float, optional
        The share that is repeated; None where none is.
    more_than : bool
        Whether the published words are "more than"; else they are "about", five points to either side.
    """

    finding: str
    question: str
    respondent: str
    published: float | None = None
    more_than: bool = False

    @property
    def region(self) -> tuple[float, float]:
        """The shares that would bear out what is published."""
        assert self.published is not None
        return (self.published, 1.0) if self.more_than else (self.published - ROOM, self.published + ROOM)


ROOM = 0.05
OWNERS_FIRST = Item("owners-customers-first", PUTS_CUSTOMERS_FIRST, OWNER, 0.75, more_than=True)
CUSTOMERS_FIRST = Item("customers-customers-first", PUTS_CUSTOMERS_FIRST, CUSTOMER)
PROFIT_FIRST = Item("customers-say-profit-first", PROFIT_BEFORE_CUSTOMERS, CUSTOMER, 0.81)
EXPERIENCE_FIRST = Item("owners-experience-first", "experience_is_first_priority", OWNER, 0.72)
EXPECTATIONS = {
    "known": Item("customers-expect-to-be-known", "expects_to_be_known", CUSTOMER, 0.72),
    "action": Item("customers-expect-action", "expects_action_on_feedback", CUSTOMER, 0.5, more_than=True),
    "speed": Item("customers-speed-first", "speed_matters_most", CUSTOMER, 0.6),
    "empathy": Item("customers-want-empathy", "wants_empathy", CUSTOMER, 0.49),
    "channels": Item("customers-prefer-everyday-channels", "prefers_everyday_channels", CUSTOMER, 0.5),
}

INSIDE, ABOVE, BELOW, ACROSS = "inside", "above", "below", "across"
ABOUT = {
    INSIDE: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}): about the {published} that is "
    "repeated. {rate} of those asked answered, and it is what they say, not what they do.",
    ABOVE: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}): more than the {published} that is "
    "repeated. {rate} of those asked answered, and it is what they say, not what they do.",
    BELOW: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}): fewer than the {published} that "
    "is repeated. {rate} of those asked answered, and it is what they say, not what they do.",
    ACROSS: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}); so few answers do not tell "
    "whether it is about the {published} that is repeated. {rate} of those asked answered, and it is what they say, "
    "not what they do.",
}
MORE_THAN = {
    INSIDE: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}): more than {published}, as is "
    "often said. {rate} of those asked answered, and it is what they say, not what they do.",
    BELOW: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}): not more than {published}, as is "
    "often said. {rate} of those asked answered, and it is what they say, not what they do.",
    ACROSS: "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}); so few answers do not tell "
    "whether it is more than {published}, as is often said. {rate} of those asked answered, and it is what they say, "
    "not what they do.",
}
NOTHING_PUBLISHED = (
    "“{statement}” {share} of the {whom} agree ({share_interval}; {share_n}). {rate} of those asked answered, and it "
    "is what they say, not what they do."
)
RATE_UNKNOWN = (
    "“{statement}” {share} of the {whom} who answered agree ({share_interval}; {share_n}). How many were asked is not "
    "known, so nothing is known of those who stayed silent; and it is what they say, not what they do."
)
NOT_ASKED = {
    CUSTOMER: "Whether customers agree that “{statement}” cannot be told: they were not asked.",
    OWNER: "Whether managers agree that “{statement}” cannot be told: they were not asked.",
}
TOO_FEW = "Too few answers to tell how many {whom} agree that “{statement}”."
ASK = {
    CUSTOMER: "Put this statement to the customers, in these words and on five points, and list whom you asked.",
    OWNER: "Put this statement to the company's managers, in these words and on five points, and list whom you asked.",
}
MORE_ANSWERS = "More answers would tell."
VERDICTS: dict[str, Verdict] = {
    INSIDE: "supported",
    ABOVE: "not-supported",
    BELOW: "not-supported",
    ACROSS: "cannot-tell",
}


def statement_of(question: str) -> str:
    """Return the words of a statement; of one that is not known here, its name."""
    return STATEMENTS.get(question, question)


def place(estimate: Estimate, region: tuple[float, float]) -> str:
    """Return where a whole interval lies against a region.

    >>> place(Estimate(0.62, 0.58, 0.64, 400, "share", ""), (0.55, 0.65))
    'inside'
    """
    low, high = region
    if estimate.low > high:
        return ABOVE
    if estimate.high < low:
        return BELOW
    return INSIDE if low <= estimate.low and estimate.high <= high else ACROSS


def share_finding(views: Views, item: Item) -> Finding:
    """Return how many of one side agree with a statement, held against what is published."""
    answers = views.latest(item.respondent, item.question)
    values: dict[str, Value] = {"statement": statement_of(item.question), "whom": WHOM[item.respondent]}
    if answers is None:
        return Finding(item.finding, NOT_ASKED[item.respondent], values, "cannot-tell", needed=ASK[item.respondent])
    if not answers.agree.is_known:
        return Finding(item.finding, TOO_FEW, values, "cannot-tell", needed=MORE_ANSWERS)
    return _told(item, answers, values)


def _told(item: Item, answers: Answers, values: dict[str, Value]) -> Finding:
    share, rate = answers.agree, answers.rate
    verdict: Verdict = "described"
    sentence = NOTHING_PUBLISHED
    values = {**values, "share": share}
    if item.published is not None:
        where = place(share, item.region)
        verdict, sentence = VERDICTS[where], (MORE_THAN if item.more_than else ABOUT)[where]
        values["published"] = Quantity(item.published, "share")
    if rate.is_known:
        values["rate"] = rate
    else:
        sentence = RATE_UNKNOWN
    return Finding(item.finding, sentence, values, verdict, share, needed=MORE_ANSWERS)
