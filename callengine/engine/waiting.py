"""Callers who wait, for supervisors: how long still, and why nobody has them yet."""

from heapq import nsmallest
from typing import Any

from callengine.core.call import Call
from callengine.core.ids import CallId
from callengine.core.match.wait import rounded
from callengine.core.pool import Pool

MOST = 20


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
        told["agents"] = dict(reasons)
    return told
