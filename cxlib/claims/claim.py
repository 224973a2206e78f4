"""One claim of the ledger, and the files the claims are read from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import inf
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cxlib.errors import ConfigError
from cxlib.language import Language
from cxlib.nearest import did_you_mean
from cxlib.studies import STUDIES
from cxlib.tables import TABLES
from cxlib.toml import Strict, read_toml

FOLDER = Path(__file__).parent
DEFINITIONS = ("nps-as-printed",)
"""Findings that belong to no study: what a wrong formula makes of the company's own data."""


class Range(Strict):
    """A region of values in which a fair reader would call the claim true, and why it ends there."""

    kind: Literal["range"]
    low: float
    high: float
    printed: float | None = None
    """The number as the claim prints it, where a page draws it."""
    unit: str = Field(min_length=1)
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _has_room(self) -> Range:
        if not self.low < self.high:
            raise ValueError(f"low {self.low} is not below high {self.high}")
        return self


class OwnVerdict(Strict):
    """The finding's own verdict is the claim's."""

    kind: Literal["verdict"]


class Definition(Strict):
    """A formula, held against the right one on the company's own data."""

    kind: Literal["definition"]


RULE_OF: Mapping[str, str] = {"numeric": "range", "qualitative": "verdict", "definition": "definition"}


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
    source: str = Field(min_length=1)
    """The research behind it as far as known: who, when, on whom."""
    sureness: Literal["read", "secondary", "not found"]
    """How the source was seen: itself, in somebody else's words, or not at all."""
    means: str = Field(min_length=1)
    """Unit, denominator and horizon of what is tested."""
    study: str = ""
    """The study that tests it; none for a definition."""
    finding: str
    rule: Annotated[Range | OwnVerdict | Definition, Field(discriminator="kind")]
    flips: str = Field(min_length=1)
    """The assumption that would turn the verdict over."""
    needs: tuple[str, ...] = Field(min_length=1)
    """Canonical columns without which nothing can be told."""

    @field_validator("needs")
    @classmethod
    def _there_are_such_columns(cls, needs: tuple[str, ...]) -> tuple[str, ...]:
        known = [f"{table.name}.{column}" for table in TABLES.values() for column in table.column_names]
        for name in needs:
            if name not in known:
                raise ValueError(f'no canonical column "{name}"{did_you_mean(name, known)}')
        return needs

    @model_validator(mode="after")
    def _fits_together(self) -> Claim:
        if not self.id.startswith(self.seed):
            raise ValueError(f'the id does not begin with the seed "{self.seed}"')
        if self.rule.kind != RULE_OF[self.kind]:
            raise ValueError(f'a {self.kind} claim is judged by "{RULE_OF[self.kind]}", not by "{self.rule.kind}"')
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
        if isinstance(self.rule, OwnVerdict):
            return "Supported only where the interval of the comparison shows it."
        if isinstance(self.rule, Definition):
            return "Not supported where the recipe as printed gives another number than the right formula."
        language, unit = Language(), self.rule.unit
        low, high = (language.measure(limit, unit) for limit in (self.rule.low, self.rule.high))
        has_end = self.rule.high < (1 if unit == "share" else inf)
        region = f"between {low} and {high}" if has_end else f"at {low} or above"
        return f"Supported only where the whole interval lies {region}. {self.rule.why}"


class _ClaimsFile(Strict):
    claim: tuple[Claim, ...] = Field(min_length=1)


@cache
def all_claims() -> tuple[Claim, ...]:
    """Return the claims of the ledger in the order of their files."""
    return read_claims(sorted(FOLDER.glob("*.toml")))


def claims_of(study: str) -> tuple[Claim, ...]:
    """Return the claims that a study tests."""
    return tuple(claim for claim in all_claims() if claim.study == study)


def claims_on(finding: str) -> tuple[Claim, ...]:
    """Return the claims that a finding is held against."""
    return tuple(claim for claim in all_claims() if claim.finding == finding)


def region_of(finding: str) -> Range | None:
    """Return the region in which the claim on a finding counts as true; None where no claim gives one."""
    return next((claim.rule for claim in claims_on(finding) if isinstance(claim.rule, Range)), None)


def read_claims(paths: Sequence[Path]) -> tuple[Claim, ...]:
    """Read files of claims.

    Raises
    ------
    ConfigError
        If a file is not TOML or a claim is not whole (names file, claim, key and the nearest right one), or if two
        claims share an id.
    """
    homes: dict[str, str] = {}
    claims: list[Claim] = []
    for path in paths:
        for claim in read_toml(path, _ClaimsFile, "install cxlib again").claim:
            if claim.id in homes:
                raise ConfigError(f'{path.name}: claim "{claim.id}" is in {homes[claim.id]} too; give it its own id')
            homes[claim.id] = path.name
            claims.append(claim)
    return tuple(claims)
