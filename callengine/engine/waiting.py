"""Callers who wait, for supervisors: how long still, and why nobody has them yet."""

from heapq import nsmallest
from typing import Any

from callengine.core.call import Call
from callengine.core.ids import AgentId, CallId
from callengine.core.machines import AgentState
from callengine.core.match.wait import rounded
from callengine.core.offer_failures import OfferFailure
from callengine.core.pool import Pool

MOST = 20
FAILURES = frozenset(failure.value for failure in OfferFailure)


def waiting_calls(pool: Pool, most: int = MOST) -> list[dict[str, Any]]:
    """List those next in line, the first one first, as plain JSON values."""
    first = nsmallest(most, pool.matcher.waiting(), key=lambda caller: caller.place)
    return [
        {
            "call": caller.call,
            "shop": pool.calls[caller.call].shop.shop,
            "waited_s": round(caller.waited_s(pool.now), 1),
            "expected_wait_s": expected_wait(pool, caller.call),
        }
        for caller in first
        if caller.call in pool.calls
    ]


def expected_wait(pool: Pool, call: CallId) -> dict[str, int] | None:
    """Tell between how many seconds a caller will still wait; None if unsure."""
    found = pool.matcher.expected_wait(call, pool.now)
    if found is None:
        return None
    return {"from": rounded(found.low_s), "to": rounded(found.high_s)}


def told_of(pool: Pool, call: Call) -> dict[str, Any]:
    """Tell where a call in progress stands and why no agent has it."""
    told: dict[str, Any] = {
        "state": call.state.value,
        "events": call.events,
        "needs": call.needed,
        "rules": [] if call.ruling is None else list(call.ruling.rules),
    }
    reasons = pool.matcher.explain(call.call, pool.now)
    if reasons is not None:
        told["waited_s"] = round(max(0.0, pool.now - call.enqueued_at), 1)
        told["expected_wait_s"] = expected_wait(pool, call.call)
        told["agents"] = {who: f"{why}{phone_of(pool, who)}" for who, why in reasons}
    return told


def phone_of(pool: Pool, agent: AgentId) -> str:
    """Say what keeps an agent's phone from calls, as an addition to a sentence."""
    live = pool.agents.get(agent)
    if live is None:
        return ""
    if live.state is AgentState.PAUSED and live.reason in FAILURES:
        return f" (paused: {live.reason})"
    if live.reachable is False:
        return f" (phone: {live.reason or 'not registered'})"
    return ""


def phones_in_trouble(pool: Pool, most: int = MOST) -> list[dict[str, Any]]:
    """List agents whose phone failed or is away, those for longest first."""
    found = (
        {
            "agent": agent.agent,
            "state": agent.state.value,
            "reason": agent.reason or "not registered",
            "since": agent.since,
        }
        for agent in pool.agents.values()
        if agent.state is not AgentState.OFFLINE
        and (agent.reason in FAILURES or agent.reachable is False)
    )
    return nsmallest(most, found, key=lambda told: told["since"])
