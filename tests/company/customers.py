"""Who comes to the company, when, and how accounts differ from the first day."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from company import clock
from company.kinds import ACQUISITION, EUR, SECTORS, TRY, TURKIYE, USD, Bools, Floats, Ints
from company.parameters import Parameters
from company.streams import stream

MIDDLE_EAST_AND_UK = (3, 4)


@dataclass(frozen=True)
class Population:
    """One entry per account that ever came, oldest first; categories are positions in `kinds`."""

    born: Ints  # minute of the first contract
    region: Ints
    tier: Ints
    sector: Ints
    product: Ints
    acquisition: Ints
    currency: Ints
    annual: Bools
    trial: Bools
    converts: Bools  # would pay after a trial
    seats: Ints
    frailty: Floats  # factor of the leaving hazard, mean 1
    level: Floats  # satisfaction the account returns to when nothing happens

    def __len__(self) -> int:
        return len(self.born)

    def take(self, which: Ints) -> Population:
        """Return the population of some accounts."""
        return Population(*(getattr(self, column.name)[which] for column in fields(self)))


def _choose(rng: np.random.Generator, share: Floats, count: int) -> Ints:
    return np.searchsorted(np.cumsum(share) / share.sum(), rng.random(count), side="right")


def _births(rng: np.random.Generator, parameters: Parameters, scale: float) -> Ints:
    told = parameters.customers
    month = np.arange(clock.LAST + 2)
    trend = told.arrivals_at_start + (told.arrivals_at_end - told.arrivals_at_start) * month / clock.LAST
    season = 1 + told.arrival_season * np.cos(2 * np.pi * (month % 12 - 1) / 12)
    counts = rng.poisson(scale * trend * season)
    born = np.concatenate([clock.moments(rng, m, np.zeros(n, dtype=np.int64)) for m, n in enumerate(counts)])
    return np.sort(born)


def _currency(rng: np.random.Generator, region: Ints) -> Ints:
    turkish = (region == TURKIYE) & (rng.random(len(region)) < 0.75)
    return np.where(turkish, TRY, np.where(np.isin(region, MIDDLE_EAST_AND_UK), USD, EUR))


def population(parameters: Parameters, seed: int, scale: float = 1.0) -> Population:
    """Draw every account that comes from 2019-01 to the date of the exports.

    Parameters
    ----------
    parameters : Parameters
        Parameters of the company.
    seed : int
        Seed of the world.
    scale : float
        Factor of the number of accounts; large populations serve to compute true effects.
    """
    rng = stream(seed, "population")
    told = parameters.customers
    born = _births(rng, parameters, scale)
    count = len(born)
    region = _choose(rng, told.region_share.array(), count)
    tier = _choose(rng, told.tier_share.array(), count)
    seats = parameters.revenue.seats.array()[tier] * np.exp(parameters.revenue.seats_spread * rng.normal(size=count))
    return Population(
        born=born,
        region=region,
        tier=tier,
        sector=rng.integers(0, len(SECTORS), count),
        product=_choose(rng, told.product_share.array(), count),
        acquisition=rng.integers(0, len(ACQUISITION), count),
        currency=_currency(rng, region),
        annual=rng.random(count) < told.annual_share.array()[tier],
        trial=rng.random(count) < told.trial_share.array()[tier],
        converts=rng.random(count) < told.trial_converts,
        seats=np.maximum(np.rint(seats), 1).astype(np.int64),
        frailty=rng.gamma(told.frailty_shape, 1 / told.frailty_shape, count),
        level=told.satisfaction_mean + told.satisfaction_spread * rng.normal(size=count),
    )
