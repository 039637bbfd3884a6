"""Stories of orders dialled for whoever will be free when they are answered."""

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.call import Call
from callengine.core.compliance.verdict import PastAttempt
from callengine.core.ids import AgentId
from callengine.core.machines import AgentState, CallState
from callengine.core.match.blending import Blend
from callengine.core.predictive.ledger import Totals
from callengine.core.predictive.pacer import PredictiveRules
from callengine.core.records import Outcome
from callengine.core.rules import PacingRules, Rules
from callengine.core.skills import Requirement
from tests.support.pool_kit import RU, Play, make_agent, make_lead, make_shop, play

RULES = Rules(pacing=PacingRules(keep_free=0), wrap_up_s=0)
MESSAGE = "sound:callengine/nobody-free"


def team(*names: str, rules: Rules = RULES, **shop: object) -> Play:
    """Agents who are ready, of a shop that may leave few without an agent."""
    p = play(*(make_agent(n) for n in names), shops=[make_shop(**shop)], rules=rules)
    p.ready(*names)
    return p


def orders(p: Play, count: int, **changes: object) -> list[Call]:
    """Orders are due; return the calls of those that are dialled."""
    leads = [make_lead(f"o{i}", f"+791612345{i:02}", **changes) for i in range(count)]
    p.offered(*leads)
    return list(p.pool.calls.values())


def with_budget(p: Play) -> Play:
    """A thousand customers have met agents today."""
    ledger = p.pool.campaign(make_shop()).pacer.ledger
    ledger.restore(p.now, Totals(served=1000))
    return p


def talks(p: Play, call: Call) -> None:
    """The agent's phone answers and both are joined."""
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)


def test_nobody_is_reserved_while_the_customers_phone_rings() -> None:
    p = team("anna")
    (call,) = orders(p, 3)
    assert call.state is CallState.DIALLING
    assert p.agent("anna").state is AgentState.READY
    assert not p.asked(do.ShowCard)


def test_an_answered_customer_gets_the_longest_idle_agent_after_the_card() -> None:
    p = team("anna", "boris")
    call = orders(p, 2)[0]
    p.answers(call.customer.channel)
    assert call.agent == "anna"
    kinds = [type(e) for e in p.done]
    rings = [i for i, e in enumerate(p.done) if isinstance(e, do.Originate)]
    assert kinds.index(do.ShowCard) < rings[-1]
    assert p.last(do.Originate).endpoint == "PJSIP/anna"
    assert p.last(do.Originate).auto_answer


def test_without_a_budget_one_phone_rings_for_each_free_agent() -> None:
    p = team("anna", "boris", "vera")
    assert len(orders(p, 20)) == 3


def test_with_a_budget_more_phones_ring_than_agents_are_free() -> None:
    p = with_budget(team(*(f"a{i}" for i in range(10))))
    assert len(orders(p, 40)) > 10


def test_where_callers_come_and_there_is_no_budget_an_agent_is_set_aside() -> None:
    p = team("anna", "boris")
    p.calls_in("ch1")
    (call,) = [c for c in orders(p, 5) if c.lead]
    assert call.agent == "boris"
    assert p.agent("boris").state is AgentState.RESERVED


def test_a_line_that_ends_is_followed_by_the_next() -> None:
    p = team("anna")
    (call,) = orders(p, 3)
    p.wait(1)
    p.ends(call.customer.channel, cause=17)
    assert len(p.asked(do.BeginAttempt)) == 2


def test_nobody_is_dialled_after_the_last_agent_has_left() -> None:
    p = team("anna")
    (call,) = orders(p, 3)
    p.see(saw.AgentPaused(at=p.now, agent=AgentId("anna"), reason="lunch"))
    p.ends(call.customer.channel, cause=17)
    p.wait(60)
    assert len(p.asked(do.BeginAttempt)) == 1


