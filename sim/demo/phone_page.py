"""
The guest's phone on the screen: a page with Answer and Hang up.

Whoever knows its address may use it; the address holds a secret and is on loopback.
"""

import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path

from aiohttp import web

from sim.demo.guest import Guest
from sim.ports import free_ports

_PAGE = Path(__file__).with_name("phone.html")
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}


class PhonePage:
    """Serves the page; an async context manager."""

    def __init__(self, guest: Guest) -> None:
        self._guest = guest
        self._secret = secrets.token_urlsafe(9)
        self._port = 0
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self._port}/{self._secret}/"

    async def __aenter__(self) -> "PhonePage":
        app = web.Application()
        base = f"/{self._secret}/"
        app.router.add_get(base, self._page)
        app.router.add_get(f"{base}state", self._state)
        for name, act in self._acts().items():
            app.router.add_post(base + name, self._doing(act))
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        (self._port,) = free_ports(1)
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _acts(self) -> dict[str, Callable[[], Awaitable[None]]]:
        async def switch() -> None:
            self._guest.switch()

        return {
            "answer": self._guest.answer,
            "hang-up": self._guest.hang_up,
            "switch": switch,
        }

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(
            text=_PAGE.read_text(encoding="utf-8"),
            content_type="text/html",
            headers=_HEADERS,
        )

    async def _state(self, _request: web.Request) -> web.Response:
        seen = json.dumps(asdict(self._guest.view()))
        return web.Response(
            text=seen, content_type="application/json", headers=_HEADERS
        )

    def _doing(
        self, act: Callable[[], Awaitable[None]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def handle(request: web.Request) -> web.Response:
            await act()
            return await self._state(request)

        return handle
