"""An answer that was told twice hung up the conversation it had begun."""

from callengine.core import effects as do
from callengine.core.machines import CallState
from tests.support.pool_kit import make_agent, play


def test_the_second_answer_changes_nothing() -> None:
    p = play(make_agent("anna"))
    p.ready("anna")
    p.calls_in()
    call = p.talk()
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    assert p.asked(do.HangUp) == []
    assert call.state is CallState.TALKING
