"""Survey answers and the history of invitations as the survey system exports them: three header rows, local times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from company.exports import statements
from company.exports.accounts import Register
from company.exports.files import base62, csv_bytes, local_text, write_zip
from company.exports.qualtrics_layout import (
    EMBEDDED,
    FORM,
    LONGEST,
    NO,
    PREVIEW,
    SPAM,
    SYSTEM,
    TIME,
    USER_LANGUAGES,
    YES,
    ZONE,
    headers,
    some,
    system_columns,
)
from company.streams import stream
from company.world import World

NPS = {
    "Q1_NPS_GROUP": ("How likely are you to recommend us to a friend or colleague? - Group", "QID1_NPS_GROUP"),
    "Q1": ("How likely are you to recommend us to a friend or colleague?", "QID1"),
    "Q2": ("What is the main reason for your score?", "QID2_TEXT"),
}
PROBLEMS = {
    "Q3": ("Did you have a problem with our product or service in the last 3 months?", "QID3"),
    "Q4": ("How serious was the worst one?\n1 = minor, 2 = moderate, 3 = severe", "QID4"),
    "Q5": ("Where did you take it?\n1 = to us, 2 = only to the public (a review, social media), 3 = nowhere", "QID5"),
    "Q6": ("How many other people did you tell about it?", "QID6_TEXT"),
}
CONSENT = {
    "Q7": ("May we contact you about your answers?", "QID7"),
    "Q8": ("May we quote you?", "QID8"),
}


def _yes(flag: pd.Series | np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[str]:
    return [YES if given else NO for given in flag]


def _answers(world: World, people: Register, rng: np.random.Generator, asked: pd.DataFrame) -> pd.DataFrame:
    """Return the answers to one survey, all columns as text."""
    score = asked["score"].to_numpy().astype(np.int64)
    seconds = np.clip(np.exp(4.6 + 0.7 * rng.normal(size=len(asked))), 20, LONGEST).astype(np.int64)
    problem = asked["severity"].notna()
    channel = np.where(asked["touchpoint"].astype(str) == "website_visit", "anonymous", "email")
    return pd.DataFrame(
        {
            **system_columns(world, people, rng, asked, seconds),
            "DistributionChannel": channel,
            "UserLanguage": asked["language"].astype(str).map(USER_LANGUAGES).to_numpy(),
            "Q1_NPS_GROUP": np.select([score >= 9, score >= 7], ["3", "2"], "1"),
            "Q1": score.astype(str),
            "Q2": asked["comment"].to_numpy(),
            "Q3": _yes(problem),
            "Q4": (asked["severity"].cat.codes + 1).astype(str).where(problem, "").to_numpy(),
            "Q5": (asked["told"].cat.codes + 1).astype(str).where(problem, "").to_numpy(),
            "Q6": asked["people_told"].astype(str).where(problem, "").to_numpy(),
            "Q7": _yes(rng.random(len(asked)) < np.where(score <= 6, 0.75, 0.6)),
            "Q8": _yes(rng.random(len(asked)) < 0.35),
            "invite": asked["invite"].to_numpy(),
            "wave": asked["wave"].astype(object).fillna("").to_numpy(),
            "touchpoint": asked["touchpoint"].astype(object).fillna("").to_numpy(),
        }
    )


def _with_dirt(world: World, rng: np.random.Generator, rows: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add previews, spam, unfinished answers, second answers of the same person, and rows that stand twice."""
    dirt = world.parameters.dirt
    preview = some(rng, rows, dirt.previews).assign(
        Status=PREVIEW,
        RecipientLastName="",
        RecipientFirstName="",
        RecipientEmail="",
        ExternalReference="",
        invite="",
        DistributionChannel="preview",
    )
    spam = some(rng, rows, dirt.survey_spam).assign(Status=SPAM, invite="")
    partial = some(rng, rows, dirt.partial_answers).assign(Progress="40", Finished="0", Q2="", invite="")
    for question in ("Q3", "Q4", "Q5", "Q6", "Q7", "Q8"):
        partial[question] = ""
    second = some(rng, rows, dirt.answered_twice)
    second["Q1"] = [str(min(int(score) + 1, 10)) for score in second["Q1"]]
    later = (pd.to_datetime(second["EndDate"]) + pd.Timedelta(minutes=7)).dt.strftime(TIME)
    second = second.assign(EndDate=later, RecordedDate=later)
    twice = some(rng, rows, dirt.duplicate_rows)
    for part in (preview, spam, partial, second):
        part["ResponseId"] = base62(rng, "R_", 15, len(part))
    counts = {
        "previews": len(preview),
        "spam": len(spam),
        "partial": len(partial),
        "second_answers": len(second),
        "rows_written_twice": len(twice),
    }
    everything = pd.concat([rows, preview, spam, partial, second, twice])
    return everything.sort_values(["RecordedDate", "ResponseId"], kind="stable"), counts


