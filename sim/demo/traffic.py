"""Callers and orders of the demo, for as long as it runs."""

import asyncio
import time
from contextlib import AsyncExitStack
from http import HTTPStatus
from random import Random
from typing import Any

import aiohttp

from sim.demo.callers import SHARES, Callers
from sim.demo.evidence import SentOrder
from sim.demo.orders import orders
from sim.sipp.run import Sipp
from sim.sipp.stats import Moment
from sim.world.engine_api import ApiRefused
from sim.world.world import World

CALLS_PER_S = 0.7
ORDERS_PER_S = 0.65
SENDS_FOR_S = 30.0
"""So long a shop sends an order again that the engine cannot take just now."""


class Traffic:
    """
    Callers by SIPp and orders by HTTP; an async context manager.

    Entering starts them; `close_the_doors` ends new ones, and calls in progress are
    left to end by themselves.
    """

    def __init__(
        self,
        world: World,
        *,
        seed: int,
        shares: dict[str, float] = SHARES,
        calls_per_s: float = CALLS_PER_S,
        orders_per_s: float = ORDERS_PER_S,
    ) -> None:
        self._world = world
        self._orders_per_s = orders_per_s
        self._rng = Random(seed)
        self._seed = seed
        self._shares = shares
        self._calls_per_s = calls_per_s
        self._callers: list[Sipp] = []
        self._stack = AsyncExitStack()
        self._orders: asyncio.Task[None] | None = None
        self.sent: list[SentOrder] = []
        self.refused: list[str] = []

    async def __aenter__(self) -> "Traffic":
        callers = await Callers.of(
            self._world,
            rate=self._calls_per_s,
            seed=self._seed,
            shares=self._shares,
        )
        self._callers = callers.runs
        try:
            for run in self._callers:
                await self._stack.enter_async_context(run)
        except BaseException:
            await self._stack.aclose()
            raise
        self._orders = asyncio.create_task(self._send_orders(), name="orders")
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close_the_doors()
        await self._stack.aclose()

    async def close_the_doors(self) -> None:
        """Nobody new calls or orders; raises what broke the sender of orders."""
        for run in self._callers:
            await run.no_new_calls()
        if self._orders is not None:
            self._orders.cancel()
            (outcome,) = await asyncio.gather(self._orders, return_exceptions=True)
            self._orders = None
            if isinstance(outcome, Exception):
                raise outcome

    def check(self) -> None:
        """Raise when callers are gone or orders stopped for no good reason."""
        for run in self._callers:
            run.check()
        if self._orders is not None and self._orders.done():
            self._orders.result()

    def callers(self) -> list[Moment]:
        """Read what every caller noted so far."""
        return [moment for run in self._callers for moment in run.moments()]

    def calling(self) -> int:
        """Count SIPp processes that still have calls."""
        return sum(run.running for run in self._callers)

    async def _send_orders(self) -> None:
        loop = asyncio.get_running_loop()
        due_at = loop.time()
        keys = self._world.credentials.keys
        for order in orders(self._world.shops.shops, self._rng):
            shop = order.shop.shop
            sent = SentOrder(shop, order.number, order.phone, time.time())
            error = await self._placed(shop, keys[shop], order.body)
            if error:
                self.refused.append(f"{order.number}: {error}")
            else:
                self.sent.append(sent)
            due_at += 1.0 / self._orders_per_s
            await asyncio.sleep(max(0.0, due_at - loop.time()))

    async def _placed(self, shop: str, key: str, body: dict[str, Any]) -> str:
        """Send an order as shops do, again when asked to; why not, or nothing."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + SENDS_FOR_S
        while True:
            try:
                await self._world.api.place_order(shop, key, body)
            except ApiRefused as error:
                if error.status != HTTPStatus.SERVICE_UNAVAILABLE:
                    return str(error)
                reason = str(error)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = repr(error)
            else:
                return ""
            if loop.time() > give_up_at:
                return reason
            await asyncio.sleep(1.0)
