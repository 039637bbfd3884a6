"""The agent page in a real browser, over the real API and the engine's twin."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect
from prometheus_client import CollectorRegistry

from callengine.api.app import build_app
from callengine.api.deps import ApiDeps
from callengine.api.hub import DesktopHub
from callengine.core.ids import AgentId
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryIntake
from callengine.testing.deliveries import MemoryDeliveries
from callengine.testing.directory import MemoryDirectory
from callengine.testing.do_not_call import MemoryDoNotCall
from callengine.testing.doors import MemoryDoors, make_profile
from callengine.testing.face import MemoryEngine
from callengine.testing.order_changes import MemoryOrderChanges

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ANNA = AgentId("anna")
DEADLINE_MS = 15_000
expect.set_options(timeout=DEADLINE_MS)


@dataclass(slots=True)
class Stage:
    """A page of Anna's, and the strings behind it."""

    page: Page
    context: BrowserContext
    engine: MemoryEngine
    hub: DesktopHub
    server: TestServer
    complaints: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/desktop"))

    async def enter(self) -> None:
        """Open the page and log in by hand."""
        await self.page.goto(self.url)
        await self.page.fill("#login-login", "anna")
        await self.page.fill("#login-password", "secret")
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_selector(".idle:not([hidden])")


@pytest.fixture(scope="session")
def no_browser() -> str | None:
    return None if Path(CHROMIUM).exists() else f"{CHROMIUM} is not installed"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(no_browser: str | None) -> AsyncIterator[Browser]:
    assert no_browser is None, no_browser
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[TestServer, MemoryEngine, DesktopHub]]:
    """Serve the real API over twins."""
    hub = DesktopHub()
    engine = MemoryEngine(desktops=hub, now=time.time)
    engine.add_agent(ANNA, "Анна Кравец")
    doors = MemoryDoors(accounts={"anna": ("secret", make_profile("anna", "Анна"))})
    books = MemoryBooks.of(())
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
    async with TestServer(app) as server:
        yield server, engine, hub


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def modules(browser: Browser) -> AsyncIterator[Page]:
    """A page that only lends its modules; tests share it and change nothing."""
    async with serving() as (server, _, _):
        page = await browser.new_page(locale="ru-RU")
        await page.goto(str(server.make_url("/desktop")))
        yield page
        await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    async with serving() as (server, engine, hub):
        context = await browser.new_context(
            locale="ru-RU",
            timezone_id="Europe/Moscow",
            viewport={"width": 1440, "height": 900},
            color_scheme="light",
        )
        context.set_default_timeout(DEADLINE_MS)
        page = await context.new_page()
        stage = Stage(page, context, engine, hub, server)
        page.on("pageerror", lambda error: stage.complaints.append(str(error)))
        page.on("console", lambda message: _note(stage, message.type, message.text))
        yield stage
        await context.close()
        assert stage.complaints == []


def _note(stage: Stage, kind: str, text: str) -> None:
    # The browser itself complains of refused and failed requests: those are tested.
    is_network = text.startswith(("Failed to load resource", "WebSocket connection to"))
    if kind == "error" and not is_network:
        stage.complaints.append(text)
