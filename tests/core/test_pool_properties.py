"""
Whatever happens, in whatever order: no agent in two calls, no caller lost.

A small switch plays Asterisk: it makes the channels that are asked for and ends those
that are hung up. Everything else is hypothesis' choice: who calls, answers, rejects,
hangs up, presses what, and how long it all takes.
"""

from collections import Counter

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.machines import AgentState, CallState
from callengine.core.rules import PacingRules, Rules
from callengine.core.skills import Requirement
from tests.support.pool_kit import (
    RU,
    RU_PHONES,
    Play,
    make_agent,
    make_lead,
    make_shop,
    play,
)

AGENTS = ("anna", "boris", "vera")
SECONDS = st.sampled_from([0.0, 0.5, 2.0, 4.0, 16.0, 40.0, 400.0])


class Floor(RuleBasedStateMachine):
    """The pool, a switch that obeys it, and people who do as they like."""

    channels = Bundle("channels")

    @initialize(
        greeting=st.sampled_from(["", "sound:hello"]),
        music=st.sampled_from(["", "default"]),
        wrap_up_s=st.sampled_from([0.0, 10.0]),
        keep_free=st.integers(0, 1),
    )
    def open_doors(
        self, greeting: str, music: str, wrap_up_s: float, keep_free: int
    ) -> None:
        self.play: Play = play(
            make_agent("anna"),
            make_agent("boris", product_phones=5),
            make_agent("vera", "ring", lang_uk=5),
            shops=[make_shop(greeting=greeting, music=music)],
            rules=Rules(
                wrap_up_s=wrap_up_s,
                relax_after_s=15,
                max_wait_s=300,
                pacing=PacingRules(keep_free=keep_free),
            ),
        )
        self.alive: dict[str, str] = {}  # channel -> "up" or "ringing"
        self.joined: set[str] = set()
        self.to_join: list[str] = []
        self.hung_up: list[str] = []
        self.made = 0
        self.seen = 0
        self.arrived = 0
        self.records: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()

    # --- the switch ---

    def _obey(self) -> None:
        """Carry out what the pool asked for since the last time."""
        for effect in self.play.done[self.seen :]:
            match effect:
                case do.Originate():
                    assert effect.channel not in self.alive
                    self.alive[effect.channel] = "ringing"
                case do.HangUp():
                    self.hung_up.append(effect.channel)
                case do.LeaveToDialplan():
                    self.hung_up.append(effect.channel)
                case do.Join():
                    self.to_join += effect.channels
                case do.RecordCall():
                    self.records[effect.record.call] += 1
                case do.RecordAttempt():
                    self.attempts[effect.record.attempt] += 1
                case do.BeginAttempt():
                    self.begun[effect.lead.attempt] += 1
        self.seen = len(self.play.done)

    def _end(self, channel: str, cause: int = 16) -> None:
        del self.alive[channel]
        self.joined.discard(channel)
        self.play.ends(channel, cause)
        self._obey()

    def _pick(self, index: int, state: str) -> str | None:
        fitting = sorted(c for c, s in self.alive.items() if s == state)
        return fitting[index % len(fitting)] if fitting else None

    # --- people ---

    @rule(needs=st.sampled_from([RU, RU_PHONES, Requirement(hard=(("lang.uk", 3),))]))
    def somebody_calls(self, needs: Requirement) -> None:
        self.made += 1
        self.arrived += 1
        channel = f"in{self.made}"
        self.alive[channel] = "up"
        self.play.calls_in(channel, needs)
        self._obey()

    @rule(same=st.booleans())
    def an_order_is_due(self, same: bool) -> None:
        self.made += 1
        number = "+79160000000" if same else f"+7916{self.made:07}"
        self.play.offered(make_lead(f"o{self.made}", number))
        self._obey()

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_presses_ready(self, agent: str) -> None:
        self.play.ready(agent)
        self._obey()

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_presses_pause(self, agent: str) -> None:
        who = self.play.agent(agent).agent
        self.play.see(saw.AgentPaused(at=self.play.now, agent=who, reason="break"))
        self._obey()

    @rule(agent=st.sampled_from(AGENTS))
    def an_agent_logs_out(self, agent: str) -> None:
        who = self.play.agent(agent).agent
        self.play.see(saw.AgentLoggedOut(at=self.play.now, agent=who))
        self._obey()

    @rule(agent=st.sampled_from(AGENTS), reachable=st.booleans(), in_use=st.booleans())
    def asterisk_says_something_of_a_phone(
        self, agent: str, reachable: bool, in_use: bool
    ) -> None:
        self.play.see(
            saw.EndpointChanged(
                at=self.play.now,
                endpoint=f"PJSIP/{agent}",
                reachable=reachable,
                in_use=in_use,
            )
        )
        self._obey()

    @rule(index=st.integers(0, 9))
    def a_phone_rings(self, index: int) -> None:
        channel = self._pick(index, "ringing")
        if channel:
            self.play.rings(channel)
            self._obey()

    @rule(index=st.integers(0, 9))
    def a_phone_is_answered(self, index: int) -> None:
        channel = self._pick(index, "ringing")
        if channel:
            self.alive[channel] = "up"
            self.play.answers(channel)
            self._obey()

    @rule(index=st.integers(0, 9), cause=st.sampled_from([17, 19, 21, 0]))
    def a_phone_is_not_answered(self, index: int, cause: int) -> None:
        channel = self._pick(index, "ringing")
        if channel:
            self._end(channel, cause)

    @rule(index=st.integers(0, 9))
    def somebody_hangs_up(self, index: int) -> None:
        channel = self._pick(index, "up")
        if channel:
            self._end(channel)

    @rule()
    def asterisk_joins(self) -> None:
        while self.to_join:
            channel = self.to_join.pop(0)
            if self.alive.get(channel) == "up":
                self.joined.add(channel)
                self.play.joins(channel)
        self._obey()

    @rule()
    def asterisk_hangs_up(self) -> None:
        while self.hung_up:
            channel = self.hung_up.pop(0)
            if channel in self.alive:
                self._end(channel)

    @rule(index=st.integers(0, 9), stops=st.booleans())
    def somebody_talks(self, index: int, stops: bool) -> None:
        channel = self._pick(index, "up")
        if channel is None:
            return
        found = self.play.pool.call_of(saw.ChannelId(channel))
        if found is None:
            return
        at, name = self.play.now, found[1].channel
        if stops:
            self.play.see(saw.TalkingEnded(at=at, channel=name, duration_s=1.0))
        else:
            self.play.see(saw.TalkingStarted(at=at, channel=name))
        self._obey()

    @rule(agent=st.sampled_from(AGENTS), finish=st.booleans())
    def an_agent_saves_a_disposition(self, agent: str, finish: bool) -> None:
        card = self.play.agent(agent).card
        if card is not None:
            self.play.saves(agent, card.call, finish=finish)
            self._obey()

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        self.play.wait(seconds)
        self._obey()

    # --- laws ---

    @invariant()
    def no_agent_is_in_two_calls(self) -> None:
        if not hasattr(self, "play"):
            return
        live = [
            call.agent
            for call in self.play.pool.calls.values()
            if call.agent is not None
            and call.state not in (CallState.CLEARING, CallState.ENDED)
        ]
        assert len(live) == len(set(live))

    @invariant()
    def an_agent_and_their_call_agree(self) -> None:
        if not hasattr(self, "play"):
            return
        pool = self.play.pool
        for agent in pool.agents.values():
            busy = agent.state in (AgentState.RESERVED, AgentState.TALKING)
            assert busy == (
                agent.call is not None and agent.reservation is not None
            ) or (agent.state is AgentState.WRAP_UP)
            if busy:
                assert agent.call is not None
                assert pool.calls[agent.call].agent == agent.agent
                assert agent.card is not None, "a busy agent sees what they do"

    @invariant()
    def only_who_may_be_offered_a_call_is_free(self) -> None:
        if not hasattr(self, "play"):
            return
        pool = self.play.pool
        for agent in pool.agents.values():
            assert pool.matcher.is_free(agent.agent) == agent.offerable

    @invariant()
    def who_waits_is_in_the_list_and_nobody_else(self) -> None:
        if not hasattr(self, "play"):
            return
        pool = self.play.pool
        waiting = {c.call for c in pool.calls.values() if c.state is CallState.WAITING}
        assert waiting == {c.call for c in pool.matcher.waiting()}

    @invariant()
    def nobody_waits_for_an_agent_who_is_free_and_able(self) -> None:
        if not hasattr(self, "play"):
            return
        pool = self.play.pool
        for caller in pool.matcher.waiting():
            firm = caller.item.ladder.steps[caller.firm].expr
            able = pool.matcher.choose_free(firm, excluded=caller.excluded)
            assert able is None

    @invariant()
    def no_number_is_dialled_twice_at_once(self) -> None:
        if not hasattr(self, "play"):
            return
        numbers = [c.number for c in self.play.pool.calls.values() if c.lead]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def one_bridge_serves_one_call(self) -> None:
        if not hasattr(self, "play"):
            return
        pool = self.play.pool
        used = [c.bridge for c in pool.calls.values() if c.bridge is not None]
        assert len(used) == len(set(used))
        assert not set(used) & set(pool.idle_bridges)

    def teardown(self) -> None:
        """When everybody has gone home every call is on record, exactly once."""
        if not hasattr(self, "play"):
            return
        while self.alive:
            self._end(min(self.alive))
        self.play.wait(3600)
        self._obey()
        while self.alive:
            self._end(min(self.alive))
        pool = self.play.pool
        assert not pool.calls
        assert not pool.matcher.state.callers
        assert set(self.records.values()) <= {1}
        assert self.attempts == self.begun
        assert len(self.records) == self.arrived + len(self.begun)
        for agent in pool.agents.values():
            assert agent.state not in (AgentState.RESERVED, AgentState.TALKING)


Floor.TestCase.settings = settings(
    stateful_step_count=60, suppress_health_check=[HealthCheck.too_slow]
)
TestWhateverHappens = Floor.TestCase
