"""Facts about callers: they come, leave, are answered, or come back."""

import math
from dataclasses import replace

from callengine.core.ids import CallId, Instant
from callengine.core.match import standing
from callengine.core.match.callers import Caller, Stand, WorkItem
from callengine.core.match.state import MatchState


def enter(state: MatchState, item: WorkItem, now: Instant) -> None:
    """Enter a caller; the next match decides. Raises `ValueError` if here already."""
    now = state.at(now)
    if item.call in state.callers:
        raise ValueError(f"{item.call} waits already")
    state.entered += 1
    credit_s = _capped(state, item.credit_s)
    caller = Caller(
        item=item,
        place=(item.enqueued_at - credit_s, state.entered, item.call),
        asked=item.ladder.asked,
        credit_s=credit_s,
        clock_s=item.clock_s,
        since=now,
        excluded=item.excluded,
    )
    state.callers[item.call] = caller
    state.demand.arrived(caller.asked, now)
    standing.stand(state, caller, now)


def leave(
    state: MatchState, call: CallId, now: Instant, *, gave_up: bool = True
) -> None:
    """
    Forget a caller. Unknown is fine.

    Args:
        gave_up: they lost patience, rather than being sent elsewhere.
    """
    now = state.at(now)
    caller = state.callers.pop(call, None)
    if caller is None:
        return
    if gave_up:
        state.demand.waited(caller.clock_at(now), gave_up=True)
    standing.withdraw(state, caller)
    _let_agent_go(state, caller, now)


def taken(state: MatchState, call: CallId, now: Instant) -> None:
    """Say that the agent answered: the caller is no longer ours. Unknown is fine."""
    now = state.at(now)
    caller = state.callers.get(call)
    if caller is not None and caller.stand is Stand.OFFERED:
        state.demand.waited(caller.clock_s, gave_up=False)
        del state.callers[call]
    elif caller is not None:
        leave(state, call, now, gave_up=False)


def missed(
    state: MatchState, call: CallId, now: Instant, *, exclude: bool = True
) -> None:
    """
    Take a caller back whom the agent did not take, in the old place.

    Args:
        exclude: do not offer it to that agent again, as after no answer.

    A caller without a reservation stays as it is. Raises `KeyError` if unknown.
    """
    now = state.at(now)
    caller = state.callers[call]
    if caller.stand is not Stand.OFFERED:
        return
    if exclude and caller.given_to is not None:
        caller.excluded |= {caller.given_to}
    _let_agent_go(state, caller, now)
    caller.since = now
    standing.stand(state, caller, now)


def set_credit(state: MatchState, call: CallId, credit_s: float, now: Instant) -> None:
    """Change a caller's priority while they wait. Raises `KeyError` if unknown."""
    now = state.at(now)
    if not math.isfinite(credit_s):
        raise ValueError(f"credit is finite seconds, not {credit_s!r}")
    caller = state.callers[call]
    offered = caller.stand is Stand.OFFERED
    if not offered:
        standing.withdraw(state, caller)
    caller.credit_s = _capped(state, credit_s)
    caller.place = (caller.item.enqueued_at - caller.credit_s, *caller.place[1:])
    if not offered:
        standing.stand(state, caller, now)


def item_now(caller: Caller, now: Instant) -> WorkItem:
    """Give a caller back as a value that can enter another matcher."""
    return replace(
        caller.item,
        credit_s=caller.credit_s,
        excluded=caller.excluded,
        clock_s=caller.clock_at(now),
    )


def _let_agent_go(state: MatchState, caller: Caller, now: Instant) -> None:
    """The reservation came to nothing: no handling time is learned from it."""
    agent, caller.given_to = caller.given_to, None
    member = None if agent is None else state.staff.members.get(agent)
    if member is not None:
        member.released(now)


def _capped(state: MatchState, credit_s: float) -> float:
    return min(max(credit_s, 0.0), state.policy.credit_cap_s)
