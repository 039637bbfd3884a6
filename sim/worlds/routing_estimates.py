"""How good predictions of the wait are, made when a caller begins to wait."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from math import sqrt

from callengine.core.ids import CallId
from sim.worlds.routing import Centre, Router, RoutingWorld
from sim.worlds.routing_matcher import PLAIN, MatcherRouter, Relaxing


@dataclass(slots=True)
class Predictions:
    """
    Predictions and what came of them.

    Attributes:
        seen: (low, middle, high, what app_queue would announce, wait), in seconds.
        silent: callers who were told nothing.
    """

    seen: list[tuple[float, float, float, float, float]] = field(default_factory=list)
    silent: int = 0

    def error_s(self, which: int) -> float:
        """Return the root mean square error of a column."""
        squares = ((row[which] - row[4]) ** 2 for row in self.seen)
        return sqrt(sum(squares) / len(self.seen))

    @property
    def mean_wait_s(self) -> float:
        """Return the mean wait of those who waited."""
        return sum(row[4] for row in self.seen) / len(self.seen)

    @property
    def covered(self) -> float:
        """Return the share of waits within the range told."""
        return sum(row[0] <= row[4] <= row[2] for row in self.seen) / len(self.seen)


class Listener:
    """Notes each prediction when a caller begins to wait, and the wait itself."""

    def __init__(self, world: RoutingWorld, router: MatcherRouter) -> None:
        self.found = Predictions()
        self._world = world
        self._router = router
        self._waiting: dict[int, tuple[float, tuple[float, float, float, float]]] = {}
        self._smoothed_s = 0.0
        world.on_wait = self._begins
        world.on_answer = self._ends

    def _begins(self, call: int, now: float) -> None:
        told = self._router.matcher.expected_wait(CallId(str(call)), now)
        if told is None:
            self.found.silent += 1
            return
        row = (told.low_s, told.middle_s, told.high_s, self._smoothed_s)
        self._waiting[call] = (now, row)

    def _ends(self, call: int, now: float) -> None:
        began = self._waiting.pop(call, None)
        wait_s = 0.0 if began is None else now - began[0]
        # app_queue smooths the waits of all answered callers, a quarter of the new one.
        self._smoothed_s = (3.0 * self._smoothed_s + wait_s) / 4.0
        if began is not None:
            low, middle, high, smoothed = began[1]
            self.found.seen.append((low, middle, high, smoothed, wait_s))


@dataclass(frozen=True, slots=True)
class EstimateTask:
    """One run that asks for predictions."""

    centre: Centre
    seed: int
    calls: int


def predict(task: EstimateTask) -> Predictions:
    """Do one run."""
    made: list[MatcherRouter] = []

    def make(centre: Centre) -> Router:
        made.append(MatcherRouter(centre, PLAIN, Relaxing()))
        return made[0]

    world = RoutingWorld(task.centre, make, task.seed)
    listener = Listener(world, made[0])
    world.run(task.calls, warm_up=3_000)
    return listener.found


def together(parts: Iterable[Predictions]) -> Predictions:
    """Join the predictions of several runs."""
    whole = Predictions()
    for part in parts:
        whole.seen += part.seen
        whole.silent += part.silent
    return whole
