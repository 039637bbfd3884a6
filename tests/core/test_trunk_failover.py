"""Stories of orders whose trunk fails: the same attempt goes on by the next."""

import pytest

from callengine.core import effects as do
from callengine.core import facts as saw
from callengine.core.agent import Agent
from callengine.core.call import Call
from callengine.core.machines import AgentState, CallState
from callengine.core.reconcile import restore
from callengine.core.records import Outcome
from callengine.core.recycling.fates import TrunkMap
from callengine.core.rules import PacingRules, Rules
from callengine.core.trunks.facts import TrunkAnswers, TrunkRegistered
from callengine.core.trunks.standing import FAILURES
from callengine.core.trunks.trunk import Trunk
from tests.support.pool_kit import Play, make_agent, make_lead, make_shop, play

NORTH, SOUTH, WEST = Trunk(name="north"), Trunk(name="south"), Trunk(name="west")
NAMES = ("north", "south")


def rules(*trunks: Trunk) -> Rules:
    """Every agent may be dialled for, by these trunks."""
    return Rules(
        pacing=PacingRules(keep_free=0),
        wrap_up_s=0,
        trunks={trunk.name: trunk for trunk in trunks},
    )


def dialling(
    *trunks: Trunk, names: tuple[str, ...] = NAMES, regime: str = "aside"
) -> tuple[Play, Call]:
    """An order being dialled by the first trunk for an agent who is set aside."""
    shop = make_shop(regime=regime, trunks=names)
    p = play(make_agent("anna"), shops=[shop], rules=rules(*trunks or (NORTH, SOUTH)))
    p.ready("anna")
    p.offered(make_lead())
    (call,) = p.pool.calls.values()
    return p, call


def endpoints(p: Play) -> list[str]:
    """Trunks by which customers were dialled, in order."""
    return [
        effect.endpoint.rpartition("@")[2]
        for effect in p.asked(do.Originate)
        if "@" in effect.endpoint
    ]


@pytest.mark.parametrize(
    "ends",
    [
        {"cause": 34, "sip_code": 503},
        {"cause": 41, "sip_code": 500},
        {"cause": 27, "sip_code": 502},
        {"cause": 18, "sip_code": 408},
        {"cause": 21, "sip_code": 403},
        {"cause": 21, "sip_code": 401},
        {"cause": 21, "sip_code": 407},
        {"cause": 58, "sip_code": 488},
        {"cause": 19, "sip_code": 483},
        {"cause": 0, "unreachable": True},
        {"cause": 3},
        {"cause": 38},
    ],
)
def test_a_trunk_that_fails_is_followed_by_the_next_in_the_same_attempt(
    ends: dict[str, object],
) -> None:
    p, call = dialling()
    first = call.customer.channel
    p.wait(0.05)
    p.ends(first, **ends)  # type: ignore[arg-type]
    assert endpoints(p) == ["north", "south"]
    assert call.customer.channel != first
    assert call.state is CallState.DIALLING
    assert p.agent("anna").state is AgentState.RESERVED
    # One attempt for the law, the order and the base.
    assert len(p.asked(do.BeginAttempt)) == 1
    assert not p.asked(do.RecordAttempt)
    p.rings(call.customer.channel)
    p.wait(3)
    p.answers(call.customer.channel)
    assert call.agent_leg is not None
    p.answers(call.agent_leg.channel)
    p.joins(call.customer.channel, call.agent_leg.channel)
    p.wait(10)
    p.ends(call.customer.channel)
    p.ends(call.agent_leg.channel)
    (recorded,) = p.asked(do.RecordAttempt)
    record = recorded.record
    assert (record.outcome, record.trunk, record.tries) == (Outcome.BRIDGED, "south", 1)
    kept = p.last(do.RecordCall).record
    assert [leg.role for leg in kept.legs] == ["customer", "customer", "agent"]
    assert "trunk_failed" in [name for _, name, _ in kept.events]


