"""
The worker that empties the outbox.

At least once, and once in practice: a message is leased, posted, and its verdict is
committed; only a crash between the last two posts it again, with the same id.
"""

import asyncio
import contextlib
import heapq
from collections.abc import Callable
from random import Random

import aiohttp
import structlog
from prometheus_client import CollectorRegistry
from yarl import URL

from callengine.core.ids import Instant, MessageId
from callengine.engine.ports import Outbox, OutboxMessage
from callengine.integrations.lanes import Lane
from callengine.integrations.outbox_metrics import OutboxMetrics
from callengine.integrations.posting import TIMEOUT_S, Verdict, open_session, post
from callengine.integrations.schedule import next_try_at

log = structlog.get_logger(__name__)

BATCH = 64
LEASE_S = 2 * TIMEOUT_S
LONGEST_REST_S = 5.0
"""Messages of other nodes and ended leases are seen at least this often."""
COUNT_EVERY_S = 10.0
TROUBLE_PAUSE_S = 1.0


class OutboxWorker:
    """
    Claims, signs, posts and records until stopped.

    Args:
        private_allowed: receivers may be on private addresses (the demo's are).
        on_delivered: called with each delivered message and the instant.
    """

    def __init__(
        self,
        outbox: Outbox,
        *,
        now: Callable[[], Instant],
        rng: Random,
        registry: CollectorRegistry,
        private_allowed: bool = False,
        on_delivered: Callable[[OutboxMessage, Instant], None] | None = None,
    ) -> None:
        self._outbox = outbox
        self._now = now
        self._rng = rng
        self._metrics = OutboxMetrics(registry)
        self._private_allowed = private_allowed
        self._on_delivered = on_delivered
        self._counted_at: Instant = float("-inf")
        self._lanes: dict[str, Lane] = {}
        self._held: set[MessageId] = set()
        self._due: list[Instant] = []
        self._poked = asyncio.Event()
        self._is_stopping = False

    def poke(self) -> None:
        """Look for messages now: one was just committed."""
        self._poked.set()

    def stop(self) -> None:
        """Claim no more; `run` returns when the tries in flight have ended."""
        self._is_stopping = True
        self._poked.set()

    async def run(self) -> None:
        """Work until `stop`, or until cancelled."""
        async with (
            open_session(private_allowed=self._private_allowed) as session,
            asyncio.TaskGroup() as tries,
        ):
            while not self._is_stopping:
                self._poked.clear()
                claimed = await self._claim()
                for message in claimed:
                    self._admit(message, session, tries)
                if len(claimed) < BATCH:
                    await self._rest()
            for lane in self._lanes.values():
                lane.line.clear()

    async def _claim(self) -> tuple[OutboxMessage, ...]:
        try:
            now = self._now()
            claimed = await self._outbox.claim(now, BATCH, lease_s=LEASE_S)
            if now - self._counted_at >= COUNT_EVERY_S:
                self._counted_at = now
                self._metrics.show_backlog(await self._outbox.backlog())
        except Exception:
            log.exception("outbox unreadable")
            await asyncio.sleep(TROUBLE_PAUSE_S)
            return ()
        return claimed

    def _admit(
        self,
        message: OutboxMessage,
        session: aiohttp.ClientSession,
        tries: asyncio.TaskGroup,
    ) -> None:
        lane = self._lanes.setdefault(message.url, Lane())
        begin_by = self._now() + LEASE_S - TIMEOUT_S
        if message.message in self._held or not lane.admit(message, begin_by):
            # Not tried, so not failed: the end of its lease brings it back.
            heapq.heappush(self._due, self._now() + LEASE_S)
            return
        self._held.add(message.message)
        if lane.busy < lane.width:
            lane.busy += 1
            tries.create_task(self._work(lane, session), name="webhook_lane")

    async def _work(self, lane: Lane, session: aiohttp.ClientSession) -> None:
        try:
            while lane.line and lane.busy <= lane.width:
                message, begin_by = lane.line.popleft()
                try:
                    # Later than that, its lease could end while it is being posted.
                    if self._now() <= begin_by:
                        await self._try(lane, message, session)
                finally:
                    self._held.discard(message.message)
        finally:
            lane.busy -= 1

    async def _try(
        self, lane: Lane, message: OutboxMessage, session: aiohttp.ClientSession
    ) -> None:
        if lane.is_gone:
            verdict = Verdict(error="the receiver said 410 Gone before", is_gone=True)
        else:
            verdict = await post(
                session, message, self._now(), private_allowed=self._private_allowed
            )
        if verdict.is_receiver_down:
            self._held.difference_update(m.message for m in lane.failed())
            heapq.heappush(self._due, self._now() + LEASE_S)
        elif not verdict.is_gone:
            lane.succeeded()
        lane.is_gone = lane.is_gone or verdict.is_gone
        await self._record(message, verdict)

    async def _record(self, message: OutboxMessage, verdict: Verdict) -> None:
        now = self._now()
        again_at = self._again_at(message, verdict, now)
        self._report(message, verdict, again_at)
        for pause_s in (0.1, 1.0, None):
            try:
                await self._commit(message, verdict, now, again_at)
            except Exception:
                log.exception("outbox verdict unwritable", message=message.message)
                if pause_s is not None:
                    await asyncio.sleep(pause_s)
            else:
                break
        if again_at is not None:
            heapq.heappush(self._due, again_at)
            self._poked.set()

    async def _commit(
        self,
        message: OutboxMessage,
        verdict: Verdict,
        now: Instant,
        again_at: Instant | None,
    ) -> None:
        if not verdict.error:
            await self._outbox.delivered(message.message, now)
            return
        await self._outbox.failed(
            message.message, now, error=verdict.error, next_try_at=again_at
        )

    def _again_at(
        self, message: OutboxMessage, verdict: Verdict, now: Instant
    ) -> Instant | None:
        if not verdict.error or verdict.is_gone:
            return None
        return next_try_at(
            message.tries, now, rng=self._rng, retry_after_s=verdict.retry_after_s
        )

    def _report(
        self, message: OutboxMessage, verdict: Verdict, again_at: Instant | None
    ) -> None:
        age_s = self._now() - message.created_at
        if not verdict.error:
            self._metrics.delivered(message.receiver, age_s)
            if self._on_delivered is not None:
                self._on_delivered(message, self._now())
            log.info(
                "webhook delivered",
                message=message.message,
                type=message.type,
                age_s=round(age_s, 3),
            )
            return
        is_first = message.tries == 0
        self._metrics.failed(message.receiver, is_first=is_first, dies=again_at is None)
        # The first failure is the alert: 15 minutes leave no time to wait for more.
        say = log.error if is_first or again_at is None else log.warning
        say(
            "webhook failed",
            message=message.message,
            shop=message.shop,
            receiver=message.receiver,
            host=_host(message.url),
            status=verdict.status,
            tries=message.tries + 1,
            next_try_at=again_at,
        )

    async def _rest(self) -> None:
        """Wait for a poke, a commit, the next due try, or the longest rest."""
        now = self._now()
        while self._due and self._due[0] <= now:
            heapq.heappop(self._due)
        next_s = self._due[0] - now if self._due else LONGEST_REST_S
        timeout_s = min(next_s, LONGEST_REST_S)
        waits = {
            asyncio.ensure_future(self._outbox.wait(timeout_s)),
            asyncio.ensure_future(self._poked.wait()),
        }
        try:
            await asyncio.wait(
                waits, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for wait in waits:
                wait.cancel()
            with contextlib.suppress(Exception):
                await asyncio.gather(*waits, return_exceptions=True)


def _host(url: str) -> str:
    try:
        return URL(url).host or ""
    except ValueError:
        return ""
