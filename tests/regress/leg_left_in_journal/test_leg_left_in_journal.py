"""
An agent was never offered a call again after a kill -9.

The end of the agent's leg changed the agent but did not mark them as changed, so the
journal kept a leg that was no more; an engine that read it waited for its end.
"""

from callengine.core.ids import AgentId
from callengine.core.reconcile import restore, restore_agents
from tests.support.pool_kit import make_agent, play


def test_the_end_of_an_agents_leg_is_journalled() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.pool.take_dirty()
    p.ends(call.customer.channel)
    p.saves("anna", call.call)
    p.pool.take_dirty()
    p.ends(call.agent_leg.channel)
    _, agents = p.pool.take_dirty()
    assert AgentId("anna") in agents


def test_an_answer_of_the_agents_phone_is_journalled() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    call = p.calls_in()
    p.pool.take_dirty()
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    _, agents = p.pool.take_dirty()
    assert AgentId("anna") in agents


def test_a_leg_of_no_call_is_not_waited_for() -> None:
    dead = play(make_agent("anna"))
    dead.ready("anna")
    dead.calls_in()
    old = dead.agent("anna")
    assert old.channel is not None
    new = play(make_agent("anna"))
    restore_agents(new.pool, [old], set())
    restore(new.pool, [], new.now)
    assert new.agent("anna").offerable
