"""Waiting for a condition that no event announces."""

import asyncio
from collections.abc import Callable

LOOK_EVERY_S = 0.05


async def until(condition: Callable[[], bool], *, within_s: float) -> None:
    """Return when `condition` holds. Raises `TimeoutError` when it never does."""
    async with asyncio.timeout(within_s):
        while True:
            if condition():
                return
            await asyncio.sleep(LOOK_EVERY_S)
