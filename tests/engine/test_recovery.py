"""A killed engine's calls are found again: journal, what lives, and nothing else."""

from dataclasses import dataclass

import orjson
import pytest

from callengine.core import effects as do
from callengine.core.effects import Effect
from callengine.core.ids import BridgeId, ChannelId
from callengine.core.living import Living, LivingChannel
from callengine.core.machines import AgentState, CallState
from callengine.core.reconcile import reconcile
from callengine.core.rules import PacingRules, Rules
from callengine.engine.ports import Entry
from callengine.engine.recovery import read_back
from tests.support.pool_kit import NUMBER, Play, make_agent, make_lead, play

RULES = Rules(wrap_up_s=10, pacing=PacingRules(keep_free=0))
AWAY_S = 7.0


def start() -> Play:
    """An engine with one agent who is ready."""
    p = play(make_agent("anna"), make_agent("boris"), rules=RULES)
    p.ready("anna")
    return p


def journal_of(p: Play) -> tuple[Entry, ...]:
    """What Redis holds of a pool, as it comes back."""
    calls = [("call", key, call) for key, call in p.pool.calls.items()]
    agents = [("agent", key, agent) for key, agent in p.pool.agents.items()]
    return tuple(
        Entry(kind=kind, key=key, state=orjson.loads(orjson.dumps(state)))
        for kind, key, state in [*calls, *agents]
    )


@dataclass
class Restarted:
    """A new engine with the old one's journal."""

    play: Play
    effects: list[Effect]

    def asked(self, kind: type[Effect]) -> list[Effect]:
        """Effects of a kind that recovery asked for."""
        return [e for e in self.effects if isinstance(e, kind)]


def restart(dead: Play, living: Living) -> Restarted:
    """Kill the engine, wait, and start another on its journal."""
    entries = journal_of(dead)
    p = play(make_agent("anna"), make_agent("boris"), rules=RULES)
    p.now = dead.now + AWAY_S
    effects = read_back(p.pool, entries, p.now)
    effects += reconcile(p.pool, living, p.now)
    return Restarted(p, effects)


def channel(name: str, *, ours: bool = True, state: str = "Up") -> LivingChannel:
    """A channel as Asterisk lists it."""
    return LivingChannel(
        channel=ChannelId(name),
        endpoint="PJSIP/x",
        state=state,
        ours=ours,
        arguments=("outbound", name) if ".agt." in name else ("inbound", NUMBER),
        caller_number="+79161234567",
    )


def bridged(p: Play) -> Living:
    """What lives while the first call is talked."""
    (call,) = p.pool.calls.values()
    assert call.bridge is not None
    assert call.agent_leg is not None
    names = (call.customer.channel, call.agent_leg.channel)
    return Living(
        channels=tuple(channel(name) for name in names), bridges={call.bridge: names}
    )


def test_a_bridged_call_stays_as_it_is() -> None:
    dead = start()
    dead.calls_in()
    dead.talk()
    new = restart(dead, bridged(dead))
    (call,) = new.play.pool.calls.values()
    assert call.state is CallState.TALKING
    assert new.play.agent("anna").state is AgentState.TALKING
    assert not new.asked(do.HangUp)
    assert not new.asked(do.CloseBridge)


def test_the_agents_card_is_there_after_the_restart() -> None:
    dead = start()
    dead.calls_in()
    dead.talk()
    card = restart(dead, bridged(dead)).play.agent("anna").card
    assert card is not None
    assert card.card.customers[0].name == "Ivan"


def test_a_caller_who_hung_up_meanwhile_ends_the_call_for_the_agent_too() -> None:
    dead = start()
    dead.calls_in()
    call = dead.talk()
    assert call.agent_leg is not None
    assert call.bridge is not None
    leg = call.agent_leg.channel
    living = Living(channels=(channel(leg),), bridges={call.bridge: (leg,)})
    new = restart(dead, living)
    assert [e.channel for e in new.asked(do.HangUp)] == [leg]  # type: ignore[union-attr]
    assert new.play.agent("anna").state is AgentState.WRAP_UP


def test_a_call_that_ended_whole_meanwhile_is_recorded_once() -> None:
    dead = start()
    dead.calls_in()
    dead.talk()
    new = restart(dead, Living())
    assert len(new.asked(do.RecordCall)) == 1
    assert not new.play.pool.calls


def test_a_call_that_was_over_but_not_committed_is_recorded() -> None:
    dead = start()
    dead.calls_in()
    call = dead.talk()
    dead.ends("ch1")
    assert call.agent_leg is not None
    entries = journal_of(dead)
    call.agent_leg.ended_at = dead.now
    p = play(make_agent("anna"), rules=RULES)
    effects = read_back(p.pool, entries, dead.now)
    effects += reconcile(p.pool, Living(), dead.now + 60)
    assert sum(isinstance(e, do.RecordCall) for e in effects) == 1


