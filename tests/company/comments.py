"""What people write into the open question, in their own language."""

from __future__ import annotations

import numpy as np

from company.kinds import LANGUAGES, NONE, Ints
from company.names import WORDS, person

MOODS = ("bad", "fair", "good")


def _choose(rng: np.random.Generator, choices: list[str]) -> str:
    return choices[int(rng.integers(len(choices)))]


def _comment(rng: np.random.Generator, score: int, language: int) -> str:
    """Return one comment; some people praise a thing although they are unhappy, and the other way round."""
    words = WORDS["comments"][LANGUAGES[language]]
    mood = MOODS[0 if score <= 6 else 1 if score <= 8 else 2]
    theme = _choose(rng, ["fair", mood, mood, mood])
    parts = [_choose(rng, words[mood]), _choose(rng, words["themes"][theme])]
    if rng.random() < 0.18:
        name = " ".join(person(language, int(rng.integers(300))))
        phone = f"+00 000 {int(rng.integers(10_000)):04d}"
        parts.append(_choose(rng, words["wish"]).format(name=name, phone=phone))
    return ("\n" if rng.random() < 0.08 else " ").join(parts)


def comments(rng: np.random.Generator, share: float, score: Ints, language: Ints) -> list[str]:
    """Return a comment for a share of the answers, else an empty text.

    Parameters
    ----------
    share : float
        Share of answers with a comment; very low scores comment more.
    score : Ints
        Score from 0 to 10, `NONE` where nobody answered.
    language : Ints
        Language of each answer.
    """
    chance = np.where(score <= 4, np.minimum(1.5 * share, 1.0), share)
    writes = (score != NONE) & (rng.random(len(score)) < chance)
    pairs = zip(writes, score, language, strict=True)
    return [_comment(rng, int(points), int(tongue)) if write else "" for write, points, tongue in pairs]
