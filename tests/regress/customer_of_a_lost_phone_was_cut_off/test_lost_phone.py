"""
An agent's softphone crashed: after 600 s of silence the customer was hung up on.

The end of an agent's leg in a conversation was always taken for the agent's hang-up.
"""

from callengine.core import effects as do
from callengine.core.machines import CallState
from tests.support.pool_kit import make_agent, play


def test_the_customer_is_kept_and_the_place_too() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    since = call.enqueued_at
    p.wait(100)
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 44, vanished=True)
    assert (call.state, call.enqueued_at) == (CallState.WAITING, since)
    assert [e.channel for e in p.asked(do.HangUp)] == []


def test_an_agent_who_hangs_up_still_ends_the_call() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.ends(call.agent_leg.channel, 16)
    assert p.last(do.HangUp).channel == call.customer.channel
