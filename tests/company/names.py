"""Made-up names of companies and people, put together from invented parts; every address ends in .example."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import Any

import numpy as np

from company.kinds import LANGUAGES, REGIONS, Ints

WORDS: dict[str, Any] = tomllib.loads(files("company").joinpath("words.toml").read_text(encoding="utf-8"))

_TO_ASCII = str.maketrans("çğ\u0131öşüÇĞİÖŞÜ", "cgiosuCGIOSU")


def companies(rng: np.random.Generator, region: Ints) -> tuple[list[str], list[str]]:
    """Return a different name and a different mail domain for each account.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the order of the names comes from.
    region : Ints
        Region of each account; it decides the legal form.
    """
    beginnings, endings = WORDS["companies"]["beginnings"], WORDS["companies"]["endings"]
    pairs = rng.permutation(len(beginnings) * len(endings))
    names, domains = [], []
    for place, where in enumerate(region):
        again, pair = divmod(place, len(pairs))
        beginning, ending = divmod(int(pairs[pair]), len(endings))
        stem = beginnings[beginning] + endings[ending] + ("" if again == 0 else str(again + 1))
        forms = WORDS["companies"]["forms"][REGIONS[where]]
        names.append(f"{stem} {forms[place % len(forms)]}")
        domains.append(f"{stem.lower()}.example")
    return names, domains


def person(language: int, number: int, in_latin: bool = False) -> tuple[str, str]:
    """Return first and last name of a numbered person, in the script of the language or in Latin letters."""
    tongue = LANGUAGES[language]
    tongue = "fa_latin" if tongue == "fa" and in_latin else tongue
    first, last = WORDS["first_names"][tongue], WORDS["last_names"][tongue]
    return first[number % len(first)], last[number // len(first) % len(last)]


def address(language: int, number: int, domain: str) -> str:
    """Return the e-mail address of a numbered person."""
    first, last = person(language, number, in_latin=True)
    return f"{first}.{last}@{domain}".translate(_TO_ASCII).lower()
