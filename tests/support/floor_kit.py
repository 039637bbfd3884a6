"""
A pool among people who do as they like, a switch that obeys it, and the laws it keeps.

Every action takes small numbers that choose among what is there, so that hypothesis and
a random generator can both play.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import BridgeId, CallId, ChannelId
from callengine.core.living import Living, LivingChannel
from callengine.core.machines import AgentState, CallState
from callengine.core.predictive.ledger import Totals
from callengine.core.reconcile import reconcile
from callengine.core.records import Outcome
from callengine.core.rules import PacingRules, Rules
from callengine.core.skills import Requirement
from callengine.engine.ports import Entry
from callengine.engine.recovery import read_back
from tests.support.floor_laws import check, check_places
from tests.support.pool_kit import (
    NUMBER,
    RU,
    RU_PHONES,
    Play,
    make_agent,
    make_lead,
    make_shop,
    play,
)

AGENTS = ("anna", "boris", "vera", "grigory")
NEEDS = (RU, RU_PHONES, Requirement(hard=(("lang.uk", 3),)))
SECONDS = (0.0, 0.5, 2.0, 4.0, 16.0, 40.0, 400.0)
CAUSES = (17, 19, 21, 0)


@dataclass
class Floor:
    """
    The pool and everybody around it.

    Args:
        regime: `shared` or `aside`, see the pool kit.
        budget: customers who met agents today already, so that some may not.
        most_calls: nobody calls and no order comes in beyond this.
    """

    greeting: str = ""
    music: str = ""
    message: str = ""
    regime: str = "shared"
    wrap_up_s: float = 10.0
    keep_free: int = 0
    budget: int = 1000
    most_calls: int = 30
    alive: dict[str, str] = field(default_factory=dict)
    """Channel -> "up" or "ringing"."""
    to_join: list[tuple[str, str]] = field(default_factory=list)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    journal: dict[tuple[str, str], bytes] = field(default_factory=dict)
    hung_up: list[str] = field(default_factory=list)
    made: int = 0
    restarts: int = 0
    arrived: int = 0
    answered: int = 0
    records: Counter[str] = field(default_factory=Counter)
    attempts: Counter[str] = field(default_factory=Counter)
    begun: Counter[str] = field(default_factory=Counter)
    put_off: Counter[str] = field(default_factory=Counter)
    chosen: Counter[tuple[str, str]] = field(default_factory=Counter)
    rung: Counter[tuple[str, str]] = field(default_factory=Counter)
    allowed: set[str] = field(default_factory=set)
    places: dict[CallId, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shop = make_shop(
            greeting=self.greeting,
            music=self.music,
            regime=self.regime,
            nuisance_message=self.message,
        )
        pacing = PacingRules(keep_free=self.keep_free)
        self.new_engine: Callable[[], Play] = lambda: play(
            make_agent("anna"),
            make_agent("boris", product_phones=5),
            make_agent("vera", "ring", lang_uk=5),
            make_agent("grigory"),
            shops=[shop],
            rules=Rules(wrap_up_s=self.wrap_up_s, pacing=pacing),
        )
        self.play = self.new_engine()
        self.pool = self.play.pool
        ledger = self.pool.campaign(shop).pacer.ledger
        ledger.restore(self.play.now, Totals(served=self.budget))

    # --- the switch --------------------------------------------------------------

    def obey(self) -> None:
        """Carry out what the pool asked for since the last time."""
        self._write_journal()
        done, self.play.done = self.play.done, []
        for effect in done:
            self._carry_out(effect)

    def _write_journal(self) -> None:
        """Keep what an engine that dies now would leave, as the owner does."""
        calls, agents = self.pool.take_dirty()
        for call in calls:
            if call in self.pool.calls:
                self.journal["call", call] = orjson.dumps(self.pool.calls[call])
        for agent in agents:
            self.journal["agent", agent] = orjson.dumps(self.pool.agents[agent])

    def _carry_out(self, effect: do.Effect) -> None:
        match effect:
            case do.Originate():
                assert effect.channel not in self.alive
                self.alive[effect.channel] = "ringing"
                self._see_offer(effect)
            case do.HangUp():
                self.hung_up.append(effect.channel)
            case do.LeaveToDialplan():
                self.hung_up.append(effect.channel)
            case do.Join():
                self.to_join += [(effect.bridge, c) for c in effect.channels]
            case do.OpenBridge():
                self.bridges[effect.bridge] = set()
            case do.CloseBridge():
                self.bridges.pop(effect.bridge, None)
            case do.RecordCall():
                self.records[effect.record.call] += 1
                self.journal.pop(("call", effect.record.call), None)
            case do.RecordAttempt():
                self.attempts[effect.record.attempt] += 1
            case do.PutLeadOff():
                self.put_off[effect.attempt] += 1
            case do.RecordDecision():
                record = effect.record
                self.chosen[record.call, record.chosen] += 1
                if record.detail.get("verdict") == "allowed":
                    self.allowed.add(record.call)
            case do.BeginAttempt():
                assert effect.call in self.allowed, "dialled without a verdict"
                self.begun[effect.lead.attempt] += 1

    def _see_offer(self, effect: do.Originate) -> None:
        """An agent's phone is rung only after a decision that named the agent."""
        endpoint = effect.endpoint.removeprefix("PJSIP/")
        if endpoint in AGENTS:
            offer = effect.call, endpoint
            self.rung[offer] += 1
            assert self.rung[offer] <= self.chosen[offer], "an offer without a record"

    def _end(self, channel: str, cause: int = 16) -> None:
        del self.alive[channel]
        for channels in self.bridges.values():
            channels.discard(channel)
        self.play.ends(channel, cause)

    def _pick(self, index: int, state: str) -> str | None:
        fitting = sorted(c for c, s in self.alive.items() if s == state)
        return fitting[index % len(fitting)] if fitting else None

    # --- people ------------------------------------------------------------------

    def somebody_calls(self, index: int) -> None:
        """A caller arrives and is identified."""
        if len(self.pool.calls) >= self.most_calls:
            return
        self.made += 1
        self.arrived += 1
        self.alive[f"in{self.made}"] = "up"
        self.play.calls_in(f"in{self.made}", NEEDS[index % len(NEEDS)])

    def an_order_is_due(self, index: int) -> None:
        """An order comes: with its own number, the same one, a locked or barred one."""
        if len(self.pool.leads) >= self.most_calls:
            return
        self.made += 1
        number = "+79160000000" if index % 4 == 1 else f"+7916{self.made % 10**7:07}"
        locked = PastAttempt(at=self.play.now - 60, outcome=Outcome.NUISANCE)
        self.play.offered(
            make_lead(
                f"o{self.made}",
                number,
                past=(locked,) if index % 4 == 2 else (),
                dnc=index % 16 == 3,
                placed_at=self.play.now - 200.0 * (index % 6),
            )
        )

    def an_agent_presses_ready(self, index: int) -> None:
        """Somebody wants calls."""
        self.play.ready(AGENTS[index % len(AGENTS)])

    def an_agent_presses_pause(self, index: int) -> None:
        """Somebody wants a break."""
        agent = self.play.agent(AGENTS[index % len(AGENTS)]).agent
        self.play.see(saw.AgentPaused(at=self.play.now, agent=agent, reason="break"))

    def an_agent_logs_out(self, index: int) -> None:
        """Somebody goes home."""
        agent = self.play.agent(AGENTS[index % len(AGENTS)]).agent
        self.play.see(saw.AgentLoggedOut(at=self.play.now, agent=agent))

    def asterisk_says_something_of_a_phone(self, index: int) -> None:
        """A phone is gone, comes back, is in use or is not."""
        self.play.see(
            saw.EndpointChanged(
                at=self.play.now,
                endpoint=f"PJSIP/{AGENTS[index % len(AGENTS)]}",
                reachable=index % 3 != 0,
                in_use=index % 5 == 0,
            )
        )

    def a_phone_rings(self, index: int) -> None:
        """A phone we called alerts."""
        channel = self._pick(index, "ringing")
        if channel:
            self.play.rings(channel)

    def a_phone_is_answered(self, index: int) -> None:
        """A phone we called is answered."""
        channel = self._pick(index, "ringing")
        if channel:
            self.alive[channel] = "up"
            found = self.pool.call_of(saw.ChannelId(channel))
            dialling = found is not None and found[0].state is CallState.DIALLING
            self.answered += dialling
            self.play.answers(channel)

    def a_phone_is_not_answered(self, index: int) -> None:
        """A phone we called is busy, rings out or refuses."""
        channel = self._pick(index, "ringing")
        if channel:
            self._end(channel, CAUSES[index % len(CAUSES)])

    def somebody_hangs_up(self, index: int) -> None:
        """One side of something ends it."""
        channel = self._pick(index, "up")
        if channel:
            self._end(channel)

    def asterisk_joins(self, _: int) -> None:
        """What was asked to be joined is."""
        waiting, self.to_join = self.to_join, []
        for bridge, channel in waiting:
            if self.alive.get(channel) == "up":
                self.bridges.setdefault(bridge, set()).add(channel)
                self.play.joins(channel)

    def asterisk_hangs_up(self, _: int) -> None:
        """What was asked to be hung up is."""
        waiting, self.hung_up = self.hung_up, []
        for channel in waiting:
            if channel in self.alive:
                self._end(channel)

    def somebody_talks(self, index: int) -> None:
        """A voice begins or pauses."""
        channel = self._pick(index, "up")
        found = self.pool.call_of(saw.ChannelId(channel)) if channel else None
        if found is None:
            return
        at, name = self.play.now, found[1].channel
        if index % 2:
            self.play.see(saw.TalkingEnded(at=at, channel=name, duration_s=1.0))
        else:
            self.play.see(saw.TalkingStarted(at=at, channel=name))

    def an_agent_saves_a_disposition(self, index: int) -> None:
        """The paperwork is done, or part of it."""
        agent = self.play.agent(AGENTS[index % len(AGENTS)])
        if agent.card is not None:
            self.play.saves(agent.agent, agent.card.call, finish=index % 3 != 0)

    def time_passes(self, index: int) -> None:
        """Nothing happens for a while, but what is due."""
        self.play.wait(SECONDS[index % len(SECONDS)])

    def the_engine_restarts(self, _: int) -> None:
        """It is killed, and another reads its journal; Asterisk goes on."""
        self.obey()
        dead = self.play
        entries = tuple(
            Entry(kind=kind, key=key, state=orjson.loads(state))
            for (kind, key), state in self.journal.items()
        )
        self.restarts += 1
        self.play = self.new_engine()
        self.pool, self.play.now = self.play.pool, dead.now
        self.pool.new_id = dead.pool.new_id
        self.play.takes(read_back(self.pool, entries, dead.now))
        self.play.takes(reconcile(self.pool, self._living(), dead.now))

    def _living(self) -> Living:
        return Living(
            channels=tuple(
                LivingChannel(
                    channel=ChannelId(name),
                    endpoint="PJSIP/x",
                    state="Up" if state == "up" else "Ringing",
                    ours=state == "up",
                    arguments=("inbound", NUMBER) if name.startswith("in") else (),
                    caller_number="+79161234567",
                )
                for name, state in self.alive.items()
            ),
            bridges={
                BridgeId(bridge): tuple(ChannelId(c) for c in sorted(channels))
                for bridge, channels in self.bridges.items()
            },
        )

    # --- laws --------------------------------------------------------------------

    def check(self) -> None:
        """Hold the pool to its laws."""
        check(self.pool, now=self.play.now, wrap_up_s=self.wrap_up_s)
        check_places(self.pool, self.places)

    def go_home(self) -> None:
        """End everything; every call is on record exactly once, nobody is left."""
        for _ in range(4):
            self.asterisk_hangs_up(0)
            while self.alive:
                self._end(min(self.alive))
            for name in AGENTS:
                self.play.see(
                    saw.AgentLoggedOut(
                        at=self.play.now, agent=self.play.agent(name).agent
                    )
                )
            self.play.wait(3600)
            self.obey()
        assert not self.pool.calls
        assert not self.pool.matcher.state.callers
        assert not self.pool.numbers_live
        assert set(self.records.values()) <= {1}, "a call is on record twice"
        assert self.attempts == self.begun
        assert len(self.records) == self.arrived + len(self.begun)
        for agent in self.pool.agents.values():
            assert agent.state is AgentState.OFFLINE


ACTIONS = (
    Floor.somebody_calls,
    Floor.an_order_is_due,
    Floor.an_agent_presses_ready,
    Floor.an_agent_presses_pause,
    Floor.an_agent_logs_out,
    Floor.asterisk_says_something_of_a_phone,
    Floor.a_phone_rings,
    Floor.a_phone_is_answered,
    Floor.a_phone_is_not_answered,
    Floor.somebody_hangs_up,
    Floor.asterisk_joins,
    Floor.asterisk_hangs_up,
    Floor.somebody_talks,
    Floor.an_agent_saves_a_disposition,
    Floor.time_passes,
    Floor.the_engine_restarts,
)
