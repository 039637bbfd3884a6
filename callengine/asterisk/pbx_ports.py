"""Which ports are taken, and by whom."""

import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Port:
    """A port that somebody needs; `key` is the setting that moves it."""

    key: str
    host: str
    number: int
    udp: bool = False

    def __str__(self) -> str:
        """`TCP port 8088`."""
        return f"{'UDP' if self.udp else 'TCP'} port {self.number}"


def is_free(port: Port) -> bool:
    """Whether a server could listen there now. Raises `OSError` for a bad host."""
    kind = socket.SOCK_DGRAM if port.udp else socket.SOCK_STREAM
    family = socket.AF_INET6 if ":" in port.host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        if not port.udp:
            # As servers do: a port whose last connections linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((port.host, port.number))
        except OSError as error:
            if error.errno in {98, 13}:  # EADDRINUSE, EACCES
                return False
            raise
    return True


def holder(port: Port) -> str:
    """Name the process that holds a port, as well as this user may know."""
    for connection in psutil.net_connections("udp" if port.udp else "tcp"):
        if not connection.laddr or connection.laddr.port != port.number:
            continue
        if port.udp or connection.status == psutil.CONN_LISTEN:
            return _name(connection.pid)
    if port.number < 1024:
        return "nobody, but ports below 1024 are root's"
    return _name(None)


def complaint(port: Port) -> str:
    """Say that a port is taken, by whom, and what to do."""
    return (
        f"{port} is taken by {holder(port)}. Stop it, or choose another port"
        f" ({port.key})."
    )


def _name(pid: int | None) -> str:
    if pid is None:
        return "a process of another user (sudo ss -lntup names it)"
    try:
        process = psutil.Process(pid)
        return f"{process.name()} (process {pid}: {' '.join(process.cmdline())[:120]})"
    except psutil.Error:
        return f"process {pid}"
