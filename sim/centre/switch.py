"""
Asterisk and the carriers, as the pool sees them: channels that ring, answer and end.

Every effect is answered by facts a little later, never at once, as on a real machine.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.ids import ChannelId, PlaybackId
from sim.centre.model import Trunk
from sim.centre.values import minute_of
from sim.worlds.kernel import Event

if TYPE_CHECKING:
    from sim.centre.desks import Desk
    from sim.centre.world import CentreWorld

NORMAL, BUSY, NO_ANSWER, CONGESTED = 16, 17, 19, 34
PACKETS_PER_S = 50.0
_TALKS_AFTER_S = 0.3


@dataclass(slots=True)
class Channel:
    """
    One leg.

    Attributes:
        role: whose it is.
        trunk: the one it holds a line of; None for agents.
        next: what will happen to it, while that can still be prevented.
    """

    name: ChannelId
    role: Literal["caller", "customer", "agent"]
    trunk: "Lines | None" = None
    desk: "Desk | None" = None
    up_at: float | None = None
    machine: bool = False
    ending: bool = False
    next: Event | None = None


@dataclass(slots=True)
class Lines:
    """A trunk at work: how many lines are taken, and whether it fails now."""

    part: Trunk
    taken: int = 0
    most_taken: int = 0
    refused: int = 0
    failing: dict[int, float] = field(default_factory=dict)
    """Failures that last now, by their place in the scenario, with their share."""

    def take(self) -> bool:
        """Take a line; False when all are taken."""
        if self.taken >= self.part.lines:
            self.refused += 1
            return False
        self.taken += 1
        self.most_taken = max(self.most_taken, self.taken)
        return True


class Switch:
    """
    All channels of a world.

    Args:
        world: applies the facts.
    """

    def __init__(self, world: "CentreWorld") -> None:
        self._world = world
        self._kernel = world.kernel
        self._delays = world.centre.delays
        self._chance = world.kernel.stream("trunks")
        self._playing: dict[PlaybackId, Event] = {}
        self.channels: dict[ChannelId, Channel] = {}
        self.lines = {name: Lines(part) for name, part in world.centre.trunks.items()}

    def plan_failures(self) -> None:
        """Schedule today's failures of trunks."""
        for lines in self.lines.values():
            for place, failure in enumerate(lines.part.fails):
                begins_at = self._world.day.at(minute_of(failure.at))
                ends_at = begins_at + failure.minutes * 60
                self._world.plan(
                    begins_at, lines.failing.__setitem__, place, failure.share
                )
                self._world.plan(ends_at, lines.failing.pop, place, None)

    # --- what the pool asks for --------------------------------------------------

    def originate(self, effect: do.Originate) -> None:
        """Ring somebody."""
        desk = self._world.desks.by_endpoint.get(effect.endpoint)
        if desk is not None:
            self._ring_agent(effect, desk)
        else:
            self._ring_customer(effect)

    def join(self, effect: do.Join) -> None:
        """Put channels into a bridge."""
        for name in effect.channels:
            self._kernel.after(self._delays.join_s, self._joined, name)

    def hang_up(self, effect: do.HangUp) -> None:
        """End a channel."""
        channel = self.channels.get(effect.channel)
        if channel is not None and not channel.ending:
            channel.ending = True
            self._soon(channel, self._delays.hang_up_s, self.end, effect.cause)

    def leave(self, effect: do.LeaveToDialplan) -> None:
        """Give a caller to the fallback queue, where this world ends for them."""
        self.hang_up(do.HangUp(call=effect.call, channel=effect.channel))

    def play(self, effect: do.Play) -> None:
        """Play to the end, unless stopped."""
        length_s = self._world.length_of(effect.call, effect.media)
        self._playing[effect.playback] = self._kernel.after(
            length_s, self._played, effect.playback
        )

    def stop_play(self, effect: do.StopPlay) -> None:
        """Stop a prompt."""
        self._kernel.cancel(self._playing.pop(effect.playback, None))

    def detect_talk(self, effect: do.DetectTalk) -> None:
        """A machine talks without a pause; what people say changes nothing."""
        channel = self.channels.get(effect.channel)
        if channel is not None and channel.machine:
            self._kernel.after(_TALKS_AFTER_S, self._talks, channel.name)

    def count_packets(self, effect: do.CountPackets) -> None:
        """Count sound since the answer."""
        channel = self.channels.get(effect.channel)
        if channel is None or channel.up_at is None:
            return
        packets = int((self._world.now - channel.up_at) * PACKETS_PER_S)
        self._kernel.after(0.01, self._counted, channel.name, packets)

    # --- what happens ------------------------------------------------------------

    def arrive(self, name: ChannelId, trunk: str) -> Channel | None:
        """Let a caller's channel come in; None when no line is left."""
        lines = self.lines[trunk]
        if not lines.take():
            return None
        channel = Channel(name, "caller", trunk=lines, up_at=self._world.now)
        self.channels[name] = channel
        return channel

    def end(
        self, channel: Channel, cause: int = NORMAL, sip: int | None = None
    ) -> None:
        """End a channel now and say so."""
        if self.channels.pop(channel.name, None) is None:
            return
        self._kernel.cancel(channel.next)
        if channel.trunk is not None:
            channel.trunk.taken -= 1
        self._world.see(
            saw.ChannelGone(
                at=self._world.now, channel=channel.name, cause=cause, sip_code=sip
            )
        )

    def hang_up_in(self, name: ChannelId, delay_s: float) -> None:
        """Let somebody hang up after they have talked so long."""
        channel = self.channels.get(name)
        if channel is not None and not channel.ending:
            self._soon(channel, delay_s, self.end)

    def lose(self, desk: "Desk") -> None:
        """An agent's phone is gone: so are its channels."""
        for channel in [c for c in self.channels.values() if c.desk is desk]:
            self.end(channel)

    def _soon(
        self, channel: Channel, delay_s: float, act: object, *args: object
    ) -> None:
        """Schedule the one next thing of a channel."""
        assert callable(act)
        self._kernel.cancel(channel.next)
        channel.next = self._kernel.after(delay_s, act, channel, *args)

    def _never(self, name: ChannelId) -> None:
        """A phone that is gone could not even be rung."""
        self._world.see(
            saw.ChannelGone(
                at=self._world.now, channel=name, cause=20, unreachable=True
            )
        )

    def _ring_agent(self, effect: do.Originate, desk: "Desk") -> None:
        delay_s = self._delays.phone_s
        if desk.phone_gone:
            self._kernel.after(delay_s, self._never, effect.channel)
            return
        channel = Channel(effect.channel, "agent", desk=desk)
        self.channels[channel.name] = channel
        answers_s = desk.answers_in(auto=effect.auto_answer is not None)
        if answers_s is None:
            rings_out_s = delay_s + effect.timeout_s
            self._kernel.after(delay_s, self._rings, channel)
            self._soon(channel, rings_out_s, self.end, NO_ANSWER, 487)
            return
        if answers_s > 0:
            self._kernel.after(delay_s, self._rings, channel)
        self._soon(channel, delay_s + answers_s, self._answers)

    def _ring_customer(self, effect: do.Originate) -> None:
        name, trunk = self._world.line_of(effect.call)
        lines = self.lines[trunk]
        failing = max(lines.failing.values(), default=0.0)
        if not lines.take():
            channel = self.channels[name] = Channel(name, "customer")
            self._soon(channel, self._delays.phone_s, self.end, CONGESTED, 503)
            return
        channel = self.channels[name] = Channel(name, "customer", trunk=lines)
        setup_s = lines.part.setup_s
        fate = self._world.fate_of(effect.call)
        if fate.kind == "failed" or self._chance.random() < failing:
            self._soon(channel, setup_s, self.end, CONGESTED, 503)
            return
        if fate.kind == "busy":
            self._soon(channel, setup_s + fate.after_s, self.end, BUSY, 486)
            return
        self._kernel.after(setup_s, self._rings, channel)
        if fate.kind == "no_answer":
            self._soon(channel, effect.timeout_s, self.end, NO_ANSWER, 487)
            return
        channel.machine = fate.kind == "machine"
        # Who answers at all does so before the engine would give up.
        self._soon(
            channel, min(effect.timeout_s, setup_s + fate.after_s), self._answers
        )

    def _rings(self, channel: Channel) -> None:
        if channel.name in self.channels and channel.up_at is None:
            self._world.see(
                saw.ChannelRinging(at=self._world.now, channel=channel.name)
            )

    def _answers(self, channel: Channel) -> None:
        channel.up_at, channel.next = self._world.now, None
        self._world.see(saw.ChannelAnswered(at=self._world.now, channel=channel.name))

    def _joined(self, name: ChannelId) -> None:
        channel = self.channels.get(name)
        if channel is not None and channel.up_at is not None:
            self._world.see(saw.ChannelJoined(at=self._world.now, channel=name))

    def _played(self, playback: PlaybackId) -> None:
        if self._playing.pop(playback, None) is not None:
            self._world.see(saw.PlaybackEnded(at=self._world.now, playback=playback))

    def _talks(self, name: ChannelId) -> None:
        if name in self.channels:
            self._world.see(saw.TalkingStarted(at=self._world.now, channel=name))

    def _counted(self, name: ChannelId, packets: int) -> None:
        if name in self.channels:
            self._world.see(
                saw.PacketsCounted(at=self._world.now, channel=name, packets=packets)
            )
