"""
When to dial how many orders: one look at agents, lines and leads.

The most urgent order is looked at first, with the agents who can serve it and the
lines that may take them. A campaign that may not leave anybody without an agent dials
with agents set aside; any other asks its pacer.
"""

from dataclasses import dataclass, field
from itertools import chain

from callengine.core import carrying, outbound
from callengine.core import effects as do
from callengine.core.agent import AUTO_ANSWER_SKILL, Agent
from callengine.core.campaign import Campaign
from callengine.core.ids import CallId, Instant
from callengine.core.leads import Head, Lane
from callengine.core.machines import AgentState
from callengine.core.match.classes import bits
from callengine.core.match.requirement import expr_of, least
from callengine.core.pool import Pool
from callengine.core.predictive.snapshot import AgentView, Duty, LineView, PacingView
from callengine.core.predictive.tick import Tick
from callengine.core.roster import Shop

ANY_ORDER = least(AUTO_ANSWER_SKILL)
TIMER = "pace:"
LOOK_AGAIN_S = 1.0
RARE_PER_S = 1 / 3600

_DUTIES = {
    AgentState.READY: Duty.FREE,
    AgentState.RESERVED: Duty.TALKING,
    AgentState.TALKING: Duty.TALKING,
    AgentState.WRAP_UP: Duty.WRAPPING,
}


def leads_wanted(pool: Pool) -> int:
    """Say how many more leads are worth holding: two for each agent at work."""
    able = pool.matcher.able(ANY_ORDER)
    working = sum(1 for a in pool.working if _is_in(pool, pool.agents[a], able))
    return max(0, 2 * working - len(pool.leads))


def look(pool: Pool) -> None:
    """
    Start what is worth starting, every `least_gap_s` at most.

    At once, though, when more agents idle than the last look left idle for a reason.
    """
    now = pool.now
    gap_s = pool.rules.pacing.least_gap_s
    if now - pool.paced_at < gap_s and _idle(pool) <= pool.left_idle:
        pool.emit(do.SetTimer(key=TIMER, at=pool.paced_at + gap_s))
        return
    pool.pace_due = False
    if not pool.leads:
        return
    pool.paced_at = now
    again_s = _start(pool)
    pool.left_idle = _idle(pool)
    if pool.leads and pool.working:
        pool.emit(do.SetTimer(key=TIMER, at=now + again_s))


def _idle(pool: Pool) -> int:
    """Count free agents beyond the lines that ring for them."""
    return max(0, pool.matcher.count_free(ANY_ORDER) - len(pool.lines))


def _start(pool: Pool) -> float:
    """Start attempts lane by lane, most urgent first; return when to look again."""
    done: set[Lane] = set()
    again_s = LOOK_AGAIN_S
    sight = Sight(pool)
    while True:
        heads = [h for h in pool.leads.heads(pool.now) if h.lane not in done]
        if not heads:
            return again_s
        head, then = heads[0], heads[1] if len(heads) > 1 else None
        shop = pool.shops.get(head.lead.shop)
        if shop is None:
            pool.leads.discard(head.lead.attempt)
            continue
        if not carrying.room(pool, shop):
            # Its trunks are full, or rest: the orders wait where they are.
            done.add(head.lane)
            continue
        campaign, tick = pool.campaign(shop), None
        if not (campaign.set_aside or head.lane.aside):
            tick = campaign.pacer.decide(sight.view(head, campaign, shop), pool.now)
            again_s = min(again_s, tick.look_again_s)
            for place in tick.hang_up:
                outbound.take_back(pool, sight.lines[place])
        if tick is None or (tick.price <= 0 and _callers_come(pool)):
            sight = Sight(pool)
            look_on = outbound.start_set_aside(pool, head, shop, campaign)
        else:
            look_on = _start_lane(pool, head, then, shop, campaign, tick)
        if not look_on:
            done.add(head.lane)


