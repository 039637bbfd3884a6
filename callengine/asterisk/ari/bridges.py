"""Commands on bridges."""

from collections.abc import Sequence

from callengine.asterisk.ari.models import Bridge
from callengine.asterisk.ari.requests import Requests
from callengine.core.ids import BridgeId, ChannelId, PlaybackId


class Bridges:
    """`/bridges`: one method per command we use."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def open(self, bridge: BridgeId) -> None:
        """Make a mixing bridge. Raises `Conflict` when the id is in use."""
        query = {"type": "mixing", "bridgeId": bridge, "name": bridge}
        await self._requests.send("POST", "bridges", query=query)

    async def close(self, bridge: BridgeId) -> None:
        """Destroy a bridge; channels in it stay in our application."""
        await self._requests.send("DELETE", "bridges/{bridgeId}", {"bridgeId": bridge})

    async def add(self, bridge: BridgeId, channels: Sequence[ChannelId]) -> None:
        """
        Ask for channels to enter: all or, when one is gone, none.

        Success is no proof: wait for `EnteredBridge`. Raises `BadCommand` when a
        channel is gone, `NotInApp` when it is not ours.
        """
        await self._requests.send(
            "POST",
            "bridges/{bridgeId}/addChannel",
            {"bridgeId": bridge},
            {
                "channel": ",".join(channels),
                # Else each join may cost a re-INVITE per leg, to tell a carrier the
                # identity of an agent.
                "inhibitConnectedLineUpdates": "true",
            },
        )

    async def play(self, bridge: BridgeId, playback: PlaybackId, media: str) -> None:
        """Play media to everybody in a bridge."""
        await self._requests.send(
            "POST",
            "bridges/{bridgeId}/play/{playbackId}",
            {"bridgeId": bridge, "playbackId": playback},
            {"media": media},
        )

    async def start_music(self, bridge: BridgeId, music: str) -> None:
        """Play music on hold to everybody in a bridge."""
        await self._requests.send(
            "POST",
            "bridges/{bridgeId}/moh",
            {"bridgeId": bridge},
            {"mohClass": music},
        )

    async def stop_music(self, bridge: BridgeId) -> None:
        """Stop the music. Raises `Conflict` when there is none."""
        await self._requests.send(
            "DELETE", "bridges/{bridgeId}/moh", {"bridgeId": bridge}
        )

    async def list(self) -> tuple[Bridge, ...]:
        """Read every bridge of this Asterisk, ours and others."""
        return await self._requests.read(
            lambda raw: tuple(map(Bridge.decode, raw)), "bridges"
        )
