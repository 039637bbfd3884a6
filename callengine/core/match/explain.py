"""Why a caller still waits: what stands between them and each agent."""

from callengine.core.ids import AgentId, CallId, Instant
from callengine.core.match.callers import Caller, Stand
from callengine.core.match.reserve import Slack
from callengine.core.match.staff import Member
from callengine.core.match.state import MatchState
from callengine.core.match.zero_match import lacking


def explain(
    state: MatchState, call: CallId, now: Instant
) -> list[tuple[AgentId, str]] | None:
    """
    Say for every agent who is logged in why they do not have this call.

    None for a call that is not here. Looks at every agent: for people's questions, not
    for routing.
    """
    caller = state.callers.get(call)
    if caller is None:
        return None
    members = sorted(state.staff.members.values(), key=lambda m: m.agent)
    return [(member.agent, _reason(state, caller, member, now)) for member in members]


def _reason(state: MatchState, caller: Caller, member: Member, now: Instant) -> str:
    if caller.given_to == member.agent:
        return "has a reservation for it"
    if member.agent in caller.excluded:
        return "did not answer this call"
    ladder = caller.item.ladder
    skills = dict(member.skills)
    firm = ladder.steps[caller.firm].expr
    if not firm.met_by(skills) and not ladder.first.met_by(skills):
        return _not_able(state, caller, member, now)
    if caller.stand is Stand.HELD and caller.held_for is not None:
        return f"the caller is kept for {caller.held_for.agent}"
    return _not_free(state, member) or "is free: the next match decides"


def _not_able(state: MatchState, caller: Caller, member: Member, now: Instant) -> str:
    steps = caller.item.ladder.steps
    skills = dict(member.skills)
    lacks = f"lacks {', '.join(lacking(steps[caller.firm].expr, skills))}"
    if caller.spare is not None and steps[caller.spare].expr.met_by(skills):
        not_free = _not_free(state, member)
        if not_free:
            return f"{lacks}; {not_free}"
        factor = steps[caller.spare].spare or 0.0
        slack = Slack(state.staff, state.demand, factor=factor, now=now)
        if slack.of_class(member.number) <= 0:
            return f"{lacks}; kept free for their own callers"
    later = next(
        (
            step.after_s
            for step in steps[caller.firm + 1 :]
            if step.spare is None and step.expr.met_by(skills)
        ),
        None,
    )
    if later is None:
        return lacks
    return f"{lacks}; able after {later:g} s of waiting"


def _not_free(state: MatchState, member: Member) -> str:
    if member.free_since is not None:
        return ""
    if member.rests_until is not None:
        return "rests under the limits"
    return "is away" if member.agent in state.staff.away else "is busy"
