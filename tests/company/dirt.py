"""How much is wrong in the exports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class DirtParameters:
    """What is wrong in the exports, as it is in real ones."""

    merged_tickets: Annotated[float, "share", "tickets opened twice and merged"] = 0.020
    spam: Annotated[float, "share", "spam beside real tickets"] = 0.012
    test_tickets: Annotated[float, "share", "tickets written by testers"] = 0.003
    overlap_days: Annotated[int, "days", "of the year before at the start of each yearly ticket export"] = 2
    duplicate_rows: Annotated[float, "share", "survey answers that stand twice in an export"] = 0.008
    outbound: Annotated[float, "share", "tickets the company opened itself, beside real ones"] = 0.006
    bot_only: Annotated[float, "share", "chats only a bot answered, beside real tickets"] = 0.012
    moved_ids: Annotated[float, "share", "tickets of merged accounts that still name the duplicate"] = 0.4
    clock_lost_until: Annotated[str, "date", "Turkish tickets before this lost their reply times"] = "2024-01-15"
    deleted_users: Annotated[float, "share", "tickets whose requester was deleted"] = 0.010
    missing_customer: Annotated[float, "share", "tickets without account, but with the address"] = 0.015
    severity_unrecorded: Annotated[float, "share", "complaints whose severity the agent left empty"] = 0.08
    merged_accounts: Annotated[int, "accounts", "duplicates merged into another account"] = 14
    test_accounts: Annotated[int, "accounts", "accounts for testing"] = 6
    internal_accounts: Annotated[int, "accounts", "the company's own"] = 2
    deleted_accounts: Annotated[int, "accounts", "erased on request"] = 5
    never_started: Annotated[int, "subscriptions", "first payment never came"] = 12
    test_mode: Annotated[int, "subscriptions", "made in the test mode of the billing system"] = 8
    previews: Annotated[float, "share", "survey previews beside real answers"] = 0.02
    survey_spam: Annotated[float, "share", "survey answers flagged as spam"] = 0.006
    partial_answers: Annotated[float, "share", "survey answers left unfinished"] = 0.07
    answered_twice: Annotated[float, "share", "people who answered the same wave twice"] = 0.012
