"""The agent page on the real engine; only phones and stores are in-memory twins."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, expect
from prometheus_client import CollectorRegistry

from callengine.api.app import build_app
from callengine.api.deps import ApiDeps
from callengine.api.hub import DesktopHub
from callengine.core.rules import PacingRules, Rules
from callengine.engine.inbox import Inbox
from callengine.engine.ports import NewItem, NewOrder
from callengine.engine.service import Engine, EngineConfig, Ports
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryCrm, MemoryIntake
from callengine.testing.deliveries import MemoryDeliveries
from callengine.testing.directory import MemoryDirectory
from callengine.testing.do_not_call import MemoryDoNotCall
from callengine.testing.doors import MemoryDoors
from callengine.testing.journal import MemoryJournal, MemoryRedis
from callengine.testing.ledger import MemoryArchive, MemoryLedger
from callengine.testing.order_book import MemoryOrderBook
from callengine.testing.order_changes import MemoryOrderChanges
from callengine.testing.people import Person
from callengine.testing.telephony import TwinTelephony
from tests.support.pool_kit import NUMBER, REGIMES, TEPLO, make_agent, make_shop

pytestmark = pytest.mark.asyncio(loop_scope="session")

CUSTOMER = "+79161234567"
PHONE = Person(rings_after_s=0.05, answers_after_s=0.3)


@dataclass
class Centre:
    """A page of Anna's on a running engine, and the phones of everybody."""

    page: Page
    url: str
    engine: Engine
    telephony: TwinTelephony
    books: MemoryBooks

    async def enter(self) -> None:
        await self.page.goto(self.url)
        await self.page.fill("#login-login", "anna")
        await self.page.fill("#login-password", "secret")
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator(".state")).to_contain_text("только что вошли")
        await self.page.keyboard.press("r")
        await expect(self.page.locator(".state")).to_contain_text("Готов")

    async def take_order(self, number: str) -> None:
        item = NewItem(
            sku="K-1", name="Чайник", category="kitchen", quantity=1, price_minor=349000
        )
        order = NewOrder(number=number, phone=CUSTOMER, items=(item,), name="Ирина")
        await MemoryIntake(self.books).take(TEPLO, order, time.time())
        self.engine.poke()


def build(hub: DesktopHub, books: MemoryBooks) -> tuple[Engine, TwinTelephony]:
    inbox = Inbox()
    telephony = TwinTelephony(inbox.post, time.time)
    telephony.default_person = PHONE
    ids = count(1)
    ports = Ports(
        telephony=telephony,
        directory=MemoryDirectory(books),
        crm=MemoryCrm(books),
        order_book=MemoryOrderBook(books),
        ledger=MemoryLedger(books),
        archive=MemoryArchive(books),
        journal=MemoryJournal(MemoryRedis(), time.time),
        desktops=hub,
    )
    rules = Rules(wrap_up_s=20, pacing=PacingRules(keep_free=0))
    engine = Engine(
        ports,
        EngineConfig(node="n1", rules=rules),
        inbox=inbox,
        clock=time.time,
        new_id=lambda: f"call{next(ids)}",
    )
    return engine, telephony


@pytest_asyncio.fixture(loop_scope="session")
async def centre(browser: Browser) -> AsyncIterator[Centre]:
    profile = make_agent("anna")
    books = MemoryBooks.of([make_shop(name="Тепло")], [profile], regimes=REGIMES)
    hub = DesktopHub()
    engine, telephony = build(hub, books)
    doors = MemoryDoors(accounts={"anna": ("secret", profile)})
    app = build_app(
        ApiDeps(
            engine=engine,
            hub=hub,
            intake=MemoryIntake(books),
            order_changes=MemoryOrderChanges(books),
            shop_keys=doors,
            accounts=doors,
            directory=MemoryDirectory(books),
            do_not_call=MemoryDoNotCall(books),
            deliveries=MemoryDeliveries(books.outbox),
            session_keys=lambda: (b"k" * 32,),
            admin_tokens=lambda: ("admin-token",),
            now=time.time,
            registry=CollectorRegistry(),
        )
    )
    await engine.start()
    await engine.reconcile()
    running = asyncio.create_task(engine.run())
    context = await browser.new_context(locale="ru-RU")
    context.set_default_timeout(15_000)
    async with TestServer(app) as server:
        url = str(server.make_url("/desktop"))
        yield Centre(await context.new_page(), url, engine, telephony, books)
        await context.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_call_runs_through_the_page_from_pop_to_wrap_up(centre: Any) -> None:
    page = centre.page
    await centre.enter()

    caller = centre.telephony.arrive(NUMBER, CUSTOMER)
    await expect(page.locator(".card h1")).to_have_text("+7 916 123-45-67")
    await expect(page.locator(".customer")).to_contain_text("Новый клиент")
    await expect(page.locator(".strip-state")).to_have_text("Разговор")
    await expect(page.locator(".state")).to_contain_text("Разговор")
    centre.telephony.hang_up_far_end(caller)

    await expect(page.locator(".strip-state")).to_have_text("Оформление")
    await expect(page.locator(".strip .timer")).to_contain_text("осталось 0:")
    await page.keyboard.press("5")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".idle h1")).to_have_text("Ждём звонка")
    [saved] = centre.books.dispositions.values()
    assert saved.disposition == "informed"


async def test_an_order_is_dialled_confirmed_and_told_to_both_receivers(
    centre: Any,
) -> None:
    page = centre.page
    await centre.enter()

    await centre.take_order("T-77")
    await expect(page.locator(".order-number")).to_have_text("T-77")
    await expect(page.locator(".strip-why")).to_contain_text("Исходящий")
    await expect(page.locator(".card h1")).to_have_text("Ирина")
    await expect(page.locator(".strip-state")).to_have_text("Разговор")
    await page.keyboard.press("1")
    await page.keyboard.press("d")
    await page.keyboard.type("Москва, Лесная, 7")
    await page.get_by_role("button", name="завтра").click()
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".saved")).to_contain_text("Сохранено")
    messages = await centre.books.outbox.claim(time.time() + 1, 10, lease_s=1)
    told = {(message.receiver, message.type) for message in messages}
    assert told == {("shop", "order.confirmed"), ("logistics", "delivery.agreed")}


async def test_a_pause_during_a_call_waits_for_its_end(centre: Any) -> None:
    page = centre.page
    await centre.enter()
    caller = centre.telephony.arrive(NUMBER, CUSTOMER)
    await expect(page.locator(".strip-state")).to_have_text("Разговор")

    await page.keyboard.press("p")
    await page.keyboard.press("1")
    await expect(page.locator(".state")).to_contain_text("После звонка: Перерыв")
    centre.telephony.hang_up_far_end(caller)
    await expect(page.locator(".strip-state")).to_have_text("Оформление")
    await page.keyboard.press("5")
    await page.keyboard.press("Control+Enter")

    await expect(page.locator(".state")).to_contain_text("Перерыв")
    await expect(page.locator(".idle h1")).to_have_text("Вы на паузе")


async def test_a_call_the_agent_does_not_answer_goes_away(centre: Any) -> None:
    page = centre.page
    silent = Person(rings_after_s=0.05, refuses_after_s=0.5, honours_auto_answer=False)
    centre.telephony.people["PJSIP/anna"] = silent
    await centre.enter()

    centre.telephony.arrive(NUMBER, CUSTOMER)
    await expect(page.locator(".card")).to_be_visible()

    await expect(page.locator(".idle")).to_contain_text("ушёл другому оператору")
    await expect(page.locator(".state")).to_contain_text("Пауза")
