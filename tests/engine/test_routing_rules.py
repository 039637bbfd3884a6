"""Rules in a running engine: read at the start, changed without a restart."""

import asyncio
from dataclasses import replace
from time import perf_counter
from typing import Any

import pytest

from callengine.core.effects import Identify
from callengine.core.ids import AgentId, CallId, ChannelId, CustomerId
from callengine.core.living import Living, LivingChannel
from callengine.core.machines import CallState
from callengine.core.reconcile import reconcile, restore
from callengine.core.records import CallRecord
from callengine.core.rulebook.book import CallFacts, Purchase
from callengine.engine.identification import Talk, identified
from callengine.engine.ports import RoutingText
from callengine.engine.routing_rules import RoutingRules, read_rules
from callengine.testing.books import MemoryBooks, MemoryCustomer
from tests.support.engine_kit import EPOCH, Centre, virtually
from tests.support.pool_kit import (
    NUMBER,
    TEPLO,
    make_agent,
    make_card,
    make_shop,
    play,
)

ANNA, VERA = AgentId("anna"), AgentId("vera")
EVERYBODY = """
[[rules]]
name = "everybody"
hard = "shop.{shop} and lang.{language}>=5"
prefer = ["responsible", "last_agent"]
"""
TECHNICAL = (
    EVERYBODY
    + """
[[rules]]
name = "technical line"
when = { dialled = "+7 495 000*" }
soft = "tech>=5"
relax = [{ after_s = 10, drop = "*" }]
"""
)


def centre(text: str = "", version: int = 1) -> Centre:
    """Anna, who idles longest, and Vera, the technician."""
    found = Centre()
    found.books.agents = [make_agent("anna"), make_agent("vera", tech=7)]
    found.books.routing = RoutingText(text=text, version=version if text else 0)
    return found


def apply(found: Centre, text: str) -> None:
    """Do what `callengine apply` does: other rules, another version."""
    version = found.books.routing.version + 1
    found.books.routing = RoutingText(text=text, version=version)
    found.books.version += 1


def routed(found: Centre) -> dict[str, Any]:
    """The detail of the latest routing decision."""
    decisions = [d for d in found.books.decisions if d.kind == "routing"]
    return decisions[-1].detail


@virtually
async def test_rules_route_from_the_first_call_on() -> None:
    found = centre(TECHNICAL)
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        found.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(VERA).state == "talking"
        assert routed(found)["rules"] == ["everybody", "technical line"]


@virtually
async def test_without_rules_the_skills_decide() -> None:
    found = centre()
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        found.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(ANNA).state == "talking"
        assert routed(found)["rules"] == []


@virtually
async def test_new_rules_hold_for_the_next_caller_and_need_no_restart() -> None:
    found = centre()
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        apply(found, TECHNICAL)
        await asyncio.sleep(2)
        found.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(VERA).state == "talking"
        assert routed(found)["rules_version"] == 1


@virtually
async def test_a_policy_is_in_force_without_a_restart() -> None:
    found = centre(EVERYBODY)
    async with found.engine() as engine:
        assert engine.pool.matcher.state.policy.limits.calls_per_hour is None
        apply(
            found, f"{EVERYBODY}\n[routing.policy]\ncalls_per_hour = 6\nspare = false"
        )
        await asyncio.sleep(2)
        assert engine.pool.matcher.state.policy.limits.calls_per_hour == 6
        assert engine.pool.rules.spare is None


@virtually
async def test_rules_that_cannot_be_read_leave_those_in_force() -> None:
    found = centre(TECHNICAL)
    async with found.engine() as engine:
        apply(found, "[[rules]]\nname = 'x'\nhard = 'lang.ru >>> 5'\n")
        await asyncio.sleep(2)
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        found.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(VERA).state == "talking"


@virtually
async def test_an_engine_starts_on_rules_that_cannot_be_read() -> None:
    found = centre("[[rules]]\nname = 5\n")
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        found.calls_in()
        await asyncio.sleep(5)
        assert engine.agent_view(ANNA).state == "talking"


@virtually
async def test_a_base_that_is_late_does_not_keep_the_rules_from_speaking() -> None:
    found = centre(TECHNICAL)
    found.crm.takes_s = 2.0
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        found.calls_in()
        await asyncio.sleep(1)
        assert routed(found)["rules"] == ["everybody", "technical line"]
        assert engine.agent_view(VERA).state in ("reserved", "ringing", "offered")


@virtually
async def test_a_killed_engine_leaves_the_next_one_what_the_rules_said() -> None:
    found = centre(TECHNICAL)
    async with found.engine() as engine:
        found.calls_in()
        await asyncio.sleep(1)
        (before,) = engine.pool.calls.values()
        assert before.ruling is not None
    apply(found, EVERYBODY)
    await asyncio.sleep(5)
    async with found.engine() as engine:
        (after,) = engine.pool.calls.values()
        assert after.state is CallState.WAITING
        assert after.ruling == before.ruling
        (item,) = engine.pool.matcher.items(engine.pool.now)
        assert item.ladder == before.ruling.ladder
        assert item.clock_s >= 5.0


