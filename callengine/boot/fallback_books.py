"""Booking what the fallback queues did while no engine took calls, once."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from callengine.asterisk.ari.translate import presented_number
from callengine.asterisk.log_tail import LogTail
from callengine.asterisk.queue_log import QueuedCall, QueueLog
from callengine.boot.settings import Settings
from callengine.core.ids import AgentId, CallId, ChannelId, CustomerId
from callengine.core.inbound import normalised
from callengine.core.pool import Pool
from callengine.core.records import CallRecord, LegRecord
from callengine.core.roster import Shop
from callengine.engine.ports import StoreDown
from callengine.store import Store

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 3.0

WhoIs = Callable[[Shop, str, str | None], Awaitable[CustomerId | None]]
Record = Callable[[Sequence[CallRecord]], Awaitable[None]]


class FallbackBooks:
    """
    Follows Asterisk's queue log for ever.

    Args:
        path: the queue log.
        mark: where the place reached is kept, over restarts.
        pool: for shops and agents.
        who_is: finds a customer by shop, number dialled and number shown.
        record: commits records, the same twice once. Raises `StoreDown`.
    """

    def __init__(
        self,
        path: Path,
        mark: Path,
        *,
        pool: Callable[[], Pool],
        who_is: WhoIs,
        record: Record,
    ) -> None:
        self._tail = LogTail(path, mark)
        self._log = QueueLog()
        self._pool, self._who_is, self._record = pool, who_is, record
        self._ended: list[QueuedCall] = []
        self.booked = 0

    async def run(self) -> None:
        """Look again and again; what fails is done at the next look."""
        while True:
            try:
                await self.look()
            except (StoreDown, OSError) as error:
                log.warning("fallback calls not booked", error=str(error))
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Book the calls that ended since the last look."""
        if not self._ended:
            self._ended = await asyncio.to_thread(self._read)
        if self._ended:
            await self._record([await self._record_of(call) for call in self._ended])
            self.booked += len(self._ended)
            log.info("fallback calls booked", calls=len(self._ended))
            self._ended = []
        place = self._log.oldest(self._tail.offset)
        await asyncio.to_thread(self._tail.keep, place)

    def _read(self) -> list[QueuedCall]:
        ended = list(self._log.read(self._tail.lines()))
        if self._tail.rotated:
            self._log.forget()
        return ended

    async def _record_of(self, call: QueuedCall) -> CallRecord:
        pool = self._pool()
        shop = pool.shop_of.get(normalised(call.dialled))
        number = presented_number(call.caller, call.presentation)
        customer = None
        if shop is not None and number is not None:
            customer = await self._who_is(shop, call.dialled, number)
        agent = pool.by_endpoint.get(call.endpoint)
        return booked(call, shop, number, customer, agent)


def booked(
    call: QueuedCall,
    shop: Shop | None,
    number: str | None,
    customer: CustomerId | None,
    agent: AgentId | None,
) -> CallRecord:
    """
    Make the record of a call that no engine had.

    Its id follows from the channel's, so that the same call twice is once. It ended as
    `fallback`, whether answered or waited too long, or as `abandoned`.
    """
    events = [(call.entered_at, "fallback", call.came)]
    if call.answered_at is not None:
        events.append((call.answered_at, "bridged", agent or ""))
    leg = LegRecord(
        channel=ChannelId(call.channel),
        role="customer",
        started_at=call.entered_at,
        answered_at=call.entered_at,
        ended_at=call.ended_at,
    )
    return CallRecord(
        call=CallId(f"fallback-{call.channel}"[:64]),
        shop=None if shop is None else shop.shop,
        direction="inbound",
        number=number,
        dialled_number=call.dialled,
        customer=customer,
        order=None,
        agent=agent,
        requirement="",
        enqueued_at=call.entered_at,
        answered_at=call.entered_at,
        bridged_at=call.answered_at,
        ended_at=call.ended_at,
        ending="abandoned" if call.ending == "abandoned" else "fallback",
        legs=(leg,),
        events=tuple(events),
    )


async def fallback_books(
    settings: Settings, store: Store, pool: Callable[[], Pool]
) -> None:
    """Follow our own Asterisk's queue log for ever, or the one that the admin names."""
    own = settings.var_dir / "pbx" / "log" / "queue_log"
    path = settings.pbx.queue_log or (own if settings.pbx.managed else None)
    if path is None:
        return

    async def who_is(shop: Shop, dialled: str, number: str | None) -> CustomerId | None:
        found = (await store.crm.identify(shop, dialled, number)).card.customers
        return found[0].customer if len(found) == 1 else None

    async def record(calls: Sequence[CallRecord]) -> None:
        await store.ledger.record(calls, (), ())

    books = FallbackBooks(
        path,
        settings.var_dir / "queue_log.json",
        pool=pool,
        who_is=who_is,
        record=record,
    )
    await books.run()
