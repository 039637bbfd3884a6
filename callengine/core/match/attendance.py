"""Facts about agents: who is logged in, with what skills, free or not."""

from callengine.core.agent import SkillClass
from callengine.core.ids import AgentId, Instant
from callengine.core.match import standing
from callengine.core.match.lanes import LaneKind
from callengine.core.match.skills import check_class
from callengine.core.match.staff import Member
from callengine.core.match.state import MatchState


def log_in(state: MatchState, agent: AgentId, skills: SkillClass, now: Instant) -> None:
    """Enter an agent, not free yet; again with other skills changes these."""
    now = state.at(now)
    skills = check_class(skills)
    known = state.staff.members.get(agent)
    if known is None:
        _entered(state, state.staff.enter(agent, skills, now), now)
    elif known.skills != skills:
        _change_skills(state, known, skills, now)


def log_out(state: MatchState, agent: AgentId, now: Instant) -> None:
    """Take an agent out; a reservation that is out goes on. Unknown is fine."""
    now = state.at(now)
    if agent not in state.staff.members:
        return
    state.freed.pop(agent, None)
    gone = state.staff.leave(agent)
    standing.release_held(state, agent, now)
    if gone is not None:
        _left(state, gone, now)
    for call in list(state.barred):
        standing.again(state, state.callers[call], now)


def free(state: MatchState, agent: AgentId, since: Instant, now: Instant) -> None:
    """
    Say that an agent may be offered a call; over their limits they rest first.

    Args:
        since: since when they are idle, which orders agents among themselves.

    Raises `KeyError` for an agent who is not logged in.
    """
    now = state.at(now)
    member = state.staff.members[agent]
    if member.free_since is not None or member.rests_until is not None:
        if member.free_since is not None and member.free_since != since:
            state.staff.set_free(member, min(since, now))
        return
    state.staff.away.discard(agent)
    member.free_at = None
    lasted_s = member.released(now)
    if lasted_s is not None:
        state.demand.handled(lasted_s)
    make_free(state, member, min(since, now), now)


def make_free(state: MatchState, member: Member, since: Instant, now: Instant) -> None:
    """Enter an agent among the free unless a limit says to rest."""
    until = None if member.load is None else member.load.rests_until(now)
    if until is not None:
        state.staff.rest(member, until)
        return
    state.staff.set_free(member, since)
    state.freed[member.agent] = None


def busy(
    state: MatchState,
    agent: AgentId,
    now: Instant,
    *,
    until: Instant | None = None,
    away: bool = False,
) -> None:
    """
    Say that an agent may not be offered a call now. Unknown is fine.

    Args:
        until: when they will be free, if that is known (the end of wrap-up).
        away: paused or unreachable: nobody is to be kept for them.
    """
    now = state.at(now)
    member = state.staff.members.get(agent)
    if member is None:
        return
    state.staff.set_busy(agent)
    state.freed.pop(agent, None)
    member.free_at = until
    state.staff.away.discard(agent)
    if away:
        state.staff.away.add(agent)
        standing.release_held(state, agent, now)


def engage(state: MatchState, agent: AgentId, now: Instant) -> None:
    """
    Say that an agent was given a call, by a decision or by somebody else.

    Calls of orders count under the limits as callers do. Unknown is fine.
    """
    busy(state, agent, now)
    member = state.staff.members.get(agent)
    if member is not None:
        member.engage(state.now)


def rested(state: MatchState, now: Instant) -> None:
    """Free the agents whose rest is over."""
    for member in list(state.staff.rested(now)):
        make_free(state, member, now, now)


def _change_skills(
    state: MatchState, member: Member, skills: SkillClass, now: Instant
) -> None:
    since, rests_until = member.free_since, member.rests_until
    away = member.agent in state.staff.away
    gone = state.staff.leave(member.agent)
    if gone is not None:
        _left(state, gone, now)
    new = state.staff.enter(member.agent, skills, now)
    changed = state.staff.members[member.agent]
    changed.load, changed.given_at = member.load, member.given_at
    changed.engaged = member.engaged
    changed.free_at = member.free_at
    if away:
        state.staff.away.add(member.agent)
    _entered(state, new, now)
    if since is not None:
        state.staff.set_free(changed, since)
        state.freed[member.agent] = None
    elif rests_until is not None:
        state.staff.rest(changed, rests_until)
    standing.release_held(state, member.agent, now)
    for call in list(state.barred):
        standing.again(state, state.callers[call], now)


def _entered(state: MatchState, number: int | None, now: Instant) -> None:
    if number is None:
        return
    state.lanes.class_entered(number)
    for call in list(state.unserved):
        standing.again(state, state.callers[call], now)


def _left(state: MatchState, number: int, now: Instant) -> None:
    for lane in state.lanes.class_left(number):
        if lane.kind in (LaneKind.FIRST, LaneKind.RELAXED):
            for _, _, call in list(lane.callers):
                standing.again(state, state.callers[call], now)
