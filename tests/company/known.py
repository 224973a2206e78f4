"""What is known when the exports are made: the accounts they name, and nothing that comes later."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from company import clock
from company.kinds import NEVER, NONE, Bools, Ints
from company.records import Lives, Panel, Spells, Work, select
from company.support import Contacts


def known(lives: Lives) -> Lives:
    """Keep the accounts that were customers in the exported months, and what is known when the exports are made."""
    spells, contacts, work = lives.spells, lives.contacts, lives.work
    named = (spells.until > clock.WINDOW_START) & (spells.since < clock.AS_OF)
    accounts = np.unique(spells.account[named])
    place = np.full(len(lives.people), NONE)
    place[accounts] = np.arange(len(accounts))

    def here(account: Ints, at: Ints) -> Bools:
        return (place[account] >= 0) & (at < clock.AS_OF)

    kept_problems = here(lives.problems.account, lives.problems.at)
    problem_place = np.append(np.cumsum(kept_problems) - 1, NONE)
    spells = select(spells, here(spells.account, spells.since))
    contacts = select(contacts, here(contacts.account, contacts.created))
    last_until = np.zeros(len(lives.people), dtype=np.int64)
    np.maximum.at(last_until, spells.account, spells.until)
    work = select(work, here(work.account, work.assigned) & (work.assigned < last_until[work.account]))
    problems = select(lives.problems, kept_problems)
    unknown = (spells.until > clock.AS_OF) & (spells.decided > clock.AS_OF)
    return Lives(
        lives.people.take(accounts),
        lives.desk,
        type(problems)(place[problems.account], problems.at, problems.severity, problems.told),
        Contacts(**{**vars(contacts), "account": place[contacts.account], "problem": problem_place[contacts.problem]}),
        Spells(
            place[spells.account],
            spells.since,
            np.where(unknown, NEVER, spells.until),
            np.where(unknown, NEVER, spells.decided),
            spells.reason,
        ),
        Work(**{**vars(work), "account": place[work.account]}),
        Panel(*(getattr(lives.panel, column.name)[:, accounts] for column in fields(Panel))),
    )
