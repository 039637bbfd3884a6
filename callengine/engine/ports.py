"""
What the engine needs from the outside world, as small Protocols.

Adapters implement them; `callengine.testing` holds an in-memory twin of each, and
both pass the same contract suite (`tests/contracts`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from callengine.core.cards import Card, OrderCard
from callengine.core.effects import PutLeadOff
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
from callengine.core.living import Living as Living
from callengine.core.living import LivingChannel as LivingChannel
from callengine.core.memory import ShopMemory
from callengine.core.phones import AutoAnswer
from callengine.core.records import AttemptRecord, CallRecord, DecisionRecord
from callengine.core.roster import AgentProfile as AgentProfile
from callengine.core.roster import Roster as Roster
from callengine.core.roster import Shop as Shop
from callengine.core.rulebook.book import CallFacts
from callengine.core.skills import Requirement

FactSink = Callable[[Fact], None]


class StoreDown(Exception):
    """
    The database cannot be reached or did not commit; try again later.

    Whether a write was kept is unknown: every write may be repeated.
    """


class StoreBusy(StoreDown):
    """Another transaction was in the way; the same again will do."""


class StoreRefused(Exception):
    """The database refuses what it was asked, now and always: a mistake of ours."""


class StoreConflict(StoreRefused):
    """Somebody else wrote the same key first."""


# --- telephony -------------------------------------------------------------------


class TelephonyError(Exception):
    """Asterisk or the trunk said no."""


class ResourceGone(TelephonyError):
    """The channel, bridge or playback is no more; usually good news."""


class Unreachable(TelephonyError):
    """The endpoint has no registered binding, or the trunk is down."""


class TelephonyDown(TelephonyError):
    """Asterisk cannot be reached or did not answer in time; outcome unknown."""


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
        auto_answer: AutoAnswer | None,
    ) -> None:
        """
        Start ringing; the fate follows as facts. Raises `Unreachable`.

        Args:
            auto_answer: how to ask the phone to answer by itself; None: let it ring.
        """

    async def take_charge(self, channel: ChannelId) -> None:
        """Tell the dialplan that a caller who came in is looked after."""

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

    async def packets_received(self, channel: ChannelId) -> int:
        """Count the sound packets a channel has received. Raises `ResourceGone`."""

    async def is_secure(self, channel: ChannelId) -> bool:
        """Say whether a channel's sound is encrypted. Raises `ResourceGone`."""

    async def leave(self, channel: ChannelId) -> None:
        """Give a channel back to the dialplan at its next priority."""

    async def living(self) -> Living:
        """List what lives now."""


# --- the shops' data -------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """What is known of a caller, and what the call needs because of it."""

    card: Card
    requirement: Requirement
    facts: CallFacts = field(default_factory=CallFacts)
    """What rules may look at; the number dialled and the choice are not the base's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingText:
    """Routing rules as they were applied: a TOML text; '' and version 0 for none."""

    text: str = ""
    version: int = 0


class Directory(Protocol):
    """Configuration that lives in the database."""

    async def roster(self) -> Roster:
        """Read every shop and agent."""

    async def roster_version(self) -> int:
        """A cheap number that grows with each change of the roster or the rules."""

    async def routing(self) -> RoutingText:
        """Read the routing rules in force."""


class Crm(Protocol):
    """The customer base."""

    async def identify(
        self, shop: Shop, dialled_number: str, caller_number: str | None
    ) -> Identification:
        """
        Find the caller by number, their orders and contacts, what skills the call
        needs (language, shop, product by purchase history, region), and what rules
        may look at; all by one look into the base.

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

    async def release_all(self, keep: Sequence[AttemptId] = ()) -> int:
        """
        Give back whatever a dead engine had claimed; how many.

        Attempts in `keep` live on (their calls were found alive) and stay taken. An
        attempt that was started and is not kept counts as failed; its order is due
        again two minutes after that attempt began.
        """


class Ledger(Protocol):
    """Business facts, committed before their effect."""

    async def record(
        self,
        calls: Sequence[CallRecord],
        attempts: Sequence[AttemptRecord],
        decisions: Sequence[DecisionRecord],
    ) -> None:
        """Commit a batch in one transaction; the same record twice is once."""

    async def start_attempts(
        self, leads: Sequence[Lead], at: Instant
    ) -> tuple[AttemptId, ...]:
        """
        Commit that attempts are about to be dialled, before they are.

        Returns those withdrawn since they were claimed, which must not be dialled:
        their order was settled meanwhile, by a call of the customer's own.
        """

    async def put_off(self, leads: Sequence[PutLeadOff], now: Instant) -> None:
        """
        Release leads that may not be dialled now; each order is due again at the
        lead's `at`.

        With None the order is unreachable and its shop is told. One that was
        settled or released meanwhile is left alone.
        """

    async def save_disposition(self, saved: SavedDisposition) -> None:
        """
        Commit a disposition, the order's new stage, the delivery agreement and the
        outbox messages to shop and logistics, in one transaction.

        The same call's disposition twice changes the first; the outbox gets one
        message per receiver and change. Raises `DispositionRefused`.
        """


class DispositionRefused(Exception):
    """The disposition contradicts the order or is incomplete; the text says how."""


