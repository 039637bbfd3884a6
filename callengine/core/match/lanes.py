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

_EMPTY_LANES_KEPT = 1_024


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
        self._by_number: list[Lane | None] = []
        self._unused: list[int] = []
        self._of_class: dict[int, int] = {}
        self._nonempty = 0

    def __iter__(self) -> Iterator[Lane]:
        return iter(list(self._lanes.values()))

    def __len__(self) -> int:
        return len(self._lanes)

    def enter(self, caller: Caller) -> None:
        """Put a waiting caller where its steps say."""
        for key in self._keys(caller):
            lane = self._lanes.get(key) or self._open(key)
            lane.callers.add(caller.place)
            self._nonempty |= 1 << lane.number

    def leave(self, caller: Caller) -> None:
        """Take a caller out; their steps must be those they entered with."""
        for key in self._keys(caller):
            lane = self._lanes[key]
            lane.callers.remove(caller.place)
            if not lane.callers:
                self._nonempty &= ~(1 << lane.number)
        if len(self._lanes) > _EMPTY_LANES_KEPT + 2 * self._nonempty.bit_count():
            self._sweep()

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
            if lane is not None:
                lane.classes &= ~bit
                if not lane.classes and lane.callers:
                    deserted.append(lane)
        return deserted

    def open_to(self, number: int) -> Iterator[Lane]:
        """Go through the lanes with callers that a class may take from."""
        for place in bits(self._of_class.get(number, 0) & self._nonempty):
            lane = self._by_number[place]
            if lane is not None:
                yield lane

    def find(self, kind: LaneKind, expr: Expr, factor: float = 0.0) -> Lane | None:
        """Return a lane, if there is one."""
        return self._lanes.get((kind, expr, factor))

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
        kind, expr, factor = key
        number = self._unused.pop() if self._unused else len(self._by_number)
        lane = Lane(number, kind, expr, factor, self._classes.meeting(expr))
        if number == len(self._by_number):
            self._by_number.append(lane)
        else:
            self._by_number[number] = lane
        self._lanes[key] = lane
        bit = 1 << number
        for place in bits(lane.classes):
            self._of_class[place] = self._of_class.get(place, 0) | bit
        return lane

    def _sweep(self) -> None:
        """Forget lanes without callers, so that their number stays bounded."""
        gone = 0
        for key, lane in list(self._lanes.items()):
            if not lane.callers:
                del self._lanes[key]
                self._by_number[lane.number] = None
                self._unused.append(lane.number)
                gone |= 1 << lane.number
        for number in self._of_class:
            self._of_class[number] &= ~gone
