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
from collections.abc import Callable, Sequence
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
    """
    Mints, reads and revokes tokens.

    Args:
        keys: gives the keys in force: the first one signs, all are accepted.
    """

    def __init__(self, keys: Callable[[], Sequence[bytes]]) -> None:
        if any(len(key) < _LEAST_KEY_BYTES for key in keys()):
            raise ValueError(f"the session key needs {_LEAST_KEY_BYTES} bytes")
        self._keys = keys
        self._revoked: OrderedDict[str, Instant] = OrderedDict()

    def open(self, agent: AgentId, now: Instant) -> tuple[Session, str]:
        """Make a session and its token."""
        session = Session(
            agent=agent,
            expires_at=now + SESSION_S,
            nonce=secrets.token_urlsafe(12),
        )
        payload = _encode(orjson.dumps(session))
        return session, f"{payload}.{_sign(payload, self._keys()[0])}"

    def read(self, token: str | None, now: Instant) -> Session | None:
        """Check a token; None when missing, forged, expired or revoked."""
        if not token or len(token) > _MAX_TOKEN_CHARS or not token.isascii():
            return None
        payload, _, signature = token.partition(".")
        if not any(
            hmac.compare_digest(signature, _sign(payload, key)) for key in self._keys()
        ):
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


def _sign(payload: str, key: bytes) -> str:
    own = hmac.digest(key, b"callengine agent session", hashlib.sha256)
    return _encode(hmac.digest(own, payload.encode(), hashlib.sha256))


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
