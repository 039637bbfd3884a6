"""
`ports.Telephony` on Asterisk's REST interface.

One HTTP request per command wherever Asterisk allows it. Every channel that was asked
for ends in exactly one `ChannelGone`, also when the request failed, its reply was lost
or the socket was down as it ended.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

from callengine.asterisk.ari.client import AriClient
from callengine.asterisk.ari.door import Door
from callengine.asterisk.ari.errors import (
    BadCommand,
    Conflict,
    NotSent,
    NoValue,
    WrongState,
)
from callengine.asterisk.ari.events import Event, Offered
from callengine.asterisk.ari.headers import AUTO_ANSWER
from callengine.asterisk.ari.legs import Leg, Legs
from callengine.asterisk.ari.strays import Strays
from callengine.asterisk.ari.stream import EventStream, StreamSettings
from callengine.asterisk.ari.survey import Survey
from callengine.asterisk.ari.translate import OUTBOUND, Translator
from callengine.core.ids import BridgeId, ChannelId, Instant, PlaybackId
from callengine.core.phones import AutoAnswer
from callengine.engine.ports import (
    FactSink,
    Living,
    ResourceGone,
    TelephonyDown,
    TelephonyError,
    Unreachable,
)

SECURE = "CHANNEL(rtp,secure,audio)"
# Silence in ms that ends an utterance, and the loudness that is speech. A person's
# greeting ends within a second, a machine's goes on: 600 ms bridges its commas.
TALK_DETECT = "600,256"


async def _nothing() -> None:
    return None


class AriTelephony:
    """
    Call control of one Asterisk by one Stasis application.

    `run()` must be running for facts to come. After each (re)connect, before any new
    event is told: legs that ended unseen are told gone, then `on_connected` is awaited
    (reconcile with `living()` there), then the events that came meanwhile follow.

    Args:
        app: `callengine-NODE`; our bridges' ids begin with it and a dash.
        sink: receives facts in order; must be quick and never block.
        clock: the instant put on facts.
        rng: spreads reconnects and names probes.
        on_connected: awaited after each connect; may use every command.
        on_lost: called when the events stop coming.
        max_call_s: a call that everybody forgot ends after this.
    """

    def __init__(
        self,
        client: AriClient,
        app: str,
        *,
        sink: FactSink,
        clock: Callable[[], Instant],
        rng: Random,
        on_connected: Callable[[], Awaitable[None]] = _nothing,
        on_lost: Callable[[], None] = lambda: None,
        settings: StreamSettings | None = None,
        max_call_s: int = 14400,
    ) -> None:
        self._client = client
        self._app = app
        self._on_connected, self._on_lost = on_connected, on_lost
        self._legs = Legs()
        self._strays = Strays(client.channels)
        self._facts = Translator(sink, clock, self._legs, self._strays.send_away)
        self.door = Door(client, app, self._legs, max_call_s)
        self._survey = Survey(client, app, self._legs, self._facts)
        self._reconciling = False
        self.stream = EventStream(
            client,
            app,
            on_event=self._on_event,
            on_up=self._reconnected,
            on_down=self._lost,
            on_probe=self._survey.settle,
            rng=rng,
            settings=settings,
        )

    async def run(self) -> None:
        """Serve until cancelled. Raises `Fenced` when another socket took over."""
        works = (self._strays.run(), self.door.beat())
        beside = {asyncio.create_task(work, name="ari") for work in works}
        try:
            await self.stream.run()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)

    def _on_event(self, event: Event) -> None:
        if type(event) is Offered:
            self.door.on_offered(event.channel)
        else:
            self._facts.on_event(event)

    def _lost(self) -> None:
        self.door.open = False
        self._on_lost()

    @property
    def legs(self) -> int:
        """How many channels we answer for."""
        return len(self._legs)

    # --- the port: channels ----------------------------------------------------------

    async def originate(
        self,
        channel: ChannelId,
        endpoint: str,
        *,
        caller_id: str,
        timeout_s: int,
        auto_answer: AutoAnswer | None,
    ) -> None:
        """
        Start ringing; see `ports.Telephony`.

        Returns or raises, `ChannelGone` follows in the end; it is told before
        `Unreachable` is raised.
        """
        if self._legs.find(channel) is not None:
            raise Conflict(f"channel {channel} exists already")
        # Registered before the request: the first event may precede the reply.
        leg = self._legs.add(Leg(channel, asking=True))
        try:
            if not self.stream.listening:
                # It would ring, be answered and fall on the floor.
                raise NotSent("originate: no event stream")
            await self._client.channels.originate(
                channel,
                endpoint,
                app=self._app,
                app_arguments=f"{OUTBOUND},{channel}",
                caller_id=caller_id,
                timeout_s=timeout_s,
                variables=AUTO_ANSWER[auto_answer] if auto_answer else None,
            )
        except (TelephonyError, asyncio.CancelledError) as e:
            leg.doubtful = not _is_certain(e)
            if not leg.doubtful:
                self._facts.gone(channel, unreachable=isinstance(e, Unreachable))
            raise
        finally:
            leg.asking = False

    async def take_charge(self, channel: ChannelId) -> None:
        """Keep the dialplan from taking a caller back; see `dialplan/inbound.conf`."""
        await self.door.take_charge(channel)

    async def hang_up(self, channel: ChannelId, *, cause: int) -> None:
        """End a channel; already gone is success."""
        leg = self._legs.find(channel)
        if leg is not None and leg.cause is None:
            leg.cause = cause
        with suppress(ResourceGone):
            await self._client.channels.hang_up(channel, cause=cause)

    async def detect_talk(self, channel: ChannelId) -> None:
        """Report speech on a channel from now on."""
        await self._client.channels.set_variable(
            channel, "TALK_DETECT(set)", TALK_DETECT
        )

    async def packets_received(self, channel: ChannelId) -> int:
        """Count the RTP packets that a channel has received."""
        return await self._client.channels.packets_received(channel)

    async def is_secure(self, channel: ChannelId) -> bool:
        """Say whether the sound of a channel is encrypted. Raises `ResourceGone`."""
        try:
            return await self._client.channels.read_variable(channel, SECURE) == "1"
        except NoValue:
            return False  # the phone refused the stream that was offered

    async def leave(self, channel: ChannelId) -> None:
        """Give a channel back to the dialplan; `ChannelGone` says that it left."""
        leg = self._legs.find(channel)
        if leg is None:
            raise ResourceGone(f"channel {channel} is not ours")
        leg.leaving = True
        try:
            await self._client.channels.leave(channel)
        except (Conflict, WrongState) as e:
            leg.leaving = False
            raise ResourceGone(f"channel {channel} cannot leave") from e
        except TelephonyDown:
            raise  # it may have been done: then the end of its stay tells
        except TelephonyError:
            leg.leaving = False
            raise

    # --- the port: bridges -----------------------------------------------------------

    async def open_bridge(self, bridge: BridgeId) -> None:
        """
        Make a mixing bridge; one that exists already is success.

        Costs two commands: keep bridges and use them again.
        """
        with suppress(Conflict):
            await self._client.bridges.open(bridge)
        # Else its prompts are told only while a channel of ours is in it.
        await self._client.applications.subscribe_bridge(self._app, bridge)

    async def close_bridge(self, bridge: BridgeId) -> None:
        """Destroy a bridge; already gone, or just going (409), is success."""
        with suppress(ResourceGone, Conflict):
            await self._client.bridges.close(bridge)
        # Asterisk ends our subscription before it ends the prompts.
        for playback, where in tuple(self._legs.playbacks.items()):
            if where == bridge:
                self._facts.playback_ended(playback)

    async def join(self, bridge: BridgeId, channels: Sequence[ChannelId]) -> None:
        """Ask for channels to enter, all or none; `ChannelJoined` proves it."""
        try:
            await self._client.bridges.add(bridge, channels)
        except BadCommand as e:
            # This command says 400 of a channel that is gone, where others say 404.
            raise ResourceGone(str(e)) from e

    async def play(self, playback: PlaybackId, bridge: BridgeId, media: str) -> None:
        """Play on a bridge; `PlaybackEnded` follows, also when this raises."""
        self._legs.playbacks[playback] = bridge
        try:
            await self._client.bridges.play(bridge, playback, media)
        except TelephonyError:
            self._facts.playback_ended(playback)
            raise

    async def stop_play(self, playback: PlaybackId) -> None:
        """Stop a prompt; already ended is success."""
        with suppress(ResourceGone, Conflict):
            await self._client.playbacks.stop(playback)

    async def start_music(self, bridge: BridgeId, music: str) -> None:
        """Play music on hold to everybody in a bridge."""
        await self._client.bridges.start_music(bridge, music)

    async def stop_music(self, bridge: BridgeId) -> None:
        """Stop the music; none playing is success."""
        with suppress(ResourceGone, Conflict):
            await self._client.bridges.stop_music(bridge)

    # --- the port: the truth ---------------------------------------------------------

    async def living(self) -> Living:
        """
        List what lives now.

        While reconciling, our channels listed here become legs: their facts are told
        from here on, and not again that they arrived or were answered.
        """
        return await self._survey.living(adopt=self._reconciling)

    # --- staying true ----------------------------------------------------------------

    async def _reconnected(self) -> None:
        """Tell what ended unseen, then let the engine reconcile."""
        self._reconciling = True
        try:
            await self._survey.bury()
            await self._survey.check_prompts()
            await self._on_connected()
            self.door.open = True
        finally:
            self._reconciling = False


def _is_certain(error: BaseException) -> bool:
    """Say whether nothing was done, rather than perhaps."""
    if isinstance(error, NotSent):
        return True
    return isinstance(error, TelephonyError) and not isinstance(error, TelephonyDown)
