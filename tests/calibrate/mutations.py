"""Faults that would pass unseen if nothing looked: each is made on purpose, and a named check must notice it.

A mutation replaces one function, wherever the package has taken it over by name; the check that is named beside it
passes as things are, and must fail with the fault in place.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any
from unittest.mock import patch

import numpy as np

import test_estimate
from calibrate import small
from cxlib.estimate import Estimate, Interval
from models import test_paired_nps
from studies import test_width_of_intervals

Function = Callable[..., Any]


@dataclass(frozen=True)
class Mutation:
    """A fault: `makes` turns the function at `target` ("module:name" or "module:Class.name") into the faulty one."""

    name: str
    target: str
    makes: Callable[[Function], Function]
    caught_by: Callable[[], object]
    is_slow: bool = False

    @property
    def check(self) -> str:
        """The name of what must notice it."""
        inner = self.caught_by.func if isinstance(self.caught_by, partial) else self.caught_by
        return f"{inner.__module__}.{inner.__name__}"


def halved(function: Function) -> Function:
    """Make intervals half as wide."""

    def half(found: Any) -> Any:
        if isinstance(found, list):
            return [half(one) for one in found]
        value = np.asarray(found.value)
        low, high = value - (value - found.low) / 2, value + (found.high - value) / 2
        if isinstance(found, Interval):
            return Interval(value, low, high)
        return replace(found, low=float(low), high=float(high))

    return lambda *given, **named: half(function(*given, **named))


def without_effect(_: Function) -> Function:
    """Take clustered rows as independent."""
    return lambda variance, simple: np.ones(np.shape(variance))


def without_censoring(function: Function) -> Function:
    """Leave out what still runs."""
    return lambda counts, *more: function(counts.assign(censored=0), *more)


def told_apart(**parts: Any) -> Callable[[Function], Function]:
    """Read a metric with some of its parts replaced."""
    return lambda function: lambda metric: function(replace(metric, **parts))


def swapped(function: Function) -> Function:
    """Take the second argument for the first."""
    return lambda first, second, *more, **named: function(second, first, *more, **named)


def times(factor: float) -> Callable[[Function], Function]:
    return lambda function: lambda *given, **named: factor * function(*given, **named)


def within_the_region(_: Function) -> Function:
    """Judge by the value, as if there were no interval."""

    def judged(estimate: Estimate, low: float = 0.0, high: float = np.inf, matters: float | None = None) -> str:
        return "supported" if low <= estimate.value <= high else "not-supported"

    return judged


def independent(_: Function) -> Function:
    """Take the same customers for others."""

    def change(first: Any, second: Any) -> Estimate:
        moved = (np.asarray(second, float) - np.asarray(first, float))[np.isfinite(second)]
        error = 100 * np.sqrt((np.nanvar(first) + np.nanvar(second)) / len(moved))
        value = 100 * float(moved.mean())
        return Estimate(value, value - 1.96 * error, value + 1.96 * error, len(moved), "points difference", "")

    return change


def half_the_price(function: Function) -> Function:
    """Halve how prices differ with tenure in one month, interval and all."""

    def price_by_tenure(*words: Any) -> tuple[dict[str, Estimate], str]:
        found, per = function(*words)
        slope = found["same_month"]
        halves = {name: getattr(slope, name) / 2 for name in ("value", "low", "high")}
        return {**found, "same_month": replace(slope, **halves)}, per

    return price_by_tenure


ESTIMATE, SCAN = "cxlib.estimate", "cxlib.metrics.scan"
RETENTION = "cxlib.studies.retention_and_profit"


MUTATIONS = (
    Mutation("NPS: design effect 1", f"{ESTIMATE}:design_effect", without_effect, small.check_clustered_score),
    Mutation("shares: design effect 1", f"{ESTIMATE}:design_effect", without_effect, small.check_clustered_share),
    Mutation("counts: design effect 1", f"{ESTIMATE}:design_effect", without_effect, small.check_clustered_count),
    Mutation(
        "sums of amounts: interval halved",
        f"{ESTIMATE}:weighted_poisson",
        halved,
        test_estimate.test_weighted_poisson_against_the_rates_of_fay_and_feuer_1997,
    ),
    Mutation("ratios: interval halved", f"{ESTIMATE}:ratio", halved, test_estimate.test_ratio_on_the_log_scale_by_hand),
    Mutation(
        "gross retention: interval halved",
        f"{ESTIMATE}:bounded_ratio",
        halved,
        partial(test_estimate.test_bounded_ratio_of_equal_customers_against_agresti_and_coull_1998, 7),
    ),
    Mutation(
        "score: interval halved",
        f"{ESTIMATE}:net_promoter_score",
        halved,
        test_estimate.test_net_promoter_score_against_rocks_2016_adjusted_wald,
    ),
    Mutation(
        "waits: what still runs left out",
        f"{ESTIMATE}:censored_quantiles",
        without_censoring,
        test_estimate.test_censored_median_against_the_published_medians_of_freireich,
    ),
    Mutation(
        "changes: sign flipped",
        f"{ESTIMATE}:difference",
        swapped,
        partial(
            test_estimate.test_difference_against_newcombe_1998_table_2_method_10, (56, 70), (48, 80), 0.0524, 0.3339
        ),
    ),
    Mutation(
        "changes: one-sided p",
        f"{ESTIMATE}:two_sided_p",
        times(0.5),
        test_estimate.test_p_value_is_five_per_cent_where_a_limit_touches_zero,
    ),
    Mutation("surveys: weights ignored", f"{SCAN}:_statistics", told_apart(weight="1"), small.check_weights),
    Mutation(
        "shares: whoever was not asked in the denominator",
        f"{SCAN}:_statistics",
        told_apart(population="TRUE"),
        small.check_denominator,
    ),
    Mutation("months: in UTC", "cxlib.engine:Engine._define_functions", small.in_utc, small.check_clock),
    Mutation(
        "the same customers taken for others",
        "cxlib.models.paired_nps:change_of_the_same",
        independent,
        test_paired_nps.test_paired_is_narrower_than_apart,
    ),
    Mutation("verdicts: by the value alone", "cxlib.finding:verdict", within_the_region, small.check_verdict),
    Mutation(
        "books: interval halved",
        f"{RETENTION}:Books.uplift",
        halved,
        partial(test_width_of_intervals.check, test_width_of_intervals.books),
        is_slow=True,
    ),
    Mutation(
        "price with tenure: slope halved",
        f"{RETENTION}:price_by_tenure",
        half_the_price,
        test_width_of_intervals.check_price,
        is_slow=True,
    ),
)


@contextmanager
def planted(mutation: Mutation) -> Iterator[None]:
    """Put the faulty function in the place of the right one, in every module that has it under its name."""
    module, _, name = mutation.target.partition(":")
    home: Any = import_module(module)
    *inside, name = name.split(".")
    for part in inside:
        home = getattr(home, part)
    right = getattr(home, name)
    places = [home] if inside else [one for one in list(sys.modules.values()) if vars(one).get(name) is right]
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(patch.object(place, name, mutation.makes(right)))
        yield


def survives(mutation: Mutation) -> str:
    """Return in one sentence that nothing noticed a mutation, or nothing; its check must pass without it."""
    mutation.caught_by()
    try:
        with planted(mutation):
            mutation.caught_by()
    except AssertionError:
        return ""
    return f'"{mutation.name}" survives {mutation.check}'


def survivors(mutations: Sequence[Mutation] = MUTATIONS) -> list[str]:
    """Print what notices each mutation; return what is to be said of those that nothing notices."""
    found = {one: survives(one) for one in mutations}
    for one, said in found.items():
        print(f"{one.name}: {'survives' if said else 'caught by'} {one.check}", flush=True)
    return [said for said in found.values() if said]
