"""
Four of four customers were cut off after 2.0 s, and the agent stayed ready.

The agent's phone was in auto-answer mode and did not pick up. Nothing looked before the
customer's two seconds were over; then both legs were hung up, which looked like a
caller who had left, so that the next customer was given to the same phone.
"""

from callengine.core import effects as do
from callengine.core.machines import AgentState, CallState
from callengine.core.rules import PacingRules, Rules
from tests.support.pool_kit import make_agent, make_lead, play


def test_each_customer_is_saved_and_the_agent_is_asked_once() -> None:
    agents = [make_agent(name) for name in ("anna", "boris")]
    p = play(*agents, rules=Rules(pacing=PacingRules(keep_free=0)))
    p.ready("anna")
    for number in range(1, 5):
        p.offered(make_lead(f"o{number}", f"+791612345{number:02d}"))
        (call,) = p.pool.calls.values()
        p.answers(call.customer.channel)
        leg = call.agent_leg
        assert leg is not None
        if leg.agent == "anna":
            p.rings(leg.channel)
            p.ready("boris")
            p.wait(0.6)
            p.ends(leg.channel, 16)
            leg = call.agent_leg
            assert leg is not None
        p.answers(leg.channel)
        p.joins(call.customer.channel, leg.channel)
        assert (call.state, call.agent) == (CallState.TALKING, "boris")
        p.ends(call.customer.channel)
        p.ends(leg.channel)
        p.saves("boris", call.call)
    assert p.agent("anna").state is AgentState.PAUSED
    rung = [e for e in p.asked(do.Originate) if e.endpoint == "PJSIP/anna"]
    assert len(rung) == 1