def test_a_customer_without_an_agent_for_two_seconds_is_let_go_and_counted() -> None:
    p = team("anna")
    (call,) = orders(p, 1)
    p.see(saw.AgentPaused(at=p.now, agent=AgentId("anna"), reason="lunch"))
    p.answers(call.customer.channel)
    p.wait(1.9)
    assert call.state is CallState.WAITING
    p.wait(0.2)
    assert p.last(do.HangUp).channel == call.customer.channel
    p.ends(call.customer.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.NUISANCE
    totals = p.pool.campaign(make_shop()).pacer.ledger.totals(p.now)
    assert (totals.served, totals.nuisances) == (0, 1)


def test_such_a_customer_hears_who_called_if_the_shop_has_a_message() -> None:
    p = team("anna", nuisance_message=MESSAGE)
    (call,) = orders(p, 1)
    p.see(saw.AgentPaused(at=p.now, agent=AgentId("anna"), reason="lunch"))
    p.answers(call.customer.channel)
    p.wait(2.1)
    playing = p.last(do.Play)
    assert playing.media == MESSAGE
    assert not [e for e in p.asked(do.HangUp) if e.channel == call.customer.channel]
    p.ready("anna")
    assert call.agent is None, "nobody is put through into the message"
    p.see(saw.PlaybackEnded(at=p.now, playback=playing.playback))
    assert p.last(do.HangUp).channel == call.customer.channel


def test_a_message_that_never_ends_is_cut_off() -> None:
    p = team("anna", nuisance_message=MESSAGE)
    (call,) = orders(p, 1)
    p.see(saw.AgentPaused(at=p.now, agent=AgentId("anna"), reason="lunch"))
    p.answers(call.customer.channel)
    p.wait(2.1)
    p.wait(31)
    assert p.last(do.HangUp).channel == call.customer.channel


def test_an_answered_customer_goes_before_a_caller_who_waits() -> None:
    p = team("anna")
    (call,) = orders(p, 1)
    p.see(saw.AgentPaused(at=p.now, agent=AgentId("anna"), reason="lunch"))
    p.calls_in("ch1")
    p.wait(10)
    p.answers(call.customer.channel)
    p.see(saw.AgentBecameReady(at=p.now, agent=AgentId("anna")))
    assert call.agent == "anna"


def test_an_agent_in_time_counts_as_served_and_one_too_late_does_not() -> None:
    p = team("anna", "boris")
    first, second = orders(p, 2)
    p.answers(first.customer.channel)
    talks(p, first)
    p.answers(second.customer.channel)
    assert second.agent_leg is not None
    p.answers(second.agent_leg.channel)
    p.now += 2.5
    p.joins(second.customer.channel, second.agent_leg.channel)
    totals = p.pool.campaign(make_shop()).pacer.ledger.totals(p.now)
    assert (totals.served, totals.nuisances) == (1, 1)


def test_a_machine_does_not_count_as_served() -> None:
    p = team("anna")
    (call,) = orders(p, 1)
    p.answers(call.customer.channel)
    p.see(saw.TalkingStarted(at=p.now, channel=call.customer.channel))
    talks(p, call)
    p.wait(3.1)
    for packets in (150, 172):
        p.see(
            saw.PacketsCounted(at=p.now, channel=call.customer.channel, packets=packets)
        )
        p.wait(0.5)
    totals = p.pool.campaign(make_shop()).pacer.ledger.totals(p.now)
    assert (totals.served, totals.machines) == (0, 1)


def test_an_order_that_may_not_be_dialled_is_put_off_with_the_reason() -> None:
    p = team("anna", regime="house")  # the story plays at night
    assert not orders(p, 1)
    put_off = p.last(do.PutLeadOff)
    assert put_off.rule == "hours"
    assert put_off.at is not None
    assert put_off.at > p.now
    assert not p.pool.leads


def test_every_attempt_has_its_verdict_on_record() -> None:
    p = team("anna")
    orders(p, 1)
    (record,) = [e.record for e in p.asked(do.RecordDecision)]
    assert record.kind == "pacing"
    assert record.detail["verdict"] == "allowed"
    assert record.detail["agents_free"] == 1


def test_a_locked_number_is_dialled_with_an_agent_set_aside() -> None:
    p = team("anna")
    locked = PastAttempt(at=p.now - 60, outcome=Outcome.NUISANCE)
    (call,) = orders(p, 1, past=(locked,))
    assert call.agent == "anna"
    assert p.agent("anna").state is AgentState.RESERVED


def test_a_locked_number_waits_when_no_agent_can_be_set_aside() -> None:
    p = with_budget(team(*(f"a{i}" for i in range(10))))
    for i in range(10):
        p.calls_in(f"ch{i}")
    locked = PastAttempt(at=p.now - 60, outcome=Outcome.NUISANCE)
    assert len(orders(p, 1, past=(locked,))) == 10
    p.wait(5)
    assert not p.asked(do.BeginAttempt)
    assert len(p.pool.leads) == 1
    p.ends("ch0")
    p.ends("call1.agt.1")
    p.wait(1)
    assert len(p.asked(do.BeginAttempt)) == 1


def test_the_soonest_deadline_that_can_be_kept_goes_first() -> None:
    p = team("anna")
    late = make_lead("late", "+79161110001", placed_at=p.now - 5000)
    soon = make_lead("soon", "+79161110002", placed_at=p.now - 600)
    later = make_lead("later", "+79161110003", placed_at=p.now - 10)
    p.offered(later, late, soon)
    assert p.last(do.BeginAttempt).lead.order == "soon"


def test_a_number_that_rings_already_keeps_its_other_order_back() -> None:
    p = team("anna", "boris")
    p.offered(make_lead("o1"), make_lead("o2"), make_lead("o3", "+79169999999"))
    begun = [e.lead.order for e in p.asked(do.BeginAttempt)]
    assert begun == ["o1", "o3"]
    first = next(c for c in p.pool.calls.values() if c.lead and c.lead.order == "o1")
    p.ends(first.customer.channel, cause=17)
    assert [e.lead.order for e in p.asked(do.BeginAttempt)] == ["o1", "o3", "o2"]


def test_agents_who_will_be_free_soon_are_dialled_for() -> None:
    p = with_budget(team(*(f"a{i}" for i in range(20))))
    campaign = p.pool.campaign(make_shop())
    for _ in range(400):
        campaign.talk_ended(60.0)
        campaign.wrap_up_ended(0.0)
    for i in range(20):
        p.calls_in(f"ch{i}")
        p.talk(f"ch{i}")
    p.wait(55)
    assert orders(p, 40), "nobody is free, but many will be in seconds"
    assert len(p.asked(do.BeginAttempt)) > 5


@pytest.mark.parametrize("agents", [1, 2, 5])
def test_looks_go_on_while_there_are_orders_and_agents(agents: int) -> None:
    p = with_budget(team(*(f"a{i}" for i in range(agents))))
    orders(p, 40)
    assert "pace:" in p.timers
    before = len(p.asked(do.BeginAttempt))
    for call in list(p.pool.calls.values()):
        p.ends(call.customer.channel, cause=19)
    p.wait(5)
    assert len(p.asked(do.BeginAttempt)) > before


def test_of_two_tried_numbers_the_one_that_answers_at_this_hour_goes_first() -> None:
    p = team("anna")
    yesterday = p.now - 86_400
    shy = PastAttempt(at=yesterday, outcome=Outcome.NO_ANSWER)
    reached_at_noon = PastAttempt(at=yesterday + 12 * 3600, outcome=Outcome.BRIDGED)
    reached_now = PastAttempt(at=yesterday, outcome=Outcome.BRIDGED)
    p.offered(
        make_lead("shy", "+79161110001", past=(shy, reached_at_noon)),
        make_lead("keen", "+79161110002", past=(reached_now,)),
    )
    assert p.last(do.BeginAttempt).lead.order == "keen"


def ringing_without_hope(hang_up_after_s: float | None) -> tuple[Play, Call]:
    """Ten agents were free when phones began to ring, then all of them left."""
    predictive = PredictiveRules(hang_up_after_s=hang_up_after_s)
    rules = Rules(pacing=PacingRules(keep_free=0, predictive=predictive))
    names = [f"a{i}" for i in range(10)]
    p = with_budget(team(*names, rules=rules))
    calls = orders(p, 40)
    for call in calls:
        p.rings(call.customer.channel)
    for name in names[:-1]:
        p.see(saw.AgentPaused(at=p.now, agent=AgentId(name), reason="lunch"))
    p.wait(20)
    return p, calls[0]


def test_a_phone_is_not_hung_up_on_unless_the_house_wants_it() -> None:
    p, _ = ringing_without_hope(None)
    assert not p.asked(do.HangUp)


def test_a_ringing_phone_without_hope_of_an_agent_is_taken_back() -> None:
    p, _ = ringing_without_hope(5.0)
    hung_up = p.asked(do.HangUp)
    assert hung_up
    call = p.call(hung_up[0].channel)
    assert p.now - call.customer.started_at >= 15, "the regime's least ring"
    p.ends(call.customer.channel)
    assert p.last(do.RecordAttempt).record.outcome is Outcome.NO_ANSWER
    seen = p.pool.campaign(make_shop()).pacer.estimates.answer.seen
    assert seen == len(p.asked(do.HangUp)), "each was learned of once"


def test_the_more_callers_are_expected_the_more_agents_stay_free_for_them() -> None:
    def dialled(blend: Blend | None) -> int:
        rules = Rules(pacing=PacingRules(keep_free=1, blend=blend))
        p = team(*(f"a{i}" for i in range(10)), rules=rules)
        for i in range(30):
            p.calls_in(f"ch{i}")
            call = p.talk(f"ch{i}")
            p.wait(5)
            assert call.agent is not None
            p.ends(f"ch{i}")
            p.saves(call.agent, call.call)
            p.ends(f"{call.call}.agt.1")
        return len(orders(p, 20))

    assert dialled(Blend(keep=1.0)) < dialled(None)


def test_the_one_agent_who_can_serve_an_order_is_used_while_others_are_free() -> None:
    rules = Rules(pacing=PacingRules(keep_free=1))
    names = ("anna", "boris", "vera", "grigory")
    team_of = [make_agent(n) for n in names[:-1]]
    p = play(*team_of, make_agent("grigory", product_toys=5), rules=rules)
    p.ready(*names)
    p.calls_in("ch1")  # callers come, and there is no budget: agents are set aside
    toys = Requirement(hard=(*RU.hard, ("product.toys", 3)))
    p.offered(make_lead("o1", requirement=toys))
    busy = [a.agent for a in p.pool.agents.values() if a.state is not AgentState.READY]
    assert len(busy) == 2
    assert p.asked(do.BeginAttempt)
