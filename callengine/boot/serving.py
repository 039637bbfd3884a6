"""The engine's own process: runs a node until told to end, within its time."""

import asyncio
import faulthandler
import gc
import os
import signal
import sys
from contextlib import suppress

import structlog
import uvloop

from callengine.boot.heart import Heart
from callengine.boot.metrics import add_heart_metrics
from callengine.boot.wiring import Node

log = structlog.get_logger(__name__)

STOP_S = 8.0
"""From the signal to the end, whatever hangs."""


def serve(node: Node, heart: Heart) -> None:
    """Run a node until a signal comes or it fails; raises what it failed of."""
    with suppress(OSError, AttributeError, ValueError):  # no real standard error
        # The parent asks with it where we hang, before it kills us.
        faulthandler.register(signal.SIGUSR1, all_threads=True)
    add_heart_metrics(node.registry, heart)
    uvloop.run(_serve(node, heart))


async def _serve(node: Node, heart: Heart) -> None:
    heart.start()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _on_signal, stop)
    _calm_collector()
    ready = asyncio.Event()
    running = asyncio.create_task(node.run(ready), name="node")
    stopping = asyncio.create_task(stop.wait(), name="signals")
    telling = asyncio.create_task(_tell(ready, heart), name="ready")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            log.info("stopping")
            await _end(running)
        with suppress(asyncio.CancelledError):
            await running
    finally:
        stopping.cancel()
        telling.cancel()


def _on_signal(stop: asyncio.Event) -> None:
    # The kernel ends us by this alarm should even the end hang.
    signal.alarm(int(STOP_S) + 1)
    stop.set()


async def _tell(ready: asyncio.Event, heart: Heart) -> None:
    await ready.wait()
    heart.ready()


async def _end(running: asyncio.Task[None]) -> None:
    """Cancel, and leave behind what does not end: journal and database are whole."""
    running.cancel()
    _, late = await asyncio.wait({running}, timeout=STOP_S)
    if late:
        names = sorted(task.get_name() for task in asyncio.all_tasks())
        log.error("not everything ended in time, left behind", tasks=names)
        sys.stderr.flush()
        os._exit(0)


def _calm_collector() -> None:
    """
    Keep the garbage collector from pausing calls.

    What lives for the whole run is not looked at again, and the rest seldom: calls
    make few cycles, and a full collection costs tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
