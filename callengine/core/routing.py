"""
Routing: which agent takes a call, and which call a free agent takes.

One waiting list and one index of free agents per pool, both by requirement and skill
class, so that a decision looks at classes and never at agents times callers.
Requirements relax in steps over time; a step nobody logged in can serve is skipped
at once. See docs/routing.md for the order of preference.
"""

from typing import Any

from callengine.core import effects as do
from callengine.core import offers
from callengine.core.call import Call
from callengine.core.facts import RulesChanged
from callengine.core.machines import CallState
from callengine.core.match.callers import WorkItem
from callengine.core.match.records import Decision
from callengine.core.match.relaxation import BadLadder, Ladder, ladder_of
from callengine.core.pool import Pool
from callengine.core.rulebook.written import ladder_values
from callengine.core.skills import Requirement


def enqueue(pool: Pool, call: Call) -> None:
    """Let a call that waits find an agent, now or later; its place is its arrival."""
    if call.call in pool.matcher:
        blamed = bool(call.past_legs) and call.past_legs[-1].agent in call.excluded
        pool.matcher.missed(call.call, pool.now, exclude=blamed)
    else:
        pool.matcher.enter(work_item(pool, call), pool.now)
    if call.clock_since is None:
        call.clock_since = pool.now
    if call.lead is not None:
        pool.held[call.call] = None
    serve(pool)
    if call.state is CallState.WAITING:
        call.step_at = pool.now
        call.note(pool.now, "queued", call.needed)
        arm(pool, call)
        pool.touch(call)


def work_item(pool: Pool, call: Call) -> WorkItem:
    """Say what a call needs in the matcher's words."""
    if call.lead is not None:
        return answered_customer(pool, call)
    ruling, clock_s = call.ruling, call.clock_s
    if call.clock_since is not None:
        clock_s += max(0.0, pool.now - call.clock_since)
    return WorkItem(
        call=call.call,
        enqueued_at=call.enqueued_at,
        ladder=caller_ladder(pool, call),
        credit_s=0.0 if ruling is None else ruling.credit_s,
        preferred=() if ruling is None else ruling.preferred,
        excluded=frozenset(call.excluded),
        clock_s=clock_s,
    )


def caller_ladder(pool: Pool, call: Call) -> Ladder:
    """Give the steps that the rules made, else those of the plain requirement."""
    if call.ruling is not None:
        try:
            return call.ruling.ladder
        except BadLadder as error:
            # Another version wrote it; the caller is served all the same.
            call.note(pool.now, "rules unreadable", str(error))
    rules = pool.rules
    return ladder_of(
        call.requirement, relax_after_s=rules.relax_after_s, spare=rules.spare
    )


def answered_customer(pool: Pool, call: Call) -> WorkItem:
    """Say what a customer whom we called needs: anybody able, before all callers."""
    rules = pool.rules
    return WorkItem(
        call=call.call,
        enqueued_at=call.enqueued_at,
        ladder=ladder_of(
            call.requirement, relax_after_s=rules.nuisance_after_s / 4, spare=0.0
        ),
        credit_s=rules.routing.credit_cap_s,
        excluded=frozenset(call.excluded),
    )


def on_rules_changed(pool: Pool, fact: RulesChanged) -> None:
    """
    Route by other rules from now on.

    Callers keep place, clock and what they need; a reservation that is out runs on.
    """
    before, pool.rules = pool.rules, fact.rules
    if before.routing == fact.rules.routing:
        return
    pool.matcher = pool.matcher.successor(fact.rules.routing)
    pool.match_due_at = None
    for agent in pool.agents.values():
        pool.index(agent)
    for call in pool.calls.values():
        if call.state is CallState.WAITING and call.outcome is None:
            pool.matcher.enter(work_item(pool, call), pool.now)


def serve(pool: Pool) -> None:
    """Offer every call that an agent can take now."""
    for decision in pool.matcher.match(pool.now):
        give(pool, decision)


def give(pool: Pool, decision: Decision) -> None:
    """Reserve the agent, show the card, ring the phone; keep why."""
    call, agent = pool.calls[decision.call], pool.agents[decision.agent]
    record = decision.record
    pool.held.pop(call.call, None)
    if record.off_skill:
        call.off_skill = record.relaxed
        call.note(pool.now, "relaxed", record.relaxed)
    call.clock_s, call.clock_since = record.clock_s, None
    detail = {**record.detail(), **ruled(pool, call)}
    pool.decide("routing", call, agent.agent, record.reason, **detail)
    offers.reserve(pool, call, agent, "ringing")
    offers.ring(pool, call, agent)
    arm(pool, call)


def ruled(pool: Pool, call: Call) -> dict[str, Any]:
    """Say in plain JSON values which rules hold and what they ask for when."""
    ruling = call.ruling
    return {
        "rules": [] if ruling is None else list(ruling.rules),
        "rules_version": None if ruling is None else ruling.version,
        "points": [] if ruling is None else [list(pair) for pair in ruling.points],
        "ladder": ladder_values(work_item(pool, call).ladder),
    }


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


def give_up_at(pool: Pool, call: Call) -> float:
    """Say when an answered customer is let go: without an agent, then in any case."""
    assert call.answered_at is not None
    rules = pool.rules
    if call.requeued_at is not None:
        # They had an agent in time; what counts now is that they are not left alone.
        return call.requeued_at + rules.requeue_s
    longest_s = rules.message_most_s if call.outcome is not None else 0.0
    return call.answered_at + rules.give_up_s + longest_s


def next_due(pool: Pool, call: Call) -> float | None:
    """Say when the call's timer is to fire, None when nothing is due."""
    rules, due = pool.rules, []
    if call.state is CallState.IDENTIFYING:
        due.append(call.enqueued_at + rules.identify_most_s)
    if call.state is CallState.WAITING:
        due.append(call.waits_since + rules.max_wait_s)
    if call.state in (CallState.WAITING, CallState.OFFERED):
        quiet = call.shop.music and not call.music and call.playback is None
        if call.lead is None and quiet:
            due.append(call.enqueued_at + rules.music_after_s)
    if call.state is CallState.OFFERED and call.agent_leg is not None:
        # Asterisk ends the ringing; this is for the day when it does not.
        due.append(call.agent_leg.started_at + rules.ring_s + 5.0)
        if call.agent_leg.pick_up_by is not None:
            due.append(call.agent_leg.pick_up_by)
    if call.state is CallState.JOINING:
        due.append(call.step_at + rules.join_s)
    if call.lead is not None and call.answered_at is not None:
        waits = (CallState.WAITING, CallState.OFFERED, CallState.JOINING)
        if call.state in waits:
            due.append(give_up_at(pool, call))
    if call.state is CallState.TALKING and call.machine_at is not None:
        due.append(call.machine_at)
    suspect_at = None if call.agent_leg is None else call.agent_leg.suspect_at
    if call.state is CallState.TALKING and suspect_at is not None:
        due.append(suspect_at)
    return min(due, default=None)


def requirement_for_unknown(shop: str, language: str) -> Requirement:
    """What a call needs when nothing is known of the caller."""
    return Requirement(hard=((f"shop.{shop}", 1), (f"lang.{language}", 1)))
