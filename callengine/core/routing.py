"""
Routing: which agent takes a call, and which call a free agent takes.

One waiting list and one index of free agents per pool, both by requirement and skill
class, so that a decision looks at classes and never at agents times callers.
Requirements relax in steps over time; a step nobody logged in can serve is skipped
at once. See docs/routing.md for the order of preference.
"""

from callengine.core import effects as do
from callengine.core import offers
from callengine.core.agent import Agent
from callengine.core.call import Call
from callengine.core.ids import AgentId
from callengine.core.machines import CallState
from callengine.core.pool import Pool
from callengine.core.skills import Requirement


def enqueue(pool: Pool, call: Call) -> None:
    """Let a call that waits find an agent, now or later; its place is its arrival."""
    skip_unserved(pool, call)
    chosen = pool.free.choose(
        call.requirement, preferred=call.preferred, excluded=call.excluded
    )
    if chosen is not None and not overtakes(pool, call, chosen):
        give(pool, call, pool.agents[chosen], "an agent was free")
        return
    pool.waiting.add(call.call, call.requirement, call.enqueued_at)
    call.step_at = pool.now
    call.note(pool.now, "queued", str(call.requirement))
    arm(pool, call)
    pool.touch(call)


def overtakes(pool: Pool, call: Call, agent: AgentId) -> bool:
    """Say whether taking this agent would jump an earlier caller they could serve."""
    first = pool.waiting.best_for(
        pool.agents[agent].skills, lambda c: agent not in pool.calls[c].excluded
    )
    return first is not None and pool.calls[first].enqueued_at < call.enqueued_at


def work_for(pool: Pool, agent: Agent) -> bool:
    """Give a free agent the call that waited longest among those they can serve."""
    if agent.agent not in pool.free:
        return False
    chosen = pool.waiting.best_for(
        agent.skills, lambda c: agent.agent not in pool.calls[c].excluded
    )
    if chosen is None:
        return False
    call = pool.calls[chosen]
    pool.waiting.discard(chosen)
    give(pool, call, agent, "the agent became free")
    return True


def give(pool: Pool, call: Call, agent: Agent, reason: str) -> None:
    """Reserve the agent, show the card, ring the phone; keep why."""
    pool.decide(
        "routing",
        call,
        agent.agent,
        reason,
        required=str(call.required),
        requirement=str(call.requirement),
        relaxed=call.off_skill,
        wait_s=round(pool.now - call.enqueued_at, 3),
        idle_s=round(pool.now - agent.free_since, 3),
        agents_free=len(pool.free),
        agents_meeting=pool.free.count_for(call.requirement),
        calls_waiting=len(pool.waiting),
        preferred=call.preferred,
        excluded=list(call.excluded),
    )
    offers.reserve(pool, call, agent, "ringing")
    offers.ring(pool, call, agent)
    arm(pool, call)


def skip_unserved(pool: Pool, call: Call) -> None:
    """Drop soft skills that nobody who is logged in holds."""
    while call.requirement.soft and not pool.served_by_anyone(call.requirement):
        dropped = call.requirement.soft[-1]
        call.requirement = call.requirement.relaxed()
        note_relaxed(call, dropped, "no agent logged in holds it", pool.now)


def relax(pool: Pool, call: Call) -> None:
    """Take one step down after a wait."""
    if not call.requirement.soft:
        return
    dropped = call.requirement.soft[-1]
    call.requirement = call.requirement.relaxed()
    wait_s = pool.now - call.enqueued_at
    note_relaxed(call, dropped, f"waited {wait_s:.0f} s", pool.now)


def note_relaxed(call: Call, dropped: tuple[str, int], why: str, now: float) -> None:
    """Keep why a call may be answered off skill."""
    text = f"{dropped[0]}>={dropped[1]} dropped: {why}"
    call.off_skill = f"{call.off_skill}; {text}" if call.off_skill else text
    call.note(now, "relaxed", text)


def arm(pool: Pool, call: Call) -> None:
    """Set the call's one timer to the next thing that is due in its state."""
    due_at = next_due(pool, call)
    key = f"call:{call.call}"
    if due_at is not None:
        pool.emit(do.SetTimer(key=key, at=due_at))


def next_due(pool: Pool, call: Call) -> float | None:
    """Say when the call's timer is to fire, None when nothing is due."""
    rules, due = pool.rules, []
    if call.state is CallState.WAITING:
        due.append(call.enqueued_at + rules.max_wait_s)
        if call.requirement.soft:
            due.append(call.step_at + rules.relax_after_s)
    if call.state in (CallState.WAITING, CallState.OFFERED):
        quiet = call.shop.music and not call.music and call.playback is None
        if call.lead is None and quiet:
            due.append(call.enqueued_at + rules.music_after_s)
    if call.state is CallState.OFFERED and call.agent_leg is not None:
        # Asterisk ends the ringing; this is for the day when it does not.
        due.append(call.agent_leg.started_at + rules.ring_s + 5.0)
    if call.state is CallState.JOINING:
        due.append(call.step_at + rules.join_s)
    if call.lead is not None and call.answered_at is not None:
        waits = (CallState.WAITING, CallState.OFFERED, CallState.JOINING)
        if call.state in waits:
            due.append(call.answered_at + rules.give_up_s)
    if call.state is CallState.TALKING and call.machine_at is not None:
        due.append(call.machine_at)
    return min(due, default=None)


def requirement_for_unknown(shop: str, language: str) -> Requirement:
    """What a call needs when nothing is known of the caller."""
    return Requirement(hard=((f"shop.{shop}", 1), (f"lang.{language}", 1)))
