"""What could mislead about the return on support and success, looked for in the data."""

from __future__ import annotations

import numpy as np

from cxlib.finding import Finding, Quantity, Value
from cxlib.models.sensitivity import e_value
from cxlib.studies.return_on_investment.found import Found
from cxlib.studies.return_on_investment.work import Managers

BALANCED = 0.1
"""Means that differ by less than this part of a standard deviation count as balanced."""


def doubts(found: Found) -> tuple[Finding, ...]:
    """Return what was looked for, each computed from the data at hand."""
    every: list[Finding | None] = []
    if found.managers:
        every += [
            _naive(found.managers),
            _in_trouble(found.managers),
            _left_out(found.managers),
            _not_alike(found.managers),
            _unpaid(found.managers),
            _unknown_cause(found.managers),
        ]
    every += [_older(found), _forbidden(found), _drift(found), _handling(found)]
    return tuple(finding for finding in every if finding is not None)


def _naive(its: Managers) -> Finding | None:
    if not its.naive.is_known:
        return None
    values: dict[str, Value] = {"naive": its.naive}
    told = [gap for _, gap in its.naive_levels if "suppressed" not in gap.flags]
    turned = [gap for gap in told if gap.value * its.naive.value <= 0]
    if turned:
        opposite = max(turned, key=lambda gap: abs(gap.value))
        values |= {"tiers": len(told), "turned": len(turned), "opposite": opposite}
        sentence = (
            "Comparing all customers with a manager and all without, as they are, gives a difference of {naive} in the "
            "share lost ({naive_interval}). Part of that is who gets managers: in {turned} of {tiers} tiers it "
            "is not even of the same direction ({opposite} in one)."
        )
    else:
        sentence = (
            "Comparing all customers with a manager and all without, as they are, gives a difference of {naive} in the "
            "share lost ({naive_interval}). Big customers and customers in trouble get managers more often, so this is "
            "not what managers do."
        )
    return Finding("success-managers-naive", sentence, values, estimate=its.naive)


def _in_trouble(its: Managers) -> Finding | None:
    later, start = its.later, its.from_start
    if not (later.is_known and start.is_known):
        return None
    values: dict[str, Value] = {"later": later, "start": start}
    if later.high < start.low:
        sentence = (
            "Managers given to customers of longer standing went to those in trouble: their health score was {later} "
            "on average, that of newcomers with a manager {start}. What made them look bad also makes them leave, "
            "and no export shows it for customers without a manager; so only newcomers are compared."
        )
    else:
        sentence = (
            "Looked for managers given to customers in trouble: the health score of customers of longer standing was "
            "{later} on average when they got one, that of newcomers {start}, which shows no trouble."
        )
    return Finding("success-managers-in-trouble", sentence, values)


def _left_out(its: Managers) -> Finding | None:
    overlap = its.found.overlap
    if not overlap.one_sided and not overlap.beyond:
        return None
    values: dict[str, Value] = {
        "count": int((~overlap.kept).sum()),
        "kept": int(overlap.kept.sum()),
        "levels": ", ".join(level for _, level in overlap.one_sided if level),
    }
    sentence = (
        "{count} newcomers have nobody to be compared with and are left out, {kept} remain: of some kinds everybody or "
        "nobody began with a manager ({levels}). The answer is about the others."
        if values["levels"]
        else "{count} newcomers have nobody to be compared with and are left out, {kept} remain: such customers as "
        "good as always, or never, begin with a manager. The answer is about the others."
    )
    return Finding("success-managers-left-out", sentence, values)


def _not_alike(its: Managers) -> Finding | None:
    rows = its.found.balance
    if rows.empty:
        return None
    sizes = rows["after"].abs().to_numpy(float)
    after = float(sizes.max())
    values: dict[str, Value] = {
        "what": str(rows["covariate"].iloc[int(sizes.argmax())]),
        "after": Quantity(after, "ratio"),
        "before": Quantity(float(rows["before"].abs().max()), "ratio"),
        "few": Quantity(min(its.found.effective), "customers"),
    }
    sentence = (
        "Made alike, newcomers with and without a manager still differ by up to {after} standard deviations ({what}), "
        "where they differed by up to {before} before. The smaller group is then worth {few} customers."
        if after > BALANCED
        else "Made alike, newcomers with and without a manager differ nowhere by more than {after} standard "
        "deviations, where they differed by up to {before} before. The smaller group is then worth {few} customers."
    )
    return Finding("success-managers-not-alike", sentence, values)


