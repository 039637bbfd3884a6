"""The only door to the pool: many post, its owner reads, in order, in batches."""

import asyncio
from collections import deque

from callengine.core.facts import Fact

GATHER_S = 0.0015
"""Facts of one call come in flocks; hardly anybody hears a millisecond."""


class InboxFull(Exception):
    """More facts are unread than the pool can ever be behind by; it must resync."""


class Inbox:
    """
    A bounded queue of facts.

    A fact beyond the capacity is not dropped politely: `overflowed` is set, and the
    owner asks Asterisk what is true.

    Args:
        capacity: most facts unread.
    """

    def __init__(self, *, capacity: int = 20_000) -> None:
        self._facts: deque[Fact] = deque()
        self._capacity = capacity
        self._arrived = asyncio.Event()
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._facts)

    def post(self, fact: Fact) -> None:
        """Put a fact in; never waits."""
        if len(self._facts) >= self._capacity:
            self.overflowed = True
            return
        self._facts.append(fact)
        self._arrived.set()

    async def take(self, limit: int = 256) -> list[Fact]:
        """
        Wait for facts; return up to `limit` of them.

        A batch is one write to the journal, so those that come within `GATHER_S` of
        the first go with it.
        """
        while not self._facts:
            self._arrived.clear()
            await self._arrived.wait()
            await asyncio.sleep(GATHER_S)
        facts = self._facts
        return [facts.popleft() for _ in range(min(limit, len(facts)))]
