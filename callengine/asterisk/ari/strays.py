"""Channels in our application that nobody waits for, sent where they belong."""

import asyncio

import structlog

from callengine.asterisk.ari.channels import Channels
from callengine.asterisk.ari.translate import NORMAL_CLEARING, OUTBOUND
from callengine.core.ids import ChannelId
from callengine.engine.ports import ResourceGone, TelephonyError

log = structlog.get_logger(__name__)

MOST = 1000


class Strays:
    """A queue of them, worked off one by one."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels
        self._queue: asyncio.Queue[tuple[ChannelId, str]] = asyncio.Queue(MOST)

    def send_away(self, channel: ChannelId, way: str) -> None:
        """Put one into the queue; `way` is how it came, as the translator has it."""
        log.warning("a channel that nobody waits for", channel=channel, way=way)
        try:
            self._queue.put_nowait((channel, way))
        except asyncio.QueueFull:
            log.error("too many channels that nobody waits for", channel=channel)

    async def run(self) -> None:
        """Send them away for ever."""
        while True:
            channel, way = await self._queue.get()
            try:
                if way == OUTBOUND:
                    await self._channels.hang_up(channel, cause=NORMAL_CLEARING)
                else:
                    # Perhaps a caller: the dialplan's fallback is better than us.
                    await self._channels.leave(channel)
            except ResourceGone:
                continue
            except TelephonyError as e:
                log.warning("stray channel stays", channel=channel, why=str(e))