@pytest.mark.parametrize(
    ("rings", "ends"),
    [
        (False, {"cause": 17, "sip_code": 486}),
        (False, {"cause": 17, "sip_code": 600}),
        (False, {"cause": 21, "sip_code": 603}),
        (False, {"cause": 19, "sip_code": 480}),
        (False, {"cause": 1, "sip_code": 404}),
        (False, {"cause": 28, "sip_code": 484}),
        (False, {"cause": 1, "sip_code": 604}),
        (True, {"cause": 34, "sip_code": 503}),
        (True, {"cause": 18, "sip_code": 408}),
        (True, {"cause": 19}),
        (False, {"cause": 0}),  # withdrawn before it was dialled; lost and found
        (False, {"cause": 16}),
    ],
)
def test_a_customer_who_is_busy_or_was_rung_is_not_dialled_by_another(
    rings: bool, ends: dict[str, object]
) -> None:
    p, call = dialling()
    if rings:
        p.rings(call.customer.channel)
    p.wait(2)
    p.ends(call.customer.channel, **ends)  # type: ignore[arg-type]
    assert endpoints(p) == ["north"]
    assert len(p.asked(do.RecordAttempt)) == 1
    assert p.agent("anna").state is AgentState.READY


def test_what_a_carrier_means_by_its_code_decides() -> None:
    odd = Trunk(name="north", codes=TrunkMap(by_sip={503: Outcome.BUSY}))
    p, call = dialling(odd, SOUTH)
    p.ends(call.customer.channel, cause=34, sip_code=503)
    assert endpoints(p) == ["north"]
    assert p.last(do.RecordAttempt).record.outcome is Outcome.BUSY


def test_when_all_have_failed_the_attempt_ends_with_the_last_ones_word() -> None:
    p, call = dialling(NORTH, SOUTH, WEST, names=("north", "south", "west"))
    began_at = p.now
    for code in (503, 403, 500):
        p.wait(0.1)
        p.ends(call.customer.channel, cause=34, sip_code=code)
    assert endpoints(p) == ["north", "south", "west"]
    (recorded,) = p.asked(do.RecordAttempt)
    record = recorded.record
    assert (record.outcome, record.sip_code) == (Outcome.CONGESTED, 500)
    assert (record.trunk, record.started_at) == ("west", pytest.approx(began_at))
    assert len(p.asked(do.RecordCall)) == 1
    assert not p.pool.calls
    assert p.agent("anna").state is AgentState.READY


def test_no_trunk_is_tried_twice_in_one_attempt() -> None:
    p, call = dialling()
    for _ in range(5):
        if call.call in p.pool.calls:
            p.ends(call.customer.channel, cause=34, sip_code=503)
    assert endpoints(p) == ["north", "south"]


def test_a_late_word_of_the_failed_leg_changes_nothing() -> None:
    p, call = dialling()
    first = call.customer.channel
    p.ends(first, cause=34, sip_code=503)
    second = call.customer.channel
    p.rings(first)
    p.ends(first, cause=34, sip_code=503)
    assert (call.state, call.customer.channel) == (CallState.DIALLING, second)
    # An answer on a leg that is nobody's any more is hung up.
    p.answers(first)
    assert p.last(do.HangUp).channel == first
    assert call.state is CallState.DIALLING


def test_a_trunk_that_takes_long_to_fail_is_not_followed() -> None:
    p, call = dialling()
    p.wait(25)
    p.ends(call.customer.channel, cause=18, sip_code=408)
    assert endpoints(p) == ["north"]


def test_an_attempt_taken_back_is_not_dialled_by_another() -> None:
    p, call = dialling()
    call.customer.given_up = True
    p.ends(call.customer.channel, cause=34, sip_code=503)
    assert endpoints(p) == ["north"]


def test_an_order_that_nobody_is_set_aside_for_goes_on_too() -> None:
    p, call = dialling(regime="shared")
    assert call.agent is None
    p.ends(call.customer.channel, cause=34, sip_code=503)
    assert endpoints(p) == ["north", "south"]
    assert list(p.pool.lines) == [call.call]
    p.answers(call.customer.channel)
    assert not p.pool.lines


def test_channels_are_given_back_whatever_way_a_call_ends() -> None:
    p, call = dialling()
    north, south = p.pool.trunks.get("north"), p.pool.trunks.get("south")
    assert north is not None
    assert south is not None
    assert (north.calls, south.calls) == (1, 0)
    p.ends(call.customer.channel, cause=34, sip_code=503)
    assert (north.calls, south.calls) == (0, 1)
    p.ends(call.customer.channel, cause=17, sip_code=486)
    assert (north.calls, south.calls) == (0, 0)
    assert (north.failed, south.failed) == (1, 0)


def test_orders_wait_while_every_trunk_is_full_and_nobody_is_asked_in_vain() -> None:
    small = Trunk(name="north", channels=1)
    shop = make_shop(regime="aside", trunks=("north",))
    p = play(*map(make_agent, ("anna", "boris")), shops=[shop], rules=rules(small))
    p.ready("anna", "boris")
    p.offered(make_lead("o1"), make_lead("o2", number="+79161234568"))
    p.wait(5)
    assert endpoints(p) == ["north"]
    assert not p.asked(do.PutLeadOff)
    (call,) = p.pool.calls.values()
    p.ends(call.customer.channel, cause=17, sip_code=486)
    p.wait(2)
    assert endpoints(p) == ["north", "north"]


