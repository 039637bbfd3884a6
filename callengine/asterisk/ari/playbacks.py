"""Commands on prompts that play."""

from callengine.asterisk.ari.requests import Requests
from callengine.core.ids import PlaybackId


class Playbacks:
    """`/playbacks`: one method per command we use."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def stop(self, playback: PlaybackId) -> None:
        """Stop a prompt. Raises `ResourceGone` when it has ended."""
        await self._requests.send(
            "DELETE", "playbacks/{playbackId}", {"playbackId": playback}
        )

    async def check(self, playback: PlaybackId) -> None:
        """Return when the prompt has not ended. Raises `ResourceGone`."""
        await self._requests.send(
            "GET", "playbacks/{playbackId}", {"playbackId": playback}
        )
