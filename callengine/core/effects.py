"""
Effects: what the core wants done, in the imperative.

The shell appends the live state they follow from to the journal, then performs
them. Effects of one call are performed in order; of different calls, at once.
"""

from dataclasses import dataclass
from typing import TypeAlias

from callengine.core.cards import Card
from callengine.core.facts import Lead
from callengine.core.ids import (
    AgentId,
    AttemptId,
    BridgeId,
    CallId,
    ChannelId,
    Instant,
    OrderId,
    PlaybackId,
    ShopId,
)
from callengine.core.phones import AutoAnswer
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord

_NO_CALL = CallId("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """
    Ring an endpoint; the channel comes under our control when answered.

    Attributes:
        endpoint: `PJSIP/NAME` or `PJSIP/NUMBER@TRUNK`.
        timeout_s: ring at most this long.
        auto_answer: how to ask the softphone to answer by itself; None: let it ring.
    """

    call: CallId
    channel: ChannelId
    endpoint: str
    caller_id: str
    timeout_s: int
    auto_answer: AutoAnswer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCharge:
    """
    Tell the dialplan that a caller is in good hands; else it takes them back soon.

    Of no call's chain: nothing waits for it.
    """

    channel: ChannelId
    call: CallId = _NO_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBridge:
    """Make a bridge; it is ours until closed and serves one call at a time."""

    call: CallId
    bridge: BridgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Put channels into the call's bridge; `ChannelJoined` proves it."""

    call: CallId
    bridge: BridgeId
    channels: tuple[ChannelId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseBridge:
    """Destroy a bridge that no call needs."""

    call: CallId
    bridge: BridgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End a channel with a Q.850 cause; already gone is success."""

    call: CallId
    channel: ChannelId
    cause: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Play media on the call's bridge, so that it blocks no channel."""

    call: CallId
    bridge: BridgeId
    playback: PlaybackId
    media: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPlay:
    """Stop a prompt; already ended is success."""

    call: CallId
    playback: PlaybackId


@dataclass(frozen=True, slots=True, kw_only=True)
class StartMusic:
    """Play music on hold on the call's bridge."""

    call: CallId
    bridge: BridgeId
    music: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMusic:
    """Stop the music on the call's bridge."""

    call: CallId
    bridge: BridgeId


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectTalk:
    """Report when the channel's party starts and stops talking."""

    call: CallId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPackets:
    """Count the sound packets a channel has received; `PacketsCounted` follows."""

    call: CallId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSecurity:
    """See whether a channel's sound is encrypted; `SecurityChecked` follows."""

    call: CallId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveToDialplan:
    """Give the channel back to the dialplan (fallback queue)."""

    call: CallId
    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class Identify:
    """Look the caller up within the identification budget."""

    call: CallId
    dialled_number: str
    caller_number: str | None
    choice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginAttempt:
    """Commit that an attempt is about to be dialled; its dialling waits for it."""

    call: CallId
    lead: Lead
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class PutLeadOff:
    """
    Give a lead back that may not be dialled now, and keep why.

    Attributes:
        at: when its order is due again; None: never, the order is unreachable.
        reason: the verdict in words; `rule` is what it rests on.
        call: always empty: there is none.
    """

    attempt: AttemptId
    order: OrderId
    shop: ShopId
    at: Instant | None
    reason: str
    rule: str
    call: CallId = _NO_CALL


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCard:
    """Open or update the screen-pop of a call on an agent's desktop."""

    agent: AgentId
    call: CallId
    card: Card
    state: str
    notice: str = ""
    """What to say beside it: `customer_lost`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractCard:
    """Take a screen-pop away: the call went elsewhere."""

    agent: AgentId
    call: CallId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellAgent:
    """An agent's own state changed; show it on the desktop."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTimer:
    """Deliver `TimerFired(key)` at `at`; a second one with the key replaces it."""

    key: str
    at: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Forget a timer."""

    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCall:
    """Commit a finished call with its legs and events."""

    record: CallRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAttempt:
    """Commit the outcome of an attempt and when to try again."""

    record: AttemptRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDecision:
    """Keep why a routing or pacing decision came out as it did."""

    record: DecisionRecord


Effect: TypeAlias = (
    Originate
    | TakeCharge
    | OpenBridge
    | Join
    | CloseBridge
    | HangUp
    | Play
    | StopPlay
    | StartMusic
    | StopMusic
    | DetectTalk
    | CountPackets
    | CheckSecurity
    | LeaveToDialplan
    | Identify
    | BeginAttempt
    | PutLeadOff
    | ShowCard
    | RetractCard
    | TellAgent
    | SetTimer
    | CancelTimer
    | RecordCall
    | RecordAttempt
    | RecordDecision
)
