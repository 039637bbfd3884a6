"""The API over in-memory twins, on a real loopback socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientWebSocketResponse
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from callengine.api.app import build_app
from callengine.api.deps import ApiDeps
from callengine.api.forwarded import networks_of
from callengine.api.hub import DesktopHub
from callengine.core.ids import ShopId
from callengine.engine.health import Part
from callengine.testing.books import MemoryBooks
from callengine.testing.crm import MemoryIntake
from callengine.testing.deliveries import MemoryDeliveries
from callengine.testing.directory import MemoryDirectory
from callengine.testing.do_not_call import MemoryDoNotCall
from callengine.testing.doors import MemoryDoors, make_profile, make_shop
from callengine.testing.face import MemoryEngine
from callengine.testing.order_changes import MemoryOrderChanges

KEY = b"k" * 32


@dataclass(slots=True)
class World:
    """Everything a test of the API touches."""

    client: TestClient
    hub: DesktopHub
    engine: MemoryEngine
    doors: MemoryDoors
    books: MemoryBooks
    clock: list[float] = field(default_factory=lambda: [1_800_000_000.0])
    parts: dict[str, bool] = field(default_factory=dict)

    async def log_in(self, login: str = "anna", password: str = "secret") -> None:
        """Log in and keep the cookie."""
        form = {"login": login, "password": password}
        response = await self.client.post("/api/v1/login", json=form)
        assert response.status == 200, await response.text()

    async def open_desktop(self) -> ClientWebSocketResponse:
        """Open the WebSocket as our own page does."""
        origin = str(self.client.make_url("")).rstrip("/")
        return await self.client.ws_connect("/api/v1/desktop", origin=origin)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    clock = [1_800_000_000.0]
    parts: dict[str, bool] = {"redis": True}
    hub = DesktopHub()
    engine = MemoryEngine(desktops=hub, now=lambda: clock[0])
    engine.add_agent("anna", "Anna K.")
    doors = MemoryDoors(
        keys={"teplo-key": ShopId("teplo"), "zatyshok-key": ShopId("zatyshok")},
        accounts={"anna": ("secret", make_profile("anna", "Anna K."))},
    )

    books = MemoryBooks.of([make_shop("teplo"), make_shop("zatyshok")])

    def checks() -> dict[str, Part]:
        whys = {True: "", False: "it does not answer"}
        return {n: Part(ok=ok, since=5.0, why=whys[ok]) for n, ok in parts.items()}

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
            session_keys=lambda: (KEY,),
            admin_tokens=lambda: ("admin-token",),
            trusted_proxies=networks_of(["127.0.0.1"]),
            now=lambda: clock[0],
            checks=checks,
            registry=CollectorRegistry(),
        )
    )
    async with TestClient(TestServer(app)) as client:
        yield World(client, hub, engine, doors, books, clock, parts)
