"""Where a caller stands: held for somebody, or in the lanes of the steps reached."""

import heapq

from callengine.core.ids import AgentId, Instant
from callengine.core.match.callers import Caller, Preferred, Stand
from callengine.core.match.ordered import Ordered
from callengine.core.match.state import MatchState


def stand(state: MatchState, caller: Caller, now: Instant) -> None:
    """
    Hold a caller for a preferred agent, else set their steps.

    They enter the lanes in the next match, unless an agent is free for them at once.
    """
    if caller.item.preferred:
        caller.held_for = worth_waiting(state, caller, now)
    if caller.held_for is not None:
        caller.stand = Stand.HELD
        held = state.held.setdefault(caller.held_for.agent, Ordered())
        held.add(caller.place)
        arm(state, caller, now)
    else:
        caller.stand = Stand.ARRIVED
        climb(state, caller, now)
    state.waiting += 1
    state.moved[caller.call] = None


def line_up(state: MatchState, caller: Caller, now: Instant) -> None:
    """Put a caller whom nobody could take at once into their lanes."""
    if caller.stand is Stand.ARRIVED:
        caller.stand = Stand.WAITING
        state.lanes.enter(caller)
        arm(state, caller, now)


def withdraw(state: MatchState, caller: Caller) -> None:
    """Take a caller without a reservation out of wherever they stand."""
    if caller.stand is Stand.OFFERED:
        return
    state.waiting -= 1
    if caller.stand is Stand.WAITING:
        state.lanes.leave(caller)
    elif caller.stand is Stand.HELD and caller.held_for is not None:
        held = state.held[caller.held_for.agent]
        held.remove(caller.place)
        if not held:
            del state.held[caller.held_for.agent]
        caller.held_for = None
    caller.due_at = None
    state.moved.pop(caller.call, None)
    state.unserved.pop(caller.call, None)
    state.barred.pop(caller.call, None)


def again(state: MatchState, caller: Caller, now: Instant) -> None:
    """Look anew where a caller who has no reservation stands."""
    if caller.stand is not Stand.OFFERED:
        withdraw(state, caller)
        stand(state, caller, now)


def release_held(state: MatchState, agent: AgentId, now: Instant) -> None:
    """Let callers who are kept for an agent go on without."""
    for _, _, call in list(state.held.get(agent, ())):
        again(state, state.callers[call], now)


def worth_waiting(state: MatchState, caller: Caller, now: Instant) -> Preferred | None:
    """
    Find a preferred agent, busy now, for whom the caller is to be kept.

    None when one is free, who will be chosen first anyway.
    """
    clock_s = caller.clock_at(now)
    for preferred in caller.item.preferred:
        member = state.staff.members.get(preferred.agent)
        if preferred.agent in state.staff.away or member is None:
            continue
        if not may_prefer(state, caller, preferred):
            continue
        if member.free_since is not None:
            return None
        left_s = preferred.until_s - clock_s
        free_at = member.rests_until or member.free_at
        soon = free_at is not None and free_at <= now + left_s
        if left_s > 0 and (soon or (preferred.while_busy and free_at is None)):
            return preferred
    return None


def may_prefer(state: MatchState, caller: Caller, preferred: Preferred) -> bool:
    """Say whether a preferred agent meets at least the last step of the ladder."""
    member = state.staff.members.get(preferred.agent)
    if member is None or preferred.agent in caller.excluded:
        return False
    last = [s.expr for s in caller.item.ladder.steps if s.spare is None][-1]
    return bool(state.classes.meeting(last) >> member.number & 1)


def climb(state: MatchState, caller: Caller, now: Instant) -> None:
    """
    Set the steps in force: those reached by waiting, and beyond any nobody serves.

    A caller whose excluded agents are the only ones able gets them back if the policy
    would rather ask the same agent again than nobody.
    """
    ladder = caller.item.ladder
    clock_s = caller.clock_at(now)
    caller.spare = ladder.spare_at(clock_s)
    reached = max(ladder.firm_at(clock_s), caller.skipped_to)
    served = _served_from(state, caller, reached)
    if served is None and caller.excluded and state.policy.ask_again:
        caller.excluded = frozenset()
        served = _served_from(state, caller, reached)
    caller.unserved = served is None
    caller.firm = reached if served is None else served
    if served is not None and served > reached:
        caller.skipped_to = served
    if caller.unserved:
        state.unserved[caller.call] = None
    if caller.excluded:
        state.barred[caller.call] = None


def _served_from(state: MatchState, caller: Caller, first: int) -> int | None:
    """Find the first firm step from one on that somebody logged in can serve."""
    steps = caller.item.ladder.steps
    for number in range(first, len(steps)):
        if steps[number].spare is None:
            classes = state.classes.meeting(steps[number].expr)
            if state.staff.able(classes, caller.excluded):
                return number
    return None


def arm(state: MatchState, caller: Caller, now: Instant) -> None:
    """Note when the caller's next step is due."""
    clock_s = caller.clock_at(now)
    dues = []
    after_s = caller.item.ladder.next_after(clock_s)
    if after_s is not None:
        dues.append(after_s)
    if caller.held_for is not None:
        dues.append(caller.held_for.until_s)
    caller.due_at = now + (min(dues) - clock_s) if dues else None
    if caller.due_at is not None:
        heapq.heappush(state.dues, (caller.due_at, caller.call))


def do_due(state: MatchState, now: Instant) -> None:
    """Take every step that came due."""
    while state.dues and state.dues[0][0] <= now:
        due_at, call = heapq.heappop(state.dues)
        caller = state.callers.get(call)
        if caller is None or caller.due_at != due_at:
            continue
        # The sum of the clock's parts may fall short of the step by a rounding.
        caller.clock_s = max(caller.clock_at(now), _step_before(caller, due_at))
        caller.since = now
        again(state, caller, now)


def _step_before(caller: Caller, due_at: Instant) -> float:
    """Return the clock's reading that was due at an instant."""
    since = caller.since if caller.since is not None else due_at
    reading = caller.clock_s + (due_at - since)
    times = [s.after_s for s in caller.item.ladder.steps]
    times += [p.until_s for p in caller.item.preferred]
    return min((t for t in times if abs(t - reading) < 1e-6), default=reading)


def next_due(state: MatchState) -> Instant | None:
    """Say when a match is to be made even if nothing happens before."""
    dues = state.dues
    while dues:
        due_at, call = dues[0]
        caller = state.callers.get(call)
        if caller is not None and caller.due_at == due_at:
            break
        heapq.heappop(dues)
    ends = [dues[0][0]] if dues else []
    rest = state.staff.next_rest_ends()
    return min([*ends, *([] if rest is None else [rest])], default=None)
