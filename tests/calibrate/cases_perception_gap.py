"""Perception: what managers and all customers truly think, whether or not they answer.

The truth is of the customers at the start of the wave's month, from their latent satisfaction; the survey asks a part
of them, and the satisfied answer more. So a plain share is too high, and a weighted one still somewhat: the interval
must allow for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from calibrate.case import Case, Confounded, Null, of_finding
from company import Parameters, World, truth

STUDY = "perception_gap"
FIRST = "puts_customers_first"
LAST_WAVE = "2026-06"
PARAMETERS = Parameters()

EXPECTATIONS = {
    "customers-expect-to-be-known": "expects_to_be_known",
    "customers-expect-action": "expects_action_on_feedback",
    "customers-speed-first": "speed_matters_most",
    "customers-want-empathy": "wants_empathy",
    "customers-prefer-everyday-channels": "prefers_everyday_channels",
}


def customers_first(world: World) -> float:
    """Return the share of all customers that the company truly puts first, in their eyes."""
    return truth.agreeing(world, FIRST)[LAST_WAVE]


def managers(statement: str) -> Callable[[World], float]:
    """Return what finds the share of all managers there are that agree, answering or not."""

    def agreeing(world: World) -> float:
        asked = world.statements[(world.statements["respondent"] == "owner") & (world.statements["wave"] == LAST_WAVE)]
        return float((asked[f"potential_{statement}"] >= 4).mean())

    return agreeing


def gap(world: World) -> float:
    """Return managers less customers."""
    return managers(FIRST)(world) - customers_first(world)


def expecting(statement: str) -> Callable[[World], float]:
    """Return what finds the share of customers that agree with a statement."""
    return lambda world: float(getattr(world.parameters.statements.expectations, statement))


CASES = (
    Case(
        name="perception: managers less customers, company puts customers first",
        study=STUDY,
        estimate=of_finding("gap-customers-first"),
        truth=gap,
    ),
    Case(
        name="perception: managers, company puts customers first",
        study=STUDY,
        estimate=of_finding("owners-customers-first"),
        truth=managers(FIRST),
    ),
    Case(
        name="perception: managers, experience is the first priority",
        study=STUDY,
        estimate=of_finding("owners-experience-first"),
        truth=managers("experience_is_first_priority"),
    ),
    *(
        Case(name=f"perception: {statement}", study=STUDY, estimate=of_finding(finding), truth=expecting(statement))
        for finding, statement in EXPECTATIONS.items()
    ),
)

ALIKE = replace(
    PARAMETERS,
    statements=replace(
        PARAMETERS.statements, customers_first=0.6, customers_first_satisfaction=0.0, owners_customers_first=0.6
    ),
)
NULLS = (
    Null(
        name="perception: managers and customers think alike",
        study=STUDY,
        parameters=ALIKE,
        finding="gap-customers-first",
    ),
)

CONFOUNDED = (
    Confounded(
        name="perception: customers, the satisfied answer more",
        study=STUDY,
        estimate=of_finding("customers-customers-first"),
        truth=customers_first,
        naive=of_finding("customers-customers-first-plain"),
    ),
)
