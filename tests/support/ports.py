"""Free ports for servers that a test starts."""

import socket


def free_port(*, udp: bool = False, host: str = "127.0.0.1") -> int:
    """
    A port that was free a moment ago.

    Whoever uses it must be ready to lose the race for it, as `run_pbx` is.
    """
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