def test_an_order_that_no_trunk_carries_is_put_off_with_the_reason() -> None:
    p, _ = dialling(Trunk(name="north", takes=("+79",)), names=("north",))
    p.offered(make_lead("o2", number="+74951234567"))
    p.wait(1)
    agents: list[Agent] = list(p.pool.agents.values())
    assert agents[0].state is AgentState.RESERVED
    p.ends(next(iter(p.pool.calls.values())).customer.channel, cause=17, sip_code=486)
    p.wait(2)
    off = p.last(do.PutLeadOff)
    assert (off.order, off.rule) == ("o2", "trunk")
    assert off.reason == "north: not for this destination"
    assert off.at is not None


def test_a_trunk_that_is_not_registered_is_not_dialled_by_until_it_is() -> None:
    shop = make_shop(regime="aside", trunks=("north",))
    p = play(make_agent("anna"), shops=[shop], rules=rules(NORTH))
    p.see(TrunkRegistered(at=p.now, trunk="north", registered=False, said="x"))
    p.ready("anna")
    p.offered(make_lead())
    p.wait(10)
    assert endpoints(p) == []
    p.see(TrunkRegistered(at=p.now, trunk="north", registered=True))
    p.wait(2)
    assert endpoints(p) == ["north"]


def test_a_carrier_that_does_not_answer_when_asked_is_passed_over() -> None:
    shop = make_shop(regime="aside", trunks=NAMES)
    p = play(make_agent("anna"), shops=[shop], rules=rules(NORTH, SOUTH))
    gone = TrunkAnswers(at=p.now, trunk="north", answers=False)
    p.see(gone)
    p.ready("anna")
    p.offered(make_lead())
    assert endpoints(p) == ["south"]


def test_a_trunk_that_keeps_failing_is_left_alone_after_a_while() -> None:
    shop = make_shop(regime="shared", trunks=NAMES)
    agents = [make_agent(f"a{n}") for n in range(8)]
    p = play(*agents, shops=[shop], rules=rules(NORTH, SOUTH))
    p.ready(*(f"a{n}" for n in range(8)))
    for n in range(12):
        p.offered(make_lead(f"o{n}", number=f"+7916123450{n:02}"[:12]))
        p.wait(0.3)
        for call in list(p.pool.calls.values()):
            if call.customer.trunk == "north":
                p.ends(call.customer.channel, cause=34, sip_code=503)
            else:
                p.ends(call.customer.channel, cause=17, sip_code=486)
    assert endpoints(p).count("north") == FAILURES


# --- who calls in ---


def arrives(p: Play, trunk: str, number: str | None, dialled: str) -> Call:
    """A caller comes by a trunk."""
    p.see(
        saw.CallArrived(
            at=p.now,
            channel=saw.ChannelId("in"),
            dialled_number=dialled,
            caller_number=number,
            endpoint=f"PJSIP/{trunk}",
        )
    )
    return p.call("in")


@pytest.mark.parametrize(
    ("believes", "presented", "shown"),
    [
        (True, "89161234567", "+79161234567"),
        (True, "79161234567", "+79161234567"),
        (True, "112", "112"),
        (True, None, None),
        (False, "89161234567", None),
    ],
)
def test_a_callers_number_is_read_by_the_trunks_rules_if_it_is_believed(
    believes: bool, presented: str | None, shown: str | None
) -> None:
    p = play(rules=rules(Trunk(name="north", believes=believes)))
    call = arrives(p, "north", presented, "84950000101")
    assert (call.number, call.dialled_number) == (shown, "+74950000101")
    north = p.pool.trunks.get("north")
    assert north is not None
    assert (north.calls, north.arrived) == (1, 1)
    p.ends("in")
    assert north.calls == 0


def test_after_a_restart_calls_are_found_on_their_trunks() -> None:
    p, call = dialling()
    fresh = play(make_agent("anna"), shops=[call.shop], rules=rules(NORTH, SOUTH))
    restore(fresh.pool, [call], p.now)
    north = fresh.pool.trunks.get("north")
    assert north is not None
    assert north.calls == 1
    fresh.now = p.now
    fresh.ends(call.customer.channel, cause=34, sip_code=503)
    assert endpoints(fresh) == ["south"]
