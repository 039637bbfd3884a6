"""
The dialler's world: agents, attempts, customers who answer and wait two seconds.

A policy is asked on its ticks, and on every event if it wants to be; it starts and
hangs up attempts. What it may see is in the production snapshot; baselines that count
otherwise look at the same public attributes.
"""

from collections import deque

from callengine.core.predictive.answers import AnswerContext
from callengine.core.predictive.snapshot import (
    AgentView,
    Duty,
    LineView,
    PacingView,
)
from sim.worlds.dialer_parts import Line as Line
from sim.worlds.dialer_parts import Policy as Policy
from sim.worlds.dialer_parts import Tally as Tally
from sim.worlds.dialer_parts import Worker as Worker
from sim.worlds.dialer_people import Chances, Fate, People
from sim.worlds.kernel import Event, Kernel

HOUR_S = 3600.0


class DialerWorld:
    """
    One pool that dials one list.

    Args:
        people: who is called and who calls.
        agents: how many are logged in at the start.
        policy: decides.
        seed: of everything.
        hold_s: how long an answered customer waits for an agent.
        start_at: the first instant.
    """

    def __init__(
        self,
        people: People,
        agents: int,
        policy: Policy,
        *,
        seed: int,
        hold_s: float = 2.0,
        start_at: float = 0.0,
    ) -> None:
        self.kernel = Kernel(seed, start=start_at)
        self.fates = Chances(people, self.kernel.stream("customers"))
        self.work = Chances(people, self.kernel.stream("agents"))
        self.policy = policy
        self.hold_s = hold_s
        self.tally = Tally()
        self.lines: dict[Line, LineView] = {}
        self.workers: list[Worker] = []
        self.idle: deque[Worker] = deque()
        self.held: deque[tuple[Event, Line]] = deque()
        self.leads: int | None = None
        self.trunks: tuple[AnswerContext, ...] = (AnswerContext(),)
        self._looking = False
        self._next_look: Event | None = None
        self._next_fate: Fate | None = None
        for _ in range(agents):
            self.log_in()

    @property
    def now(self) -> float:
        """The current instant."""
        return self.kernel.now

    def run(self, until: float) -> Tally:
        """Go on until an instant and sum up."""
        self.look_in(0.0)
        self.kernel.run(until)
        self._settle_time()
        return self.tally

    def snapshot(self) -> PacingView:
        """Return what the production pacer is given."""
        return PacingView(
            lines=tuple(self.lines.values()),
            agents=tuple([worker.view for worker in self.workers]),
            held=len(self.held),
            chance=self._mean_chance(),
            leads=1_000_000 if self.leads is None else self.leads,
        )

    def _mean_chance(self) -> float:
        chance, trunks = self.policy.chance, self.trunks
        if len(trunks) == 1:
            return chance(trunks[0])
        return sum(map(chance, trunks)) / len(trunks)

    # --- what a policy does ------------------------------------------------------

    def start(self, count: int) -> None:
        """Start attempts with the next customers, as many as there are orders."""
        if self.leads is not None:
            count = min(count, self.leads)
            self.leads -= count
        for _ in range(count):
            self._start(self.peek())
            self._next_fate = None

    def peek(self) -> Fate:
        """Return the next customer's fate, for policies that are told it."""
        if self._next_fate is None:
            self._next_fate = self.fates.fate()
        return self._next_fate

    def look_in(self, delay_s: float) -> None:
        """Look next after a delay instead of the usual time."""
        self.kernel.cancel(self._next_look)
        self._next_look = self.kernel.after(delay_s, self._tick)

    def hang_up(self, line: Line) -> None:
        """Take an attempt back."""
        self.kernel.cancel(line.event)
        del self.lines[line]
        self.tally.hung_up += 1
        self.not_reached(line)

    # --- agents ------------------------------------------------------------------

    def log_in(self) -> Worker:
        """Let one more agent be ready."""
        worker = Worker(len(self.workers), AgentView(Duty.FREE, self.now))
        self.workers.append(worker)
        self.tally.logged_in_s -= self.now
        self._ready(worker)
        return worker

    def wish_to_leave(self, worker: Worker, most_s: float) -> None:
        """
        Let an agent go after their call, or when no line needs them.

        Args:
            worker: the agent.
            most_s: longest time a free agent is kept for lines in flight.
        """
        if worker not in self.workers or worker.leaves_at is not None:
            return
        worker.leaves_at = self.now
        view = worker.view
        worker.view = AgentView(view.duty, view.since, self.now)
        if view.duty is Duty.FREE:
            self._leave_if_unneeded(worker, self.now + most_s)

    def vanish(self, worker: Worker) -> None:
        """Lose an agent this moment, whatever they do."""
        if worker not in self.workers:
            return
        self._count_time(worker)
        self.kernel.cancel(worker.event)
        self.workers.remove(worker)
        if worker in self.idle:
            self.idle.remove(worker)
        self._ask()

    def _leave_if_unneeded(self, worker: Worker, until: float) -> None:
        if worker not in self.idle:
            return
        needed = len(self.lines) >= len(self.idle) and self.policy.keeps_leavers
        if needed and self.now < until:
            self.kernel.after(0.5, self._leave_if_unneeded, worker, until)
        else:
            self.vanish(worker)

    def _ready(self, worker: Worker) -> None:
        worker.view = AgentView(Duty.FREE, self.now, worker.leaves_at)
        if worker.leaves_at is not None and not self.held:
            self.idle.append(worker)
            self._leave_if_unneeded(worker, self.now + 10)
        elif self.held:
            event, line = self.held.popleft()
            self.kernel.cancel(event)
            self._serve(worker, line)
        else:
            self.idle.append(worker)
        self._ask()

    def _serve(self, worker: Worker, line: Line) -> None:
        now = self.kernel.now
        worker.view = AgentView(Duty.TALKING, now, worker.leaves_at)
        talk_s = self.work.talk_s()
        wrap_up_s = self.work.wrap_up_s()
        worker.free_at = now + talk_s + wrap_up_s
        worker.event = self.kernel.at(
            now + talk_s, self._talked, worker, line, talk_s, wrap_up_s
        )
        self.tally.served += 1
        self.policy.answer_settled(self, nuisance=False)

    def _talked(
        self, worker: Worker, line: Line, talk_s: float, wrap_up_s: float
    ) -> None:
        now = self.kernel.now
        self.tally.talk_s += talk_s
        self.tally.busy_s += talk_s
        worker.view = AgentView(Duty.WRAPPING, now, worker.leaves_at)
        worker.event = self.kernel.at(
            now + wrap_up_s, self._wrapped_up, worker, wrap_up_s
        )
        self.policy.talk_ended(talk_s)
        self.talked(line)
        self._ask()

    def _wrapped_up(self, worker: Worker, wrap_up_s: float) -> None:
        self.tally.busy_s += wrap_up_s
        worker.event = None
        self.policy.wrap_up_ended(wrap_up_s)
        self._ready(worker)

    # --- attempts ----------------------------------------------------------------

    def _start(self, fate: Fate) -> None:
        now = self.kernel.now
        trunk = self.trunks[self.tally.attempts % len(self.trunks)]
        self.tally.attempts += 1
        fate = self.through(trunk, fate)
        # Read only once it is past, so no event is needed to make it true.
        rings_at = now + self.fates.people.setup_s if fate.rings else None
        view = LineView(now, self.policy.chance(trunk), rings_at)
        line = Line(view, fate, trunk)
        line.event = self.kernel.at(now + fate.after_s, self._ended, line)
        self.lines[line] = view
        self.dialled(line)

    def through(self, trunk: AnswerContext, fate: Fate) -> Fate:
        """Let a trunk change a fate; a good one does not."""
        return fate

    def _ended(self, line: Line) -> None:
        del self.lines[line]
        line.event = None
        self.policy.line_ended(self, line)
        if not line.fate.answered:
            self.not_reached(line)
        else:
            self.tally.answered += 1
            if self.idle:
                self._serve(self.idle.popleft(), line)
            else:
                gives_up = self.kernel.after(self.hold_s, self._gave_up)
                self.held.append((gives_up, line))
        self._ask()

    def dialled(self, line: Line) -> None:
        """Take an order for an attempt; here all are alike."""

    def talked(self, line: Line) -> None:
        """Let a talk have its consequence; here it has none."""

    def not_reached(self, line: Line) -> None:
        """Let the order be tried again or not; here lists never end."""

    def _gave_up(self) -> None:
        _, line = self.held.popleft()
        self.tally.nuisances += 1
        self.not_reached(line)
        self.policy.answer_settled(self, nuisance=True)
        self._ask()

    # --- the policy's turns ------------------------------------------------------

    def _tick(self) -> None:
        self._next_look = self.kernel.after(self.policy.tick_s, self._tick)
        self._looking = True
        self.policy.look(self)
        self._looking = False

    def _ask(self) -> None:
        if self.policy.on_events and not self._looking:
            self._looking = True
            self.policy.look(self)
            self._looking = False

    def _settle_time(self) -> None:
        for worker in self.workers:
            self._count_time(worker)

    def _count_time(self, worker: Worker) -> None:
        """Count an agent's time, and that of a call that still goes on."""
        self.tally.logged_in_s += self.now
        worked_s = self.now - worker.view.since
        if worker.view.duty is Duty.TALKING:
            self.tally.talk_s += worked_s
        if worker.view.duty is not Duty.FREE:
            self.tally.busy_s += worked_s
