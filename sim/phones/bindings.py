"""Which SIP phones are registered for a login, as AMI tells it."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable

from sim.world.plan import Plan

OnBinding = Callable[[str, bool], None]
"""Takes the SIP address of a phone, and whether it is registered now."""

_GONE = frozenset({"removed", "unreachable"})
_WITHIN_S = 5.0
_AGAIN_AFTER_S = 1.0
_LINE_BYTES = 1 << 16


async def watch_bindings(plan: Plan, login: str, on_binding: OnBinding) -> None:
    """Tell of phones that come and go, until cancelled; AMI may go and come too."""
    while True:
        # What is missed meanwhile, the phone's next registration tells.
        with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
            await _watch(plan, login, on_binding)
        await asyncio.sleep(_AGAIN_AFTER_S)


async def _watch(plan: Plan, login: str, on_binding: OnBinding) -> None:
    async with asyncio.timeout(_WITHIN_S):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", plan.ami_port, limit=_LINE_BYTES
        )
    try:
        writer.write(
            b"Action: Login\r\nUsername: callengine\r\nSecret: "
            + plan.ami_password.encode()
            + b"\r\nEvents: on\r\n\r\n"
        )
        while True:
            said = await reader.readuntil(b"\r\n\r\n")
            event = read_event(said.decode("latin-1").splitlines())
            if event.get("endpointname") == login and event.get("uri"):
                gone = event.get("contactstatus", "").lower() in _GONE
                on_binding(event["uri"], not gone)
    except asyncio.LimitOverrunError:
        return
    finally:
        writer.close()


def read_event(lines: Iterable[str]) -> dict[str, str]:
    """Read an event's fields, names in lower case; empty for any other event."""
    fields = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            fields[name.strip().lower()] = value.strip()
    return fields if fields.get("event") == "ContactStatus" else {}