@virtually
async def test_a_certificate_that_expires_is_asked_for_again() -> None:
    found = centre(EVERYBODY)
    books = found.books
    async with found.engine() as engine:
        await engine.become_ready(VERA)
        books.changes_at = found.clock() + 20
        books.version += 1
        await asyncio.sleep(2)
        books.agents = [make_agent("anna"), replace(make_agent("vera"), skills={})]
        await asyncio.sleep(10)
        assert dict(engine.pool.agents[VERA].skills)["lang.ru"] == 5
        await asyncio.sleep(12)
        assert "lang.ru" not in dict(engine.pool.agents[VERA].skills)


def test_the_choice_in_a_menu_is_kept_for_the_look_up_also_over_a_restart() -> None:
    p = play(make_agent("anna"))
    missed = LivingChannel(
        channel=ChannelId("ch7"),
        endpoint="PJSIP/trunk",
        state="Up",
        ours=True,
        arguments=("inbound", NUMBER, "allowed", "2"),
    )
    effects = reconcile(p.pool, Living(channels=(missed,)), p.now)
    (asked,) = [e for e in effects if isinstance(e, Identify)]
    assert (asked.choice, asked.dialled_number) == ("2", NUMBER)
    (call,) = p.pool.calls.values()
    effects = restore(play(make_agent("anna")).pool, [call], p.now)
    assert [e.choice for e in effects if isinstance(e, Identify)] == ["2"]


# --- what rules may look at ----------------------------------------------------


def talked(call: str, agent: str, at: float, order: str | None = None) -> CallRecord:
    """A conversation with the customer."""
    return CallRecord(
        call=CallId(call),
        shop=TEPLO,
        direction="inbound",
        number="+79160000001",
        dialled_number="",
        customer=CustomerId("c1"),
        order=order,  # type: ignore[arg-type]
        agent=AgentId(agent),
        requirement="",
        enqueued_at=at,
        answered_at=at,
        bridged_at=at,
        ended_at=at + 60,
        ending="answered",
    )


@virtually
async def test_the_last_agent_is_found_by_the_look_up_and_preferred() -> None:
    found = centre(EVERYBODY)
    card = replace(make_card().customers[0], phones=("+79160000001",))
    found.books.customers[card.customer] = MemoryCustomer(TEPLO, card)
    found.books.calls[CallId("old")] = talked("old", "vera", EPOCH - 9000)
    async with found.engine() as engine:
        await engine.become_ready(ANNA)
        await asyncio.sleep(1)
        await engine.become_ready(VERA)
        found.calls_in("+79160000001")
        await asyncio.sleep(5)
        assert engine.agent_view(VERA).state == "talking"
        assert routed(found)["way"] == "preferred"


def test_of_several_customers_nobody_is_preferred() -> None:
    one = make_card().customers[0]
    card = replace(make_card(), customers=(one, replace(one, name="Anna")))
    found = identified(
        card, make_shop(), withheld=False, spoken=frozenset(), talks=[Talk(VERA)]
    )
    assert found.facts.last_agent is None
    assert (found.facts.region, found.facts.segment) == ("", "")


def test_a_verdict_takes_far_less_than_a_millisecond() -> None:
    rule = '[[rules]]\nname = "r%d"\nwhen = { dialled = "+38%d*" }\nsoft = "s%d>=3"\n'
    text = "\n".join([TECHNICAL, *(rule % (n, n, n) for n in range(100))])
    rules = RoutingRules(RoutingText(text=text, version=1))
    facts = CallFacts(
        shop="teplo",
        dialled="+74950000101",
        language="ru",
        purchases=tuple(
            Purchase(category=f"c{n % 5}", quantity=1, at=EPOCH - n) for n in range(40)
        ),
    )
    rules.rule(facts, EPOCH)
    took_s = []
    for _ in range(50):
        begun = perf_counter()
        rules.rule(facts, EPOCH)
        took_s.append(perf_counter() - begun)
    assert sorted(took_s)[25] < 1e-3


@pytest.mark.parametrize("text", ["", "# nothing\n"])
async def test_no_rules_rule_nothing(text: str) -> None:
    rules = await read_rules(RoutingText(text=text, version=1))
    assert rules is not None
    assert rules.rule(CallFacts(shop="teplo"), EPOCH) is None


def test_the_books_of_tests_have_no_rules_of_their_own() -> None:
    assert MemoryBooks.of([make_shop()]).routing == RoutingText()
