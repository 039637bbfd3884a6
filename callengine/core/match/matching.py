"""
Matching in both directions: `match` pairs free agents with waiting callers.

Between two matches no caller waits whom a free agent could serve, so a match looks
only at agents who became free and callers who came or took a step. A free agent finds
the caller; that caller then chooses among the free agents, so both have their best.
"""

from dataclasses import dataclass

from callengine.core.ids import AgentId, Instant
from callengine.core.match import attendance, choosing, standing
from callengine.core.match.callers import Caller, Stand
from callengine.core.match.lanes import Lane, LaneKind, Place
from callengine.core.match.policy import CallerOrder
from callengine.core.match.records import Candidate, Decision, MatchRecord, Rival, Way
from callengine.core.match.requirement import Expr
from callengine.core.match.reserve import Slack
from callengine.core.match.staff import Member
from callengine.core.match.state import MatchState

_Head = tuple[int, float, Place, bool, Lane]
"""First of a lane: band, score, place, whether on skill, the lane."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An agent for a caller, and by what right."""

    agent: AgentId
    way: Way
    step: int
    classes: int
    margin: float | None = None


def match(state: MatchState, now: Instant) -> list[Decision]:
    """
    Decide everything that can be decided at an instant.

    Each decision has taken its agent and its caller when this returns. Afterwards no
    waiting caller is left whom a free agent may serve.
    """
    now = state.at(now)
    standing.do_due(state, now)
    attendance.rested(state, now)
    decisions: list[Decision] = []
    moved = [state.callers[call] for call in state.moved]
    state.moved.clear()
    if state.freed:
        for caller in moved:
            standing.line_up(state, caller, now)
        members = [state.staff.members[agent] for agent in state.freed]
        state.freed.clear()
        members.sort(key=lambda m: (m.free_since or now, m.agent))
        for member in members:
            _find_callers(state, member, now, decisions)
    moved.sort(key=lambda caller: caller.place)
    for caller in moved:
        if caller.stand is not Stand.OFFERED:
            _find_agent(state, caller, now, decisions)
    return decisions


def _find_callers(
    state: MatchState, member: Member, now: Instant, decisions: list[Decision]
) -> None:
    """Give callers to agents until this agent is taken or finds none."""
    while member.free_since is not None:
        found, rivals = caller_for(state, member, now)
        if found is None:
            return
        choice = agent_for(state, found, now)
        if choice is None:
            return
        others = tuple(r for r in rivals if r.call != found.call)
        decisions.append(_decide(state, found, choice, now, "caller", others))


def _find_agent(
    state: MatchState, caller: Caller, now: Instant, decisions: list[Decision]
) -> None:
    choice = agent_for(state, caller, now)
    if choice is None:
        standing.line_up(state, caller, now)
    else:
        decisions.append(_decide(state, caller, choice, now, "agent", ()))


# --- a caller looks for an agent ---------------------------------------------------


def agent_for(state: MatchState, caller: Caller, now: Instant) -> Choice | None:
    """Find the agent to offer a caller to: preferred, on skill, relaxed, to spare."""
    if caller.item.preferred:
        preferred = _preferred(state, caller)
        if preferred is not None or caller.stand is Stand.HELD:
            return preferred
    steps = caller.item.ladder.steps
    able = state.classes.meeting(steps[0].expr) & state.staff.free_classes
    if able:
        excluded = caller.excluded
        chosen = choosing.choose(state, steps[0].expr, able, excluded, now)
        if chosen is not None:
            return Choice(chosen[1], Way.ON_SKILL, 0, able)
    if caller.firm:
        relaxed = _off_skill(state, caller, caller.firm, None, now)
        if relaxed is not None:
            return relaxed
    if caller.spare is None:
        return None
    factor = steps[caller.spare].spare
    return _off_skill(state, caller, caller.spare, factor, now)


