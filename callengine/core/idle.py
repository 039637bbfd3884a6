"""Free agents, indexed by skill class: a choice looks at classes, not at agents."""

import heapq
from collections import Counter

from callengine.core.agent import SkillClass
from callengine.core.ids import AgentId, Instant
from callengine.core.skills import Requirement


class SkillMatch:
    """Remembers which skill class meets which requirement."""

    def __init__(self) -> None:
        self._known: dict[tuple[Requirement, SkillClass], bool] = {}

    def meets(self, skills: SkillClass, requirement: Requirement) -> bool:
        """Say whether agents of a class meet a requirement."""
        key = (requirement, skills)
        known = self._known.get(key)
        if known is None:
            if len(self._known) > 50_000:
                self._known.clear()
            known = self._known[key] = requirement.met_by(dict(skills))
        return known


class FreeAgents:
    """
    Agents that may be offered a call now, longest idle first within a class.

    Removal leaves a stale heap entry behind, dropped when it comes to the top, so
    that every operation is logarithmic in the agents of one class.
    """

    def __init__(self, match: SkillMatch) -> None:
        self._match = match
        self._heaps: dict[SkillClass, list[tuple[Instant, AgentId]]] = {}
        self._member: dict[AgentId, tuple[SkillClass, Instant]] = {}
        self._count: Counter[SkillClass] = Counter()

    def __len__(self) -> int:
        return len(self._member)

    def __contains__(self, agent: AgentId) -> bool:
        return agent in self._member

    def add(self, agent: AgentId, skills: SkillClass, free_since: Instant) -> None:
        """Enter an agent; again with another class or instant replaces it."""
        if self._member.get(agent) == (skills, free_since):
            return
        self.discard(agent)
        self._member[agent] = (skills, free_since)
        self._count[skills] += 1
        heapq.heappush(self._heaps.setdefault(skills, []), (free_since, agent))

    def discard(self, agent: AgentId) -> None:
        """Take an agent out; absent is fine."""
        member = self._member.pop(agent, None)
        if member is not None:
            self._count[member[0]] -= 1

    def count_for(self, requirement: Requirement) -> int:
        """Count free agents that meet a requirement."""
        return sum(
            count
            for skills, count in self._count.items()
            if count and self._match.meets(skills, requirement)
        )

    def choose(
        self,
        requirement: Requirement,
        *,
        preferred: AgentId | None = None,
        excluded: tuple[AgentId, ...] = (),
    ) -> AgentId | None:
        """Find the preferred, else the longest-idle agent who meets it, if any."""
        if preferred is not None and preferred not in excluded:
            member = self._member.get(preferred)
            if member is not None and self._match.meets(member[0], requirement):
                return preferred
        best: tuple[Instant, AgentId] | None = None
        for skills in self._heaps:
            if self._match.meets(skills, requirement):
                head = self._head(skills, excluded)
                if head is not None and (best is None or head < best):
                    best = head
        return None if best is None else best[1]

    def _head(
        self, skills: SkillClass, excluded: tuple[AgentId, ...]
    ) -> tuple[Instant, AgentId] | None:
        heap = self._heaps[skills]
        skipped = []
        found = None
        while heap:
            since, agent = heap[0]
            if self._member.get(agent) != (skills, since):
                heapq.heappop(heap)
            elif agent in excluded:
                skipped.append(heapq.heappop(heap))
            else:
                found = heap[0]
                break
        for entry in skipped:
            heapq.heappush(heap, entry)
        return found
