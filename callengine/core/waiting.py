"""
A waiting list, indexed by requirement: calls in a queue, or leads to be dialled.

Who waits longest is a rank (the instant of entry less any credit), never a place,
so that an entry which comes back stands where it stood.
"""

import heapq
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from callengine.core.agent import SkillClass
from callengine.core.idle import SkillMatch
from callengine.core.skills import Requirement

K = TypeVar("K", bound=str)


class WaitingList(Generic[K]):
    """Entries of one pool, best rank (lowest) first among those an agent can serve."""

    def __init__(self, match: SkillMatch) -> None:
        self._match = match
        self._heaps: dict[Requirement, list[tuple[float, K]]] = {}
        self._entry: dict[K, tuple[Requirement, float]] = {}

    def __len__(self) -> int:
        return len(self._entry)

    def __contains__(self, key: K) -> bool:
        return key in self._entry

    def __iter__(self) -> Iterator[K]:
        return iter(self._entry)

    def add(self, key: K, requirement: Requirement, rank: float) -> None:
        """Enter or move an entry."""
        if self._entry.get(key) == (requirement, rank):
            return
        self._entry[key] = (requirement, rank)
        heapq.heappush(self._heaps.setdefault(requirement, []), (rank, key))

    def discard(self, key: K) -> None:
        """Take an entry out; absent is fine."""
        self._entry.pop(key, None)

    def best_for(
        self, skills: SkillClass, may: Callable[[K], bool] = lambda key: True
    ) -> K | None:
        """
        Find the entry that waited longest among those `skills` meet.

        Args:
            may: refuses single entries (an agent excluded for that call).
        """
        best: tuple[float, K] | None = None
        for requirement in list(self._heaps):
            if not self._match.meets(skills, requirement):
                continue
            head = self._head(requirement, may)
            if head is not None and (best is None or head < best):
                best = head
        return None if best is None else best[1]

    def heads(self) -> list[tuple[float, K, Requirement]]:
        """List the first entry of every requirement, best rank first."""
        found = []
        for requirement in list(self._heaps):
            head = self._head(requirement, lambda key: True)
            if head is not None:
                found.append((*head, requirement))
        return sorted(found, key=lambda entry: entry[:2])

    def _head(
        self, requirement: Requirement, may: Callable[[K], bool]
    ) -> tuple[float, K] | None:
        heap = self._heaps[requirement]
        skipped = []
        found = None
        while heap:
            rank, key = heap[0]
            if self._entry.get(key) != (requirement, rank):
                heapq.heappop(heap)
            elif not may(key):
                skipped.append(heapq.heappop(heap))
            else:
                found = heap[0]
                break
        for entry in skipped:
            heapq.heappush(heap, entry)
        if not heap:
            del self._heaps[requirement]
        return found
