"""
What the engine needs from the outside world, as small Protocols.

Adapters implement them; `callengine.testing` holds an in-memory twin of each, and
both pass the same contract suite (`tests/contracts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from callengine.core.cards import Card
from callengine.core.facts import Disposition, Fact, Lead
from callengine.core.ids import (
    AgentId,
    AttemptId,
    BridgeId,
    CallId,
    ChannelId,
    CustomerId,
    Instant,
    OrderId,
    PlaybackId,
    ShopId,
)
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.core.skills import Requirement

FactSink = Callable[[Fact], None]

# --- telephony -------------------------------------------------------------------


class TelephonyError(Exception):
    """Asterisk or the trunk said no."""


class ResourceGone(TelephonyError):
    """The channel, bridge or playback is no more; usually good news."""


class Unreachable(TelephonyError):
    """The endpoint has no registered binding, or the trunk is down."""


class TelephonyDown(TelephonyError):
    """Asterisk cannot be reached or did not answer in time; outcome unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingChannel:
    """A channel as Asterisk lists it."""

    channel: ChannelId
    endpoint: str
    state: str
    """Asterisk's state name: Down, Ring, Ringing, Up..."""
    ours: bool
    """In our Stasis application now."""
    arguments: tuple[str, ...] = ()
    """The arguments it entered our application with."""
    caller_number: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """What lives in Asterisk at one moment: the truth to reconcile with."""

    channels: tuple[LivingChannel, ...] = ()
    bridges: dict[BridgeId, tuple[ChannelId, ...]] = field(default_factory=dict)
    """Our bridges and the channels in each."""


class Telephony(Protocol):
    """
    Call control. Commands raise `TelephonyError`; facts go to the sink.

    `ChannelGone` of a channel is delivered exactly once and last.
    """

    async def originate(
        self,
        channel: ChannelId,
        endpoint: str,
        *,
        caller_id: str,
        timeout_s: int,
        auto_answer: bool,
    ) -> None:
        """Start ringing; the fate follows as facts. Raises `Unreachable`."""

    async def open_bridge(self, bridge: BridgeId) -> None:
        """Make a mixing bridge; one that exists already is success."""

    async def close_bridge(self, bridge: BridgeId) -> None:
        """Destroy a bridge; already gone is success."""

    async def join(self, bridge: BridgeId, channels: Sequence[ChannelId]) -> None:
        """Ask for channels to enter; `ChannelJoined` proves it."""

    async def hang_up(self, channel: ChannelId, *, cause: int) -> None:
        """End a channel; already gone is success."""

    async def play(self, playback: PlaybackId, bridge: BridgeId, media: str) -> None:
        """Play on a bridge; `PlaybackEnded` follows in every case."""

    async def stop_play(self, playback: PlaybackId) -> None:
        """Stop a prompt; already ended is success."""

    async def start_music(self, bridge: BridgeId, music: str) -> None:
        """Play music on hold to everybody in a bridge."""

    async def stop_music(self, bridge: BridgeId) -> None:
        """Stop music on hold on a bridge."""

    async def detect_talk(self, channel: ChannelId) -> None:
        """Report `TalkingStarted` and `TalkingEnded` of a channel."""

    async def leave(self, channel: ChannelId) -> None:
        """Give a channel back to the dialplan at its next priority."""

    async def living(self) -> Living:
        """List what lives now."""


