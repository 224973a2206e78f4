"""The one loop: month by month from 2019-01, all accounts at once.

It begins with an empty company years before the exports do, so that the accounts of the first exported month are
the survivors of the same mechanism, with their true selection.
"""

from __future__ import annotations

import numpy as np

from company import clock, experience, leaving, success, support
from company.customers import Population
from company.experience import Problems
from company.kinds import NEVER, NO_PROBLEM, NONE, PAYMENT, VOLUNTARY, Bools, Floats, Ints
from company.parameters import Parameters
from company.records import (
    FOLLOW_UP,
    MANAGER,
    OBSERVATIONAL,
    ONBOARDING,
    Experiment,
    Lives,
    Panel,
    Spells,
    State,
    Work,
    joined,
    select,
)
from company.streams import stream
from company.support import Contacts, Desk


class _Loop:
    """The streams, the state and the records of one run."""

    def __init__(self, people: Population, parameters: Parameters, seed: int, experiment: Experiment | None) -> None:
        self.people, self.parameters, self.experiment = people, parameters, experiment
        self.keep = True  # tickets, problems and latent state, not only who stayed
        parts = ("arrivals", "problems", "questions", "support", "satisfaction", "leaving", "success", "follow-up")
        self.rng = {part: stream(seed, part) for part in parts}
        self.desk = Desk.staff(stream(seed, "desk"), parameters)
        self.state = State.empty(people)
        self.randomised = np.zeros((3, 2), dtype=np.int64)
        self.problems: list[Problems] = []
        self.contacts: list[Contacts] = []
        self.spells: list[Spells] = []
        self.work: list[Work] = []
        self.panel: list[tuple[Bools | Floats, ...]] = []

    def month(self, month: int) -> None:
        """Live through one month."""
        newcomers = self._arrive(month)
        here = np.flatnonzero(self.state.active)
        managed, onboarded = self._assign(month, here, newcomers)
        problems = self._problems(month, here)
        contacts = self._contacts(month, here, problems)
        eased = np.zeros(len(problems))
        asked = contacts.problem != NONE
        eased[contacts.problem[asked]] = contacts.well[asked] * self.parameters.experience.recovery
        self._decide(month, here, problems, eased)
        problems_kept = problems.at < self.state.until[problems.account]
        contacts_kept = contacts.created < self.state.until[contacts.account]
        called = self._follow_up(month, problems, problems_kept, contacts)
        self._feel(here, problems, eased, called, contacts)
        self._record(month, problems, problems_kept, contacts, contacts_kept)
        self.state.managed |= managed
        self.state.onboarded |= onboarded
        self._end(month)

    def _arrive(self, month: int) -> Bools:
        """Let new accounts begin and some former ones return; return which are new."""
        state, people, start, end = self.state, self.people, *clock.MONTH_STARTS[month : month + 2]
        new: Bools = (people.born >= start) & (people.born < end)
        state.since[new], state.active[new] = people.born[new], True
        vain = new & people.trial & ~people.converts
        state.until[vain] = state.decided[vain] = people.born[vain] + leaving.TRIAL
        gone = ~state.active & (state.ended < start) & (state.ended > start - clock.BILLING_YEAR)
        gone &= (state.reason == VOLUNTARY) & ~(people.trial & ~people.converts)
        back = gone & (self.rng["arrivals"].random(len(people)) < self.parameters.leaving.returns)
        state.since[back] = clock.moments(self.rng["arrivals"], month, people.region[back])
        state.until[back] = state.decided[back] = NEVER
        state.active[back], state.hurt[back], state.satisfaction[back] = True, 0.0, people.level[back]
        return new

    def _assign(self, month: int, here: Ints, new: Bools) -> tuple[Bools, Bools]:
        """Give managers and onboarding; return who has them from next month on."""
        state, rng, parameters = self.state, self.rng["success"], self.parameters
        score = success.health(rng, parameters, state.satisfaction[here])
        managed, onboarded = np.zeros((2, len(self.people)), dtype=bool)
        gets = success.gets_manager(rng, parameters, self.people, here, score, new[here]) & ~state.managed[here]
        newcomers = np.flatnonzero(new)
        welcome = success.gets_onboarding(rng, parameters, self.people, newcomers, month)
        if self.experiment is not None and self.experiment.kind == "manager":
            gets &= False
            state.managed[here] = month >= self.experiment.landmarks[0] and self.experiment.arm[0, here] == 1
        if self.experiment is not None and self.experiment.kind == "onboarding":
            welcome = self.experiment.arm[0, newcomers] == 1
        begun = np.maximum(clock.MONTH_STARTS[month], state.since[here]) + 60
        managers = begun + rng.integers(0, 20 * clock.DAY, len(here))
        done = rng.random(len(newcomers)) < 0.93
        welcomed = state.since[newcomers] + rng.integers(60, 3 * clock.DAY, len(newcomers))
        visits = welcomed + rng.integers(3 * clock.DAY, 21 * clock.DAY, len(newcomers))
        managed[here[gets]] = True
        onboarded[newcomers[welcome & done]] = True
        self._write(here[gets], MANAGER, managers[gets], managers[gets] + 2 * clock.DAY, score[gets])
        scores = np.full(welcome.sum(), np.nan)
        self._write(newcomers[welcome], ONBOARDING, welcomed[welcome], np.where(done, visits, NONE)[welcome], scores)
        return managed, onboarded

    def _write(
        self, account: Ints, kind: int, assigned: Ints, delivered: Ints, score: Floats, arm: Ints | None = None
    ) -> None:
        arms = np.full(len(account), OBSERVATIONAL) if arm is None else arm
        self.work.append(Work(account, np.full(len(account), kind), assigned, delivered, arms, score))

    def _problems(self, month: int, here: Ints) -> Problems:
        rng, experiment = self.rng["problems"], self.experiment
        account, severity = experience.happen(rng, self.parameters, self.people, here, month)
        if experiment is not None and experiment.kind == "problem" and month in experiment.landmarks:
            arm = experiment.arm[experiment.landmarks.index(month), here]
            account, severity = here[arm > 0], arm[arm > 0] - 1
        happened = experience.problems(rng, self.parameters, self.people, account, severity, month)
        state = self.state
        return select(happened, (happened.at >= state.since[account]) & (happened.at < state.until[account]))

    def _contacts(self, month: int, here: Ints, problems: Problems) -> Contacts:
        """Let customers write, about the problems they tell and with questions, and be answered."""
        state, people, rng = self.state, self.people, self.rng["questions"]
        told = self.parameters.success
        age = clock.MONTH_STARTS[month] - state.since[here]
        helped = state.onboarded[here] & (age < 180 * clock.DAY)
        factor = np.where(state.managed[here], told.manager_questions, 1.0)
        factor *= np.where(helped, told.onboarding_questions, 1.0)
        factor *= np.where(age < leaving.NINETY_DAYS, self.parameters.support.new_account_factor, 1.0)
        asking = support.questions(rng, self.parameters, people, here, month, factor)
        asked_at = clock.moments(rng, month, people.region[asking])
        asking_now = (asked_at >= state.since[asking]) & (asked_at < state.until[asking])
        asking, asked_at = asking[asking_now], asked_at[asking_now]
        complaints = np.flatnonzero(problems.told)
        written = problems.at[complaints] + rng.integers(1, 45, len(complaints))
        none = np.full(len(asking), NONE)
        return support.handle(
            self.rng["support"],
            self.parameters,
            self.desk,
            people,
            np.concatenate([problems.account[complaints], asking]),
            np.concatenate([complaints, none]),
            np.concatenate([problems.severity[complaints], np.full(len(asking), NO_PROBLEM)]),
            np.concatenate([written, asked_at]),
            month,
        )

    def _decide(self, month: int, here: Ints, problems: Problems, eased: Floats) -> None:
        """Let accounts decide to leave, and payments fail."""
        state, people, parameters, rng = self.state, self.people, self.parameters, self.rng["leaving"]
        rate = leaving.hazard(
            parameters,
            people,
            here,
            month,
            state.since[here],
            state.satisfaction[here],
            state.hurt[here],
            state.managed[here],
            state.onboarded[here],
        )
        if month >= clock.FIRST and self.keep:
            self._observe(month, here, rate)
        weight = parameters.leaving.hurt.array()[problems.severity] * (1 - eased)
        new_hurt = experience.total(problems.account, weight, len(people))[here]
        worst_last = np.lexsort((-problems.at, problems.severity))
        hurt_from = np.zeros(len(people), dtype=np.int64)
        hurt_from[problems.account[worst_last]] = problems.at[worst_last]
        begun = np.maximum(clock.MONTH_STARTS[month], state.since[here])
        decided = leaving.decision_times(rng, month, begun, rate, new_hurt, hurt_from[here])
        ends = leaving.effective(rng, parameters, people.annual[here], state.since[here], decided)
        failed = leaving.failed_payments(rng, parameters, people.tier[here], begun, month)
        trial_ends = state.since[here] + leaving.TRIAL * (people.trial[here] & (state.since[here] == people.born[here]))
        undecided = (state.decided[here] >= NEVER) & (decided < NEVER) & (decided > trial_ends)
        who = here[undecided]
        state.decided[who], state.until[who], state.reason[who] = decided[undecided], ends[undecided], VOLUNTARY
        unpaid = (failed < np.minimum(state.until[here], NEVER)) & (failed > trial_ends)
        who = here[unpaid]
        state.until[who], state.reason[who] = failed[unpaid], PAYMENT

    def _observe(self, month: int, here: Ints, rate: Floats) -> None:
        """Keep the latent state at the start of the month."""
        state, hazard = self.state, np.full(len(self.people), np.nan)
        hazard[here] = rate
        active = state.active & (state.since <= clock.MONTH_STARTS[month])
        self.panel.append(
            (
                active,
                state.satisfaction.copy(),
                state.hurt.copy(),
                hazard,
                state.managed.copy(),
                state.onboarded.copy(),
            )
        )

    def _follow_up(self, month: int, problems: Problems, kept: Bools, contacts: Contacts) -> Bools:
        """Randomise accounts that told of a problem; return which problems were followed up by a call."""
        called = np.zeros(len(problems), dtype=bool)
        if not success.follow_up_runs(self.parameters, month):
            return called
        state, rng = self.state, self.rng["follow-up"]
        entitled = np.flatnonzero(success.eligible(problems.severity, problems.told) & kept)
        account = np.unique(problems.account[entitled])
        fresh = account[state.arm[account] == OBSERVATIONAL]
        tier = self.people.tier[fresh]
        state.arm[fresh] = success.assign_arms(rng, self.parameters, tier, self.randomised)
        np.add.at(self.randomised, (tier, state.arm[fresh]), 1)
        reached = rng.random(len(entitled)) < self.parameters.success.follow_up_delivered
        arm = state.arm[problems.account[entitled]]
        called[entitled] = (arm == success.TREATED) & reached
        assigned = problems.at[entitled] + rng.integers(60, clock.DAY, len(entitled))
        delivered = assigned + rng.integers(clock.DAY, 6 * clock.DAY, len(entitled))
        score = success.health(rng, self.parameters, state.satisfaction[problems.account[entitled]])
        delivered = np.where(called[entitled], delivered, NONE)
        self._write(problems.account[entitled], FOLLOW_UP, assigned, delivered, score, arm)
        return called

    def _feel(self, here: Ints, problems: Problems, eased: Floats, called: Bools, contacts: Contacts) -> None:
        """Carry satisfaction and hurt over to the next month."""
        state, told, count = self.state, self.parameters.experience, len(self.people)
        left = (1 - eased) * np.where(called, 1 - self.parameters.success.follow_up_recovery, 1.0)
        fall = experience.total(problems.account, told.drop.array()[problems.severity] * left, count)
        badly = (contacts.problem == NONE) & ~contacts.well
        fall += experience.total(contacts.account, badly * told.bad_answer_drop, count)
        hurt = experience.total(problems.account, self.parameters.leaving.hurt.array()[problems.severity] * left, count)
        level = self.people.level[here] + self.parameters.success.manager_satisfaction * state.managed[here]
        state.satisfaction[here] = experience.next_satisfaction(
            self.rng["satisfaction"], self.parameters, state.satisfaction[here], level, fall[here]
        )
        state.hurt[here] = (state.hurt[here] + hurt[here]) * self.parameters.leaving.hurt_keeps

    def _record(self, month: int, problems: Problems, kept: Bools, contacts: Contacts, contacts_kept: Bools) -> None:
        """Keep what happened in the exported months; a ticket's problem becomes its place among all problems."""
        if month < clock.FIRST or not self.keep:
            return
        before = sum(len(part) for part in self.problems)
        place = before + np.cumsum(kept) - 1
        part = select(contacts, contacts_kept)
        named = np.where(part.problem == NONE, NONE, place[part.problem])
        self.problems.append(select(problems, kept))
        self.contacts.append(Contacts(**{**vars(part), "problem": named}))

    def _end(self, month: int) -> None:
        """Close what ends in this month."""
        state = self.state
        over = np.flatnonzero(state.active & (state.until < clock.MONTH_STARTS[month + 1]))
        self._close(over)
        state.ended[over], state.active[over] = state.until[over], False
        state.managed[over] = state.onboarded[over] = False

    def _close(self, which: Ints) -> None:
        state = self.state
        self.spells.append(
            Spells(which, state.since[which], state.until[which], state.decided[which], state.reason[which])
        )

    def run(self) -> None:
        """Live through all months; what still runs at the end stays without end."""
        for month in range(clock.LAST + 2):
            self.month(month)
        self._close(np.flatnonzero(self.state.active))


def live(people: Population, parameters: Parameters, seed: int) -> Lives:
    """Run the company from 2019-01 to the month after the last reported one.

    Parameters
    ----------
    people : Population
        Every account that comes.
    parameters : Parameters
        Parameters of the company.
    seed : int
        Seed of the world.
    """
    loop = _Loop(people, parameters, seed, None)
    loop.run()
    return Lives(
        people,
        loop.desk,
        joined(Problems, loop.problems),
        joined(Contacts, loop.contacts),
        joined(Spells, loop.spells),
        joined(Work, loop.work),
        Panel(*(np.array(column) for column in zip(*loop.panel, strict=True))),
    )


def spells_under(
    people: Population, parameters: Parameters, seed: int, experiment: Experiment | None = None
) -> tuple[Spells, Work]:
    """Run the same company with something decided by lot; return only who stayed how long and who got what."""
    loop = _Loop(people, parameters, seed, experiment)
    loop.keep = False
    loop.run()
    return joined(Spells, loop.spells), joined(Work, loop.work)
