"""The whole engine on in-memory ports, told as stories in virtual time."""

import asyncio

import pytest

from callengine.core.facts import Disposition
from callengine.core.ids import AgentId
from callengine.core.records import Outcome
from callengine.engine.face import DispositionForm, UnknownCall
from callengine.engine.ports import Fenced
from callengine.testing.people import ABSENT, BUSY, Person
from tests.support.engine_kit import Centre, confirm, virtually

ANNA, BORIS = AgentId("anna"), AgentId("boris")
PATIENT = Person(rings_after_s=0.05, answers_after_s=1.0, hangs_up_after_s=30.0)


@virtually
async def test_a_call_from_arrival_to_record() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        caller = centre.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(ANNA).state == "talking"
        centre.telephony.hang_up_far_end(caller)
        await asyncio.sleep(30)
        (record,) = centre.records
        assert (record.ending, record.agent) == ("answered", "anna")
        assert engine.agent_view(ANNA).state == "ready"
        states = [m["card"].state for m in centre.cards("anna") if m["type"] == "card"]
        assert states == ["ringing", "talking", "wrap_up"]


@virtually
async def test_the_card_is_shown_before_the_phone_is_asked_to_ring() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.1)
        cards: list[int] = []
        centre.telephony.watch = lambda: cards.append(len(centre.cards("anna")))
        centre.calls_in()
        await asyncio.sleep(1)
        assert cards == [1]


@virtually
async def test_the_journal_is_written_before_anything_rings() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.1)
        states: list[object] = []
        centre.telephony.watch = lambda: states.extend(centre.journalled("call"))
        centre.calls_in()
        await asyncio.sleep(1)
        assert states == ["offered"]


@virtually
async def test_an_order_is_dialled_confirmed_and_told_to_both_receivers() -> None:
    centre = Centre()
    centre.telephony.people["PJSIP/+79161234567@trunk"] = PATIENT
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(10)
        assert engine.agent_view(ANNA).state == "talking"
        await confirm(engine, "anna")
        await asyncio.sleep(60)
        (order,) = centre.books.orders.values()
        assert order.stage == "confirmed"
        messages = await centre.books.outbox.claim(centre.clock(), 10, lease_s=60)
        assert {m.type for m in messages} == {"order.confirmed", "delivery.agreed"}
        (attempt,) = centre.books.attempts.values()
        assert attempt.outcome is Outcome.BRIDGED
        assert attempt.next_try_at is None


@virtually
async def test_a_busy_customer_is_dialled_again_seven_minutes_later() -> None:
    centre = Centre()
    centre.telephony.people["PJSIP/+79161234567@trunk"] = BUSY
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(400)
        assert len(centre.books.attempts) == 1
        await asyncio.sleep(60)
        assert len(centre.books.attempts) == 2


@virtually
async def test_an_order_nobody_can_take_waits_until_an_agent_is_ready() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await centre.take_order()
        await asyncio.sleep(30)
        assert not centre.books.started
        await engine.become_ready(ANNA)
        await asyncio.sleep(2)
        assert len(centre.books.started) == 1


@virtually
async def test_a_slow_look_up_never_delays_the_call_and_completes_the_card() -> None:
    centre = Centre(takes_s=3.0)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        centre.calls_in()
        await asyncio.sleep(0.5)
        assert engine.agent_view(ANNA).state == "reserved"
        (card,) = engine.cards_of(ANNA)
        assert card.card.identification == "late"
        await asyncio.sleep(5)
        (card,) = engine.cards_of(ANNA)
        assert card.card.identification == "unknown"


@virtually
async def test_a_killed_engine_loses_no_call_and_dials_nobody_twice() -> None:
    centre = Centre()
    centre.telephony.people["PJSIP/+79161234567@trunk"] = PATIENT
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await engine.become_ready(BORIS)
        talking = centre.calls_in()
        await asyncio.sleep(5)
        await centre.take_order()
        await asyncio.sleep(1.5)
        assert len(centre.books.started) == 1
    centre.telephony.hang_up_far_end(talking)  # while nobody listens
    await asyncio.sleep(2)
    async with centre.engine() as engine:
        await asyncio.sleep(60)
        assert [r.ending for r in centre.records].count("answered") == 2
        dialled = [
            c for c in centre.telephony.commands
            if c.name == "originate" and "@trunk" in str(c)
        ]  # fmt: skip
        assert len(dialled) == 1


@virtually
async def test_a_restarted_engine_waits_for_the_lease_of_the_dead_one() -> None:
    centre = Centre()
    async with centre.engine():
        await asyncio.sleep(1)
    began = asyncio.get_running_loop().time()
    async with centre.engine():
        waited_s = asyncio.get_running_loop().time() - began
        assert 0 < waited_s <= 5.5


@virtually
async def test_two_engines_never_hold_one_node() -> None:
    centre = Centre()
    async with centre.engine():
        with pytest.raises(Fenced):
            async with centre.engine():
                pass


@virtually
async def test_calls_go_on_while_redis_is_away_and_the_journal_catches_up() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(0.1)
        centre.redis.down = True
        centre.calls_in()
        await asyncio.sleep(5)
        assert engine.journal_down
        assert engine.agent_view(ANNA).state == "talking"
        centre.redis.down = False
        await asyncio.sleep(3)
        assert not engine.journal_down
        assert centre.journalled("call") == ["talking"]


@virtually
async def test_the_journal_forgets_a_call_once_its_record_is_committed() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        caller = centre.calls_in()
        await asyncio.sleep(5)
        centre.telephony.hang_up_far_end(caller)
        await asyncio.sleep(5)
        assert len(centre.records) == 1
        assert centre.journalled("call") == []


@virtually
async def test_asterisk_refusing_a_command_never_stops_other_calls() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        centre.telephony.deaf_joins = True
        first = centre.calls_in()
        await asyncio.sleep(3)
        centre.telephony.deaf_joins = False
        await engine.become_ready(BORIS)
        await asyncio.sleep(10)
        assert engine.agent_view(BORIS).state == "talking"
        assert first in centre.telephony.channels


@virtually
async def test_an_agent_who_closed_the_page_is_logged_out_when_it_stays_closed() -> (
    None
):
    centre = Centre()
    async with centre.engine() as engine:
        engine.connected(ANNA)
        await engine.become_ready(ANNA)
        engine.disconnected(ANNA)
        await asyncio.sleep(20)
        assert engine.agent_view(ANNA).state == "ready"
        await asyncio.sleep(15)
        assert engine.agent_view(ANNA).state == "offline"


@virtually
async def test_a_phone_that_nobody_answers_is_told_and_the_next_agent_rings() -> None:
    centre = Centre()
    centre.telephony.people["PJSIP/anna"] = ABSENT
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(BORIS)
        centre.calls_in()
        await asyncio.sleep(30)
        assert engine.agent_view(ANNA).reason == "rona"
        assert engine.agent_view(BORIS).state == "talking"


@virtually
async def test_a_disposition_of_a_call_that_is_not_theirs_is_refused() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await engine.become_ready(BORIS)
        centre.calls_in()
        await asyncio.sleep(5)
        (card,) = engine.cards_of(ANNA)
        form = DispositionForm(
            agent=BORIS, call=card.call, disposition=Disposition.INFORMED
        )
        with pytest.raises(UnknownCall):
            await engine.save_disposition(form)
