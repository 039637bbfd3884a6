"""Looking callers up within a budget: an unknown caller is still a caller."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import structlog

from callengine.core.cards import Card
from callengine.core.effects import Identify
from callengine.core.facts import CallerIdentified
from callengine.core.ids import Instant
from callengine.core.inbound import normalised
from callengine.core.pool import Pool
from callengine.core.roster import Shop
from callengine.core.routing import requirement_for_unknown
from callengine.core.rulebook.book import CallFacts
from callengine.core.ruling import Ruling
from callengine.engine.mishaps import Mishaps
from callengine.engine.ports import Crm, FactSink, Identification, StoreDown
from callengine.engine.routing_rules import RoutingRules

log = structlog.get_logger(__name__)

LATE_S = 10.0
"""A look-up over its budget may still complete the card for this long."""


class Identifier:
    """
    Runs look-ups.

    Args:
        pool: names the shop of a dialled number.
        budget_s: the call is routed without an answer after this.

    Attributes:
        rules: what callers need; None leaves that to the requirement.
    """

    def __init__(
        self,
        pool: Pool,
        crm: Crm,
        post: FactSink,
        clock: Callable[[], Instant],
        *,
        mishaps: Mishaps,
        budget_s: float,
    ) -> None:
        self._pool = pool
        self._crm = crm
        self._post = post
        self._clock = clock
        self._mishaps = mishaps
        self._budget_s = budget_s
        self._tasks: set[asyncio.Task[None]] = set()
        self.rules: RoutingRules | None = None
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
        except Exception as error:
            # Whatever is wrong with a row, the caller must find somebody.
            self.failed += 1
            self._mishaps.put("look-up", "Identify", error, effect, call=effect.call)
            found = self._nothing(effect, shop)
        finally:
            late.cancel()
        self._tell(effect, found)

    def _over_budget(self, effect: Identify, shop: Shop) -> None:
        self.late += 1
        log.warning("identification over budget", call=effect.call)
        self._tell(effect, self._nothing(effect, shop))

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
            facts=CallFacts(shop=shop.shop, language=shop.language),
        )

    def _tell(self, effect: Identify, found: Identification) -> None:
        at = self._clock()
        self._post(
            CallerIdentified(
                at=at,
                call=effect.call,
                card=found.card,
                requirement=found.requirement,
                ruling=self._ruling(effect, found.facts, at),
            )
        )

    def _ruling(self, effect: Identify, facts: CallFacts, at: Instant) -> Ruling | None:
        if self.rules is None:
            return None
        asked = replace(
            facts, dialled=normalised(effect.dialled_number), choice=effect.choice
        )
        try:
            return self.rules.rule(asked, at)
        except Exception as error:
            # Whatever is wrong with a rule, the caller must find somebody.
            self._mishaps.put("rules", "rule", error, asked, call=effect.call)
            return None