def test_a_caller_who_came_in_while_nobody_listened_is_taken_in() -> None:
    new = restart(start(), Living(channels=(channel("ch9"),)))
    assert new.play.call("ch9").dialled_number == NUMBER
    assert new.asked(do.Identify)


def test_a_waiting_caller_keeps_their_place() -> None:
    dead = play(make_agent("anna"), make_agent("boris"), rules=RULES)
    dead.calls_in("ch1")
    since = dead.call("ch1").enqueued_at
    new = restart(dead, Living(channels=(channel("ch1"),)))
    assert new.play.call("ch1").enqueued_at == since
    new.play.ready("anna")
    assert new.play.call("ch1").agent == "anna"


def test_an_answer_that_was_missed_joins_the_two() -> None:
    dead = start()
    call = dead.calls_in()
    assert call.agent_leg is not None
    living = Living(channels=(channel("ch1"), channel(call.agent_leg.channel)))
    new = restart(dead, living)
    assert new.play.call("ch1").state is CallState.JOINING
    assert new.asked(do.Join)


def test_a_phone_that_still_rings_goes_on_ringing() -> None:
    dead = start()
    call = dead.calls_in()
    assert call.agent_leg is not None
    leg = channel(call.agent_leg.channel, ours=False, state="Ringing")
    new = restart(dead, Living(channels=(channel("ch1"), leg)))
    assert new.play.call("ch1").state is CallState.OFFERED
    assert not new.asked(do.HangUp)


def test_an_order_call_in_progress_is_not_dialled_again() -> None:
    dead = start()
    dead.offered(make_lead())
    (call,) = dead.pool.calls.values()
    leg = channel(call.customer.channel, ours=False, state="Ringing")
    new = restart(dead, Living(channels=(leg,)))
    new.play.offered(make_lead("o2"))
    assert not new.play.asked(do.BeginAttempt)


def test_channels_that_nobody_owns_are_ended_and_their_bridge_closed() -> None:
    living = Living(
        channels=(channel("old.agt.1"), channel("old.cust")),
        bridges={
            BridgeId("callengine-n1-br-4"): (
                ChannelId("old.agt.1"),
                ChannelId("old.cust"),
            )
        },
    )
    new = restart(start(), living)
    ended = {e.channel for e in new.asked(do.HangUp)}  # type: ignore[union-attr]
    assert ended == {"old.agt.1", "old.cust"}
    assert len(new.asked(do.CloseBridge)) == 1


def test_another_programs_channels_are_left_alone() -> None:
    foreign = LivingChannel(
        channel=ChannelId("1700000000.1"), endpoint="PJSIP/x", state="Up", ours=False
    )
    assert not restart(start(), Living(channels=(foreign,))).asked(do.HangUp)


def test_empty_bridges_are_used_again_and_numbers_never_twice() -> None:
    empty = BridgeId("callengine-n1-br-7")
    new = restart(start(), Living(bridges={empty: ()}))
    assert new.play.pool.idle_bridges == [empty]
    new.play.ready("anna", "boris")
    for name in ("ch1", "ch2"):
        new.play.calls_in(name)
        new.play.talk(name)
    used = {call.bridge for call in new.play.pool.calls.values()}
    assert used == {empty, "callengine-n1-br-8"}


def test_wrap_up_ends_after_a_restart_as_well() -> None:
    dead = start()
    dead.calls_in()
    call = dead.talk()
    dead.ends("ch1")
    assert call.agent_leg is not None
    dead.ends(call.agent_leg.channel)
    new = restart(dead, Living())
    for effect in new.asked(do.SetTimer):
        assert isinstance(effect, do.SetTimer)
        new.play.timers[effect.key] = effect.at
    new.play.wait(30)
    assert new.play.agent("anna").state is AgentState.READY


def test_reconciling_twice_changes_nothing_more() -> None:
    dead = start()
    dead.calls_in()
    dead.talk()
    living = bridged(dead)
    new = restart(dead, living)
    assert reconcile(new.play.pool, living, new.play.now) == []


@pytest.mark.parametrize("state", [None, {"call": 5}, {"nonsense": True}])
def test_an_entry_that_cannot_be_read_is_left_out(state: object) -> None:
    p = play(make_agent("anna"))
    read_back(p.pool, (Entry(kind="call", key="x", state=state),), p.now)
    assert not p.pool.calls


def test_nobody_is_rung_for_a_caller_who_hung_up_meanwhile() -> None:
    dead = start()
    dead.calls_in("ch1")
    dead.talk("ch1")
    for name in ("ch2", "ch3"):
        dead.calls_in(name)
    dead.saves("anna", dead.call("ch1").call)
    new = restart(dead, Living(channels=(channel("ch3"),)))
    (rung,) = [e for e in new.asked(do.Originate) if isinstance(e, do.Originate)]
    assert rung.call == dead.call("ch3").call