# --- the shops' data -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A tenant, as the engine needs it while calls run."""

    shop: ShopId
    name: str
    language: str
    region: str
    """ISO 3166 region that its customers' numbers are read in."""
    currency: str
    zone: str
    """IANA time zone."""
    numbers: tuple[str, ...]
    """Dialled numbers, E.164."""
    queue: str
    """Name of the fallback queue in Asterisk."""
    greeting: str
    """Media to play on arrival, such as `sound:callengine/greeting-ru`; may be ''."""
    music: str = "default"
    caller_id: str = ""
    """E.164 number shown to called customers."""
    dial_orders: bool = True
    trunk: str = "trunk"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentProfile:
    """An agent, as the engine needs it while calls run."""

    agent: AgentId
    login: str
    name: str
    endpoint: str
    """`PJSIP/NAME`."""
    phone_mode: str
    """ring or auto_answer: how the softphone takes *outbound* calls."""
    skills: dict[str, int]
    shops: tuple[ShopId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """Shops and agents, read at start and after each `callengine apply`."""

    shops: tuple[Shop, ...] = ()
    agents: tuple[AgentProfile, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What is known of a caller, and what the call needs because of it."""

    card: Card
    requirement: Requirement
    preferred: AgentId | None = None


class Directory(Protocol):
    """Configuration that lives in the database."""

    async def roster(self) -> Roster:
        """Read every shop and agent."""

    async def roster_version(self) -> int:
        """A cheap number that grows with each change of the roster."""


class Crm(Protocol):
    """The customer base."""

    async def identify(
        self, shop: Shop, dialled_number: str, caller_number: str | None
    ) -> Identification:
        """
        Find the caller by number, their orders and contacts, and what skills the
        call needs (language, shop, product by purchase history, region).

        An unknown, withheld or ambiguous number is a normal answer.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryAgreement:
    """What agent and customer agreed; checked by the store."""

    method: str
    address: str
    date: str
    time_from: str = ""
    time_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedDisposition:
    """A disposition as the agent saved it, before it is committed."""

    call: CallId
    agent: AgentId
    shop: ShopId
    customer: CustomerId | None
    order: OrderId | None
    disposition: Disposition
    note: str
    delivery: DeliveryAgreement | None
    at: Instant


class OrderBook(Protocol):
    """Orders that wait to be dialled, and what came of dialling."""

    async def due(self, now: Instant, limit: int) -> tuple[Lead, ...]:
        """
        Claim up to `limit` due leads, most urgent first, marking them taken.

        A lead claimed is not offered again until its attempt is recorded or
        `release` gives it back.
        """

    async def release(self, attempts: Sequence[AttemptId]) -> None:
        """Give claimed leads back undialled."""

    async def release_all(self) -> int:
        """Give back whatever a dead engine had claimed; how many."""


class Ledger(Protocol):
    """Business facts, committed before their effect."""

    async def record(
        self,
        calls: Sequence[CallRecord],
        attempts: Sequence[AttemptRecord],
        decisions: Sequence[DecisionRecord],
    ) -> None:
        """Commit a batch in one transaction; the same record twice is once."""

    async def start_attempts(self, leads: Sequence[Lead], at: Instant) -> None:
        """Commit that attempts are about to be dialled, before they are."""

    async def save_disposition(self, saved: SavedDisposition) -> None:
        """
        Commit a disposition, the order's new stage, the delivery agreement and the
        outbox messages to shop and logistics, in one transaction.

        The same call's disposition twice changes the first; the outbox gets one
        message per receiver and change. Raises `DispositionRefused`.
        """


class DispositionRefused(Exception):
    """The disposition contradicts the order or is incomplete; the text says how."""


# --- live state ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One changed aggregate: kind `call` or `agent`, its key, its state or None."""

    kind: str
    key: str
    state: dict[str, Any] | None


class JournalDown(Exception):
    """Redis cannot be reached; live decisions must wait."""


class Fenced(Exception):
    """Another node holds the lease now; stop acting."""


class Journal(Protocol):
    """Live state that outlives the process."""

    async def acquire(self, node: str) -> int:
        """Take the node's lease; its fencing token. Raises `Fenced` if held."""

    async def renew(self) -> None:
        """Extend the lease. Raises `Fenced`."""

    async def append(self, entries: Sequence[Entry]) -> None:
        """Write changed aggregates, atomically. Raises `JournalDown`, `Fenced`."""

    async def load(self) -> tuple[Entry, ...]:
        """Read every aggregate left from before."""

    async def release(self) -> None:
        """Give the lease back."""


# --- desktops --------------------------------------------------------------------


class Desktops(Protocol):
    """Where screen-pops go; never waits for a browser."""

    def show(self, agent: AgentId, message: dict[str, Any]) -> None:
        """Send a message to every open desktop of an agent."""
