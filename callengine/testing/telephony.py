"""
The in-memory twin of `ports.Telephony`, with people that a test controls.

It obeys what was seen on Asterisk: a join is proven by a fact, not by the command;
`ChannelGone` comes exactly once and last, also for a channel whose `originate` raised;
prompts and music live on bridges. Time is the running loop's, so it works on a virtual
clock.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from callengine.core.facts import ChannelGone, PlaybackEnded
from callengine.core.ids import BridgeId, ChannelId, Instant, PlaybackId
from callengine.core.phones import AutoAnswer
from callengine.engine.ports import (
    FactSink,
    Living,
    LivingChannel,
    ResourceGone,
    TelephonyDown,
    TelephonyError,
    Unreachable,
)
from callengine.testing.people import MANUAL, Person
from callengine.testing.switch import TwinBridge, TwinChannel, TwinSwitch

OUTBOUND = "outbound"


@dataclass(frozen=True, slots=True)
class Command:
    """One command as the engine gave it, for assertions."""

    name: str
    subject: str
    detail: tuple[object, ...] = ()


class TwinTelephony(TwinSwitch):
    """
    Telephony in memory.

    Set `people[endpoint]` to script a phone (others follow `default_person`), add
    endpoints to `unreachable`, set `down` to make every command fail with an unknown
    outcome, `failures[command]` to raise once, `deaf_joins` to lose joins silently.

    Args:
        sink: receives facts synchronously, also from within commands.
        clock: the instant put on facts.
        playback_s: how long a prompt lasts; None: until `end_playback` or stop.
    """

    def __init__(
        self,
        sink: FactSink,
        clock: Callable[[], Instant],
        *,
        playback_s: float | None = None,
    ) -> None:
        super().__init__(sink, clock)
        self.playback_s = playback_s
        self.people: dict[str, Person] = {}
        self.default_person = MANUAL
        self.down = False
        self.deaf_joins = False
        self.failures: dict[str, TelephonyError] = {}
        self.given_back: list[ChannelId] = []
        self.in_charge: set[ChannelId] = set()
        self.commands: list[Command] = []

    # --- the port ----------------------------------------------------------------

    async def originate(
        self,
        channel: ChannelId,
        endpoint: str,
        *,
        caller_id: str,
        timeout_s: int,
        auto_answer: AutoAnswer | None,
    ) -> None:
        """Start the endpoint's person; see `ports.Telephony`."""
        if channel in self.channels:
            raise TelephonyError(f"channel {channel} exists already")
        try:
            detail = (endpoint, caller_id, timeout_s, auto_answer)
            self._take("originate", channel, *detail)
            if endpoint in self.unreachable:
                raise Unreachable(endpoint)
        except TelephonyError as e:
            self._never_made(channel, unreachable=isinstance(e, Unreachable))
            raise
        person = self.people.get(endpoint, self.default_person)
        leg = TwinChannel(channel, endpoint, person, (OUTBOUND, channel))
        self.channels[channel] = leg
        # Asterisk gives up with a code of its own.
        self._after(leg, timeout_s, partial(self.ring_out, channel))
        self._play_person(leg, auto_answer=auto_answer is not None)

    async def take_charge(self, channel: ChannelId) -> None:
        """Remember who is not taken back."""
        self._take("take_charge", channel)
        self.in_charge.add(channel)

    async def open_bridge(self, bridge: BridgeId) -> None:
        """Make a bridge, or find it made."""
        self._take("open_bridge", bridge)
        self.bridges.setdefault(bridge, TwinBridge())

    async def close_bridge(self, bridge: BridgeId) -> None:
        """Destroy a bridge; its channels stay, its prompts end."""
        self._take("close_bridge", bridge)
        held = self.bridges.pop(bridge, None)
        if held is None:
            return
        for channel in held.channels:
            self.channels[channel].bridge = None
        for playback in tuple(held.playbacks):
            self.end_playback(playback)

    async def join(self, bridge: BridgeId, channels: Sequence[ChannelId]) -> None:
        """Put all channels in, or none when one is gone."""
        self._take("join", bridge, *channels)
        held = self._bridge(bridge)
        missing = [c for c in channels if not self._in_app(c)]
        if missing:
            raise ResourceGone(f"channels {missing}")
        if self.deaf_joins:
            return
        for channel in channels:
            self._enter(bridge, held, self.channels[channel])

    async def hang_up(self, channel: ChannelId, *, cause: int) -> None:
        """End a channel from our side."""
        self._take("hang_up", channel, cause)
        self._end(channel, cause, None)

    async def play(self, playback: PlaybackId, bridge: BridgeId, media: str) -> None:
        """Play on a bridge; the end comes in every case."""
        self._take("play", playback, bridge, media)
        held = self.bridges.get(bridge)
        if held is None:
            self._sink(PlaybackEnded(at=self._clock(), playback=playback))
            raise ResourceGone(f"bridge {bridge}")
        held.playbacks.add(playback)
        timer = None
        if self.playback_s is not None:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(self.playback_s, self.end_playback, playback)
        self._playbacks[playback] = (bridge, timer)

    async def stop_play(self, playback: PlaybackId) -> None:
        """Stop a prompt."""
        self._take("stop_play", playback)
        self.end_playback(playback)

    async def start_music(self, bridge: BridgeId, music: str) -> None:
        """Start music for everybody in a bridge."""
        self._take("start_music", bridge, music)
        self._bridge(bridge).music = music

    async def stop_music(self, bridge: BridgeId) -> None:
        """Stop the music on a bridge."""
        self._take("stop_music", bridge)
        if bridge in self.bridges:
            self.bridges[bridge].music = None

    async def detect_talk(self, channel: ChannelId) -> None:
        """Report the person's speech from now on."""
        self._take("detect_talk", channel)
        if not self._in_app(channel):
            raise ResourceGone(f"channel {channel}")
        leg = self.channels[channel]
        if leg.detects_talk:
            return
        leg.detects_talk = True
        for start_s, length_s in leg.person.speaks:
            self._after(leg, start_s, partial(self.start_talking, channel))
            hush = partial(self.stop_talking, channel, length_s)
            self._after(leg, start_s + length_s, hush)

    async def packets_received(self, channel: ChannelId) -> int:
        """Fifty a second since the answer, as from a phone that always sends."""
        self._take("packets_received", channel)
        leg = self.channels.get(channel)
        if leg is None:
            raise ResourceGone(f"channel {channel}")
        if leg.up_at is None or leg.person.is_mute:
            return 0
        return int((self._clock() - leg.up_at) * 50)

    async def is_secure(self, channel: ChannelId) -> bool:
        """As the person's phone is."""
        self._take("is_secure", channel)
        leg = self.channels.get(channel)
        if leg is None:
            raise ResourceGone(f"channel {channel}")
        return leg.person.is_secure

    async def leave(self, channel: ChannelId) -> None:
        """Give a channel back to the dialplan; it is ours no more."""
        self._take("leave", channel)
        if not self._in_app(channel):
            raise ResourceGone(f"channel {channel}")
        self.given_back.append(channel)
        self._end(channel, 0, None)

    async def living(self) -> Living:
        """List channels and bridges."""
        self._take("living", "")
        return Living(
            channels=tuple(
                LivingChannel(
                    channel=leg.channel,
                    endpoint=leg.endpoint,
                    state=leg.state,
                    ours=leg.state == "Up",
                    arguments=leg.arguments if leg.state == "Up" else (),
                    caller_number=leg.caller_number,
                )
                for leg in self.channels.values()
            ),
            bridges={b: tuple(sorted(h.channels)) for b, h in self.bridges.items()},
        )

    # --- inside ---

    def _take(self, name: str, subject: str, *detail: object) -> None:
        self.commands.append(Command(name, subject, detail))
        if self.down:
            raise TelephonyDown(f"{name}: Asterisk does not answer")
        failure = self.failures.pop(name, None)
        if failure is not None:
            raise failure

    def _never_made(self, channel: ChannelId, *, unreachable: bool) -> None:
        gone = ChannelGone(
            at=self._clock(), channel=channel, cause=0, unreachable=unreachable
        )
        self._sink(gone)

    def _bridge(self, bridge: BridgeId) -> TwinBridge:
        try:
            return self.bridges[bridge]
        except KeyError:
            raise ResourceGone(f"bridge {bridge}") from None

    def _in_app(self, channel: ChannelId) -> bool:
        leg = self.channels.get(channel)
        return leg is not None and leg.state == "Up"
