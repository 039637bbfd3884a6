"""
The door of the matcher: facts in by its methods, decisions out of `match`.

What the engine owes it:

- every decision is followed by `taken`, `missed` or `leave` for its call, and by `free`
  for its agent once they may be offered a call again;
- `match` is called after each fact or batch of facts, and at `next_due`.
"""

from collections.abc import Iterator

from callengine.core.agent import SkillClass
from callengine.core.ids import AgentId, CallId, Instant
from callengine.core.match import arrivals, attendance, choosing, matching, standing
from callengine.core.match.blending import Blend, for_orders
from callengine.core.match.callers import Caller, Stand, WorkItem
from callengine.core.match.explain import explain
from callengine.core.match.policy import Policy
from callengine.core.match.records import Decision
from callengine.core.match.requirement import Expr
from callengine.core.match.state import MatchState
from callengine.core.match.wait import WaitRange, expected_wait


class Matcher:
    """
    One pool's callers and agents.

    Args:
        policy: how to choose; see `Policy`.
    """

    def __init__(self, policy: Policy | None = None) -> None:
        self.state = MatchState(policy)

    def successor(self, policy: Policy) -> "Matcher":
        """
        Return a matcher with another policy that knows what this one has learned.

        Agents and callers are to be entered again; loads under the limits begin anew.
        """
        new = Matcher(policy)
        new.state.demand = self.state.demand.under(policy.reserve)
        return new

    def match(self, now: Instant) -> list[Decision]:
        """Decide everything that can be decided now; see `matching.match`."""
        return matching.match(self.state, now)

    def next_due(self) -> Instant | None:
        """Say when to match again even if nothing happens before; None for never."""
        return standing.next_due(self.state)

    # --- agents ------------------------------------------------------------------

    def log_in(self, agent: AgentId, skills: SkillClass, now: Instant) -> None:
        """Enter an agent, not free yet; again with other skills changes these."""
        attendance.log_in(self.state, agent, skills, now)

    def log_out(self, agent: AgentId, now: Instant) -> None:
        """Take an agent out; unknown is fine."""
        attendance.log_out(self.state, agent, now)

    def free(self, agent: AgentId, since: Instant, now: Instant) -> None:
        """Say that a logged-in agent may be offered a call, idle since an instant."""
        attendance.free(self.state, agent, since, now)

    def busy(
        self,
        agent: AgentId,
        now: Instant,
        *,
        until: Instant | None = None,
        away: bool = False,
    ) -> None:
        """Say that an agent may not be offered a call; see `attendance.busy`."""
        attendance.busy(self.state, agent, now, until=until, away=away)

    def engage(self, agent: AgentId, now: Instant) -> None:
        """Say that an agent was given a call; see `attendance.engage`."""
        attendance.engage(self.state, agent, now)

    # --- callers -----------------------------------------------------------------

    def enter(self, item: WorkItem, now: Instant) -> None:
        """Enter a caller. Raises `ValueError` if the call is here already."""
        arrivals.enter(self.state, item, now)

    def leave(self, call: CallId, now: Instant, *, gave_up: bool = True) -> None:
        """Forget a caller who left or was sent elsewhere; unknown is fine."""
        arrivals.leave(self.state, call, now, gave_up=gave_up)

    def taken(self, call: CallId, now: Instant) -> None:
        """Say that the agent answered; unknown is fine."""
        arrivals.taken(self.state, call, now)

    def missed(self, call: CallId, now: Instant, *, exclude: bool = True) -> None:
        """Take a caller back whom the agent did not take, in the old place."""
        arrivals.missed(self.state, call, now, exclude=exclude)

    def set_credit(self, call: CallId, credit_s: float, now: Instant) -> None:
        """Change a caller's priority."""
        arrivals.set_credit(self.state, call, credit_s, now)

    # --- questions ---------------------------------------------------------------

    def __contains__(self, call: CallId) -> bool:
        """Say whether a caller is here: waiting, held or offered."""
        return call in self.state.callers

    def __len__(self) -> int:
        """Count callers without a reservation."""
        return self.state.waiting

    def waiting(self) -> Iterator[Caller]:
        """Go through the callers without a reservation, in order of entry."""
        callers = self.state.callers.values()
        return (c for c in callers if c.stand is not Stand.OFFERED)

    def items(self, now: Instant) -> list[WorkItem]:
        """Give all callers back as values, for another matcher to take over."""
        return [arrivals.item_now(c, now) for c in self.state.callers.values()]

    def is_free(self, agent: AgentId) -> bool:
        """Say whether an agent may be offered a call."""
        member = self.state.staff.members.get(agent)
        return member is not None and member.free_since is not None

    @property
    def free_agents(self) -> int:
        """Count the agents who may be offered a call."""
        return self.state.staff.free

    def count_free(self, expr: Expr) -> int:
        """Count free agents who meet an expression."""
        return self.state.staff.count_free(self.state.classes.meeting(expr))

    def served_by_anyone(self, expr: Expr) -> bool:
        """Say whether anybody who is logged in meets an expression."""
        return bool(self.state.classes.meeting(expr))

    def free_for_orders(self, expr: Expr, blend: Blend, now: Instant) -> int:
        """Count free agents who may dial orders; see `blending.for_orders`."""
        return for_orders(self.state, expr, blend, now)

    def able(self, expr: Expr) -> int:
        """Return the skill classes that meet an expression, as bits."""
        return self.state.classes.meeting(expr)

    def class_of(self, agent: AgentId) -> int | None:
        """Return the place of an agent's class in `able`; None if logged out."""
        member = self.state.staff.members.get(agent)
        return None if member is None else member.number

    def expected_wait(self, call: CallId, now: Instant) -> WaitRange | None:
        """Predict a waiting caller's wait; see `wait.expected_wait`."""
        return expected_wait(self.state, call, now)

    def explain(self, call: CallId, now: Instant) -> list[tuple[AgentId, str]] | None:
        """Say why a caller still waits; see `explain.explain`."""
        return explain(self.state, call, now)

    def choose_free(
        self, expr: Expr, *, excluded: frozenset[AgentId] = frozenset()
    ) -> AgentId | None:
        """Find the free agent whom the policy would choose; nothing is taken."""
        classes = self.state.classes.meeting(expr)
        now = self.state.now
        found = choosing.choose(self.state, expr, classes, excluded, now)
        return None if found is None else found[1]
