"""One claim of the ledger, and the files the claims are read from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import inf
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from cxlib.errors import ConfigError
from cxlib.language import Language
from cxlib.nearest import did_you_mean
from cxlib.studies import STUDIES
from cxlib.toml import Strict, read_toml

FOLDER = Path(__file__).parent
DEFINITIONS = ("nps-as-printed",)
"""Findings that belong to no study: what a wrong formula makes of the company's own data."""


class Region(Strict):
    """The values with which a fair reader would call a numeric claim true, and why they end there."""

    low: float
    high: float
    printed: float | None = None
    """The number as the claim prints it, where a page draws it."""
    unit: str = Field(min_length=1)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _has_room(self) -> Region:
        if not self.low < self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}")
        return self


class Claim(Strict):
    """What an article says, where it comes from, what it would mean exactly, and how it is judged."""

    id: str = Field(pattern=r"^\d{3}\.\d+(-[a-z]+)*$")
    """Unique; begins with the seed."""
    seed: str = Field(pattern=r"^\d{3}\.\d+$")
    """Article and place, such as "000.2"."""
    quote: str = Field(min_length=1)
    """The exact words of the article."""
    language: Literal["tr", "fa"]
    translation: str = Field(min_length=1)
    """In English, plain."""
    kind: Literal["numeric", "qualitative", "definition"]
    """Judged by its region, by the finding's own verdict, or against the right formula on the company's own data."""
    source: str = Field(min_length=1)
    """The research behind it as far as known: who, when, on whom."""
    sureness: Literal["read", "secondary", "not found"]
    """How the source was seen: itself, in somebody else's words, or not at all."""
    means: str = Field(min_length=1)
    """Unit, denominator and horizon of what is tested."""
    study: str = ""
    """The study that tests it; none for a definition."""
    finding: str
    region: Region | None = None
    flips: str = Field(min_length=1)
    """The assumption that would turn the verdict over."""

    @model_validator(mode="after")
    def _fits_together(self) -> Claim:
        if not self.id.startswith(self.seed):
            raise ValueError(f'the id does not begin with the seed "{self.seed}"')
        if (self.kind == "numeric") != (self.region is not None):
            raise ValueError(f"a {self.kind} claim has {'a' if self.region is None else 'no'} region")
        if self.kind == "definition":
            if self.study or self.finding not in DEFINITIONS:
                raise ValueError(f"a definition has no study, and its finding is one of {', '.join(DEFINITIONS)}")
        elif self.study not in STUDIES:
            raise ValueError(f'study "{self.study}" does not exist{did_you_mean(self.study, STUDIES)}')
        return self

    @property
    def said(self) -> str:
        """What is claimed, with its seed."""
        return f"“{self.translation}” ({self.seed})"

    @property
    def rule_in_words(self) -> str:
        """How the verdict is reached."""
        if self.kind == "definition":
            return "Not supported where the recipe as printed gives another number than the right formula."
        if self.region is None:
            return "Supported only where all of the interval would matter, not supported only where none of it would."
        unit = self.region.unit
        low, high = (Language().measure(limit, unit) for limit in (self.region.low, self.region.high))
        has_end = self.region.high < (1 if unit == "share" else inf)
        region = f"between {low} and {high}" if has_end else f"at {low} or above"
        return f"Supported only where the whole interval lies {region}. {self.region.why}"


class _ClaimsFile(Strict):
    claim: tuple[Claim, ...] = Field(min_length=1)


@cache
def all_claims() -> tuple[Claim, ...]:
    """Return the claims of the ledger in the order of their files."""
    return read_claims(sorted(FOLDER.glob("*.toml")))


def claims_on(finding: str) -> tuple[Claim, ...]:
    """Return the claims that a finding is held against."""
    return tuple(claim for claim in all_claims() if claim.finding == finding)


def region_of(finding: str) -> Region | None:
    """Return the region in which the claim on a finding counts as true; None where no claim gives one."""
    return next((claim.region for claim in claims_on(finding) if claim.region is not None), None)


def read_claims(paths: Sequence[Path]) -> tuple[Claim, ...]:
    """Read files of claims.

    Raises ConfigError if a file is not TOML or a claim is not whole (names file, claim, key and the nearest right one),
    or if two claims share an id.
    """
    claims: dict[str, tuple[str, Claim]] = {}
    for path in paths:
        for claim in read_toml(path, _ClaimsFile, "install cxlib again").claim:
            if claim.id in claims:
                home = claims[claim.id][0]
                raise ConfigError(f'{path.name}: claim "{claim.id}" is in {home} too; give it its own id')
            claims[claim.id] = path.name, claim
    return tuple(claim for _, claim in claims.values())
