"""
Working days on which everything changes.

The answer rate halves at noon, agents take breaks in turn and go home in turn, one may
drop out without a word, orders come in a surge, a trunk fails for a while, talks grow
or shrink all day. The seed decides when and how much; the team and the list too.
"""

from dataclasses import dataclass, replace
from random import Random

from callengine.core.compliance.presets import PRESETS
from callengine.core.compliance.regime import DAY_S, WindowKind
from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.ledger import Totals
from sim.worlds.baselines_dialer import ViciAdapt
from sim.worlds.dialer import HOUR_S, DialerWorld, Line, Policy, Tally, Worker
from sim.worlds.dialer_pacer import Predictive
from sim.worlds.dialer_people import WARM, Fate

MONDAY_AT = 1_772_409_600.0
"""2026-03-02, midnight in UTC, where these days are."""
OPENS_S, NOON_S, CLOSES_S = 9 * HOUR_S, 12 * HOUR_S, 18 * HOUR_S
MINUTE_S = 60.0

VICI_Y = "vici_y"


@dataclass(frozen=True, slots=True)
class DayTask:
    """One day of one regime; `VICI_Y` instead of a regime's name for the baseline."""

    regime: str
    seed: int


@dataclass(frozen=True, slots=True)
class DayDone:
    """
    What came of a day.

    Attributes:
        tally: of the day.
        share: of nuisance calls in the regime's own window, which may have begun
            before the day; the worst hour of a rolling one. The day's for a baseline.
    """

    tally: Tally
    share: float


def live_through(task: DayTask) -> DayDone:
    """Live through one day."""
    if task.regime == VICI_Y:
        tally = Day(ViciAdapt(available_only=True), seed=task.seed).live()
        return DayDone(tally, tally.nuisance_rate)
    regime = PRESETS[task.regime]
    before = Random(f"{task.seed}/before")
    days_before = 0
    if regime.nuisance.window is WindowKind.SUCCESSIVE:
        days_before = before.randint(0, 25)
    policy = Predictive(
        limit=regime.nuisance,
        hang_up_after_s=regime.least_ring_s,
        expected_answers=500 * (1 + days_before),
        started_at=MONDAY_AT - days_before * DAY_S,
    )
    ledger = policy.pacer.ledger
    if regime.nuisance.window is WindowKind.ROLLING:
        # A working yesterday, most of which is still in the window.
        for hour in range(9):
            ledger.restore(_yesterday_at(hour), Totals(95, before.randint(1, 3)))
    elif days_before:
        answers = 900 * days_before
        nuisances = round(answers * before.uniform(0.02, 0.0295))
        ledger.restore(_first_day_at(days_before), Totals(answers, nuisances))
    day = Day(policy, seed=task.seed)
    shares: list[float] = []
    for hour in range(1, 10):
        day.kernel.at(
            MONDAY_AT + OPENS_S + hour * HOUR_S,
            lambda: shares.append(ledger.rate(day.now)),
        )
    tally = day.live()
    worst = shares if regime.nuisance.window is WindowKind.ROLLING else []
    return DayDone(tally, max([*worst, ledger.rate(day.now)]))


def _first_day_at(days_before: int) -> float:
    """Return an instant on the campaign's first day."""
    return MONDAY_AT - days_before * DAY_S + OPENS_S


def _yesterday_at(hour: int) -> float:
    return MONDAY_AT - DAY_S + OPENS_S + hour * HOUR_S


