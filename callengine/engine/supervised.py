"""Work in the background that outlives its own failures."""

import asyncio
from collections.abc import Awaitable, Callable

from callengine.engine.mishaps import Mishaps
from callengine.engine.ports import Fenced

PAUSES_S = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Before a task that failed once, twice... runs again."""
HEALTHY_S = 60.0
"""After so long without a failure they are counted anew."""


async def supervised(
    name: str, work: Callable[[], Awaitable[None]], mishaps: Mishaps
) -> None:
    """
    Run `work` for ever: one that fails is set mishaps, and begins again after a pause.

    Returns when it does. Raises `Fenced`: another engine is the owner now.
    """
    loop = asyncio.get_running_loop()
    failures = 0
    while True:
        began = loop.time()
        try:
            await work()
        except Exception as error:
            if is_fenced(error):
                raise
            mishaps.put("task", name, error, name)
        else:
            return
        if loop.time() - began >= HEALTHY_S:
            failures = 0
        await asyncio.sleep(PAUSES_S[min(failures, len(PAUSES_S) - 1)])
        failures += 1


def is_fenced(error: BaseException) -> bool:
    """Say whether an error is, or holds, the end of our lease."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(Fenced) is not None
    return isinstance(error, Fenced)
