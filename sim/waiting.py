"""Waiting for what only looking can tell."""

import asyncio
from collections.abc import Awaitable, Callable


async def until(
    holds: Callable[[], Awaitable[bool]], *, every_s: float, within_s: float
) -> bool:
    """Look again and again until it holds; False when the time is over."""
    try:
        async with asyncio.timeout(within_s):
            while True:
                if await holds():
                    return True
                await asyncio.sleep(every_s)
    except TimeoutError:
        return False
