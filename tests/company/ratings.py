"""The rating at the end of a ticket, and two things that move it: having to repeat oneself, and friendliness."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import NO_PROBLEM, NONE, Bools, Floats, Ints
from company.parameters import Parameters
from company.records import Lives
from company.streams import stream
from company.surveys import satisfaction_at, sigmoid

USUAL = 4  # points of friendliness at which the rating is as the other parameters say


def good_chance(parameters: Parameters, mood: Floats, had_to_repeat: Bools, friendliness: Floats) -> Floats:
    """Return the probability that a rating is good.

    Parameters
    ----------
    mood : Floats
        Satisfaction with the ticket before these two: how it was handled, and how the customer felt anyway.
    friendliness : Floats
        Points from 1 to 5; NaN where no person answered.
    """
    told = parameters.surveys
    above = np.nan_to_num(friendliness - USUAL)
    return sigmoid(
        told.rating_good
        + told.rating_good_satisfaction * mood
        + told.rating_good_had_to_repeat * had_to_repeat
        + told.rating_good_friendliness * above
    )


def _had_to_repeat(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> Bools:
    told, contacts = parameters.support, lives.contacts
    usual = told.had_to_repeat.array()[contacts.channel]
    logit = np.log(usual / (1 - usual)) + told.had_to_repeat_complaint * (contacts.severity != NO_PROBLEM)
    repeat: Bools = (rng.random(len(contacts)) < sigmoid(logit)) & (contacts.replied != NONE)
    return repeat


def _friendliness(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> Ints:
    told, contacts = parameters.support, lives.contacts
    agents = told.friendliness_agents * rng.normal(size=len(lives.desk.region))
    points = (
        told.friendliness
        + agents[contacts.agent]
        + told.friendliness_handled_well * contacts.well
        + told.friendliness_noise * rng.normal(size=len(contacts))
    )
    return np.clip(np.rint(points), 1, 5).astype(np.int64)


def ratings(seed: int, parameters: Parameters, lives: Lives) -> pd.DataFrame:
    """Return what the customers say of each ticket, in the order of the contacts.

    `satisfaction` says whether a rating was asked for, given, and good; `friendliness` is there only where a rating
    was given to a person. `mood` is latent.
    """
    told, contacts, rng = parameters.surveys, lives.contacts, stream(seed, "ratings")
    count = len(contacts)
    solved = (contacts.solved_first != NONE) & (contacts.solved_first + clock.DAY < clock.AS_OF)
    offered = solved & (rng.random(count) < told.rating_offered)
    mood = 0.6 * satisfaction_at(lives, contacts.account, contacts.created) + np.where(contacts.well, 0.5, -1.6)
    mood = mood - 0.6 * contacts.reopens
    given = offered & (rng.random(count) < sigmoid(told.rating_answers + told.rating_answers_satisfaction * mood))
    repeat = _had_to_repeat(stream(seed, "had to repeat"), parameters, lives)
    points = _friendliness(stream(seed, "friendliness"), parameters, lives)
    friendliness = np.where(contacts.replied != NONE, points, np.nan)
    good = rng.random(count) < good_chance(parameters, mood, repeat, friendliness)
    rating = np.select([given & good, given, offered], ["good", "bad", "offered"], "not_offered")
    return pd.DataFrame(
        {
            "satisfaction": rating,
            "had_to_repeat": repeat,
            "friendliness": pd.Series(friendliness).where(given).astype("Int64"),
            "mood": mood,
        }
    )
