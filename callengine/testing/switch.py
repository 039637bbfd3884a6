"""The switch inside the in-memory telephony: channels, bridges and people."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    EndpointChanged,
    PlaybackEnded,
    TalkingEnded,
    TalkingStarted,
)
from callengine.core.ids import BridgeId, ChannelId, Instant, PlaybackId
from callengine.engine.ports import FactSink
from callengine.testing.people import LOST, MANUAL, NO_ANSWER, NORMAL_CLEARING, Person

INBOUND = "inbound"


@dataclass(slots=True)
class TwinChannel:
    """A living channel of the twin."""

    channel: ChannelId
    endpoint: str
    person: Person
    arguments: tuple[str, ...]
    state: str = "Down"
    caller_number: str | None = None
    bridge: BridgeId | None = None
    detects_talk: bool = False
    up_at: Instant | None = None
    timers: list[asyncio.TimerHandle] = field(default_factory=list)


@dataclass(slots=True)
class TwinBridge:
    """A living bridge of the twin."""

    channels: set[ChannelId] = field(default_factory=set)
    music: str | None = None
    playbacks: set[PlaybackId] = field(default_factory=set)


class TwinSwitch:
    """
    The switch of the twin: living channels and bridges, and what people do to them.

    Args:
        sink: receives facts synchronously, also from within commands.
        clock: the instant put on facts.
    """

    def __init__(self, sink: FactSink, clock: Callable[[], Instant]) -> None:
        self._sink = sink
        self._clock = clock
        self._numbers = itertools.count(1)
        self._playbacks: dict[PlaybackId, tuple[BridgeId, asyncio.TimerHandle | None]]
        self._playbacks = {}
        self.unreachable: set[str] = set()
        self.channels: dict[ChannelId, TwinChannel] = {}
        self.bridges: dict[BridgeId, TwinBridge] = {}

    def arrive(
        self,
        dialled_number: str,
        caller_number: str | None = None,
        *,
        person: Person = MANUAL,
    ) -> ChannelId:
        """Let a caller dial in; the dialplan has answered. Returns the channel."""
        channel = ChannelId(f"twin.{next(self._numbers)}")
        leg = TwinChannel(
            channel, "PJSIP/trunk", person, (INBOUND, dialled_number), "Up"
        )
        leg.caller_number = caller_number
        self.channels[channel] = leg
        self._sink(
            CallArrived(
                at=self._clock(),
                channel=channel,
                dialled_number=dialled_number,
                caller_number=caller_number,
            )
        )
        return channel

    def ring(self, channel: ChannelId) -> None:
        """Let the phone of a channel alert; a second time changes nothing."""
        leg = self.channels.get(channel)
        if leg is None or leg.state != "Down":
            return
        leg.state = "Ringing"
        self._sink(ChannelRinging(at=self._clock(), channel=channel))

    def answer(self, channel: ChannelId) -> None:
        """Let the person answer."""
        leg = self.channels.get(channel)
        if leg is None or leg.state == "Up":
            return
        self._cancel_timers(leg)
        leg.state, leg.up_at = "Up", self._clock()
        self._sink(ChannelAnswered(at=self._clock(), channel=channel))

    def refuse(
        self, channel: ChannelId, cause: int = 17, sip_code: int | None = 486
    ) -> None:
        """Let the phone refuse the request."""
        self._end(channel, cause, sip_code)

    def ring_out(self, channel: ChannelId) -> None:
        """Let Asterisk end a ringing that took too long, with a code of its own."""
        self._end(channel, NO_ANSWER, 480, rang_out=True)

    def vanish(self, channel: ChannelId) -> None:
        """Let nothing come from a phone any more, until Asterisk gives it up."""
        self._end(channel, LOST, None, vanished=True)

    def hang_up_far_end(self, channel: ChannelId, cause: int = NORMAL_CLEARING) -> None:
        """Let the person hang up."""
        self._end(channel, cause, None)

    def start_talking(self, channel: ChannelId) -> None:
        """Let the person begin to speak."""
        leg = self.channels.get(channel)
        if leg is not None and leg.detects_talk:
            self._sink(TalkingStarted(at=self._clock(), channel=channel))

    def stop_talking(self, channel: ChannelId, duration_s: float) -> None:
        """Let the person fall silent after `duration_s` of speech."""
        leg = self.channels.get(channel)
        if leg is not None and leg.detects_talk:
            fact = TalkingEnded(
                at=self._clock(), channel=channel, duration_s=duration_s
            )
            self._sink(fact)

    def end_playback(self, playback: PlaybackId) -> None:
        """Let a prompt come to its end."""
        bridge, timer = self._playbacks.pop(playback, (None, None))
        if bridge is None:
            return
        if timer is not None:
            timer.cancel()
        if bridge in self.bridges:
            self.bridges[bridge].playbacks.discard(playback)
        self._sink(PlaybackEnded(at=self._clock(), playback=playback))

    def change_endpoint(
        self,
        endpoint: str,
        *,
        reachable: bool | None = None,
        in_use: bool | None = None,
    ) -> None:
        """Report an endpoint's state; an unreachable one refuses requests too."""
        if reachable is not None:
            (self.unreachable.discard if reachable else self.unreachable.add)(endpoint)
        self._sink(
            EndpointChanged(
                at=self._clock(), endpoint=endpoint, reachable=reachable, in_use=in_use
            )
        )

    def channel_to(self, endpoint: str) -> ChannelId:
        """Find the only living channel to an endpoint; fails when there is not one."""
        (found,) = [c for c, leg in self.channels.items() if leg.endpoint == endpoint]
        return found

    # --- inside ----------------------------------------------------------------------

    def _after(self, leg: TwinChannel, delay_s: float, act: Callable[[], None]) -> None:
        leg.timers.append(asyncio.get_running_loop().call_later(delay_s, act))

    def _cancel_timers(self, leg: TwinChannel) -> None:
        for timer in leg.timers:
            timer.cancel()
        leg.timers.clear()

    def _play_person(self, leg: TwinChannel, *, auto_answer: bool) -> None:
        person, channel = leg.person, leg.channel
        if person.refuses_after_s is not None:
            refuse = partial(self.refuse, channel, person.cause, person.sip_code)
            self._after(leg, person.refuses_after_s, refuse)
        if auto_answer and person.honours_auto_answer:
            self._after(leg, 0.0, partial(self.answer, channel))
            return
        if person.rings_after_s is None:
            return
        self._after(leg, person.rings_after_s, partial(self.ring, channel))
        if person.answers_after_s is not None:
            answers_s = person.rings_after_s + person.answers_after_s
            self._after(leg, answers_s, partial(self.answer, channel))

    def _enter(self, bridge: BridgeId, held: TwinBridge, leg: TwinChannel) -> None:
        if leg.bridge == bridge:
            return
        if leg.bridge is not None:
            self.bridges[leg.bridge].channels.discard(leg.channel)
        held.channels.add(leg.channel)
        leg.bridge = bridge
        self._sink(ChannelJoined(at=self._clock(), channel=leg.channel))
        stay_s = leg.person.hangs_up_after_s
        if stay_s is not None:
            self._after(leg, stay_s, partial(self.hang_up_far_end, leg.channel))

    def _end(
        self,
        channel: ChannelId,
        cause: int,
        sip_code: int | None,
        *,
        vanished: bool = False,
        rang_out: bool = False,
    ) -> None:
        leg = self.channels.pop(channel, None)
        if leg is None:
            return
        self._cancel_timers(leg)
        if leg.bridge is not None:
            self.bridges[leg.bridge].channels.discard(channel)
        self._sink(
            ChannelGone(
                at=self._clock(),
                channel=channel,
                cause=cause,
                sip_code=sip_code,
                vanished=vanished,
                rang_out=rang_out,
            )
        )
