"""The desktop's WebSocket: snapshot, deltas, replies, limits."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st

from callengine.api.commands import CommandRefused, parse
from callengine.core.cards import Card, CustomerCard
from callengine.core.ids import AgentId, CallId, CustomerId, OrderId, ShopId
from callengine.engine.ports import DispositionRefused, JournalDown, StoreDown

ANNA = AgentId("anna")
CALL = CallId("c1")
CARD = Card(
    shop=ShopId("teplo"),
    shop_name="Тепло",
    direction="inbound",
    number="+79161234567",
    dialled_number="+74950000001",
    identification="found",
    customers=(
        CustomerCard(
            customer=CustomerId("k1"),
            name="Иван",
            language="ru",
            segment="vip",
            region="ru-mow",
        ),
    ),
)
_JSON = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
DISPOSITION = {
    "id": 4,
    "do": "disposition",
    "call": "c1",
    "disposition": "confirmed",
    "note": "ok",
    "order": "o1",
    "delivery": {
        "method": "courier",
        "address": "Москва",
        "date": "2026-11-22",
        "time_from": "10:00",
        "time_to": "14:00",
    },
    "finish": True,
}


async def read(ws: ClientWebSocketResponse) -> Any:
    return await ws.receive_json(timeout=5)


async def read_until(ws: ClientWebSocketResponse, type_: str) -> Any:
    while (message := await read(ws))["type"] != type_:
        pass
    return message


async def ask(ws: ClientWebSocketResponse, command: Any) -> Any:
    await ws.send_json(command)
    return await read_until(ws, "reply")


async def test_a_snapshot_comes_first_and_deltas_continue_its_version(
    world: Any,
) -> None:
    await world.log_in()
    world.engine.offer(ANNA, CallId("c0"), CARD)
    ws = await world.open_desktop()

    snapshot = await read(ws)
    world.engine.offer(ANNA, CALL, CARD)
    card, agent = await read(ws), await read(ws)

    assert snapshot["type"] == "snapshot"
    assert snapshot["agent"]["name"] == "Anna K."
    assert [c["call"] for c in snapshot["cards"]] == ["c0"]
    assert snapshot["now"] == world.clock[0]
    assert card["card"]["customers"][0]["name"] == "Иван"
    assert (card["card"]["call"], card["card"]["state"]) == ("c1", "offered")
    assert agent["agent"]["state"] == "reserved"
    first = snapshot["version"] + 1
    assert [card["version"], agent["version"]] == [first, first + 1]


async def test_every_tab_sees_the_same_versions(world: Any) -> None:
    await world.log_in()
    tabs = [await world.open_desktop(), await world.open_desktop()]
    for tab in tabs:
        await read(tab)

    world.engine.set_reachable(ANNA, False)

    seen = [await read(tab) for tab in tabs]
    assert seen[0] == seen[1]
    assert seen[0]["agent"]["reachable"] is False


async def test_commands_are_carried_out_and_answered_by_id(world: Any) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    assert (await ask(ws, {"id": 1, "do": "ready"}))["ok"]
    assert world.engine.agent_view(ANNA).state == "ready"
    reply = await ask(ws, {"id": 2, "do": "pause", "reason": "break"})
    assert reply == {"type": "reply", "id": 2, "ok": True}
    assert world.engine.agent_view(ANNA).reason == "break"


async def test_a_disposition_is_saved_with_its_delivery(world: Any) -> None:
    await world.log_in()
    world.engine.offer(ANNA, CALL, CARD)
    world.engine.advance(ANNA, CALL, "wrap_up")
    ws = await world.open_desktop()

    reply = await ask(ws, DISPOSITION)

    assert reply["ok"]
    [form] = world.engine.saved
    assert form.order == OrderId("o1")
    assert form.delivery is not None
    assert form.delivery.time_to == "14:00"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (DispositionRefused("A date is needed."), "refused"),
        (JournalDown(), "try_again"),
        (StoreDown(), "try_again"),
        (RuntimeError("secret detail"), "internal"),
    ],
)
async def test_a_refusal_reaches_the_form(
    world: Any, error: Exception, code: str
) -> None:
    await world.log_in()
    world.engine.offer(ANNA, CALL, CARD)
    world.engine.refusal = error
    ws = await world.open_desktop()

    reply = await ask(ws, DISPOSITION)

    assert (reply["id"], reply["ok"], reply["error"]["code"]) == (4, False, code)
    assert "secret" not in reply["error"]["message"]


async def test_a_call_that_is_not_mine_is_unknown(world: Any) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    reply = await ask(ws, DISPOSITION)

    assert reply["error"]["code"] == "unknown_call"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"disposition": "great"}, "disposition"),
        ({"note": "x" * 2001}, "note"),
        (
            {"delivery": {"method": "drone", "address": "a", "date": "2026-11-22"}},
            "delivery.method",
        ),
        (
            {"delivery": {"method": "post", "address": "a", "date": "2026-02-30"}},
            "delivery.date",
        ),
        (
            {"delivery": {"method": "post", "address": " ", "date": "2026-02-03"}},
            "delivery.address",
        ),
        (
            {"delivery": {**DISPOSITION["delivery"], "time_from": "25:00"}},
            "delivery.time_from",
        ),
        ({"delivery": {**DISPOSITION["delivery"], "time_from": "15:00"}}, "delivery"),
        ({"extra": 1}, "extra"),
        ({"call": None}, "call"),
    ],
)
async def test_a_bad_field_is_named_in_the_reply(
    world: Any, changes: dict[str, Any], field: str
) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    reply = await ask(ws, {**DISPOSITION, **changes})

    assert (reply["id"], reply["error"]["field"]) == (4, field)


@pytest.mark.parametrize("text", ["{", "[]", "null", '{"id": 1}', '{"do": "fly"}'])
async def test_rubbish_is_answered_and_the_socket_stays(world: Any, text: str) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    await ws.send_str(text)

    assert not (await read_until(ws, "reply"))["ok"]
    assert (await ask(ws, {"id": 9, "do": "ready"}))["ok"]


@given(
    st.text()
    | st.recursive(
        _JSON, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    ).map(json.dumps)
)
def test_no_text_breaks_the_reader_of_commands(text: str) -> None:
    try:
        parse(text)
    except CommandRefused as refusal:
        json.dumps(refusal.reply())


async def test_a_page_that_floods_is_closed(world: Any) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    for id_ in range(30):
        await ws.send_json({"id": id_, "do": "ready"})

    while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
        pass
    assert message.type is WSMsgType.CLOSE
    assert message.data == 1008


async def test_a_command_too_long_closes_the_socket(world: Any) -> None:
    await world.log_in()
    ws = await world.open_desktop()

    await ws.send_str("x" * 20_000)

    while (message := await ws.receive(timeout=5)).type is WSMsgType.TEXT:
        pass
    assert message.data == 1009


@pytest.mark.parametrize("origin", ["http://evil.example", None])
async def test_another_sites_page_cannot_open_the_socket(
    world: Any, origin: str | None
) -> None:
    await world.log_in()

    with pytest.raises(WSServerHandshakeError) as refusal:
        await world.client.ws_connect("/api/v1/desktop", origin=origin)

    assert refusal.value.status == 403
    assert world.hub.total() == 0


async def test_without_a_session_there_is_no_socket(world: Any) -> None:
    with pytest.raises(WSServerHandshakeError) as refusal:
        await world.open_desktop()

    assert refusal.value.status == 401


async def test_presence_is_told_for_the_first_and_the_last_tab(world: Any) -> None:
    await world.log_in()
    first, second = await world.open_desktop(), await world.open_desktop()
    await read(first)
    await read(second)
    assert world.engine.present == {ANNA}

    await first.close()
    assert world.engine.present == {ANNA}
    await second.close()

    async with asyncio.timeout(5):
        while world.engine.present:  # noqa: ASYNC110 - the twin has no event
            await asyncio.sleep(0.01)


async def test_a_tab_that_does_not_read_is_cut_off_and_the_engine_never_waits(
    world: Any,
) -> None:
    await world.log_in()
    ws = await world.open_desktop()
    await read(ws)

    for number in range(200):
        world.hub.show(ANNA, {"type": "agent", "agent": {"since": number}})

    assert world.hub.cut_offs == 1
    assert world.hub.count(ANNA) == 0
    async with asyncio.timeout(5):
        while not ws.closed:
            await ws.receive()
    back = await world.open_desktop()
    assert (await read(back))["version"] >= 200


async def test_a_message_that_cannot_be_written_ends_the_tab_not_the_engine(
    world: Any,
) -> None:
    await world.log_in()
    ws = await world.open_desktop()
    await read(ws)

    world.hub.show(ANNA, {"type": "agent", "agent": object()})

    async with asyncio.timeout(5):
        while not ws.closed:
            await ws.receive()


async def test_logging_out_closes_every_tab(world: Any) -> None:
    await world.log_in()
    ws = await world.open_desktop()
    await read(ws)

    await world.client.post("/api/v1/logout")

    async with asyncio.timeout(5):
        while not ws.closed:
            await ws.receive()
    with pytest.raises(WSServerHandshakeError):
        await world.open_desktop()
