"""An order that its shop takes back is dialled no more, and rung no more."""

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.ids import OrderId
from callengine.core.machines import AgentState, CallState
from tests.core.test_order_calls import one_dialled, set_aside, talking
from tests.support.pool_kit import Play, make_agent, make_lead


def withdrawn(p: Play) -> None:
    """The shop takes its order back."""
    order = make_lead().order
    p.see(saw.OrderWithdrawn(at=p.now, order=order))


def test_a_lead_that_waits_is_forgotten() -> None:
    p = set_aside(make_agent("anna"))
    p.offered(make_lead())
    withdrawn(p)
    p.ready("anna")

    assert len(p.pool.leads) == 0
    assert not p.asked(do.Originate)


def test_a_phone_that_rings_is_let_alone_and_the_agent_is_free_again() -> None:
    p, call = one_dialled()
    withdrawn(p)

    assert [hung.channel for hung in p.asked(do.HangUp)] == [call.customer.channel]
    p.ends(call.customer.channel)
    assert p.agent("anna").state is AgentState.READY
    assert not p.pool.calls


def test_withdrawing_twice_hangs_up_once() -> None:
    p, _ = one_dialled()
    withdrawn(p)
    withdrawn(p)

    assert len(p.asked(do.HangUp)) == 1


def test_who_is_talked_to_already_is_talked_to() -> None:
    p, call = talking()
    withdrawn(p)

    assert call.state is CallState.TALKING
    assert not p.asked(do.HangUp)


def test_other_orders_are_none_of_it() -> None:
    p, call = one_dialled()
    p.see(saw.OrderWithdrawn(at=p.now, order=OrderId("other")))

    assert call.state is CallState.DIALLING
    assert not p.asked(do.HangUp)
