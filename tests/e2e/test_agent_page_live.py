"""
The agent page in Chromium on the live system: a real SIP call, a real order.

What the page shows is timed in the page itself, against the caller's own log: the
instant their INVITE was sent.
"""

import socket
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from sim.demo.guest import Guest
from sim.ports import free_ports
from sim.sipp.run import Sipp, SippSettings
from sim.waiting import until
from sim.world.books_reading import known_numbers
from sim.world.plan import TRUNK_ADDRESS
from sim.world.staff import Staff
from sim.world.world import World
from tests.browser.conftest import CHROMIUM, FLAGS
from tests.e2e.conftest import GUEST

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

SHOP = "teplo"
CUSTOMER = "+79165000010"
"""Answers and talks: the last digit says so (see the customers' scenario)."""

NOTE_FIRST_CARD = """
() => {
  window.cardAt = null;
  const look = () => {
    if (window.cardAt === null && document.querySelector('.card h1')?.textContent)
      window.cardAt = Date.now() / 1000;
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true,
    characterData: true});
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def page(world: World, staff: Staff) -> AsyncIterator[Page]:
    """The guest's page: logged in, not yet ready."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context(locale="ru-RU")
        context.set_default_timeout(20_000)
        page = await context.new_page()
        await page.goto(f"{world.plan.api_url}/desktop")
        await page.fill("#login-login", GUEST)
        await page.fill("#login-password", world.credentials.passwords[GUEST])
        await page.keyboard.press("Enter")
        await expect(page.locator(".state")).to_contain_text("только что вошли")
        yield page
        await browser.close()


def caller(world: World, number: str, shop: str) -> SippSettings:
    """One caller of a shop, who waits for the agent to end the call."""
    (dialled, *_) = next(s.numbers for s in world.shops.shops if s.shop == shop)
    (port,) = free_ports(1, host=TRUNK_ADDRESS, kind=socket.SOCK_DGRAM)
    assert world.sounds is not None
    return SippSettings(
        scenario="caller_waits_for_the_agent_to_end",
        folder=world.plan.folder / "the-caller",
        address=TRUNK_ADDRESS,
        port=port,
        target=world.plan.registrar,
        numbers=[f"{number};{TRUNK_ADDRESS};{dialled}"],
        calls=1,
        first_media_port=world.plan.sipp_rtp_first + 800,
        sounds=world.sounds.folder,
    )


async def test_the_card_of_a_real_call_is_there_within_a_second(
    world: World, guest: Guest, page: Page
) -> None:
    number = (await known_numbers(world.plan.database_url, SHOP, 1))[0]
    await page.keyboard.press("r")
    await expect(page.locator(".state")).to_contain_text("Готов")
    await page.evaluate(NOTE_FIRST_CARD)

    async with Sipp(caller(world, number, SHOP)) as sipp:
        await expect(page.locator(".strip-state")).to_have_text("Разговор")
        card_at = await page.evaluate("() => window.cardAt")
        called_at = next(m.at for m in sipp.moments() if m.what == "called")
        print(f"card {1000 * (card_at - called_at):.0f} ms after the caller's INVITE")
        assert card_at - called_at <= 1.0
        await guest.hang_up()
        await expect(page.locator(".strip-state")).to_have_text("Оформление")

    await page.keyboard.press("5")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".idle h1")).to_have_text("Ждём звонка")


async def test_a_confirmed_orders_delivery_reaches_logistics(
    world: World, guest: Guest, page: Page
) -> None:
    order = {
        "number": "LIVE-1",
        "placed_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "customer": {"name": "Ирина", "phone": CUSTOMER},
        "items": [
            {
                "sku": "TP-KI-1",
                "name": "Чайник Пар",
                "category": "kitchen",
                "quantity": 1,
                "price_minor": 249000,
            }
        ],
    }
    await world.api.place_order(SHOP, world.credentials.keys[SHOP], order)

    await expect(page.locator(".order-number").first).to_have_text("LIVE-1")
    await expect(page.locator(".strip-state")).to_have_text("Разговор")
    await page.keyboard.press("1")
    await page.keyboard.press("d")
    await page.keyboard.type("Москва, Лесная, 7")
    await page.get_by_role("button", name="завтра").click()
    saved_at = time.time()
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".saved")).to_contain_text("Сохранено")

    ledger = world.receiver.ledger

    async def told() -> bool:
        return ledger.first_at("logistics", "delivery.agreed", "LIVE-1") is not None

    assert await until(told, every_s=0.05, within_s=10)
    told_at = ledger.first_at("logistics", "delivery.agreed", "LIVE-1")
    assert told_at is not None
    print(f"delivery at logistics {1000 * (told_at - saved_at):.0f} ms after saving")
    assert (SHOP, "LIVE-1") in ledger.orders("shop", "order.confirmed")
    assert ledger.bad_signatures == 0
    assert ledger.duplicates() == 0
    await guest.hang_up()
    await expect(page.locator(".idle h1")).to_have_text("Ждём звонка")
