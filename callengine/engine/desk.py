"""
The engine's people side: agents and their desktops.

`Desk` is the part of the engine that the API talks to about agents; it reads live
state and posts facts, and never changes anything itself.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

from callengine.core import effects as do
from callengine.core.agent import Agent
from callengine.core.facts import (
    AgentBecameReady,
    AgentLoggedOut,
    AgentPaused,
    DispositionSaved,
    OrderWithdrawn,
)
from callengine.core.ids import AgentId, Instant, OrderId
from callengine.core.machines import AgentState
from callengine.core.pool import Pool
from callengine.engine.face import (
    AgentView,
    CardView,
    DispositionForm,
    UnknownAgent,
    UnknownCall,
)
from callengine.engine.ports import Desktops, FactSink, Ledger, SavedDisposition


class Desk(ABC):
    """
    Agents, as people see them.

    Args:
        post: takes what agents ask for, as facts.
        away_s: an agent whose desktop is gone this long is logged out when free.
    """

    def __init__(
        self,
        desktops: Desktops,
        ledger: Ledger,
        post: FactSink,
        clock: Callable[[], Instant],
        *,
        away_s: float,
    ) -> None:
        self._desktops = desktops
        self._ledger = ledger
        self._post = post
        self._clock = clock
        self._away_s = away_s
        self._away: dict[AgentId, asyncio.TimerHandle] = {}
        self._connected: set[AgentId] = set()

    @property
    @abstractmethod
    def pool(self) -> Pool:
        """The live state; read-only for everybody but its owner."""

    @abstractmethod
    def agent_freed(self) -> None:
        """Somebody could take an order now."""

    def close(self) -> None:
        """Forget who is away."""
        for handle in self._away.values():
            handle.cancel()
        self._away.clear()

    # --- what desktops are told --------------------------------------------------

    def screen(self, effect: do.ShowCard | do.RetractCard | do.TellAgent) -> None:
        """Show an agent what changed."""
        show = self._desktops.show
        match effect:
            case do.ShowCard():
                card = CardView(
                    call=effect.call,
                    state=effect.state,
                    since=self.pool.now,
                    card=effect.card,
                    notice=effect.notice,
                )
                show(effect.agent, {"type": "card", "card": card})
            case do.RetractCard():
                show(
                    effect.agent,
                    {
                        "type": "card_closed",
                        "call": effect.call,
                        "reason": effect.reason,
                    },
                )
            case do.TellAgent():
                if effect.agent in self._connected and effect.agent in self.pool.agents:
                    view = self.agent_view(effect.agent)
                    show(effect.agent, {"type": "agent", "agent": view})
                agent = self.pool.agents.get(effect.agent)
                if agent is not None and agent.offerable:
                    self.agent_freed()

    # --- what the API asks -------------------------------------------------------

    def order_withdrawn(self, order: OrderId) -> None:
        """Dial an order no more; see `EngineFace`."""
        self._post(OrderWithdrawn(at=self._clock(), order=order))

    def _agent(self, agent: AgentId) -> Agent:
        found = self.pool.agents.get(agent)
        if found is None:
            raise UnknownAgent(agent)
        return found

    def agent_view(self, agent: AgentId) -> AgentView:
        """Show an agent as they are now. Raises `UnknownAgent`."""
        live = self._agent(agent)
        return AgentView(
            agent=agent,
            name=live.profile.name,
            state=live.state.value,
            reason=live.wish_reason or live.reason,
            since=live.since,
            reachable=live.reachable is not False,
            until=live.until,
        )

    def cards_of(self, agent: AgentId) -> list[CardView]:
        """List the agent's open screen-pops."""
        card = self._agent(agent).card
        if card is None:
            return []
        return [
            CardView(
                call=card.call,
                state=card.state,
                since=card.since,
                card=card.card,
                notice=card.notice,
            )
        ]

    def connected(self, agent: AgentId) -> None:
        """Note that the first desktop of an agent was opened."""
        self._connected.add(agent)
        handle = self._away.pop(agent, None)
        if handle is not None:
            handle.cancel()
        if self._agent(agent).state is AgentState.OFFLINE:
            self._post(AgentPaused(at=self._clock(), agent=agent, reason="logged_in"))

    def disconnected(self, agent: AgentId) -> None:
        """Log the agent out later, unless a desktop comes back."""
        self._connected.discard(agent)
        loop = asyncio.get_running_loop()
        self._away[agent] = loop.call_later(self._away_s, self._left, agent)

    def _left(self, agent: AgentId) -> None:
        self._away.pop(agent, None)
        self._post(AgentLoggedOut(at=self._clock(), agent=agent))

    async def become_ready(self, agent: AgentId) -> None:
        """Ask to be offered calls."""
        self._agent(agent)
        self._post(AgentBecameReady(at=self._clock(), agent=agent))

    async def pause(self, agent: AgentId, reason: str) -> None:
        """Ask for no more calls; takes effect after the running one."""
        self._agent(agent)
        self._post(AgentPaused(at=self._clock(), agent=agent, reason=reason))

    async def log_out(self, agent: AgentId) -> None:
        """Leave; takes effect after the running call."""
        self._agent(agent)
        self._post(AgentLoggedOut(at=self._clock(), agent=agent))

    async def save_disposition(self, form: DispositionForm) -> None:
        """Commit a disposition. Raises `UnknownCall`, `DispositionRefused`."""
        card = self._agent(form.agent).card
        if card is None or card.call != form.call:
            raise UnknownCall(form.call)
        found = card.card.customers if card.card.identification == "found" else ()
        now = self._clock()
        await self._ledger.save_disposition(
            SavedDisposition(
                call=form.call,
                agent=form.agent,
                shop=card.card.shop,
                customer=found[0].customer if found else None,
                order=form.order or card.card.order,
                disposition=form.disposition,
                note=form.note,
                delivery=form.delivery,
                at=now,
            )
        )
        self._post(
            DispositionSaved(
                at=now,
                agent=form.agent,
                call=form.call,
                disposition=form.disposition,
                finish=form.finish,
            )
        )
