"""Free ports of this machine, so that runs do not meet one another."""

import socket
from contextlib import ExitStack

_LOOPBACK = "127.0.0.1"
LOWEST = 10_000


def free_ports(
    count: int, *, host: str = _LOOPBACK, kind: socket.SocketKind = socket.SOCK_STREAM
) -> list[int]:
    """Find `count` different ports that nobody has bound just now."""
    with ExitStack() as held:
        ports = []
        for _ in range(count):
            sock = held.enter_context(socket.socket(socket.AF_INET, kind))
            sock.bind((host, 0))
            ports.append(int(sock.getsockname()[1]))
        return ports


def free_udp_range(length: int, *, first: int = LOWEST, last: int = 60_000) -> int:
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
