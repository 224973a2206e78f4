"""Agreement with statements as the survey system exports it: the customers' survey, and the managers' without names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from company import names
from company.exports.accounts import COMPANY, COMPANY_DOMAIN, Register
from company.exports.files import base62, csv_bytes, local_text
from company.exports.qualtrics_layout import (
    EMBEDDED,
    FORM,
    PREVIEW,
    SYSTEM,
    TIME,
    USER_LANGUAGES,
    ZONE,
    headers,
    some,
    system_columns,
)
from company.kinds import ENGLISH, LANGUAGES
from company.statements import CUSTOMER_STATEMENTS, OWNER_STATEMENTS, PUTS_CUSTOMERS_FIRST
from company.streams import stream
from company.world import World

WORDING = {
    PUTS_CUSTOMERS_FIRST: f"{COMPANY} puts its customers first.",
    "expects_to_be_known": "When I contact support, I expect them to know who I am and what I have bought.",
    "expects_action_on_feedback": "I expect companies to act on the feedback I give.",
    "speed_matters_most": "A fast answer is the most important part of good service.",
    "wants_empathy": "I want the person who helps me to be friendly and to feel with me.",
    "prefers_everyday_channels": "I prefer the channels I use every day, such as WhatsApp or Messenger.",
    "experience_is_first_priority": "Customer experience is our first priority.",
}
SCALE = "\n1 = disagree strongly … 5 = agree strongly"
ANONYMOUS = ("IPAddress", "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference")
FIRST_MANAGER = 100  # number of the first manager's name
SURVEYS = {"customer": "statements", "owner": "managers"}


def _questions(statements: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    return {
        f"Q{number}": (WORDING[statement] + SCALE, f"QID{number}") for number, statement in enumerate(statements, 1)
    }


def _answers(world: World, people: Register, rng: np.random.Generator, asked: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of one side, all columns as text; those of managers name nobody."""
    account = asked["customer_id"].cat.codes.to_numpy()
    customers, known = world.customers.iloc[np.maximum(account, 0)], account >= 0
    language = pd.Series(LANGUAGES)[np.where(known, customers["language"], ENGLISH)]
    seconds = np.clip(np.exp(4.9 + 0.6 * rng.normal(size=len(asked))), 30, 840).astype(np.int64)
    statements = OWNER_STATEMENTS if not known.any() else CUSTOMER_STATEMENTS
    return pd.DataFrame(
        {
            **system_columns(world, people, rng, asked, seconds),
            "DistributionChannel": np.where(known, "email", "anonymous"),
            "UserLanguage": language.map(USER_LANGUAGES).to_numpy(),
            **{
                f"Q{number}": asked[statement].astype(object).fillna("").astype(str).to_numpy()
                for number, statement in enumerate(statements, 1)
            },
            "invite": asked["invite"].to_numpy(),
            "wave": asked["wave"].astype(str).to_numpy(),
        }
    )


def _with_dirt(world: World, rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add previews, unfinished answers, and rows that stand twice."""
    dirt = world.parameters.dirt
    nobody = dict.fromkeys(("RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference"), "")
    preview = some(rng, rows, dirt.previews).assign(Status=PREVIEW, DistributionChannel="preview", invite="", **nobody)
    partial = some(rng, rows, dirt.partial_answers).assign(Progress="50", Finished="0", invite="", Q2="")
    twice = some(rng, rows, dirt.duplicate_rows)
    for part in (preview, partial):
        part["ResponseId"] = base62(rng, "R_", 15, len(part))
    counts = {"previews": len(preview), "partial": len(partial), "rows_written_twice": len(twice)}
    everything = pd.concat([rows, preview, partial, twice])
    return everything.sort_values(["RecordedDate", "ResponseId"], kind="stable"), counts


def _history(people: Register, asked: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per invitation; the managers' answers cannot be traced to theirs."""
    owner, account = (asked["respondent"] == "owner").to_numpy(), asked["customer_id"].cat.codes.to_numpy()
    manager = asked.groupby(["wave", "respondent"], observed=True).cumcount()
    emails = [
        names.address(ENGLISH, FIRST_MANAGER + int(number), COMPANY_DOMAIN) if is_owner else people.emails[place]
        for is_owner, number, place in zip(owner, manager, account, strict=True)
    ]
    return pd.DataFrame(
        {
            "Recipient ID": asked["invite"],
            "Survey": asked["respondent"].astype(str).map(SURVEYS),
            "Wave": asked["wave"].astype(str),
            "Touchpoint": "",
            "Email": emails,
            "External Data Reference": asked["customer_id"].astype(object).fillna(""),
            "Channel": "Email",
            "Status": np.select(
                [~asked["delivered"], asked["answered_at"].notna()], ["Email Bounced", "Finished Survey"], "Email Sent"
            ),
            "Sent Date": local_text(asked["sent_at"], ZONE, TIME),
            "Finished Date": local_text(asked["answered_at"], ZONE, TIME),
            "Response ID": asked["invite"].map(answers.set_index("invite")["ResponseId"]).mask(owner).fillna(""),
        }
    )


def write(world: World, people: Register, folder: Path) -> tuple[pd.DataFrame, dict[str, dict[str, int]]]:
    """Write the answers of customers and of managers.

    Returns
    -------
    DataFrame
        The invitations, as rows of the distribution history.
    dict
        The counts of dirt per file.
    """
    asked = world.statements.copy()
    asked["invite"] = base62(stream(world.seed, "statement invitations"), "EMD_", 15, len(asked))
    parts, counts = [], {}
    for side, statements in (("customer", CUSTOMER_STATEMENTS), ("owner", OWNER_STATEMENTS)):
        name = f"qualtrics_{SURVEYS[side]}"
        rng = stream(world.seed, f"{name}.csv")
        mine = asked[(asked["respondent"] == side) & asked["answered_at"].notna()].reset_index(drop=True)
        clean = _answers(world, people, rng, mine)
        rows, counts[name] = _with_dirt(world, rng, clean)
        system = {key: told for key, told in SYSTEM.items() if side == "customer" or key not in ANONYMOUS}
        embedded = {key: EMBEDDED[key] for key in (("invite", "wave") if side == "customer" else ("wave",))}
        columns = {**system, **_questions(statements), **embedded}
        lines = [*headers(columns), *rows[list(columns)].itertuples(index=False, name=None)]
        (folder / f"{name}.csv").write_bytes(csv_bytes(lines, FORM))
        counts[name] = {"rows": len(rows), **counts[name]}
        parts.append(clean)
    return _history(people, asked, pd.concat(parts)), counts
