"""
Performing effects: those of one call in order, those of different calls at once.

A failure is answered by a fact or left to the facts that follow anyway (`ChannelGone`,
the join timer, reconciliation); it never stops other calls.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog

from callengine.core import effects as do
from callengine.core.facts import ChannelGone, PacketsCounted, SecurityChecked
from callengine.core.ids import ChannelId, Instant
from callengine.engine.mishaps import Mishaps
from callengine.engine.ports import (
    FactSink,
    Ledger,
    ResourceGone,
    StoreDown,
    Telephony,
    TelephonyError,
)

log = structlog.get_logger(__name__)

Action: TypeAlias = Callable[[], Awaitable[None]]
Slow: TypeAlias = (
    do.Originate
    | do.TakeCharge
    | do.OpenBridge
    | do.Join
    | do.CloseBridge
    | do.HangUp
    | do.Play
    | do.StopPlay
    | do.StartMusic
    | do.StopMusic
    | do.DetectTalk
    | do.CountPackets
    | do.CheckSecurity
    | do.LeaveToDialplan
    | do.BeginAttempt
)


class Performer:
    """
    Runs the effects that wait for the outside.

    Args:
        telephony, ledger: the ports that effects go to.
        post: takes the facts that stand for failures.
        clock: the instant on those facts.
        mishaps: takes effects that fail in a way nobody expected.
    """

    def __init__(
        self,
        telephony: Telephony,
        ledger: Ledger,
        post: FactSink,
        clock: Callable[[], Instant],
        mishaps: Mishaps,
    ) -> None:
        self._telephony = telephony
        self._ledger = ledger
        self._post = post
        self._clock = clock
        self._mishaps = mishaps
        self._chains: dict[str, deque[Slow]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.failed = 0

    def __len__(self) -> int:
        return len(self._chains)

    def perform(self, effect: Slow) -> None:
        """Start an effect, or queue it behind the others of its call."""
        key = effect.call or f"{effect!r}"
        chain = self._chains.get(key)
        if chain is not None:
            chain.append(effect)
            return
        self._chains[key] = chain = deque((effect,))
        task = asyncio.create_task(self._run(key, chain))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def drain(self, within_s: float) -> None:
        """Wait for what was started, then cancel what is left."""
        tasks = list(self._tasks)
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=within_s)
        for task in late:
            task.cancel()
        if late:
            log.warning("effects cancelled at stop", effects=len(late))
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, key: str, chain: deque[Slow]) -> None:
        try:
            while chain:
                effect = chain.popleft()
                if isinstance(effect, do.BeginAttempt):
                    await self._begin(effect, chain)
                else:
                    await self._one(effect)
        finally:
            del self._chains[key]

    async def _one(self, effect: Slow) -> None:
        try:
            await self._do(effect)
        except ResourceGone:
            # Its ChannelGone is on its way; nothing else is to be done.
            pass
        except TelephonyError as error:
            self.failed += 1
            log.warning(
                "effect failed",
                effect=type(effect).__name__,
                call=effect.call,
                error=str(error),
            )
        except Exception as error:
            self.failed += 1
            self._mishaps.put(
                "effect", type(effect).__name__, error, effect, call=effect.call
            )
            if isinstance(effect, do.Originate):
                # Whoever waits for its end must not wait for ever.
                self._post(
                    ChannelGone(at=self._clock(), channel=effect.channel, cause=0)
                )

    async def _begin(self, effect: do.BeginAttempt, chain: deque[Slow]) -> None:
        """Commit the attempt; without that it is not dialled."""
        try:
            withdrawn = await self._ledger.start_attempts((effect.lead,), effect.at)
        except StoreDown as error:
            self.failed += 1
            log.warning("attempt not committed", call=effect.call, error=str(error))
            withdrawn = (effect.lead.attempt,)
        except Exception as error:
            self.failed += 1
            self._mishaps.put("effect", "BeginAttempt", error, effect, call=effect.call)
            withdrawn = (effect.lead.attempt,)
        if effect.lead.attempt in withdrawn:
            chain.clear()
            channel = ChannelId(f"{effect.call}.cust")
            self._post(ChannelGone(at=self._clock(), channel=channel, cause=0))

    async def _do(self, effect: Slow) -> None:
        telephony = self._telephony
        match effect:
            case do.Originate():
                await telephony.originate(
                    effect.channel,
                    effect.endpoint,
                    caller_id=effect.caller_id,
                    timeout_s=effect.timeout_s,
                    auto_answer=effect.auto_answer,
                )
            case do.Join():
                await telephony.join(effect.bridge, effect.channels)
            case do.TakeCharge():
                await telephony.take_charge(effect.channel)
            case do.HangUp():
                await telephony.hang_up(effect.channel, cause=effect.cause)
            case do.OpenBridge():
                await telephony.open_bridge(effect.bridge)
            case do.CloseBridge():
                await telephony.close_bridge(effect.bridge)
            case do.Play():
                await telephony.play(effect.playback, effect.bridge, effect.media)
            case do.StopPlay():
                await telephony.stop_play(effect.playback)
            case do.StartMusic():
                await telephony.start_music(effect.bridge, effect.music)
            case do.StopMusic():
                await telephony.stop_music(effect.bridge)
            case do.DetectTalk():
                await telephony.detect_talk(effect.channel)
            case do.CountPackets() | do.CheckSecurity():
                await self._look(effect)
            case do.LeaveToDialplan():
                await telephony.leave(effect.channel)
            case do.BeginAttempt():
                raise AssertionError("an attempt begins by _begin")

    async def _look(self, effect: do.CountPackets | do.CheckSecurity) -> None:
        """Ask about a channel's sound; the answer is a fact."""
        channel, telephony = effect.channel, self._telephony
        if isinstance(effect, do.CountPackets):
            packets = await telephony.packets_received(channel)
            counted = PacketsCounted(at=self._clock(), channel=channel, packets=packets)
            self._post(counted)
        else:
            secure = await telephony.is_secure(channel)
            checked = SecurityChecked(at=self._clock(), channel=channel, secure=secure)
            self._post(checked)
