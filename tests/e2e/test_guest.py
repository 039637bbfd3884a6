"""The place that the demo keeps for a person: their phone, ours, and the page of it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import aiohttp
import pytest
import pytest_asyncio

from sim.demo import guest as guests
from sim.demo.guest import Guest
from sim.demo.phone_page import PhonePage
from sim.desktop import Desktop
from sim.phones.baresip import BaresipPhone
from sim.ports import free_ports
from sim.sipp.run import Sipp, SippSettings
from sim.waiting import until
from sim.world.books_reading import known_numbers
from sim.world.staff import Staff
from sim.world.world import World
from tests.e2e.conftest import GUEST
from tests.e2e.test_agent_page_live import SHOP, caller

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


@pytest_asyncio.fixture(loop_scope="module")
async def desktop(world: World, staff: Staff) -> AsyncIterator[Desktop]:
    """The person's page, ready for calls."""
    async with Desktop(world.plan.api_url) as desktop:
        await desktop.log_in(GUEST, world.credentials.passwords[GUEST])
        await desktop.connect()
        await desktop.say("ready")
        yield desktop
        for card in desktop.cards.values():
            if card.closed is None:
                await desktop.say(
                    "disposition", call=card.call, finish=True, disposition="informed"
                )


@pytest_asyncio.fixture(loop_scope="module")
async def calling(world: World) -> SippSettings:
    """A caller with all the time in the world."""
    number = (await known_numbers(world.plan.database_url, SHOP, 1))[0]
    settings = caller(world, number, SHOP)
    return replace(settings, scenario="caller_talks_as_long_as_the_agent_likes")


async def in_state(guest: Guest, state: str) -> bool:
    async def so() -> bool:
        return guest.view().state == state

    return await until(so, every_s=0.05, within_s=20)


async def test_our_phone_rings_answers_and_hangs_up_only_when_told(
    guest: Guest,
    desktop: Desktop,
    calling: SippSettings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guests, "SPEAKS_S", 0.5)  # the speech begins anew at once
    async with Sipp(calling) as sipp:
        assert await in_state(guest, "ringing")
        assert await in_state(guest, "talking")

        async def for_a_while() -> bool:
            return guest.view().for_s > 3.0

        assert await until(for_a_while, every_s=0.1, within_s=20)
        await guest.hang_up()
        assert await in_state(guest, "idle")
        await sipp.finished(within_s=10)


async def test_a_phone_that_is_not_to_answer_waits_for_the_page(
    guest: Guest, desktop: Desktop, calling: SippSettings
) -> None:
    guest.switch()
    try:
        async with (
            PhonePage(guest) as page,
            aiohttp.ClientSession(page.url) as person,
            Sipp(calling) as sipp,
        ):
            assert await in_state(guest, "ringing")

            async def rings_on() -> bool:
                return guest.view().for_s > guests.RINGS_S + 1.0

            assert await until(rings_on, every_s=0.1, within_s=20)
            async with person.post("answer") as answered:
                assert answered.status == 200
            assert await in_state(guest, "talking")
            async with person.get("state") as seen:
                shown = await seen.json()
            assert shown["state"] == "talking"
            assert shown["answers_itself"] is False
            await person.post("hang-up")
            assert await in_state(guest, "idle")
            await sipp.finished(within_s=10)
    finally:
        guest.switch()


async def talks(desktop: Desktop) -> bool:
    """Wait for a conversation: who hangs up before it has only refused the caller."""

    async def holds() -> bool:
        return any(c.state == "talking" for c in desktop.cards.values() if not c.closed)

    return await until(holds, every_s=0.05, within_s=10)


async def test_nobody_finds_the_page_without_its_secret(guest: Guest) -> None:
    async with PhonePage(guest) as page, aiohttp.ClientSession() as stranger:
        root = page.url.rsplit("/", 2)[0]
        for path in ("/", "/state", "/answer", "/hang-up"):
            async with stranger.post(root + path) as answer:
                assert answer.status == 404


async def test_ours_makes_room_for_the_persons_own_and_comes_back(
    world: World,
    staff: Staff,
    guest: Guest,
    desktop: Desktop,
    calling: SippSettings,
) -> None:
    (sip_port,) = free_ports(1)
    (control_port,) = free_ports(1)
    own = BaresipPhone(
        replace(
            staff.phones[GUEST].settings,
            sip_port=sip_port,
            control_port=control_port,
            folder=world.plan.folder / "phones" / "own",
            register_every_s=60,
        )
    )

    async def taken_over() -> bool:
        return f":{sip_port}" in guest.view().own_phone

    async def ours_again() -> bool:
        return not guest.view().own_phone

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(own)
        await own.registered()
        assert await until(taken_over, every_s=0.05, within_s=10)
        async with Sipp(calling) as sipp:
            call = await own.incoming.get()
            await own.answer()
            await call.established.wait()
            assert guest.view().state == "idle"
            assert await talks(desktop)
            await own.hang_up()
            await call.closed.wait()
            await sipp.finished(within_s=10)
    assert await until(ours_again, every_s=0.05, within_s=10)

    for card in desktop.cards.values():
        if card.closed is None:
            await desktop.say(
                "disposition", call=card.call, finish=True, disposition="informed"
            )
    async with Sipp(calling) as sipp:
        assert await in_state(guest, "talking")
        assert await talks(desktop)
        await guest.hang_up()
        assert await in_state(guest, "idle")
        await sipp.finished(within_s=10)
