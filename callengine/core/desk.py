"""What agents ask for, and what Asterisk says of their phones."""

from callengine.core import failing, offers
from callengine.core.agent import Agent
from callengine.core.facts import (
    AgentBecameReady,
    AgentLoggedOut,
    AgentPaused,
    DispositionSaved,
    EndpointChanged,
)
from callengine.core.machines import AgentCue, AgentState
from callengine.core.pool import Pool

DURING_CALL = (AgentState.RESERVED, AgentState.TALKING, AgentState.WRAP_UP)


def on_agent_became_ready(pool: Pool, fact: AgentBecameReady) -> None:
    """Let the agent be offered calls; in wrap-up this ends it."""
    agent = pool.agents.get(fact.agent)
    if agent is None:
        return
    agent.wish, agent.wish_reason = None, ""
    if agent.state is AgentState.WRAP_UP:
        offers.finish_wrap_up(pool, agent)
    elif agent.move(AgentCue.ASKED_READY, pool.now):
        agent.free_since = pool.now
    pool.index(agent)
    pool.tell(agent)


def on_agent_paused(pool: Pool, fact: AgentPaused) -> None:
    """Offer no more calls; a running one is finished first."""
    agent = pool.agents.get(fact.agent)
    if agent is not None:
        ask(pool, agent, AgentState.PAUSED, fact.reason)


def on_agent_logged_out(pool: Pool, fact: AgentLoggedOut) -> None:
    """Log the agent out; a running call is finished first."""
    agent = pool.agents.get(fact.agent)
    if agent is not None:
        ask(pool, agent, AgentState.OFFLINE, "")


def ask(pool: Pool, agent: Agent, wish: AgentState, reason: str) -> None:
    """Grant a wish now, or remember it until the call is over."""
    if agent.state in DURING_CALL:
        agent.wish, agent.wish_reason = wish, reason
    elif wish is AgentState.PAUSED:
        agent.move(AgentCue.ASKED_PAUSE, pool.now)
        agent.reason = reason
    else:
        agent.move(AgentCue.LOGGED_OUT, pool.now)
    pool.index(agent)
    pool.tell(agent)


def on_disposition_saved(pool: Pool, fact: DispositionSaved) -> None:
    """The paperwork is done: wrap-up ends, now or as soon as the call does."""
    agent = pool.agents.get(fact.agent)
    if agent is None or agent.card is None or agent.card.call != fact.call:
        return
    if not fact.finish:
        return
    agent.dispositioned = True
    offers.finish_wrap_up(pool, agent)


def on_endpoint_changed(pool: Pool, fact: EndpointChanged) -> None:
    """Veto an agent whose phone is gone or in use; never grant one."""
    agent_id = pool.by_endpoint.get(fact.endpoint)
    agent = pool.agents.get(agent_id) if agent_id else None
    if agent is None:
        return
    before = (agent.reachable, agent.in_use)
    if fact.reachable is not None:
        agent.reachable = fact.reachable
        if fact.reachable and agent.state is AgentState.READY:
            agent.reason = ""
    if fact.in_use is not None:
        # While we have a leg to the phone, "in use" only tells what we know.
        agent.in_use = fact.in_use and agent.channel is None
    if before != (agent.reachable, agent.in_use):
        pool.index(agent)
        pool.tell(agent)
        failing.on_endpoint_changed(pool, agent, fact)


def on_agent_timer(pool: Pool, agent: Agent) -> None:
    """Wrap-up ran out."""
    if agent.until is not None and pool.now >= agent.until:
        offers.finish_wrap_up(pool, agent)
