"""Looking callers up within a budget: an unknown caller is still a caller."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from callengine.core.cards import Card
from callengine.core.effects import Identify
from callengine.core.facts import CallerIdentified
from callengine.core.ids import CallId, Instant
from callengine.core.inbound import normalised
from callengine.core.pool import Pool
from callengine.core.roster import Shop
from callengine.core.routing import requirement_for_unknown
from callengine.engine.ports import Crm, FactSink, Identification, StoreDown

log = structlog.get_logger(__name__)

LATE_S = 10.0
"""A look-up over its budget may still complete the card for this long."""


class Identifier:
    """
    Runs look-ups.

    Args:
        pool: names the shop of a dialled number.
        budget_s: the call is routed without an answer after this.
    """

    def __init__(
        self,
        pool: Pool,
        crm: Crm,
        post: FactSink,
        clock: Callable[[], Instant],
        *,
        budget_s: float,
    ) -> None:
        self._pool = pool
        self._crm = crm
        self._post = post
        self._clock = clock
        self._budget_s = budget_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.late = 0
        self.failed = 0

    def start(self, effect: Identify) -> None:
        """Begin a look-up; `CallerIdentified` follows in every case."""
        shop = self._pool.shop_of.get(normalised(effect.dialled_number))
        if shop is None:
            return
        task = asyncio.create_task(self._run(effect, shop))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self) -> None:
        """Stop looking."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, effect: Identify, shop: Shop) -> None:
        late = asyncio.get_running_loop().call_later(
            self._budget_s, self._over_budget, effect, shop
        )
        try:
            async with asyncio.timeout(LATE_S):
                found = await self._crm.identify(
                    shop, effect.dialled_number, effect.caller_number
                )
        except (StoreDown, TimeoutError) as error:
            self.failed += 1
            log.warning("identification failed", call=effect.call, error=str(error))
            found = self._nothing(effect, shop)
        finally:
            late.cancel()
        self._tell(effect.call, found)

    def _over_budget(self, effect: Identify, shop: Shop) -> None:
        self.late += 1
        log.warning("identification over budget", call=effect.call)
        self._tell(effect.call, self._nothing(effect, shop))

    def _nothing(self, effect: Identify, shop: Shop) -> Identification:
        card = Card(
            shop=shop.shop,
            shop_name=shop.name,
            direction="inbound",
            number=effect.caller_number,
            dialled_number=effect.dialled_number,
        )
        return Identification(
            card=replace(card, identification="late"),
            requirement=requirement_for_unknown(shop.shop, shop.language),
        )

    def _tell(self, call: CallId, found: Identification) -> None:
        self._post(
            CallerIdentified(
                at=self._clock(),
                call=call,
                card=found.card,
                requirement=found.requirement,
                preferred=found.preferred,
            )
        )
