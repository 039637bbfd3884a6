"""
The engine as the API sees it, in memory: agents and cards that a test moves.

It follows the real engine's rules as far as a page can see them: a pause during a
call takes effect after it, wrap-up ends with the disposition.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from callengine.core.cards import Card
from callengine.core.ids import AgentId, CallId, Instant, OrderId
from callengine.engine.face import (
    AgentView,
    CardView,
    DispositionForm,
    UnknownAgent,
    UnknownCall,
)
from callengine.engine.ports import Desktops, OrderHistory

WRAP_UP_S = 30.0
_IN_CALL = frozenset({"reserved", "talking", "wrap_up"})


@dataclass(slots=True)
class MemoryEngine:
    """
    An `EngineFace` whose calls are made by hand.

    Attributes:
        refusal: raised by the next `save_disposition`, then forgotten.
        saved: forms in the order they were saved.
        present: agents with an open desktop, by the calls of the API.
    """

    desktops: Desktops
    now: Callable[[], Instant]
    agents: dict[AgentId, AgentView] = field(default_factory=dict)
    cards: dict[AgentId, dict[CallId, CardView]] = field(default_factory=dict)
    saved: list[DispositionForm] = field(default_factory=list)
    present: set[AgentId] = field(default_factory=set)
    refusal: Exception | None = None
    stories: dict[CallId, dict[str, Any]] = field(default_factory=dict)
    withdrawn: list[OrderId] = field(default_factory=list)
    trunks_told: list[dict[str, Any]] = field(default_factory=list)
    histories: dict[str, OrderHistory] = field(default_factory=dict)

    def add_agent(self, agent: str, name: str, *, reachable: bool = True) -> AgentId:
        """Put an agent on the roster, offline."""
        id_ = AgentId(agent)
        self.agents[id_] = AgentView(
            agent=id_,
            name=name,
            state="offline",
            reason="",
            since=self.now(),
            reachable=reachable,
        )
        return id_

    # --- what a test does ---

    def offer(self, agent: AgentId, call: CallId, card: Card) -> None:
        """Reserve the agent: the card opens."""
        self._card(agent, call, "offered", card)
        self._move(agent, "reserved")

    def advance(self, agent: AgentId, call: CallId, state: str) -> None:
        """Move a call on: ringing, talking, wrap_up."""
        self._card(agent, call, state, self.cards[agent][call].card)
        if state in _IN_CALL:
            until = self.now() + WRAP_UP_S if state == "wrap_up" else None
            self._move(agent, state, self.agents[agent].reason, until=until)

    def complete(self, agent: AgentId, call: CallId, card: Card) -> None:
        """Replace a card: the look-up answered."""
        self._card(agent, call, self.cards[agent][call].state, card)

    def retract(self, agent: AgentId, call: CallId, reason: str) -> None:
        """Take a card away; the agent is free or paused again."""
        del self.cards[agent][call]
        message = {"type": "card_closed", "call": call, "reason": reason}
        self.desktops.show(agent, message)
        paused_by = "rona" if reason == "rona" else self.agents[agent].reason
        self._move(agent, "paused" if paused_by else "ready", paused_by)

    def set_reachable(self, agent: AgentId, reachable: bool) -> None:
        """Say whether the agent's phone is registered."""
        self._tell(replace(self.agents[agent], reachable=reachable))

    # --- what the API does ---

    def agent_view(self, agent: AgentId) -> AgentView:
        """Show an agent."""
        try:
            return self.agents[agent]
        except KeyError:
            raise UnknownAgent(agent) from None

    def cards_of(self, agent: AgentId) -> list[CardView]:
        """List open cards."""
        return list(self.cards.get(agent, {}).values())

    def connected(self, agent: AgentId) -> None:
        """Note a desktop; an agent who was away is paused until ready."""
        self.present.add(agent)
        if self.agents[agent].state == "offline":
            self._move(agent, "paused", "logged_in")

    def disconnected(self, agent: AgentId) -> None:
        """Note that no desktop is left."""
        self.present.discard(agent)

    async def become_ready(self, agent: AgentId) -> None:
        """Make the agent ready, after a running call."""
        state = self.agent_view(agent).state
        self._move(agent, state if state in _IN_CALL else "ready")

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Pause the agent, after a running call."""
        state = self.agent_view(agent).state
        self._move(agent, state if state in _IN_CALL else "paused", reason)

    async def log_out(self, agent: AgentId) -> None:
        """Take the agent off."""
        self.agent_view(agent)
        self._move(agent, "offline")

    async def save_disposition(self, form: DispositionForm) -> None:
        """Keep the form, or raise the refusal that a test prepared."""
        if form.call not in self.cards.get(form.agent, {}):
            raise UnknownCall(form.call)
        if (refusal := self.refusal) is not None:
            self.refusal = None
            raise refusal
        self.saved.append(form)
        if form.finish and self.cards[form.agent][form.call].state == "wrap_up":
            self.retract(form.agent, form.call, "done")

    def order_withdrawn(self, order: OrderId) -> None:
        """Note that a shop took an order back."""
        self.withdrawn.append(order)

    def floor(self) -> dict[str, Any]:
        """Count agents by state."""
        agents: dict[str, int] = {}
        for view in self.agents.values():
            agents[view.state] = agents.get(view.state, 0) + 1
        return {
            "at": self.now(),
            "calls": {},
            "agents": agents,
            "orders": {},
            "latency_ms": {},
        }

    def trunks(self) -> list[dict[str, Any]]:
        """Tell of the trunks a test wrote."""
        return self.trunks_told

    async def why(self, call: CallId) -> dict[str, Any] | None:
        """Tell the story a test wrote."""
        return self.stories.get(call)

    async def why_order(self, key: str) -> OrderHistory | None:
        """Tell the history a test wrote."""
        return self.histories.get(key)

    def _card(self, agent: AgentId, call: CallId, state: str, card: Card) -> None:
        view = CardView(call=call, state=state, since=self.now(), card=card)
        self.cards.setdefault(agent, {})[call] = view
        self.desktops.show(agent, {"type": "card", "card": view})

    def _move(
        self,
        agent: AgentId,
        state: str,
        reason: str = "",
        *,
        until: Instant | None = None,
    ) -> None:
        old = self.agents[agent]
        since = old.since if old.state == state else self.now()
        if old.state == state == "wrap_up":
            until = old.until
        self._tell(replace(old, state=state, reason=reason, since=since, until=until))

    def _tell(self, view: AgentView) -> None:
        self.agents[view.agent] = view
        self.desktops.show(view.agent, {"type": "agent", "agent": view})
