"""
The agents who are logged in, and which of them are free, indexed by skill class.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain, islice

from callengine.core.agent import SkillClass
from callengine.core.ids import AgentId, Instant
from callengine.core.match.classes import SkillClasses, bits
from callengine.core.match.ordered import Ordered
from callengine.core.match.policy import Limits
from callengine.core.match.workload import Workload


@dataclass(slots=True, eq=False)
class Member:
    """One agent who is logged in."""

    agent: AgentId
    skills: SkillClass
    number: int
    """Of their skill class."""
    load: Workload | None
    free_since: Instant | None = None
    given_at: Instant | None = None
    """When a decision took them; None when no decision of ours did."""
    engaged: bool = False
    """They have a call that no decision of ours gave, such as an order's."""
    rests_until: Instant | None = None
    free_at: Instant | None = None
    """When a busy agent will be free, if that is known."""

    def given(self, now: Instant) -> None:
        """A decision takes the agent."""
        self.given_at = now
        if self.load is not None:
            self.load.started(now)

    def engage(self, now: Instant) -> None:
        """Somebody else gave the agent a call: it is a load like any other."""
        if self.given_at is None and not self.engaged:
            self.engaged = True
            if self.load is not None:
                self.load.started(now)

    def released(self, now: Instant) -> float | None:
        """The agent is done; return for how long with what a decision gave."""
        if self.engaged:
            self.engaged = False
            if self.load is not None:
                self.load.ended(now)
        if self.given_at is None:
            return None
        lasted_s, self.given_at = now - self.given_at, None
        if self.load is not None:
            self.load.ended(now)
        return lasted_s


