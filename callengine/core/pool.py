"""
A pool: agents, and the calls of the shops they serve. One owner, no clock, no I/O.

`dispatch.apply` takes one fact and returns the effects that follow from it, in order.
What changed since the last look is in `take_dirty`, for the journal. Behaviour stands
in the modules that `dispatch` names; this one holds the state and what they share.
"""

from collections.abc import Callable
from typing import Any

from callengine.core import effects as do
from callengine.core.agent import Agent, OpenCard, skill_class
from callengine.core.call import Call, Leg
from callengine.core.campaign import Campaign
from callengine.core.compliance.regime import Regime
from callengine.core.ids import (
    AgentId,
    BridgeId,
    CallId,
    ChannelId,
    Instant,
    PlaybackId,
    ShopId,
)
from callengine.core.inflow import Inflow
from callengine.core.leads import Leads
from callengine.core.machines import AgentState
from callengine.core.match.matcher import Matcher
from callengine.core.match.requirement import expr_of
from callengine.core.records import DecisionRecord
from callengine.core.roster import Roster, Shop
from callengine.core.rules import Rules
from callengine.core.skills import Requirement
from callengine.core.trunks.trunks import Trunks


class Pool:
    """
    Live state of a pool.

    Args:
        roster: shops and agents.
        rules: timings and policies.
        new_id: mints call ids, never the same twice.
        node: name of this node, part of bridge names.
    """

    wall_ahead_s = 0.0
    """Of the wall clock, since somebody set it; for the time of day."""

    def __init__(
        self, roster: Roster, *, rules: Rules, new_id: Callable[[], str], node: str
    ) -> None:
        self.rules = rules
        self.node = node
        self.new_id = new_id
        self.now: Instant = 0.0
        self.agents: dict[AgentId, Agent] = {}
        self.working: set[AgentId] = set()
        """Logged in and not paused."""
        self.by_endpoint: dict[str, AgentId] = {}
        self.shop_of: dict[str, Shop] = {}
        self.shops: dict[ShopId, Shop] = {}
        self.roster = roster
        self.campaigns: dict[ShopId, Campaign] = {}
        self.calls: dict[CallId, Call] = {}
        self.by_channel: dict[ChannelId, CallId] = {}
        self.by_playback: dict[PlaybackId, CallId] = {}
        self.matcher = Matcher(rules.routing)
        self.inbound = Inflow()
        self.leads = Leads()
        self.trunks = Trunks(rules.trunks)
        self.numbers_live: set[str] = set()
        self.lines: dict[CallId, None] = {}
        """Attempts not yet answered that have no agent of their own."""
        self.held: dict[CallId, None] = {}
        """Answered customers without an agent."""
        self.match_due_at: Instant | None = None
        """When the matcher is to be asked again in any case."""
        self.pace_due = False
        self.paced_at: Instant = 0.0
        self.left_idle = 0
        """Agents whom the last look let idle, since no order could be dialled."""
        self.idle_bridges: list[BridgeId] = []
        self.bridges_made = 0
        self._out: list[do.Effect] = []
        self._dirty_calls: dict[CallId, None] = {}
        self._dirty_agents: dict[AgentId, None] = {}
        self.load_roster(roster)

    # --- facts in, effects out ---------------------------------------------------

    def take_effects(self) -> list[do.Effect]:
        """Return the effects collected so far and forget them."""
        out, self._out = self._out, []
        return out

    def take_dirty(self) -> tuple[list[CallId], list[AgentId]]:
        """Return calls and agents changed since the last look, and forget them."""
        calls, agents = list(self._dirty_calls), list(self._dirty_agents)
        self._dirty_calls.clear()
        self._dirty_agents.clear()
        return calls, agents

    def emit(self, *effects: do.Effect) -> None:
        """Collect effects."""
        self._out.extend(effects)

    def touch(self, call: Call) -> None:
        """Mark a call as changed."""
        self._dirty_calls[call.call] = None

    def touch_agent(self, agent: Agent) -> None:
        """Mark an agent as changed."""
        self._dirty_agents[agent.agent] = None

    def tell(self, agent: Agent) -> None:
        """Mark an agent as changed and show it on the desktop."""
        self.touch_agent(agent)
        self.emit(do.TellAgent(agent=agent.agent))

    def decide(
        self, kind: str, call: Call, chosen: str, reason: str, **detail: Any
    ) -> None:
        """Keep why a decision came out as it did."""
        self.emit(
            do.RecordDecision(
                record=DecisionRecord(
                    at=self.now,
                    kind=kind,
                    call=call.call,
                    chosen=chosen,
                    reason=reason,
                    detail=detail,
                )
            )
        )

    # --- roster ------------------------------------------------------------------

    def load_roster(self, roster: Roster) -> None:
        """Take over shops and agents; an agent who left goes when free."""
        self.shop_of = {number: s for s in roster.shops for number in s.numbers}
        self.shops = {s.shop: s for s in roster.shops}
        self.roster = roster
        for shop_id, campaign in self.campaigns.items():
            if shop_id in self.shops:
                campaign.adopt(self.regime_of(self.shops[shop_id]), self.now)
        known = set()
        for profile in roster.agents:
            known.add(profile.agent)
            agent = self.agents.get(profile.agent)
            if agent is None:
                agent = Agent(profile=profile, skills=skill_class(profile))
                self.agents[profile.agent] = agent
            agent.profile, agent.skills = profile, skill_class(profile)
            self.by_endpoint[profile.endpoint] = profile.agent
            self.index(agent)
        for agent_id in [a for a in self.agents if a not in known]:
            if self.agents[agent_id].call is None:
                self.matcher.log_out(agent_id, self.now)
                self.working.discard(agent_id)
                self.by_endpoint.pop(self.agents[agent_id].profile.endpoint, None)
                del self.agents[agent_id]

    def index(self, agent: Agent) -> None:
        """Keep the matcher in step with one agent."""
        self.pace_due = True
        if agent.state in (AgentState.OFFLINE, AgentState.PAUSED):
            self.working.discard(agent.agent)
        else:
            self.working.add(agent.agent)
        if agent.state is AgentState.OFFLINE:
            self.matcher.log_out(agent.agent, self.now)
            return
        self.matcher.log_in(agent.agent, agent.skills, self.now)
        if agent.offerable:
            self.matcher.free(agent.agent, agent.free_since, self.now)
        else:
            away = agent.state is AgentState.PAUSED or agent.reachable is False
            self.matcher.busy(agent.agent, self.now, until=agent.until, away=away)

    def served_by_anyone(self, requirement: Requirement) -> bool:
        """Say whether any agent who is logged in meets a requirement."""
        return self.matcher.served_by_anyone(expr_of(requirement))

    # --- order calls -------------------------------------------------------------

    def regime_of(self, shop: Shop) -> Regime:
        """Find what a shop's order calls have to keep."""
        return self.roster.regime_of(shop)

    def campaign(self, shop: Shop) -> Campaign:
        """Find what is known of a shop's order calls."""
        campaign = self.campaigns.get(shop.shop)
        if campaign is None:
            campaign = self.campaigns[shop.shop] = Campaign(
                shop,
                self.regime_of(shop),
                self.rules.pacing.predictive,
                ring_s=self.rules.customer_ring_s,
                now=self.now,
            )
        return campaign

    def line_over(self, call: Call, *, answered: bool) -> None:
        """An attempt was answered, or ended without."""
        self.pace_due = True
        self.lines.pop(call.call, None)
        if call.lead is not None and not call.customer.given_up:
            self.campaign(call.shop).attempt_ended(
                call.lead.tries + 1,
                call.customer.started_at,
                self.now,
                answered=answered,
                trunk=call.customer.trunk,
            )

    def settle(self, call: Call) -> None:
        """The fate of an answered customer is known."""
        assert call.answered_at is not None
        self.campaign(call.shop).settle(call.answered_at, call.bridged_at)

    def talk_over(self, call: Call, *, wraps_up: bool) -> None:
        """A conversation, if there was one, is over; learn of order calls."""
        if call.lead is not None and call.bridged_at is not None:
            campaign = self.campaign(call.shop)
            campaign.talk_ended(self.now - call.bridged_at)
            if not wraps_up:
                campaign.wrap_up_ended(0.0)

    def wrap_up_over(self, agent: Agent) -> None:
        """An agent is done with the paperwork; learn of order calls."""
        shown = agent.card
        if shown is not None and shown.card.direction == "outbound":
            shop = self.shops.get(shown.card.shop)
            if shop is not None:
                self.campaign(shop).wrap_up_ended(self.now - agent.since)

    def number_over(self, number: str) -> None:
        """No attempt to a number is in flight any more."""
        self.numbers_live.discard(number)
        self.leads.number_over(number, self.now)
        self.pace_due = True

    def leave_queue(self, call: Call, *, gave_up: bool) -> None:
        """A call wants no agent any more."""
        self.matcher.leave(call.call, self.now, gave_up=gave_up)
        self.held.pop(call.call, None)
        self.lines.pop(call.call, None)

    # --- what every behaviour needs ----------------------------------------------

    def call_of(self, channel: ChannelId) -> tuple[Call, Leg] | None:
        """Find a living channel's call and leg."""
        call_id = self.by_channel.get(channel)
        call = None if call_id is None else self.calls.get(call_id)
        if call is None:
            return None
        for leg in (call.customer, call.agent_leg, *call.past_legs):
            if leg is not None and leg.channel == channel:
                return call, leg
        return None

    def add_call(self, call: Call) -> None:
        """Enter a call and its customer's channel."""
        self.calls[call.call] = call
        self.by_channel[call.customer.channel] = call.call
        if call.lead is None:
            self.inbound.arrived(self.now)
        self.touch(call)

    def take_bridge(self, call: Call) -> BridgeId:
        """Give the call a bridge: an idle one, else a new one."""
        if call.bridge is None:
            if self.idle_bridges:
                call.bridge = self.idle_bridges.pop()
            else:
                self.bridges_made += 1
                name = f"callengine-{self.node}-br-{self.bridges_made}"
                call.bridge = BridgeId(name)
                self.emit(do.OpenBridge(call=call.call, bridge=call.bridge))
        return call.bridge

    def give_bridge_back(self, call: Call) -> None:
        """Keep the call's empty bridge for the next one, or close it."""
        if call.bridge is None:
            return
        if len(self.idle_bridges) < self.rules.idle_bridges:
            self.idle_bridges.append(call.bridge)
        else:
            self.emit(do.CloseBridge(call=call.call, bridge=call.bridge))
        call.bridge = None

    def show(self, agent: Agent, call: Call, state: str, notice: str = "") -> None:
        """Open or change the agent's screen-pop."""
        agent.card = OpenCard(
            call=call.call, card=call.card, state=state, since=self.now, notice=notice
        )
        self._dirty_agents[agent.agent] = None
        self.emit(
            do.ShowCard(
                agent=agent.agent,
                call=call.call,
                card=call.card,
                state=state,
                notice=notice,
            )
        )

    def retract(self, agent: Agent, reason: str) -> None:
        """Close the agent's screen-pop."""
        if agent.card is not None:
            call = agent.card.call
            agent.card = None
            self._dirty_agents[agent.agent] = None
            self.emit(do.RetractCard(agent=agent.agent, call=call, reason=reason))

    def silence(self, call: Call) -> None:
        """Stop whatever the call's bridge plays."""
        if call.playback is not None:
            self.emit(do.StopPlay(call=call.call, playback=call.playback))
            self.by_playback.pop(call.playback, None)
            call.playback = None
        if call.music and call.bridge is not None:
            self.emit(do.StopMusic(call=call.call, bridge=call.bridge))
        call.music = False
