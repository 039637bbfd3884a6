"""Commands on our own application: its events and what it controls."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from callengine.asterisk.ari.models import Application, Version
from callengine.asterisk.ari.requests import Requests
from callengine.core.ids import BridgeId, ChannelId


def _unix_time(raw: Mapping[str, Any]) -> int:
    return int(datetime.fromisoformat(raw["timestamp"]).timestamp())


class Applications:
    """`/applications`, `/events` and `/asterisk`: what we use of them."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def get(self, app: str) -> Application:
        """Read what an application is subscribed to. Raises `ResourceGone`."""
        ids = {"applicationName": app}
        return await self._requests.read(
            Application.decode, "applications/{applicationName}", ids
        )

    async def subscribe_bridge(self, app: str, bridge: BridgeId) -> None:
        """Have a bridge's events sent to an application as long as it exists."""
        await self._requests.send(
            "POST",
            "applications/{applicationName}/subscription",
            {"applicationName": app},
            {"eventSource": f"bridge:{bridge}"},
        )

    async def disallow(self, app: str, kinds: Iterable[str]) -> None:
        """Ask Asterisk not to send events of these kinds."""
        # Never `allowed`: whatever such a list forgets is silently lost.
        await self._requests.send(
            "PUT",
            "applications/{applicationName}/eventFilter",
            {"applicationName": app},
            body={"disallowed": [{"type": kind} for kind in kinds]},
        )

    async def send_user_event(self, app: str, name: str) -> None:
        """Have Asterisk send `UserEvent(name)` to an application's socket."""
        await self._requests.send(
            "POST",
            "events/user/{eventName}",
            {"eventName": name},
            {"application": app},
        )

    async def claim(self, app: str, channel: ChannelId) -> None:
        """
        Have a channel that waits in `StasisBroadcast()` enter an application.

        Raises `ResourceGone` when it waits no more, `Conflict` when another was first.
        """
        await self._requests.send(
            "POST", "events/claim", query={"channelId": channel, "application": app}
        )

    async def now(self) -> int:
        """Read Asterisk's clock, Unix time in whole seconds."""
        return await self._requests.read(_unix_time, "asterisk/ping")

    async def set_global(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan."""
        await self._requests.send(
            "POST", "asterisk/variable", query={"variable": name, "value": value}
        )

    async def set_device(self, device: str, state: str) -> None:
        """Set the state of a device of our own, `Stasis:NAME`."""
        await self._requests.send(
            "PUT",
            "deviceStates/{deviceName}",
            {"deviceName": device},
            {"deviceState": state},
        )

    async def version(self) -> Version:
        """Read which Asterisk this is."""
        return await self._requests.read(Version.decode, "asterisk/info")
