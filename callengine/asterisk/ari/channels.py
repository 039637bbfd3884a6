"""Commands on channels."""

from collections.abc import Mapping

from callengine.asterisk.ari.models import Channel
from callengine.asterisk.ari.requests import Requests
from callengine.core.ids import ChannelId


class Channels:
    """`/channels`: one method per command we use."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def originate(
        self,
        channel: ChannelId,
        endpoint: str,
        *,
        app: str,
        app_arguments: str,
        caller_id: str,
        timeout_s: int,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """
        Ring an endpoint; it enters `app` when answered.

        Events of the channel may precede the reply. Raises `Unreachable` when there
        is nothing to ring, `Conflict` when the id is in use.
        """
        query: dict[str, str | int] = {
            "endpoint": endpoint,
            "app": app,
            "appArgs": app_arguments,
            "channelId": channel,
            "callerId": caller_id,
            "timeout": timeout_s,
        }
        body = {"variables": dict(variables)} if variables else None
        await self._requests.send("POST", "channels", query=query, body=body)

    async def hang_up(self, channel: ChannelId, *, cause: int) -> None:
        """End a channel, in our application or not."""
        await self._requests.send(
            "DELETE",
            "channels/{channelId}",
            {"channelId": channel},
            {"reason_code": cause},
        )

    async def set_variable(self, channel: ChannelId, name: str, value: str) -> None:
        """Set a channel variable or a dialplan function's value."""
        await self._requests.send(
            "POST",
            "channels/{channelId}/variable",
            {"channelId": channel},
            {"variable": name, "value": value},
        )

    async def read_variable(self, channel: ChannelId, name: str) -> str:
        """Read a variable or a dialplan function of a channel; '' when unset."""
        return await self._requests.read(
            lambda raw: str(raw["value"]),
            "channels/{channelId}/variable",
            {"channelId": channel},
            {"variable": name},
        )

    async def set_variables(
        self, channel: ChannelId, variables: Mapping[str, str]
    ) -> None:
        """Set several at once, in order."""
        await self._requests.send(
            "POST",
            "channels/{channelId}/variables",
            {"channelId": channel},
            body={"variables": dict(variables)},
        )

    async def packets_received(self, channel: ChannelId) -> int:
        """Read how many RTP packets came in. Raises `ResourceGone`."""
        return await self._requests.read(
            lambda raw: int(raw["rxcount"]),
            "channels/{channelId}/rtp_statistics",
            {"channelId": channel},
        )

    async def leave(self, channel: ChannelId) -> None:
        """Let the dialplan go on at the channel's next priority."""
        await self._requests.send(
            "POST", "channels/{channelId}/continue", {"channelId": channel}
        )

    async def get(self, channel: ChannelId) -> Channel:
        """Read one channel. Raises `ResourceGone`."""
        ids = {"channelId": channel}
        return await self._requests.read(Channel.decode, "channels/{channelId}", ids)

    async def list(self) -> tuple[Channel, ...]:
        """Read every channel of this Asterisk, ours and others."""
        return await self._requests.read(
            lambda raw: tuple(map(Channel.decode, raw)), "channels"
        )
