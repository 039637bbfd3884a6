"""
Events of our application, decoded once at the edge.

Only the types we act on have a class; `DISALLOWED` names those Asterisk need not send.
An unknown type or a broken message becomes `Unrecognised` and is counted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from callengine.core.ids import BridgeId, ChannelId, PlaybackId

BROADCAST = "StasisBroadcast"


@dataclass(frozen=True, slots=True)
class StasisStart:
    """A channel entered our application."""

    channel: ChannelId
    arguments: tuple[str, ...]
    caller_number: str
    name: str = ""
    """`PJSIP/anna-0000002a`."""
    app_name: str = ""
    """The dialplan's application by which it came."""

    @property
    def by_door(self) -> bool:
        """Whether it was offered and claimed: the dialplan may take it back."""
        return self.app_name == BROADCAST


@dataclass(frozen=True, slots=True)
class Offered:
    """A channel waits in `StasisBroadcast()` for somebody to claim it."""

    channel: ChannelId


@dataclass(frozen=True, slots=True)
class StasisEnd:
    """A channel left our application; it may live on."""

    channel: ChannelId


@dataclass(frozen=True, slots=True)
class Dialled:
    """Progress of a channel we originated: '', RINGING, PROGRESS, ANSWER, BUSY..."""

    channel: ChannelId
    status: str


@dataclass(frozen=True, slots=True)
class EnteredBridge:
    """A channel entered a bridge."""

    channel: ChannelId
    bridge: BridgeId
    timestamp: str
    """Asterisk's, to tell a repeated message from a second entry."""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """A channel is no more."""

    channel: ChannelId
    cause: int
    sip_code: int | None


@dataclass(frozen=True, slots=True)
class HangupRequested:
    """
    Somebody ends a channel; its end follows.

    Attributes:
        cause: Q.850 cause; with `soft` Asterisk's own mark of who asked.
        soft: Asterisk or a command of ours asked, not the far end.
    """

    channel: ChannelId
    cause: int
    soft: bool


@dataclass(frozen=True, slots=True)
class PlaybackFinished:
    """A prompt ended, was stopped or failed."""

    playback: PlaybackId


@dataclass(frozen=True, slots=True)
class TalkStarted:
    """Speech on a channel with talk detection."""

    channel: ChannelId


@dataclass(frozen=True, slots=True)
class TalkFinished:
    """Silence on a channel with talk detection, after `duration_ms` of speech."""

    channel: ChannelId
    duration_ms: int


@dataclass(frozen=True, slots=True)
class UserEvent:
    """An event that we sent to ourselves through Asterisk."""

    name: str


@dataclass(frozen=True, slots=True)
class Replaced:
    """Another socket took our application over: we are fenced."""


@dataclass(frozen=True, slots=True)
class Unrecognised:
    """A type we do not know, or a message that is not what its type promises."""

    kind: str


Event: TypeAlias = (
    StasisStart
    | Offered
    | StasisEnd
    | Dialled
    | EnteredBridge
    | Destroyed
    | HangupRequested
    | PlaybackFinished
    | TalkStarted
    | TalkFinished
    | UserEvent
    | Replaced
    | Unrecognised
)


def _text(value: Any) -> Any:
    """Let text pass: it will be a key. Raises `TypeError` for anything else."""
    if type(value) is not str:
        raise TypeError("not text")
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a number")
    return value


def _stasis_start(raw: Mapping[str, Any]) -> Event:
    channel = raw["channel"]
    return StasisStart(
        _text(channel["id"]),
        tuple(map(_text, raw["args"])),
        _text(channel["caller"]["number"]),
        _text(channel.get("name", "")),
        _text(channel.get("dialplan", {}).get("app_name", "")),
    )


def _destroyed(raw: Mapping[str, Any]) -> Event:
    # tech_cause is absent or 0 where the technology said nothing.
    sip_code = _number(raw.get("tech_cause", 0)) or None
    return Destroyed(_text(raw["channel"]["id"]), _number(raw["cause"]), sip_code)


def _hangup_requested(raw: Mapping[str, Any]) -> Event:
    return HangupRequested(
        _text(raw["channel"]["id"]), _number(raw.get("cause", 0)), bool(raw.get("soft"))
    )


def _entered_bridge(raw: Mapping[str, Any]) -> Event:
    return EnteredBridge(
        _text(raw["channel"]["id"]), _text(raw["bridge"]["id"]), _text(raw["timestamp"])
    )


def _dialled(raw: Mapping[str, Any]) -> Event:
    return Dialled(_text(raw["peer"]["id"]), _text(raw["dialstatus"]))


def _talk_finished(raw: Mapping[str, Any]) -> Event:
    return TalkFinished(_text(raw["channel"]["id"]), _number(raw["duration"]))


DECODERS: dict[str, Callable[[Mapping[str, Any]], Event]] = {
    "StasisStart": _stasis_start,
    "CallBroadcast": lambda raw: Offered(_text(raw["channel"]["id"])),
    "StasisEnd": lambda raw: StasisEnd(_text(raw["channel"]["id"])),
    "Dial": _dialled,
    "ChannelEnteredBridge": _entered_bridge,
    "ChannelDestroyed": _destroyed,
    "ChannelHangupRequest": _hangup_requested,
    "PlaybackFinished": lambda raw: PlaybackFinished(_text(raw["playback"]["id"])),
    "ChannelTalkingStarted": lambda raw: TalkStarted(_text(raw["channel"]["id"])),
    "ChannelTalkingFinished": _talk_finished,
    "ChannelUserevent": lambda raw: UserEvent(_text(raw["eventname"])),
    "ApplicationReplaced": lambda raw: Replaced(),
}

DISALLOWED = (
    "ApplicationRegistered",
    "ApplicationUnregistered",
    "BridgeAttendedTransfer",
    "BridgeBlindTransfer",
    "BridgeCreated",
    "BridgeDestroyed",
    "BridgeMerged",
    "BridgeVideoSourceChanged",
    "ChannelCallerId",
    "ChannelConnectedLine",
    "ChannelCreated",
    "ChannelDialplan",
    "ChannelDtmfReceived",
    "ChannelHold",
    "ChannelLeftBridge",
    "ChannelStateChange",
    "ChannelToneDetected",
    "ChannelUnhold",
    "ChannelVarset",
    "ContactStatusChange",
    "DeviceStateChanged",
    "EndpointStateChange",
    "PeerStatusChange",
    "PlaybackContinuing",
    "PlaybackStarted",
    "RecordingFinished",
    "RecordingStarted",
    "TextMessageReceived",
)
"""
Never sent to us, to spare both sides. The rest that we do not decode stays allowed,
so that it is seen in the count of unrecognised events when it happens.
"""


def decode(message: str | bytes) -> Event:
    """Translate one message; never raises."""
    try:
        raw = orjson.loads(message)
        kind = raw["type"]
        decoder = DECODERS[kind]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return Unrecognised(_kind_of(message))
    try:
        return decoder(raw)
    except (KeyError, TypeError):
        return Unrecognised(f"malformed {kind}")


def _kind_of(message: str | bytes) -> str:
    try:
        kind = orjson.loads(message)["type"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "no event"
    # Bounded: it becomes the key of a counter.
    return kind[:64] if isinstance(kind, str) else "no event"