def _callers_come(pool: Pool) -> bool:
    """
    Say whether a caller may well take the agent whom a customer was dialled for.

    Without a budget for nuisance calls such an agent must be set aside.
    """
    return pool.inbound.per_s(pool.now) > RARE_PER_S


def _start_lane(
    pool: Pool,
    head: Head,
    then: Head | None,
    shop: Shop,
    campaign: Campaign,
    tick: Tick,
) -> bool:
    """Dial a lane's leads until another lane's is more urgent; True to look on."""
    started = 0
    found: Head | None = head
    while started < tick.start:
        if found is None or (started and then is not None and then.rank < found.rank):
            return True
        started += outbound.start(pool, found, shop, campaign, tick)
        found = pool.leads.head(head.lane, pool.now)
    return False


@dataclass(slots=True)
class Sight:
    """What a look sees; every agent is read once, whatever the number of lanes."""

    pool: Pool
    lines: list[CallId] = field(default_factory=list)
    """Of the latest view, in its order."""
    _by_class: dict[int, list[AgentView]] | None = None

    def view(self, head: Head, campaign: Campaign, shop: Shop) -> PacingView:
        """Show the agents who can serve a lane, and the lines that compete for them."""
        pool, requirement = self.pool, head.lane.requirement
        needed = expr_of(requirement)
        able = pool.matcher.able(needed)
        agents = self._agents(able)
        self.lines = [c for c in pool.lines if _competes(pool, c, able)]
        share = len(agents) / len(pool.working) if pool.working else 0.0
        return PacingView(
            lines=tuple(_line(pool, call) for call in self.lines),
            agents=agents,
            held=sum(1 for c in pool.held if _competes(pool, c, able)),
            calls_waiting=len(pool.matcher) - len(pool.held),
            keep_free=outbound.kept_free(pool, needed),
            inbound_per_s=share * pool.inbound.per_s(pool.now),
            leads=len(pool.leads),
            chance=campaign.chance(head.lead, pool.now),
            lines_left=self._lines_left(shop),
        )

    def _lines_left(self, shop: Shop) -> int:
        left = self.pool.rules.pacing.most_lines - len(self.pool.lines)
        return max(0, min(left, carrying.room(self.pool, shop)))

    def _agents(self, able: int) -> tuple[AgentView, ...]:
        if self._by_class is None:
            self._by_class = _by_class(self.pool)
        classes = self._by_class
        return tuple(chain.from_iterable(classes.get(n, ()) for n in bits(able)))


def _by_class(pool: Pool) -> dict[int, list[AgentView]]:
    """Show the agents at work by the place of their skill class in `Matcher.able`."""
    found: dict[int, list[AgentView]] = {}
    for agent_id in pool.working:
        agent = pool.agents[agent_id]
        number = pool.matcher.class_of(agent_id)
        if number is not None and _counts(pool, agent):
            view = AgentView(
                _DUTIES[agent.state], agent.since, _leaves_at(agent, pool.now)
            )
            found.setdefault(number, []).append(view)
    return found


def _is_in(pool: Pool, agent: Agent, able: int) -> bool:
    number = pool.matcher.class_of(agent.agent)
    return number is not None and bool(able >> number & 1)


def _counts(pool: Pool, agent: Agent) -> bool:
    """Leave out who is ready but gets no call: their phone says no, or they rest."""
    return agent.state is not AgentState.READY or pool.matcher.is_free(agent.agent)


def _leaves_at(agent: Agent, now: Instant) -> Instant | None:
    return None if agent.wish is None else now


def _competes(pool: Pool, call: CallId, able: int) -> bool:
    needed = expr_of(pool.calls[call].requirement)
    return bool(pool.matcher.able(needed) & able)


def _line(pool: Pool, call_id: CallId) -> LineView:
    call = pool.calls[call_id]
    leg = call.customer
    return LineView(leg.started_at, call.chance, leg.ringing_at)
