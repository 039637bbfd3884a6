"""
Live state in Redis, guarded by a lease with a fencing token.

Every write is one script that checks the token and changes the hashes: a node that
lost its lease cannot write even once more, and a batch costs one round trip.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Protocol

import orjson
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from callengine.coordination.scripts import ACQUIRE, APPEND, LOAD, RELEASE
from callengine.engine.ports import Entry, Fenced, JournalDown

KINDS = ("call", "agent")
LEASE_S = 3.0
CONNECT_S = 1.0
ANSWER_S = 2.0
CONNECTIONS = 4

log = structlog.get_logger()


class Script(Protocol):
    """A registered Lua script."""

    async def __call__(self, *, keys: Sequence[str], args: Sequence[Any]) -> Any:
        """Run it; loaded into Redis when it is not there."""


def key_of(node: str, name: str) -> str:
    """Name a node's key in Redis, such as its `lease`."""
    # Braces keep all keys of a node in one slot of a Redis cluster.
    return f"callengine:{{{node}}}:{name}"


class RedisJournal:
    """
    `Journal` in Redis.

    What was written is also kept here as bytes: should Redis come back empty, all of
    it is written again before anything else, and nothing is lost but the moment.
    """

    def __init__(self, redis: Redis, *, lease_s: float = LEASE_S) -> None:
        self._redis = redis
        self._lease_ms = int(lease_s * 1000)
        self._keys: list[str] = []
        self._token = 0
        self._order = asyncio.Lock()
        self._mirror: dict[tuple[str, str], bytes] = {}
        self._acquire: Script = redis.register_script(ACQUIRE)
        self._append: Script = redis.register_script(APPEND)
        self._load: Script = redis.register_script(LOAD)
        self._release: Script = redis.register_script(RELEASE)

    @classmethod
    def open(cls, url: str, *, lease_s: float = LEASE_S) -> "RedisJournal":
        """Prepare connections to `url`; the first use connects."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            socket_timeout=ANSWER_S,
            socket_connect_timeout=CONNECT_S,
            # Once more on a fresh connection, for one that died while idle. Writing
            # the same state twice is harmless, and appends keep their order.
            retry=Retry(NoBackoff(), 1),
        )
        return cls(Redis(connection_pool=pool), lease_s=lease_s)

    async def close(self) -> None:
        """Close every connection; the lease stays until `release` or its end."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def acquire(self, node: str) -> int:
        """Take the node's lease; see `Journal`."""
        keys = [key_of(node, name) for name in ("lease", "token", *KINDS)]
        token = int(await self._run(self._acquire, keys, [self._lease_ms]))
        if token == 0:
            raise Fenced(f"another process holds the lease of node {node}")
        self._keys, self._token = keys, token
        self._mirror = {}
        return token

    async def renew(self) -> None:
        """Extend the lease. Raises `Fenced`, `JournalDown`."""
        await self.append(())

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write changed aggregates, atomically; see `Journal`."""
        packed = [(e.kind, e.key, _packed(e)) for e in entries]
        async with self._order:
            for kind, key, state in packed:
                if state:
                    self._mirror[kind, key] = state
                else:
                    self._mirror.pop((kind, key), None)
            if await self._write(packed):
                log.error("journal found empty", entries=len(self._mirror))
                whole = [(*place, state) for place, state in self._mirror.items()]
                await self._write(whole)

    async def _write(self, packed: Sequence[tuple[str, str, bytes]]) -> bool:
        """Run the script; True when Redis had forgotten us and must be refilled."""
        arguments: list[Any] = [self._token, self._lease_ms]
        for kind, key, state in packed:
            arguments += (KINDS.index(kind) + 3, key, state)
        answer = int(await self._run(self._append, self._keys, arguments))
        if answer == 0:
            raise Fenced("another process took the lease")
        return answer == 2

    async def load(self) -> tuple[Entry, ...]:
        """Read every aggregate left from before."""
        found = await self._run(self._load, self._keys, [self._token])
        if found is None:
            raise Fenced("another process took the lease")
        entries: list[Entry] = []
        for kind, pairs in zip(KINDS, found, strict=True):
            for key, state in zip(pairs[::2], pairs[1::2], strict=True):
                self._mirror[kind, key.decode()] = state
                entry = _unpacked(kind, key.decode(), state)
                if entry is not None:
                    entries.append(entry)
        return tuple(entries)

    async def release(self) -> None:
        """Give the lease back; not ours any more is success."""
        if self._token:
            await self._run(self._release, self._keys, [self._token])
            self._token = 0

    async def _run(self, script: Script, keys: Sequence[str], args: Any) -> Any:
        if not keys:
            raise Fenced("the lease was never acquired")
        task = asyncio.current_task()
        asked = task.cancelling() if task is not None else 0
        try:
            answer = await script(keys=keys, args=args)
        except ReadOnlyError as error:
            # Its master is another one now: the next try asks again who that is.
            await self._redis.connection_pool.disconnect(inuse_connections=False)
            raise JournalDown(f"Redis is a read-only replica: {error}") from error
        except (RedisError, OSError) as error:
            raise JournalDown(f"Redis does not work: {error}") from error
        if task is not None and task.cancelling() > asked:
            # The client writes under `wait_for`, which before Python 3.12 forgets a
            # cancellation that comes in the moment the write is done.
            raise asyncio.CancelledError
        return answer


def _packed(entry: Entry) -> bytes:
    """Write an aggregate's state; empty bytes for one that is no more."""
    if entry.kind not in KINDS:
        raise ValueError(f"an entry's kind is one of {KINDS}, not {entry.kind!r}")
    return b"" if entry.state is None else orjson.dumps(entry.state)


def _unpacked(kind: str, key: str, state: bytes) -> Entry | None:
    try:
        value = orjson.loads(state)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        # Better one call less than an engine that cannot start for it.
        log.error("journal entry unreadable", kind=kind, key=key)
        return None
    return Entry(kind=kind, key=key, state=value)