# --- orders in -------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """
    One line of an order that comes in.

    Attributes:
        price: in whole units as a text, in place of `price_minor`; '' when that holds.
    """

    sku: str
    name: str
    category: str
    quantity: int
    price_minor: int
    price: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOrder:
    """
    An order that comes in, bounded and typed but not yet read against the shop.

    Attributes:
        phone: as written by the shop; read in the region of the shop.
        language, region, currency: empty means the shop's own.
        placed_at: None means the instant of intake.
        zone: the customer's IANA zone; empty if the shop does not know.
        consent: the customer's consent to be called is on the shop's record.
        cut_off_at: when the courier for this order leaves; None without one.
    """

    number: str
    phone: str
    items: tuple[NewItem, ...]
    name: str = ""
    language: str = ""
    region: str = ""
    external_id: str = ""
    currency: str = ""
    placed_at: Instant | None = None
    method: str = ""
    address: str = ""
    comment: str = ""
    zone: str = ""
    consent: bool = False
    cut_off_at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptView:
    """One attempt of an order, finished or running (`outcome` is then empty)."""

    attempt: AttemptId
    number: str
    started_at: Instant
    ended_at: Instant | None
    outcome: str
    next_try_at: Instant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderView:
    """
    An order as its shop may see it.

    Attributes:
        held_rule: what forbade dialling when the order was last due; empty if nothing.
        held_reason: the same for people.
        withdrawn_at: when the shop took the order back; None if it did not.
    """

    order: OrderCard
    phone: str
    received_at: Instant
    deadline_at: Instant | None
    tries: int
    next_try_at: Instant | None
    disposition: str = ""
    note: str = ""
    attempts: tuple[AttemptView, ...] = ()
    consent: bool = False
    cut_off_at: Instant | None = None
    held_rule: str = ""
    held_reason: str = ""
    withdrawn_at: Instant | None = None


class TakenAs(StrEnum):
    """What came of an order's intake."""

    CREATED = "created"
    SAME = "same"
    """It was here already with this content."""
    CONFLICT = "conflict"
    """It was here already with other content, which stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The answer to an intake; `order` is the order as it is kept."""

    taken_as: TakenAs
    order: OrderView


class OrderRefused(Exception):
    """An order cannot be taken; `field` is its dotted path, the text says why."""

    def __init__(self, field_path: str, message: str) -> None:
        super().__init__(message)
        self.field = field_path


class UnknownShop(Exception):
    """No shop has this id."""


class OrderIntake(Protocol):
    """The door for orders."""

    async def take(self, shop: ShopId, order: NewOrder, at: Instant) -> Taken:
        """
        Keep an order, once per shop and number.

        Raises `OrderRefused` (a phone that is none, an item too many...) and
        `UnknownShop`.
        """

    async def find(self, shop: ShopId, number: str) -> OrderView | None:
        """Show an order by the shop's own number."""


# --- who may ask -----------------------------------------------------------------


class ShopKeys(Protocol):
    """API keys of shops; only their hashes are kept."""

    async def shop_for_key(self, key: str) -> ShopId | None:
        """Say whose key this is, None when nobody's."""


class AgentAccounts(Protocol):
    """Logins of agents."""

    async def log_in(self, login: str, password: str) -> AgentProfile | None:
        """
        Check a password; None when login or password are wrong.

        An unknown login costs as much time as a wrong password.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAccount:
    """What Asterisk must know of an agent's softphone."""

    agent: AgentId
    login: str
    name: str
    sip_password: str
    phone_mode: str
    shops: tuple[ShopId, ...]
    srtp: bool | None = None
    """Whether sound must be encrypted; None: as the settings say."""


class PhoneAccounts(Protocol):
    """SIP accounts of agents, for `callengine provision`."""

    async def phone_accounts(self) -> tuple[PhoneAccount, ...]:
        """Read every account, by login."""


# --- what happened ---------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHistory:
    """Everything kept about one call: the answer to "why did it go there?"."""

    call: CallRecord | None
    decisions: tuple[DecisionRecord, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    disposition: SavedDisposition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHistory:
    """Everything kept about dialling one order: "why was it not dialled?"."""

    order: OrderId
    shop: ShopId
    number: str
    """The shop's own number for it."""
    stage: str
    next_try_at: Instant | None
    held_rule: str
    held_reason: str
    attempts: tuple[AttemptRecord, ...] = ()
    decisions: tuple[DecisionRecord, ...] = ()


class Archive(Protocol):
    """Reads of what was recorded, for supervisors."""

    async def orders_by_stage(self) -> dict[ShopId, dict[str, int]]:
        """Count orders per shop and stage."""

    async def why(self, call: CallId) -> CallHistory | None:
        """Everything recorded about a call; None when nothing is."""

    async def remembered(self, roster: Roster, now: Instant) -> tuple[ShopMemory, ...]:
        """Read each shop's counts of its regime's window, and its last attempts."""

    async def why_order(self, key: str) -> OrderHistory | None:
        """Everything recorded about an order, by its id or that of an attempt."""

    async def orders_numbered(
        self, number: str, shop: ShopId | None = None
    ) -> tuple[tuple[OrderId, ShopId], ...]:
        """Find orders by the shop's own number; a few, newest first."""


# --- live state ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One changed aggregate: kind `call` or `agent`, its key, its state.

    The state is anything orjson can write (a dict or a dataclass), None to forget it;
    `load` gives dicts.
    """

    kind: str
    key: str
    state: Any


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
