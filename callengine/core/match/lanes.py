"""
Waiting callers by what they need now: one lane per expression.

A caller stands in the lane of the first requirement (agents who fully meet it), from
the first firm step on also in the lane of that step, and in a spare lane while an early
opening is in force. A free agent looks at the heads of the lanes their class may take.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from callengine.core.ids import CallId, Instant
from callengine.core.match.callers import Caller
from callengine.core.match.classes import SkillClasses, bits
from callengine.core.match.ordered import Ordered
from callengine.core.match.requirement import Expr

Place = tuple[Instant, int, CallId]

_LANES = 8_192


class LaneKind(IntEnum):
    """What reaching a caller through a lane means."""

    FIRST = 0
    """The first requirement, of callers who have not relaxed."""
    RELAXED = 1
    """The firm step reached."""
    FORMER = 2
    """The first requirement, of callers who are in a relaxed lane too."""
    SPARE = 3
    """An early opening."""


@dataclass(slots=True, eq=False)
class Lane:
    """Callers who need the same."""

    number: int
    kind: LaneKind
    expr: Expr
    factor: float
    """Of the reserve, for a spare lane."""
    classes: int
    """Who may take from it, as bits."""
    callers: Ordered[Place] = field(default_factory=Ordered)


LaneKey = tuple[LaneKind, Expr, float]


class Lanes:
    """
    Lanes, and for each class of agents those it may take from.

    Args:
        classes: the pool's skill classes.
    """

    def __init__(self, classes: SkillClasses) -> None:
        self._classes = classes
        self._lanes: dict[LaneKey, Lane] = {}
        self._by_number: list[Lane] = []
        self._of_class: dict[int, int] = {}
        self._nonempty = 0
        self._empty: dict[LaneKey, None] = {}

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    def __len__(self) -> int:
        return len(self._lanes)

    def enter(self, caller: Caller) -> None:
        """Put a waiting caller where its steps say."""
        for key in self._keys(caller):
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._open(key)
            if not lane.callers.entries:
                self._empty.pop(key, None)
                self._nonempty |= 1 << lane.number
            lane.callers.add(caller.place)

    def leave(self, caller: Caller) -> None:
        """Take a caller out; their steps must be those they entered with."""
        for key in self._keys(caller):
            lane = self._lanes[key]
            lane.callers.remove(caller.place)
            if not lane.callers.entries:
                self._nonempty &= ~(1 << lane.number)
                self._empty[key] = None

    def class_entered(self, number: int) -> None:
        """A class of agents came: find what it may take."""
        skills = dict(self._classes.skills(number))
        bit, found = 1 << number, 0
        for lane in self._lanes.values():
            if lane.expr.met_by(skills):
                lane.classes |= bit
                found |= 1 << lane.number
        self._of_class[number] = found

    def class_left(self, number: int) -> list[Lane]:
        """A class of agents went; return lanes with callers that nobody can serve."""
        deserted = []
        bit = 1 << number
        for place in bits(self._of_class.pop(number, 0)):
            lane = self._by_number[place]
            lane.classes &= ~bit
            if not lane.classes and lane.callers:
                deserted.append(lane)
        return deserted

    def open_to(self, number: int) -> list[Lane]:
        """List the lanes with callers that a class may take from."""
        lanes = self._by_number
        return [lanes[n] for n in bits(self._of_class.get(number, 0) & self._nonempty)]

    @staticmethod
    def _keys(caller: Caller) -> Iterator[LaneKey]:
        steps = caller.item.ladder.steps
        if caller.firm:
            yield LaneKind.FORMER, steps[0].expr, 0.0
            yield LaneKind.RELAXED, steps[caller.firm].expr, 0.0
        else:
            yield LaneKind.FIRST, steps[0].expr, 0.0
        if caller.spare is not None:
            spare = steps[caller.spare]
            yield LaneKind.SPARE, spare.expr, spare.spare or 0.0

    def _open(self, key: LaneKey) -> Lane:
        """Make a lane; with very many, in the place of the one longest empty."""
        kind, expr, factor = key
        number, before = len(self._by_number), 0
        if number >= _LANES and self._empty:
            oldest = next(iter(self._empty))
            del self._empty[oldest]
            gone = self._lanes.pop(oldest)
            number, before = gone.number, gone.classes
        lane = Lane(number, kind, expr, factor, self._classes.meeting(expr))
        if number == len(self._by_number):
            self._by_number.append(lane)
        else:
            self._by_number[number] = lane
        self._lanes[key] = lane
        bit = 1 << number
        for place in bits(before & ~lane.classes):
            self._of_class[place] &= ~bit
        for place in bits(lane.classes & ~before):
            self._of_class[place] = self._of_class.get(place, 0) | bit
        return lane
