"""
Other people's pacing as policies of the dialler's world, from their published rules.

They see what they would see in production; only `LookAhead` is told the true
distributions and only `Clairvoyant` every fate.
"""

from collections import deque
from math import exp, sqrt
from statistics import NormalDist

from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.hazards import AnswerTable, ReadyTable
from callengine.core.predictive.rows import Row
from callengine.core.predictive.snapshot import Duty
from sim.worlds.dialer import DialerWorld, Line
from sim.worlds.dialer_people import People
from sim.worlds.dialer_truth import true_curves

DAY_S = 9 * 3600.0


class Baseline:
    """A policy that learns nothing."""

    tick_s = 0.5
    on_events = False
    keeps_leavers = False

    def chance(self, context: AnswerContext) -> float:
        """Estimate nothing."""
        return 0.0

    def look(self, world: DialerWorld) -> None:
        """Do nothing."""

    def line_ended(self, world: DialerWorld, line: Line) -> None:
        """Learn nothing."""

    def talk_ended(self, length_s: float) -> None:
        """Learn nothing."""

    def wrap_up_ended(self, length_s: float) -> None:
        """Learn nothing."""

    def answer_settled(self, world: DialerWorld, *, nuisance: bool) -> None:
        """Learn nothing."""


class Progressive(Baseline):
    """One attempt for each free agent."""

    tick_s = 60.0
    on_events = True

    def look(self, world: DialerWorld) -> None:
        """Fill up."""
        world.start(max(0, len(world.idle) - len(world.lines) - len(world.held)))


class FixedRatio(Baseline):
    """`ratio` attempts for each free agent, rounded down, every half second."""

    def __init__(self, ratio: float) -> None:
        self._ratio = ratio

    def look(self, world: DialerWorld) -> None:
        """Fill up."""
        wanted = int(self._ratio * len(world.idle) + 1e-9)
        world.start(max(0, wanted - len(world.lines)))


class ViciAdapt(Baseline):
    """
    VICIdial's ADAPT_HARD_LIMIT at 3 % with its tables' defaults.

    The level follows (idle - waiting) / agents every 15 s, between 1 and 3, and is 1
    while the day's drop percentage is above the limit; attempts are placed every
    2.5 s up to the level times the agents counted.

    Args:
        available_only: count ready agents only (Y), else those in calls too (N).
    """

    tick_s = 0.5
    LIMIT = 0.03
    MOST = 3.0

    def __init__(self, *, available_only: bool) -> None:
        self._available_only = available_only
        self._level = 1.0
        self._halves = 0
        self._surplus: deque[float] = deque(maxlen=15)
        self._calls = 0
        self._minute: deque[tuple[float, bool]] = deque()
        self._served = self._drops = 0

    def look(self, world: DialerWorld) -> None:
        """Sample each second, adapt each 15 s, place each 2.5 s."""
        halves = self._halves
        self._halves += 1
        if world.now % DAY_S < self.tick_s:
            self._level, self._calls = 1.0, 0
            self._served = self._drops = 0
        if halves % 2 == 0:
            self._surplus.append(len(world.idle) - len(world.held))
        if halves % 30 == 0 and world.workers:
            self._adapt(world)
        if halves % 5 == 0:
            self._place(world)

    def answer_settled(self, world: DialerWorld, *, nuisance: bool) -> None:
        """Count the day's drops and answers."""
        self._drops += nuisance
        self._served += not nuisance
        self._minute.append((world.now, nuisance))

    def _adapt(self, world: DialerWorld) -> None:
        surplus = sum(self._surplus) / len(self._surplus)
        self._level *= 1 + surplus / len(world.workers)
        self._level = min(self.MOST, max(1.0, self._level))
        while self._minute and self._minute[0][0] < world.now - 60:
            self._minute.popleft()
        recent = sum(dropped for _, dropped in self._minute)
        if len(self._minute) > 20 and recent > 0.5 * len(self._minute):
            self._level /= 2
        answers = self._served + self._drops
        if self._calls > 50 and self._drops > self.LIMIT * answers:
            self._level = 1.0
        self._level = max(1.0, self._level)

    def _place(self, world: DialerWorld) -> None:
        counted = len(world.idle)
        existing = len(world.lines) + len(world.held)
        if not self._available_only:
            talking = sum(w.view.duty is Duty.TALKING for w in world.workers)
            counted += talking
            existing += talking
        count = max(0, int(self._level * counted + 0.5) - existing)
        self._calls += count
        world.start(count)


