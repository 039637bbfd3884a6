"""Free ports of this machine, so that runs do not meet one another."""

import fcntl
import os
import socket
import tempfile
import weakref
from contextlib import ExitStack
from pathlib import Path
from random import SystemRandom

_LOOPBACK = "127.0.0.1"
LOWEST = 10_000
EPHEMERAL = 32_768
"""From here on the kernel hands ports out by itself."""
_SLOT = 1000


class ClaimedRange:
    """Ports that no other run of ours takes, as long as this object lives."""

    def __init__(self, first: int, locked: list[int]) -> None:
        self.first = first
        weakref.finalize(self, _close, locked)


def free_ports(
    count: int, *, host: str = _LOOPBACK, kind: socket.SocketKind = socket.SOCK_STREAM
) -> list[int]:
    """
    Find `count` different ports that nobody has bound just now.

    They are below those that the kernel hands out by itself, or the next outgoing
    connection of anybody could take one before its server has started.
    """
    chance = SystemRandom()
    with ExitStack() as held:
        ports: list[int] = []
        for _ in range(count * 200):
            sock = held.enter_context(socket.socket(socket.AF_INET, kind))
            try:
                sock.bind((host, chance.randrange(LOWEST, EPHEMERAL)))
            except OSError:
                continue
            ports.append(int(sock.getsockname()[1]))
            if len(ports) == count:
                return ports
    raise OSError(f"no {count} free ports in {LOWEST}-{EPHEMERAL}")


def is_free(port: int, *, host: str = _LOOPBACK) -> bool:
    """Whether nobody listens on a TCP port just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return False
    return True


def free_udp_range(length: int, *, first: int = LOWEST, last: int = EPHEMERAL) -> int:
    """
    Find the start of `length` consecutive UDP ports free on every address.

    Starts at an even port, as RTP wants. Raises `OSError` when there is none.
    """
    start = first + first % 2
    while start + length <= last:
        taken = _first_taken(start, length)
        if taken is None:
            return start
        start = taken + 2 - taken % 2
    if first > LOWEST:  # there may be room below
        return free_udp_range(length, first=LOWEST, last=last)
    raise OSError(f"no {length} free UDP ports in a row in {first}-{last}")


def claim_udp_range(
    length: int, *, first: int, last: int, all_free: bool = True
) -> ClaimedRange:
    """
    Find such a range that no other run of ours has claimed either.

    Media ports are free until calls take them, so that looking alone would let two
    runs meet. The claim lasts as long as what is returned, at most as this process.

    Args:
        all_free: nobody else may have bound any; who passes over ports that are taken,
            as Asterisk does, need not have them all.
    """
    start = first + first % 2
    for _ in range(2 * (last - LOWEST) // _SLOT):
        if all_free:
            start = free_udp_range(length, first=start, last=last)
        locked, taken = _claim(start // _SLOT, (start + length - 1) // _SLOT)
        if taken is None:
            return ClaimedRange(start, locked)
        start = (taken + 1) * _SLOT
        if start + length > last:
            start = LOWEST
    raise OSError(f"other runs have claimed all ports in {LOWEST}-{last}")


def _claim(first: int, last: int) -> tuple[list[int], int | None]:
    """Lock these slots, all of them or none; the locks, or who is in the way."""
    locked: list[int] = []
    for slot in range(first, last + 1):
        fd = _lock_file(slot)
        locked.append(fd)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _close(locked)
            return [], slot
    return locked, None


def _close(locked: list[int]) -> None:
    for fd in locked:
        os.close(fd)


def _lock_file(slot: int) -> int:
    """Open what stands for a slot on this machine, for runs of every user."""
    path = Path(tempfile.gettempdir()) / f"callengine-ports-{slot}.lock"
    how = os.O_RDONLY | os.O_NOFOLLOW
    try:
        return os.open(path, how)
    except FileNotFoundError:
        return os.open(path, how | os.O_CREAT, 0o644)


def _first_taken(start: int, length: int) -> int | None:
    for port in range(start, start + length):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(("0.0.0.0", port))
            except OSError:
                return port
    return None
