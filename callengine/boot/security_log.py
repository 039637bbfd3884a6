"""
The security log: who got in, who was turned away, who changed what.

`var_dir/security.log`, one JSON object per line, readable by its owner alone, since the
addresses stand in clear: programs such as fail2ban need them. It never grows beyond
`KEPT` files of `LARGEST` bytes.
"""

import getpass
import json
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from callengine.boot.log_safety import dump_json, redact

log = structlog.get_logger(__name__)

FILE_NAME = "security.log"
LARGEST = 10_000_000
KEPT = 5
MAX_VALUE = 200


class SecurityLog:
    """Appends lines; what cannot be written is told once in the ordinary log."""

    def __init__(self, var_dir: Path, clock: Callable[[], float]) -> None:
        self.path = var_dir / FILE_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._is_failing = False

    def note(self, event: str, **said: str) -> None:
        """Keep an event. Never raises; `address` comes before what others wrote."""
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        address = said.pop("address", "")
        line: dict[str, str] = {"at": at, "event": event, "address": address}
        line |= {name: redact(str(value))[:MAX_VALUE] for name, value in said.items()}
        try:
            with self._lock:
                self._write(dump_json(line, separators=(",", ":")) + "\n")
            self._is_failing = False
        except (OSError, ValueError, json.JSONDecodeError) as error:
            if not self._is_failing:
                self._is_failing = True
                log.error("security log unwritable", reason=str(error))

    def _write(self, line: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Opened for each line: somebody else may have moved it away meanwhile.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            os.write(descriptor, line.encode())
            is_full = os.fstat(descriptor).st_size >= LARGEST
        finally:
            os.close(descriptor)
        if is_full:
            self._turn()

    def _turn(self) -> None:
        """Begin a new file; the oldest one goes."""
        for number in range(KEPT - 1, 0, -1):
            older = self.path.with_name(f"{FILE_NAME}.{number}")
            if older.exists():
                older.replace(self.path.with_name(f"{FILE_NAME}.{number + 1}"))
        self.path.replace(self.path.with_name(f"{FILE_NAME}.1"))


def person() -> str:
    """Name the person who runs a command, behind sudo too."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
