"""What could mislead `speed_and_satisfaction`, each looked for in the data at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cxlib.estimate import Estimate, Floats
from cxlib.finding import Finding, Quantity, Value, verdict_above
from cxlib.models.within import Slope, gap
from cxlib.studies.evidence import Row
from cxlib.studies.speed_and_satisfaction.data import ALIKE, GOOD, HALVINGS, PREVIOUS, RATED, UNANSWERED, Ratings
from cxlib.studies.speed_and_satisfaction.drivers import Drivers

SILENT_GAP = 0.2
"""How much less often those who do not rate might be satisfied: a bold guess, to see what it would change."""
FEWEST_ISSUES = 4


def doubts(ratings: Ratings, effect: Slope | None, model: Drivers | None, ways: Sequence[Row]) -> tuple[Finding, ...]:
    """Return what was looked for; without ratings and waits there is nothing to doubt."""
    if effect is None or not effect.is_known:
        return ()
    found = (
        _earlier_rating(ratings),
        _hard_issues(ratings),
        _who_rates(ratings, effect),
        _unanswered(ratings),
        _definition(ratings, effect),
        _others_held(effect, model),
        _other_ways(effect, ways),
    )
    return tuple(finding for finding in found if finding is not None)


def issue_mix(ratings: Ratings, effect: Slope | None) -> Finding | None:
    """Say what the plain comparison of all contacts shows beside that of contacts that are alike."""
    raw = ratings.slope(GOOD, HALVINGS)
    if effect is None or not (effect.is_known and raw.is_known):
        return None
    mix = gap(raw, effect)
    apart = mix.low > 0 or mix.high < 0
    sentence = (
        "Compared as they are, contacts with half the wait differ by {raw} in the share satisfied; among contacts that "
        "are alike by {effect}. The gap of {mix} is measurable ({mix_interval}): what is asked, where and when moves "
        "both the wait and the rating."
        if apart
        else "Compared as they are, contacts with half the wait differ by {raw} in the share satisfied; among contacts "
        "that are alike by {effect}. The gap of {mix} is not measurable ({mix_interval})."
    )
    return Finding(
        "speed-issue-mix", sentence, {"raw": raw.estimate, "effect": effect.estimate, "mix": mix}, estimate=raw.estimate
    )


def proportional(model: Drivers) -> Finding | None:
    """Say whether the drivers move every step of the score alike; nothing where ratings have only two levels."""
    if model.parallel is None or not np.isfinite(model.parallel.p_value):
        return None
    sentence = (
        "The drivers move all steps of the score alike, as far as can be told (test of proportional odds, p = {p})."
        if model.parallel.holds
        else "The drivers do not move all steps of the score alike (test of proportional odds); so the effects shown "
        "come from a model of satisfied or not."
    )
    return Finding("speed-proportional", sentence, {"p": Quantity(model.parallel.p_value, "ratio")})


def _earlier_rating(ratings: Ratings) -> Finding:
    """Look for a link that cannot be one: this contact's wait and the rating of the one before."""
    slope = ratings.slope(PREVIOUS, HALVINGS, ALIKE)
    if not slope.is_known:
        return Finding(
            "speed-earlier-rating",
            "Looked for: customers who are both answered late and never satisfied. Too few customers rated two "
            "contacts to see.",
        )
    clear = slope.estimate.low <= 0 <= slope.estimate.high
    sentence = (
        "Looked for and not found: customers who are both answered late and never satisfied. Half the wait goes with "
        "{effect} in how the same customers rated the contact before, which this wait cannot have caused "
        "({effect_interval}; {effect_n})."
        if clear
        else "Found: half the wait also goes with {effect} in how the same customers rated the contact before, which "
        "this wait cannot have caused ({effect_interval}; {effect_n}). Part of the link is who waits, not the wait."
    )
    return Finding("speed-earlier-rating", sentence, {"effect": slope.estimate}, estimate=slope.estimate)


def _hard_issues(ratings: Ratings) -> Finding:
    """Say whether the issues that wait longer are those that satisfy less, within a channel."""
    frame = ratings.issues()
    weight = frame["n"].to_numpy(float)
    centred = [
        (
            frame[name]
            - (frame[name] * frame["n"]).groupby(frame["channel"], dropna=False).transform("sum")
            / frame.groupby("channel", dropna=False)["n"].transform("sum")
        ).to_numpy(float)
        for name in ("halvings", "good")
    ]
    correlation = _weighted_correlation(-centred[0], centred[1], weight)
    if len(frame) < FEWEST_ISSUES or not np.isfinite(correlation):
        return Finding("speed-hard-issues", "Issues are too few to tell whether the hard ones wait longer.")
    return Finding(
        "speed-hard-issues",
        "Looked for: hard issues that wait longer and satisfy less. Over {issues} combinations of issue and channel "
        "the usual wait and the share satisfied have a correlation of {correlation}; the answer above compares only "
        "within such a combination.",
        {"issues": len(frame), "correlation": Quantity(correlation, "ratio")},
    )


