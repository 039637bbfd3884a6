"""What systemd is told, where it wants to know (`Type=notify`); elsewhere nothing."""

import os
import socket
from collections.abc import Mapping


class Notify:
    """
    Says `READY=1` and the like to whoever started us.

    The protocol is one datagram per message (sd_notify(3)); a message that cannot be
    delivered is dropped: it must never stop an engine.
    """

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the zero byte of an abstract socket.
        self._address = f"\0{path[1:]}" if path.startswith("@") else path

    def say(self, *assignments: str) -> None:
        """Send `NAME=value` assignments as one message."""
        if not self._address:
            return
        message = "\n".join(assignments).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.setblocking(False)
            try:
                sender.sendto(message, self._address)
            except OSError:
                return
