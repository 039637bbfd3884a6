"""
The worker that empties the outbox.

At least once, and once in practice: a message is leased, posted, and its verdict is
committed; only a crash between the last two posts it again, with the same id.
"""

import asyncio
import contextlib
import heapq
from collections.abc import Awaitable, Callable
from itertools import chain, repeat
from random import Random

import aiohttp
import structlog
from prometheus_client import CollectorRegistry
from yarl import URL

from callengine.core.ids import Instant, MessageId, ShopId
from callengine.engine.deliveries import (
    TEST,
    Answer,
    Outbox,
    OutboxMessage,
    Pause,
    ReceiverState,
)
from callengine.engine.ports import StoreDown
from callengine.integrations.lanes import AT_ONCE, Lane
from callengine.integrations.outbox_metrics import OutboxMetrics
from callengine.integrations.posting import TIMEOUT_S, open_session, post
from callengine.integrations.schedule import after_failure
from callengine.integrations.verdicts import Verdict

log = structlog.get_logger(__name__)

BATCH = 64
LEASE_S = 2 * TIMEOUT_S
VERDICT_PAUSES_S = (0.1, 0.5, 1.0)
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
        self._lanes: dict[tuple[ShopId, str], Lane] = {}
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
                lane.clear()

    async def _claim(self) -> tuple[OutboxMessage, ...]:
        busy = frozenset(key for key, lane in self._lanes.items() if not lane.has_room)
        try:
            now = self._now()
            claimed = await self._outbox.claim(now, BATCH, lease_s=LEASE_S, busy=busy)
            if now - self._counted_at >= COUNT_EVERY_S:
                self._counted_at = now
                self._metrics.show_backlog(await self._outbox.backlog(), now)
        except Exception as error:
            say = log.warning if isinstance(error, StoreDown) else log.exception
            say("outbox unreadable", error=str(error))
            await asyncio.sleep(TROUBLE_PAUSE_S)
            return ()
        return claimed

    def _admit(
        self,
        message: OutboxMessage,
        session: aiohttp.ClientSession,
        tries: asyncio.TaskGroup,
    ) -> None:
        lane = self._lanes.setdefault((message.shop, message.receiver), Lane())
        if message.message in self._held or lane.is_full:
            # Not tried, so not failed: the end of its lease brings it back.
            heapq.heappush(self._due, self._now() + LEASE_S)
            return
        self._held.add(message.message)
        lane.line.append((message, self._now() + LEASE_S - TIMEOUT_S))
        if lane.busy < AT_ONCE:
            lane.busy += 1
            tries.create_task(self._work(lane, session), name="webhook_lane")

    async def _work(self, lane: Lane, session: aiohttp.ClientSession) -> None:
        try:
            while lane.line:
                message, begin_by = lane.line.popleft()
                try:
                    # Later than that, its lease could end while it is being posted.
                    if self._now() <= begin_by:
                        await self._try(lane, message, session)
                finally:
                    self._held.discard(message.message)
                if lane.has_room:
                    self._poked.set()
        finally:
            lane.busy -= 1

    async def _try(
        self, lane: Lane, message: OutboxMessage, session: aiohttp.ClientSession
    ) -> None:
        began_at, began = self._now(), asyncio.get_running_loop().time()
        verdict = await post(
            session, message, began_at, private_allowed=self._private_allowed
        )
        answer = Answer(
            at=self._now(),
            status=verdict.status,
            text=verdict.error or verdict.answer,
            took_s=round(asyncio.get_running_loop().time() - began, 3),
        )
        if not verdict.error:
            await self._settle(
                message, lambda: self._outbox.delivered(message.message, answer)
            )
            self._report_delivered(message)
            return
        await self._failed(lane, message, verdict, answer)

    async def _failed(
        self, lane: Lane, message: OutboxMessage, verdict: Verdict, answer: Answer
    ) -> None:
        again_at, pause = after_failure(message, verdict, answer.at, rng=self._rng)
        untried = lane.clear() if pause is not None else []
        self._held.difference_update(untried)
        self._report_failed(message, verdict, again_at, pause)
        await self._settle(
            message,
            lambda: self._outbox.failed(
                message.message,
                answer,
                next_try_at=again_at,
                pause=pause,
                untried=untried,
            ),
        )
        for at in (again_at, pause.probe_at if pause else None):
            if at is not None:
                heapq.heappush(self._due, at)
        self._poked.set()

    async def _settle(
        self, message: OutboxMessage, commit: Callable[[], Awaitable[None]]
    ) -> None:
        """
        Commit a verdict; else the end of the lease brings the message back.

        A database that is away is waited for, and the message held meanwhile: its
        receiver would be told a second time.
        """
        for pause_s in chain(VERDICT_PAUSES_S, repeat(VERDICT_PAUSES_S[-1])):
            try:
                await commit()
            except StoreDown as error:
                log.warning("outbox verdict waits", error=str(error))
                if self._is_stopping:
                    break
                await asyncio.sleep(pause_s)
            except Exception:
                log.exception("outbox verdict unwritable", message=message.message)
                break
            else:
                break
        # The next message of its order is due now.
        self._poked.set()

    def _report_delivered(self, message: OutboxMessage) -> None:
        now = self._now()
        age_s = now - message.created_at
        self._metrics.delivered(message.receiver, age_s)
        if self._on_delivered is not None:
            self._on_delivered(message, now)
        log.info(
            "webhook delivered",
            message=message.message,
            type=message.type,
            age_s=round(age_s, 3),
        )
        if message.failures:
            log.warning(
                "receiver takes messages again",
                shop=message.shop,
                receiver=message.receiver,
            )

    def _report_failed(
        self,
        message: OutboxMessage,
        verdict: Verdict,
        again_at: Instant | None,
        pause: Pause | None,
    ) -> None:
        dies = again_at is None and message.type != TEST
        is_first = message.tries == 0 and not message.failures
        self._metrics.failed(message.receiver, is_first=is_first, dies=dies)
        # The first failure is the alert: 15 minutes leave no time to wait for more.
        say = log.error if is_first or dies else log.warning
        said = {
            "shop": message.shop,
            "receiver": message.receiver,
            "host": _host(message.url),
            "status": verdict.status,
            # What a receiver answers may repeat the customer it was told of.
            "pii_answer" if verdict.status else "reason": verdict.error,
        }
        say(
            "webhook failed",
            message=message.message,
            tries=message.tries + 1,
            next_try_at=again_at,
            **said,
        )
        if pause is None:
            return
        if pause.state is ReceiverState.STOPPED:
            log.error("receiver stopped", probe_at=pause.probe_at, **said)
        elif not message.failures:
            log.error("receiver paused", probe_at=pause.probe_at, **said)

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
