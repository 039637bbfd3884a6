"""Following a log file: bounded reads, rotation, and where to go on after a restart."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

MOST_AT_ONCE = 1 << 20


class LogTail:
    """
    Reads whole lines as they come; blocks, so call it from a thread.

    A file that was rotated away is read to its end, found again by its inode beside the
    new one.

    Args:
        path: the log.
        mark: where the place reached is kept.
    """

    def __init__(self, path: Path, mark: Path) -> None:
        self._path, self._mark = path, mark
        self._inode, self._offset = 0, 0
        self.rotated = False
        """Whether the last `lines` ended a file that is not written any more."""
        self._recall()

    def _recall(self) -> None:
        try:
            known = json.loads(self._mark.read_text())
            self._inode, self._offset = int(known["inode"]), int(known["offset"])
        except (OSError, ValueError, KeyError, TypeError):
            # The first time: what happened before us is not ours to book.
            status = _status(self._path)
            if status is not None:
                self._inode, self._offset = status.st_ino, status.st_size

    @property
    def offset(self) -> int:
        """Where the next line begins."""
        return self._offset

    def keep(self, offset: int) -> None:
        """Keep the place to read from after a restart."""
        self._mark.parent.mkdir(parents=True, exist_ok=True)
        draft = self._mark.with_name(f"{self._mark.name}.new")
        draft.write_text(json.dumps({"inode": self._inode, "offset": offset}))
        draft.replace(self._mark)

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Read the whole lines that are there, at most a megabyte. Raises `OSError`."""
        self.rotated = False
        path = self._current()
        if path is None:
            return
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < self._offset:
                self._offset = 0  # cut, not rotated
            file.seek(self._offset)
            block = file.read(MOST_AT_ONCE)
        whole = block[: block.rfind(b"\n") + 1]
        if not whole and len(block) == MOST_AT_ONCE:
            whole = block  # no line of ours is so long
        for line in whole.splitlines(keepends=True):
            yield self._offset, line
            self._offset += len(line)
        if len(block) < MOST_AT_ONCE and path != self._path:
            self._inode, self._offset, self.rotated = 0, 0, True

    def _current(self) -> Path | None:
        """Find the file that we are in: the log, or what it was renamed to."""
        status = _status(self._path)
        if status is not None and self._inode in (0, status.st_ino):
            self._inode = status.st_ino
            return self._path
        for path in sorted(self._path.parent.glob(f"{self._path.name}*")):
            found = _status(path)
            if found is not None and found.st_ino == self._inode:
                return path
        if status is None:
            return None
        self._inode, self._offset, self.rotated = status.st_ino, 0, True
        return self._path


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None
