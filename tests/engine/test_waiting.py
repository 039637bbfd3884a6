"""What supervisors are told of callers who wait."""

import asyncio

from callengine.core.ids import AgentId, CallId
from callengine.core.match.matcher import Matcher
from callengine.engine.ports import RoutingText
from callengine.engine.waiting import expected_wait, waiting_calls
from callengine.testing.people import Person
from tests.support.engine_kit import Centre, virtually
from tests.support.pool_kit import make_agent, play

RULES = '[[rules]]\nname = "all"\nhard = "shop.{shop} and lang.{language}>=5"\n'
BRIEF = Person(rings_after_s=0.05, answers_after_s=0.5, hangs_up_after_s=None)


@virtually
async def test_the_floor_lists_callers_in_the_order_of_their_places() -> None:
    centre = Centre()
    async with centre.engine() as engine:
        centre.calls_in("+79160000001")
        await asyncio.sleep(4)
        centre.calls_in("+79160000002")
        await asyncio.sleep(1)
        told = engine.floor()["waiting_calls"]
        assert [c["call"] for c in told] == list(engine.pool.calls)
        assert told[0]["waited_s"] >= 4
        assert {c["shop"] for c in told} == {"teplo"}
        assert {c["expected_wait_s"] for c in told} == {None}


@virtually
async def test_the_expected_wait_is_told_once_calls_were_handled() -> None:
    centre = Centre()
    centre.telephony.default_person = BRIEF
    async with centre.engine() as engine:
        for name in ("anna", "boris"):
            await engine.become_ready(AgentId(name))
        for number in range(24):
            caller = centre.calls_in(f"+791600001{number:02d}")
            await asyncio.sleep(20)
            centre.telephony.hang_up_far_end(caller)
            await asyncio.sleep(25)
        for number in range(4):
            centre.calls_in(f"+791600002{number:02d}")
            await asyncio.sleep(1)
        told = engine.floor()["waiting_calls"]
        assert len(told) == 2
        ranges = [c["expected_wait_s"] for c in told]
        assert all(r is not None and 0 <= r["from"] < r["to"] < 600 for r in ranges)
        assert ranges[0]["to"] <= ranges[1]["to"]


@virtually
async def test_why_tells_for_each_agent_what_stands_between() -> None:
    centre = Centre()
    centre.books.agents = [
        make_agent("anna"),
        make_agent("boris", lang_ru=3),
        make_agent("vera"),
    ]
    centre.books.routing = RoutingText(text=RULES, version=1)
    async with centre.engine() as engine:
        for name in ("anna", "boris"):
            await engine.become_ready(AgentId(name))
        await engine.become_ready(AgentId("vera"))
        await engine.pause(AgentId("vera"), "lunch")
        centre.calls_in("+79160000001")
        await asyncio.sleep(5)
        centre.calls_in("+79160000002")
        await asyncio.sleep(1)
        waiting = list(engine.pool.calls)[-1]
        story = await engine.why(CallId(waiting))
        assert story is not None
        live = story["live"]
        assert (live["state"], live["rules"]) == ("waiting", ["all"])
        assert live["needs"] == "shop.teplo>=1 and lang.ru>=5"
        assert live["agents"] == {
            "anna": "is busy",
            "boris": "lacks lang.ru>=5 (has 3)",
            "vera": "is away",
        }


def test_nothing_is_expected_of_a_call_that_does_not_wait() -> None:
    p = play(make_agent("anna"))
    assert expected_wait(p.pool, CallId("none")) is None
    assert waiting_calls(p.pool) == []


def test_no_more_callers_are_listed_than_asked_for() -> None:
    p = play(make_agent("anna"))
    for number in range(5):
        p.calls_in(f"ch{number}")
        p.now += 1
    assert [c["call"] for c in waiting_calls(p.pool, 2)] == ["call1", "call2"]
    assert isinstance(p.pool.matcher, Matcher)


@virtually
async def test_supervisors_are_told_of_phones_that_fail_and_why() -> None:
    centre = Centre()
    centre.telephony.people["PJSIP/anna"] = Person(
        rings_after_s=0.05, refuses_after_s=0.2, cause=58, sip_code=488
    )
    async with centre.engine() as engine:
        await engine.become_ready(AgentId("anna"))
        centre.calls_in("+79160000001")
        await asyncio.sleep(5)
        (told,) = engine.floor()["phones_in_trouble"]
        assert (told["agent"], told["state"]) == ("anna", "paused")
        assert told["reason"] == "no_codec"
        (call,) = engine.pool.calls
        story = await engine.why(call)
        assert story is not None
        assert "(paused: no_codec)" in story["live"]["agents"]["anna"]
        assert "no_codec" in [name for _, name, _ in story["live"]["events"]]