def _preferred(state: MatchState, caller: Caller) -> Choice | None:
    for preferred in caller.item.preferred:
        member = state.staff.members.get(preferred.agent)
        if member is None or member.free_since is None:
            continue
        if standing.may_prefer(state, caller, preferred):
            bit = 1 << member.number
            step = _step_met(state, caller, bit)
            return Choice(preferred.agent, Way.PREFERRED, step, bit)
    return None


def _step_met(state: MatchState, caller: Caller, bit: int) -> int:
    """Find the first step that a preferred agent meets; the last one in any case."""
    firm = [n for n, s in enumerate(caller.item.ladder.steps) if s.spare is None]
    meets = (
        n for n in firm if state.classes.meeting(caller.item.ladder.steps[n].expr) & bit
    )
    return next(meets, firm[-1])


def _off_skill(
    state: MatchState, caller: Caller, step: int, factor: float | None, now: Instant
) -> Choice | None:
    """
    Find an agent of the class that can best do without one.

    Args:
        factor: of the reserve that must stay; None when the step is firm.
    """
    classes = state.classes.meeting(caller.item.ladder.steps[step].expr)
    able = choosing.without_excluded(state, classes, caller.excluded)
    if not able:
        return None
    some = state.staff.shortlist(able, caller.excluded, choosing.SHORTLIST)
    most, best = choosing.most_slack(state, some, now, factor=factor or 0.0)
    if factor is not None and most <= 0:
        return None
    chosen = state.staff.longest_idle(best, caller.excluded)
    if chosen is None:
        return None
    if factor is None:
        return Choice(chosen[1], Way.RELAXED, step, able)
    return Choice(chosen[1], Way.SPARE, step, able, most)


# --- a free agent looks for a caller -----------------------------------------------


def caller_for(
    state: MatchState, member: Member, now: Instant
) -> tuple[Caller | None, tuple[Rival, ...]]:
    """Find the caller a free agent is to take, and the first few passed over."""
    held = state.held.get(member.agent)
    if held is not None:
        first = held.first()
        assert first is not None
        return state.callers[first[2]], ()
    best_fit = state.policy.callers is CallerOrder.BEST_FIT
    credit_s = state.policy.on_skill_credit_s
    found: list[_Head] = []
    spare: list[tuple[Place, Lane]] = []
    for lane in state.lanes.open_to(member.number):
        place = lane.callers.entries[0]
        kind = lane.kind
        if kind is LaneKind.SPARE:
            spare.append((place, lane))
        else:
            band = choosing.band_of(state, lane.expr, member.number) if best_fit else 0
            on_skill = kind is not LaneKind.RELAXED
            score = place[0] - credit_s if on_skill else place[0]
            found.append((band, score, place, on_skill, lane))
    best = _first_allowed(state, found, member.agent)
    if best is not None:
        return best, _rivals(state, found, now)
    return _spare_caller(state, member, spare, now), ()


def _first_allowed(
    state: MatchState, heads: list[_Head], agent: AgentId
) -> Caller | None:
    """Sort heads, best first; return the first one the agent is not excluded from."""
    heads.sort(key=_score)
    while heads:
        band, score, place, on_skill, lane = heads[0]
        caller = state.callers[place[2]]
        if agent not in caller.excluded:
            return caller
        # Rare: the next one of this lane takes the place of its head.
        later = _head(state, lane, agent)
        del heads[0]
        if later is not None:
            score += later[0] - place[0]
            heads.append((band, score, later, on_skill, lane))
            heads.sort(key=_score)
    return None


def _score(head: _Head) -> tuple[int, float, Place]:
    return head[:3]


def _head(state: MatchState, lane: Lane, agent: AgentId) -> Place | None:
    first = lane.callers.first()
    if first is None or agent not in state.callers[first[2]].excluded:
        return first
    for place in lane.callers:
        if agent not in state.callers[place[2]].excluded:
            return place
    return None


