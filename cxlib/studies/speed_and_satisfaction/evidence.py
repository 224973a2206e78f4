"""The questions that `speed_and_satisfaction` asks of one workbook, each answered once, and what is shown of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity
from cxlib.models.within import Slope
from cxlib.studies.evidence import Evidence, Forest, Row
from cxlib.studies.speed_and_satisfaction.data import (
    ALIKE,
    BANDS,
    GOOD,
    HALVINGS,
    ISSUE_AND_CHANNEL,
    NORMAL_SIZE,
    UNANSWERED,
    Ratings,
)
from cxlib.studies.speed_and_satisfaction.doubts import issue_mix, proportional
from cxlib.studies.speed_and_satisfaction.drivers import EFFECTS, Drivers, drivers
from cxlib.workbook import Workbook

WAIT = ("tickets.satisfaction", "tickets.created_at", "tickets.first_public_reply_at")
WAYS = (
    ("all contacts as they are", ()),
    ("same issue and channel", ISSUE_AND_CHANNEL),
    ("… and same time of the week (the answer above)", ALIKE),
    ("… and same month", (*ALIKE, "created_month")),
    ("same issue, channel and person answering", (*ISSUE_AND_CHANNEL, "agent")),
    ("same customer and channel", ("customer_id", "channel")),
)


@dataclass(frozen=True)
class Inquiry:
    """What the study asks of one workbook, each question answered once."""

    book: Workbook

    @cached_property
    def ratings(self) -> Ratings:
        return Ratings(self.book)

    @cached_property
    def effect(self) -> Slope | None:
        """What half the wait goes with among contacts that are alike; None where an export is missing."""
        return None if self.book.lacks(*WAIT) else self.ratings.slope(GOOD, HALVINGS, ALIKE)

    @cached_property
    def ways(self) -> tuple[Row, ...]:
        """What half the wait goes with, contacts compared in several ways: as they are first, the answer third."""
        return tuple(
            Row(label, self.ratings.slope(GOOD, HALVINGS, strata, _known_all(strata)).estimate)
            for label, strata in WAYS
        )

    @cached_property
    def drivers(self) -> Drivers | None:
        return None if self.book.lacks(*WAIT) else drivers(self.ratings.cells())


def of_the_wait(inquiry: Inquiry) -> dict[str, Evidence]:
    """Show satisfaction by wait, and the link between them in several comparisons."""
    ratings = inquiry.ratings
    shares = ratings.shares(GOOD, "band")
    labels = [label for label, _ in BANDS] + [UNANSWERED]
    rows = tuple(Row(label, shares[label]) for label in labels if label in shares)
    bands = Forest(
        caption="Share of satisfied customers by the wait for the first answer.", rows=rows, says=_bands(inquiry, rows)
    )
    return {
        "bands": bands,
        "ways": Forest(
            caption="Change in the share of satisfied customers with half the wait, contacts compared in several ways.",
            rows=inquiry.ways,
            reference=0.0,
            reference_label="no link",
            says=issue_mix(ratings, inquiry.effect),
        ),
    }


def _known_all(strata: tuple[str, ...]) -> str:
    """Return the SQL condition that a person is known who is held constant: the unknown are not one person."""
    named = [name for name in ("agent", "customer_id") if name in strata]
    return " AND ".join(f"{name} IS NOT NULL" for name in named) or "TRUE"


def _bands(inquiry: Inquiry, rows: tuple[Row, ...]) -> Finding | None:
    large = [row for row in rows if row.estimate.n >= NORMAL_SIZE and row.label != UNANSWERED]
    if len(large) < 2:
        return None
    return Finding(
        "speed-bands",
        "Of customers who waited {fast_band}, {fast} were satisfied; of those who waited {slow_band}, {slow}. Over all "
        "contacts wait and rating have a rank correlation of {rank_correlation} (zero: none).",
        {
            "fast_band": large[0].label,
            "fast": large[0].estimate,
            "slow_band": large[-1].label,
            "slow": large[-1].estimate,
            "rank_correlation": Quantity(inquiry.ratings.rank_correlation(), "ratio"),
        },
    )


def of_the_drivers(inquiry: Inquiry) -> dict[str, Evidence]:
    """Show what each driver explains and what a step of it goes with."""
    model = inquiry.drivers
    if model is None:
        return {}
    effects = tuple(Row(EFFECTS[name], estimate) for name, estimate in model.effects.items())
    shown: dict[str, Evidence] = {
        "effects": Forest(
            caption="Change in the share of satisfied customers that goes with each driver, all others held.",
            rows=effects,
            reference=0.0,
            reference_label="no link",
            says=proportional(model),
        )
    }
    if model.importance.is_measurable:
        order = sorted(model.importance.names, key=lambda name: -model.share(name).value)
        importance = Forest(
            caption="What each driver explains, as a share of all that is explained of ratings.",
            rows=tuple(Row(name, model.share(name)) for name in order),
            says=_explained(model),
        )
        shown = {"importance": importance} | shown
    return shown


def _explained(model: Drivers) -> Finding:
    found = model.importance
    ends = found.explained, found.explained_low, found.explained_high
    explained = Estimate(*ends, model.answers, "share", "McFadden R2, freed of chance, whole clusters drawn again")
    return Finding(
        "speed-explained",
        "All drivers together explain {explained_full} of how ratings differ; the rest is not in the exports.",
        {"explained": explained},
    )
