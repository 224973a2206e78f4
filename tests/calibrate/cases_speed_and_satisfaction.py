"""Speed and satisfaction: what half the wait, a friendly answer and being known truly go with.

In the simulated company a fast answer does not move the rating itself: it makes it likelier that the contact is
handled well, which moves the rating and reopening. The study's first number is a comparison of contacts that are
alike, on the calendar's clock, so its truth is that comparison among the contacts of a population many times as
large that the same people answer, between latent chances of a good rating instead of ratings. The truth of having to
repeat is an experiment: every contact once with and once without.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import statsmodels.api as sm

from calibrate.case import Case, Confounded, Null, of_finding
from company import Parameters, World, clock
from company.customers import population
from company.kinds import CHAT, NONE, WHATSAPP
from company.life import live
from company.parameters import BySeverity
from company.ratings import good_chance, ratings

SCALE = 16.0
MOST_FITTED = 10_000
STUDY = "speed_and_satisfaction"
ALIKE = ("topic", "severity", "channel")


@dataclass(frozen=True)
class Contacts:
    """All contacts of a large population, and those that were rated with the chance that the rating is good."""

    everyday: float
    repeat: float
    rated: pd.DataFrame


@lru_cache(maxsize=2)
def contacts(seed: int, parameters: Parameters) -> Contacts:
    """Let the people who answer in the world of a seed, with their skill and manner, answer many more customers."""
    lives = live(population(parameters, seed, SCALE), parameters, seed)
    asked, said = lives.contacts, ratings(seed, parameters, lives)
    friendliness = said["friendliness"].astype("float64").to_numpy()
    mood, repeat = (said[name].to_numpy() for name in ("mood", "had_to_repeat"))
    yes, no = np.ones(len(repeat), dtype=bool), np.zeros(len(repeat), dtype=bool)
    minutes = np.where(asked.replied == NONE, np.nan, asked.replied - asked.created)
    everyday = np.isin(asked.channel, (CHAT, WHATSAPP))
    frame = pd.DataFrame(
        {
            "topic": asked.topic,
            "severity": asked.severity,
            "channel": asked.channel,
            "region": lives.people.region[asked.account],
            # the epoch of the simulation is a Monday, 0 o'clock UTC
            "asked_in": (asked.created % clock.WEEK >= 5 * clock.DAY) * 4 + asked.created % clock.DAY // 360,
            "halvings": -np.log2(np.maximum(minutes, 1.0)),
            "solution": -np.log2(np.maximum(asked.solved_first - asked.replied, 1.0)),
            "at_once": 1.0 * (asked.reopens == 0),
            "known": 1.0 - repeat,
            "friendliness": friendliness,
            "friendly": np.where(np.isnan(friendliness), np.nan, friendliness >= 4),
            "everyday": 1.0 * everyday,
            "good": good_chance(parameters, mood, repeat, friendliness),
            "known_good": good_chance(parameters, mood, no, friendliness),
            "unknown_good": good_chance(parameters, mood, yes, friendliness),
        }
    )
    rated = frame[said["satisfaction"].isin(["good", "bad"])]
    # where nobody answered, nothing had to be told again, and nothing is recorded
    answered = asked.replied != NONE
    return Contacts(float(everyday.mean()), float(repeat[answered].mean()), rated.reset_index(drop=True))


def between_alike(world: World, x: str, alike: Sequence[str]) -> float:
    """Return the average change of the chance of a good rating per unit of x, strata held."""
    rated = contacts(world.seed, world.parameters).rated.dropna(subset=[x])
    groups = rated.groupby(list(alike))
    dx, dy = (rated[name] - groups[name].transform("mean") for name in (x, "good"))
    return float((dx * dy).sum() / (dx * dx).sum())


def of_being_known(world: World) -> float:
    rated = contacts(world.seed, world.parameters).rated
    return float((rated["known_good"] - rated["unknown_good"]).mean())


PLAYERS = {
    "speed": ("halvings", "solution"),
    "at_once": ("at_once",),
    "known": ("known",),
    "friendliness": ("friendliness",),
    "channel": ("channel",),
    "issue": ("topic", "severity", "asked_in"),
}


def importance(world: World) -> dict[str, float]:
    """Return each driver's share of what all explain, by fitting every set of drivers to the chances themselves."""
    rated = contacts(world.seed, world.parameters).rated.dropna(subset=["halvings", "friendliness"])[:MOST_FITTED]
    columns = {name: _columns(rated, names) for name, names in PLAYERS.items()}
    good = rated["good"].to_numpy()
    worth = {}
    for size in range(len(PLAYERS) + 1):
        for chosen in combinations(PLAYERS, size):
            design = np.column_stack([np.ones(len(good)), *(columns[name] for name in chosen)])
            fitted = sm.GLM(good, design, family=sm.families.Binomial()).fit().fittedvalues
            worth[frozenset(chosen)] = float((good * np.log(fitted) + (1 - good) * np.log1p(-fitted)).sum())
    gains = {name: _average_gain(worth, name) for name in PLAYERS}
    return {name: gain / sum(gains.values()) for name, gain in gains.items()}


