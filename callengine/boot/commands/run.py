"""`callengine run`."""

import asyncio
import gc
import os
import signal
from contextlib import suppress

import structlog
import typer
import uvloop

from callengine.boot.cli import CommandFailed, Invocation
from callengine.boot.settings import Settings
from callengine.boot.wiring import Node, pid_file
from callengine.engine.ports import Fenced, JournalDown, StoreDown
from callengine.store.migrate import SchemaMismatch

log = structlog.get_logger(__name__)


def run(context: typer.Context) -> None:
    """
    Run the engine until interrupted.

    Calls in progress stay up in Asterisk when it ends, and are taken over at the next
    start; new ones go to the fallback queue meanwhile.
    """
    invocation: Invocation = context.obj
    settings, secrets = invocation.settings(), invocation.secrets()
    try:
        uvloop.run(_run(Node(settings, secrets)))
    except Exception as error:
        cause = _first(error)
        advice = _advice(cause, settings)
        if advice is None:
            raise
        raise CommandFailed(f"{cause}. {advice}") from error


def _first(error: BaseException) -> BaseException:
    """Find what failed first; a group of tasks wraps it."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _advice(error: BaseException, settings: Settings) -> str | None:
    """Say what to do about an expected failure, None when it is a defect of ours."""
    match error:
        case StoreDown():
            return "Check database_url, and that the database runs."
        case JournalDown():
            return "Check redis_url, and that Redis runs."
        case Fenced():
            return f"Another engine runs as node {settings.node!r}; stop one of them."
        case SchemaMismatch():
            return "The engine needs the schema of its own version."
        case OSError():
            address = f"{settings.api.host}:{settings.api.port}"
            return f"Is {address} free? `callengine doctor` names who has it."
        case _:
            return None


def _calm_collector() -> None:
    """
    Keep the garbage collector from pausing calls.

    What lives for the whole run is not looked at again, and the rest seldom: calls
    make few cycles, and a full collection costs tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


async def _run(node: Node) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    pid = pid_file(node.settings)
    pid.parent.mkdir(parents=True, exist_ok=True)
    pid.write_text(f"{os.getpid()}\n")
    _calm_collector()
    running = asyncio.create_task(node.run(), name="node")
    stopping = asyncio.create_task(stop.wait(), name="signals")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            log.info("stopping")
            running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    finally:
        stopping.cancel()
        pid.unlink(missing_ok=True)
