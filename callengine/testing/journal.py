"""The `Journal` port in memory; journals over one `MemoryRedis` compete for leases."""

import asyncio
import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from callengine.core.ids import Instant
from callengine.engine.ports import Entry, Fenced, JournalDown

KINDS = ("call", "agent")
STEP_S = 0.01


@dataclass(slots=True)
class _Node:
    """What Redis keeps of one node."""

    token: int = 0
    holder: int = 0
    """The token that holds the lease, 0 for none."""
    ends_at: Instant = 0.0
    states: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)


@dataclass(slots=True)
class MemoryRedis:
    """
    What several journals share.

    Attributes:
        down: set it to make every command fail as when Redis is away.
        answers_after_s: how long every command takes; infinite for one that hangs.
        appends: batches written so far.
    """

    down: bool = False
    answers_after_s: float = 0.0
    appends: int = 0
    nodes: dict[str, _Node] = field(default_factory=dict)

    def forget(self) -> None:
        """Lose all data, as a restart without persistence does."""
        self.nodes.clear()


@dataclass(slots=True)
class MemoryJournal:
    """`Journal` over a `MemoryRedis`."""

    redis: MemoryRedis = field(default_factory=MemoryRedis)
    clock: Callable[[], Instant] = lambda: 0.0
    lease_s: float = 5.0
    _name: str = ""
    _token: int = 0
    _mirror: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    async def acquire(self, node: str) -> int:
        """Take the lease; see `Journal`."""
        await self._reach()
        kept = self.redis.nodes.setdefault(node, _Node())
        if kept.holder and kept.ends_at > self.clock():
            raise Fenced(f"another process holds the lease of node {node}")
        kept.token += 1
        kept.holder, kept.ends_at = kept.token, self.clock() + self.lease_s
        self._name, self._token, self._mirror = node, kept.token, {}
        return kept.token

    async def renew(self) -> None:
        """Extend the lease."""
        await self.append(())

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write changed aggregates; see `Journal`."""
        for entry in entries:
            if entry.kind not in KINDS:
                raise ValueError(f"an entry's kind is one of {KINDS}")
            _put(self._mirror, entry)
        kept = await self._mine()
        for entry in entries:
            _put(kept.states, entry)
        self.redis.appends += 1

    async def load(self) -> tuple[Entry, ...]:
        """Read every aggregate left from before."""
        kept = await self._mine()
        self._mirror = copy.deepcopy(kept.states)
        return tuple(
            Entry(kind=kind, key=key, state=copy.deepcopy(kept.states[kind, key]))
            for kind, key in sorted(kept.states)
        )

    async def release(self) -> None:
        """Give the lease back."""
        await self._reach()
        kept = self.redis.nodes.get(self._name)
        if kept is not None and kept.holder == self._token:
            kept.holder = 0
        self._token = 0

    async def _reach(self) -> None:
        waited_s = 0.0
        while waited_s < self.redis.answers_after_s:
            await asyncio.sleep(STEP_S)
            waited_s += STEP_S
        if self.redis.down:
            raise JournalDown("Redis does not work: it was told so")

    async def _mine(self) -> _Node:
        """The node's state, if the lease is ours or nobody else's; extends it."""
        if self._token == 0:
            raise Fenced("the lease was never acquired")
        await self._reach()
        kept = self.redis.nodes.setdefault(self._name, _Node())
        held = kept.holder if kept.ends_at > self.clock() else 0
        if (held and held != self._token) or kept.token > self._token:
            raise Fenced("another process took the lease")
        if kept.token < self._token:
            kept.token, kept.states = self._token, copy.deepcopy(self._mirror)
        kept.holder, kept.ends_at = self._token, self.clock() + self.lease_s
        return kept


def _put(states: dict[tuple[str, str], dict[str, Any]], entry: Entry) -> None:
    if entry.state is None:
        states.pop((entry.kind, entry.key), None)
    else:
        # As bytes would: what comes back is plain JSON, whatever was written.
        states[entry.kind, entry.key] = orjson.loads(orjson.dumps(entry.state))
