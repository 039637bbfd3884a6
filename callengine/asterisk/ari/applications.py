"""Commands on our own application: its events and what it controls."""

from collections.abc import Iterable

from callengine.asterisk.ari.models import Application, Version
from callengine.asterisk.ari.requests import Requests
from callengine.core.ids import BridgeId


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

    async def version(self) -> Version:
        """Read which Asterisk this is."""
        return await self._requests.read(Version.decode, "asterisk/info")