def _columns(rated: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    parts = []
    for name in names:
        if rated[name].dtype.kind == "f":
            parts.append(rated[[name]].to_numpy())
        else:
            parts.append(pd.get_dummies(rated[name]).to_numpy(float)[:, 1:])
    joined = np.column_stack(parts)
    # a topic tells that there is a problem, and so does a severity: one column says what the others say
    scaled = joined - joined.mean(axis=0)
    _, upper = np.linalg.qr(scaled)
    return joined[:, np.abs(np.diag(upper)) > 1e-6 * np.sqrt(len(joined))]


def _average_gain(worth: dict[frozenset[str], float], name: str) -> float:
    others, total = [other for other in PLAYERS if other != name], 0.0
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(len(others) - size) / factorial(len(PLAYERS))
        for before in combinations(others, size):
            total += weight * (worth[frozenset((*before, name))] - worth[frozenset(before)])
    return total


def case(name: str, finding: str, truth, kind=Case, **more):  # type: ignore[no-untyped-def]
    return kind(
        name=f"speed and satisfaction: {name}",
        study=STUDY,
        estimate=of_finding(finding),
        truth=truth,
        **more,
    )


def halving(world: World) -> float:
    return between_alike(world, "halvings", (*ALIKE, "asked_in"))


CASES = (
    case("share satisfied with half the wait", "speed-matters", halving),
    case("speed's share of what is explained", "speed-most-important", lambda w: importance(w)["speed"]),
    case(
        "share satisfied with a friendly answer",
        "friendliness-matters",
        lambda world: between_alike(world, "friendly", ALIKE),
    ),
    case("share satisfied with nothing to repeat", "known-customer-matters", of_being_known),
    case(
        "contacts in which something was repeated",
        "known-customer-share",
        lambda w: contacts(w.seed, w.parameters).repeat,
    ),
    case("contacts through everyday channels", "everyday-channels", lambda w: contacts(w.seed, w.parameters).everyday),
    case(
        "share satisfied on everyday channels",
        "everyday-channels-satisfy",
        lambda world: between_alike(world, "everyday", ("topic", "severity", "region")),
    ),
)

BASE = Parameters()


def with_support(**changes: object) -> Parameters:
    return replace(BASE, support=replace(BASE.support, **changes))  # type: ignore[arg-type]


def with_surveys(**changes: float) -> Parameters:
    return replace(BASE, surveys=replace(BASE.surveys, **changes))


NO_SPEED = with_support(handled_well_speed=0.0, skill_speed=0.0)
NO_FRIENDLINESS = replace(
    with_surveys(rating_good_friendliness=0.0), support=replace(BASE.support, friendliness_handled_well=0.0)
)
NO_REPEATING = with_surveys(rating_good_had_to_repeat=0.0)
HARD_IS_SLOW = with_support(slower_by_severity=BySeverity(0.5, 1.2, 2.0))


def null(name: str, finding: str, parameters: Parameters) -> Null:
    return Null(name=f"speed and satisfaction: {name}", study=STUDY, finding=finding, parameters=parameters)


NULLS = (
    null("the wait does nothing", "speed-matters", NO_SPEED),
    null("the wait does nothing, first place", "speed-most-important", NO_SPEED),
    null("friendliness does nothing", "friendliness-matters", NO_FRIENDLINESS),
    null("repeating does nothing", "known-customer-matters", NO_REPEATING),
)

CONFOUNDED = (
    case(
        "half the wait where mail is slow",
        "speed-matters",
        halving,
        kind=Confounded,
        naive=of_finding("speed-issue-mix"),
    ),
    case(
        "half the wait where hard issues wait longer",
        "speed-matters",
        halving,
        kind=Confounded,
        naive=of_finding("speed-issue-mix"),
        parameters=HARD_IS_SLOW,
    ),
    case(
        "half the wait where hard issues wait longer and waiting does nothing",
        "speed-matters",
        halving,
        kind=Confounded,
        naive=of_finding("speed-issue-mix"),
        parameters=with_support(slower_by_severity=BySeverity(0.5, 1.2, 2.0), handled_well_speed=0.0, skill_speed=0.0),
    ),
)
