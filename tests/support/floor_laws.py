"""What holds of a pool at every moment, whatever happened before."""

from callengine.core.call import Call
from callengine.core.ids import CallId
from callengine.core.machines import AgentState, CallState
from callengine.core.pool import Pool

OVER = (CallState.CLEARING, CallState.ENDED)


def check(pool: Pool, *, now: float, wrap_up_s: float) -> None:
    """Hold agents, callers, orders and bridges to their laws."""
    calls = list(pool.calls.values())
    _check_agents(pool, calls, now, wrap_up_s)
    _check_waiting(pool, calls)
    _check_orders(pool, calls)
    used = [call.bridge for call in calls if call.bridge is not None]
    assert len(used) == len(set(used)), "a bridge serves two calls"
    assert not set(used) & set(pool.idle_bridges)


def check_places(pool: Pool, places: dict[CallId, float]) -> None:
    """
    Hold every caller's place.

    Args:
        places: what they were, kept between looks; an order's begins at its answer.
    """
    for call in pool.calls.values():
        if call.lead is None or call.answered_at is not None:
            place = places.setdefault(call.call, call.enqueued_at)
            assert place == call.enqueued_at, "a caller lost their place"


def _check_agents(pool: Pool, calls: list[Call], now: float, wrap_up_s: float) -> None:
    live = [c.agent for c in calls if c.agent is not None and c.state not in OVER]
    assert len(live) == len(set(live)), "an agent is in two reservations"
    for agent in pool.agents.values():
        if agent.channel is not None:
            assert agent.channel in pool.by_channel, "a leg that is no more"
        free = pool.matcher.is_free(agent.agent)
        assert free == agent.offerable, "who may be offered a call is free"
        if agent.state in (AgentState.RESERVED, AgentState.TALKING):
            assert agent.call is not None
            assert agent.reservation is not None
            assert pool.calls[agent.call].agent == agent.agent
            assert agent.card is not None, "a busy agent sees what they do"
        if agent.state is AgentState.WRAP_UP:
            assert now <= agent.since + wrap_up_s + 1e-6, "wrap-up never ends"


def _check_waiting(pool: Pool, calls: list[Call]) -> None:
    waiting = {
        c.call for c in calls if c.state is CallState.WAITING and c.outcome is None
    }
    assert waiting == {c.call for c in pool.matcher.waiting()}, "a caller is lost"
    for caller in pool.matcher.waiting():
        firm = caller.item.ladder.steps[caller.firm].expr
        able = pool.matcher.choose_free(firm, excluded=caller.excluded)
        assert able is None, "a caller waits for an agent who is free"


def _check_orders(pool: Pool, calls: list[Call]) -> None:
    of_orders = [call for call in calls if call.lead is not None]
    numbers = [call.number for call in of_orders]
    assert len(numbers) == len(set(numbers)), "two live attempts to one number"
    assert set(pool.lines) == {
        c.call for c in of_orders if c.state is CallState.DIALLING and c.agent is None
    }
    assert set(pool.held) == {
        c.call for c in of_orders if c.state is CallState.WAITING and c.outcome is None
    }
