"""Who may ask: agents' passwords and shops' keys."""

import asyncio
import hashlib
import secrets
from collections.abc import Callable

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import or_, select

from callengine.core.ids import Instant, ShopId
from callengine.engine.ports import AgentProfile
from callengine.store import tables as t
from callengine.store.database import Database
from callengine.store.directory import agent_profile

MAX_PASSWORD = 256
MAX_KEY = 256
HASHES_AT_ONCE = 2
"""Each hash takes a core and tens of megabytes for tens of milliseconds."""


class SqlAgentAccounts:
    """`AgentAccounts` on the database."""

    def __init__(
        self,
        db: Database,
        clock: Callable[[], Instant],
        hasher: PasswordHasher | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._hasher = hasher or PasswordHasher()
        self._gate = asyncio.Semaphore(HASHES_AT_ONCE)
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    async def log_in(self, login: str, password: str) -> AgentProfile | None:
        """Check a password; see `AgentAccounts`."""
        if len(password) > MAX_PASSWORD or len(login) > MAX_KEY or "\x00" in login:
            return None
        async with self._db.read() as connection:
            found = await connection.execute(
                select(t.agents.c.password_hash).where(t.agents.c.agent == login)
            )
            kept = found.scalar_one_or_none()
        async with self._gate:
            right = await asyncio.to_thread(
                self._verify, kept or self._nobody, password
            )
        if not right or not kept:
            return None
        async with self._db.read() as connection:
            return await agent_profile(connection, login, self._clock())

    def _verify(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (Argon2Error, InvalidHashError):
            return False


class SqlShopKeys:
    """`ShopKeys` on the database: a key is found by its hash or not at all."""

    def __init__(self, db: Database, clock: Callable[[], Instant]) -> None:
        self._db = db
        self._clock = clock

    async def shop_for_key(self, key: str) -> ShopId | None:
        """Say whose key this is."""
        if not key or len(key) > MAX_KEY:
            return None
        k = t.api_keys.c
        async with self._db.read() as connection:
            found = await connection.execute(
                select(k.shop).where(
                    k.key_hash == hash_of_key(key),
                    or_(k.expires_at.is_(None), k.expires_at > self._clock()),
                )
            )
            shop = found.scalar_one_or_none()
        return None if shop is None else ShopId(shop)


def hash_of_key(key: str) -> str:
    """Digest of an API key. Keys are random, so a plain SHA-256 is enough."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
