"""The FastAGI server against a scripted Asterisk, kind and hostile."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest

from callengine.asterisk.agi import (
    AgiRequest,
    AgiSettings,
    FastAgi,
    Identified,
    identify_with,
    quote,
)
from callengine.core.cards import Card, CustomerCard
from callengine.core.ids import CustomerId, ShopId
from callengine.core.skills import Requirement
from callengine.engine.ports import Identification

ANNA = CustomerCard(
    customer=CustomerId("c-1"),
    name='Анна "Нюра" ${CHANNEL}\nO\'Neil',
    language="ru",
    segment="vip",
    region="ru-mow",
)
REQUEST = (
    "agi_network: yes\nagi_network_script: {script}\n"
    "agi_callerid: {caller}\nagi_callingpres: {pres}\n"
    "agi_dnid: {dnid}\nagi_extension: s\n{more}\n"
)


@dataclass
class Desk:
    """A look-up that remembers what it was asked."""

    customers: tuple[CustomerCard, ...] = (ANNA,)
    known: bool = True
    fails: bool = False
    asked: tuple[str, str | None] | None = None
    waits: asyncio.Event | None = None

    async def look_up(self, dialled: str, caller: str | None) -> Identified | None:
        """Answer as told."""
        self.asked = (dialled, caller)
        if self.waits is not None:
            await self.waits.wait()
        if self.fails:
            raise RuntimeError("the database is away")
        card = Card(
            shop=ShopId("teplo"),
            shop_name="Teplo",
            direction="inbound",
            number=caller,
            dialled_number=dialled,
            customers=self.customers,
        )
        found = Identification(card=card, requirement=Requirement())
        return Identified(identification=found, queue="teplo") if self.known else None


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def server(desk: Desk) -> AsyncIterator[FastAgi]:
    settings = AgiSettings(
        port=0, connections=3, header_bytes=2048, header_s=0.3, within_s=0.2
    )
    async with FastAgi(settings, {"identify": identify_with(desk.look_up)}) as agi:
        yield agi


async def ask(
    server: FastAgi,
    *,
    script: str = "identify",
    caller: str = "+79161234567",
    pres: str = "0",
    dnid: str = "+74951112233",
    more: str = "",
) -> dict[str, str]:
    """Be Asterisk for one call; what it was told to set, or to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = REQUEST.format(
        script=script, caller=caller, pres=pres, dnid=dnid, more=more
    )
    writer.write(request.encode())
    told: dict[str, str] = {}
    async with asyncio.timeout(5):
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            name = rest.split()[1] if verb == "SET" else verb
            name = rest.split()[1] if rest.startswith("VARIABLE") else verb
            told[name] = line.split('"')[1]
            writer.write(b"200 result=1\n")
    writer.close()
    return told


async def test_a_known_caller_is_set_on_the_channel(
    server: FastAgi, desk: Desk
) -> None:
    told = await ask(server)
    assert told == {
        "CUSTOMER_ID": "c-1",
        "CUSTOMER_NAME": "Анна Нюра CHANNEL O'Neil",
        "CUSTOMER_SEGMENT": "vip",
        "CUSTOMER_LANGUAGE": "ru",
        "QUEUE_NAME": "teplo",
    }
    assert desk.asked == ("+74951112233", "+79161234567")


@pytest.mark.parametrize(
    "customers", [(), (ANNA, ANNA)], ids=["nobody", "more than one"]
)
async def test_an_unclear_caller_leaves_the_customer_empty(
    server: FastAgi, desk: Desk, customers: tuple[CustomerCard, ...]
) -> None:
    desk.customers = customers
    told = await ask(server)
    assert told["QUEUE_NAME"] == "teplo"
    assert told["CUSTOMER_ID"] == told["CUSTOMER_NAME"] == ""


async def test_a_number_of_no_shop_sets_everything_empty(
    server: FastAgi, desk: Desk
) -> None:
    desk.known = False
    assert set((await ask(server)).values()) == {""}


