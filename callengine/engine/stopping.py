"""An orderly end: each step has its time, and none keeps the next from coming."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from callengine.core import effects as do
from callengine.core.ids import CallId
from callengine.engine.config import Ports
from callengine.engine.identifier import Identifier
from callengine.engine.owner import Owner
from callengine.engine.performer import Performer
from callengine.engine.ports import Fenced, JournalDown, StoreDown
from callengine.engine.recorder import Recorder

log = structlog.get_logger(__name__)

STEP_S = 1.0
DRAIN_S = 3.0
"""A busy Asterisk closes a hundred bridges in that time."""


async def end_in_order(
    owner: Owner,
    identifier: Identifier | None,
    performer: Performer,
    recorder: Recorder,
    ports: Ports,
) -> None:
    """Finish what was begun, keep what is known, give back what is not ours to keep."""
    for bridge in owner.pool.idle_bridges:
        performer.perform(do.CloseBridge(call=CallId(""), bridge=bridge))
    # None of these needs another, and what hangs is seldom all of it.
    steps = [
        performer.drain(DRAIN_S),
        in_time("records", recorder.close(STEP_S), DRAIN_S),
    ]
    if identifier is not None:
        steps.append(in_time("look-ups", identifier.drain(), STEP_S))
    if waiting := list(owner.pool.leads):
        steps.append(in_time("orders", ports.order_book.release(waiting), STEP_S))
    await asyncio.gather(*steps)

    async def close_journal() -> None:
        await owner.write_journal()
        await owner.journal.close()

    await in_time("journal", close_journal(), STEP_S)


async def in_time(name: str, step: Coroutine[Any, Any, Any], within_s: float) -> None:
    """
    Do a step; what is late is left behind, what fails is said.

    Left behind even if it does not let itself be cancelled: a driver may wait for a
    server to confirm that.
    """
    task = asyncio.create_task(step, name=f"stop: {name}")
    _, late = await asyncio.wait({task}, timeout=within_s)
    if late:
        task.cancel()
        log.warning("left behind at the end", step=name, after_s=within_s)
        return
    try:
        task.result()
    except (Fenced, JournalDown, StoreDown) as error:
        log.warning("not done at the end", step=name, error=str(error))
