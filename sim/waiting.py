"""Waiting: for what only looking can tell, and for several things at once."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any


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


async def at_once(*work: Coroutine[Any, Any, Any]) -> None:
    """Do things that do not wait for one another; the first failure ends the others."""
    try:
        async with asyncio.TaskGroup() as group:
            for each in work:
                group.create_task(each)
    except BaseExceptionGroup as several:
        failed: BaseException = several
        while isinstance(failed, BaseExceptionGroup):
            failed = failed.exceptions[0]
        raise failed from None
