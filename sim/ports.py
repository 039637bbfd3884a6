"""Free ports of this machine, so that runs do not meet one another."""

import socket
from contextlib import ExitStack
from random import SystemRandom

_LOOPBACK = "127.0.0.1"
LOWEST = 10_000
EPHEMERAL = 32_768
"""From here on the kernel hands ports out by itself."""


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


def _first_taken(start: int, length: int) -> int | None:
    for port in range(start, start + length):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            try:
                sock.bind(("0.0.0.0", port))
            except OSError:
                return port
    return None
