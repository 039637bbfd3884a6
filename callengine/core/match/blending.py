"""
Blending: how many free agents may dial orders without callers paying for it.
"""

from dataclasses import dataclass
from itertools import islice

from callengine.core.ids import Instant
from callengine.core.match.callers import Stand
from callengine.core.match.classes import bits
from callengine.core.match.requirement import Expr
from callengine.core.match.reserve import Slack
from callengine.core.match.state import MatchState


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """
    When inbound has first right to blended agents.

    Attributes:
        keep: free agents kept per caller expected until the next agent is free.
        stop_at_waiting: callers waiting at whom dialling stops; 0 switches it off.
    """

    keep: float = 1.0
    stop_at_waiting: int = 1


def for_orders(state: MatchState, expr: Expr, blend: Blend, now: Instant) -> int:
    """
    Count free agents who meet an expression and may be set aside for orders.

    Callers whom these agents could serve and who wait come first; then what the
    reserve of every skill allows.
    """
    able = state.classes.meeting(expr)
    if blend.stop_at_waiting and _are_waiting(state, able, blend.stop_at_waiting):
        return 0
    slack = Slack(state.staff, state.demand, factor=blend.keep, now=now)
    left: dict[str, float] = {}
    count = 0
    for number in bits(able & state.staff.free_classes):
        skills = [name for name, _ in state.classes.skills(number)]
        for name in skills:
            if name not in left:
                left[name] = slack.of_skill(name)
        # Every agent taken leaves one less for each skill they have.
        most = int(min([left[name] for name in skills] + [1e9]))
        taken = max(0, min(most, state.staff.count_free(1 << number)))
        for name in skills:
            left[name] -= taken
        count += taken
    return count


def _are_waiting(state: MatchState, able: int, count: int) -> bool:
    """Say whether so many callers wait whom a class of these agents could serve."""
    waiting = (
        caller
        for caller in state.callers.values()
        if caller.stand in (Stand.ARRIVED, Stand.WAITING)
        and state.classes.meeting(caller.item.ladder.steps[caller.firm].expr) & able
    )
    return sum(1 for _ in islice(waiting, count)) >= count
