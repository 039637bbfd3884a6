"""
Facts: what happened, said by somebody else, in the past tense.

Each carries `at`, the instant it was observed. The pool's owner applies facts one
at a time; nothing else changes live state.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from callengine.core.cards import Card
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import (
    AgentId,
    AttemptId,
    CallId,
    ChannelId,
    CustomerId,
    Instant,
    OrderId,
    PlaybackId,
    ShopId,
)
from callengine.core.living import Living
from callengine.core.memory import ShopMemory
from callengine.core.roster import Roster
from callengine.core.rules import Rules
from callengine.core.ruling import Ruling
from callengine.core.skills import Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of every fact."""

    at: Instant


# --- from Asterisk ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(Fact):
    """A caller's channel entered our application; the dialplan has answered it."""

    channel: ChannelId
    dialled_number: str
    """As dialled (DNIS), raw text from the dialplan."""
    caller_number: str | None
    """As presented (ANI), raw text; None when withheld."""
    choice: str = ""
    """What the caller chose in a menu of the dialplan."""
    endpoint: str = ""
    """`PJSIP/NAME` that it came by; '' when it is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRinging(Fact):
    """The far end of a channel we originated is alerting."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelAnswered(Fact):
    """A channel we originated was answered and is under our control."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelJoined(Fact):
    """A channel entered a bridge: the only proof that a join worked."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelGone(Fact):
    """
    A channel ended, or could not be made. Terminal in every state.

    Attributes:
        cause: Q.850 cause, 0 when unknown.
        sip_code: final SIP response of the leg, None when there was none.
        unreachable: the request itself failed (no registered binding, trunk down).
        vanished: no packet came from it for so long that Asterisk gave it up.
        rang_out: Asterisk ended the ringing; the far end said nothing, whatever
            `sip_code` says.
    """

    channel: ChannelId
    cause: int
    sip_code: int | None = None
    unreachable: bool = False
    vanished: bool = False
    rang_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackEnded(Fact):
    """A prompt ended or failed; both mean the same to the call."""

    playback: PlaybackId


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkingStarted(Fact):
    """Speech began on a channel with talk detection."""

    channel: ChannelId


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkingEnded(Fact):
    """Speech on a channel with talk detection stopped after `duration_s`."""

    channel: ChannelId
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PacketsCounted(Fact):
    """How many sound packets a channel has received so far."""

    channel: ChannelId
    packets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityChecked(Fact):
    """Whether the sound of a channel that was answered is encrypted."""

    channel: ChannelId
    secure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskListed(Fact):
    """What lives in Asterisk, asked for after a (re)connection and now and then."""

    living: Living


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointChanged(Fact):
    """
    Asterisk's view of an endpoint changed. It can veto an agent, never grant one.

    Attributes:
        reachable: at least one binding is registered.
        in_use: Asterisk has a channel on it, ours or not.
    """

    endpoint: str
    reachable: bool | None = None
    in_use: bool | None = None


# --- from the customer base ------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerIdentified(Fact):
    """
    The look-up ended: found, several, none, or out of its time budget.

    Attributes:
        requirement: what the call needs if no rules say so.
        ruling: what the rules say; None without rules.
    """

    call: CallId
    card: Card
    requirement: Requirement
    ruling: Ruling | None = None


# --- from agents -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentBecameReady(Fact):
    """An agent asked to be offered calls."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPaused(Fact):
    """An agent asked for no more calls, for a reason. Takes effect after the call."""

    agent: AgentId
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedOut(Fact):
    """An agent's last desktop closed on purpose, or a supervisor logged them out."""

    agent: AgentId


class Disposition(StrEnum):
    """What the agent says came of a conversation."""

    CONFIRMED = "confirmed"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    CALLBACK = "callback"
    WRONG_NUMBER = "wrong_number"
    INFORMED = "informed"
    COMPLAINT = "complaint"
    MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionSaved(Fact):
    """The disposition of a call is committed; wrap-up may end."""

    agent: AgentId
    call: CallId
    disposition: Disposition
    finish: bool = True
    """True: the agent is done and wrap-up ends now."""


# --- from order intake -----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """
    One order to be dialled: who, on what number, for which shop.

    Attributes:
        zone: the customer's IANA zone, empty if nobody knows.
        trunk: what it is dialled by, once that is chosen.
        value: in whole units of the shop's money.
        cut_off_at: when the courier leaves; None without one.
        past: attempts on this number, whatever the order, as far back as the shop's
            regime looks; oldest first.
        consent: the customer's consent to be called is on record.
        dnc: the number asked the shop not to be called.
        advertising: the call offers something the customer did not order.
    """

    attempt: AttemptId
    order: OrderId
    shop: ShopId
    customer: CustomerId | None
    number: str
    """E.164."""
    requirement: Requirement
    card: Card
    tries: int = 0
    due_at: Instant = 0.0
    deadline_at: Instant | None = None
    caller_id: str = ""
    trunk: str = ""
    zone: str = ""
    placed_at: Instant = 0.0
    value: float = 0.0
    cut_off_at: Instant | None = None
    past: tuple[PastAttempt, ...] = ()
    consent: bool = False
    dnc: bool = False
    advertising: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadsOffered(Fact):
    """The order book offers leads that are due; the pool owns them until recorded."""

    leads: tuple[Lead, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWithdrawn(Fact):
    """Its shop took an order back; who is talked to about it already is talked to."""

    order: OrderId


# --- from before -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptsRemembered(Fact):
    """What earlier attempts taught, read once when the engine starts."""

    shops: tuple[ShopMemory, ...] = field(default_factory=tuple)


# --- from configuration ----------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterChanged(Fact):
    """Shops or agents were changed; calls in progress keep what they have."""

    roster: Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesChanged(Fact):
    """Timings and policies were changed; what is due already stays due."""

    rules: Rules


# --- from the clock --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSet(Fact):
    """
    Somebody set the machine's clock; instants go on as if nothing had happened.

    Attributes:
        ahead_s: what to add to an instant for the time of day.
    """

    ahead_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired(Fact):
    """A timer that the core asked for came due."""

    key: str
