"""Turns events of Asterisk into facts of the engine, each told once."""

from collections import Counter
from collections.abc import Callable

from callengine.asterisk.ari.events import (
    Destroyed,
    Dialled,
    EnteredBridge,
    Event,
    HangupRequested,
    PlaybackFinished,
    StasisEnd,
    StasisStart,
    TalkFinished,
    TalkStarted,
)
from callengine.asterisk.ari.legs import Leg, Legs
from callengine.core.facts import (
    CallArrived,
    ChannelAnswered,
    ChannelGone,
    ChannelJoined,
    ChannelRinging,
    PlaybackEnded,
    TalkingEnded,
    TalkingStarted,
)
from callengine.core.ids import ChannelId, Instant, PlaybackId
from callengine.engine.ports import FactSink

INBOUND = "inbound"
OUTBOUND = "outbound"
_ALERTING = frozenset({"RINGING", "PROGRESS"})
_NO_NUMBER = frozenset(
    {"", "anonymous", "unknown", "unavailable", "restricted", "private", "asterisk"}
)
_MAX_NUMBER = 64
_MAX_CHOICE = 40
NORMAL_CLEARING = 16
NO_ANSWER = 19
LOST = 44
"""The cause of a channel that Asterisk ended for want of packets."""
_BY_DEVICE = 1
"""AST_SOFTHANGUP_DEV: what `rtp_timeout` asks for, and nothing else that we use."""


def presented_number(number: str, presentation: str = "") -> str | None:
    """
    Say what number a caller shows, None when it is withheld or missing.

    Args:
        presentation: Asterisk's name for it, such as `prohib_passed_screen`; may be
            empty.
    """
    if number.strip().lower() in _NO_NUMBER or presentation.startswith(
        ("prohib", "unavailable")
    ):
        return None
    return number[:_MAX_NUMBER]


class Translator:
    """
    Delivers facts to a sink.

    Args:
        clock: the instant put on facts: when we saw the event.
        on_stray: called with a channel that nobody waits for, and the way it came:
            `outbound` when we once asked for it, else whatever the dialplan said.
    """

    def __init__(
        self,
        sink: FactSink,
        clock: Callable[[], Instant],
        legs: Legs,
        on_stray: Callable[[ChannelId, str], None],
    ) -> None:
        self._sink = sink
        self._clock = clock
        self._legs = legs
        self._on_stray = on_stray
        self._actions: dict[type[Event], Callable[..., None]] = {
            StasisStart: self._started,
            StasisEnd: self._left,
            Dialled: self._dialled,
            EnteredBridge: self._entered,
            Destroyed: self._destroyed,
            HangupRequested: self._hangup_requested,
            PlaybackFinished: lambda event: self.playback_ended(event.playback),
            TalkStarted: self._talk_started,
            TalkFinished: self._talk_finished,
        }
        self.ignored: Counter[str] = Counter()
        """Events that changed nothing: repeated, late, or of channels not ours."""

    def on_event(self, event: Event) -> None:
        """Deliver what an event means, if it means anything to us."""
        self._actions[type(event)](event)

    def gone(
        self,
        channel: ChannelId,
        *,
        cause: int = 0,
        sip_code: int | None = None,
        unreachable: bool = False,
        rang_out: bool = False,
    ) -> None:
        """Tell the end of a channel, unless it is told already."""
        leg = self._legs.remove(channel)
        if leg is None:
            self.ignored["gone"] += 1
            return
        fact = ChannelGone(
            at=self._clock(),
            channel=channel,
            cause=cause,
            sip_code=sip_code,
            unreachable=unreachable,
            vanished=leg.vanished,
            rang_out=rang_out,
        )
        self._sink(fact)

    def playback_ended(self, playback: PlaybackId) -> None:
        """Tell the end of a prompt, unless it is told already."""
        if self._legs.playbacks.pop(playback, None) is None:
            self.ignored["playback"] += 1
            return
        self._sink(PlaybackEnded(at=self._clock(), playback=playback))

    # --- one method per event --------------------------------------------------------

    def _started(self, event: StasisStart) -> None:
        match event.arguments:
            case (way, *_) if way == OUTBOUND:
                self._answered(event.channel)
            case (way, dialled, *rest) if way == INBOUND:
                self._arrived(event, dialled, *rest[:2])
            case _:
                self.ignored["arguments"] += 1
                self._on_stray(event.channel, "")

    def _arrived(
        self, event: StasisStart, dialled: str, presentation: str = "", choice: str = ""
    ) -> None:
        if self._legs.find(event.channel) is not None:
            self.ignored["arrival"] += 1
            return
        leg = Leg(event.channel, inbound=True, up=True, by_door=event.by_door)
        self._legs.add(leg)
        fact = CallArrived(
            at=self._clock(),
            channel=event.channel,
            dialled_number=dialled[:_MAX_NUMBER],
            caller_number=presented_number(event.caller_number, presentation),
            choice=choice[:_MAX_CHOICE],
            endpoint=event.name.rpartition("-")[0],
        )
        self._sink(fact)

    def _answered(self, channel: ChannelId) -> None:
        leg = self._legs.find(channel)
        if leg is None:
            # Its originate was given up, or belongs to a process that is no more.
            self._on_stray(channel, OUTBOUND)
            return
        if leg.up:
            self.ignored["answer"] += 1
            return
        leg.up = True
        self._sink(ChannelAnswered(at=self._clock(), channel=channel))

    def _left(self, event: StasisEnd) -> None:
        leg = self._legs.find(event.channel)
        if leg is None:
            return
        if leg.leaving:
            self.gone(event.channel)
        elif leg.inbound:
            # Nothing more is heard of it. Its party hung up, unless we did.
            cause = NORMAL_CLEARING if leg.cause is None else leg.cause
            self.gone(event.channel, cause=LOST if leg.vanished else cause)

    def _dialled(self, event: Dialled) -> None:
        leg = self._legs.find(event.channel)
        if leg is None or leg.rang or leg.up or event.status not in _ALERTING:
            return
        leg.rang = True
        self._sink(ChannelRinging(at=self._clock(), channel=event.channel))

    def _entered(self, event: EnteredBridge) -> None:
        leg = self._legs.find(event.channel)
        entry = (event.bridge, event.timestamp)
        if leg is None or leg.entered == entry:
            self.ignored["entry"] += 1
            return
        leg.entered = entry
        self._sink(ChannelJoined(at=self._clock(), channel=event.channel))

    def _hangup_requested(self, event: HangupRequested) -> None:
        leg = self._legs.find(event.channel)
        if leg is None:
            return
        leg.refused = leg.refused or not event.soft
        leg.vanished = event.soft and event.cause == _BY_DEVICE

    def _destroyed(self, event: Destroyed) -> None:
        leg = self._legs.find(event.channel)
        silent = leg is not None and not leg.up and not leg.refused
        self.gone(
            event.channel,
            cause=event.cause,
            sip_code=event.sip_code,
            # Asterisk gives 480 to a ringing that it ended itself.
            rang_out=silent and event.cause == NO_ANSWER,
        )

    def _talk_started(self, event: TalkStarted) -> None:
        if self._legs.find(event.channel) is not None:
            self._sink(TalkingStarted(at=self._clock(), channel=event.channel))

    def _talk_finished(self, event: TalkFinished) -> None:
        if self._legs.find(event.channel) is not None:
            fact = TalkingEnded(
                at=self._clock(),
                channel=event.channel,
                duration_s=event.duration_ms / 1000,
            )
            self._sink(fact)