class Issabel(Baseline):
    """
    Issabel CallCenter: agents free or likely to be, over the answer rate.

    A busy agent counts once 1 - exp(-(elapsed + time to answer) / mean talk) reaches
    0.97; with overcommit the count is divided by the answer rate of the last 30
    minutes, at least 0.2, once ten calls are known.
    """

    tick_s = 3.0
    SURE = 0.97

    def __init__(self, *, overcommit: bool) -> None:
        self._overcommit = overcommit
        self._ends: deque[tuple[float, bool]] = deque()
        self._talks = [1, 120.0]
        self._answers = [1, 10.0]

    def look(self, world: DialerWorld) -> None:
        """Place as many as the prediction says."""
        talk_s = self._talks[1] / self._talks[0]
        answer_s = self._answers[1] / self._answers[0]
        free: float = len(world.idle)
        for worker in world.workers:
            if worker.view.duty is not Duty.FREE:
                elapsed_s = world.now - worker.view.since
                free += 1 - exp(-(elapsed_s + answer_s) / talk_s) >= self.SURE
        free -= len(world.held)
        while self._ends and self._ends[0][0] < world.now - 1800:
            self._ends.popleft()
        if self._overcommit and len(self._ends) >= 10:
            rate = sum(answered for _, answered in self._ends) / len(self._ends)
            free /= max(rate, 0.2)
        world.start(max(0, round(free) - len(world.lines)))

    def line_ended(self, world: DialerWorld, line: Line) -> None:
        """Keep half an hour of answers."""
        self._ends.append((world.now, line.fate.answered))
        if line.fate.answered:
            self._answers[0] += 1
            self._answers[1] += line.fate.after_s

    def talk_ended(self, length_s: float) -> None:
        """Average talks."""
        self._talks[0] += 1
        self._talks[1] += length_s


class LookAhead(Baseline):
    """
    The reference look-ahead, told the true distributions.

    Every half second attempts are added while E[(answers - free agents)+] over one
    horizon, taken as normal, is at most a share of E[answers]; never below progressive.
    The share is steered so that the long run meets the target.

    Args:
        people: whose distributions it is told.
        target: nuisance rate of the long run.
        horizon_s: how far it looks.
    """

    def __init__(self, people: People, *, target: float, horizon_s: int = 16) -> None:
        talk, wrap_up, by, still = true_curves(people)
        self._answers = AnswerTable(by, still, [horizon_s])
        self._ready = ReadyTable(talk, wrap_up, [horizon_s + 2])
        self._chance = people.answered
        self._target = target
        self._share = target
        self._normal = NormalDist()

    def look(self, world: DialerWorld) -> None:
        """Add attempts while the expected excess allows."""
        now = world.now
        mean = float(len(world.held)) - len(world.idle)
        answers, variance = float(len(world.held)), 0.0
        for line in world.lines.values():
            p = self._answers.row(now - line.started_at, self._chance).chances[0]
            answers += p
            mean += p
            variance += p * (1 - p)
        for worker in world.workers:
            if worker.view.duty is not Duty.FREE:
                q = self._row(worker.view.duty, now - worker.view.since).chances[0]
                mean -= q
                variance += q * (1 - q)
        fresh = self._answers.row(0.0, self._chance).chances[0]
        count = 0
        while count < 300:
            mean += fresh
            answers += fresh
            variance += fresh * (1 - fresh)
            if self._excess(mean, sqrt(variance)) > self._share * answers:
                break
            count += 1
        world.start(max(count, len(world.idle) - len(world.lines)))

    def answer_settled(self, world: DialerWorld, *, nuisance: bool) -> None:
        """Steer the share."""
        self._share *= exp(0.002 * (self._target - nuisance) / self._target)
        self._share = min(1.0, max(1e-5, self._share))

    def _row(self, duty: Duty, age_s: float) -> Row:
        if duty is Duty.TALKING:
            return self._ready.talking(age_s)
        return self._ready.wrapping(age_s)

    def _excess(self, mean: float, deviation: float) -> float:
        z = mean / deviation
        return mean * self._normal.cdf(z) + deviation * self._normal.pdf(z)


class Clairvoyant(Baseline):
    """
    A bound: told each fate before it dials, and when each agent will be free.

    Customers who will not answer are dialled at once, so they cost nothing; one who
    will is dialled when the answer meets an agent who is not promised yet.
    """

    tick_s = 0.5
    on_events = True

    def look(self, world: DialerWorld) -> None:
        """Dial as long as the next answer is in time for somebody."""
        now = world.now
        free_at = sorted(
            now if w.view.duty is Duty.FREE else w.free_at for w in world.workers
        )
        promised = len(world.held) + sum(line.fate.answered for line in world.lines)
        while True:
            fate = world.peek()
            if not fate.answered:
                world.start(1)
                continue
            in_time = promised < len(free_at) and (
                free_at[promised] <= now + fate.after_s
            )
            if not in_time:
                return
            promised += 1
            world.start(1)