def _unpaid(its: Managers) -> Finding | None:
    if not its.failed.is_known:
        return None
    clear = its.failed.low <= 0 <= its.failed.high
    sentence = (
        "No manager can prevent a failed payment, so that loss must not differ, and it does not measurably: {failed} "
        "({failed_interval})."
        if clear
        else "No manager can prevent a failed payment, yet that loss differs as well: {failed} ({failed_interval}). "
        "Newcomers with a manager differ in something that the exports do not show."
    )
    return Finding("success-managers-unpaid", sentence, {"failed": its.failed}, estimate=its.failed)


def _unknown_cause(its: Managers) -> Finding | None:
    ratio = its.found.ratio
    if not ratio.is_known:
        return None
    strength = e_value(ratio.value, ratio.low, ratio.high)
    values: dict[str, Value] = {"ratio": ratio, "point": strength.point, "limit": strength.limit}
    sentence = (
        "Something unknown that makes both a manager and leaving {limit} times as likely, or half as likely the other "
        "way round, would be enough to explain the managers' effect away."
        if strength.limit > 1
        else "It takes no unknown cause to explain the managers' effect away: its interval holds no effect. The value "
        "itself would need a cause that makes both a manager and leaving {point} times as likely or unlikely."
    )
    return Finding("success-managers-unknown-cause", sentence, values)


def _older(found: Found) -> Finding | None:
    its = found.onboarding
    if its is None or not its.older.is_known:
        return None
    values: dict[str, Value] = {"older": its.older, "since": its.since.to_pydatetime()}
    moved = its.older.low > 0 or its.older.high < 0
    sentence = (
        "Customers older than a year, whom onboarding cannot have touched, also left at another rate after {since}: "
        "{older} in a year ({older_interval}). Part of what looks like onboarding is the times."
        if moved
        else "Looked for a change of the times that could pass for onboarding: customers older than a year did not "
        "leave at a measurably other rate after {since} ({older} in a year, {older_interval})."
    )
    return Finding("success-onboarding-older", sentence, values, estimate=its.older)


def _forbidden(found: Found) -> Finding | None:
    its = found.tickets
    if its is None or not np.isfinite(its.naive.value):
        return None
    values: dict[str, Value] = {
        "naive": Quantity(its.naive.value, "ratio difference"),
        "negative": Quantity(its.naive.negative, "share"),
        "effect": its.effect,
    }
    sentence = (
        "The usual regression with fixed effects gives {naive} tickets a month for managers, against {effect} here. It "
        "compares late starters with early ones, who have a manager already: {negative} of its weight is negative."
    )
    return Finding("success-tickets-forbidden", sentence, values)


def _drift(found: Found) -> Finding | None:
    its = found.history
    if its is None or not its.drift.is_known:
        return None
    moved = its.drift.low > 0 or its.drift.high < 0
    sentence = (
        "A longer history is more exact about the past, not about today: the share lost a month was another in its "
        "later half ({drift}, {drift_interval})."
        if moved
        else "Looked for a change within the history, which would make old months say little of new ones: the share "
        "lost a month was not measurably another in its later half ({drift}, {drift_interval})."
    )
    return Finding("history-drift", sentence, {"drift": its.drift}, estimate=its.drift)


def _handling(found: Found) -> Finding | None:
    its = found.handling
    if its is None or its.strength is None or not its.found.difference.is_known:
        return None
    values: dict[str, Value] = {
        "effect": its.found.difference,
        "limit": its.strength.limit,
        "point": its.strength.point,
    }
    told = its.found.difference.low > 0 or its.found.difference.high < 0
    sentence = (
        "Customers whose first complaint stayed solved left at another rate ({effect} within half a year, "
        "{effect_interval}). That is no return of support yet: what is hard to solve may also be what drives customers "
        "away. Such a cause would have to make both {limit} times as likely."
        if told
        else "Customers whose first complaint stayed solved did not leave at a measurably other rate ({effect} within "
        "half a year, {effect_interval}); and had they, what is hard to solve may also be what drives customers away."
    )
    return Finding("support-handling", sentence, values, estimate=its.found.difference)