class Day(DialerWorld):
    """
    One changing day.

    Args:
        policy: decides.
        seed: of people and of what changes.
    """

    def __init__(self, policy: Policy, *, seed: int) -> None:
        super().__init__(WARM, 0, policy, seed=seed, start_at=MONDAY_AT + OPENS_S)
        self.trunks = (AnswerContext(trunk="east"), AnswerContext(trunk="west"))
        self.failing = ""
        self._plan = self.kernel.stream("plan")
        self._comes = self.kernel.stream("orders")
        self._team = self._plan.randint(4, 12)
        self._answered = WARM.answered * self._plan.uniform(0.8, 1.2)
        self._talk_s = WARM.talk_s
        self._talk_grows = self._plan.uniform(0.6, 1.8)
        self.leads = 60 * self._team

    def live(self) -> Tally:
        """Go from opening to ten minutes after closing."""
        for _ in range(self._team):
            self.log_in()
        self._people()
        self._at(NOON_S, self._halve)
        self._at(OPENS_S + 15 * MINUTE_S, self._drift)
        self._leavings()
        self._orders()
        fails_s = self._plan.uniform(OPENS_S, CLOSES_S - 2 * HOUR_S)
        self._at(fails_s, self._fail, self._plan.choice(self.trunks).trunk)
        self._at(fails_s + 45 * MINUTE_S, self._fail, "")
        return self.run(MONDAY_AT + CLOSES_S + 10 * MINUTE_S)

    def through(self, trunk: AnswerContext, fate: Fate) -> Fate:
        """Fail most attempts of a failing trunk as they are set up."""
        if trunk.trunk == self.failing and self._comes.random() < 0.7:
            setup_s = self.fates.people.setup_s
            return Fate(setup_s, answered=False, rings=False)
        return fate

    def not_reached(self, line: Line) -> None:
        """Try most orders again in half an hour to two hours."""
        if self._comes.random() < 0.7:
            later_s = self._comes.uniform(30, 120) * MINUTE_S
            self.kernel.after(later_s, self._due, 1)

    def _at(self, second: float, act: object, *args: object) -> None:
        assert callable(act)
        self.kernel.at(MONDAY_AT + second, act, *args)

    def _people(self) -> None:
        people = replace(
            WARM,
            answered=self._answered,
            no_answer=1 - self._answered - WARM.busy - 0.05,
            talk_s=self._talk_s,
        )
        self.fates.be(people)
        self.work.be(people)

    def _halve(self) -> None:
        self._answered /= 2
        self._people()

    def _drift(self) -> None:
        gone = (self.now - MONDAY_AT - OPENS_S) / (CLOSES_S - OPENS_S)
        self._talk_s = WARM.talk_s * (1 + (self._talk_grows - 1) * gone)
        self._people()
        if gone < 1:
            self.kernel.after(15 * MINUTE_S, self._drift)

    def _leavings(self) -> None:
        """Plan breaks in turn, going home in turn, and one drop-out on some days."""
        for place, worker in enumerate(list(self.workers)):
            break_s = NOON_S + (place - self._team / 2) * 20 * MINUTE_S
            self._at(break_s, self._break, worker)
        for place in range(self._team):
            home_s = CLOSES_S - place * 7 * MINUTE_S
            self._at(home_s, self._go_home)
        if self._plan.random() < 0.2:
            drops_out_s = self._plan.uniform(OPENS_S, CLOSES_S - HOUR_S)
            self._at(drops_out_s, self._drop_out)

    def _break(self, worker: Worker) -> None:
        self.wish_to_leave(worker, most_s=30.0)
        self.kernel.after(25 * MINUTE_S, self.log_in)

    def _go_home(self) -> None:
        staying = [w for w in self.workers if w.leaves_at is None]
        if staying:
            self.wish_to_leave(staying[0], most_s=30.0)

    def _drop_out(self) -> None:
        if self.workers:
            self.vanish(self._plan.choice(self.workers))

    def _fail(self, trunk: str) -> None:
        self.failing = trunk

    def _orders(self) -> None:
        """Plan a steady flow of orders and one surge."""
        surge_s = self._plan.uniform(10 * HOUR_S, 16 * HOUR_S)
        self._at(surge_s, self._due, 50 * self._team)
        for minute in range(int((CLOSES_S - OPENS_S) / MINUTE_S)):
            count = sum(self._comes.random() < 0.35 for _ in range(self._team))
            self._at(OPENS_S + minute * MINUTE_S, self._due, count)

    def _due(self, count: int) -> None:
        assert self.leads is not None
        self.leads += count
        self._ask()