def _write_answers(
    world: World, people: Register, asked: pd.DataFrame, columns: dict[str, tuple[str, str]], path: Path
) -> tuple[pd.DataFrame, dict[str, int]]:
    rng = stream(world.seed, path.name)
    clean = _answers(world, people, rng, asked[asked["answered_at"].notna()])
    rows, counts = _with_dirt(world, rng, clean)
    content = csv_bytes([*headers(columns), *rows[list(columns)].itertuples(index=False, name=None)], FORM)
    path.write_bytes(content)
    return clean, {"rows": len(rows), **counts}


def _history(world: World, people: Register, asked: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per invitation: who was sent what, when, and what became of it."""
    response = asked["invite"].map(answers.set_index("invite")["ResponseId"]).fillna("")
    answered, bounced = asked["answered_at"].notna(), ~asked["delivered"]
    account = asked["customer_id"].cat.codes.to_numpy()
    shown = (asked["touchpoint"].astype(str) == "website_visit").to_numpy()
    return pd.DataFrame(
        {
            "Recipient ID": asked["invite"],
            "Survey": asked["survey"],
            "Wave": asked["wave"].astype(object).fillna(""),
            "Touchpoint": asked["touchpoint"].astype(object).fillna(""),
            "Email": np.array(people.emails, dtype=object)[account],
            "External Data Reference": asked["customer_id"].astype(str),
            "Channel": np.where(shown, "Intercept", "Email"),
            "Status": np.select(
                [bounced, answered, shown], ["Email Bounced", "Finished Survey", "Survey Shown"], "Email Sent"
            ),
            "Sent Date": local_text(asked["sent_at"], ZONE, TIME),
            "Finished Date": local_text(asked["answered_at"], ZONE, TIME),
            "Response ID": response,
        }
    )


def write(world: World, people: Register, folder: Path) -> dict[str, dict[str, int]]:
    """Write the answers of all surveys and the invitations; return the counts of dirt per file."""
    asked = world.surveys.sort_values(["sent_at", "survey"], kind="stable", ignore_index=True)
    asked["invite"] = base62(stream(world.seed, "invitations"), "EMD_", 15, len(asked))
    relationship = asked[asked["survey"] == "relationship"].reset_index(drop=True)
    touchpoints = asked[asked["survey"] == "touchpoints"].reset_index(drop=True)
    plain = {**SYSTEM, **NPS}
    first, first_counts = _write_answers(
        world,
        people,
        relationship,
        {**plain, **PROBLEMS, **CONSENT, "invite": EMBEDDED["invite"], "wave": EMBEDDED["wave"]},
        folder / "qualtrics_relationship.csv",
    )
    second, second_counts = _write_answers(
        world,
        people,
        touchpoints,
        {**plain, **CONSENT, "invite": EMBEDDED["invite"], "touchpoint": EMBEDDED["touchpoint"]},
        folder / "qualtrics_touchpoints.csv",
    )
    sides, side_counts = statements.write(world, people, folder)
    history = pd.concat([_history(world, people, asked, pd.concat([first, second])), sides])
    rows = [list(history.columns), *history.itertuples(index=False, name=None)]
    write_zip(folder / "qualtrics_distributions.csv.zip", "qualtrics_distributions.csv", csv_bytes(rows, FORM))
    return {
        "qualtrics_relationship": first_counts,
        "qualtrics_touchpoints": second_counts,
        **side_counts,
        "qualtrics_distributions": {
            "rows": len(history),
            "bounced": int((~asked["delivered"]).sum() + (~world.statements["delivered"]).sum()),
        },
    }
