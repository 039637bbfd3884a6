"""
What the engine shows to people: the side that the API and the desktops talk to.

`EngineFace` is the engine as the API sees it; `callengine.testing.face` is its twin.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from callengine.core.cards import Card
from callengine.core.facts import Disposition
from callengine.core.ids import AgentId, CallId, Instant, OrderId
from callengine.engine.ports import DeliveryAgreement, OrderHistory


class UnknownAgent(Exception):
    """The roster holds no such agent (any more)."""


class UnknownCall(Exception):
    """The agent has no card of this call: it never was theirs, or it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentView:
    """
    An agent as the desktop shows it.

    Attributes:
        state: offline, paused, ready, reserved, talking or wrap_up.
        reason: of the pause, what takes effect after the call, or why a ready
            agent's phone is taken to be away; else empty.
        until: when the state ends by itself (wrap-up), None when it does not.
        reachable: the agent's phone has a registered binding.
    """

    agent: AgentId
    name: str
    state: str
    reason: str
    since: Instant
    reachable: bool
    until: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardView:
    """
    A screen-pop: a call's card and how far the call is.

    Attributes:
        state: offered, ringing, talking or wrap_up.
        notice: what to say beside it: `customer_lost` when they vanished; else empty.
    """

    call: CallId
    state: str
    since: Instant
    card: Card
    notice: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionForm:
    """
    What an agent filled in after (or during) a call.

    Shop and customer are the call's; the engine adds them, and the instant.

    Attributes:
        finish: the agent is done, wrap-up ends now.
    """

    agent: AgentId
    call: CallId
    disposition: Disposition
    note: str = ""
    order: OrderId | None = None
    delivery: DeliveryAgreement | None = None
    finish: bool = True


class EngineFace(Protocol):
    """The engine, as the API may use it. Reads are cheap and never wait."""

    def agent_view(self, agent: AgentId) -> AgentView:
        """Show an agent as they are now. Raises `UnknownAgent`."""

    def cards_of(self, agent: AgentId) -> list[CardView]:
        """List the agent's open screen-pops, oldest first."""

    def connected(self, agent: AgentId) -> None:
        """Note that the first desktop of an agent was opened."""

    def disconnected(self, agent: AgentId) -> None:
        """Note that the last desktop of an agent is gone, perhaps for seconds."""

    async def become_ready(self, agent: AgentId) -> None:
        """Ask to be offered calls."""

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Ask for no more calls; takes effect after the running one."""

    async def log_out(self, agent: AgentId) -> None:
        """Leave; takes effect after the running call."""

    async def save_disposition(self, form: DispositionForm) -> None:
        """
        Commit a disposition; it is durable on return.

        Raises `UnknownCall`, `callengine.engine.ports.DispositionRefused`.
        """

    def order_withdrawn(self, order: OrderId) -> None:
        """Note that a shop took an order back: it is not dialled, nor rung on."""

    def floor(self) -> dict[str, Any]:
        """Count calls by state, agents by state, latencies: plain JSON values."""

    def trunks(self) -> list[dict[str, Any]]:
        """Tell how each trunk does: plain JSON values."""

    async def why(self, call: CallId) -> dict[str, Any] | None:
        """Tell a call's decisions and events, None when nothing is known of it."""

    async def why_order(self, key: str) -> OrderHistory | None:
        """Tell an order's verdicts and attempts, by its id or an attempt's."""