class Staff:
    """
    Agents by class and by how long they have been idle.

    Attributes:
        free_classes: classes with a free agent, as bits.
        free_with: free agents per skill.
        staffed_with: agents logged in per skill.
        away: those paused or unreachable.
    """

    def __init__(self, classes: SkillClasses, limits: Limits) -> None:
        self.classes = classes
        self.members: dict[AgentId, Member] = {}
        self.free_classes = 0
        self.free_with: Counter[str] = Counter()
        self.staffed_with: Counter[str] = Counter()
        self.away: set[AgentId] = set()
        self._limits = limits
        self._limited = limits.occupancy_cap is not None or bool(limits.calls_per_hour)
        self._free_of: dict[int, Ordered[tuple[Instant, AgentId]]] = {}
        self._idle: Ordered[tuple[Instant, AgentId]] = Ordered()
        self._rests: list[tuple[Instant, AgentId]] = []

    @property
    def free(self) -> int:
        """Count free agents."""
        return len(self._idle)

    def enter(self, agent: AgentId, skills: SkillClass, now: Instant) -> int | None:
        """Log an agent in; return the number of their class if it is a new one."""
        number, new = self.classes.enter(skills)
        load = Workload(self._limits, now) if self._limited else None
        self.members[agent] = Member(agent, skills, number, load)
        for name, _ in skills:
            self.staffed_with[name] += 1
        return number if new else None

    def leave(self, agent: AgentId) -> int | None:
        """Log an agent out; return the number of their class if nobody holds it."""
        self.set_busy(agent)
        self.away.discard(agent)
        member = self.members.pop(agent)
        for name, _ in member.skills:
            self.staffed_with[name] -= 1
            if not self.staffed_with[name]:
                del self.staffed_with[name], self.free_with[name]
        return member.number if self.classes.leave(member.number) else None

    def set_free(self, member: Member, since: Instant) -> None:
        """Enter an agent among the free; again with another instant replaces it."""
        if member.free_since == since:
            return
        self.set_busy(member.agent)
        member.free_since = since
        entry = (since, member.agent)
        self._idle.add(entry)
        of_class = self._free_of.get(member.number)
        if of_class is None:
            of_class = self._free_of[member.number] = Ordered()
        of_class.add(entry)
        self.free_classes |= 1 << member.number
        for name, _ in member.skills:
            self.free_with[name] += 1

    def set_busy(self, agent: AgentId) -> bool:
        """Take an agent out of the free; True if they were free."""
        member = self.members[agent]
        member.rests_until = None
        if member.free_since is None:
            return False
        entry = (member.free_since, agent)
        member.free_since = None
        self._idle.remove(entry)
        of_class = self._free_of[member.number]
        of_class.remove(entry)
        if not of_class:
            del self._free_of[member.number]
            self.free_classes &= ~(1 << member.number)
        for name, _ in member.skills:
            self.free_with[name] -= 1
        return True

    def rest(self, member: Member, until: Instant) -> None:
        """Keep an agent from calls until an instant."""
        self.set_busy(member.agent)
        member.rests_until = until
        heapq.heappush(self._rests, (until, member.agent))

    def rested(self, now: Instant) -> Iterator[Member]:
        """Go through the agents whose rest is over; they are not free by that."""
        while self._rests and self._rests[0][0] <= now:
            until, agent = heapq.heappop(self._rests)
            member = self.members.get(agent)
            if member is not None and member.rests_until == until:
                member.rests_until = None
                yield member

    def next_rest_ends(self) -> Instant | None:
        """Say when the next rest ends."""
        return self._rests[0][0] if self._rests else None

    def first_of(
        self, number: int, excluded: AbstractSet[AgentId] = frozenset()
    ) -> tuple[Instant, AgentId] | None:
        """Find the longest-idle free agent of a class."""
        of_class = self._free_of.get(number)
        if of_class is None:
            return None
        return next((entry for entry in of_class if entry[1] not in excluded), None)

    def longest_idle(
        self, classes: int, excluded: AbstractSet[AgentId] = frozenset()
    ) -> tuple[Instant, AgentId] | None:
        """Find the longest-idle free agent of a set of classes."""
        found = classes & self.free_classes
        if found.bit_count() > 32:
            # With many classes one of the first in the common order will do.
            for entry in self._idle:
                number = self.members[entry[1]].number
                if found >> number & 1 and entry[1] not in excluded:
                    return entry
            return None
        heads = (self.first_of(number, excluded) for number in bits(found))
        return min((head for head in heads if head is not None), default=None)

    def some_idle(
        self, classes: int, excluded: AbstractSet[AgentId], count: int
    ) -> list[tuple[Instant, AgentId]]:
        """List the first free agents of a set of classes, longest idle first."""
        found = classes & self.free_classes
        if found.bit_count() <= 32:
            of_classes = (self._free_of[number] for number in bits(found))
            first = (
                islice((e for e in entries if e[1] not in excluded), count)
                for entries in of_classes
            )
            return heapq.nsmallest(count, chain.from_iterable(first))
        able = (
            entry
            for entry in self._idle
            if found >> self.members[entry[1]].number & 1 and entry[1] not in excluded
        )
        return list(islice(able, count))

    def shortlist(
        self, classes: int, excluded: AbstractSet[AgentId], count: int
    ) -> int:
        """Leave the classes of the longest-idle agents when there are too many."""
        found = classes & self.free_classes
        if found.bit_count() <= count:
            return found
        some = 0
        for _, agent in self.some_idle(found, excluded, count):
            some |= 1 << self.members[agent].number
        return some

    def count_free(self, classes: int) -> int:
        """Count free agents of a set of classes."""
        found = classes & self.free_classes
        if found == self.free_classes:
            return len(self._idle)
        return sum(len(self._free_of[number]) for number in bits(found))

    def count_staffed(self, classes: int) -> int:
        """Count agents logged in of a set of classes."""
        return sum(self.classes.holders(number) for number in bits(classes))

    def count_present(self, classes: int) -> int:
        """Count agents of a set of classes who are not away."""
        away = sum(classes >> self.members[a].number & 1 for a in self.away)
        return self.count_staffed(classes) - away

    def able(self, classes: int, excluded: AbstractSet[AgentId]) -> bool:
        """Say whether somebody who is logged in and not excluded is of a class."""
        if not excluded:
            return bool(classes)
        return any(
            classes >> member.number & 1 and member.agent not in excluded
            for member in self.members.values()
        )
