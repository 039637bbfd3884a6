"""One engine per folder: a locked file that says which process it is."""

import fcntl
import os
from pathlib import Path


class Occupied(Exception):
    """Another engine runs in this folder; the text is its process id."""


class PidFile:
    """
    A file with our process id, locked as long as we live.

    The lock counts, not the file: a file that a killed process left stops nobody, and
    a start that is refused changes nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def take(self) -> None:
        """Lock it and write our id. Raises `Occupied`, `OSError`."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            os.close(descriptor)
            raise Occupied(holder) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def let_go(self) -> None:
        """Empty the file and unlock it. It stays: whoever locks it next is alone."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            self.close()

    def close(self) -> None:
        """Give up our hold on the file, as a child does whose parent keeps it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
