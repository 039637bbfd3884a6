"""Orders that may not be dialled now are put off, with the reason; restarts forget
nothing that counts."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from unittest.mock import patch

from callengine.core.compliance.presets import HOUSE
from callengine.core.compliance.regime import CallingWindow, Hours, Regime
from callengine.core.effects import PutLeadOff
from callengine.core.ids import AgentId, AttemptId
from callengine.core.records import Outcome
from callengine.engine.ports import StoreDown
from callengine.testing.books import MemoryBooks, MemoryOrder
from callengine.testing.do_not_call import MemoryDoNotCall
from callengine.testing.ledger import MemoryLedger
from callengine.testing.people import Person
from tests.support.engine_kit import EPOCH, Centre, virtually
from tests.support.pool_kit import TEPLO, make_agent, make_shop

ANNA = AgentId("anna")
BRIEF = Person(rings_after_s=0.05, answers_after_s=2.0, hangs_up_after_s=8.0)
SOON = replace(
    HOUSE, name="soon", hours=CallingWindow(weekdays=(Hours(11 * 60 + 2, 21 * 60),) * 7)
)
"""The tests begin at 11:00 in Moscow: dialling does two minutes later."""


def centre_of(regime: Regime) -> Centre:
    """A shop with two agents that is dialled by a regime."""
    agents = [make_agent("anna"), make_agent("boris")]
    shop = make_shop(regime=regime.name)
    return Centre(books=MemoryBooks.of([shop], agents, regimes={regime.name: regime}))


def only(centre: Centre) -> MemoryOrder:
    """The one order that came in."""
    (order,) = centre.books.orders.values()
    return order


@virtually
async def test_an_order_out_of_hours_is_put_off_once_and_dialled_when_they_begin() -> (
    None
):
    centre = centre_of(SOON)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(60)
        order = only(centre)
        assert (order.attempt, order.next_try_at) == (None, EPOCH + 120)
        assert (order.stage, order.held_rule) == ("new", "hours")
        assert "hours are 11:02-21:00" in order.held_reason
        assert centre.books.attempts == {}

        await asyncio.sleep(75)
        assert engine.agent_view(ANNA).state == "talking"
        assert (order.stage, order.held_rule) == ("dialling", "")


@virtually
async def test_why_an_order_waits_is_on_record() -> None:
    centre = centre_of(SOON)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(10)
        history = await engine.why_order(only(centre).order)
        assert history is not None
        (verdict,) = history.decisions
        assert (verdict.kind, verdict.chosen) == ("compliance", "later")
        assert verdict.reason == history.held_reason
        assert verdict.detail["rule"] == "hours"
        assert verdict.detail["again_at"] == EPOCH + 120
        assert verdict.at < EPOCH + 10


@virtually
async def test_a_number_that_asked_not_to_be_called_never_rings() -> None:
    centre = centre_of(HOUSE)
    await MemoryDoNotCall(centre.books).add(TEPLO, "+79161234567", EPOCH)
    rang: list[int] = []
    centre.telephony.watch = lambda: rang.append(1)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(30)
        order = only(centre)
        assert (order.stage, order.next_try_at) == ("unreachable", None)
        assert order.held_reason == "the number asked not to be called"
        assert rang == []
        told = await centre.books.outbox.claim(centre.clock(), 10, lease_s=60)
        assert [message.type for message in told] == ["order.unreachable"]
        assert engine.agent_view(ANNA).state == "ready"


@virtually
async def test_other_orders_are_dialled_past_one_that_waits() -> None:
    centre = centre_of(HOUSE)
    await MemoryDoNotCall(centre.books).add(TEPLO, "+79161234567", EPOCH)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order("T-1")
        await centre.take_order("T-2", "+79161234568")
        await asyncio.sleep(15)
        assert engine.agent_view(ANNA).state == "talking"


@virtually
async def test_a_verdict_waits_for_a_database_that_is_down() -> None:
    centre = centre_of(SOON)
    failures = [StoreDown("away"), StoreDown("away")]
    put_off = MemoryLedger.put_off

    async def down_at_first(
        self: MemoryLedger, leads: Sequence[PutLeadOff], now: float
    ) -> None:
        if leads and failures:
            raise failures.pop()
        await put_off(self, leads, now)

    with patch.object(MemoryLedger, "put_off", down_at_first):
        async with centre.engine() as engine:
            await engine.become_ready(ANNA)
            await centre.take_order()
            await asyncio.sleep(30)
            assert failures == []
            assert only(centre).held_rule == "hours"
            assert len(centre.books.decisions) == 1


@virtually
async def test_a_nuisance_call_counts_after_a_restart_and_locks_the_number() -> None:
    centre = centre_of(HOUSE)
    centre.telephony.default_person = BRIEF
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await centre.take_order()
        await asyncio.sleep(60)
    (kept,) = centre.books.attempts.values()
    lost = replace(
        kept, attempt=AttemptId("lost"), outcome=Outcome.NUISANCE, bridged_at=None
    )
    centre.books.attempts[lost.attempt] = lost

    async with centre.engine() as engine:
        ledger = engine.pool.campaigns[TEPLO].pacer.ledger
        totals = ledger.totals(centre.clock())
        assert (totals.served, totals.nuisances) == (1, 1)
        await engine.become_ready(ANNA)
        await centre.take_order("T-2")
        await asyncio.sleep(15)
        decisions = [d for d in centre.books.decisions if d.kind == "pacing"]
        assert decisions[-1].reason == "an agent was set aside for this order"


@virtually
async def test_a_regime_that_is_applied_is_followed_within_seconds() -> None:
    own = replace(HOUSE, name="own")
    centre = centre_of(own)
    async with centre.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        centre.books.regimes["own"] = replace(SOON, name="own")
        centre.books.version += 1
        await asyncio.sleep(2)
        await centre.take_order()
        await asyncio.sleep(5)
        assert only(centre).held_rule == "hours"
        assert engine.agent_view(ANNA).state == "ready"
