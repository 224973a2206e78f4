"""What the company's own systems log: part of the bad experiences, told or not, and what nobody noticed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from company import clock
from company.kinds import NONE, SEVERITIES, Bools, Floats, Ints, labels
from company.parameters import Parameters
from company.records import Lives

KINDS = ("outage", "failed_payment", "late_delivery", "error")
KIND_SHARE: Floats = np.array(
    [
        [0.03, 0.09, 0.28, 0.60],  # minor
        [0.22, 0.16, 0.24, 0.38],  # moderate
        [0.58, 0.06, 0.12, 0.24],  # severe
    ]
)


def is_customer(lives: Lives, account: Ints, at: Ints) -> Bools:
    """Return which accounts are customers at a minute each."""
    spells = lives.spells
    order = np.lexsort((spells.since, spells.account))
    key = (spells.account * 2**26 + spells.since)[order]
    last = np.searchsorted(key, account * 2**26 + at, side="right") - 1
    spell = order[np.maximum(last, 0)]
    here: Bools = (last >= 0) & (spells.account[spell] == account) & (spells.until[spell] > at)
    return here


def _unnoticed(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> tuple[Ints, Ints, Ints]:
    """Draw incidents that no customer noticed: account, minute and severity."""
    parts = []
    for month, active in enumerate(lives.panel.active):
        here = np.flatnonzero(active)
        for level, rate in enumerate(parameters.incidents.unnoticed.array()):
            hit = np.repeat(here, rng.poisson(rate, len(here)))
            moments = clock.moments(rng, clock.FIRST + month, lives.people.region[hit])
            parts.append((hit, moments, np.full(len(hit), level)))
    account, at, severity = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = (at < clock.AS_OF) & is_customer(lives, account, at)
    return account[kept], at[kept], severity[kept]


def incidents(rng: np.random.Generator, parameters: Parameters, lives: Lives) -> pd.DataFrame:
    """Return one row per logged incident, oldest first.

    `noticed` says whether the customer noticed; the log knows it only where `noticed_known`. `problem` is latent: the
    position in `World.problems`, -1 for what nobody noticed.
    """
    problems = lives.problems
    logged = np.flatnonzero(rng.random(len(problems)) < parameters.incidents.logged.array()[problems.severity])
    account, at, severity = _unnoticed(rng, parameters, lives)
    severities = np.concatenate([problems.severity[logged], severity])
    kind = (np.cumsum(KIND_SHARE, axis=1)[severities] < rng.random((len(severities), 1))).sum(axis=1)
    moment = np.concatenate([problems.at[logged], at])
    frame = pd.DataFrame(
        {
            "account": np.concatenate([problems.account[logged], account]),
            "problem": np.concatenate([logged, np.full(len(account), NONE)]),
            "occurred_at": clock.times(moment),
            "kind": labels(np.minimum(kind, len(KINDS) - 1).astype(np.int64), KINDS),
            "severity": labels(severities, SEVERITIES),
            "noticed": np.arange(len(moment)) < len(logged),
            "noticed_known": rng.random(len(moment)) < parameters.incidents.noticed_known,
        }
    )
    return frame.sort_values(["occurred_at", "account"], kind="stable", ignore_index=True)