def _spare_caller(
    state: MatchState,
    member: Member,
    heads: list[tuple[Place, Lane]],
    now: Instant,
) -> Caller | None:
    """Find the longest waiting of the callers this agent has spare time for."""
    beyond: dict[float, float] = {}
    heads.sort(key=lambda head: head[0])
    for _, lane in heads:
        factor = lane.factor
        place = _head(state, lane, member.agent)
        if factor not in beyond:
            slack = Slack(state.staff, state.demand, factor=factor, now=now)
            beyond[factor] = slack.of_class(member.number)
        if place is not None and beyond[factor] > 0:
            return state.callers[place[2]]
    return None


def _rivals(state: MatchState, found: list[_Head], now: Instant) -> tuple[Rival, ...]:
    kept: dict[str, Rival] = {}
    for _, _, place, on_skill, _ in found:
        if len(kept) >= state.policy.candidates_kept:
            break
        caller = state.callers[place[2]]
        if caller.call not in kept:
            kept[caller.call] = Rival(
                call=caller.call,
                waited_s=caller.waited_s(now),
                credit_s=caller.credit_s,
                on_skill=on_skill,
            )
    return tuple(kept.values())


# --- the decision ------------------------------------------------------------------


def _decide(
    state: MatchState,
    caller: Caller,
    choice: Choice,
    now: Instant,
    sought: str,
    rivals: tuple[Rival, ...],
) -> Decision:
    """Take both, and write down why."""
    record = _record(state, caller, choice, now, sought, rivals)
    member = state.staff.members[choice.agent]
    standing.withdraw(state, caller)
    caller.clock_s, caller.since = caller.clock_at(now), None
    caller.stand, caller.given_to = Stand.OFFERED, choice.agent
    state.staff.set_busy(choice.agent)
    state.freed.pop(choice.agent, None)
    member.given(now)
    state.demand.given(member.skills, caller.asked)
    return Decision(call=caller.call, agent=choice.agent, record=record)


def _record(
    state: MatchState,
    caller: Caller,
    choice: Choice,
    now: Instant,
    sought: str,
    rivals: tuple[Rival, ...],
) -> MatchRecord:
    member = state.staff.members[choice.agent]
    steps = caller.item.ladder.steps
    met = steps[choice.step].expr
    waited_s = caller.waited_s(now)
    return MatchRecord(
        at=now,
        call=caller.call,
        agent=choice.agent,
        sought=sought,
        way=choice.way,
        needed=steps[0].expr,
        met=met,
        step=choice.step,
        relaxed=_relaxed(caller, choice),
        waited_s=waited_s,
        clock_s=caller.clock_at(now),
        credit_s=caller.credit_s,
        score_s=waited_s + caller.credit_s,
        idle_s=now - (now if member.free_since is None else member.free_since),
        band=choosing.band_of(state, met, member.number),
        margin=choice.margin,
        able_free=state.staff.count_free(choice.classes),
        free=state.staff.free,
        waiting=state.waiting,
        candidates=_candidates(state, caller, choice, met, now),
        rivals=rivals,
        excluded=tuple((agent, "did not answer") for agent in sorted(caller.excluded)),
    )


def _candidates(
    state: MatchState, caller: Caller, choice: Choice, met: Expr, now: Instant
) -> tuple[Candidate, ...]:
    if not state.policy.candidates_kept:
        return ()
    return choosing.some_candidates(state, met, choice.classes, caller.excluded, now)


def _relaxed(caller: Caller, choice: Choice) -> str:
    """Say what was given up until the step that the agent meets, and why."""
    steps = caller.item.ladder.steps
    if choice.way is Way.SPARE:
        return f"{steps[choice.step].why}: an agent was to spare"
    if choice.way is Way.ON_SKILL or not choice.step:
        return ""
    whys = [s.why for s in steps[1 : choice.step + 1] if s.spare is None and s.why]
    if choice.way is Way.PREFERRED:
        cause = "the preferred agent does without"
    elif choice.step <= caller.skipped_to:
        cause = "no agent logged in meets more"
    else:
        cause = f"waited {steps[choice.step].after_s:g} s"
    return f"{', '.join(whys)}: {cause}"
