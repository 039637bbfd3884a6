"""Waiting for a condition that no event announces."""

import asyncio
from collections.abc import Callable

from callengine.core.ids import BridgeId
from callengine.engine.ports import Telephony
from sim.waiting import until as sim_until

LOOK_EVERY_S = 0.05


async def until(condition: Callable[[], bool], *, within_s: float) -> None:
    """Return when `condition` holds. Raises `TimeoutError` when it never does."""
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def destroyed(
    telephony: Telephony, bridge: BridgeId, *, within_s: float = 5.0
) -> bool:
    """Say whether a bridge is no more; Asterisk destroys it in its own time."""

    async def gone() -> bool:
        return bridge not in (await telephony.living()).bridges

    return await sim_until(gone, every_s=LOOK_EVERY_S, within_s=within_s)
