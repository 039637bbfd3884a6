"""
Sessions of agents: signed tokens, so that they outlive a restart of the engine.

A token is `base64url(JSON).base64url(HMAC-SHA256)`. Logging out revokes it in this
process; after a restart it is good until it expires, unless the key is changed.
"""

import binascii
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict
from dataclasses import dataclass

import orjson

from callengine.core.ids import AgentId, Instant

COOKIE = "callengine_session"
SESSION_S = 12 * 3600.0
"""A long shift; nobody is logged out in the middle of one."""

_MAX_TOKEN_CHARS = 512
_MAX_REVOKED = 10_000
_LEAST_KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Who is logged in, until when; `nonce` tells one log-in from another."""

    agent: AgentId
    expires_at: Instant
    nonce: str


class Sessions:
    """Mints, reads and revokes tokens."""

    def __init__(self, key: bytes) -> None:
        if len(key) < _LEAST_KEY_BYTES:
            raise ValueError(f"the session key needs {_LEAST_KEY_BYTES} bytes")
        self._key = hmac.digest(key, b"callengine agent session", hashlib.sha256)
        self._revoked: OrderedDict[str, Instant] = OrderedDict()

    def open(self, agent: AgentId, now: Instant) -> tuple[Session, str]:
        """Make a session and its token."""
        session = Session(
            agent=agent,
            expires_at=now + SESSION_S,
            nonce=secrets.token_urlsafe(12),
        )
        payload = _encode(orjson.dumps(session))
        return session, f"{payload}.{self._sign(payload)}"

    def read(self, token: str | None, now: Instant) -> Session | None:
        """Check a token; None when missing, forged, expired or revoked."""
        if not token or len(token) > _MAX_TOKEN_CHARS or not token.isascii():
            return None
        payload, _, signature = token.partition(".")
        if not hmac.compare_digest(signature, self._sign(payload)):
            return None
        session = _decode(payload)
        if session is None or session.expires_at <= now:
            return None
        return None if session.nonce in self._revoked else session

    def revoke(self, session: Session, now: Instant) -> None:
        """Refuse this session from now on."""
        for nonce, expires_at in list(self._revoked.items()):
            if expires_at > now and len(self._revoked) < _MAX_REVOKED:
                break
            del self._revoked[nonce]
        self._revoked[session.nonce] = session.expires_at

    def _sign(self, payload: str) -> str:
        return _encode(hmac.digest(self._key, payload.encode(), hashlib.sha256))


def _encode(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(payload: str) -> Session | None:
    try:
        raw = orjson.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return Session(
            agent=AgentId(str(raw["agent"])),
            expires_at=float(raw["expires_at"]),
            nonce=str(raw["nonce"]),
        )
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None
