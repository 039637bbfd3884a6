"""Wherever the core fails in the middle of a fact, nobody is left behind."""

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from structlog.testing import capture_logs

from callengine.core import dispatch
from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.ids import ChannelId
from callengine.core.machines import AgentState, CallState
from callengine.engine.guard import GIVE_AWAY_AFTER, Guard
from callengine.engine.mishaps import Mishaps, NoKeeper
from tests.support.floor_kit import ACTIONS, AGENTS, Floor
from tests.support.pool_kit import Play, make_agent, make_lead, make_shop, play

BREAKABLE = ("emit", "index", "touch", "show", "tell", "silence", "leave_queue")
IN_MATCHER = ("enter", "leave", "free", "busy", "match", "missed", "taken")


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Hundreds of tracebacks would tell nobody anything."""
    with capture_logs():
        yield


class Bomb:
    """Makes one of the pool's steps fail, the n-th from now."""

    def __init__(self) -> None:
        self.left = -1
        self.exploded = 0

    def fuse(self, owner: object, name: str) -> None:
        """Let a method of an object count down."""
        whole = getattr(owner, name)

        def counting(*args: Any, **more: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                self.exploded += 1
                raise ZeroDivisionError("as planted")
            return whole(*args, **more)

        setattr(owner, name, counting)


def guarded(p: Play) -> tuple[Guard, Mishaps]:
    """Let a play's facts go through a guard, as the owner's do."""
    mishaps = Mishaps(NoKeeper(), lambda: p.now)
    guard = Guard(p.pool, mishaps, lambda: None)
    p.see = lambda fact: p.takes(guard.apply(fact))  # type: ignore[method-assign]
    return guard, mishaps


def planted(p: Play) -> Bomb:
    """Put a bomb under everything that handlers use."""
    bomb = Bomb()
    for name in BREAKABLE:
        bomb.fuse(p.pool, name)
    for name in IN_MATCHER:
        bomb.fuse(p.pool.matcher, name)
    return bomb


def story(p: Play) -> None:
    """A caller is served; an order is dialled; another caller waits and leaves."""
    p.ready("anna")
    p.arrives("ch1")
    _if_alive(p, "ch1", p.identified)
    for _ in range(2):
        for effect in list(p.asked(do.Originate)):
            p.rings(effect.channel)
            p.answers(effect.channel)
            p.joins("ch1", effect.channel)
    p.arrives("ch2")
    _if_alive(p, "ch2", p.identified)
    p.wait(1)
    p.ends("ch1")
    p.wait(40)
    p.offered(make_lead("o1"))
    p.wait(1)
    for effect in list(p.asked(do.Originate)):
        p.rings(effect.channel)
        p.answers(effect.channel)
    p.wait(5)


def _if_alive(p: Play, channel: str, act: Callable[[str], None]) -> None:
    if p.pool.call_of(ChannelId(channel)) is not None:
        act(channel)


def go_home(p: Play) -> None:
    """Everybody hangs up; Asterisk lists nothing any more."""
    for _ in range(3):
        p.wait(30)
        p.see(saw.AsteriskListed(at=p.now, living=saw.Living()))


def steps_of_the_story() -> int:
    """How many places there are to fail at."""
    p = play(make_agent("anna"), make_agent("boris"))
    guarded(p)
    bomb = planted(p)
    bomb.left = 10**6
    story(p)
    go_home(p)
    return 10**6 - bomb.left


@pytest.mark.parametrize("at", range(1, steps_of_the_story() + 1))
def test_a_failure_at_any_step_leaves_nobody_behind(at: int) -> None:
    p = play(make_agent("anna"), make_agent("boris"))
    _, mishaps = guarded(p)
    bomb = planted(p)
    bomb.left = at
    story(p)
    go_home(p)

    assert bomb.exploded == 1
    assert mishaps.total >= 1
    assert not p.pool.calls
    assert not p.pool.numbers_live
    assert not p.pool.matcher.state.callers
    ended = [e.record.call for e in p.asked(do.RecordCall)]
    assert len(ended) == len(set(ended))
    dialled = {e.lead.attempt for e in p.asked(do.BeginAttempt)}
    assert dialled <= {e.record.attempt for e in p.asked(do.RecordAttempt)}
    p.ready("anna", "boris")
    p.arrives("again")
    p.identified("again")
    assert p.call("again").state is CallState.OFFERED


def test_two_who_talk_go_on_talking() -> None:
    p = play(make_agent("anna"))
    guarded(p)
    p.ready("anna")
    call = p.calls_in()
    p.talk()
    bomb = planted(p)
    bomb.left = 1
    p.done.clear()
    p.see(saw.CallerIdentified(at=p.now, call=call.call, card=call.card,
                               requirement=call.requirement))  # fmt: skip

    assert bomb.exploded == 1
    assert call.state is CallState.TALKING
    assert p.agent("anna").state is AgentState.TALKING
    assert not p.asked(do.HangUp)


def test_a_caller_who_waits_goes_to_the_fallback_queue() -> None:
    p = play(make_agent("anna"))
    guarded(p)
    p.arrives()
    bomb = planted(p)
    bomb.left = 1
    p.identified()

    assert [e.channel for e in p.asked(do.LeaveToDialplan)] == ["ch1"]
    assert not p.asked(do.HangUp)


def test_a_customer_is_not_rung_for_a_call_that_failed() -> None:
    for at in range(1, 40):
        p = play(make_agent("anna"))
        guarded(p)
        p.ready("anna")
        bomb = planted(p)
        bomb.left = at
        p.offered(make_lead("o1"))
        rung = [e for e in p.asked(do.Originate) if e.channel.endswith(".cust")]
        if bomb.exploded and p.pool.calls:
            assert not rung
        given_back = {e.attempt for e in p.asked(do.PutLeadOff)}
        known = {c.lead.attempt for c in p.pool.calls.values() if c.lead}
        recorded = {e.record.attempt for e in p.asked(do.RecordAttempt)}
        waits = set(p.pool.leads)
        assert "att-o1" in given_back | known | recorded | waits


def test_a_matcher_that_fails_every_time_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = play(make_agent("anna"))
    guarded(p)
    monkeypatch.setattr(p.pool.matcher, "match", _broken)
    p.ready("anna")
    p.calls_in()
    p.wait(10)

    p.arrives("ch2")
    p.identified("ch2")
    states = {c.state for c in p.pool.calls.values()}
    assert CallState.OFFERED in states or p.asked(do.Originate)


def test_callers_find_the_fallback_queue_when_nothing_matches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = play(make_agent("anna"))
    guarded(p)
    monkeypatch.setattr(dispatch, "match", _broken)
    p.arrives()
    for _ in range(GIVE_AWAY_AFTER):
        p.wait(1)
        p.see(saw.TimerFired(at=p.now, key="match:"))

    assert {e.channel for e in p.asked(do.LeaveToDialplan)} == {"ch1"}
    assert not p.asked(do.HangUp)


def test_orders_go_back_when_pacing_fails_every_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    p = play(make_agent("anna"))
    guarded(p)
    monkeypatch.setattr(dispatch, "pace", _broken)
    p.offered(make_lead("o1"))
    for _ in range(3):
        p.see(saw.TimerFired(at=p.now, key="pace:"))

    assert [e.attempt for e in p.asked(do.PutLeadOff)] == ["att-o1"]


def test_a_caller_whose_look_up_says_nothing_is_routed_unknown() -> None:
    p = play(make_agent("anna"), shops=[make_shop(music="default")])
    p.ready("anna")
    p.arrives()
    p.wait(4)
    assert p.call("ch1").state is CallState.OFFERED
    assert p.call("ch1").needed


def _broken(*_: object) -> None:
    raise ZeroDivisionError("every time")


@pytest.mark.timeout(0)
def test_a_day_full_of_failures_leaves_nobody_behind() -> None:
    seed = int(os.environ.get("CALLENGINE_SEED", "7"))
    chance = Random(seed)
    usual = [a for a in ACTIONS if a is not Floor.the_engine_restarts]
    for regime in ("shared", "mishaps"):
        floor = Floor(regime=regime, music="default", message="sound:nobody")
        _, mishaps = guarded(floor.play)
        bomb = planted(floor.play)
        for _ in range(1500):
            if bomb.left <= 0:
                bomb.left = chance.randrange(1, 120)
            chance.choice(usual)(floor, chance.randrange(48))
            floor.obey()
            floor.play.see(
                saw.AsteriskListed(at=floor.play.now, living=floor._living())
            )
            floor.obey()
        bomb.left = -1
        _end_the_day(floor)
        assert bomb.exploded > 20
        assert mishaps.total >= bomb.exploded
        assert not floor.pool.calls
        assert not floor.pool.numbers_live
        assert set(floor.records.values()) <= {1}
        assert not set(floor.begun) - set(floor.attempts)


def _end_the_day(floor: Floor) -> None:
    for _ in range(4):
        floor.asterisk_hangs_up(0)
        while floor.alive:
            floor._end(min(floor.alive))
        for name in AGENTS:
            agent = floor.play.agent(name).agent
            floor.play.see(saw.AgentLoggedOut(at=floor.play.now, agent=agent))
        floor.play.wait(3600)
        floor.play.see(saw.AsteriskListed(at=floor.play.now, living=floor._living()))
        floor.obey()
