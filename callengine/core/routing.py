"""
Routing: which agent takes a call, and which call a free agent takes.

One waiting list and one index of free agents per pool, both by requirement and skill
class, so that a decision looks at classes and never at agents times callers.
Requirements relax in steps over time; a step nobody logged in can serve is skipped
at once. See docs/routing.md for the order of preference.
"""

from callengine.core import effects as do
from callengine.core import offers
from callengine.core.call import Call
from callengine.core.machines import CallState
from callengine.core.match.callers import Preferred, WorkItem
from callengine.core.match.records import Decision
from callengine.core.match.relaxation import ladder_of
from callengine.core.pool import Pool
from callengine.core.skills import Requirement


def enqueue(pool: Pool, call: Call) -> None:
    """Let a call that waits find an agent, now or later; its place is its arrival."""
    if call.call in pool.matcher:
        pool.matcher.missed(call.call, pool.now)
    else:
        pool.matcher.enter(work_item(pool, call), pool.now)
    serve(pool)
    if call.state is CallState.WAITING:
        call.step_at = pool.now
        call.note(pool.now, "queued", str(call.required))
        arm(pool, call)
        pool.touch(call)


def work_item(pool: Pool, call: Call) -> WorkItem:
    """Say what a call needs in the matcher's words."""
    rules = pool.rules
    needed = call.requirement
    preferred: tuple[Preferred, ...] = ()
    if call.preferred is not None:
        preferred = (Preferred(agent=call.preferred, until_s=rules.prefer_s),)
    return WorkItem(
        call=call.call,
        enqueued_at=call.enqueued_at,
        ladder=ladder_of(needed, relax_after_s=rules.relax_after_s, spare=rules.spare),
        preferred=preferred,
        excluded=frozenset(call.excluded),
    )


def serve(pool: Pool) -> None:
    """Offer every call that an agent can take now."""
    for decision in pool.matcher.match(pool.now):
        give(pool, decision)


def give(pool: Pool, decision: Decision) -> None:
    """Reserve the agent, show the card, ring the phone; keep why."""
    call, agent = pool.calls[decision.call], pool.agents[decision.agent]
    record = decision.record
    if record.off_skill:
        call.off_skill = record.relaxed
        call.note(pool.now, "relaxed", record.relaxed)
    pool.decide("routing", call, agent.agent, record.reason, **record.detail())
    offers.reserve(pool, call, agent, "ringing")
    offers.ring(pool, call, agent)
    arm(pool, call)


def note_relaxed(call: Call, dropped: tuple[str, int], why: str, now: float) -> None:
    """Keep why an order may be answered off skill."""
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
        step_at = pool.matcher.due_of(call.call)
        if step_at is not None:
            due.append(step_at)
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
