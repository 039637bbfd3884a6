"""Callers and orders of the demo, for as long as it runs."""

import asyncio
import time
from contextlib import AsyncExitStack
from random import Random

from sim.demo.callers import Callers
from sim.demo.evidence import SentOrder
from sim.demo.orders import orders
from sim.sipp.run import Sipp
from sim.sipp.stats import Moment
from sim.world.engine_api import ApiRefused
from sim.world.world import World

CALLS_PER_S = 0.7
ORDERS_PER_S = 0.65


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
        calls_per_s: float = CALLS_PER_S,
        orders_per_s: float = ORDERS_PER_S,
    ) -> None:
        self._world = world
        self._orders_per_s = orders_per_s
        self._rng = Random(seed)
        self._seed = seed
        self._calls_per_s = calls_per_s
        self._callers: list[Sipp] = []
        self._stack = AsyncExitStack()
        self._orders: asyncio.Task[None] | None = None
        self.sent: list[SentOrder] = []
        self.refused: list[str] = []

    async def __aenter__(self) -> "Traffic":
        callers = await Callers.of(self._world, rate=self._calls_per_s, seed=self._seed)
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
            try:
                await self._world.api.place_order(shop, keys[shop], order.body)
                self.sent.append(sent)
            except (ApiRefused, OSError, TimeoutError) as error:
                self.refused.append(f"{order.number}: {error}")
            due_at += 1.0 / self._orders_per_s
            await asyncio.sleep(max(0.0, due_at - loop.time()))
