"""The engine's HTTP interface as shops and admins use it."""

import asyncio
from typing import Any

import aiohttp

from sim.world.plan import Plan


class ApiRefused(Exception):
    """The engine answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body[:300]}")
        self.status = status


class EngineApi:
    """One pool of connections to the engine; an async context manager."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> "EngineApi":
        self._http = aiohttp.ClientSession(
            self._plan.api_url, timeout=aiohttp.ClientTimeout(total=10)
        )
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def floor(self) -> dict[str, Any]:
        """Ask for calls by state, agents by state, orders by stage, latencies."""
        return await self._get("/api/v1/floor")

    async def why(self, call: str) -> dict[str, Any]:
        """Ask for the decisions and events of a call."""
        return await self._get(f"/api/v1/calls/{call}/why")

    async def make_ready(self, agent: str) -> None:
        """Let an agent be offered calls without a desktop. Raises `ApiRefused`."""
        await self._for_agent(agent, "ready")

    async def pause(self, agent: str) -> None:
        """Offer an agent no more calls. Raises `ApiRefused`."""
        await self._for_agent(agent, "pause")

    async def _for_agent(self, agent: str, what: str) -> None:
        assert self._http is not None
        path = f"/api/v1/agents/{agent}/{what}"
        async with self._http.post(path, headers=self._admin()) as response:
            if response.status != 200:
                raise ApiRefused(response.status, await response.text())

    async def place_order(self, shop: str, key: str, order: dict[str, Any]) -> int:
        """Send an order as a shop does; the status. Raises `ApiRefused`."""
        assert self._http is not None
        async with self._http.post(
            f"/api/v1/shops/{shop}/orders",
            json=order,
            headers={"Authorization": f"Bearer {key}"},
        ) as response:
            if response.status not in (200, 201):
                raise ApiRefused(response.status, await response.text())
            return response.status

    async def receivers(self, shop: str, key: str) -> list[dict[str, Any]]:
        """Ask as a shop how its receivers are. Raises `ApiRefused`."""
        path = f"/api/v1/shops/{shop}/receivers"
        body = await self._get(path, {"Authorization": f"Bearer {key}"})
        found: list[dict[str, Any]] = body["receivers"]
        return found

    async def until_ready(self, *, within_s: float) -> None:
        """Wait until the engine says it is ready. Raises `TimeoutError`."""
        assert self._http is not None
        async with asyncio.timeout(within_s):
            while True:
                try:
                    async with self._http.get("/readyz") as response:
                        if response.status == 200:
                            return
                except aiohttp.ClientError:
                    pass  # not listening yet
                await asyncio.sleep(0.05)

    async def _get(
        self, path: str, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        assert self._http is not None
        asking = self._admin() if headers is None else headers
        async with self._http.get(path, headers=asking) as response:
            if response.status != 200:
                raise ApiRefused(response.status, await response.text())
            body: dict[str, Any] = await response.json()
            return body

    def _admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._plan.admin_token}"}
