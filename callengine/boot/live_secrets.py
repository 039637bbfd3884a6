"""Secrets of a running engine: a rotation is seen without a restart."""

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import structlog

from callengine.boot.secrets import (
    Secrets,
    SecretsError,
    load_secrets,
    secrets_path,
)

log = structlog.get_logger(__name__)

_LABEL = b"callengine agent sessions v1"


class LiveSecrets:
    """
    Reads the file again when it has changed; what cannot be read changes nothing.

    Args:
        secrets: as they were read at the start.
        clock: Unix time in seconds.
    """

    def __init__(
        self, var_dir: Path, secrets: Secrets, clock: Callable[[], float]
    ) -> None:
        self._var_dir = var_dir
        self._secrets = secrets
        self._clock = clock
        self._seen = self._stamp()

    def admin_tokens(self) -> tuple[str, ...]:
        """List the tokens that are accepted now, the new one first."""
        return self._current().accepted("admin_token", self._clock())

    def session_keys(self) -> tuple[bytes, ...]:
        """List the keys that sessions may be signed with, the new one first."""
        kept = self._current().accepted("session_key", self._clock())
        return tuple(session_key(one) for one in kept)

    def _current(self) -> Secrets:
        stamp = self._stamp()
        if stamp != self._seen:
            self._seen = stamp
            try:
                self._secrets = load_secrets(self._var_dir)
            except SecretsError as error:
                log.error("secrets unreadable, the old ones stay", reason=str(error))
            else:
                log.info("secrets read again")
        return self._secrets

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = secrets_path(self._var_dir).stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino


def session_key(text: str) -> bytes:
    """Derive the key that signs agents' sessions from the secret in the file."""
    return hmac.digest(text.encode(), _LABEL, hashlib.sha256)
