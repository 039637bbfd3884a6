"""A disk of a few megabytes that can be full: a tmpfs where we may mount one."""

import os
import subprocess
from contextlib import suppress
from pathlib import Path

BALLAST = "ballast"
CHUNK = bytes(1 << 16)


class NoSmallDisk(OSError):
    """This machine lets us mount nothing."""


class SmallDisk:
    """
    A disk at `place`; `mount` it, `fill` it, `free` it, `unmount` it.

    Args:
        size_kb: of the whole disk.
    """

    def __init__(self, place: Path, size_kb: int) -> None:
        self.place = place
        self._size_kb = size_kb

    def mount(self) -> None:
        """Have it there. Raises `NoSmallDisk`."""
        self.place.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size_kb}k,mode=0700"
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.place)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NoSmallDisk(done.stderr.strip())

    def fill(self) -> None:
        """Leave not a byte."""
        handle = os.open(
            self.place / BALLAST, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
        )
        try:
            for size in (len(CHUNK), 4096, 512, 1):
                with suppress(OSError):
                    while True:
                        os.write(handle, CHUNK[:size])
        finally:
            os.close(handle)

    def free(self) -> None:
        """Give the room back."""
        (self.place / BALLAST).unlink(missing_ok=True)

    def unmount(self) -> None:
        """Take it away with all that is on it; what still uses it keeps it."""
        command = ["umount", "--lazy", str(self.place)]
        subprocess.run(command, capture_output=True, check=False)
