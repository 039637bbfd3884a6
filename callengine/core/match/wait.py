"""
How long a caller will still wait: a range, or nothing when little is known.

The next agent for this caller comes when one of those able is done, and first serves
whoever is ahead. A caller ahead counts by the share of their able agents that are able
for this caller too. With handling times of exponential kind the wait is the time of so
many completions, and callers who lose patience shorten it.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

from callengine.core.ids import CallId, Instant
from callengine.core.match.callers import Stand
from callengine.core.match.lanes import LaneKind
from callengine.core.match.state import MatchState


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitRange:
    """
    A prediction, in seconds from now.

    Attributes:
        low_s, high_s: quantiles that leave out (1 - share) / 2 on either side.
        middle_s: the mean.
        ahead: callers ahead, by the share they take of the same agents.
        agents: able agents who are logged in and not away.
    """

    low_s: float
    middle_s: float
    high_s: float
    ahead: float
    agents: int


def expected_wait(
    state: MatchState,
    call: CallId,
    now: Instant,
    *,
    share: float = 0.6,
    thin: int = 20,
) -> WaitRange | None:
    """
    Predict how long a waiting caller will still wait.

    None for a call that does not wait, when no able agent is there, or when fewer than
    `thin` calls were handled: better say nothing than something wrong.

    Args:
        share: of such callers whose wait will be in the range.
    """
    caller = state.callers.get(call)
    if caller is None or caller.stand is Stand.OFFERED:
        return None
    if state.demand.calls_seen < thin:
        return None
    expr = caller.item.ladder.steps[caller.firm].expr
    able = state.classes.meeting(expr)
    agents = state.staff.count_present(able)
    if not agents:
        return None
    ahead = _ahead(state, able, caller.place)
    mean_s = mean_wait_s(
        ahead + 1.0,
        rate=agents / state.demand.handling_s,
        impatience=state.demand.impatience,
    )
    low, high = _spread(ahead + 1.0, share)
    return WaitRange(
        low_s=mean_s * low,
        middle_s=mean_s,
        high_s=mean_s * high,
        ahead=ahead,
        agents=agents,
    )


def mean_wait_s(place: float, *, rate: float, impatience: float) -> float:
    """
    Return the mean time until a place in line is served.

    Args:
        place: 1 for the first in line.
        rate: completions per second.
        impatience: share of those waiting who leave, per second.
    """
    if impatience * place < 1e-6 * rate:
        return place / rate
    return math.log1p(place * impatience / rate) / impatience


def _ahead(state: MatchState, able: int, place: tuple[Instant, int, CallId]) -> float:
    """Count callers ahead, each by the share of their agents that are ours too."""
    ahead = 0.0
    for lane in state.lanes:
        if lane.kind not in (LaneKind.FIRST, LaneKind.RELAXED) or not lane.callers:
            continue
        count = lane.callers.count_before(place)
        both = lane.classes & able
        if not count or not both:
            continue
        if both == lane.classes:
            ahead += count
        else:
            theirs = state.staff.count_staffed(lane.classes)
            ahead += count * state.staff.count_staffed(both) / theirs
    return ahead


def _spread(place: float, share: float) -> tuple[float, float]:
    """Return quantiles of a gamma variable of mean 1 (Wilson and Hilferty)."""
    deviate = NormalDist().inv_cdf(0.5 + share / 2)
    ninth = 1.0 / (9.0 * place)
    root = math.sqrt(ninth)
    low = max(0.0, 1.0 - ninth - deviate * root) ** 3
    high = (1.0 - ninth + deviate * root) ** 3
    return low, high


def rounded(seconds: float) -> int:
    """Round to what is worth saying: 10 s, half minutes, minutes, five minutes."""
    for limit_s, step_s in ((60, 10), (180, 30), (600, 60)):
        if seconds <= limit_s:
            return int(math.ceil(seconds / step_s) * step_s)
    return int(math.ceil(seconds / 300) * 300)
