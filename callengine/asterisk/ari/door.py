"""
The door between dialplan and engine: who comes in, and who is taken back.

The dialplan offers a caller (`StasisBroadcast`) only while our heartbeat is fresh, and
keeps one whom nobody claims in time: a caller never waits for an engine that hangs.
ADR 0015 tells what was tried.
"""

import asyncio

import structlog

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.errors import Conflict
from callengine.asterisk.ari.legs import Legs
from callengine.core.ids import ChannelId
from callengine.engine.ports import ResourceGone, TelephonyDown, TelephonyError

log = structlog.get_logger(__name__)

BEAT_EVERY_S = 1.0
LOOK_EVERY_S = 0.1
DOOR = "CALLENGINE_DOOR"
"""What the dialplan looks at before it takes a caller back."""
CHARGE_AGAIN_S = (0.1, 0.3)
"""One who talks already is not to be taken back for a request that was lost."""
MOST_CLAIMS = 500
"""Under way at once; who comes beyond them is answered by the fallback queue."""


def beat_variable(app: str) -> str:
    """Name the dialplan's global variable that an application's heartbeat is in."""
    return f"BEAT_{app}"


class Door:
    """
    Claims callers and beats, as long as it is open.

    Args:
        app: the application that callers enter.
        legs: tells who came in by the door.
        max_call_s: a call that everybody forgot ends after this.
    """

    def __init__(
        self, client: AriClient, app: str, legs: Legs, max_call_s: int
    ) -> None:
        self._client = client
        self._app = app
        self._legs = legs
        self._max_call_s = max_call_s
        self._claims: set[asyncio.Task[None]] = set()
        self.open = False
        """Whether callers may come in; `AriTelephony` opens and closes it."""
        self.beats = 0
        """Heartbeats told; until the first one the dialplan offers us nobody."""
        self.late = 0
        """Callers who had gone on before they were claimed."""

    def on_offered(self, channel: ChannelId) -> None:
        """Claim a caller; their arrival follows as `StasisStart`."""
        if not self.open or len(self._claims) >= MOST_CLAIMS:
            return
        task = asyncio.create_task(self._claim(channel), name="ari claim")
        self._claims.add(task)
        task.add_done_callback(self._claims.discard)

    async def _claim(self, channel: ChannelId) -> None:
        try:
            await self._client.applications.claim(self._app, channel)
        except (ResourceGone, Conflict):
            self.late += 1
        except TelephonyError as error:
            log.warning("caller not claimed", channel=channel, error=str(error))

    async def take_charge(self, channel: ChannelId) -> None:
        """Keep the dialplan from taking a caller back. Raises `TelephonyError`."""
        leg = self._legs.find(channel)
        if leg is None or not leg.by_door:
            return  # the admin's own dialplan: its time-outs are not ours to change
        passed = {DOOR: "passed", "TIMEOUT(absolute)": str(self._max_call_s)}
        for pause_s in CHARGE_AGAIN_S:
            try:
                await self._client.channels.set_variables(channel, passed)
            except TelephonyDown:
                await asyncio.sleep(pause_s)
            else:
                return
        await self._client.channels.set_variables(channel, passed)

    async def beat(self) -> None:
        """
        Tell the dialplan that we live, again and again; runs until cancelled.

        The beat is Asterisk's own time, read back: no two clocks are compared.
        """
        while True:
            if not self.open:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            try:
                now = await self._client.applications.now()
                name = beat_variable(self._app)
                await self._client.applications.set_global(name, str(now))
                self.beats += 1
            except TelephonyError as error:
                log.warning("no heartbeat for the dialplan", error=str(error))
            await asyncio.sleep(BEAT_EVERY_S)