@pytest.mark.parametrize(
    ("caller", "pres"),
    [("unknown", "0"), ("+79161234567", "32"), ("+79161234567", "67")],
    ids=["no number", "restricted", "unavailable"],
)
async def test_a_withheld_number_is_looked_up_as_none(
    server: FastAgi, desk: Desk, caller: str, pres: str
) -> None:
    await ask(server, caller=caller, pres=pres)
    assert desk.asked == ("+74951112233", None)


async def test_the_argument_beats_dnid_and_dnid_the_extension(
    server: FastAgi, desk: Desk
) -> None:
    await ask(server, more="agi_arg_1: +74950000000\n")
    assert desk.asked is not None
    assert desk.asked[0] == "+74950000000"
    await ask(server, dnid="unknown")
    assert desk.asked[0] == "s"


async def test_an_unknown_script_is_told_so(server: FastAgi) -> None:
    told = await ask(server, script="indentify")
    assert told == {"VERBOSE": "callengine has no script indentify but identify"}


async def test_a_failing_or_slow_look_up_lets_the_call_go_on(
    server: FastAgi, desk: Desk
) -> None:
    desk.fails = True
    assert await ask(server) == {}
    desk.fails, desk.waits = False, asyncio.Event()
    assert await ask(server) == {}
    desk.waits = None
    assert len(await ask(server)) == 5


async def test_a_connect_and_close_costs_nothing(server: FastAgi) -> None:
    for _ in range(20):
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.close()
        await writer.wait_closed()
    assert len(await ask(server)) == 5


@pytest.mark.parametrize(
    "babble",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"\n\n", b"agi_x: " + b"y" * 5000, b"\xff" * 100],
    ids=["silence", "a browser", "nothing", "endless", "noise"],
)
async def test_babble_is_cut_off(server: FastAgi, babble: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(babble)
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()
    assert len(await ask(server)) == 5


@pytest.mark.parametrize("pres", ["²", "٣", "-1", "0x20", "9" * 5000, "1" * 4, "3 2"])
async def test_a_presentation_that_is_none_is_refused(
    server: FastAgi, desk: Desk, caplog: pytest.LogCaptureFixture, pres: str
) -> None:
    refused = server.refused
    assert await ask(server, pres=pres) == {}
    assert server.refused == refused + 1
    assert desk.asked is None
    assert [r for r in caplog.records if r.levelname == "ERROR"] == []
    assert len(await ask(server)) == 5


@pytest.mark.parametrize("field", ["caller", "dnid"])
async def test_digits_without_end_are_refused(
    server: FastAgi, desk: Desk, field: str
) -> None:
    digits = {field: "7" * 1500}
    assert await ask(server, **digits) == {}
    assert desk.asked is None


async def test_arguments_without_end_are_refused(server: FastAgi, desk: Desk) -> None:
    assert await ask(server, more="agi_a: \n" * 120) == {}
    assert desk.asked is None


async def test_more_connections_than_allowed_are_closed_at_once(
    server: FastAgi,
) -> None:
    opened = [await asyncio.open_connection("127.0.0.1", server.port) for _ in "abc"]
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    async with asyncio.timeout(0.2):  # before the others' deadline
        assert await reader.read() == b""
    writer.close()
    for reader, writer in opened:
        writer.write_eof()
        assert await reader.read() == b""
        writer.close()
    assert len(await ask(server)) == 5


async def test_a_hang_up_in_the_middle_harms_nobody(server: FastAgi) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(
        REQUEST.format(
            script="identify", caller="1", pres="0", dnid="2", more=""
        ).encode()
    )
    await reader.readline()
    writer.write(b"HANGUP\n")
    async with asyncio.timeout(2):
        assert await reader.read() == b""
    writer.close()
    assert len(await ask(server)) == 5


async def test_values_are_bounded() -> None:
    assert len(quote("x" * 10_000)) == 122


async def test_a_script_may_be_anything_that_answers() -> None:
    async def hours(request: AgiRequest) -> Mapping[str, str]:
        return {"OPEN": "yes" if request.script == "hours" else "no"}

    async with FastAgi(AgiSettings(port=0), {"hours": hours}) as server:
        assert await ask(server, script="hours") == {"OPEN": "yes"}
