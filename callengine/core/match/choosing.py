"""Which of the able agents: the keys of a policy narrow the choice one by one."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet

from callengine.core.ids import AgentId, Instant
from callengine.core.match.classes import bits
from callengine.core.match.policy import AgentKey
from callengine.core.match.records import Candidate
from callengine.core.match.requirement import Expr, skills_of
from callengine.core.match.reserve import Slack
from callengine.core.match.state import MatchState

SHORTLIST = 64
"""Classes compared one by one; beyond, those with the longest-idle agents."""

_COMPARE_ALL = (AgentKey.SPARE, AgentKey.RARE)


def band_of(state: MatchState, expr: Expr, number: int) -> int:
    """Return the level band of a class for a requirement, 0 for the best."""
    for band, level in enumerate(state.policy.bands):
        if state.classes.meeting_at(expr, level) >> number & 1:
            return band
    return len(state.policy.bands)


def without_excluded(
    state: MatchState, classes: int, excluded: AbstractSet[AgentId]
) -> int:
    """Leave free classes that have an agent who is not excluded."""
    classes &= state.staff.free_classes
    if not excluded:
        return classes
    for number in list(bits(classes)):
        if state.staff.first_of(number, excluded) is None:
            classes &= ~(1 << number)
    return classes


def choose(
    state: MatchState,
    expr: Expr,
    classes: int,
    excluded: AbstractSet[AgentId],
    now: Instant,
) -> tuple[Instant, AgentId] | None:
    """
    Choose among the free agents of classes; return (idle since, agent).

    Args:
        expr: what they are judged by.
    """
    able = without_excluded(state, classes, excluded)
    if not able:
        return None
    for key in state.policy.agents:
        if not able & (able - 1):
            break
        if key in _COMPARE_ALL:
            able = state.staff.shortlist(able, excluded, SHORTLIST)
        able = _narrow(state, key, able, expr, excluded, now)
    return state.staff.longest_idle(able, excluded)


def _narrow(
    state: MatchState,
    key: AgentKey,
    able: int,
    expr: Expr,
    excluded: AbstractSet[AgentId],
    now: Instant,
) -> int:
    match key:
        case AgentKey.BAND:
            return best_band(state, able, expr)
        case AgentKey.IDLE:
            return _longest_idle(state, able, excluded, now)
        case AgentKey.SPARE:
            return _most_spare(state, able, expr, now)
        case AgentKey.RARE:
            return _least_rare(state, able, expr)


def best_band(state: MatchState, able: int, expr: Expr) -> int:
    """Leave the classes of the best level band."""
    for level in state.policy.bands:
        found = able & state.classes.meeting_at(expr, level)
        if found:
            return found
    return able


def _longest_idle(
    state: MatchState, able: int, excluded: AbstractSet[AgentId], now: Instant
) -> int:
    best = state.staff.longest_idle(able, excluded)
    if best is None:
        return able
    step_s = state.policy.idle_step_s
    if not step_s:
        return 1 << state.staff.members[best[1]].number
    most = (now - best[0]) // step_s
    found = 0
    for number in bits(able):
        head = state.staff.first_of(number, excluded)
        if head is not None and (now - head[0]) // step_s >= most:
            found |= 1 << number
    return found


def _most_spare(state: MatchState, able: int, expr: Expr, now: Instant) -> int:
    """Leave the classes whose other skills are the best covered by free agents."""
    return most_slack(state, able, now, besides=skills_of(expr))[1]


def most_slack(
    state: MatchState,
    able: int,
    now: Instant,
    *,
    factor: float = 1.0,
    besides: Collection[str] = (),
) -> tuple[float, int]:
    """Find the classes furthest above their reserve, and by how much."""
    slack = Slack(state.staff, state.demand, factor=factor, now=now, besides=besides)
    found, most = 0, float("-inf")
    for number in bits(able):
        beyond = slack.of_class(number)
        if beyond > most:
            found, most = 0, beyond
        if beyond == most:
            found |= 1 << number
    return most, found


def _least_rare(state: MatchState, able: int, expr: Expr) -> int:
    """Leave the classes whose other skills weigh least, rare ones weighing most."""
    needed = frozenset(skills_of(expr))
    staffed = state.staff.staffed_with
    found, least = 0, float("inf")
    for number in bits(able):
        names = (name for name, _ in state.classes.skills(number))
        weight = sum(1.0 / staffed[name] for name in names if name not in needed)
        if weight < least:
            found, least = 0, weight
        if weight == least:
            found |= 1 << number
    return found


def some_candidates(
    state: MatchState,
    expr: Expr,
    classes: int,
    excluded: AbstractSet[AgentId],
    now: Instant,
) -> tuple[Candidate, ...]:
    """Name the first few free agents of classes, best band and longest idle first."""
    kept = state.policy.candidates_kept
    able = classes & state.staff.free_classes
    found: list[Candidate] = []
    while able and len(found) < kept:
        band = best_band(state, able, expr)
        number = band_of(state, expr, (band & -band).bit_length() - 1)
        found += [
            Candidate(agent=agent, band=number, idle_s=now - since)
            for since, agent in state.staff.some_idle(band, excluded, kept - len(found))
        ]
        able &= ~band
    return tuple(found)