def _weighted_correlation(x: Floats, y: Floats, weight: Floats) -> float:
    top, left, right = ((weight * a * b).sum() for a, b in ((x, y), (x, x), (y, y)))
    return float(top / np.sqrt(left * right)) if left > 0 and right > 0 else float("nan")


def _who_rates(ratings: Ratings, effect: Slope) -> Finding:
    """Say whether those who waited rate less, and what the silent would have to feel to change the answer."""
    if not ratings.lists_unrated:
        return Finding(
            "speed-who-rates",
            "Only contacts that were rated are in the export: how many customers were asked and kept silent, and "
            "whether those who waited long did so more often, cannot be seen.",
            verdict="cannot-tell",
            needed="It takes the tickets for which a rating was asked and not given.",
        )
    response = ratings.slope(RATED, HALVINGS, ALIKE)
    if not response.is_known:
        return Finding("speed-who-rates", "Whether those who waited long rate less often cannot be told.")
    shifted = replace(effect.estimate, value=effect.estimate.value + SILENT_GAP * response.estimate.value)
    differs = response.estimate.low > 0 or response.estimate.high < 0
    sentence = (
        "Customers who waited half as long rated more often by {more} (below zero: less often; {more_interval}). Were "
        "those who kept silent {gap} points less often satisfied than those who rated a like contact, half the wait "
        "would go with {shifted} instead of {effect}."
        if differs
        else "Customers who waited half as long did not measurably rate more or less often ({more}; {more_interval}). "
        "Were those who kept silent {gap} points less often satisfied than those who rated a like contact, half the "
        "wait would go with {shifted} instead of {effect}."
    )
    return Finding(
        "speed-who-rates",
        sentence,
        {
            "more": response.estimate,
            "gap": Quantity(100 * SILENT_GAP),
            "shifted": Quantity(shifted.value, "share difference"),
            "effect": effect.estimate,
        },
        estimate=response.estimate,
    )


def _unanswered(ratings: Ratings) -> Finding:
    shares = ratings.shares(GOOD, "band")
    if UNANSWERED not in shares or not shares[UNANSWERED].is_known:
        return Finding(
            "speed-unanswered",
            "Contacts that nobody answered have no waiting time and are not in the comparison; few or none of them "
            "were rated.",
        )
    return Finding(
        "speed-unanswered",
        "Contacts that nobody answered have no waiting time and are not in the comparison. Of those that were rated "
        "all the same, {share_full} were satisfied.",
        {"share": shares[UNANSWERED]},
    )


def _definition(ratings: Ratings, effect: Slope) -> Finding | None:
    """Say what the answer would be with another reading of "satisfied"."""
    if ratings.top_score is None:
        return None
    top = ratings.slope(
        f"(CASE WHEN score >= {ratings.top_score} THEN 1.0 WHEN score IS NOT NULL THEN 0.0 END)", HALVINGS, ALIKE
    )
    if not top.is_known:
        return None
    same = verdict_above(top.estimate) == verdict_above(effect.estimate)
    sentence = (
        "Were only the highest score to count as satisfied, half the wait would go with {top} ({top_limits}) instead "
        "of {effect}: the same verdict."
        if same
        else "Were only the highest score to count as satisfied, half the wait would go with {top} ({top_limits}) "
        "instead of {effect}, and the verdict would be another."
    )
    return Finding(
        "speed-definition", sentence, {"top": top.estimate, "effect": effect.estimate}, estimate=top.estimate
    )


def _other_ways(effect: Slope, ways: Sequence[Row]) -> Finding | None:
    """Say which other comparisons of like contacts exclude the answer."""
    others = [row for row in ways if row.estimate.is_known and row.estimate.value != effect.estimate.value]
    against = [row for row in others if not row.estimate.low <= effect.estimate.value <= row.estimate.high]
    if not others:
        return None
    sentence = (
        "Of {others} other comparisons of contacts that are alike (in less or in more), none excludes the answer."
        if not against
        else "Of {others} other comparisons of contacts that are alike (in less or in more), {against} exclude the "
        "answer, among them “{first}” with {estimate} ({estimate_interval})."
    )
    values: dict[str, Value] = {"others": len(others), "against": len(against)}
    if against:
        values |= {"first": against[0].label, "estimate": against[0].estimate}
    return Finding("speed-other-ways", sentence, values)


def _others_held(effect: Slope, model: Drivers | None) -> Finding | None:
    """Say what is left of the link when the other drivers are held as well."""
    if model is None:
        return None
    held: Estimate = model.effects["wait_steps"]
    same = verdict_above(held) == verdict_above(effect.estimate)
    sentence = (
        "With all other drivers held at what they were, half the wait goes with {held} ({held_limits}) instead of "
        "{effect}: the same verdict."
        if same
        else "With all other drivers held at what they were, half the wait goes with {held} ({held_limits}) instead of "
        "{effect}, and the verdict would be another: the link is too weak to stand on the choice of a model."
    )
    return Finding("speed-others-held", sentence, {"held": held, "effect": effect.estimate}, estimate=held)
